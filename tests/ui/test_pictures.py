"""Every state in every width and look: no line too wide, no answer cut, no sign that cannot be shown, no word unreadable."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from typing import NamedTuple

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.pilot import Pilot
from textual.screen import ModalScreen

from tests.domain.test_findings import scanned
from tests.estates import company, huge, loading, sick
from tests.ui.driving import Settings, make_app, until
from tests.ui.test_themes import contrast
from tui.domain.snapshot.snapshot import EMPTY, Snapshot
from tui.errors import TrustreeError
from tui.ui.app import TrustreeApp
from tui.ui.screens.explorer import ExplorerScreen
from widgets import painted
from widgets.text import width_of

SIZES = ((80, 24), (100, 30), (120, 40), (160, 48), (240, 60))
NARROW_AND_WIDE = ((80, 24), (160, 48))
STATES: dict[str, Callable[[], Snapshot]] = {
    "starting": lambda: EMPTY,
    "loading": loading,
    "whole": company,
    "denied": sick,
    "vulnerable": scanned,
    "huge": partial(huge, 600),
}
LOOKS = {
    "dark": Settings(),
    "light": Settings(theme="light"),
    "colour-blind": Settings(theme="colour-blind"),
    "16": Settings(theme="16"),
    "ascii": Settings(ascii=True),
}
VIEWS = ("1", "2", "3", "4", "5")
QUERY = "cve:CVE-2026-1"
_WORD = re.compile(r"\w")
_CUT = re.compile("…|~")


class Line(NamedTuple):
    """A line that was painted wider than its room."""

    text: str
    width: int


@pytest.fixture
def too_wide(monkeypatch: pytest.MonkeyPatch) -> list[Line]:
    """The lines that were painted wider than their room: they are cut without a sign that something is missing."""
    lines: list[Line] = []
    join = painted.segments_to_strip

    def joined(parts: object, width: int, blank: object) -> object:
        pieces = list(parts)  # type: ignore[call-overload]
        text = "".join(text for text, _ in pieces).rstrip()  # the blanks after the last column may go
        if width and width_of(text) > width:
            lines.append(Line(text, width))
        return join(pieces, width, blank)  # type: ignore[arg-type]

    monkeypatch.setattr(painted, "segments_to_strip", joined)
    return lines


def segments(app: TrustreeApp) -> list[list[Segment]]:
    """What is on the screen, line by line."""
    return [list(strip) for strip in app.screen._compositor.render_strips()]


def text_of(app: TrustreeApp) -> list[str]:
    """The lines on the screen."""
    return _texts(segments(app))


def _texts(painted_lines: Iterable[Iterable[Segment]]) -> list[str]:
    return ["".join(segment.text for segment in line) for line in painted_lines]


@lru_cache(None)
def _contrast(style: Style) -> float:
    """Between a text and its ground; a screen has some thousand pieces in some ten styles."""
    if style.color is None or style.bgcolor is None or style.color.triplet is None or style.bgcolor.triplet is None:
        return math.inf
    return contrast(Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor))


def unreadable(painted_lines: Iterable[Iterable[Segment]]) -> Iterator[str]:
    """The words on the screen that have too little contrast on their ground."""
    for line in painted_lines:
        for text, style, _ in line:
            if style is not None and _WORD.search(text) and _contrast(style) < 4.5:
                yield f"{text.strip()!r}: {_contrast(style):.2f}"


def look_at(app: TrustreeApp, size: tuple[int, int], look: str) -> None:
    """What no picture may have."""
    painted_lines = segments(app)
    lines = _texts(painted_lines)
    assert len(lines) == size[1]
    assert {width_of(line) for line in lines} == {size[0]}
    if not isinstance(app.screen, ModalScreen):  # what is behind a question is dimmed
        assert not list(unreadable(painted_lines))
    if look == "ascii":
        assert not [line for line in lines if not line.isascii()]


@asynccontextmanager
async def shown(snapshot: Snapshot, settings: Settings, query: str = "") -> AsyncIterator[tuple[Pilot[int], ExplorerScreen]]:
    app, _ = make_app(snapshot, query, settings)
    async with app.run_test(size=SIZES[0]) as pilot:
        screen = app.screen
        assert isinstance(screen, ExplorerScreen)
        if snapshot.images:
            await until(pilot, lambda: screen.outline.row_count > 0 and screen.outline.size.height > 1)
        yield pilot, screen


async def resized(pilot: Pilot[int], size: tuple[int, int]) -> None:
    await pilot.resize_terminal(*size)
    await until(pilot, lambda: pilot.app.screen.size == size)
    await pilot.pause()


def _cases() -> Iterator[tuple[str, str, tuple[tuple[int, int], ...]]]:
    yield from ((state, "dark", SIZES) for state in STATES)
    yield from ((state, look, NARROW_AND_WIDE) for state in ("denied",) for look in LOOKS if look != "dark")


@pytest.mark.parametrize(("state", "look", "sizes"), [*_cases()], ids=lambda value: value if isinstance(value, str) else "")
async def test_every_view_in_every_width(state: str, look: str, sizes: tuple[tuple[int, int], ...], too_wide: list[Line]) -> None:
    async with shown(STATES[state](), LOOKS[look]) as (pilot, screen):
        app = pilot.app
        assert isinstance(app, TrustreeApp)
        for size in sizes:
            await resized(pilot, size)
            for view in VIEWS:
                await pilot.press(view)
                await until(pilot, lambda view=view: screen.view.key == view)  # type: ignore[misc]
                await pilot.pause()
                look_at(app, size, look)
        assert not too_wide


@pytest.mark.parametrize("look", LOOKS)
async def test_every_page_in_every_look(look: str, too_wide: list[Line]) -> None:
    async with shown(scanned(), LOOKS[look]) as (pilot, screen):
        app = pilot.app
        assert isinstance(app, TrustreeApp)
        for size in NARROW_AND_WIDE:
            await resized(pilot, size)
            for key in ("question_mark", "s", "q"):
                await pilot.press(key)
                await until(pilot, lambda: app.screen is not screen)
                await pilot.pause()
                look_at(app, size, look)
                await pilot.press("escape")
                await until(pilot, lambda: app.screen is screen)
            for _ in range(7):
                await pilot.press("tab")
                await pilot.pause()
                look_at(app, size, look)
        assert not too_wide


@pytest.mark.parametrize("look", ["dark", "ascii"])
async def test_an_answer_is_whole_in_every_width(look: str, too_wide: list[Line]) -> None:
    async with shown(scanned(), LOOKS[look], QUERY) as (pilot, screen):
        app = pilot.app
        assert isinstance(app, TrustreeApp)
        await until(pilot, lambda: bool(screen.answer.display and screen.answer.lines))
        for size in SIZES:
            await resized(pilot, size)
            look_at(app, size, look)
            band = [screen.answer.render_line(y).text for y in range(screen.answer.size.height - 1)]
            assert band
            assert not [line for line in band if _CUT.search(line)]
        assert not too_wide


@pytest.mark.parametrize("size", SIZES)
async def test_what_went_wrong_is_told_whole(size: tuple[int, int], too_wide: list[Line]) -> None:
    path = "/home/somebody/with/a/very/long/path/that/goes/on/and/on/and/on/and/on/.kube/config"
    headline = f"The kubeconfig {path} cannot be read: it is no file."
    async with shown(EMPTY, Settings()) as (pilot, _):
        app = pilot.app
        assert isinstance(app, TrustreeApp)
        await resized(pilot, size)
        app.trouble = TrustreeError(headline, "Name another with --kubeconfig.")
        await until(pilot, lambda: "--kubeconfig" in " ".join(text_of(app)))
        look_at(app, size, "dark")
        words = "".join("".join(text_of(app)).split())
        assert headline.replace(" ", "") in words
        assert not too_wide


async def test_nothing_moves_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "full")
    async with shown(company(), Settings()) as (pilot, _):
        assert pilot.app.animation_level == "none"
        await pilot.press("slash")
        await until(pilot, lambda: bool(pilot.app.screen.query("Input")))
        assert not pilot.app.screen.query_one("Input").cursor_blink  # type: ignore[attr-defined]
