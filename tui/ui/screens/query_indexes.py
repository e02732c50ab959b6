"""The index that queries and their answers are made from: made once for a snapshot, whoever asks first."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from tui.domain.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from tui.domain.answers.context import AnswerIndex

__all__ = ["QueryIndexes"]


class QueryIndexes:
    """Keeps the index of the newest snapshot that was asked about; for threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._index: AnswerIndex | None = None

    def of(self, snapshot: Snapshot) -> AnswerIndex:
        """The index of a snapshot; the first to ask waits until it is made."""
        from tui.domain.answers.context import AnswerIndex  # not before somebody filters

        with self._lock:
            if self._index is None or self._index.snapshot is not snapshot:
                self._index = AnswerIndex(snapshot)
            return self._index
