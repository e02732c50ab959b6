"""The joined, judged estate at one moment: frozen, compared by identity, read by everything downstream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.common.source_id import SourceId
from tui.domain.common.trust import Check, State
from tui.domain.facts.admission import Gate
from tui.domain.facts.build import Job, JobKey, Run
from tui.domain.facts.build_claim import BuildClaim
from tui.domain.facts.events import SignaturesVerified
from tui.domain.facts.health import SourceHealth
from tui.domain.facts.image import Locks, Platform, RepositoryName, Tag
from tui.domain.facts.pulls import PullExam
from tui.domain.facts.retention import RegistryPolicies
from tui.domain.facts.scan import ImageVulnerability, ScanReport
from tui.domain.facts.workload import ContainerType, ObjectKey

__all__ = [
    "EMPTY",
    "Attribution",
    "AttributionBasis",
    "BaseLink",
    "BaseState",
    "Basis",
    "Confidence",
    "Container",
    "Drift",
    "Image",
    "ImageKey",
    "NodeKind",
    "PodGroup",
    "PodRef",
    "Snapshot",
    "Summary",
    "UnknownBase",
    "Workload",
]


class ImageKey(msgspec.Struct, frozen=True, gc=False, order=True, cache_hash=True):
    """The identity of a node in the lineage: an image by its top digest in a repository.

    For bases that are in no readable registry `digest` is the claimed digest or empty, for synthesized common bases
    registry and repository are empty and `digest` is the chain id of the shared layers.
    """

    registry: str
    repository: str
    digest: str

    @classmethod
    def of(cls, name: RepositoryName, digest: str) -> ImageKey:
        """The image of a digest in a repository."""
        return cls(name.registry, name.repository, digest)

    @property
    def name(self) -> RepositoryName:
        """The repository it lies in."""
        return RepositoryName(self.registry, self.repository)

    @property
    def reference(self) -> str:
        """By its digest, as it is pulled; of repository and digest only what is known."""
        return "@".join(filter(None, (str(self.name), self.digest)))


class Basis(StrEnum):
    """What proves a lineage edge, best first."""

    CONFIGURED = "configured"
    LAYERS = "layers"
    BUILD_RECORD = "build-record"
    PROVENANCE = "provenance"
    ANNOTATION = "annotation"


class Confidence(StrEnum):
    """How sure an edge is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    CLAIMED = "claimed"


class BaseState(StrEnum):
    """Whether the base an image stands on is the newest build of that base."""

    CURRENT = "current"
    OUTDATED = "outdated"
    UNKNOWN = "unknown"


class Drift(StrEnum):
    """Whether what runs is what the name says (now, in the registry)."""

    SAME = "same"
    MOVED = "moved"
    MIXED = "mixed"
    GONE = "gone"
    UNKNOWN = "unknown"


class NodeKind(StrEnum):
    """Why a base is a node without being a readable image."""

    CLAIMED = "claimed"
    SHARED_LAYERS = "shared-layers"


class BaseLink(msgspec.Struct, frozen=True, gc=False):
    """The edge from an image down to its base, with what proves it.

    `tag` is the base's tag that the image was built from, where `tag_told` says that something tells it; else it is a guess, one
    of those that name the base. `note` says in words how the edge was found; `contradictions` are statements that say otherwise;
    `since` is when the base tag moved past this build.
    """

    base: ImageKey
    basis: Basis
    confidence: Confidence
    tag: str = ""
    score: float = 0.0
    layers: int = 0
    note: str = ""
    contradictions: tuple[str, ...] = ()
    state: BaseState = BaseState.UNKNOWN
    state_reason: str = ""
    since: datetime | None = None
    newest: str = ""
    tag_told: bool = False


