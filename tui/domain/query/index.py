"""The evaluator of queries: the answers to their conditions (`conditions`) are joined, for all rows at once, in bit masks.

`ns:prod base:debian` finds what stands on debian and runs in prod, because a row is an image in one workload. A negated term
is decided for the image as a whole: one that runs anywhere is not `-is:running`. Only where something is (`ns:`, `ctx:`,
`kind:`, `team:`) narrows the uses that are looked at: `-ns:kube-system` keeps an image that runs elsewhere too.

An answer has three values: yes, no, and cannot be told. A state of unknown or off is "cannot be told" unless it is asked for
by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from tui.domain.common.pace import paced
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.conditions import PLACES, Conditions, Side
from tui.domain.query.language import Key, Term, Trait
from tui.domain.query.risk import Risks
from tui.domain.query.rows import Mark, Rows, Truth
from tui.domain.query.traits import OF_USE
from tui.domain.query.vocabulary import Vocabulary
from tui.domain.snapshot.snapshot import ImageKey, Snapshot

__all__ = ["QueryIndex", "QueryResult", "Tally", "Truth"]

CACHED = 200
_OF_WORKLOAD = frozenset({Trait.FAULTY, Trait.SUSPENDED, Trait.MANAGED})


class QueryResult(NamedTuple):
    """What a list of terms finds; `undecided` counts the images that could not be told.

    `idle` are those of the workloads whose pods that run no known image were found too. `unplaced` counts the workloads without
    a known image that could not be told.
    """

    images: frozenset[ImageKey]
    workloads: frozenset[ObjectKey]
    undecided: int
    idle: frozenset[ObjectKey]
    unplaced: int


class Tally(NamedTuple):
    """How many images and workloads a list of terms finds, and how many images could not be told."""

    images: int
    workloads: int
    undecided: int


class QueryIndex:
    """The rows of a snapshot with what was already answered; make one per snapshot and ask it many times."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._cache: dict[tuple[Term, Side | None], Truth] = {}

    def find(self, terms: Iterable[Term], now: datetime) -> QueryResult:
        """The images and workloads for which every term holds."""
        rows = self._rows
        by_image, by_workload = self._sides(tuple(terms), now)
        images, workloads = rows.image.things(by_image.yes), rows.workload.things(by_workload.yes)
        undecided = rows.image.things(by_image.maybe) - images
        alone = rows.without_image & ~rows.marked(Mark.WAITING) if by_workload.maybe else 0
        lonely = rows.workload.things(by_workload.maybe & alone) - workloads
        return QueryResult(
            frozenset(rows.images[number].key for number in paced(images)),
            frozenset(rows.workloads[number].key for number in paced(workloads)),
            len(undecided),
            frozenset(rows.workloads[number].key for number in rows.workload.things(by_workload.yes & rows.without_image)),
            len(lonely),
        )

    def tally(self, terms: Iterable[Term], now: datetime) -> Tally:
        """How much `find` would find, without saying what."""
        rows = self._rows
        by_image, by_workload = self._sides(tuple(terms), now)
        images = rows.image.things(by_image.yes)
        undecided = rows.image.things(by_image.maybe) - images if by_image.maybe else ()
        return Tally(len(images), len(rows.workload.things(by_workload.yes)), len(undecided))

    def _sides(self, terms: tuple[Term, ...], now: datetime) -> tuple[Truth, Truth]:
        """For which rows every term holds, of images and of workloads."""
        mask = _asked_of(self._rows, terms)
        return self._every(terms, Side.IMAGE, now, mask), self._every(terms, Side.WORKLOAD, now, mask)

    @cached_property
    def risks(self) -> Risks:
        """How images could vanish."""
        return Risks(self.snapshot)

    @cached_property
    def words(self) -> Vocabulary:
        """The names that its values can have."""
        return Vocabulary(self.snapshot)

    def undecided(self, terms: Iterable[Term], now: datetime) -> dict[ImageKey, Term]:
        """The images of which it could not be told whether every term holds, each with the first term that could not be told."""
        terms, rows = tuple(terms), self._rows
        mask = _asked_of(rows, terms)
        truth = self._every(terms, Side.IMAGE, now, mask)
        open_ = rows.image.things(truth.maybe) - rows.image.things(truth.yes)
        undecided: dict[ImageKey, Term] = {}
        for term in terms:
            numbers = rows.image.things(self._signed(term, Side.IMAGE, now, mask).maybe & truth.maybe) & open_
            undecided.update(dict.fromkeys((rows.images[number].key for number in numbers), term))
            open_ -= numbers
        return undecided

    def bases_named(self, value: str) -> frozenset[ImageKey]:
        """The bases that `base:` with this value means."""
        return self._conditions.bases.named(value)

    @cached_property
    def _rows(self) -> Rows:
        return Rows(self.snapshot)

    @cached_property
    def _conditions(self) -> Conditions:
        return Conditions(self.snapshot, self._rows, lambda: self.risks)

    # ---- logic

    def _every(self, terms: Iterable[Term], side: Side, now: datetime, mask: int) -> Truth:
        yes = possible = mask
        for term in terms:
            truth = self._signed(term, side, now, mask)
            yes &= truth.yes
            possible &= truth.yes | truth.maybe
        return Truth(yes, possible ^ yes)

    def _signed(self, term: Term, side: Side, now: datetime, mask: int) -> Truth:
        truth = self._conditions.age(term, now) if term.key is Key.AGE else self._cached(term, side)
        if not term.negated:
            return truth
        if _narrows(term) or (side is Side.WORKLOAD and _is_of_workload(term)):
            return self._rows.negated(truth)
        of_images = self._rows.negated_for(self._rows.image, truth, mask)
        if side is Side.IMAGE:
            return of_images
        # A workload is found by itself, or with an image that is found.
        alone = self._rows.negated_for(self._rows.workload, truth, mask)
        return Truth(of_images.yes | alone.yes, of_images.maybe | alone.maybe).sure

    def _cached(self, term: Term, side: Side) -> Truth:
        place = (term, side if term.key is Key.VERDICT or term.value == Trait.FAULTY else None)
        truth = self._cache.get(place)
        if truth is None:
            if len(self._cache) >= CACHED:
                self._cache.clear()
            truth = self._cache[place] = self._conditions.answer(term, side)
        return truth


def _narrows(term: Term) -> bool:
    """Whether a term says where to look, rather than what to look for."""
    return term.key in PLACES


def _is_of_workload(term: Term) -> bool:
    """Whether the answer for a workload is that of all its rows."""
    return term.key is Key.VERDICT or (term.key is Key.IS and term.value in _OF_WORKLOAD)


def _asked_of(rows: Rows, terms: Iterable[Term]) -> int:
    """The rows that terms are about: those of uses without a pod only where a term asks for uses."""
    traits = {term.value for term in terms if term.key is Key.IS}
    if Trait.AT_RISK in traits:
        return rows.all
    return rows.used if traits & OF_USE.keys() else rows.plain
