"""The memory that is set aside for what registries say: whoever may push, or name a host, decides how much that would be."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

from tui.domain.facts.image import Descriptor, ImageConfig, Manifest, ManifestListing, Tag
from tui.errors import UntrustedPayload
from tui.sources.kit.allotment import Allotment

__all__ = ["NoRoom", "Room", "weight"]

ROOM = 96 << 20
REST_SHARE = 0.75
"""The part of the room that what nothing runs may take."""
TEXT, DESCRIPTOR, STEP, ROW = 120, 400, 250, 500
"""Bytes that CPython takes, about, for a text or an object with its usual texts, whatever is in it."""


class NoRoom(UntrustedPayload):
    """What a registry sent is not kept: there is no room for it."""


class Room(Allotment):
    """Counts what is kept, for all registries together; the same thing is counted once. Sizes are in bytes."""

    def __init__(self, limit: int = ROOM) -> None:
        super().__init__(limit)

    def take(self, key: Hashable, size: int, for_rest: bool = False) -> bool:
        """Whether there is room for a thing, which takes the place of an earlier one; `for_rest` marks what nothing runs."""
        return self.replace(key, size, REST_SHARE if for_rest else 1.0)

    def reserve(self, key: Hashable, size: int, name: str, for_rest: bool = False) -> None:
        """Take room for a thing. Raises NoRoom when there is none."""
        if not self.take(key, size, for_rest):
            raise NoRoom(
                f"{name} is not kept: what registries sent fills the {self.limit >> 20} MiB set aside for it",
                "Read less at a time: fewer registries, contexts or namespaces.",
            )


def weight(content: Manifest | ImageConfig | Descriptor | Tag | ManifestListing) -> int:
    """About how many bytes a fact takes."""
    match content:
        case Manifest():
            parts = (*content.layers, *content.children, *((content.config,) if content.config is not None else ()))
            return DESCRIPTOR + _texts(content.annotations) + sum(map(weight, parts))
        case ImageConfig():
            steps = sum(STEP + len(step.created_by) + len(step.comment) for step in content.history)
            return DESCRIPTOR + steps + _lines(content.diff_ids) + _texts(content.labels)
        case Descriptor():
            return DESCRIPTOR + _texts(content.annotations)
        case Tag():
            return ROW
        case ManifestListing():
            return ROW + _lines(content.tags)


def _lines(texts: Iterable[str]) -> int:
    return sum(TEXT + len(text) for text in texts)


def _texts(texts: Mapping[str, str]) -> int:
    return sum(2 * TEXT + len(name) + len(text) for name, text in texts.items())
