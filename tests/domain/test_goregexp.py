"""Patterns of constraints: RE2's meaning (google/re2, syntax page), in linear time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tui.domain.common.goregexp import Unsupported, compile_pattern, matches

AZURE = r"^([^\/]+\.azurecr\.io|registry\.io)\/.+$"  # the example in Azure Policy's own description of the parameter


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (AZURE, "contoso.azurecr.io/app:1", True),
        (AZURE, "registry.io/app", True),
        (AZURE, "contoso.azurecr.io.evil.com/app", False),
        (AZURE, "evil.com/contoso.azurecr.io/app", False),
        (r"^[^\/]+\.azurecr\.io\/.+$", "docker.io/library/nginx", False),
        ("nginx", "docker.io/library/nginx:1", True),
        ("a$", "a\n", False),
        (r"a\z", "a", True),
        (r"\Aa", "ba", False),
        ("(?i)NGINX", "nginx", True),
        ("x(?i)A", "Xa", False),
        ("(?i:a)b", "Ab", True),
        ("(?i:a)b", "AB", False),
        ("(?P<host>a+)/b", "aa/b", True),
        ("(?<host>a+)/b", "/b", False),
        ("^a{2,3}$", "aaaa", False),
        ("^a{2,}?$", "aaaa", True),
        ("a{,2}", "a{,2}", True),
        ("^(|x)$", "", True),
        (r"^\Qa.b\E$", "a.b", True),
        (r"^\Qa.b\E$", "axb", False),
        (r"^[[:alpha:]\d_-]+$", "a1_-", True),
        ("^[]a]+$", "]a", True),
        ("^[^a-c]$", "b", False),
        (r"\bapp\b", "my-app:1", True),
        (r"\bapp\b", "myapp", False),
        (r"^\x41\x{42}$", "AB", True),
        ("^.$", "\n", False),
        ("(?s)^.$", "\n", True),
        ("(?m)^b$", "a\nb\nc", True),
    ],
)
def test_what_go_would_say(pattern: str, text: str, found: bool) -> None:
    assert matches(pattern, text) is found


@pytest.mark.parametrize(
    "pattern", ["(?=a)", "(?<=a)b", r"(a)\1", "a**", "(a", "a)", "[a", "[z-a]", "*", r"\pN", "a{2000}", "(" * 90]
)
def test_what_re2_or_we_do_not_know_is_not_guessed_at(pattern: str) -> None:
    with pytest.raises(Unsupported):
        compile_pattern(pattern)
    assert matches(pattern, "a") is None


# What Go 1.26 says of them (regexp.Compile and MatchString), where RE2 would say otherwise.
@pytest.mark.parametrize(
    ("pattern", "why"), [(r"\C", "single byte"), ("(?<\u00e9>a)", "name"), (r"[\PN]", "Unicode"), ("(" * 300, "deep")]
)
def test_what_re2_takes_and_go_does_not_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(Unsupported, match=why):
        compile_pattern(pattern)


def test_what_only_looks_like_it_is_taken() -> None:
    assert matches(r"^\\C$", "\\C") is True
    assert matches(r"^\Q\C\E$", "\\C") is True
    assert matches("\\(?<\u00e9>", "<\u00e9>") is True


def test_no_edge_lies_inside_of_a_character() -> None:
    assert matches(r"\B", "\u00c9b") is None  # Go: no; RE2: yes, between the two bytes
    assert matches(r"b\B", "bb") is True


def test_half_a_character_is_no_text() -> None:
    assert matches("a", "\ud800") is None
    assert matches("\ud800", "a") is None


def test_a_bad_pattern_says_nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    assert matches("(a", "a") is None
    assert matches(r"(?i)(\w{0,500}x){1}" * 60, "kx" * 500) is None
    assert capfd.readouterr() == ("", "")


def test_patterns_that_hang_backtracking_engines_are_answered() -> None:
    assert matches("^(a+)+$", "a" * 200 + "!") is False
    assert matches("^(a|a)*$", "a" * 200 + "!") is False
    assert matches(".*.*.*.*.*=.*", "x" * 200) is False
    assert matches("(a{1,100}){1,100}", "b") is None


PARTS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "a|b", "^", "$", "(a)", "(?:b|ab)", r"\.", r"\d", r"\w"])
PATTERNS = st.lists(st.tuples(PARTS, st.sampled_from(["", "*", "+", "?", "{2}", "{1,2}", "*?"])), max_size=5)


@examples(300)
@given(PATTERNS, st.text("ab.1", max_size=8))
def test_agrees_with_re_where_both_mean_the_same(parts: list[tuple[str, str]], text: str) -> None:
    pattern = "".join(f"(?:{part}){sign}" if part not in "^$" else part for part, sign in parts)
    assert matches(pattern, text) is (re.search(pattern, text) is not None)
