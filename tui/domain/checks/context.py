"""What checks may look at: the facts about one image, or about one container of a workload, and the rules there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from tui.domain.common.source_id import SourceId, SourceKind, alone
from tui.domain.facts.admission import Gate
from tui.domain.facts.events import SignaturesVerified
from tui.domain.facts.source_health import RegistrySession
from tui.domain.facts.workload import ObjectKey
from tui.domain.lineage.endoflife import Product
from tui.domain.lineage.outdated import BaseVerdict
from tui.domain.policy.rules import Rules
from tui.domain.registries.catalog import CatalogImage
from tui.domain.scans.scanned import NOT_SCANNED, Scanned
from tui.domain.snapshot.snapshot import BaseLink, ImageKey
from tui.domain.workloads.containers import ContainerJoin
from tui.domain.workloads.impostor import Suspicion

__all__ = ["ContainerContext", "ImageContext", "Scanners"]


@dataclass(frozen=True, slots=True)
class Scanners:
    """The scanners that are set up.

    `lost` are those that do not answer, or are turned off, `open` those that have not said all; each with a sentence.
    """

    names: tuple[SourceId, ...] = ()
    lost: tuple[tuple[SourceId, str], ...] = ()
    open: tuple[tuple[SourceId, str], ...] = ()


class ImageContext(msgspec.Struct, frozen=True, gc=False):
    """What image checks may look at.

    `catalogued` is None for an image that no registry shows, `absent` then says why. `altered` says that its registry answered
    with other bytes than a digest of it names. `scratch`, `distro` and `derived` tell of an image without a base whether that
    is right: built from scratch, a distribution's own, one that others stand on. `remarks` are sentences on why it has none.
    `base_at` is when the registry said what the base's tag names.

    `session` says who is signed in to its registry, None while that is not known; `registry_lost` since when that does not
    answer, empty while it does. `in_use` says whether something that is known runs it, `named_digests` are the digests that the
    names of what runs it give (of the index, or of a platform). `signatures` are what was found on its digests,
    `signatures_lost` says why nothing is looked for, empty while it is, `signatures_missed` why single digests could not be
    looked at; `content_trust` that its registry holds Docker Content Trust data of it.

    `scan` is what scanners say of it, `scanners` how they do. `system` is the distribution that it is built on (`debian 12`),
    also where that is not its own; `renewed` is that of the newest build of its base, where the image is not on it yet;
    `runtimes` are the language runtimes that its build set up.
    """

    rules: Rules
    now: datetime
    key: ImageKey
    catalogued: CatalogImage | None = None
    absent: str = ""
    altered: str = ""
    link: BaseLink | None = None
    base: BaseVerdict | None = None
    base_at: datetime | None = None
    scratch: bool = False
    distro: str = ""
    derived: bool = False
    remarks: tuple[str, ...] = ()
    session: RegistrySession | None = None
    registry_lost: str = ""
    in_use: bool = False
    named_digests: tuple[str, ...] = ()
    signatures: tuple[SignaturesVerified, ...] = ()
    signatures_lost: str = ""
    signatures_missed: tuple[tuple[str, str], ...] = ()
    content_trust: bool = False
    scan: Scanned = NOT_SCANNED
    scanners: Scanners = Scanners()
    system: str = ""
    runtimes: tuple[Product, ...] = ()
    renewed: str = ""

    @property
    def source(self) -> SourceId:
        """The source that tells of the image."""
        return self.sources[0]

    @property
    def sources(self) -> tuple[SourceId]:
        """That source, as answers name it."""
        return alone(SourceKind.REGISTRY, self.key.registry)

    @property
    def digests(self) -> tuple[str, ...]:
        """Its digests, those of its platforms included."""
        return self.catalogued.digests if self.catalogued is not None else (self.key.digest,)

    @property
    def meaning(self) -> tuple[tuple[str, ...], ...]:
        """Groups of digests that each mean all of what is judged: its own, those of all its platforms, those that names give."""
        return self.meaning_by(self.named_digests)

    def meaning_by(self, named: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        """The same, were these the digests that names give."""
        members = self.catalogued.members if self.catalogued is not None else ()
        return (self.key.digest,), tuple(member.manifest for member in members), named


class ContainerContext(msgspec.Struct, frozen=True, gc=False):
    """What container checks may look at; `cluster_lost` says since when the cluster does not answer, empty while it does.

    `workload` is what it belongs to, `siblings` are the names and images of all its containers. `gate` is the cluster's own,
    None when nobody was asked for it. `suspicion` is how what it runs, or would run, differs from all that ran before under
    its name.
    """

    rules: Rules
    now: datetime
    container: ContainerJoin
    workload: ObjectKey
    source: SourceId
    cluster_lost: str = ""
    lost_at: datetime | None = None
    remedy: str = ""
    gate: Gate | None = None
    suspicion: Suspicion | None = None
    siblings: tuple[tuple[str, str], ...] = ()
