"""What the configuration of an image tells of it: its distribution, its runtimes, whether it is a base by itself. Read once."""

from __future__ import annotations

import msgspec

from tui.domain.distro import distro_of
from tui.domain.endoflife import Product
from tui.domain.facts import ImageFacts
from tui.domain.genealogy import is_distribution, is_scratch, usual_config
from tui.domain.join import Catalog, Known
from tui.domain.runtimes import runtimes_of
from tui.domain.snapshot import ImageKey

__all__ = ["Traits", "TraitsOf"]


class Traits(msgspec.Struct, frozen=True, gc=False):
    """`system` is the distribution, such as `debian 12`; `scratch` and `distribution` say that there is no base, and why."""

    system: str = ""
    runtimes: tuple[Product, ...] = ()
    scratch: bool = False
    distribution: bool = False


class TraitsOf:
    """The traits of the images of a catalog; what was read is kept."""

    def __init__(self, catalog: Catalog, facts: ImageFacts) -> None:
        self._catalog, self._facts = catalog, facts
        self._found: dict[ImageKey, Traits] = {}
        self._told: dict[str, tuple[str, tuple[Product, ...]]] = {}

    def of(self, known: Known) -> Traits:
        """The traits of an image."""
        found = self._found.get(known.key)
        if found is None:
            found = self._found[known.key] = self._read(known)
        return found

    def _read(self, known: Known) -> Traits:
        system, runtimes = self._tell(known)
        scratch = is_scratch(known, self._catalog, self._facts)
        return Traits(system, runtimes, scratch, is_distribution(known, self._catalog))

    def _tell(self, known: Known) -> tuple[str, tuple[Product, ...]]:
        config = usual_config(known, self._catalog)
        if config is None:
            return "", ()
        if config.digest not in self._told:
            self._told[config.digest] = distro_of(config), runtimes_of(config.history)
        return self._told[config.digest]
