"""`-o cyclonedx`: CycloneDX 1.6: the images, what they stand on, their vulnerabilities and what is stated about those."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal
from urllib.parse import quote

import msgspec

from tui import __version__
from tui.domain.common.source_id import sources_text
from tui.domain.common.text import clean
from tui.domain.facts.reference import is_digest
from tui.domain.facts.scan import Exploitability, ImageVulnerability, Severity
from tui.domain.snapshot.snapshot import Image
from tui.reports.document import Document, Format, ReportScope
from tui.reports.encoding import encode

__all__ = ["FORMAT"]

_NAMESPACE = uuid.UUID("6f3c2f64-6f64-5a6b-9c4c-6a2d7f0c5b1e")
"""For the serial numbers: the same moment and the same images give the same number."""


class Part(msgspec.Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """A part of the document."""


class Hash(Part, frozen=True):
    """A digest."""

    alg: str
    content: str


class Property(Part, frozen=True):
    """A name with a value; ours begin with `trustree:`."""

    name: str
    value: str


class Component(Part, frozen=True):
    """An image, or the program."""

    type: Literal["container", "application"]
    name: str
    version: str = ""
    bom_ref: str = msgspec.field(default="", name="bom-ref")
    hashes: list[Hash] | None = None
    purl: str = ""
    properties: list[Property] | None = None


class Tools(Part, frozen=True):
    """What made the document."""

    components: list[Component]


class Metadata(Part, frozen=True):
    """When and by what the document was made."""

    timestamp: datetime
    tools: Tools


class Dependency(Part, frozen=True):
    """What an image stands on."""

    ref: str
    depends_on: list[str]


class Source(Part, frozen=True):
    """Who tells of a vulnerability."""

    name: str
    url: str = ""


class Rating(Part, frozen=True):
    """How bad it is; `score` is a base score of CVSS whose version the scanner does not always tell."""

    severity: str
    score: float | None = None
    method: str | None = None


class Analysis(Part, frozen=True):
    """What somebody states about it."""

    state: str
    detail: str = ""


class Affected(Part, frozen=True):
    """An image that has it."""

    ref: str


class Vulnerability(Part, frozen=True):
    """One vulnerability in one version of one package, and the images that have it so."""

    id: str
    affects: list[Affected]
    source: Source | None = None
    ratings: list[Rating] | None = None
    description: str = ""
    recommendation: str = ""
    analysis: Analysis | None = None
    properties: list[Property] | None = None


class Bom(Part, frozen=True):
    """The document."""

    bom_format: Literal["CycloneDX"]
    spec_version: Literal["1.6"]
    serial_number: str
    version: int
    metadata: Metadata
    components: list[Component]
    dependencies: list[Dependency]
    vulnerabilities: list[Vulnerability]


def _render(document: Document) -> Iterator[bytes]:
    images = document.images()
    metadata = Metadata(document.snapshot.as_of, Tools([Component("application", "trustree", __version__)]))
    serial = uuid.uuid5(_NAMESPACE, "\n".join((str(document.snapshot.as_of), *(image.key.reference for image in images))))
    components = [_component(image, document.pods_of_image(image)) for image in images]
    yield encode(
        Bom("CycloneDX", "1.6", serial.urn, 1, metadata, components, list(_dependencies(images)), list(_vulnerabilities(images)))
    )
    yield b"\n"


def _component(image: Image, pods: int) -> Component:
    key = image.key
    algorithm, _, value = key.digest.partition(":")
    hashes = [Hash(f"SHA-{algorithm.removeprefix('sha')}", value)] if is_digest(key.digest) else None
    name = key.repository.rpartition("/")[2]
    # https://github.com/package-url/purl-spec, type oci: the last part of the repository, the digest as the version
    purl = f"pkg:oci/{quote(name, safe='')}@{quote(key.digest, safe='')}?repository_url={quote(str(key.name))}"
    properties = [Property("trustree:verdict", image.verdict.value), Property("trustree:pods", str(pods))]
    properties += [Property(f"trustree:check:{check.name}", f"{check.state}: {check.reason}") for check in image.checks]
    version = image.tags[0] if image.tags else key.digest
    return Component("container", str(key.name), version, image.key.reference, hashes, purl, properties)


def _dependencies(images: Sequence[Image]) -> Iterator[Dependency]:
    """Base images, where they are in the document too: a reference to nothing is not allowed."""
    keys = {image.key for image in images}
    for image in images:
        if image.base is not None and image.base.base in keys:
            yield Dependency(image.key.reference, [image.base.base.reference])


def _vulnerabilities(images: Iterable[Image]) -> Iterator[Vulnerability]:
    affected_by: dict[ImageVulnerability, list[Affected]] = {}
    for image in images:
        for row in image.vulnerabilities:
            affected_by.setdefault(row, []).append(Affected(image.key.reference))
    for row, affected in affected_by.items():
        yield _vulnerability(row, affected)


def _vulnerability(row: ImageVulnerability, affected: list[Affected]) -> Vulnerability:
    properties = (("package", row.package), ("installed", row.installed), ("fixed", row.fixed), ("base", row.base))
    rating = Rating(_SEVERITIES[row.severity], row.cvss, "other" if row.cvss is not None else None)
    url = row.url if row.url.startswith(("https://", "http://")) else ""
    fix = f"Update {row.package} to {row.fixed}." if row.fixed else ""
    cleared = row.vex
    return Vulnerability(
        row.id,
        affected,
        Source(sources_text(row.sources), quote(url, safe="/:?#[]@!$&'()*+,;=%~", errors="replace")) if row.sources else None,
        [rating],
        clean(row.title),
        clean(fix),
        Analysis(_STATES[cleared.status], f"{cleared.author}: {cleared.justification}") if cleared is not None else None,
        [Property(f"trustree:{name}", value) for name, value in properties if value],
    )


_SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "high",
    Severity.MEDIUM: "medium",
    Severity.LOW: "low",
    Severity.NEGLIGIBLE: "info",
    Severity.UNKNOWN: "unknown",
}
_STATES = {
    Exploitability.NOT_AFFECTED: "not_affected",
    Exploitability.AFFECTED: "exploitable",
    Exploitability.FIXED: "resolved",
    Exploitability.UNDER_INVESTIGATION: "in_triage",
}


FORMAT = Format(ReportScope.ALL, _render)
