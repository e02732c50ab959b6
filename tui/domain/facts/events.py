"""Everything a source may say. Sources yield facts, never verdicts; the order of events cannot matter.

A list cycle has a generation: objects seen carry it, and only a completed cycle removes what it did not see.
`source` is the source that speaks, e.g. `cluster/prod-weu` or `registry/contoso.azurecr.io`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.facts.admission import Constraint
from tui.domain.facts.build_claim import BuildClaim
from tui.domain.facts.build_events import BuildersConfigured, JobsCompleted, JobsSeen, RunsSeen
from tui.domain.facts.health import Denial, Owner, Ownership, Progress, SourceHealth, SourceState
from tui.domain.facts.image import Claim, ImageConfig, Manifest, ManifestListing, Referrer, RepositoryName, Tag
from tui.domain.facts.retention import PoliciesRead
from tui.domain.facts.scan import ScanReport
from tui.domain.facts.workload import Controller, Node, Pod, Resource

if TYPE_CHECKING:
    from tui.domain.facts.configured import ConfiguredBase
    from tui.domain.facts.signature import Outcome

__all__ = [
    "AbsenceKind",
    "BasesConfigured",
    "BuildEvent",
    "CatalogListed",
    "ClaimsRead",
    "ClusterEvent",
    "ConfigRead",
    "ConstraintsListed",
    "ControllersSeen",
    "Denial",
    "Event",
    "HealthChanged",
    "ImageEvent",
    "ListCompleted",
    "LookupFailed",
    "ManifestRead",
    "ManifestsListed",
    "NodesSeen",
    "ObjectGone",
    "Owner",
    "Ownership",
    "PodsSeen",
    "PoliciesRead",
    "Progress",
    "ReferrersListed",
    "ScanGone",
    "ScansCompleted",
    "ScansSeen",
    "SignaturesVerified",
    "SourceHealth",
    "SourceId",
    "SourceKind",
    "SourceState",
    "TagResolved",
    "TagsListed",
    "TrustEvent",
]


class HealthChanged(msgspec.Struct, frozen=True):
    """A source says how it is doing; the newest word counts."""

    health: SourceHealth


# ---- clusters


class PodsSeen(msgspec.Struct, frozen=True):
    """Pods of one page or one watch event; `scope` is the namespace that was listed, empty for the whole cluster."""

    source: SourceId
    scope: str
    generation: int
    pods: tuple[Pod, ...]


class ControllersSeen(msgspec.Struct, frozen=True):
    """Controllers of one resource, from a page or a watch event."""

    source: SourceId
    resource: Resource
    scope: str
    generation: int
    controllers: tuple[Controller, ...]


class NodesSeen(msgspec.Struct, frozen=True):
    """Nodes, from a page or a watch event."""

    source: SourceId
    generation: int
    nodes: tuple[Node, ...]


class ObjectGone(msgspec.Struct, frozen=True, gc=False):
    """A watch said that an object was deleted; `uid` is the node's name for nodes."""

    source: SourceId
    resource: Resource
    uid: str


class ListCompleted(msgspec.Struct, frozen=True, gc=False):
    """A list cycle saw everything: what was seen in an older generation of this resource and scope, and not in this, is gone."""

    source: SourceId
    resource: Resource
    scope: str
    generation: int


# ---- registries


class AbsenceKind(StrEnum):
    """Why a manifest could not be read."""

    MANIFEST_UNKNOWN = "manifest-unknown"
    REPOSITORY_UNKNOWN = "repository-unknown"
    DENIED = "denied"
    UNREACHABLE = "unreachable"
    THROTTLED = "throttled"
    UNTRUSTED = "untrusted"
    OTHER_BYTES = "other-bytes"
    FAILED = "failed"
    NOT_ASKED = "not-asked"


class TagResolved(msgspec.Struct, frozen=True, gc=False):
    """A tag names this digest now."""

    source: SourceId
    name: RepositoryName
    tag: str
    digest: str
    at: datetime


class ManifestRead(msgspec.Struct, frozen=True):
    """A manifest was read from a repository: it is there, and this is its content.

    `reference` is the tag by which it was asked for, empty where that was its digest.
    """

    source: SourceId
    name: RepositoryName
    manifest: Manifest
    at: datetime
    reference: str = ""


class ConfigRead(msgspec.Struct, frozen=True):
    """A config blob was read and matched its digest; it is the same wherever it lies."""

    config: ImageConfig