class Image(msgspec.Struct, frozen=True, gc=False):
    """An image: one equivalence set of digests (index and its platform manifests, and their configs) in a repository.

    `digests` holds index and platform manifests, the top one first. `as_of` is when the registry last confirmed it.
    `absent` is why it cannot be read (empty when it can), `gone` says that its registry has it no more; `tags_listed` says that
    all tags of its repository are known; `same_content` names other images of the same content.
    `vulnerabilities` are worst first, over all reports in `scans`; `scan_gap` says why one that is not listed may be there all
    the same, empty when the reports are whole and recent. `signatures` holds what was found on each of its digests. `changed` is
    when its registry last changed its record (pushed, tagged, untagged), `locks` are those of the manifest, and `tag_rows` what
    lists of the registry tell of its tags: all of it where the registry tells it. `built_by` is what it says
    itself of who built it.
    """

    key: ImageKey
    digests: tuple[str, ...]
    tags: tuple[str, ...] = ()
    platforms: tuple[Platform, ...] = ()
    size: int | None = None
    created: datetime | None = None
    pushed: datetime | None = None
    in_use: bool = False
    pods: int = 0
    checks: tuple[Check, ...] = ()
    verdict: State = State.UNKNOWN
    base: BaseLink | None = None
    root: bool = False
    distro: str = ""
    absent: str = ""
    as_of: datetime | None = None
    config_digests: tuple[str, ...] = ()
    same_content: tuple[ImageKey, ...] = ()
    vulnerabilities: tuple[ImageVulnerability, ...] = ()
    scans: tuple[ScanReport, ...] = ()
    scan_gap: str = ""
    signatures: tuple[SignaturesVerified, ...] = ()
    gone: bool = False
    tags_listed: bool = False
    changed: datetime | None = None
    locks: Locks | None = None
    tag_rows: tuple[Tag, ...] = ()
    built_by: tuple[BuildClaim, ...] = ()

    @property
    def name(self) -> RepositoryName:
        """The repository the image lies in."""
        return self.key.name

    @property
    def telling_tag(self) -> str:
        """The tag that says most: the first besides `latest`; empty without tags."""
        return next((tag for tag in self.tags if tag != "latest"), self.tags[0] if self.tags else "")


class AttributionBasis(StrEnum):
    """What says that a job builds an image, best first.

    RUN: a run says that it pushed this very digest. IMAGES: the job says that it pushes what a tag of the image names.
    PROVENANCE, LABEL: the image says so itself. REPOSITORY: it pushes into the image's repository, under tags of which this is
    none, or nobody tells which.
    """

    RUN = "run"
    IMAGES = "images"
    CONFIGURED = "configured"
    PROVENANCE = "provenance"
    LABEL = "label"
    REPOSITORY = "repository"

    @property
    def is_claim(self) -> bool:
        """Whether only the image itself says it."""
        return self in _CLAIMS


_CLAIMS = (AttributionBasis.PROVENANCE, AttributionBasis.LABEL)


class Attribution(msgspec.Struct, frozen=True, gc=False):
    """That a job builds an image, with what says so. `job` is None for a run that has none (a quick run of ACR Tasks).

    `run` is the id of the run that pushed it, where that is known; `note` says in a sentence how this is known. `job_seen` tells
    whether the builder was read and has the job: what only claims or settings name may not exist.
    """

    job: JobKey | None
    basis: AttributionBasis
    confidence: Confidence
    note: str
    run: str = ""
    job_seen: bool = True


class UnknownBase(msgspec.Struct, frozen=True):
    """A base that is not a readable image: only claimed, or synthesized from layers that several repositories share."""

    key: ImageKey
    kind: NodeKind
    label: str
    reason: str
    base: BaseLink | None = None
    layers: int = 0
    repositories: int = 0


class PodRef(msgspec.Struct, frozen=True, gc=False):
    """A pod of a workload, as one of its containers has it; `runs` is the image that it runs, None when that is not known."""

    name: str
    node: str
    phase: str
    digest: str
    created: datetime | None
    state: str = ""
    reason: str = ""
    container: str = ""
    restarts: int = 0
    runs: ImageKey | None = None

    @property
    def ended(self) -> bool:
        """Whether the pod will run no more: such a pod is counted nowhere."""
        return self.phase in ("Succeeded", "Failed")


class PodGroup(msgspec.Struct, frozen=True, gc=False):
    """Pods of a workload that run the same images, all of their containers taken together."""

    images: tuple[ImageKey, ...]
    pods: int


