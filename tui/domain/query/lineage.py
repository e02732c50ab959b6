"""Which images stand on a base of some name, over every step of the lineage."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from tui.domain.common.pace import paced
from tui.domain.query.match import is_glob, is_hex, text_matcher
from tui.domain.query.rows import Beginnings, Texts
from tui.domain.snapshot.snapshot import BaseLink, ImageKey, Snapshot

__all__ = ["BaseNames"]


class BaseNames:
    """The bases of every node with their names, in small letters."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._links: dict[ImageKey, BaseLink | None] = {key: base.base for key, base in paced(snapshot.bases.items())}
        self._links.update((key, image.base) for key, image in paced(snapshot.images.items()))
        self._children: dict[ImageKey, list[ImageKey]] = {}
        for key, link in paced(self._links.items()):
            if link is not None:
                self._children.setdefault(link.base, []).append(key)
        self._bases = tuple(self._children)

    def standing_on(self, value: str) -> tuple[set[ImageKey], set[ImageKey]]:
        """The nodes that have a base with the value in its name or digest, and those of which it cannot be told."""
        yes = self._above(self.named(value))
        return yes, self._open - yes

    def named(self, value: str) -> frozenset[ImageKey]:
        """The bases with the value in their name or digest."""
        value = value.lower()
        bases = self._names.matching(text_matcher(value)) if is_glob(value) else self._names.containing(value)
        if is_hex(value):
            bases = [*bases, *self._digests.beginning(value)]
        return frozenset(self._bases[number] for number in bases)

    def _above(self, bases: Iterable[ImageKey]) -> set[ImageKey]:
        """Everything that stands on the bases, directly or not."""
        nodes: set[ImageKey] = set()
        stack = list(bases)
        while stack:
            for child in self._children.get(stack.pop(), ()):
                if child not in nodes:
                    nodes.add(child)
                    stack.append(child)
        return nodes

    @cached_property
    def _open(self) -> set[ImageKey]:
        """The nodes below which something is not known: their chain does not end in an image that stands on nothing."""
        ends = {key for key, link in paced(self._links.items()) if link is None and not self._is_root(key)}
        ends.update(base for base in self._bases if base not in self._links)
        return ends | self._above(ends)

    def _is_root(self, key: ImageKey) -> bool:
        image = self._snapshot.images.get(key)
        return image is not None and image.root

    @cached_property
    def _digests(self) -> Beginnings:
        return Beginnings((number, (key.digest,)) for number, key in enumerate(self._bases))

    @cached_property
    def _names(self) -> Texts:
        """Every name of every base: its tags now, the tags that it was built from, and its label when it cannot be read."""
        names = {key: set(self._own_names(key)) for key in paced(self._bases)}
        for link in paced(self._links.values()):
            if link is not None and link.tag:
                names[link.base].add(f"{link.base.name}:{link.tag}")
        return Texts("\n".join(sorted(names[key])).lower() for key in paced(self._bases))

    def _own_names(self, key: ImageKey) -> list[str]:
        image = self._snapshot.images.get(key)
        unknown = self._snapshot.bases.get(key)
        name = str(key.name)
        return [name, *(f"{name}:{tag}" for tag in (image.tags if image else ())), *([unknown.label] if unknown else ())]
