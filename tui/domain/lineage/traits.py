"""What the configuration of an image tells of it: its distribution, its runtimes, whether it is a base by itself. Read once."""

from __future__ import annotations

from collections.abc import Callable, Set
from datetime import date

import msgspec

from tui.domain.common.memo import Address, Rows, Shared, Trace
from tui.domain.facts.image import ImageConfig
from tui.domain.lineage.distro import distro_of
from tui.domain.lineage.endoflife import Product, end_of_life, parse_product
from tui.domain.lineage.genealogy import ClaimsByConfig, is_distribution, is_scratch, usual_config
from tui.domain.lineage.runtimes import runtimes_of
from tui.domain.registries.catalog import Catalog, CatalogImage
from tui.domain.snapshot.snapshot import ImageKey

__all__ = ["BaseTraits", "TraitsOf"]


class BaseTraits(msgspec.Struct, frozen=True, gc=False):
    """`system` is the distribution, such as `debian 12`; `scratch` and `distribution` say that there is no base, and why."""

    system: str = ""
    runtimes: tuple[Product, ...] = ()
    scratch: bool = False
    distribution: bool = False


_Contained = tuple[str, tuple[Product, ...]]
"""The distribution and the runtimes of one config: the same of thousands."""


def _end(system: str) -> date:
    """When a system gets no more fixes; what the table does not know comes last."""
    product = parse_product(system) if system else None
    return (end_of_life(product) if product is not None else None) or date.max


class TraitsOf:
    """The traits of the images of a catalog; what was read is kept as long as nothing changes about an image."""

    def __init__(self, trace: Trace, catalog: Catalog, claims: Callable[[ImageKey], ClaimsByConfig]) -> None:
        self._catalog, self._claims = catalog, claims
        self._rows: Rows[ImageKey, BaseTraits] = Rows(trace, self._read)
        self._told: dict[str, _Contained] = {}
        self._contained: Shared[_Contained] = Shared()
        self._alike: Shared[BaseTraits] = Shared()

    def renew(self, changed: Set[Address]) -> Set[Address]:
        """Read again what changed; the keys of images with other traits."""
        removed = [key for key in changed if isinstance(key, ImageKey) and key not in self._catalog.images]
        return self._rows.refresh(changed, (), removed)

    def of(self, key: ImageKey) -> BaseTraits:
        """The traits of an image."""
        return self._rows.get(key)

    def _read(self, key: ImageKey) -> BaseTraits:
        image = self._catalog.image(key)
        if image is None:
            return BaseTraits()
        system, runtimes = self._worst(image)
        scratch = is_scratch(image, self._claims(key))
        return self._alike.one(BaseTraits(system, runtimes, scratch, is_distribution(image, self._catalog)))

    def _worst(self, image: CatalogImage) -> tuple[str, tuple[Product, ...]]:
        """The system that ends first, of those on which its platforms stand, and the runtimes of all of them."""
        usual = usual_config(image, self._catalog)
        others = (self._catalog.contents.config(member.config) for member in image.members)
        answers = [self._tell(config) for config in (usual, *others) if config is not None]
        if not answers:
            return "", ()
        runtimes = dict.fromkeys(runtime for _, several in answers for runtime in several)
        return min((system for system, _ in answers), key=_end), tuple(runtimes)

    def _tell(self, config: ImageConfig) -> _Contained:
        if config.digest not in self._told:
            self._told[config.digest] = self._contained.one((distro_of(config), runtimes_of(config.history)))
        return self._told[config.digest]