class Container(msgspec.Struct, frozen=True, gc=False):
    """A container of a workload over all its pods.

    `image` is the text of the spec; `runs` are the images its pods run (or ran, where all have ended), `declared` the image
    its name means now; `digests` are what the pods report; `pods` counts those that have not ended; `trouble` is a sentence
    when pods cannot start (pull errors told apart), `pull` what is known of each step of a pull that fails. `placed` are the
    checks of its images by the rules of this place, where a policy has rules for places. `place` is where it stands in the
    template of its workload: the list (`containers`, `initContainers`), and the number in it (None: not known); `template` is
    the image that stands there, empty where that is `image` or not known: admission may rewrite it, or a rollout be under way.
    """

    name: str
    type: ContainerType
    image: str
    name_of: RepositoryName | None = None
    tag: str = ""
    pin: str = ""
    digests: tuple[str, ...] = ()
    runs: tuple[ImageKey, ...] = ()
    declared: ImageKey | None = None
    pods: int = 0
    drift: Drift = Drift.UNKNOWN
    drift_reason: str = ""
    trouble: str = ""
    checks: tuple[Check, ...] = ()
    verdict: State = State.UNKNOWN
    pull_policy: str = ""
    pod_refs: tuple[PodRef, ...] = ()
    placed: Mapping[ImageKey, tuple[Check, ...]] = {}
    pull: PullExam | None = None
    place: tuple[str, int] | None = None
    template: str = ""

    @property
    def in_template(self) -> str:
        """The image that the template of its workload names for it, as far as that is known."""
        return self.template or self.image

    @property
    def images(self) -> tuple[ImageKey, ...]:
        """What its pods run; what it is declared to run when no pod says."""
        return self.runs or ((self.declared,) if self.declared is not None else ())


class Workload(msgspec.Struct, frozen=True, gc=False):
    """The top controller that owns pods, or a bare or static pod, with every container that it has.

    `rollback` are the images of ReplicaSets kept as rollback targets, `lost_rollback` the names in them that their registries do
    not have any more; `managed_by` is `Argo CD`, `Flux`, `Helm` or empty. `pods` counts those that have not ended;
    `crews` are these by what they run.
    """

    key: ObjectKey
    containers: tuple[Container, ...]
    verdict: State = State.UNKNOWN
    pods: int = 0
    desired: int | None = None
    suspended: bool = False
    managed_by: str = ""
    team: str = ""
    created: datetime | None = None
    rollback: tuple[ImageKey, ...] = ()
    owner_readable: bool = True
    as_of: datetime | None = None
    source: SourceId | None = None
    crews: tuple[PodGroup, ...] = ()
    lost_rollback: tuple[str, ...] = ()


class Summary(msgspec.Struct, frozen=True):
    """Counts by verdict, and pods."""

    images: dict[State, int]
    workloads: dict[State, int]
    pods: int = 0


@dataclass(frozen=True, slots=True, eq=False, repr=False, weakref_slot=True)
class Snapshot:
    """Everything known at `as_of`, joined and judged.

    `bases` holds unknown bases; `derived` maps a base (image or unknown) to the images built directly on it; `roots`
    are images and unknown bases without a base; `users` maps an image to the workloads that run it.
    `complete` is True when every source that was asked has answered whole. `gates` are the clusters' own, by cluster.
    `runs` are those of each job, newest first; `builders` says which jobs build an image, the best known first.
    `policies` are those of the registries whose resource somebody asked for.
    """

    number: int
    as_of: datetime
    images: Mapping[ImageKey, Image] = field(default_factory=dict)
    bases: Mapping[ImageKey, UnknownBase] = field(default_factory=dict)
    derived: Mapping[ImageKey, tuple[ImageKey, ...]] = field(default_factory=dict)
    roots: tuple[ImageKey, ...] = ()
    workloads: Mapping[ObjectKey, Workload] = field(default_factory=dict)
    users: Mapping[ImageKey, tuple[ObjectKey, ...]] = field(default_factory=dict)
    sources: tuple[SourceHealth, ...] = ()
    summary: Summary = field(default_factory=lambda: Summary({}, {}))
    complete: bool = False
    gates: Mapping[str, Gate] = field(default_factory=dict)
    jobs: Mapping[JobKey, Job] = field(default_factory=dict)
    runs: Mapping[JobKey, tuple[Run, ...]] = field(default_factory=dict)
    builders: Mapping[ImageKey, tuple[Attribution, ...]] = field(default_factory=dict)
    policies: Mapping[str, RegistryPolicies] = field(default_factory=dict)


EMPTY = Snapshot(0, datetime.fromisoformat("1970-01-01T00:00:00+00:00"))
