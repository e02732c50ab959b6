"""The shape of a value and a value of a shape: names, types and closed sets stay, what was said is left out.

A text in braces stands for a value of its kind: `{time}`, `{digest}`, `{name}`. One with a number (`{digest:2}`) is the same
wherever it stands in a recording, as a mark of a page is that of its last row. Equal neighbours in a list stand once:
`{"*": 99, "each": ...}`.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import groupby
from typing import Any
from urllib.parse import unquote

__all__ = ["Filling", "Shaping"]

CLOSED = frozenset(  # a member each
    re.split(
        r"\s+",
        """apiVersion architecture assessedResourceType code codes configMediaType error errors grant_type kind mediaType method
        osType packageType patchable status statusCode toolVersion type Type Action Name vulnType severity cvssSeverity
        aqua_severity nvd_severity nvd_cvss3_severity nvd_cvss2_severity acknowledge_status cause scan_status quarantineState
        resultTruncated category source subscriptionState err roleName actions dataActions os
        _class baseImageTriggerType conclusion event queueStatus reason result runType state triggerType why""",
    )
)
"""Members whose values are of a closed set, or words of the service's own."""
SEVERITIES = ("critical", "high", "medium", "low", "negligible", "none", "unknown")
MOST = 8
"""Entries of a list that is kept as it is."""
OFTEN = 30
"""A text that is written more often than this in a document is the same one in all its rows."""
COUNTS = frozenset(("count", "totalRecords", "page", "pagesize", "total", *SEVERITIES, *(f"{each}Count" for each in SEVERITIES)))
"""Members that count what stands beside them."""
_KINDS = (
    ("digest", r"sha\d+:[0-9a-f]{64}"),
    ("escaped", r"sha\d+%3A[0-9a-f]{64}"),
    ("hex", r"\b[0-9a-f]{40,64}\b"),
    ("uuid", r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"),
    ("time", r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?"),
    ("date", r"\b\d{4}-\d\d-\d\d\b"),
    ("cve", r"\bCVE-\d{4}-\d+\b"),
    ("url", r"https?://[^\s\"'<>]+"),
    ("token", r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"),
)
_DIGESTS = ("digest", "escaped")
_LAST = re.compile(r"(?<=last=)[^&>]+")
_VALUE = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS))
_MARK = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS if kind != "url"))
_TOKEN = re.compile(r"\{([a-z]+)(?::(\d+))?\}")
_FIXED = "fixed in "
_FORM = re.compile(r'sprintf\("[^"]*"|\^\S*\$')
"""What is a form itself: of a message, of a pattern that is proposed."""
_VERSION = re.compile(r"v?\d[\w.+:~-]*")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*")


