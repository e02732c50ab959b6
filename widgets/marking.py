"""A tree whose rows can be marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import Binding, BindingType

from widgets.messages import FromWidget
from widgets.rows import RowKey
from widgets.tree import VirtualTree

__all__ = ["MarkingTree"]


class MarkingTree(VirtualTree):
    """A tree with marks; they stay when rows come and go."""

    class MarksChanged(FromWidget["MarkingTree"]):
        """Other rows are marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "mark", show=False, id="tree.mark"),
        Binding("V", "mark_range", "mark up to here", show=False, id="tree.mark-range"),
        Binding("U", "unmark", "no marks", show=False, id="tree.unmark"),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._marked: dict[RowKey, RowKey] = {}
        """The identities of the rows that are marked, with where each was then."""

    @property
    def marked(self) -> tuple[RowKey, ...]:
        """The rows that are marked, in the order in which they were."""
        return tuple(self.model.find(identity) or place for identity, place in self._marked.items())

    @property
    def hidden_marks(self) -> int:
        """How many marked rows there are none of now: a filter hides them, or they are gone."""
        return sum(self.model.find(identity) is None for identity in self._marked)

    def exchange_marks(self, marks: Mapping[RowKey, RowKey]) -> Mapping[RowKey, RowKey]:
        """Have other marks, those that were exchanged before; returns the ones there were."""
        before, self._marked = self._marked, dict(marks)
        if before != self._marked:
            self._changed()
        return before

    def is_marked(self, key: RowKey) -> bool:
        """Whether a row has a mark beside it."""
        return self.model.identity(key) in self._marked

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a row there is nothing to open and nothing to mark."""
        return self.cursor_key is not None or None if action in ("open", "mark", "mark_range") else True

    def action_mark(self) -> None:
        """Mark the row or take its mark away, and go on to the next."""
        key = self.cursor_key
        if key is not None:
            identity = self.model.identity(key)
            if identity in self._marked:
                del self._marked[identity]
            else:
                self._marked[identity] = key
            self._changed()
            self._move_to(self._outline.cursor + 1)

    def action_mark_range(self) -> None:
        """Mark every row from the last marked one to the cursor."""
        last = self.marked[-1] if self._marked else None
        start = self._outline.index_of(last) if last is not None else None
        if start is None:
            self.action_mark()
            return
        low, high = sorted((start, self._outline.cursor))
        self._marked.update({self.model.identity(key): key for key in self._outline.rows[low : high + 1]})
        self._changed()

    def action_unmark(self) -> None:
        """Take all marks away."""
        self._marked.clear()
        self._changed()

    def _changed(self) -> None:
        self._repaint_changes()
        self.post_message(self.MarksChanged(self))
