"""Names are found by a few of their letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tui.domain.common.fuzzy import PIECE, NameSearch

NAMES = [
    "payments/payments-api",
    "payments/api",
    "shop/web",
    "kube-system/coredns",
    "platform/api-gateway",
    "data/reports",
    "api",
]


def found(letters: str, names: list[str] | None = None, most: int = 10) -> list[str]:
    """The names themselves."""
    names = NAMES if names is None else names
    return [names[number] for number in NameSearch(names).best(letters, most)]


@pytest.mark.parametrize(
    ("letters", "names"),
    [
        ("api", ["api", "payments/api", "platform/api-gateway", "payments/payments-api"]),
        ("API", ["api", "payments/api", "platform/api-gateway", "payments/payments-api"]),
        ("cdns", ["kube-system/coredns"]),
        ("shw", ["shop/web"]),
        ("pay api", ["payments/api", "payments/payments-api"]),
        ("zz", []),
        ("", []),
        (".*", []),
        ("]^", []),
    ],
)
def test_the_best_comes_first(letters: str, names: list[str]) -> None:
    assert found(letters) == names


def test_a_name_with_every_letter_a_thousand_times_costs_no_more_than_its_length() -> None:
    assert found("a" * 30 + "b", ["a" * 20_000, "ab" * 10_000]) == ["ab" * 10_000]


def test_what_is_not_wanted_any_more_is_not_looked_for() -> None:
    looks = iter([True, False])
    assert NameSearch(["a"] * (PIECE * 3)).best("a", 5, lambda: next(looks)) == []


@examples(200)
@given(st.lists(st.text("ab/-\n\\^]", max_size=6), max_size=8), st.text("ab/-^]\\", min_size=1, max_size=4))
def test_exactly_the_names_are_found_that_have_the_letters_in_order(names: list[str], letters: str) -> None:
    def has(name: str) -> bool:
        rest = iter(name)
        return all(letter in rest for letter in letters)

    assert sorted(NameSearch(names).best(letters, 100)) == [number for number, name in enumerate(names) if has(name)]
