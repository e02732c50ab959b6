"""Reading the estate once, for commands that print: what is known when everything has answered, and what of it a query finds."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from tui.cli.output import Exit, say
from tui.cli.progress import ProgressLine
from tui.domain.answers.answer import Answer
from tui.domain.assemble.in_use import hangs_on_the_rest, is_surveyed, only_in_use
from tui.domain.assemble.wanted_signatures import MAX_ASKED, signatures_wanted, unlooked_reach
from tui.domain.common.source_id import ESTATE_KINDS
from tui.domain.common.text import full_stop
from tui.domain.facts.demand import Demand
from tui.domain.facts.events import SourceHealth, SourceKind, SourceState
from tui.domain.query.query import Query, QueryIndex, Selection
from tui.domain.query.reach import Reach, needs_tasks, reach_of
from tui.domain.snapshot.snapshot import Snapshot
from tui.errors import UsageError
from tui.presenters.answers.table import answer_sentences
from tui.presenters.elsewhere import meant_words
from tui.presenters.health import next_step, trouble
from tui.presenters.untold import untold
from tui.presenters.words import plural
from tui.settings.settings import Settings

__all__ = [
    "OpenEstate",
    "Opener",
    "answered",
    "barred",
    "exit_of_report",
    "look",
    "looked",
    "meant",
    "refuse_nothing_to_ask",
    "remark",
]


class OpenEstate(Protocol):
    """What is needed of the living estate."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        ...

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Hear of every new snapshot until the returned function is called."""
        ...

    async def settled(self, timeout: float) -> bool:
        """Wait until every source has answered."""
        ...

    def want(self, demands: tuple[Demand, ...]) -> None:
        """Ask registries for more."""
        ...

    def survey(self) -> None:
        """Have registries read as a whole."""
        ...

    def read_tasks(self) -> None:
        """Have the tasks of registries read, and their policies."""
        ...


READ_ALL = "`trustree report` without a query reads the rest as well."
Hangs = Callable[[Snapshot, Selection], bool]
"""Whether the answer hangs on what nothing runs, by what is known of the rest and what of that is found."""
Opener = Callable[[Settings], AbstractAsyncContextManager[OpenEstate]]


def refuse_nothing_to_ask(settings: Settings) -> None:
    """Nothing is found where nobody is asked, and that looks like all is well. Raises UsageError."""
    if not settings.clusters and not settings.registries and not settings.registry and not settings.demo:
        raise UsageError("There is nothing to read: no cluster and no registry is named.", "Name a registry with --registry.")


def look(
    settings: Settings,
    query: Query,
    wait: float,
    opener: Opener,
    *,
    everything: bool = False,
    hangs_on_the_rest: Hangs = lambda *_: False,
) -> tuple[Snapshot, Selection]:
    """What is known once it is complete, or `wait` seconds are over, and what of it the query finds.

    What no workload has is read, and waited for, only where the query asks for it or finds nothing else; with `everything` it is
    part of the answer, as it is where registries are named to be read as a whole, and where the answer `hangs_on_the_rest`.
    The signatures of what the query finds are looked for, whether anything runs it or not.
    """
    reach = reach_of(query.terms)
    if not settings.clusters or (reach is Reach.ANY and (everything or settings.registries)):
        reach = Reach.REST
    looks: list[tuple[Snapshot, Selection]] = []

    async def keep() -> None:
        # Not returned: when it ends, asyncio formats the task with its whole result, which takes a second for a small estate.
        async with opener(settings) as estate:
            looks.append(
                await looked(estate, query, wait, reach, rewrites=not settings.plain, hangs_on_the_rest=hangs_on_the_rest)
            )

    asyncio.run(keep())
    return looks[0]


def exit_of_report(snapshot: Snapshot, selection: Selection) -> Exit:
    """4 when nothing could be read for want of a sign-in or a right, 3 when anything asked for is missing, else 0."""
    if barred(snapshot.sources):
        return Exit.DENIED
    return Exit.OK if snapshot.complete and selection.told else Exit.UNSURE


def barred(sources: Iterable[SourceHealth]) -> bool:
    """Whether every cluster, or every cluster and registry, gave nothing because nobody is signed in or has the right.

    The others read what those give, or nothing that anybody signs in to.
    """
    signed_in = [source for source in sources if source.state is not SourceState.OFF and source.kind in ESTATE_KINDS]
    clusters = [source for source in signed_in if source.kind is SourceKind.CLUSTER]
    return any(group and all(map(_refused, group)) for group in (clusters, signed_in))


def _refused(source: SourceHealth) -> bool:
    refused = source.auth_failed or any(denial.right for denial in source.denials)
    return not source.objects and source.state is not SourceState.OK and refused


async def looked(
    estate: OpenEstate,
    query: Query,
    wait: float,
    reach: Reach,
    *,
    rewrites: bool = True,
    hangs_on_the_rest: Hangs = lambda *_: False,
) -> tuple[Snapshot, Selection]:
    """The same, of an estate that is open already; without `rewrites` no line is written over."""
    question = _Question(estate, query, reach, hangs_on_the_rest)
    progress = ProgressLine(sys.stderr, rewrites=rewrites)
    end = estate.subscribe(progress.show)
    try:
        settled, missed = await question.answered(wait)
    finally:
        end()
        progress.done()
    snapshot = question.snapshot
    if not settled:
        say(f"Not everything was loaded within {wait:g} s; this is what is known. --wait gives more time.")
        snapshot = replace(snapshot, complete=False)
    if missed:
        images = plural(missed, "image")
        say(f"The signatures of {images} that nothing runs were not looked for: a query asks for {MAX_ASKED} at once.")
        snapshot = replace(snapshot, complete=False)
    return snapshot, query.images(snapshot, datetime.now(UTC))


class _Question:
    """A query put to an estate, and how far it reaches."""

    def __init__(self, estate: OpenEstate, query: Query, reach: Reach, hangs_on_the_rest: Hangs) -> None:
        self._estate, self._query, self._reach, self._hangs = estate, query, reach, hangs_on_the_rest
        self._end_at = 0.0

    @property
    def snapshot(self) -> Snapshot:
        """What the answer is taken from: all that is known, or what is in use where the rest has not been read."""
        snapshot = self._estate.snapshot
        return snapshot if self._reach.is_whole or is_surveyed(snapshot) else only_in_use(snapshot)

    async def answered(self, wait: float) -> tuple[bool, int]:
        """Read what the query needs, for so many seconds at most.

        Whether everything has answered in time, and of how many images the signatures were not asked for, being too many.
        """
        if self._reach.is_whole:
            self._estate.survey()
        if needs_tasks(self._query.terms):
            self._estate.read_tasks()
        self._end_at = asyncio.get_running_loop().time() + wait
        settled = await self._estate.settled(wait)
        if settled and not self._reach.is_whole and not is_surveyed(self._estate.snapshot):
            settled = await self._read_the_rest()
        return await self._look_for_signatures() if settled else (False, 0)

    async def _read_the_rest(self) -> bool:
        """Read it where nothing in use is found and something else may be, or it cannot be told what is, or how it is, as what
        that stands on was not read."""
        snapshot, now = self.snapshot, datetime.now(UTC)
        index = QueryIndex(snapshot)
        selection = self._query.images(index, now)
        undecided = index.undecided(self._query.terms, now) if selection.undecided else {}
        if self._reach is Reach.ANY and not selection.images and not selection.workloads:
            self._reach = Reach.REST
        elif any(hangs_on_the_rest(snapshot, key, term) for key, term in undecided.items()) or self._hangs(snapshot, selection):
            self._reach = Reach.LINEAGE
        if self._reach.is_whole:
            self._estate.survey()
            self._estate.read_tasks()
        return await self._settled()

    async def _settled(self) -> bool:
        return await self._estate.settled(max(0.0, self._end_at - asyncio.get_running_loop().time()))

    async def _look_for_signatures(self) -> tuple[bool, int]:
        """Ask for the signatures of what the query finds and nothing runs."""
        demanded: set[Demand] = set()
        while True:
            snapshot = self.snapshot
            images = self._query.images(snapshot, datetime.now(UTC)).images
            reach = self._reach
            if reach is Reach.ANY and is_surveyed(snapshot):
                reach = unlooked_reach(snapshot, images, self._query.terms)
            wishes = signatures_wanted(snapshot, images, self._query.terms, reach, demanded)
            if not wishes.demands:
                return True, wishes.missed
            demanded.update(wishes.demands)
            self._estate.want(wishes.demands)
            if not await self._settled():
                return False, 0


def answered(answer: Answer | None) -> None:
    """Say on stderr what a query means for the estate."""
    for sentence in answer_sentences(answer) if answer is not None else ():
        say(f"{sentence.label}: {sentence.words}")


def meant(query: Query, snapshot: Snapshot, selection: Selection) -> None:
    """Say on stderr what else a query that finds nothing could have meant."""
    if not selection.images and not selection.workloads:
        words = meant_words(query.terms, QueryIndex(snapshot), snapshot.as_of)
        if words:
            say(words)


def remark(snapshot: Snapshot, selection: Selection) -> None:
    """Say on stderr what is missing from what was found."""
    for words in untold(selection):
        say(f"{words} could not be determined: what was read does not answer this query.")
    for source in snapshot.sources:
        if source.state in (SourceState.FAILED, SourceState.PARTIAL, SourceState.LOADING):
            say(f"{source.id}: {' '.join(filter(None, (full_stop(trouble(source)), next_step(source))))}")
        for words in source.remarks:
            say(f"{source.id}: {words}")
    unread = [source.id.name for source in snapshot.sources if not source.surveyed]
    if unread:
        say(f"Of {', '.join(unread)} only what runs was read, and what that is built on. {READ_ALL}")
