"""The catalog, joined repository by repository, round after round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from tui.domain.common.memo import Address, Rows, Trace
from tui.domain.facts.facts import ImageFacts
from tui.domain.facts.image import RepositoryName
from tui.domain.registries.catalog import Catalog, CatalogImage, holders_of, images_of, in_order_of_config
from tui.domain.registries.contents import Contents
from tui.domain.registries.presence import PresenceReader
from tui.domain.snapshot.snapshot import ImageKey

__all__ = ["CatalogJoin", "join"]


class CatalogJoin:
    """Keeps the catalog: only repositories about which something changed, or content that they name, are joined again.

    What it gives out is the same catalog, brought up to date: nothing may hold it beyond its round.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._reader = PresenceReader(ImageFacts(), trace=trace)
        self._contents = Contents({}, {}, trace)
        self._rows: Rows[RepositoryName, tuple[CatalogImage, ...]] = Rows(trace, self._read)
        self._names: list[RepositoryName] = []
        self._parts: dict[RepositoryName, tuple[CatalogImage, ...]] = {}
        self._images: dict[ImageKey, CatalogImage] = {}
        self._holders: dict[RepositoryName, Mapping[str, tuple[ImageKey, ...]]] = {}
        self._by_config: dict[str, tuple[ImageKey, ...]] = {}
        self.catalog = Catalog(self._contents, self._images, self._holders, self._by_config)

    def join(self, facts: ImageFacts, changed: Set[Address]) -> set[Address]:
        """Bring the catalog up to date; what in it is not as before: names of repositories, keys of images, digests."""
        self._reader = PresenceReader(facts, trace=self._trace)
        self._contents.renew(facts.manifests, facts.configs, changed)
        names = {name for name in changed if isinstance(name, RepositoryName)}
        present = {name for name in names if name in facts.last_seen or name in facts.listings or name in facts.failed}
        return self._take(self._rows.refresh(changed, present, names - present))

    def _read(self, name: RepositoryName) -> tuple[CatalogImage, ...]:
        return tuple(map(self._interned, images_of(name, self._reader, self._contents)))

    def _interned(self, image: CatalogImage) -> CatalogImage:
        """An image that is as before stays the very same."""
        before = self._images.get(image.key)
        return before if before is not None and before == image else image

    def _take(self, names: set[RepositoryName]) -> set[Address]:
        """Put the images of repositories in the place of what they were."""
        changed: set[Address] = set(names)
        configs: dict[str, list[ImageKey]] = {}
        moved = False
        for name in names:
            before = {image.key: image for image in self._parts.get(name, ())}
            after = {image.key: image for image in self._rows.values.get(name, ())}
            moved = moved or before.keys() != after.keys()
            for key in before.keys() | after.keys():
                if before.get(key) is not after.get(key):
                    changed.add(key)
                    changed.update(_meanings(before.get(key), after.get(key)))
                    for config in (*_configs(before.get(key)), *_configs(after.get(key))):
                        configs.setdefault(config, []).append(key)
            self._images.update(after)
            self._put(name)
        if moved:
            self._order()
        changed.update(config for config, keys in configs.items() if self._hold(config, keys))
        return changed

    def _put(self, name: RepositoryName) -> None:
        images = self._rows.values.get(name)
        if images is None:
            del self._parts[name], self._holders[name]
            self._names.remove(name)
            return
        if name not in self._parts:
            self._names.append(name)
        self._parts[name], self._holders[name] = images, holders_of(images)

    def _order(self) -> None:
        """All images anew in the order of their keys, and without those that are no more."""
        self._names.sort()
        self._images.clear()
        for name in self._names:
            for image in self._parts[name]:
                self._images[image.key] = image

    def _hold(self, config: str, keys: Iterable[ImageKey]) -> bool:
        """Find again what holds a config, of what held it and what may hold it now. Says whether that changed."""
        before = self._by_config.get(config, ())
        images = [self._images[key] for key in {*before, *keys} if key in self._images]
        holders = in_order_of_config(image for image in images if config in image.configs)
        if holders:
            self._by_config[config] = holders
        else:
            self._by_config.pop(config, None)
        return holders != before


def _configs(image: CatalogImage | None) -> tuple[str, ...]:
    return image.configs if image is not None else ()


def _meanings(before: CatalogImage | None, after: CatalogImage | None) -> Iterator[str]:
    """The digests that mean other contents than before, or may: those of images that come, go, or have other platforms."""
    if before is not None and after is not None and before.members == after.members:
        return
    for image in (before, after):
        if image is not None:
            yield image.key.digest
            yield from (member.manifest for member in image.members)


def join(facts: ImageFacts) -> Catalog:
    """All images of all registries. The order of the facts does not matter."""
    joined = CatalogJoin(Trace())
    joined.join(facts, {*facts.last_seen, *facts.listings, *facts.failed})
    return joined.catalog
