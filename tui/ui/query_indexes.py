"""What queries, their answers and commands are looked for in: made once for a snapshot, whoever asks first."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from tui.domain.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from tui.domain.answers.context import AnswerIndex
    from tui.presenters.commands import CommandIndex

__all__ = ["QueryIndexes"]


class QueryIndexes:
    """Keeps the indexes of the newest snapshot that was asked about; for threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._queries: AnswerIndex | None = None
        self._commands: CommandIndex | None = None

    def of(self, snapshot: Snapshot) -> AnswerIndex:
        """What queries and their answers are asked of."""
        from tui.domain.answers.context import AnswerIndex  # not before somebody filters

        with self._lock:
            if self._queries is None or self._queries.snapshot is not snapshot:
                self._queries = AnswerIndex(snapshot)
            return self._queries

    def commands_of(self, snapshot: Snapshot) -> CommandIndex:
        """What commands are looked for in."""
        from tui.presenters.commands import CommandIndex  # not before somebody asks

        queries = self.of(snapshot)
        with self._lock:
            if self._commands is None or self._commands.queries is not queries:
                self._commands = CommandIndex(queries)
            return self._commands
