"""Above the rows: what the filter asks, answered for the estate."""

from __future__ import annotations

from tui.presenters.glyphs import Glyphs
from tui.presenters.views.building import Built
from widgets.page import Banner
from widgets.rows import Span, TextLine

__all__ = ["AnswerBar"]

LOW = 30
"""Lines of a screen below which the filter bar, its list and the answer leave few rows."""
WHILE_TYPING = 4


class AnswerBar(Banner):
    """There only while something is asked."""

    def on_mount(self) -> None:
        """Nothing was asked yet."""
        self.display = False

    def show(self, built: Built | None, width: int, glyphs: Glyphs, *, typing: bool = False) -> None:
        """Answer what was asked, if anything was; while it is typed on a low screen the rows get more room."""
        lines: list[TextLine] = []
        if built is not None and built.answer is not None:
            from tui.presenters.answers.lines import answer_lines  # not before somebody asks

            most = WHILE_TYPING if typing and self.screen.size.height < LOW else 0
            lines = answer_lines(built.answer, width, glyphs, most)
            lines.append(TextLine((Span(glyphs.rule * width, "line"),)))
        self.styles.height = len(lines)
        self.display = bool(lines)
        self.set_lines(lines)
