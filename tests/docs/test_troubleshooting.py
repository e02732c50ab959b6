"""What the page of troubleshooting quotes is what the program says."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.docs.sentences import sentences
from tests.parsed import SYNTAX

pytestmark = SYNTAX
PAGE = Path(__file__).resolve().parents[2] / "docs" / "troubleshooting.md"
QUOTED = tuple(quoted for quoted in re.findall(r"(?<![*\w])\*([^*\n]+)\*(?!\*)", PAGE.read_text(encoding="utf-8")))
FILLED_IN = re.compile(r"\\?…|\b[XY]\b")
"""What stands for anything in a quotation: `X`, `Y` and `…`."""


@cache
def said() -> tuple[str, ...]:
    """Every text once."""
    return tuple(dict.fromkeys(sentence.text for sentence in sentences()))


def test_messages_are_quoted() -> None:
    """A page without quotations would prove nothing."""
    assert len(QUOTED) > 20


@pytest.mark.parametrize("quoted", QUOTED)
def test_a_quoted_message_is_one_of_the_program(quoted: str) -> None:
    pattern = re.compile(".*".join(re.escape(part.strip()) for part in FILLED_IN.split(quoted)))
    assert any(pattern.search(text) for text in said()), quoted
