"""`@name` stands for the terms of a query that was saved."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tui.domain.query.query import parse_query
from tui.domain.query.saved import expand, is_name, parse_expanded
from tui.errors import InvalidQuery

SAVED = {"urgent": "is:running sev>=critical", "prod": "ns:prod", "a.b-c_1": 'team:"a b"', "broken": "is:stu"}


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("@urgent", "is:running sev>=critical"),
        ("api @urgent base:debian", "api is:running sev>=critical base:debian"),
        ("@prod @urgent", "ns:prod is:running sev>=critical"),
        ("-@prod", "-ns:prod"),
        ("@a.b-c_1 x", 'team:"a b" x'),
        ('"@urgent"', '"@urgent"'),
        ('ns:"a @urgent b"', 'ns:"a @urgent b"'),
        ("@sha256:abcd", "@sha256:abcd"),
        ("payments/api@sha256:abcd", "payments/api@sha256:abcd"),
        ("me@urgent", "me@urgent"),
        ("", ""),
    ],
)
def test_a_name_stands_for_its_terms(text: str, means: str) -> None:
    assert expand(text, SAVED).text == means
    assert parse_query(parse_expanded(text, SAVED)) == parse_query(means)


@pytest.mark.parametrize(
    ("text", "position", "headline"),
    [
        ("ns:x @nope", 5, "There is no saved query “nope”."),
        ("@", 0, "There is no saved query “”."),
        ("x -@urgent", 2, "The saved query “urgent” has 2 terms and cannot be negated."),
        ("@broken", 0, "The saved query “broken” is wrong: “stu” is not a value of `is`."),
        ("@urgent is:stu", 11, "“stu” is not a value of `is`."),
        ("@prod @urgent nonsense:x", 14, "“nonsense” is not a key."),
    ],
)
def test_a_fault_is_where_it_was_typed(text: str, position: int, headline: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        parse_expanded(text, SAVED)
    assert (caught.value.position, caught.value.headline) == (position, headline)


def test_a_name_that_nothing_has_is_answered_with_those_there_are() -> None:
    with pytest.raises(InvalidQuery) as caught:
        expand("@urgnt", {"urgent": "is:running", "mine": "team:web"})
    assert caught.value.remedy == "Did you mean `@urgent`? Saved queries are mine, urgent."
    with pytest.raises(InvalidQuery) as caught:
        expand("@x", {})
    assert "[queries]" in caught.value.remedy


@examples(200)
@given(st.text('ns:-"\\ @ab', max_size=20))
def test_without_a_saved_query_a_text_is_itself_or_names_one(text: str) -> None:
    with suppress(InvalidQuery):
        assert expand(text, {}).text == text


@pytest.mark.parametrize(
    ("name", "good"),
    [("a", True), ("Urgent-1.x_y", True), ("", False), ("-a", False), ("a b", False), ("a" * 41, False), ("é", False)],
)
def test_names_are_short_words(name: str, good: bool) -> None:
    assert is_name(name) is good
