"""`--plain`: the estate in sentences, asked line by line, for screen readers and for terminals that draw nothing."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

from tui.cli.commands import Invocation
from tui.cli.output import Exit, look_of_stdout, say, write_stdout
from tui.cli.reading import OpenEstate, looked, meant
from tui.cli.report import Options, print_report, view_for_readers
from tui.domain.query.query import EVERYTHING, Query, Selection, parse_query
from tui.domain.query.reach import reach_of
from tui.domain.snapshot.snapshot import Snapshot
from tui.errors import InvalidQuery
from tui.presenters.words import plural
from tui.reports.document import Document, ReportScope, TextStyle
from tui.settings.settings import Settings

__all__ = ["Conversation", "converse", "read_plain"]

PROMPT = "> "
AHEAD = 100
"""Lines that are read before the one before them is answered."""
LONGEST = 64 << 10
"""Bytes of a line that are kept: no query is as long."""
PAGE = 10
"""How many rows are told of at once."""
HELP = (
    "Type a query and press Enter: a name, or a field such as cve:CVE-2026-1, base:debian, ns:prod or is:running.",
    "images, workloads and problems list what the query finds; without a query everything.",
    "more continues where the last answer stopped.",
    "sources says what is read, and what is missing.",
    "all forgets the query.",
    "help says this again.",
    "quit ends.",
)
VIEWS = {
    "images": ReportScope.IMAGES,
    "workloads": ReportScope.WORKLOADS,
    "problems": ReportScope.FINDINGS,
    "sources": ReportScope.SOURCES,
}


def read_plain(call: Invocation) -> int:
    """Answer the query, or one after the other as they are typed."""
    if call.text.strip():
        return print_report(call.settings, call.query(), Options("plain", wait=call.flags.wait), call.opener, write_stdout)
    return asyncio.run(converse(call))


async def converse(call: Invocation) -> int:
    """Answer line by line until `quit`, or until nothing more is typed."""
    say("Reading the estate. This may take a minute.")
    async with call.acting(call.settings) as (estate, _), _typed() as next_line:
        conversation = Conversation(estate, call.settings, call.flags.wait)
        _tell(await conversation.begin())
        while True:
            write_stdout([PROMPT.encode()])
            line = await next_line()
            if line is None or line.strip().lower() in ("quit", "exit", "q"):
                return Exit.OK
            _tell(await conversation.answer(line.strip()))


class Conversation:
    """What was asked last, and what of the answer was told."""

    def __init__(self, estate: OpenEstate, settings: Settings, wait: float) -> None:
        self._estate, self._wait = estate, wait
        self._look: TextStyle = look_of_stdout(settings.ascii)
        self._query: Query = EVERYTHING
        self._rows: Iterator[Sequence[str]] = iter(())

    async def begin(self) -> Sequence[str]:
        """How the estate is."""
        from tui.reports.as_plain import summary_sentences

        return [*self._spoken(summary_sentences(await self._asked(ReportScope.IMAGES))), "Type help for what you can ask."]

    async def answer(self, line: str) -> Sequence[str]:
        """The sentences that answer a line."""
        word = line.lower()
        if word in VIEWS:
            return await self._tell_rows(VIEWS[word])
        match word:
            case "":
                return []
            case "help" | "?":
                return list(self._spoken(HELP))
            case "more":
                return self._more()
            case "all":
                self._query = EVERYTHING
                return await self.begin()
        try:
            self._query = parse_query(line)
        except InvalidQuery as error:
            return [error.headline, *([error.remedy] if error.remedy else [])]
        return await self._tell_rows(None, answered=True)

    async def _tell_rows(self, view: ReportScope | None, *, answered: bool = False) -> Sequence[str]:
        from tui.reports.as_plain import answer_lines, row_sentences, summary_sentences

        document = await self._asked(view)
        self._rows = row_sentences(document)
        sentences = [*(answer_lines(document) if answered else ()), *(summary_sentences(document) if answered else ())]
        return [*self._spoken(sentences), *(self._more() or ["Nothing was found."])]

    def _more(self) -> list[str]:
        """The next rows, and whether there are others."""
        sentences: list[str] = []
        for number, row in enumerate(self._rows, 1):
            sentences += self._spoken(row)
            if number == PAGE:
                return [*sentences, f"These were {plural(PAGE, 'row')}: more shows the next ones, if there are any."]
        return sentences

    async def _asked(self, view: ReportScope | None) -> Document:
        snapshot, selection = await self._looked()
        meant(self._query, snapshot, selection)
        return Document(snapshot, selection, view or view_for_readers(self._query, selection), self._look, self._query)

    async def _looked(self) -> tuple[Snapshot, Selection]:
        return await looked(self._estate, self._query, self._wait, reach_of(self._query.terms), rewrites=False)

    def _spoken(self, sentences: Sequence[str] | Iterator[str]) -> Iterator[str]:
        from tui.reports.as_plain import spoken

        return (spoken(sentence, self._look) for sentence in sentences)


def _tell(sentences: Sequence[str]) -> None:
    write_stdout(f"{sentence}\n".encode(errors="replace") for sentence in sentences)


NextLine = Callable[[], Awaitable[str | None]]


@asynccontextmanager
async def _typed() -> AsyncIterator[NextLine]:
    """Gives the lines that are typed, and None at their end.

    They are read by a thread that nothing waits for: one that waits for a key cannot be ended. It reads a few lines ahead.
    """
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    closed, room = threading.Event(), threading.Semaphore(AHEAD)

    def hand_over(line: str | None) -> None:
        while not room.acquire(timeout=1.0):
            if closed.is_set():
                return
        if not closed.is_set():
            loop.call_soon_threadsafe(lines.put_nowait, line)

    async def next_line() -> str | None:
        line = await lines.get()
        room.release()
        return line

    threading.Thread(target=_read, args=(sys.stdin.fileno(), hand_over), name="typed", daemon=True).start()
    try:
        yield next_line
    finally:
        closed.set()


def _read(descriptor: int, hand_over: Callable[[str | None], None]) -> None:
    """Of a line without an end only so much is kept as shows that it is too long; where nothing can be read it is the end."""
    unfinished = b""
    try:
        while piece := os.read(descriptor, 4096):
            *lines, unfinished = (unfinished + piece).split(b"\n")
            unfinished = unfinished[:LONGEST]
            for line in lines:
                hand_over(line.decode(errors="replace"))
    except OSError:
        unfinished = b""  # a terminal that is gone, or a pipe that does not wait
    if unfinished:
        hand_over(unfinished.decode(errors="replace"))
    hand_over(None)
