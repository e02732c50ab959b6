"""Is everything that runs from our registries, signed, scanned, current? Each check over the running images, in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from tui.domain.common.pace import paced
from tui.domain.common.trust import BAD_FIRST, CheckName, State
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.glyphs import ROLE, Glyphs
from tui.presenters.words import count
from widgets.columns import cell_width
from widgets.rows import Cell, Span

__all__ = ["NOTHING_RUNS", "End", "Running", "next_end", "running_of", "running_parts"]

ASKED = (CheckName.REGISTRY, CheckName.SIGNATURE, CheckName.SCAN, CheckName.BASE, CheckName.IDENTITY)
GAP = "   "
MORE = f"{GAP}…"
_FORMS = (BAD_FIRST, BAD_FIRST[:3], BAD_FIRST[:2])
"""The states that are counted, from the form that says most to the one that says least."""


End = tuple[CheckName, State]
"""A check, and how it ends."""


class Running(NamedTuple):
    """How many images run, and how each of the questions ends for them."""

    images: int
    checks: Mapping[CheckName, Mapping[State, int]]


NOTHING_RUNS = Running(0, {})


def running_of(snapshot: Snapshot) -> Running:
    """The checks of all images that pods run; it looks at every image, so it is not for the loop."""
    from tui.domain.workloads.counting import count_checks, running_images  # not before there are any

    used = [snapshot.images[key] for key in paced(running_images(snapshot)) if key in snapshot.images]
    return Running(len(used), count_checks(used))


def running_parts(running: Running, width: int, glyphs: Glyphs, chosen: End | None = None) -> list[tuple[End | None, Cell]]:
    """`70 images run   scan ✘ 30 ? 4 ✔ 36   registry ✔ 70`, the worst check first, in the longest form that fits.

    In its parts, each with the end of a check that it counts. A question that the policy does not ask says so: it must not
    look like one that is answered. `chosen` is what the filter asks for.
    """
    if not running.images:
        return []
    ranked = sorted(ASKED, key=lambda name: _rank(running.checks.get(name, {})))
    head = (Span(" n ", "accent"), Span(f"{count(running.images)} running", "dim"))
    room = width - cell_width(head)
    for states in _FORMS:
        cells = [_check(name, running.checks.get(name, {}), states, glyphs, chosen) for name in ranked]
        if sum(map(_length_of_parts, cells)) < room:
            return [(None, head), *chain(*cells)]
    while sum(map(_length_of_parts, cells)) + len(MORE) >= room:
        cells.pop()
    return [(None, head), *chain(*cells), (None, (Span(MORE, "dim"),))]


def next_end(running: Running, end: End | None) -> End | None:
    """The next check that fails, in the order of the line, after the one asked for; None after the last."""
    failing = [
        (name, State.FAIL)
        for name in sorted(ASKED, key=lambda name: _rank(running.checks.get(name, {})))
        if running.checks.get(name, {}).get(State.FAIL)
    ]
    place = failing.index(end) + 1 if end in failing else 0
    return failing[place] if place < len(failing) else None


def _rank(counts: Mapping[State, int]) -> tuple[int, ...]:
    """Worst first; what is as bad stays in the order of the questions."""
    return tuple(-counts.get(state, 0) for state in BAD_FIRST[:-1])


def _check(
    name: CheckName, counts: Mapping[State, int], states: Sequence[State], glyphs: Glyphs, chosen: End | None
) -> list[tuple[End | None, Cell]]:
    shown = [state for state in states if counts.get(state)] or [
        state for state in (State.WARN, State.PASS) if counts.get(state)
    ][:1]
    if not shown:
        return [(None, (Span(f"{GAP}{name} not asked", "dim"),))]
    title = Span(f"{GAP}{name}", "" if counts.get(State.FAIL) or counts.get(State.UNKNOWN) else "dim")
    numbers: list[tuple[End | None, Cell]] = [
        ((name, state), _number(state, counts[state], glyphs, is_chosen=chosen == (name, state))) for state in shown
    ]
    return [((name, shown[0]), (title,)), *numbers]


def _number(state: State, number: int, glyphs: Glyphs, *, is_chosen: bool) -> Cell:
    role = f"badge-{ROLE[state]}" if is_chosen else ROLE[state]
    return (Span(" "), Span(f"{glyphs.states[state]} {count(number)}", role))


def _length_of_parts(parts: Sequence[tuple[End | None, Cell]]) -> int:
    return sum(cell_width(cell) for _, cell in parts)
