"""What the keys copy (OSC 52): the name or reference of a row; or the answer, a finding or marked rows for a ticket."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple, Protocol

from tui.domain.common.text import clean
from tui.presenters.keys import subject_of
from tui.presenters.words import plural
from tui.ui.host import Explorer
from tui.ui.screens.shown_rows import ShownRows
from widgets.marking import MarkingTree

__all__ = ["COPIED", "Copying"]

COPIED = ("copy_name", "copy_reference")
"""The actions that copy."""


class _Copied(Explorer, Protocol):
    """The explorer as copying sees it."""

    @property
    def outline(self) -> MarkingTree:
        """The tree."""
        ...

    @property
    def is_active(self) -> bool:
        """Whether no other screen is above it."""
        ...


class _Text(NamedTuple):
    """A text to copy, and what it is called; of one line unless it is a document."""

    text: str
    what: str
    is_document: bool = False


class Copying:
    """Copies what the row under the cursor of a screen is about, or what stands above the rows."""

    def __init__(self, explorer: _Copied, rows: ShownRows) -> None:
        self._explorer = explorer
        self._rows = rows

    def can(self, action: str) -> bool:
        """Whether an action has anything to copy now, or as soon as it is known what the filter finds."""
        return (action == "copy_reference" and (self._is_ticket or self._waits)) or bool(self._of_row(action))

    def copy(self, action: str) -> None:
        """Copy it, if there is anything to copy; an answer once it is that of the filter on the screen."""
        if action == "copy_reference" and self._waits:
            self._rows.once_there(partial(self._copy, action), "The answer is copied once it is known what the filter finds.")
        else:
            self._copy(action)

    @property
    def _waits(self) -> bool:
        """Whether it is the answer that is meant, and another one, or none, stands above the rows still."""
        explorer = self._explorer
        if self._rows.are_asked_for or explorer.detail.has_focus or not explorer.is_active:
            return False
        return bool(explorer.chosen.words) and not explorer.outline.marked

    def _copy(self, action: str) -> None:
        copied = self._ticket() if action == "copy_reference" and self._is_ticket else self._names(action)
        if copied is None or not copied.text:
            row = self._of_row(action)
            copied = _Text(row, clean(row))
        if copied.text:
            self._explorer.app.copy_text(copied.text, copied.what, lines=copied.is_document)

    def _names(self, action: str) -> _Text | None:
        """The names of marked rows, one a line."""
        explorer = self._explorer
        marked = explorer.outline.marked
        if action != "copy_name" or not marked or explorer.detail.has_focus or not explorer.is_active:
            return None
        from tui.presenters.copying import name_to_copy

        names = [name_to_copy(subject_of(key), explorer.app.snapshot) for key in marked]
        lines = list(dict.fromkeys(filter(None, names)))
        return _Text("\n".join(lines), f"{plural(len(lines), 'name')} of {plural(len(marked), 'marked row')}", True)

    def _of_row(self, action: str) -> str:
        key, snapshot = self._explorer.outline.cursor_key, self._explorer.app.snapshot
        if key is None:
            return ""
        from tui.presenters.copying import name_to_copy, reference_to_copy  # not before there is a row

        subject = subject_of(key)
        return (name_to_copy if action == "copy_name" else reference_to_copy)(subject, snapshot)

    @property
    def _is_ticket(self) -> bool:
        """Whether there is more than a row to copy. Inside the detail it is the row that is meant."""
        explorer = self._explorer
        if explorer.detail.has_focus or not explorer.is_active:
            return False
        on_finding = subject_of(explorer.outline.cursor_key).finding is not None
        answered = explorer.built is not None and explorer.built.answer is not None
        return bool(explorer.outline.marked) or on_finding or answered

    def _ticket(self) -> _Text:
        """Marked rows first; then the finding under the cursor; then the answer above the rows."""
        from tui.presenters.answers.markdown import answer_markdown  # not before somebody copies
        from tui.presenters.answers.ticket import finding_markdown, marks_markdown
        from tui.presenters.views.findings import FindingModel

        explorer = self._explorer
        snapshot, built = explorer.app.snapshot, explorer.built
        if explorer.outline.marked:
            subjects = [subject_of(key) for key in explorer.outline.marked]
            return _Text(marks_markdown(subjects, snapshot), f"{plural(len(subjects), 'marked row')} as Markdown", True)
        key = subject_of(explorer.outline.cursor_key).finding
        finding = built.model.found.get(key) if key and built is not None and isinstance(built.model, FindingModel) else None
        if finding is not None:
            return _Text(finding_markdown(finding, snapshot), "the finding as Markdown", True)
        answer = built.answer if built is not None else None
        return _Text(answer_markdown(answer) if answer is not None else "", "the answer as Markdown", True)
