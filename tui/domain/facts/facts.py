"""What is known at one moment: frozen copies of the inventory's tables, in groups that change apart from each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import msgspec

from tui.domain.facts.build import BuilderKind, Job, Run
from tui.domain.facts.build_claim import BuildClaim
from tui.domain.facts.build_events import ConfiguredJob
from tui.domain.facts.configured import ConfiguredBase
from tui.domain.facts.events import (
    CatalogListed,
    ConstraintsListed,
    LookupFailed,
    ManifestsListed,
    ReferrersListed,
    SignaturesVerified,
    SourceHealth,
    SourceId,
)
from tui.domain.facts.image import Claim, ImageConfig, Manifest, RepositoryName, Tag
from tui.domain.facts.retention import PoliciesRead
from tui.domain.facts.scan import ScanReport
from tui.domain.facts.workload import Controller, Node, Pod

__all__ = ["BuildFacts", "ClusterFacts", "Facts", "ImageFacts", "RunKey", "TagRecord", "TrustFacts"]


class TagRecord(msgspec.Struct, frozen=True):
    """What was said of a tag in our lifetime.

    `spans` maps each digest that it named to the first and the last time that this was said; `row` is the newest row of a
    list that names it, with what only lists tell.
    """

    spans: dict[str, tuple[datetime, datetime]]
    row: Tag | None = None
    row_at: datetime | None = None

    @property
    def digest(self) -> str:
        """The digest that it named last; of two named at the same moment the greater, so that order cannot matter."""
        return max(self.spans, key=lambda digest: (self.spans[digest][1], digest))

    @property
    def last(self) -> datetime:
        """When it was last said to name a digest."""
        return max(last for _, last in self.spans.values())

    @property
    def moved(self) -> datetime | None:
        """When it came to name what it names: as its registry tells, or as we saw it; None when neither did."""
        now = self.digest
        if self.row is not None and self.row.digest == now and self.row.updated is not None:
            return self.row.updated
        before = [last for digest, (_, last) in self.spans.items() if digest != now]
        return max((*before, self.spans[now][0])) if before else None

    @property
    def earlier(self) -> tuple[str, ...]:
        """The digests it named before, the latest first."""
        now = self.digest
        earlier = sorted(((last, digest) for digest, (_, last) in self.spans.items() if digest != now), reverse=True)
        return tuple(digest for _, digest in earlier)


@dataclass(frozen=True, slots=True, eq=False)
class ClusterFacts:
    """What runs. `pods` and `controllers` are by source and uid, `nodes` by source and name."""

    version: int = 0
    pods: Mapping[SourceId, Mapping[str, Pod]] = field(default_factory=dict)
    controllers: Mapping[SourceId, Mapping[str, Controller]] = field(default_factory=dict)
    nodes: Mapping[SourceId, Mapping[str, Node]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class ImageFacts:
    """What registries hold.

    `manifests` and `configs` are contents by digest, the same wherever they lie; `last_seen` says when a manifest was last seen
    in a repository, `tags` what tags were said to name, `failed` the newest failure for a tag or digest of a repository,
    `proven` when a tag or digest was last answered with content that is what it should be. `tag_lists` says when the tags of a
    repository were last listed whole, `listings` are the newest whole lists of manifests. `claims` and `builders` are what is
    said from outside of bases and of builders. `configured` are the bases that the settings name. `policies` are those of
    registries, by host.
    """

    version: int = 0
    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    configs: Mapping[str, ImageConfig] = field(default_factory=dict)
    last_seen: Mapping[RepositoryName, Mapping[str, datetime]] = field(default_factory=dict)
    tags: Mapping[RepositoryName, Mapping[str, TagRecord]] = field(default_factory=dict)
    tag_lists: Mapping[RepositoryName, datetime] = field(default_factory=dict)
    listings: Mapping[RepositoryName, ManifestsListed] = field(default_factory=dict)
    failed: Mapping[RepositoryName, Mapping[str, LookupFailed]] = field(default_factory=dict)
    proven: Mapping[RepositoryName, Mapping[str, datetime]] = field(default_factory=dict)
    catalogs: Mapping[str, CatalogListed] = field(default_factory=dict)
    referrers: Mapping[RepositoryName, Mapping[str, ReferrersListed]] = field(default_factory=dict)
    claims: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)
    builders: Mapping[str, tuple[BuildClaim, ...]] = field(default_factory=dict)
    configured: tuple[ConfiguredBase, ...] = ()
    policies: Mapping[str, PoliciesRead] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class TrustFacts:
    """What was said of the trust in images.

    `scans` are reports by source and key: a source that is there has been heard. `signatures` are by repository and the
    digest that was looked at, `constraints` by cluster.
    """

    version: int = 0
    scans: Mapping[SourceId, Mapping[str, ScanReport]] = field(default_factory=dict)
    signatures: Mapping[RepositoryName, Mapping[str, SignaturesVerified]] = field(default_factory=dict)
    constraints: Mapping[str, ConstraintsListed] = field(default_factory=dict)


class RunKey(NamedTuple):
    """The identity of a run: ids are the builder's own."""

    kind: BuilderKind
    builder: str
    id: str


@dataclass(frozen=True, slots=True, eq=False)
class BuildFacts:
    """What builders said: jobs by source and key, the newest word on each run, and the jobs that the settings name for images."""

    version: int = 0
    jobs: Mapping[SourceId, Mapping[str, Job]] = field(default_factory=dict)
    runs: Mapping[RunKey, Run] = field(default_factory=dict)
    configured: tuple[ConfiguredJob, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Everything known; a group whose version did not change is the same object as before."""

    cluster: ClusterFacts = field(default_factory=ClusterFacts)
    images: ImageFacts = field(default_factory=ImageFacts)
    health: Mapping[SourceId, SourceHealth] = field(default_factory=dict)
    health_version: int = 0
    trust: TrustFacts = field(default_factory=TrustFacts)
    builds: BuildFacts = field(default_factory=BuildFacts)
