"""The stable shape `trustree/report/v1`; its JSON Schema is `report-v1.schema.json` beside this file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from tui.domain.builds.claimed import Vouched, is_vouched, vouched
from tui.domain.common.source_id import sources_text
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.build_claim import BuildClaim, ClaimedBy
from tui.domain.facts.events import SourceHealth, SourceState
from tui.domain.facts.scan import ImageVulnerability
from tui.domain.facts.workload import ContainerType
from tui.domain.snapshot.snapshot import Attribution, BaseLink, BaseState, Basis, Confidence, Container, Drift, Image, Workload
from tui.presenters.health import trouble
from tui.reports.answer_wire import AnswerRow, answer_row
from tui.reports.document import Document, ReportScope
from tui.reports.rows import Moment, Number, Row

__all__ = ["SCHEMA", "SCHEMA_FILE", "ImageRow", "Report", "WorkloadRow", "report_of"]

SCHEMA: Literal["trustree/report/v1"] = "trustree/report/v1"
SCHEMA_FILE = Path(__file__).with_name("report-v1.schema.json")
Verdict = Literal["pass", "warn", "fail", "unknown"]


class SourceRow(Row, frozen=True):
    """A source and how whole its facts are; a source that is still loading is partial."""

    name: str
    kind: str
    state: Literal["ok", "partial", "failed", "off"]
    as_of: Moment | None
    objects: Number
    requests: Number
    error: str | None


class Counts(Row, frozen=True):
    """How many ended in each verdict."""

    passed: Number = msgspec.field(name="pass")
    warn: Number
    fail: Number
    unknown: Number


class SummaryRow(Row, frozen=True):
    """What is in this report, counted; `undecided` images are not in it, as of them it could not be told."""

    images: Counts
    workloads: Counts
    pods: Number
    undecided: Number = 0
    undecided_workloads: Number = 0


class CheckRow(Row, frozen=True):
    """One question and its answer."""

    name: CheckName
    state: State
    reason: str
    source: str
    as_of: Moment | None


class BaseRow(Row, frozen=True):
    """The base that an image stands on; names are null for layers that are only known to be shared.

    `tag_told`: something tells that the image was built from this tag; else it is one of those that name the base.
    """

    registry: str | None
    repository: str | None
    tag: str | None
    digest: str | None
    basis: Basis
    confidence: Confidence
    state: BaseState
    tag_told: bool


class VulnerabilityRow(Row, frozen=True):
    """A vulnerability that counts: what a VEX statement takes out is left out; `from_base` is null when it cannot be told."""

    id: str
    severity: str
    package: str
    installed: str
    fixed: str | None
    from_base: bool | None
    source: str


class BuilderRow(Row, frozen=True):
    """A job that builds an image, null for a run of no job; `basis` is what says so, the best known builder comes first."""

    kind: str | None
    builder: str | None
    job: str | None
    basis: str
    confidence: str
    note: str


class BuildClaimRow(Row, frozen=True):
    """What an image says itself of who built it; `signed` says whether a signature that counts covers it (null: not known).

    An attestation is signed by itself: by `signer`, where that is verified, else `doubt` says why it is not.
    """

    by: str
    name: str | None
    kind: str | None
    system: str | None
    host: str | None
    job: str | None
    title: str | None
    run: str | None
    repository: str | None
    revision: str | None
    signed: bool | None
    signer: str | None
    doubt: str | None


class ImageRow(Row, frozen=True):
    """An image; `size` in bytes, `digests` of the index and its platforms, `derived` the digests built directly on it."""

    registry: str
    repository: str
    digest: str
    digests: tuple[str, ...]
    tags: tuple[str, ...]
    platforms: tuple[str, ...]
    size: Number | None
    created: Moment | None
    pushed: Moment | None
    in_use: bool
    pods: Number
    verdict: Verdict
    checks: list[CheckRow]
    base: BaseRow | None
    derived: list[str]
    vulnerabilities: list[VulnerabilityRow]
    builders: list[BuilderRow]
    build_claims: list[BuildClaimRow]


class ContainerRow(Row, frozen=True):
    """A container over all pods of its workload; a sidecar is an init container. `trouble` is why it cannot start."""

    name: str
    type: Literal["container", "init", "ephemeral"]
    image: str
    digests: tuple[str, ...]
    pods: Number
    drift: Drift
    trouble: str | None = None


class WorkloadRow(Row, frozen=True):
    """The top controller of pods."""

    cluster: str
    namespace: str
    kind: str
    name: str
    verdict: Verdict
    managed_by: str | None
    containers: list[ContainerRow]


class Report(Row, frozen=True):
    """Everything that was asked for; `complete` when every source answered whole. `answer` is there where a query asked."""

    schema: Literal["trustree/report/v1"]
    as_of: Moment
    complete: bool
    sources: list[SourceRow]
    summary: SummaryRow
    images: list[ImageRow]
    workloads: list[WorkloadRow]
    answer: AnswerRow | msgspec.UnsetType = msgspec.UNSET


def report_of(document: Document) -> Report:
    """The report of a snapshot; a view leaves the lists empty that it is not about."""
    snapshot, view = document.snapshot, document.view
    images, workloads = document.images(), document.workloads()
    if view is ReportScope.FINDINGS:
        images = [image for image in images if image.verdict is not State.PASS]
        workloads = [workload for workload in workloads if workload.verdict is not State.PASS]
    with_images = view in (ReportScope.ALL, ReportScope.IMAGES, ReportScope.LINEAGE, ReportScope.FINDINGS)
    with_workloads = view in (ReportScope.ALL, ReportScope.WORKLOADS, ReportScope.FINDINGS)
    return Report(
        SCHEMA,
        snapshot.as_of,
        document.complete,
        [source_row(source) for source in snapshot.sources],
        summary_row(document),
        [image_row(image, document) for image in images] if with_images else [],
        [workload_row(workload, document) for workload in workloads] if with_workloads else [],
        answer_row(document.answer) if document.answer is not None else msgspec.UNSET,
    )


def summary_row(document: Document) -> SummaryRow:
    """Counts of what the query found."""
    chosen, snapshot = document.selection, document.snapshot
    workloads = [snapshot.workloads[key] for key in chosen.workloads if key in snapshot.workloads]
    return SummaryRow(
        _counts(snapshot.images[key].verdict for key in chosen.images if key in snapshot.images),
        _counts(workload.verdict for workload in workloads),
        document.pods(),
        chosen.undecided,
        chosen.unplaced,
    )


def source_row(source: SourceHealth) -> SourceRow:
    """A source as the report names it."""
    state, error = _STATES[source.state], trouble(source) or None
    return SourceRow(str(source.id), source.kind.value, state, source.as_of, source.objects, source.requests, error)


def image_row(image: Image, document: Document) -> ImageRow:
    """An image as the report names it."""
    return ImageRow(
        image.key.registry,
        image.key.repository,
        image.key.digest,
        image.digests,
        image.tags,
        tuple(map(str, image.platforms)),
        image.size,
        image.created,
        image.pushed,
        image.in_use,
        document.pods_of_image(image),
        verdict_of(image.verdict),
        [_check_row(check) for check in image.checks],
        _base_row(image.base) if image.base else None,
        [key.digest for key in document.snapshot.derived.get(image.key, ())],
        [_vulnerability_row(row) for row in image.vulnerabilities if row.vex is None],
        [_builder_row(attribution) for attribution in document.snapshot.builders.get(image.key, ())],
        [_build_claim_row(claim, image) for claim in image.built_by],
    )


def _builder_row(attribution: Attribution) -> BuilderRow:
    job = attribution.job
    kind, builder, name = (job.kind.value, job.builder, job.job) if job is not None else (None, None, None)
    return BuilderRow(kind, builder, name, attribution.basis.value, attribution.confidence.value, attribution.note)


def _build_claim_row(claim: BuildClaim, image: Image) -> BuildClaimRow:
    is_unchecked = bool(claim.doubt) if claim.by is ClaimedBy.ATTESTATION else vouched(image) is Vouched.UNCHECKED
    return BuildClaimRow(
        by=claim.by.value,
        name=claim.name or None,
        kind=claim.kind.value if claim.kind is not None else None,
        system=claim.system or None,
        host=claim.host or None,
        job=claim.job or None,
        title=claim.title or None,
        run=claim.run or None,
        repository=claim.repository or None,
        revision=claim.revision or None,
        signed=None if is_unchecked else is_vouched(image, claim),
        signer=claim.signer or None,
        doubt=claim.doubt or None,
    )


def workload_row(workload: Workload, document: Document) -> WorkloadRow:
    """A workload as the report names it."""
    key = workload.key
    return WorkloadRow(
        key.cluster,
        key.namespace,
        key.kind,
        key.name,
        verdict_of(workload.verdict),
        workload.managed_by or None,
        [_container_row(container, document.pods_in(container, workload)) for container in workload.containers],
    )


def verdict_of(state: State) -> Verdict:
    """The verdict of a state: what nobody judged is unknown."""
    match state:
        case State.PASS:
            return "pass"
        case State.WARN:
            return "warn"
        case State.FAIL:
            return "fail"
        case State.UNKNOWN | State.OFF:
            return "unknown"


def _counts(verdicts: Iterable[State]) -> Counts:
    counts = Counter(map(verdict_of, verdicts))
    return Counts(counts["pass"], counts["warn"], counts["fail"], counts["unknown"])


def _check_row(check: Check) -> CheckRow:
    return CheckRow(check.name, check.state, check.reason, sources_text(check.sources), check.as_of)


def _vulnerability_row(row: ImageVulnerability) -> VulnerabilityRow:
    source = sources_text(row.sources)
    return VulnerabilityRow(row.id, row.severity.value, row.package, row.installed, row.fixed or None, row.from_base, source)


def _base_row(link: BaseLink) -> BaseRow:
    base = link.base
    return BaseRow(
        base.registry or None,
        base.repository or None,
        link.tag or None,
        base.digest or None,
        link.basis,
        link.confidence,
        link.state,
        link.tag_told,
    )


def _container_row(container: Container, pods: int) -> ContainerRow:
    kind = _TYPES[container.type]
    return ContainerRow(
        container.name, kind, container.image, container.digests, pods, container.drift, container.trouble or None
    )


_TYPES: dict[ContainerType, Literal["container", "init", "ephemeral"]] = {
    ContainerType.CONTAINER: "container",
    ContainerType.INIT: "init",
    ContainerType.SIDECAR: "init",
    ContainerType.EPHEMERAL: "ephemeral",
    ContainerType.VOLUME: "container",
}
_STATES: dict[SourceState, Literal["ok", "partial", "failed", "off"]] = {
    SourceState.LOADING: "partial",
    SourceState.OK: "ok",
    SourceState.PARTIAL: "partial",
    SourceState.FAILED: "failed",
    SourceState.OFF: "off",
}
