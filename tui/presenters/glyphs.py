"""The signs that pictures are made of, and the style role of each state. Never colour alone: shape and word too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tui.domain.common.trust import BAD_FIRST, State
from tui.domain.plans.board import BoardState
from widgets.rows import Cell, Span

__all__ = ["ASCII", "ROLE", "UNICODE", "Glyphs", "mix", "worded"]

ROLE = {State.FAIL: "fail", State.UNKNOWN: "unknown", State.WARN: "warn", State.PASS: "pass", State.OFF: "dim"}
_WORD = {State.FAIL: "failing", State.UNKNOWN: "unknown", State.WARN: "warnings", State.PASS: "trusted"}


class Glyphs(NamedTuple):
    """One set of signs."""

    states: dict[State, str]
    strip: str
    bar: str
    branch: str
    last: str
    dot: str
    arrow: str
    rule: str
    partial: str
    stages: dict[BoardState, str]
    proven: str
    waived: str
    here: str
    ahead: str

    def of(self, state: State) -> Span:
        """The sign of a state in its colour."""
        return Span(self.states[state], ROLE[state])


UNICODE = Glyphs(
    states={State.PASS: "✔", State.WARN: "▲", State.FAIL: "✘", State.UNKNOWN: "?", State.OFF: "·"},
    strip="━",
    bar="▄",
    branch="├ ",
    last="└ ",
    dot=" · ",
    arrow="→ ",
    rule="─",
    partial="◍",
    stages={
        BoardState.WAITING: "·",
        BoardState.RUNNING: "◉",
        BoardState.DONE: "✔",
        BoardState.HELD: "·",
        BoardState.CHANGED: "▲",
        BoardState.DENIED: "✘",
        BoardState.CANCELLED: "–",
        BoardState.FAILED: "✘",
        BoardState.UNKNOWN: "?",
    },
    proven="●",
    waived="○",
    here="◉",
    ahead="·",
)
ASCII = Glyphs(
    states={State.PASS: "+", State.WARN: "!", State.FAIL: "x", State.UNKNOWN: "?", State.OFF: "."},
    strip="=",
    bar="=",
    branch="|-",
    last="`-",
    dot=", ",
    arrow="> ",
    rule="-",
    partial="o",
    stages={
        BoardState.WAITING: ".",
        BoardState.RUNNING: "@",
        BoardState.DONE: "+",
        BoardState.HELD: ".",
        BoardState.CHANGED: "!",
        BoardState.DENIED: "x",
        BoardState.CANCELLED: "-",
        BoardState.FAILED: "x",
        BoardState.UNKNOWN: "?",
    },
    proven="*",
    waived="o",
    here="@",
    ahead=".",
)


def worded(state: State, number: int) -> str:
    """What so many images are that end so: `1 warning`, `2 warnings`, `2 failing`."""
    return _WORD[state].removesuffix("s") if number == 1 else _WORD[state]


def mix(counts: Sequence[int], width: int, sign: str) -> Cell:
    """A bar of `width` signs that shows how many fail, are unknown, warn and pass; whatever is there is seen."""
    return tuple(Span(sign * cells, ROLE[state]) for state, cells in zip(BAD_FIRST, _shares(counts, width), strict=True) if cells)


def _shares(counts: Sequence[int], width: int) -> list[int]:
    """Whole cells in proportion that fill the width exactly, at least one for each count above zero."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    cells = [max(1, count * width // total) if count else 0 for count in counts]
    biggest = max(range(len(counts)), key=counts.__getitem__)
    cells[biggest] += width - sum(cells)
    return _trimmed(cells) if cells[biggest] < 1 else cells


def _trimmed(cells: Iterable[int]) -> list[int]:
    return [1 if count else 0 for count in cells]
