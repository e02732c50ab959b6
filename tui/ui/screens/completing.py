"""The list of what could be typed next: looked for in a thread, the newest text alone, and counted when nothing else is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from textual.screen import Screen

from tui.domain.snapshot.snapshot import Snapshot
from tui.ui.courtesy import Courtesy
from tui.ui.query_indexes import QueryIndexes
from tui.ui.work import begin_work
from widgets.choices import Choice

if TYPE_CHECKING:
    from tui.domain.query.complete import Completion
    from tui.domain.query.index import Tally

__all__ = ["Completer", "CompletionRequest"]

AT_ONCE = 8
"""So many completions are counted between looks at whether another key was pressed; the list shows no more at once."""

Offering = Callable[[str, Sequence[Choice], bool], object]


class CompletionRequest(NamedTuple):
    """What was typed, and what it is asked of; `saved` are the queries that were saved, by name."""

    text: str
    cursor: int
    snapshot: Snapshot
    now: datetime
    saved: Mapping[str, str] = {}


class Completer:
    """Serves a prompt of a screen: `offer` is called with the text, its choices, and whether they are shown unasked."""

    def __init__(self, screen: Screen[None], indexes: QueryIndexes, courtesy: Courtesy, offer: Offering) -> None:
        self._screen, self._indexes, self._courtesy, self._offer = screen, indexes, courtesy, offer
        self._request: CompletionRequest | None = None
        self._busy = False

    def ask(self, request: CompletionRequest) -> None:
        """Want the completions of a text; one that was not begun is forgotten."""
        self._request = request
        if not self._busy:
            self._busy = True
            begin_work(self._screen, self._serve, name="completion", group="completion")

    async def _serve(self) -> None:
        try:
            while (request := self._request) is not None:
                self._request = None
                await self._answer(request)
        finally:
            self._busy = False

    async def _answer(self, request: CompletionRequest) -> None:
        """First what there is, then how much each would find: what the list shows of it, and the rest when all is counted."""
        completions, quiet = await self._courtesy.work(lambda: self._find(request))
        tallies: list[Tally | None] = []
        while True:
            if len(tallies) in (0, AT_ONCE, len(completions)):
                self._offer(request.text, _choices(completions, tallies, request.saved), quiet)
            if self._request is not None or len(tallies) >= len(completions):
                return
            batch = completions[len(tallies) : len(tallies) + AT_ONCE]
            tallies += await self._courtesy.work(partial(self._count, batch, request))

    def _find(self, request: CompletionRequest) -> tuple[list[Completion], bool]:
        """In a thread: the completions, and whether nothing is typed yet of the term."""
        from tui.domain.query.complete import completions, term_at

        begun = term_at(request.text, request.cursor) < request.cursor
        index = self._indexes.of(request.snapshot)
        return completions(request.text, request.cursor, index.words, request.saved), not begun

    def _count(self, batch: Sequence[Completion], request: CompletionRequest) -> list[Tally | None]:
        """In a thread; once another key was pressed nobody waits for the numbers, and each of them lets it pass."""
        from tui.domain.query.complete import tally_of

        index = self._indexes.of(request.snapshot)
        tallies: list[Tally | None] = []
        for completion in batch:
            self._courtesy.let_pass()
            tallies.append(tally_of(completion, index, request.now, request.saved) if self._request is None else None)
        return tallies


def _choices(completions: Sequence[Completion], tallies: Sequence[Tally | None], saved: Mapping[str, str]) -> list[Choice]:
    from tui.presenters.completing import choice_of

    counted = [*tallies, *[None] * (len(completions) - len(tallies))]
    return [
        choice_of(completion, tally, saved.get(completion.term.removeprefix("@"), "") if completion.term.startswith("@") else "")
        for completion, tally in zip(completions, counted, strict=True)
    ]
