"""Reports and statements that hang on an image: found among its referrers, read by digest, told whether they are about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator

import msgspec

from tui.domain.common.source_id import SourceId
from tui.domain.facts.demand import ArtifactDemand
from tui.domain.facts.image import Descriptor, Referrer
from tui.domain.facts.scan import ScanReport
from tui.errors import NotFound, SourceError, UntrustedPayload
from tui.sources.kit.oci import WireDescriptor, WireManifest, config_type, texts
from tui.sources.ports import ContentReader
from tui.sources.scanners.findings import Pool, decode
from tui.sources.scanners.formats.attestation import is_about_vulnerabilities
from tui.sources.scanners.formats.detect import read_document
from tui.sources.scanners.formats.drafts import ReportOrigin
from tui.sources.scanners.formats.purl import is_named
from tui.sources.scanners.words import digest_of

__all__ = ["ArtifactReader", "unread_report"]

MAX_REPORT = 32 << 20
"""Bytes of a report; Trivy's for the largest images have some 10 MiB."""
MAX_ARTIFACTS = 50
"""Artifacts of one image that are read; whoever may push could attach any number."""
OTHERS = ("notary.signature", "cosign.artifact.sig", "simplesigning", "spdx", "syft", "helm", "wasm")
"""Parts of types of artifacts that hold neither scans nor statements."""
DOCUMENTS = ("json", "sarif", "cyclonedx", "vex", "in-toto", "dsse", "csv", "vuln", "trivy", "grype")
"""Parts of media types of layers that may hold one."""
CERTAIN = ("sarif", "vex", "vuln", "trivy", "grype")
"""Parts of types whose artifacts are reports for sure: if one cannot be read, that is said."""
PREDICATES = ("in-toto.io/predicate-type", "predicateType", "dev.sigstore.bundle.predicateType")


class ArtifactReader:
    """Reads what hangs on the images of one registry; `source` is the name of who asks."""

    def __init__(self, source: SourceId, reader: ContentReader, pool: Pool) -> None:
        self._source, self._reader, self._pool = source, reader, pool

    async def read(self, demand: ArtifactDemand) -> AsyncGenerator[ScanReport, None]:
        """The reports on a manifest. Raises SourceError when the registry does not answer."""
        chosen = [referrer for referrer in demand.referrers if not _is_other(referrer)]
        if not chosen:
            return
        own = await self._identities(demand)
        for referrer in chosen[:MAX_ARTIFACTS]:
            try:
                reports = await self._artifact(demand, referrer)
            except (NotFound, UntrustedPayload) as error:
                reports = [self._broken(demand, referrer, error)] if _is_certain(referrer.descriptor) else []
            for report in reports:
                yield _about(report, demand, own)
        if len(chosen) > MAX_ARTIFACTS:
            yield self._cut(demand, len(chosen))

    async def _identities(self, demand: ArtifactDemand) -> frozenset[str]:
        """The digests that mean the same image: of the manifest, of its config, of an index's manifests."""
        body = await self._reader.manifest(demand.name, demand.subject.digest)
        manifest = decode(body, WireManifest, "the manifest of the image")
        parts = (manifest.config, *(manifest.manifests or ()))
        return frozenset((demand.subject.digest, *(part.digest for part in parts if part is not None and part.digest)))

    async def _artifact(self, demand: ArtifactDemand, referrer: Referrer) -> list[ScanReport]:
        body = await self._reader.manifest(demand.name, referrer.descriptor.digest)
        manifest = decode(body, WireManifest, "the manifest of what is attached")
        kind = manifest.artifact_type or config_type(manifest)
        reports: list[ScanReport] = []
        if any(part in kind for part in OTHERS):
            return reports
        for number, layer in enumerate(_documents(manifest)):
            blob = await self._reader.blob(demand.name, layer.digest or "", MAX_REPORT)
            key = f"{demand.name}@{referrer.descriptor.digest}" + (f"/{number}" if number else "")
            reading = ReportOrigin(
                self._source, key, self._pool, "its signature is not verified here" if _signed(layer) else "unsigned"
            )
            try:
                reports += await asyncio.to_thread(read_document, reading, blob)
            except UntrustedPayload:
                if any(part in f"{kind} {layer.media_type}" for part in CERTAIN):
                    raise
        return reports

    def _cut(self, demand: ArtifactDemand, attached: int) -> ScanReport:
        """That more is attached than is read: one of the others may be a report."""
        reason = f"of {attached} artifacts that are attached to it, {MAX_ARTIFACTS} are read"
        return unread_report(self._source, demand, f"{demand.name}@{demand.subject.digest}#more", reason)

    def _broken(self, demand: ArtifactDemand, referrer: Referrer, error: SourceError) -> ScanReport:
        digest = referrer.descriptor.digest
        reason = f"the attached report {digest[:19]} cannot be read: {error.headline}"
        return unread_report(self._source, demand, f"{demand.name}@{digest}", reason)


def unread_report(source: SourceId, demand: ArtifactDemand, key: str, reason: str) -> ScanReport:
    """What stands for something attached that was not read: it may have been a report, so nothing is known of the image."""
    return ScanReport(
        source=source,
        scanner="attached report",
        key=key,
        scanned_at=None,
        name=demand.name,
        digest=demand.subject.digest,
        complete=False,
        reason=reason,
    )


def _about(report: ScanReport, demand: ArtifactDemand, own: frozenset[str]) -> ScanReport:
    """The report as one about the manifest that it hangs on; what names another image says nothing of this one.

    Otherwise whoever may push to one repository could clear or blame the images of all others.
    """
    subject = demand.subject.digest
    placed = msgspec.structs.replace(report, name=demand.name, digest=report.digest if report.digest in own else subject)
    elsewhere = not report.digest and report.name is not None and not is_named(report.name, demand.name)
    if not elsewhere and (not report.digest or report.digest in own):
        return placed
    claimed = report.digest[:19] or str(report.name)
    reason = f"the report hangs on this image and is about another, {claimed}"
    return msgspec.structs.replace(placed, vulnerabilities=None, counts={}, vex=(), complete=False, reason=reason)


def _documents(manifest: WireManifest) -> Iterator[WireDescriptor]:
    """The layers that may be reports or statements about vulnerabilities."""
    for layer in manifest.layers or ():
        merged, media_type = texts(manifest.annotations) | texts(layer.annotations), layer.media_type or ""
        predicate = next((merged[name] for name in PREDICATES if name in merged), "")
        fits = any(part in media_type for part in DOCUMENTS) and not any(part in media_type for part in OTHERS)
        if digest_of(layer.digest or "") and fits and (not predicate or is_about_vulnerabilities(predicate)):
            yield layer


def _signed(layer: WireDescriptor) -> bool:
    """Whether the document comes in an envelope with signatures."""
    return any(part in (layer.media_type or "") for part in ("dsse", "bundle"))


def _is_other(referrer: Referrer) -> bool:
    described = referrer.descriptor
    return any(part in described.artifact_type for part in OTHERS)


def _is_certain(descriptor: Descriptor) -> bool:
    predicate = next((descriptor.annotations[name] for name in PREDICATES if name in descriptor.annotations), "")
    return is_about_vulnerabilities(predicate) or any(part in descriptor.artifact_type for part in CERTAIN)
