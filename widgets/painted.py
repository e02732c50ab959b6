"""Style roles: what a span means, mapped to colours by the style sheet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from widgets.rows import Span
from widgets.text import ascii_only, harmless, width_of

__all__ = ["GROUNDS", "ROLES", "Painted"]


class _Paint(NamedTuple):
    """A theme variable for the text, how much of it where that variable is a fallback, and for badges one for the ground."""

    variable: str = ""
    fallback: str = ""
    part: float = 1.0
    ground: str = ""
    bold: bool | None = None


ROLES = {
    "pass": _Paint("success"),
    "warn": _Paint("warning"),
    "fail": _Paint("error"),
    "unknown": _Paint("secondary"),
    "text": _Paint("foreground"),
    "dim": _Paint("words-dim", "foreground", 0.72),
    "muted": _Paint("words-muted", "foreground", 0.85),
    "faint": _Paint("words-faint", "foreground", 0.4),
    "accent": _Paint("primary"),
    "bold": _Paint(bold=True),
    "line": _Paint("rule", "foreground", 0.2),
    "badge-brand": _Paint("badge-text", "background", ground="primary", bold=True),
    "badge-live": _Paint("badge-text", "background", ground="success"),
    "badge-pass": _Paint("badge-text", "background", ground="success", bold=True),
    "badge-warn": _Paint("badge-text", "background", ground="warning", bold=True),
    "badge-fail": _Paint("badge-text", "background", ground="error", bold=True),
    "badge-unknown": _Paint("badge-text", "background", ground="secondary", bold=True),
}
"""The roles a span's style may name; several are joined by spaces (`fail bold`). An unknown role is plain text."""

GROUNDS = {
    "cursor": _Paint("selection", "primary", 0.3),
    "idle-cursor": _Paint("selection-idle", "primary", 0.15),
    "pinned": _Paint("panel"),
}
"""The grounds of a line that is not the widget's own."""

_REVERSED = ("cursor", "idle-cursor")
"""The grounds that are seen without colours too."""

_ON_GROUND = {"cursor": {"dim": "muted", "faint": "dim"}, "pinned": {"text": "dim", "muted": "dim", "bold": "dim"}}
"""On the ground of the cursor quiet words are brighter, to stay readable; what only leads to the rows below is quiet."""


class Painted(Widget):
    """A widget that paints spans of text by role, in the colours of the theme.

    Roles are theme variables rather than component classes: matching style sheets for twenty classes in each of a screen's
    widgets took longer than everything else before the first frame.
    """

    ascii: reactive[bool] = reactive(False)
    """Whether the terminal shows nothing but ASCII."""

    _styles_by_role: dict[tuple[str, str], Style] | None = None

    def role(self, role: str, ground: str = "") -> Style:
        """The style of a role (or several, joined by spaces) on a ground."""
        styles = self._styles_by_role
        if styles is None:
            styles = self._styles_by_role = {}
        style = styles.get((role, ground))
        if style is None:
            style = styles[role, ground] = self._resolve(role, ground)
        return style

    def _resolve(self, role: str, ground: str) -> Style:
        style = self.rich_style
        if ground:
            reverse = True if self.app.no_color and ground in _REVERSED else None
            style += Style(bgcolor=self._color(GROUNDS[ground]), reverse=reverse)
        for part in role.split() or (("text",) if ground == "pinned" else ()):
            paint = ROLES.get(_ON_GROUND.get(ground, {}).get(part, part), ROLES["text"])
            style += Style(
                color=self._color(paint) if paint.variable else None,
                bgcolor=self._color(_Paint(paint.ground)) if paint.ground else None,
                bold=paint.bold,
            )
        return style

    def _color(self, paint: _Paint) -> RichColor:
        """The colour of a theme variable, or of part of its fallback on the ground where the theme does not have it."""
        variables = self.app.theme_variables
        if paint.variable in variables:
            return Color.parse(variables[paint.variable]).rich_color
        fallback, under = Color.parse(variables[paint.fallback]), self.background_colors[1]
        return (fallback if fallback.ansi is not None else under.blend(fallback, paint.part, 1.0)).rich_color

    def notify_style_update(self) -> None:
        """Forget the resolved styles: the theme or the style sheet changed."""
        self._styles_by_role = None
        super().notify_style_update()

    def paint(self, spans: Iterable[Span], width: int, ground: str = "") -> Strip:
        """One line of exactly `width` cells."""
        return self.join(((harmless(text), self.role(style, ground)) for text, style in spans), width, self.role("", ground))

    def join(self, parts: Iterable[tuple[str, Style]], width: int, blank: Style) -> Strip:
        """One line of exactly `width` cells from harmless parts that have their styles."""
        if self.ascii:
            parts = [(ascii_only(text), style) for text, style in parts]
        return segments_to_strip(parts, width, blank)


def segments_to_strip(parts: Iterable[tuple[str, Style]], width: int, blank: Style) -> Strip:
    """Join parts to a line of exactly `width` cells, with as few style changes as can be.

    Blanks take the style that stands beside them where the ground is the same: every change of style costs forty bytes
    on the way to the terminal.
    """
    merged: list[tuple[str, Style]] = []
    for text, style in parts:
        if not text:
            continue
        before, worn = merged[-1] if merged else ("", None)
        if worn is not None and (worn == style or (text.isspace() and worn.bgcolor == style.bgcolor)):
            merged[-1] = (before + text, worn)
        elif worn is not None and before.isspace() and worn.bgcolor == style.bgcolor:
            merged[-1] = (before + text, style)
        else:
            merged.append((text, style))
    used = sum(width_of(text) for text, _ in merged)
    if used < width and merged and merged[-1][1].bgcolor == blank.bgcolor:
        merged[-1] = (merged[-1][0] + " " * (width - used), merged[-1][1])
    elif used < width:
        merged.append((" " * (width - used), blank))
    strip = Strip([Segment(text, style) for text, style in merged], max(used, width))
    return strip.crop(0, width) if used > width else strip