class Shaping:
    """Takes the values out of one recording; `kept` are texts that stay, as its paths hold them.

    `rows` are what is listed in an order: they are numbered by it. Lists are folded more where they are not `ordered`.
    """

    def __init__(
        self, texts: Collection[str], kept: Collection[str] = (), rows: Collection[str] = (), *, ordered: bool = True
    ) -> None:
        self._kept, self._ordered = frozenset(kept), ordered
        self._rows = {row: number for number, row in enumerate(sorted(rows), 1)}
        seen = Counter(_plain(match[0]) for text in texts for match in _VALUE.finditer(text) if match.lastgroup in _DIGESTS)
        repeated = (text for text, count in Counter(texts).items() if count > OFTEN and not ordered)
        self._repeated = {text: number for number, text in enumerate(repeated, 1)}
        self._numbers = {digest: number for number, (digest, count) in enumerate(seen.items(), 1) if count > 1}

    def of(self, value: Any, member: str = "") -> Any:
        """The shape of a value."""
        match value:
            case dict():
                return {name: self.of(each, name) for name, each in value.items()}
            case list():
                return [*self._folded(value, member)]
            case bool() | None:
                return value
            case int() | float():
                return value if member in COUNTS or value == 0 else f"{{{type(value).__name__}}}"
            case _:
                return self._text(str(value), member)

    def _folded(self, values: list[Any], member: str) -> Iterator[Any]:
        """Equal neighbours once; a long list in no order has one shape for each combination of closed values."""
        shapes = [self.of(value, member) for value in values]
        if not self._ordered and len(shapes) > MOST:
            first: dict[object, list[Any]] = {}
            for shape in shapes:
                alike = first.setdefault(_closed(shape), [])
                alike.append(alike[0] if alike else shape)
            shapes = [shape for alike in first.values() for shape in alike]
        for shape, equal in groupby(shapes):
            number = sum(1 for _ in equal)
            yield shape if number == 1 else {"*": number, "each": shape}

    def marks(self, text: str) -> str:
        """An address, a form or a header without what is random in it."""
        return _MARK.sub(self._token, _LAST.sub(self._row, text))

    def _row(self, match: re.Match[str]) -> str:
        number = self._rows.get(unquote(match[0]))
        return f"{{row:{number}}}" if number else match[0]

    def inside(self, text: str) -> str:
        """A text with what is in it of known kinds taken out."""
        return _VALUE.sub(self._token, text)

    def _token(self, match: re.Match[str]) -> str:
        kind = match.lastgroup or ""
        number = self._numbers.get(_plain(match[0])) if kind in _DIGESTS else None
        return f"{{{kind}{f':{number}' if number else ''}}}"

    def _text(self, text: str, member: str) -> str:
        if text in self._rows:
            return f"{{row:{self._rows[text]}}}"
        if not text or text in self._kept or (member in CLOSED and not text.startswith(_FIXED)):
            return text
        if text.startswith("/subscriptions/"):
            return self._resource(text)
        if text.startswith(_FIXED):
            return f"{_FIXED}{{version}}"
        if member == "imageNames":
            return "{image}"
        if forms := _FORM.findall(text):
            return " ".join(("{text}", *forms))
        shaped = self.inside(text)
        if shaped != text:
            return shaped if _TOKEN.fullmatch(shaped) or shaped.startswith("/") else "{text}"
        kinds = (("version", _VERSION), ("host", _HOST), ("name", _PATH))
        kind = next((kind for kind, pattern in kinds if pattern.fullmatch(text)), "text")
        number = self._repeated.get(text)
        return f"{{{kind}:{number}}}" if number else f"{{{kind}}}"

    def _resource(self, text: str) -> str:
        """The id of an Azure resource: its types stay, its names go; which assessment it is is a type, too."""
        parts = text.split("/")
        for place in range(2, len(parts), 2):
            if not parts[place].startswith("Microsoft.") and parts[place - 1] != "assessments":
                parts[place] = "{uuid}" if self.inside(parts[place]) == "{uuid}" else "{name}"
        return "/".join(parts)


def _closed(shape: Any) -> object:
    """What tells an entry of a list from another one for those who count, in what it is nested in too."""
    if not isinstance(shape, dict):
        return str(shape)
    nested = {name: _closed(value) for name, value in shape.items() if isinstance(value, dict)}
    return tuple((name, nested.get(name, value)) for name, value in shape.items() if name in CLOSED or name in nested)


def _plain(digest: str) -> str:
    return digest.replace("%3A", ":")


class Filling:
    """Makes values of shapes; each is another one, but for those with a number."""

    def __init__(self) -> None:
        self._made = Counter[str]()

    def of(self, shape: Any) -> Any:
        """A value of a shape."""
        match shape:
            case dict():
                return {name: self.of(each) for name, each in shape.items()}
            case list():
                return [self.of(one) for each in shape for one in _unfolded(each)]
            case "{int}":
                return 7
            case "{float}":
                return 5.5
            case str():
                return _TOKEN.sub(self._value, shape)
            case _:
                return shape

    def _value(self, match: re.Match[str]) -> str:
        kind, number = match[1], match[2]
        self._made[kind] += 1
        at = self._made[kind]
        digest = hashlib.sha256(f"{number or f'other {at}'}".encode()).hexdigest()
        values = {
            "digest": f"sha256:{digest}",
            "escaped": f"sha256%3A{digest}",
            "row": f"repository-{number or 0:>04}",
            "hex": digest,
            "uuid": f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}",
            "time": "2026-03-14T09:26:53.589793Z",
            "date": "2026-03-14",
            "cve": f"CVE-2030-{at:04}",
            "url": f"https://example.org/{at}",
            "token": "e30.e30.e30",
            "version": f"1.{number}" if number else f"2.{at}",
            "host": "registry.example.org",
            "name": f"name-{number or f'other-{at}'}",
            "image": f"repository-{number or f'other-{at}'}:v1",
        }
        return values.get(kind, f"some {kind} {number or f'other {at}'}")


def _unfolded(each: Any) -> Iterator[Any]:
    if isinstance(each, dict) and "*" in each:
        yield from [each["each"]] * each["*"]
    else:
        yield each
