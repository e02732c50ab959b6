"""The vulnerabilities of a report, gathered in bounds: equal ones are kept once for all images."""

from __future__ import annotations

from collections import Counter
from typing import TypeVar

import msgspec

from tui.domain.common.decoding import DECODING, from_json, json_decoder
from tui.domain.common.text import plural
from tui.domain.facts.scan import Severity, Vulnerability
from tui.errors import UntrustedPayload

__all__ = ["Findings", "Pool", "decode", "rows"]

MAX_FINDINGS = 20_000
"""Vulnerabilities of one image that are kept; the largest real images have some 5,000."""
MAX_POOL = 1_000_000
"""Different vulnerabilities that are shared; those met later are kept one by one."""

# What hostile bytes can raise in a decoder; RecursionError for deep nesting.
_T = TypeVar("_T")
_raws = json_decoder(list[msgspec.Raw] | None)


class Pool:
    """Keeps one of all equal vulnerabilities: images on the same base share theirs."""

    def __init__(self) -> None:
        self._known: dict[Vulnerability, Vulnerability] = {}

    def one(self, vulnerability: Vulnerability) -> Vulnerability:
        """The one that is kept."""
        if len(self._known) >= MAX_POOL:
            return self._known.get(vulnerability, vulnerability)
        return self._known.setdefault(vulnerability, vulnerability)


class Findings:
    """The vulnerabilities of one report as they are read; each package's entry once, at most MAX_FINDINGS."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept: dict[Vulnerability, None] = {}
        self.counts: Counter[Severity] = Counter()
        self.broken = 0

    def add(self, vulnerability: Vulnerability) -> None:
        """One more; one without an identifier cannot be told from others and counts as unreadable."""
        if not vulnerability.id:
            self.broken += 1
        elif vulnerability not in self._kept:
            self.counts[vulnerability.severity] += 1
            if len(self._kept) < MAX_FINDINGS:
                self._kept[self._pool.one(vulnerability)] = None

    @property
    def vulnerabilities(self) -> tuple[Vulnerability, ...]:
        """Those that are kept, in the scanner's order."""
        return tuple(self._kept)

    def shortfall(self, stated: int = 0) -> str:
        """Why the list is not whole, empty when it is; `stated` is the number that the scanner itself gives, if any."""
        listed = self.counts.total()
        if self.broken:
            return f"{self.broken} of {plural(listed + self.broken, 'vulnerability')} in the report could not be read"
        if listed > len(self._kept):
            return f"only the first {MAX_FINDINGS:,} of {listed:,} vulnerabilities are kept"
        if stated > listed:
            return f"the report counts {plural(stated, 'vulnerability')} and lists {listed:,}"
        return ""


def rows(body: bytes | msgspec.Raw, kind: type[_T]) -> tuple[list[_T], list[msgspec.Raw]]:
    """The entries of a JSON array (or null) of this shape, and those of another. Raises DECODING when it is no array."""
    try:
        return from_json(body, list[kind] | None) or [], []  # type: ignore[valid-type]
    except msgspec.ValidationError:
        pass
    entries: list[_T] = []
    broken: list[msgspec.Raw] = []
    for raw in _raws.decode(body) or ():
        try:
            entries.append(from_json(raw, kind))
        except DECODING:
            broken.append(raw)
    return entries, broken


def decode(body: bytes | msgspec.Raw, kind: type[_T], document: str) -> _T:
    """A body as a struct. Raises UntrustedPayload naming `document` and the place of the fault."""
    try:
        return from_json(body, kind)
    except RecursionError as error:
        raise UntrustedPayload(f"{document} is nested too deeply", "It was dropped; tell whoever runs the scanner.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UntrustedPayload(
            f"{document} is not the JSON expected", "Check the address, and the version of the scanner."
        ) from error
