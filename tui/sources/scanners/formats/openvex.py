"""OpenVEX: what somebody states about vulnerabilities in products.

Source: openvex/spec 0.2.0 (`statements[].vulnerability.name`, `products[].@id`, `subcomponents`), and 0.0.1, where a
vulnerability and a product are plain texts.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.common.text import plural
from tui.domain.facts.scan import Exploitability, ScanReport, Vex
from tui.sources.kit.moments import moment
from tui.sources.scanners.findings import rows
from tui.sources.scanners.formats.drafts import DocumentSubject, ReportDraft, ReportOrigin, subject_of
from tui.sources.scanners.formats.purl import Package, is_image, package_of, subject_in
from tui.sources.scanners.words import Said, digest_of, text

__all__ = ["read_openvex"]

_STATES = {
    "not_affected": Exploitability.NOT_AFFECTED,
    "affected": Exploitability.AFFECTED,
    "fixed": Exploitability.FIXED,
    "under_investigation": Exploitability.UNDER_INVESTIGATION,
}


class _Vulnerability(msgspec.Struct):
    own_id: Said = msgspec.field(default=None, name="@id")
    name: Said = None
    aliases: list[str] | None = None


class _Part(msgspec.Struct):
    own_id: Said = msgspec.field(default=None, name="@id")
    identifiers: dict[str, str] | None = None


class _Product(_Part):
    subcomponents: list[_Part | str] | None = None


class _Statement(msgspec.Struct):
    vulnerability: _Vulnerability | str
    status: str
    products: list[_Product | str] | None = None
    justification: Said = None
    impact_statement: Said = None
    timestamp: Said = None


class _Document(msgspec.Struct):
    statements: msgspec.Raw
    author: Said = None
    timestamp: Said = None


def read_openvex(reading: ReportOrigin, body: bytes | msgspec.Raw) -> list[ScanReport]:
    """The statements, gathered by the image that they are about. Raises DECODING."""
    wire = from_json(body, _Document)
    entries, broken = rows(wire.statements, _Statement)
    who, written = reading.author(text(wire.author, 80)), moment(wire.timestamp)
    gathered: defaultdict[DocumentSubject, list[Vex]] = defaultdict(list)
    invalid = 0
    for entry in entries:
        status = _STATES.get(entry.status.lower())
        why = text(entry.justification, 120) or text(entry.impact_statement, 200)
        if status is None or (status is Exploitability.NOT_AFFECTED and not why):
            invalid += 1
            continue
        stated = moment(entry.timestamp) or written
        for subject, package in _places(entry):
            gathered[subject] += (
                Vex(name, status, who, why, package.name, stated, package.version) for name in _names(entry.vulnerability)
            )
    lacking = _lacking(len(broken), invalid)
    drafts = [
        ReportDraft(scanner="OpenVEX", scanned_at=written, subject=subject, vex=tuple(vex), lacking=lacking)
        for subject, vex in gathered.items()
    ]
    return [
        draft.report(reading, number)
        for number, draft in enumerate(drafts or [ReportDraft(scanner="OpenVEX", scanned_at=written, not_a_scan=_empty(lacking))])
    ]


def _lacking(broken: int, invalid: int) -> str:
    """What of the document counts for nothing: the specification wants a status, and a reason why something is not affected."""
    if broken:
        return f"{plural(broken, 'statement')} could not be read"
    return f"{invalid} of its statements without a known status, or without a reason, do not count" if invalid else ""


def _empty(lacking: str) -> str:
    return f"the OpenVEX document without a statement that counts{f' ({lacking})' if lacking else ''}"


def _names(vulnerability: _Vulnerability | str) -> list[str]:
    """Every name of a vulnerability: what is said of one alias is said of all."""
    if isinstance(vulnerability, str):
        return list(filter(None, [text(vulnerability, 80)]))
    name = text(vulnerability.name, 80) or text((vulnerability.own_id or "").rpartition("/")[2], 80)
    return list(dict.fromkeys(filter(None, (name, *(text(alias, 80) for alias in vulnerability.aliases or ())))))


def _places(entry: _Statement) -> list[tuple[DocumentSubject, Package]]:
    """Image and package (empty for all of it) of each product; without products, whatever the document is attached to.

    A product that is neither an image nor a package is something else: the statement says nothing of images then.
    """
    if not entry.products:
        return [(DocumentSubject(), Package())]
    places: list[tuple[DocumentSubject, Package]] = []
    for listed in entry.products:
        product = listed if isinstance(listed, _Product) else _Product(own_id=listed)
        purl = _purl(product)
        if not is_image(purl) and not digest_of(purl) and not _is_reference(purl):
            places += [(DocumentSubject(), package)] if (package := package_of(purl)).name else []
            continue
        places += [(subject_in(purl), package) for package in _packages(product)]
    return places


def _packages(product: _Product) -> list[Package]:
    """The packages in a product that a statement is about: all of it where it names none; one that is named otherwise is none."""
    if not product.subcomponents:
        return [Package()]
    parts = [_purl(part if isinstance(part, _Part) else _Part(own_id=part)) for part in product.subcomponents]
    packages = [package if (package := package_of(part)).name else Package(text(part)) for part in parts]
    return [package for package in packages if package.name]


def _is_reference(product: str) -> bool:
    """Whether a product is named as `docker pull` would (`host/repo:tag`); a bare word or an address may be anything."""
    if ":" not in product.rpartition("/")[2] or "://" in product or product.startswith("pkg:"):
        return False
    return subject_of(product).name is not None


def _purl(part: _Part) -> str:
    return (part.identifiers or {}).get("purl") or part.own_id or ""
