"""Frames show what Textual would show, and ask widgets only for what is seen."""

from __future__ import annotations

import pytest
from textual._compositor import Compositor
from textual.containers import Horizontal, Vertical
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tests.estates import company
from tests.ui.driving import explorer
from tui.domain.snapshot.snapshot import EMPTY, Snapshot
from tui.ui.screens.lean_frames import LeanCompositor


@pytest.mark.parametrize("keys", [(), ("down", "slash", "a"), ("z",), ("q",), ("question_mark",), ("4",)])
@pytest.mark.parametrize("shown", [EMPTY, company()], ids=["nothing", "company"])
async def test_a_whole_frame_is_what_textual_makes_of_it(
    shown: Snapshot, keys: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explorer(shown, (120, 30)) as (pilot, _, _):
        await pilot.press(*keys)
        await pilot.pause()
        compositor = pilot.app.screen._compositor
        lean = compositor.render_strips()
        monkeypatch.setattr(LeanCompositor, "_get_renders", Compositor._get_renders)
        assert lean == compositor.render_strips()


async def test_what_other_widgets_cover_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The screen and the containers on it have a ground of their own, of which nothing is seen."""
    asked: list[Widget] = []
    render_lines = Widget.render_lines

    def noted(widget: Widget, crop: Region) -> list[Strip]:
        asked.append(widget)
        return render_lines(widget, crop)

    async with explorer(company()) as (_, screen, _):
        monkeypatch.setattr(Widget, "render_lines", noted)
        screen._compositor.render_strips()
        assert {screen.header, screen.outline, screen.detail} <= set(asked)
        assert not [widget for widget in asked if widget is screen or isinstance(widget, Horizontal | Vertical)]
