"""YAML is what every reader of YAML takes for the value that it was made of."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tui.presenters.yaml import MOST_DEPTH, MOST_TEXT, yaml_lines

TRICKY = [
    "yes",
    "1_000",
    "12:30",
    "0x1f",
    "~",
    "- a",
    "a: b",
    "a #b",
    "2026-03-14",
    "|",
    "a\nb",
    "a\nb\n\n",
    "\ta\nb",
    " a\nb",
    "a:",
]
VALUES = st.recursive(
    st.none()
    | st.sampled_from([1e-06, -1e22, 5e-324, 1.5e16])
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(TRICKY),
    lambda inside: st.lists(inside) | st.dictionaries(st.text() | st.sampled_from(TRICKY), inside),
    max_leaves=30,
)


@given(VALUES)
def test_a_reader_gets_back_the_value(value: Any) -> None:
    assert yaml.safe_load("\n".join(yaml_lines(value)) + "\n") == json.loads(json.dumps(value))


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ({"a": {"b": [1, {"c": "d", "e": []}]}}, ["a:", "  b:", "  - 1", "  - c: d", "    e: []"]),
        ({"image": "contoso.azurecr.io/a/b:1@sha256:ab"}, ["image: contoso.azurecr.io/a/b:1@sha256:ab"]),
        ({"script": "set -e\nrun\n"}, ["script: |", "  set -e", "  run"]),
        ({"time": "2026-03-14T10:00:00Z", "no": "no"}, ['time: "2026-03-14T10:00:00Z"', '"no": "no"']),
        ({"bell": "a\x07\u2028b"}, ['bell: "a\\u0007\\u2028b"']),
        ({}, ["{}"]),
    ],
)
def test_it_is_laid_out_as_kubectl_does(value: Any, lines: list[str]) -> None:
    assert list(yaml_lines(value)) == lines


def test_what_is_deep_or_long_is_cut() -> None:
    deep: Any = "end"
    for _ in range(MOST_DEPTH + 10):
        deep = [deep]
    assert list(yaml_lines(deep))[-1].strip(" -") == "# deeper than is shown"
    assert next(iter(yaml_lines({"a": "x" * (MOST_TEXT + 1200)}))).endswith('… 1,200 more characters"')


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("p\u0430yments", '"p\\u0430yments"'),  # a Cyrillic а
        ("\u0440\u0430\u0443", '"\\u0440\\u0430\\u0443"'),  # Cyrillic letters alone, of which each looks Latin
        ("g\u03bfogle \u0442\u0435\u0441\u0442", '"g\\u03bfogle \\u0442\\u0435c\\u0442"'.replace("c", "\\u0441")),
        ("\u043f\u0440\u0438\u0432\u0435\u0442", '"\u043f\u0440\u0438\u0432\u0435\u0442"'),  # Russian
        ("\u03ba\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1", '"\u03ba\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1"'),  # Greek
        ("caf\u00e9", '"caf\u00e9"'),
        ("\u6f22", '"\u6f22"'),
    ],
)
def test_letters_that_pass_for_latin_ones_are_told(text: str, line: str) -> None:
    assert list(yaml_lines({text: 1})) == [f"{line}: 1"]
    assert list(yaml_lines(text)) == [line]
    assert yaml.safe_load(line) == text
