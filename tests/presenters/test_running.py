"""The line that answers whether everything that runs is from our registries, signed, scanned and current."""

from __future__ import annotations

import pytest

from tests.estates import company
from tui.domain.common.trust import CheckName, State
from tui.domain.snapshot.snapshot import EMPTY
from tui.presenters.glyphs import ASCII, UNICODE, Glyphs
from tui.presenters.running import NOTHING_RUNS, Running, running_of, running_parts
from widgets.rows import Cell
from widgets.text import width_of

MANY = Running(
    70,
    {
        CheckName.REGISTRY: {State.PASS: 64, State.FAIL: 6},
        CheckName.SIGNATURE: {State.PASS: 51, State.FAIL: 12, State.UNKNOWN: 7},
        CheckName.SCAN: {State.FAIL: 12, State.UNKNOWN: 8, State.WARN: 30, State.PASS: 20},
        CheckName.BASE: {State.WARN: 70},
        CheckName.IDENTITY: {State.PASS: 70},
    },
)


def running_line(running: Running, width: int, glyphs: Glyphs) -> Cell:
    """The parts of the line, one after the other."""
    return tuple(span for _, cell in running_parts(running, width, glyphs) for span in cell)


def said(line: Cell) -> str:
    return "".join(span.text for span in line)


def test_every_question_is_counted_worst_first() -> None:
    assert said(running_line(MANY, 160, UNICODE)) == (
        " n 70 running   scan ✘ 12 ? 8 ▲ 30 ✔ 20   signature ✘ 12 ? 7 ✔ 51   registry ✘ 6 ✔ 64   base ▲ 70   identity ✔ 70"
    )


@pytest.mark.parametrize("width", [110, 120, 150, 160])
def test_where_room_is_short_what_passes_goes_first_and_what_fails_stays(width: int) -> None:
    many = Running(9_000, {name: dict.fromkeys(State, 2_222) for name in MANY.checks})
    line = said(running_line(many, width, UNICODE))
    assert width_of(line) < width
    assert "✘ 2,222 ? 2,222" in line
    assert "✔" not in line
    assert line.endswith("…") is (width < 150)


def test_what_only_warns_or_passes_says_so_in_the_shortest_form_too() -> None:
    crowded = {name: dict.fromkeys(State, 222) for name in MANY.checks} | {CheckName.BASE: {State.WARN: 3, State.PASS: 9}}
    assert said(running_line(Running(900, crowded), 118, ASCII)).endswith("base ! 3")


def test_only_what_runs_counts_and_what_is_not_asked_says_so() -> None:
    running = running_of(company())
    used = [image for image in company().images.values() if image.pods]
    assert running.images == len(used)
    assert sum(running.checks[CheckName.REGISTRY].values()) <= len(used)
    assert "signature not asked" in said(running_line(running, 160, UNICODE))


def test_where_nothing_runs_there_is_nothing_to_say() -> None:
    assert running_of(EMPTY).images == 0
    assert running_line(NOTHING_RUNS, 160, UNICODE) == ()
