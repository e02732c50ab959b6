"""A key or a click on a number changes one condition of the query."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tui.domain.common.trust import CheckName, State
from tui.domain.query.language import parse_terms
from tui.domain.query.refine import asked_check, asked_verdict, with_check, with_verdict


@pytest.mark.parametrize(
    ("query", "verdict", "becomes"),
    [
        ("", State.FAIL, "verdict:fail"),
        ("ns:prod", State.FAIL, "ns:prod verdict:fail"),
        ("verdict:fail ns:prod", State.UNKNOWN, "ns:prod verdict:unknown"),
        ("ns:prod verdict:fail", None, "ns:prod"),
        ("-verdict:pass", State.WARN, "-verdict:pass verdict:warn"),
    ],
)
def test_one_verdict_takes_the_place_of_another(query: str, verdict: State | None, becomes: str) -> None:
    assert with_verdict(query, verdict) == becomes
    assert asked_verdict(becomes) is verdict


@pytest.mark.parametrize(
    ("query", "end", "becomes"),
    [
        ("", (CheckName.SCAN, State.FAIL), "is:running check:scan=fail"),
        ("is:running check:scan=fail", (CheckName.BASE, State.UNKNOWN), "is:running check:base=unknown"),
        ("ns:a is:running", (CheckName.SCAN, State.FAIL), "ns:a is:running check:scan=fail"),
        ("is:running check:scan=fail ns:a", None, "ns:a"),
        ("check:scan=fail", (CheckName.BASE, State.FAIL), "is:running check:base=fail"),
        ("-check:base=pass", (CheckName.SCAN, State.FAIL), "-check:base=pass is:running check:scan=fail"),
    ],
)
def test_one_check_takes_the_place_of_another(query: str, end: tuple[CheckName, State] | None, becomes: str) -> None:
    assert with_check(query, end) == becomes
    assert asked_check(becomes) == end


@examples(60)
@given(
    st.sampled_from(["", "ns:a", "api -is:stuck", '"a b" age>9d', "nonsense:"]),
    st.sampled_from([None, State.FAIL, State.UNKNOWN, State.PASS]),
)
def test_what_is_refined_parses_and_going_back_leaves_the_rest(query: str, verdict: State | None) -> None:
    refined = with_verdict(query, verdict)
    parse_terms(refined)
    assert with_verdict(refined, None) == ("" if query == "nonsense:" else query)
