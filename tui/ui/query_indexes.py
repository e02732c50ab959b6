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
            queries = self._queries
            if queries is None or queries.snapshot is not snapshot:
                queries = self._queries = AnswerIndex(snapshot)
            return queries

    def commands_of(self, snapshot: Snapshot) -> CommandIndex:
        """What commands are looked for in."""
        from tui.presenters.commands import CommandIndex  # not before somebody asks

        queries = self.of(snapshot)
        with self._lock:
            commands = self._commands
            if commands is None or commands.queries is not queries:
                commands = self._commands = CommandIndex(queries)
            return commands

    def leave(self, snapshot: Snapshot) -> None:
        """Let go of what was made of snapshots before this one: they would be kept for it until somebody asks again.

        Without the lock, which a thread may hold as long as it makes an index: at worst one is made anew.
        """
        queries, commands = self._queries, self._commands
        if commands is not None and commands.queries.snapshot is not snapshot:
            self._commands = None
        if queries is not None and queries.snapshot is not snapshot:
            self._queries = None
