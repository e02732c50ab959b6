"""Frames in proportion to what changed, and at once after a key: a widget is asked only for the lines that are painted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from textual import events
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

__all__ = ["LeanScreen"]

Result = TypeVar("Result")


class LeanCompositor(Compositor):
    """Textual asks each widget for all of its lines as soon as something above it and something below it changed."""

    def __init__(self) -> None:
        super().__init__()
        self._changed: tuple[Region, ...] = ()

    def render_partial_update(self) -> ChopsUpdate | None:
        """Paint what changed."""
        self._changed = tuple(self._dirty_regions)
        try:
            return super().render_partial_update()
        finally:
            self._changed = ()

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        if not self._changed:
            yield from super()._get_renders(crop)
            return
        for widget, (region, clip) in self.visible_widgets.items():
            shown = region.intersection(clip)
            changed = [part for part in (shown.intersection(other) for other in self._changed) if part]
            if changed:
                top, bottom = min(part.y for part in changed), max(part.bottom for part in changed)
                lines = Region(shown.x, top, shown.width, bottom - top)
                yield lines, clip, widget.render_lines(lines.translate((-region.x, -region.y)))


class LeanScreen(Screen[Result]):
    """A screen that paints so.

    Textual paints sixty times a second at most: a key that comes right after a frame waits for the next one. Here it does not.
    """

    def __init__(self) -> None:
        super().__init__()
        self._compositor = LeanCompositor()
        self._is_pressed = False

    @property
    def is_painted(self) -> bool:
        """Whether what a key changed is painted."""
        return not self._is_pressed

    def press(self) -> None:
        """A key is on its way: what changes first is painted at once."""
        self._is_pressed = True

    def on_idle(self, event: events.Idle) -> None:
        """Everything that came was seen to."""
        if self._is_pressed and (self._dirty_widgets or self._layout_required or self._repaint_required):
            self._is_pressed = False
            self._on_timer_update()
