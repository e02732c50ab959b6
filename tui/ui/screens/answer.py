"""Above the rows: what the filter asks, answered for the estate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.presenters.glyphs import Glyphs
from widgets.page import Banner
from widgets.rows import Span, TextLine

if TYPE_CHECKING:
    from tui.presenters.views.building import BuiltRows

__all__ = ["AnswerBar"]

LOW = 30
"""Lines of a screen below which the filter bar, its list and the answer leave few rows."""
WHILE_TYPING = 4
OTHERS = 12
"""Lines that the rest of a screen needs with four rows: header, titles, rule, footer."""


class AnswerBar(Banner):
    """There only while something is asked."""

    def on_mount(self) -> None:
        """Nothing was asked yet."""
        self.display = False

    def show(self, built: BuiltRows | None, width: int, glyphs: Glyphs, note: str = "", *, typing: bool = False) -> None:
        """Answer what was asked, if anything was; while it is typed on a low screen the rows get more room.

        `note` says what is still being read for it, in the line below.
        """
        lines: list[TextLine] = []
        if built is not None and built.answer is not None:
            from tui.presenters.answers.lines import answer_lines  # not before somebody asks

            height = self.screen.size.height
            most = max(1, height - OTHERS)
            wanted = min(most, WHILE_TYPING) if typing and height < LOW else most
            lines = answer_lines(built.answer, width, glyphs, most, wanted)
            lines.append(_rule(width, glyphs, note))
        self.styles.height = len(lines)
        self.display = bool(lines)
        self.set_lines(lines)


def _rule(width: int, glyphs: Glyphs, note: str) -> TextLine:
    if not note or len(note) > width - 8:
        return TextLine((Span(glyphs.rule * width, "line"),))
    left = glyphs.rule * 3
    return TextLine(
        (Span(left, "line"), Span(f" {note} ", "accent"), Span(glyphs.rule * (width - len(left) - len(note) - 2), "line"))
    )