class LookupFailed(msgspec.Struct, frozen=True, gc=False):
    """A tag or digest could not be read; `reference` is the tag or the digest, `right` the missing right when denied."""

    source: SourceId
    name: RepositoryName
    reference: str
    kind: AbsenceKind
    reason: str
    at: datetime
    remedy: str = ""
    right: str = ""


class CatalogListed(msgspec.Struct, frozen=True):
    """The repositories of a registry, whole when `complete`."""

    source: SourceId
    registry: str
    repositories: tuple[str, ...]
    complete: bool
    at: datetime


class TagsListed(msgspec.Struct, frozen=True):
    """The tags of a repository; a complete list replaces what was known."""

    source: SourceId
    name: RepositoryName
    tags: tuple[Tag, ...]
    complete: bool
    at: datetime


class ManifestsListed(msgspec.Struct, frozen=True):
    """The manifests of a repository as the registry lists them; a complete list replaces what was known."""

    source: SourceId
    name: RepositoryName
    manifests: tuple[ManifestListing, ...]
    complete: bool
    at: datetime


class ReferrersListed(msgspec.Struct, frozen=True):
    """What is attached to a manifest; `error` is set when not every way of finding could be tried.

    `searched` names the ways that were tried, `notes` are sentences on them that are no errors.
    """

    source: SourceId
    name: RepositoryName
    subject: str
    referrers: tuple[Referrer, ...]
    at: datetime
    error: str = ""
    searched: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class ClaimsRead(msgspec.Struct, frozen=True):
    """Statements about an image from outside its manifest and config (provenance, build records): its base, and its builders.

    `digest` is that of a platform manifest or an index; `builders` are said in the index of that digest.
    """

    source: SourceId
    digest: str
    claims: tuple[Claim, ...]
    builders: tuple[BuildClaim, ...] = ()


class BasesConfigured(msgspec.Struct, frozen=True):
    """The bases that the settings name; they replace those of an earlier word."""

    bases: tuple[ConfiguredBase, ...]


# ---- trust


class ScansSeen(msgspec.Struct, frozen=True):
    """Scan reports of one page, one watch event or one file; a report replaces the one with the same source and key."""

    source: SourceId
    generation: int
    reports: tuple[ScanReport, ...]


class ScansCompleted(msgspec.Struct, frozen=True, gc=False):
    """A list cycle of a scanner saw every report: those of an older generation that it did not see are gone."""

    source: SourceId
    generation: int


class ScanGone(msgspec.Struct, frozen=True, gc=False):
    """A watch said that a report was deleted."""

    source: SourceId
    key: str


class SignaturesVerified(msgspec.Struct, frozen=True, gc=False):
    """Every signature found on a manifest, verified; no outcome means that none was found.

    `subject` is the digest of the index or platform manifest that was looked at. `searched` names the ways of finding that
    were tried; `error` is set when one of them failed, or an envelope could not be fetched: then "none" is not known.
    `notes` are remarks that decide nothing (`Docker Content Trust data exists: retired 2028-03-31, not verified`), `built_by`
    what attestations on it say of who built it."""

    source: SourceId
    name: RepositoryName
    subject: str
    outcomes: tuple[Outcome, ...]
    at: datetime
    searched: tuple[str, ...] = ()
    error: str = ""
    notes: tuple[str, ...] = ()
    built_by: tuple[BuildClaim, ...] = ()


class ConstraintsListed(msgspec.Struct, frozen=True):
    """Every admission constraint of a cluster that bears on images; a newer list replaces an older one."""

    source: SourceId
    cluster: str
    constraints: tuple[Constraint, ...]
    at: datetime
    complete: bool = True
    error: str = ""


ClusterEvent = PodsSeen | ControllersSeen | NodesSeen | ObjectGone | ListCompleted
ImageEvent = (
    TagResolved
    | ManifestRead
    | ConfigRead
    | LookupFailed
    | CatalogListed
    | TagsListed
    | ManifestsListed
    | ReferrersListed
    | ClaimsRead
    | BasesConfigured
    | PoliciesRead
)
TrustEvent = ScansSeen | ScansCompleted | ScanGone | SignaturesVerified | ConstraintsListed
BuildEvent = JobsSeen | JobsCompleted | RunsSeen | BuildersConfigured
Event = HealthChanged | ClusterEvent | ImageEvent | TrustEvent | BuildEvent
