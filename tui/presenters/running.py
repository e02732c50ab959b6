"""Is everything that runs from our registries, signed, scanned, current? Each check over the running images, in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from tui.domain.answers.scorecard import count_checks
from tui.domain.common.trust import CheckName, State
from tui.domain.snapshot.snapshot import Snapshot
from tui.domain.workloads.counting import running_images
from tui.presenters.glyphs import BAD_FIRST, ROLE, Glyphs
from tui.presenters.words import count
from widgets.rows import Cell, Span

__all__ = ["NOTHING_RUNS", "Running", "running_line", "running_of"]

ASKED = (CheckName.REGISTRY, CheckName.SIGNATURE, CheckName.SCAN, CheckName.BASE, CheckName.IDENTITY)
GAP = "   "
MORE = f"{GAP}…"
_FORMS = (BAD_FIRST, (State.FAIL, State.UNKNOWN, State.WARN), (State.FAIL, State.UNKNOWN))
"""The states that are counted, from the form that says most to the one that says least."""


class Running(NamedTuple):
    """How many images run, and how each of the questions ends for them."""

    images: int
    checks: Mapping[CheckName, Mapping[State, int]]


NOTHING_RUNS = Running(0, {})


def running_of(snapshot: Snapshot) -> Running:
    """The checks of all images that pods run; it looks at every image, so it is not for the loop."""
    used = [snapshot.images[key] for key in running_images(snapshot) if key in snapshot.images]
    return Running(len(used), count_checks(used))


def running_line(running: Running, width: int, glyphs: Glyphs) -> Cell:
    """`70 images run   scan ✘ 30 ? 4 ✔ 36   registry ✔ 70`, the worst check first, in the longest form that fits.

    A question that the policy does not ask says so: it must not look like one that is answered.
    """
    if not running.images:
        return ()
    ranked = sorted(ASKED, key=lambda name: _rank(running.checks.get(name, {})))
    head = Span(f" {count(running.images)} running", "dim")
    room = width - len(head.text)
    for states in _FORMS:
        cells = [_check(name, running.checks.get(name, {}), states, glyphs) for name in ranked]
        if sum(map(_length, cells)) < room:
            return (head, *chain(*cells))
    while sum(map(_length, cells)) + len(MORE) >= room:
        cells.pop()
    return (head, *chain(*cells), Span(MORE, "dim"))


def _rank(counts: Mapping[State, int]) -> tuple[int, ...]:
    """Worst first; what is as bad stays in the order of the questions."""
    return tuple(-counts.get(state, 0) for state in BAD_FIRST[:-1])


def _check(name: CheckName, counts: Mapping[State, int], states: Sequence[State], glyphs: Glyphs) -> Cell:
    shown = [state for state in states if counts.get(state)] or [
        state for state in (State.WARN, State.PASS) if counts.get(state)
    ][:1]
    if not shown:
        return (Span(f"{GAP}{name} not asked", "dim"),)
    title = Span(f"{GAP}{name}", "" if counts.get(State.FAIL) or counts.get(State.UNKNOWN) else "dim")
    return (title, *(Span(f" {glyphs.states[state]} {count(counts[state])}", ROLE[state]) for state in shown))


def _length(cell: Cell) -> int:
    return sum(len(span.text) for span in cell)
