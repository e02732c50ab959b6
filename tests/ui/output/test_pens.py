"""Codes of colour and attributes (ECMA-48, 8.3.117), read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tui.ui.output.pens import PLAIN, Pen, blank, drawn, switched

COLOURS = st.sampled_from(("", "31", "97", "38;5;208", "38;2;1;2;3"))
GROUNDS = st.sampled_from(("", "41", "107", "48;5;208", "48;2;1;2;3"))
PENS = st.builds(Pen, COLOURS, GROUNDS, st.frozensets(st.sampled_from((1, 2, 3, 4, 5, 7, 8, 9, 21, 53))), st.just(""))


@pytest.mark.parametrize(
    ("codes", "pen"),
    [
        ("1;38;2;1;2;3;48;5;7", Pen("38;2;1;2;3", "48;5;7", frozenset({1}))),
        ("0;91;101", Pen("91", "101")),
        ("31;39;41;49", PLAIN),
        ("1;2;22;4", Pen(attributes=frozenset({4}))),
        ("", PLAIN),
    ],
)
def test_reads_what_a_pen_is(codes: str, pen: Pen) -> None:
    assert drawn(Pen("34") if not codes else PLAIN, codes) == pen


@examples(300)
@given(st.none() | PENS, PENS)
def test_a_switch_leads_to_the_pen_and_is_no_longer_than_naming_it(before: Pen | None, after: Pen) -> None:
    codes = switched(before, after)
    whole = switched(None, after)
    assert len(codes) <= len(whole)
    reached = before or Pen("35", "45", frozenset({3, 9}))
    for part in codes.removesuffix("m").split("m") if codes else ():
        reached = drawn(reached, part.removeprefix("\x1b["))
    assert reached == after


def test_a_blank_has_the_pen_of_its_ground_unless_something_shows_without_a_letter() -> None:
    assert blank(Pen("31", "41", frozenset({1, 3}))) == Pen(background="41")
    underlined = Pen("31", "41", frozenset({4}))
    assert blank(underlined) == underlined
