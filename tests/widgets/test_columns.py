"""Columns share the room there is, and cells are cut between their parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.columns import cut, cut_parts, lay_out
from widgets.rows import Column, Span
from widgets.text import width_of

DOT = Span(" · ", "warn")
STATE = (Span("unsigned", "fail"), DOT, Span("2 critical", "fail"), DOT, Span("base moved", "fail"))


def drawn(cell: object, width: int) -> str:
    assert isinstance(cell, tuple)
    return "".join(span.text for span in cut_parts(cell, width)[0])


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (40, "unsigned · 2 critical · base moved"),
        (30, "unsigned · 2 critical +1"),
        (20, "unsigned +2"),
        (11, "unsigned +2"),
        (8, "unsigned"),
        (7, "un…gned"),
    ],
)
def test_parts_are_whole_and_the_others_are_counted(width: int, text: str) -> None:
    assert drawn(STATE, width) == text


def test_a_part_that_is_a_name_keeps_its_end() -> None:
    assert drawn((Span("aks-general-31014545-vmss00000e"),), 16) == "aks-g…vmss00000e"


def test_what_one_column_has_no_use_for_the_others_have() -> None:
    columns = (Column("name", share=5, most=40), Column("state", share=3), Column("pods", 6))
    assert [slot.width for slot in lay_out(columns, 60)] == [30, 18, 6]
    assert [slot.width for slot in lay_out(columns, 120)] == [40, 68, 6]


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=4), st.lists(st.integers(0, 60), min_size=4, max_size=4), st.integers(1, 250)
)
def test_columns_fill_exactly_the_room(shares: list[int], most: list[int], width: int) -> None:
    columns = [Column("", share=share, most=limit) for share, limit in zip(shares, most, strict=False)]
    slots = lay_out(columns, width)
    used = sum(slot.width for slot in slots) + 2 * (len(slots) - 1) + 2
    assert used == max(width, 2 * len(slots))
    assert all(slot.width >= 0 for slot in slots)


@given(st.lists(st.text(alphabet="ab/:@ …·é漢0123456789", max_size=30), max_size=4), st.integers(0, 60), st.booleans())
def test_a_cut_cell_is_never_wider_than_its_room(texts: list[str], width: int, from_middle: bool) -> None:
    cell = tuple(Span(text, str(index)) for index, text in enumerate(texts))
    spans, used = cut(cell, width, from_middle=from_middle)
    assert used == sum(width_of(span.text) for span in spans) <= width
    spans, used = cut_parts(cell, width)
    assert used == sum(width_of(span.text) for span in spans) <= max(width, 0)
