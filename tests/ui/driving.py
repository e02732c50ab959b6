"""The explorer on an estate that a test drives by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from textual.pilot import Pilot

from tests.estates import NOW, HandEstate
from tests.waiting import until
from tui.domain.snapshot.snapshot import EMPTY, Snapshot
from tui.presenters.phrases import node_name
from tui.presenters.tabs.table import TABS, tab_of
from tui.settings.query_book import QueryBook
from tui.ui.app import Opener, TrustreeApp
from tui.ui.screens.explorer import ExplorerScreen

__all__ = ["Settings", "explorer", "keys_to", "make_app", "names", "text_of", "until"]


@dataclass(frozen=True)
class Settings:
    """What the screens care about."""

    ascii: bool = False
    mouse: bool = False
    theme: str = ""
    write: bool = False
    queries: Mapping[str, str] = field(default_factory=dict)
    query_directory: Path | None = None
    mark_file: Path | None = None
    asked: str = ""
    keymap: Mapping[str, str] = field(default_factory=dict)


def make_app(
    snapshot: Snapshot = EMPTY, query: str = "", settings: Settings | None = None, opener: Opener | None = None
) -> tuple[TrustreeApp, HandEstate]:
    """An app on an estate, with the clock standing still."""
    estate = HandEstate(snapshot)
    settings = settings or Settings()
    book = QueryBook(settings.query_directory, settings.queries)
    app = TrustreeApp(settings, opener or estate.open, query, clock=lambda: NOW, queries=lambda: book)
    return app, estate


@asynccontextmanager
async def explorer(
    snapshot: Snapshot, size: tuple[int, int] = (160, 48), query: str = "", settings: Settings | None = None
) -> AsyncIterator[tuple[Pilot[int], ExplorerScreen, HandEstate]]:
    """The explorer with the rows of a snapshot on the screen."""
    app, estate = make_app(snapshot, query, settings)
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        assert isinstance(screen, ExplorerScreen)
        await until(pilot, lambda: screen.outline.row_count > 0 or screen.empty)
        if snapshot.images:
            await until(pilot, lambda: screen.outline.row_count > 0 and screen.outline.size.height > 1, "rows, laid out")
        yield pilot, screen, estate


def keys_to(tab: str) -> list[str]:
    """The keys that lead from the first tab of the detail to this one, by the end."""
    return ["shift+tab"] * (len(TABS) - TABS.index(tab_of(tab)))


def names(screen: ExplorerScreen) -> list[str]:
    """The names of the rows on the screen, images and bases as they are called."""
    snapshot = screen.app.snapshot
    return [_name(key[-1], snapshot) for key in screen.outline.visible_keys]


def text_of(screen: ExplorerScreen) -> str:
    """Everything that the header, the tree and the notice say, as plain text."""
    header = [screen.header.render_line(y).text for y in range(screen.header.size.height)]
    rows = [screen.outline.render_line(y).text for y in range(screen.outline.size.height)] if screen.outline.display else []
    return "\n".join([*header, *rows, screen.notice.text if screen.notice.display else ""])


def _name(part: object, snapshot: Snapshot) -> str:
    node = next((found[part] for found in (snapshot.images, snapshot.bases) if part in found), None)  # type: ignore[index]
    return node_name(node) if node is not None else str(getattr(part, "name", part))
