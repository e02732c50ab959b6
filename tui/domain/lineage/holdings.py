"""Which contents each image holds, by their numbers."""

from __future__ import annotations

from collections.abc import Iterable

from tui.domain.lineage.layers import Content
from tui.domain.snapshot.snapshot import ImageKey

__all__ = ["Holdings"]


class Holdings:
    """The contents of images: the first one of each, and those of the few that hold several."""

    def __init__(self, contents: Iterable[Content]) -> None:
        self.first: dict[ImageKey, int] = {}
        self.several: dict[ImageKey, list[int]] = {}
        for number, content in enumerate(contents):
            for image in content.images:
                first = self.first.setdefault(image, number)
                if first != number:
                    self.several.setdefault(image, [first]).append(number)

    def __contains__(self, image: ImageKey) -> bool:
        return image in self.first

    def numbers(self, image: ImageKey) -> list[int]:
        """All contents of an image that holds any."""
        return self.several.get(image) or [self.first[image]]
