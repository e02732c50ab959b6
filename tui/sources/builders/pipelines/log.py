"""Logs of Azure Pipelines: one for each task, in the order of the timeline, line by line as they grow."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable

from tui.domain.common.redaction import quoted
from tui.errors import NotFound
from tui.sources.builders.pipelines.wire import LogLines, Record, Timeline
from tui.sources.builders.service import Service, decoded
from tui.sources.kit.loglines import clean_line, without_time
from tui.sources.kit.polling import Polling

__all__ = ["followed_log"]

_DROPPED = ("##[section]", "##[group]", "##[command]", "##[debug]")
_NAMED = {"##[error]": "error: ", "##[warning]": "warning: "}
Look = Callable[[], Awaitable[tuple[bool, Timeline]]]
"""Whether the run has ended, and its timeline."""


class _Growing:
    """One log as it grows. Whether the first line is 0 or 1 is not said everywhere: a line that comes twice is taken once."""

    def __init__(self, service: Service, path: str) -> None:
        self._service, self._path = service, path
        self._lines, self._last = 0, ""

    async def more(self) -> list[str]:
        """The lines that came since. Raises NotFound where the log is not there (any more)."""
        query = f"?startLine={self._lines}&api-version=7.1" if self._lines else "?api-version=7.1"
        reply = await self._service.read(self._path + query, "read the log", limit=32 << 20)
        lines = decoded(reply, LogLines, self._service.title, "read the log").value
        if self._lines and lines and lines[0] == self._last:
            lines = lines[1:]
        if lines:
            self._lines, self._last = self._lines + len(lines), lines[-1]
        return [shown for line in lines if (shown := _shown(line)) is not None]


async def followed_log(service: Service, logs: str, look: Look, poll: float) -> AsyncGenerator[str, None]:
    """Every line of every task; of what failed before it ran, what was said of it. `logs` is the path of the logs."""
    growing: dict[int, _Growing] = {}
    ended: set[str] = set()
    polling = Polling("log", poll)
    while True:
        has_ended, timeline = await look()
        for record in timeline.ordered():
            if record.id in ended:
                continue
            is_over = record.state == "completed" or has_ended
            if record.type == "Task" and record.log is not None:
                log = growing.setdefault(record.log.id, _Growing(service, f"{logs}/{record.log.id}"))
                for line in await _more(log, record):
                    yield line
            elif is_over:
                for issue in record.issues:
                    yield f"{quoted(record.name, 60)}: {quoted(issue.message, 300)}"
            if is_over:
                ended.add(record.id)
            elif record.type == "Task":
                break  # what is behind it waits, so that logs do not mix
        if has_ended:
            return
        await polling.rest()


async def _more(log: _Growing, record: Record) -> list[str]:
    try:
        return await log.more()
    except NotFound:
        return [f"{quoted(record.name, 60)}: its log is not there (any more)."] if record.state == "completed" else []


def _shown(line: str) -> str | None:
    plain = clean_line(without_time(line))
    if plain == "##[endgroup]":
        return None
    for sign, word in _NAMED.items():
        if plain.startswith(sign):
            return word + plain.removeprefix(sign)
    for sign in _DROPPED:
        plain = plain.removeprefix(sign)
    return plain
