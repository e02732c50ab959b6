"""Lists of a repository as far as they can be read: what was read before a refusal holds, and why it is not all is kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import NamedTuple, TypeVar

from tui.domain.facts.image import ManifestListing, RepositoryName, Tag
from tui.errors import SourceError, Unreachable
from tui.sources.registry.names import ListCut
from tui.sources.registry.room import NoRoom, Room, weight

__all__ = ["History", "gathered", "is_kept", "manifests_of"]

T = TypeVar("T", Tag, ManifestListing)


class History(NamedTuple):
    """What a repository lists, as far as it was read, and why that is not all."""

    tags: tuple[Tag, ...]
    rows: tuple[ManifestListing, ...] = ()
    lacking: SourceError | None = None


def is_kept(error: SourceError, begun: bool) -> bool:
    """Whether what was read of a list before an error holds: it was cut, or a later page was refused."""
    return isinstance(error, ListCut | NoRoom) or (begun and not isinstance(error, Unreachable))


async def gathered(
    room: Room, pages: AsyncGenerator[tuple[T, ...], None], name: RepositoryName, for_rest: bool
) -> tuple[tuple[T, ...], SourceError | None]:
    """The rows of a list as far as it goes and there is room for them, and why that is not all. Raises SourceError."""
    rows: list[T] = []
    size = 0
    try:
        async with aclosing(pages):
            async for page in pages:
                size += sum(map(weight, page))
                if page:
                    room.reserve((name, type(page[0])), size, f"the rest of a list of {name}", for_rest)
                rows += page
    except SourceError as error:
        if not is_kept(error, bool(rows)):
            raise
        return tuple(rows), error.kept()
    return tuple(rows), None


async def manifests_of(
    room: Room, pages: AsyncGenerator[tuple[ManifestListing, ...], None], name: RepositoryName, for_rest: bool
) -> tuple[tuple[ManifestListing, ...], SourceError | None]:
    """The manifests of a repository; when they are refused its tags are still worth reading. Raises Unreachable."""
    try:
        return await gathered(room, pages, name, for_rest)
    except Unreachable:
        raise
    except SourceError as error:
        return (), error.kept()
