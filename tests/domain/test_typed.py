"""What of a query is asked while it is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tui.domain.query.typed import live_query


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("n", ""),
        ("-x", ""),
        ("7", ""),
        ("日", ""),
        ("e\u0301", ""),  # one character, of two code points
        ("ns:prod n", "ns:prod "),
        ("ns:prod -n", "ns:prod "),
        ("ng", "ng"),
        ("-xy", "-xy"),
        ("10", "10"),
        ("日本", "日本"),
        ("n ", "n "),  # a space ends the word
        ("n is:running", "n is:running"),
        ('"n"', '"n"'),
        ("ns:a", "ns:a"),
        ("", ""),
        ("-", "-"),
    ],
)
def test_a_bare_word_is_asked_from_its_second_character_on(text: str, live: str) -> None:
    assert live_query(text, len(text)) == live


def test_it_is_the_word_at_the_cursor_that_waits() -> None:
    assert live_query("n is:running", 1) == " is:running"
    assert live_query("n is:running", 12) == "n is:running"
    assert live_query("ng", 1) == "ng"
    assert live_query("n", 9) == ""


@examples(200)
@given(st.text(alphabet='ab-:" \u65e5'), st.integers(0, 9))
def test_all_else_is_asked_as_it_stands(text: str, cursor: int) -> None:
    assert len(text) - len(live_query(text, cursor)) <= len("-x")
