"""What is sent shows the same as all that was drawn, whatever was drawn, on whatever size, in whatever pens."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.ui.output.emulator import Emulator
from tui.ui.output.screen import TerminalScreen

CODES = ("", "1", "2", "3", "4", "5", "7", "9", "31", "97", "38;5;208", "38;2;1;2;3", "41", "102", "48;5;17", "48;2;9;8;7")
LETTERS = ("a", "b", " ", " ", "✔", "─", "é", "e\N{COMBINING ACUTE ACCENT}", "界", "🙂")
WIDE = frozenset("界🙂")


class Run(NamedTuple):
    """Text in one pen, as it is given to Textual's driver."""

    codes: tuple[str, ...]
    letters: tuple[str, ...]

    def cut(self, width: int) -> tuple[str, int]:
        """As much as fits, and how wide that is."""
        text, used = "", 0
        for letter in self.letters:
            cells = 2 if letter in WIDE else 1
            if used + cells > width:
                break
            text, used = text + letter, used + cells
        codes = ";".join(filter(None, self.codes))
        return (f"\x1b[{codes}m{text}\x1b[0m" if codes else text), used


class Frame(NamedTuple):
    """Lines drawn from a column on; another size before it, or none; how much is sent at once."""

    lines: list[tuple[int, int, list[Run]]]
    size: tuple[int, int] | None
    most: int | None


RUNS = st.builds(
    Run,
    st.lists(st.sampled_from(CODES), max_size=3).map(tuple),
    st.one_of(st.lists(st.sampled_from(LETTERS), max_size=30).map(tuple), st.integers(1, 40).map(lambda count: (" ",) * count)),
)
FRAMES = st.builds(
    Frame,
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 23), st.lists(RUNS, max_size=6)), max_size=8),
    st.none() | st.tuples(st.integers(1, 30), st.integers(1, 6)),
    st.none() | st.integers(0, 200),
)


def _whole(columns: int, lines: int, frame: Frame) -> str:
    """A frame that draws every cell, as Textual does when the size changes."""
    rows = {y: runs for y, _, runs in frame.lines}
    return "".join(_line(y, 0, [*rows.get(y, ()), Run(("48;2;9;8;7",), (" ",) * columns)], columns) for y in range(lines))


def _part(columns: int, lines: int, frame: Frame) -> str:
    return "".join(_line(y, x, runs, columns) for y, x, runs in frame.lines if y < lines and x < columns)


def _line(y: int, x: int, runs: list[Run], columns: int) -> str:
    drawn = f"\x1b[{y + 1};{x + 1}H"
    for run in runs:
        text, width = run.cut(columns - x)
        drawn, x = drawn + text, x + width
    return drawn


@examples(40)
@given(st.lists(FRAMES, min_size=1, max_size=6), st.booleans())
def test_what_is_sent_shows_what_was_drawn(frames: list[Frame], erases: bool) -> None:
    size = (24, 6)
    screen = TerminalScreen(lambda: size, erases=erases)
    screen.draw("\x1b[?1049h")
    assert screen.take() == "\x1b[?1049h"
    drawn, sent = Emulator(*size), Emulator(*size, erases=erases)
    for number, frame in enumerate(frames):
        resized = frame.size is not None or number == 0
        if frame.size is not None:
            size = frame.size
            screen.forget()
            for emulator in (drawn, sent):
                emulator.resize(size[1], size[0])
                emulator.rearrange()
        data = (_whole if resized else _part)(*size, frame) + "\x1b[1;1H"
        drawn.shows(data)
        screen.draw(data)
        sent.shows(screen.take(frame.most))
        if frame.most is None:
            assert sent.cells() == drawn.cells()
    while rest := screen.take(0):
        sent.shows(rest)
    assert sent.cells() == drawn.cells()
    assert (sent.cursor.x, sent.cursor.y) == (0, 0)
    assert screen.take() == ""


def _screen(columns: int = 40, lines: int = 4, *, erases: bool = True) -> TerminalScreen:
    screen = TerminalScreen(lambda: (columns, lines), erases=erases)
    screen.draw("\x1b[?1049h")
    screen.draw("".join(f"\x1b[{y + 1};1H{'':{columns}}" for y in range(lines)))
    screen.take()
    return screen


def _sent(screen: TerminalScreen, data: str) -> str:
    screen.draw(data)
    return screen.take()


def test_what_is_drawn_again_is_not_sent_again() -> None:
    screen = _screen()
    data = "\x1b[2;3H\x1b[31mone \x1b[0m\x1b[32mtwo\x1b[0m\x1b[1;1H"
    assert _sent(screen, data)
    assert _sent(screen, f"\x1b[?2026h{data}") == ""
    assert _sent(screen, "\x1b[?2026l") == ""


def test_one_pen_is_taken_once_wherever_it_draws() -> None:
    red, green = "\x1b[31mx\x1b[0m", "\x1b[32my\x1b[0m"
    sent = _sent(_screen(), "".join(f"\x1b[{y};3H{red}  {green}" for y in (1, 2, 3)) + "\x1b[1;1H")
    assert sent.count("\x1b[31m") == 1
    assert sent.count("\x1b[32m") == 1


def test_a_change_of_one_letter_costs_a_few_bytes() -> None:
    screen = _screen()
    _sent(screen, "\x1b[2;3H\x1b[38;2;9;9;9mafter 4 seconds\x1b[0m\x1b[1;1H")
    assert _sent(screen, "\x1b[2;3H\x1b[38;2;9;9;9mafter 5 seconds\x1b[0m\x1b[1;1H") == "\x1b[2;9H5\x1b[H"


@pytest.mark.parametrize(
    ("erases", "ground", "end"), [(True, "48;2;9;8;7", "\x1b[K"), (False, "48;2;9;8;7", " " * 20), (False, "", "\x1b[K")]
)
def test_blanks_are_erased_where_the_terminal_erases_in_that_colour(erases: bool, ground: str, end: str) -> None:
    screen = _screen(erases=erases)
    on, off = (f"\x1b[{ground}m", "\x1b[0m") if ground else ("", "")
    _sent(screen, f"\x1b[2;1H{on}{'x' * 40}{off}")
    assert end in _sent(screen, f"\x1b[2;21H{on}{'':20}{off}")


def test_after_a_character_of_doubtful_width_the_next_stands_at_its_own_place() -> None:
    """Terminals differ on how wide it is (a family of four is two, or eight cells wide)."""
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
    sent = _sent(_screen(), f"\x1b[2;1Ha{family}b\x1b[1;1H")
    assert f"{family}\x1b[2;4Hb" in sent


def test_a_link_is_sent_with_its_text() -> None:
    link = "\x1b]8;id=7;https://example.com\x1b\\"
    sent = _sent(_screen(), f"\x1b[2;1H{link}\x1b[4mhere\x1b[0m\x1b]8;;\x1b\\ there\x1b[1;1H")
    assert f"{link}\x1b[4mhere" in sent
    assert "\x1b]8;;\x1b\\" in sent[sent.index("here") :]
