"""Why the row under the cursor has its verdict: a chain of facts, ready for a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.domain.answers.why.chain import Why
from tui.domain.query.finding import Finding
from tui.presenters.answers.why import why_commands, why_lines, why_markdown, why_of
from tui.presenters.help import SignSet
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.lines import remark
from tui.ui.screens.pages import TextScreen
from widgets.rows import TextLine

__all__ = ["WhyScreen"]


class WhyScreen(TextScreen):
    """The chain for one row; it follows the snapshot."""

    heading = "why"
    signs = SignSet.VERDICTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("C", "copy_markdown", "copy for a ticket", id="why.copy"),
        Binding("y", "copy_commands", "copy the commands", id="why.commands"),
        Binding("w", "leave", "back", show=False, id="why.back"),
    ]

    def __init__(self, subject: RowSubject, finding: Finding | None) -> None:
        super().__init__()
        self._subject, self._finding = subject, finding

    def lines(self) -> Sequence[TextLine]:
        """Why, as of now."""
        why = self._why
        if why is None:
            return [remark("It is not known any more.")]
        return why_lines(why, self.app.clock(), self.size.width, self.app.glyphs)

    @property
    def _why(self) -> Why | None:
        return why_of(self._subject, self.app.snapshot, self._finding)

    def action_copy_markdown(self) -> None:
        """Copy the chain as Markdown."""
        why = self._why
        if why is not None:
            self.app.copy_text(why_markdown(why, self.app.snapshot.as_of), "the reasons as Markdown", lines=True)

    def action_copy_commands(self) -> None:
        """Copy the commands, each whole on a line."""
        why = self._why
        if why is not None:
            self.app.copy_text(why_commands(why), "the commands", lines=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Not every verdict has commands that show it."""
        if action != "copy_commands":
            return True
        why = self._why
        return (why is not None and any(fact.commands for fact in why.facts)) or None
