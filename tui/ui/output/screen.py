"""What a terminal shows and what it is to show: frames and codes go in, and what has to be sent comes out."""

from __future__ import annotations

import re
from collections.abc import Callable

from tui.ui.output.difference import Difference
from tui.ui.output.picture import Picture

__all__ = ["TerminalScreen"]

_TOGETHER = 256
"""Characters from which on a terminal that can is asked to show a frame all at once."""
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
_HARMLESS = re.compile(r"\x1b\[[?<=>][0-?]*[ -/]*[@-~]|\x1b\[\d* q|\x1b\[\d*[nc]|\x1b[\]PX^_].*|\x07", re.DOTALL)
"""Codes that move, erase and colour nothing: modes, questions, the clipboard, the title, the bell."""


class TerminalScreen:
    """The alternate screen of a terminal of `size` (columns and lines).

    `erases` says whether it erases in the colour of the ground.
    """

    def __init__(self, size: Callable[[], tuple[int, int]], *, erases: bool) -> None:
        self._size = size
        self._erases = erases
        self._passed: list[str] = []
        self._shows = False
        self._synchronizes = False
        self._stale = False
        self._forgotten = False
        self._wanted = Picture(*size())
        self._difference = Difference(self._wanted.unknown(), erases=erases)

    def forget(self) -> None:
        """Take nothing for granted any more; only notes it, so that handlers of signals may call it."""
        self._forgotten = True

    def draw(self, data: str) -> None:
        """Draw a frame, or note codes for the terminal."""
        if self._forgotten or self._size() != (self._wanted.columns, self._wanted.lines):
            self._begin_anew()
        for code in self._wanted.draw(data):
            self._pass(code)
        self._stale = True

    def take(self, most: int | None = None) -> str:
        """What is to be sent now; after `most` characters the rest of the lines is left for the next time."""
        if self._forgotten:
            self._begin_anew()
        passed = "".join(self._passed)
        self._passed.clear()
        if not self._shows or not self._stale:
            return passed
        frame, self._stale = self._difference.to(self._wanted, most)
        if self._synchronizes and len(frame) >= _TOGETHER:
            frame = f"{_BEGIN}{frame}{_END}"
        return passed + frame

    def _pass(self, code: str) -> None:
        match code:
            case "\x1b[?2026h" | "\x1b[?2026l":
                self._synchronizes = True
                return
            case "\x1b[?1049h":
                self._shows = self._forgotten = True
            case "\x1b[?1049l":
                self._shows = False
                self._passed.append(self._difference.plain())
            case _ if not _HARMLESS.fullmatch(code):
                self._forgotten = True
        self._passed.append(code)

    def _begin_anew(self) -> None:
        self._forgotten = False
        self._wanted = self._wanted.resized(*self._size())
        self._difference = Difference(self._wanted.unknown(), erases=self._erases)
        self._stale = True
