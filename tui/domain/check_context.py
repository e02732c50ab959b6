"""What checks may look at: the facts about one image, or about one container of a workload, and the rules there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tui.domain.events import SignaturesVerified
from tui.domain.join import Known
from tui.domain.joined import Joined
from tui.domain.outdated import BaseVerdict
from tui.domain.rules import Rules
from tui.domain.snapshot import BaseLink, ImageKey

__all__ = ["ContainerContext", "ImageContext"]


@dataclass(frozen=True, slots=True)
class ImageContext:
    """What image checks may look at.

    `known` is None for an image that no registry shows, `absent` then says why. `scratch`, `distro` and `derived` tell of an
    image without a base whether that is right: built from scratch, a distribution's own, one that others stand on. `remarks`
    are sentences on why it has none. `base_at` is when the registry said what the base's tag names.

    `in_use` says whether something that is known runs it. `signatures` are what was found on its digests, `signatures_lost`
    says why nothing is looked for, empty while it is; `content_trust` that its registry holds Docker Content Trust data of it.
    """

    rules: Rules
    now: datetime
    key: ImageKey
    known: Known | None = None
    absent: str = ""
    link: BaseLink | None = None
    base: BaseVerdict | None = None
    base_at: datetime | None = None
    scratch: bool = False
    distro: str = ""
    derived: bool = False
    remarks: tuple[str, ...] = ()
    signed_in: frozenset[str] = frozenset()
    in_use: bool = False
    signatures: tuple[SignaturesVerified, ...] = ()
    signatures_lost: str = ""
    content_trust: bool = False

    @property
    def source(self) -> str:
        """The source that tells of the image."""
        return f"registry/{self.key.registry}"


@dataclass(frozen=True, slots=True)
class ContainerContext:
    """What container checks may look at; `lost` says since when the cluster does not answer, empty while it does."""

    rules: Rules
    now: datetime
    container: Joined
    source: str
    lost: str = ""
    lost_at: datetime | None = None
    remedy: str = ""
