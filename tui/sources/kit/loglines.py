"""Lines of logs: without escapes, with nothing that moves the cursor, and none longer than a terminal bears."""

from __future__ import annotations

import re

from tui.domain.common.text import clean

__all__ = ["LONGEST_LINE", "MOST_PENDING", "LineCutter", "clean_line", "without_time"]

LONGEST_LINE = 2_000
"""Characters of a line that are shown."""
MOST_PENDING = 64 << 10
"""Characters of a line without an end that are kept until its end comes."""
# Control sequences, strings to the terminal with or without an end, and other escapes (ECMA-48 5.4, 8.3).
_ESCAPES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)|\x1b[ -/]*[0-~]")
_TIME = re.compile(r"\ufeff?\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}) ?")


def clean_line(line: str) -> str:
    """A line as it is shown: of one that was written over itself the last state, tabs as spaces, control characters defused."""
    plain = _ESCAPES.sub("", line[: 4 * LONGEST_LINE].rstrip("\r\n"))
    states = [state for state in plain.split("\r") if state.strip()]
    return clean((states[-1] if states else "").replace("\t", "    ").rstrip(), LONGEST_LINE)


def without_time(line: str) -> str:
    """A line without the time that Azure Pipelines and GitHub write before each."""
    return _TIME.sub("", line, count=1).removeprefix("\ufeff")


class LineCutter:
    """Cuts pieces of a text into lines; what has no end yet waits for it."""

    def __init__(self) -> None:
        self._pending = ""

    def feed(self, text: str) -> list[str]:
        """The lines that are complete now, cleaned."""
        *lines, self._pending = (self._pending + text).split("\n")
        if len(self._pending) > MOST_PENDING:
            lines.append(self._pending)
            self._pending = ""
        return [clean_line(line) for line in lines]

    def end(self) -> list[str]:
        """The line without an end, when there is one."""
        line, self._pending = self._pending, ""
        return [clean_line(line)] if line else []
