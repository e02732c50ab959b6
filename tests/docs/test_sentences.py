"""What the program can say: no word twice in a row, no space gone astray, no insider's word; people read the rest."""

from __future__ import annotations

import re

import pytest

from tests.docs.sentences import Sentence, sentences
from tests.parsed import SYNTAX

pytestmark = SYNTAX
PATTERNS = ("common/redaction.py", "verification/cosign/wire.py")
"""Modules whose texts are patterns."""
INSIDERS = (
    r"\btells? of\b",
    r"\bis out(?! of)\b",
    r"whom the policy accepts",
    r"clock was reset",
    r"\bthe estate's parts\b",
    r"\bsnapshot group\b",
    r"\bpump\b",
    r"\bthe join\b",
    r"\b(?:TypeError|ValueError|KeyError|NoneType|Traceback)\b",
    r"\(s\)",
    r"\bmend(?:s|ed|ing)?\b",
    r"(?<!what )\bstands? on\b",
    r"\brids?\b",
    r"\btold of\b",
    r"\b(?:cannot|could not) be told\b(?! apart)",
    r"\b[Nn]o(?:thing|body) tells\b",
    r"\bnothing can be said\b",
    r"(?<![Tt]here )\bis (?:no|none)\b(?! (?:longer|more)\b)",
    r"\banew\b",
    r"\bon the way\b",
    r"\banswers? so\b",
    r"(?<!ever )\bwho runs\b",
    r"\bfor who is\b",
    r"\bwithout an end\b",
    r"\b(?:asked|tried) again\b",
    r"\btoday's (?:build|base)\b",
    r"\bnewest build of today\b",
    r"\btak(?:e|es|en|ing) (?:it |them )?up again\b",
    r"\bNothing is called so\b",
    r"\bsomething else than\b",
    r"\bkeeps? some of\b",
    r"\bas nobody is signed in\b",
    r"\bclock\b.*\breset\b|\breset (?:the|its) clock\b",
    r"\bcounts? for nothing\b",
)
"""Words of the code, turns that only its authors understand, and what is translated word by word: each was in a sentence once."""
FILLED_IN = re.compile("‹[^›]*›")
"""The name that a value has in the code."""
DOUBLED = re.compile(r"\b(?!that that\b|had had\b)([A-Za-z]+) \1\b(?!/)")
ASTRAY = re.compile(r"^[A-Z][^:`\n]*[a-z]  +[a-z]+[^:`\n]*\.$|\( [a-z]|,,|;;|(?<!\.)\.\.(?!\.)(?!/)")
ARTICLE = re.compile(r"\ba (?:[aeio]|un(?!i)|um)[a-z]+|\ban [bcdfgjklmnpqrtvwxyz][a-z]+")


def page() -> list[Sentence]:
    """What people read."""
    return [sentence for sentence in sentences() if not sentence.module.endswith(PATTERNS)]


def test_there_are_as_many_as_the_program_says() -> None:
    """The page is read by people: an empty one would prove nothing."""
    assert len(page()) > 2500
    assert {sentence.module.split("/")[1] for sentence in page()} >= {"domain", "presenters", "sources", "cli", "ui", "actions"}


@pytest.mark.parametrize("words", INSIDERS)
def test_no_insiders_words(words: str) -> None:
    assert not [_shown(sentence) for sentence in page() if re.search(words, FILLED_IN.sub("", sentence.text))]


def test_no_word_stands_twice_in_a_row() -> None:
    assert not [_shown(sentence) for sentence in page() if DOUBLED.search(sentence.text)]


def test_no_space_or_stop_has_gone_astray() -> None:
    assert not [_shown(sentence) for sentence in page() if ASTRAY.search(sentence.text)]


def test_articles_fit_their_nouns() -> None:
    assert not [_shown(sentence) for sentence in page() if ARTICLE.search(sentence.text)]


def _shown(sentence: Sentence) -> str:
    return f"{sentence.module}:{sentence.line}  {sentence.text}"
