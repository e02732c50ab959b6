"""Style roles: what a span means, mapped to colours by the style sheet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from widgets.rows import Span
from widgets.text import ascii_only, harmless, width_of

__all__ = ["ROLES", "Painted"]

ROLES = (
    "pass",
    "warn",
    "fail",
    "unknown",
    "text",
    "dim",
    "muted",
    "faint",
    "accent",
    "bold",
    "line",
    "badge-brand",
    "badge-live",
    "badge-pass",
    "badge-warn",
    "badge-fail",
    "badge-unknown",
)
"""The roles a span's style may name; several are joined by spaces (`fail bold`). An unknown role is plain text."""

_ON_CURSOR = {"dim": "muted", "faint": "dim"}
"""On the ground of the cursor quiet words are brighter, to stay readable."""


class Painted(Widget):
    """A widget that paints spans of text by role, on a ground that is a component class or its own background."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"role--{role}" for role in ROLES} | {"ground--cursor", "ground--idle-cursor"}

    DEFAULT_CSS = """
    Painted {
        & > .role--pass { color: $success; }
        & > .role--warn { color: $warning; }
        & > .role--fail { color: $error; }
        & > .role--unknown { color: $secondary; }
        & > .role--text { color: $foreground; }
        & > .role--dim { color: $foreground 60%; }
        & > .role--muted { color: $foreground 85%; }
        & > .role--faint { color: $foreground 35%; }
        & > .role--accent { color: $primary; }
        & > .role--bold { text-style: bold; }
        & > .role--line { color: $foreground 20%; }
        & > .role--badge-brand { color: $background; background: $primary; text-style: bold; }
        & > .role--badge-live { color: $background; background: $success; }
        & > .role--badge-pass { color: $background; background: $success; text-style: bold; }
        & > .role--badge-warn { color: $background; background: $warning; text-style: bold; }
        & > .role--badge-fail { color: $background; background: $error; text-style: bold; }
        & > .role--badge-unknown { color: $background; background: $secondary; text-style: bold; }
        & > .ground--cursor { background: $primary 25%; }
        & > .ground--idle-cursor { background: $primary 12%; }
    }
    """

    ascii: reactive[bool] = reactive(False)
    """Whether the terminal shows nothing but ASCII."""

    _styles_by_role: dict[tuple[str, str], Style] | None = None

    def role(self, role: str, ground: str = "") -> Style:
        """The style of a role (or several, joined by spaces) on a ground."""
        known = self._styles_by_role
        if known is None:
            known = self._styles_by_role = {}
        style = known.get((role, ground))
        if style is None:
            style = known[role, ground] = self._resolve(role, ground)
        return style

    def _resolve(self, role: str, ground: str) -> Style:
        style = self.rich_style
        if ground:
            style += self.get_component_rich_style(f"ground--{ground}")
            style += Style(color=self.rich_style.color)
        for part in role.split():
            part = _ON_CURSOR.get(part, part) if ground == "cursor" else part
            if part in ROLES:
                style += self._partial(part, style)
        return style

    def _partial(self, part: str, under: Style) -> Style:
        """Only what the role sets itself: the ground stays, unless the role is a badge with a ground of its own."""
        rules = self.get_component_styles(f"role--{part}")
        found = self.get_component_rich_style(f"role--{part}")
        color = found.color if rules.has_rule("color") else None
        ground = found.bgcolor if rules.has_rule("background") else under.bgcolor
        bold = True if rules.has_rule("text_style") and rules.text_style.bold else None
        return Style(color=color, bgcolor=ground, bold=bold)

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

    Blanks take the style that stands before them where the ground is the same: every change of style costs forty bytes
    on the way to the terminal.
    """
    merged: list[tuple[str, Style]] = []
    for text, style in parts:
        if not text:
            continue
        if merged and (merged[-1][1] == style or (text.isspace() and merged[-1][1].bgcolor == style.bgcolor)):
            merged[-1] = (merged[-1][0] + text, merged[-1][1])
        else:
            merged.append((text, style))
    used = sum(width_of(text) for text, _ in merged)
    if used < width and merged and merged[-1][1].bgcolor == blank.bgcolor:
        merged[-1] = (merged[-1][0] + " " * (width - used), merged[-1][1])
    elif used < width:
        merged.append((" " * (width - used), blank))
    strip = Strip([Segment(text, style) for text, style in merged], max(used, width))
    return strip.crop(0, width) if used > width else strip
