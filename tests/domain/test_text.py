"""Numbers with their nouns."""

from __future__ import annotations

import pytest

from tui.domain.common.text import plural


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (1, "pod", "1 pod"),
        (0, "pod", "0 pods"),
        (1, "registry", "1 registry"),
        (2_000, "registry", "2,000 registries"),
        (2, "identity", "2 identities"),
        (3, "key", "3 keys"),
    ],
)
def test_a_number_and_its_noun_agree(number: int, noun: str, words: str) -> None:
    assert plural(number, noun) == words
