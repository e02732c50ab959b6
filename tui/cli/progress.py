"""How far a load is, on stderr: one line that is rewritten on a terminal, else a line now and then."""

from __future__ import annotations

import os
import shutil
import time
from typing import TextIO

from tui.domain.facts.events import SourceHealth, SourceState
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.words import count, plural
from tui.reports.columns import plain

__all__ = ["ProgressLine", "Steps"]

REWRITE = 0.1  # seconds between two lines on a terminal
SPARSE = 5.0  # and elsewhere


class _Line:
    """One line on a stream: rewritten on a terminal, which is left as it was found; elsewhere a line now and then."""

    def __init__(self, stream: TextIO, *, rewrites: bool = True) -> None:
        self._stream = stream
        self._rewrites = rewrites and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._next = time.monotonic() + (0 if self._rewrites else SPARSE)
        self._drawn = False

    def _is_due(self) -> bool:
        """Whether the last line was not written just now; then another may be."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + (REWRITE if self._rewrites else SPARSE)
        return True

    def _write(self, words: str) -> None:
        text = plain(words, "utf" in (self._stream.encoding or "").lower())
        if self._rewrites:
            text = f"\r\x1b[2K{text[: shutil.get_terminal_size().columns - 1]}"
            self._drawn = True
        else:
            text += "\n"
        self._stream.write(text)
        self._stream.flush()

    def done(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()


class ProgressLine(_Line):
    """Shows the sources that are still loading; in sentences where no line is rewritten by wish."""

    def __init__(self, stream: TextIO, *, rewrites: bool = True) -> None:
        super().__init__(stream, rewrites=rewrites)
        self._words = progress_words if rewrites else _progress_sentence

    def show(self, snapshot: Snapshot) -> None:
        """Say how far it is, unless that was said just now."""
        if self._is_due():
            self._write(self._words(snapshot))


class Steps(_Line):
    """Shows what was done, one thing after the other."""

    def show(self, name: str, left: int) -> None:
        """Say what was just done, unless something was said just now."""
        if self._is_due():
            self._write(f"tried {name}" + (f", {count(left)} to go" if left else ""))


def progress_words(snapshot: Snapshot) -> str:
    """`loading cluster/prod-weu: pods 12,000 / 15,000 · registry/contoso: repositories 210`."""
    loading = [source for source in snapshot.sources if source.state is SourceState.LOADING or source.progress]
    parts = [f"{source.id}: {_numbers(source)}" for source in loading]
    return "loading " + " · ".join(parts) if parts else f"loading {plural(len(snapshot.sources), 'source')}"


def _progress_sentence(snapshot: Snapshot) -> str:
    loading = sum(source.state is SourceState.LOADING for source in snapshot.sources)
    answered = sum(source.state.has_answered for source in snapshot.sources)
    return f"Still reading: {plural(answered, 'source')} answered, {count(loading)} did not yet."


def _numbers(source: SourceHealth) -> str:
    parts = []
    for item in source.progress:
        total = "" if item.total is None else f" / {count(item.total)}"
        wait = f", waiting {item.waiting:.0f} s {item.waiting_reason}".rstrip() if item.waiting > 0 else ""
        parts.append(f"{item.unit} {count(item.done)}{total}{wait}")
    return ", ".join(parts) or plural(source.objects, "object")
