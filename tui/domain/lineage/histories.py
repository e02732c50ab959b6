"""Histories of contents, compared: an entry is the same when its command and its being empty are, never by its time.

Builders rewrite the times of a base's entries (moby/buildkit#4614).
"""

from __future__ import annotations

from collections.abc import Sequence

from tui.domain.facts.image import HistoryEntry

__all__ = ["NO_ENTRIES", "Entries", "History", "common_length", "is_sibling", "steps_of"]

Step = str | tuple[str]
"""What makes two history entries the same: the command, in a tuple when the step made no layer."""
History = tuple[Step, ...]


def steps_of(entries: Sequence[HistoryEntry]) -> History:
    """The steps of a history; made when asked for, as those of all contents at once take more memory than the input."""
    return tuple([(entry.created_by,) if entry.empty_layer else entry.created_by for entry in entries])


class Entries:
    """The history of a content. Most that continue another begin with equal entries, and need no look at their steps."""

    __slots__ = ("_steps", "entries")

    def __init__(self, entries: tuple[HistoryEntry, ...]) -> None:
        self.entries = entries
        self._steps: History | None = None

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def steps(self) -> History:
        """The steps, made once."""
        if self._steps is None:
            self._steps = steps_of(self.entries)
        return self._steps

    def continues(self, start: Entries) -> bool:
        """Whether it has all the steps of another, which has some, and then more."""
        length = len(start.entries)
        if not 0 < length < len(self.entries):
            return False
        return self.entries[:length] == start.entries or self.steps[:length] == start.steps


NO_ENTRIES = Entries(())


def is_sibling(base: Entries, history: Entries) -> bool:
    """Whether the two only share a base: their histories agree on every layer of `base`, and part at a step without one."""
    common = common_length(base.steps, history.steps)
    return 0 < common < len(base) and all(entry.empty_layer for entry in base.entries[common:])


def common_length(left: tuple[object, ...], right: tuple[object, ...]) -> int:
    """How many items two begin with alike."""
    for length, (item, other) in enumerate(zip(left, right, strict=False)):
        if item != other:
            return length
    return min(len(left), len(right))
