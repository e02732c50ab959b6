"""Above the rows: what the filter asks, answered for the estate."""

from __future__ import annotations

from tui.presenters.glyphs import Glyphs
from tui.presenters.views.building import Built
from widgets.page import Banner
from widgets.rows import Span, TextLine

__all__ = ["AnswerBar"]


class AnswerBar(Banner):
    """There only while something is asked."""

    def on_mount(self) -> None:
        """Nothing was asked yet."""
        self.display = False

    def show(self, built: Built | None, width: int, glyphs: Glyphs) -> None:
        """Answer what was asked, if anything was."""
        lines: list[TextLine] = []
        if built is not None and built.answer is not None:
            from tui.presenters.answers.lines import answer_lines  # not before somebody asks

            lines = answer_lines(built.answer, width, glyphs)
            lines.append(TextLine((Span(glyphs.rule * width, "line"),)))
        self.styles.height = len(lines)
        self.display = bool(lines)
        self.set_lines(lines)
