"""Why the row under the cursor has its verdict: a chain of facts, ready for a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.domain.query.findings import Finding
from tui.presenters.answers.why import why_lines, why_markdown, why_of
from tui.presenters.help import SignSet
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.lines import nothing
from tui.ui.screens.pages import TextScreen
from widgets.rows import TextLine

__all__ = ["WhyScreen"]


class WhyScreen(TextScreen):
    """The chain for one row; it follows the snapshot."""

    heading = "why"
    signs = SignSet.VERDICTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("C", "copy_markdown", "copy for a ticket", id="why.copy"),
        Binding("w", "leave", "back", show=False, id="why.back"),
    ]

    def __init__(self, subject: RowSubject, finding: Finding | None) -> None:
        super().__init__()
        self._subject, self._finding = subject, finding

    def lines(self) -> Sequence[TextLine]:
        """Why, as of now."""
        snapshot = self.app.snapshot
        why = why_of(self._subject, snapshot, self._finding)
        if why is None:
            return [nothing("It is not known any more.")]
        return why_lines(why, self.app.clock(), self.size.width, self.app.glyphs)

    def action_copy_markdown(self) -> None:
        """Copy the chain as Markdown."""
        snapshot = self.app.snapshot
        why = why_of(self._subject, snapshot, self._finding)
        if why is not None:
            self.app.copy_text(why_markdown(why, snapshot.as_of), "the reasons as Markdown", lines=True)
