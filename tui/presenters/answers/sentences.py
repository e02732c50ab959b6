"""Sentences of answers, and how they stay short: at most five lines of the narrowest screen, without anything cut off.

Every sentence has wordings, the fullest first. Each gets the fullest that fits one line; while there are lines to spare, some get
a fuller one on two. The wording does not depend on the width of the screen, so that a band, a report and a copy say
the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tui.domain.common.trust import State
from tui.presenters.words import count

__all__ = [
    "LABEL",
    "MARKS",
    "MOST_LINES",
    "ROOM",
    "AnswerSentence",
    "composed",
    "first_of",
    "fitted",
    "named",
    "spelled",
    "worded",
]

LABEL = 8
"""Cells for the word that a sentence stands under."""
ROOM = 69
"""Cells of a sentence on one line of 80: without the sign and the label."""
MOST_LINES = 5
_FIRST = ("wrong", "fix", "unknown", "runs")
"""What gets a line to spare before the others do."""
_TWO_LINES = 2 * ROOM - 20
"""Cells of a sentence that two lines hold wherever they break."""


MARKS = {State.PASS: "✔", State.WARN: "▲", State.FAIL: "✘", State.UNKNOWN: "?", State.OFF: "-"}
"""Signs within a sentence, after what they are about."""
_SPELLED = {"✔": "yes", "▲": "with a warning", "✘": "no", "?": "unknown", "-": "not asked"}
_MARKED = re.compile(r"(\S+) ([✔▲✘?-])(?: |$)")


class AnswerSentence(NamedTuple):
    """One sentence of the answer, the word that it stands under, and what it means.

    `fuller` are wordings that say more, the fullest first: they are taken while there are lines to spare.
    """

    label: str
    words: str
    state: State = State.OFF
    fuller: tuple[str, ...] = ()


def worded(label: str, wordings: Sequence[str], state: State = State.OFF) -> AnswerSentence:
    """A sentence by its wordings, the fullest first: in that which fits one line, with those that say more beside it."""
    words = fitted(*wordings)
    return AnswerSentence(label, words, state, tuple(wordings[: wordings.index(words)]))


def composed(sentences: Iterable[AnswerSentence]) -> list[AnswerSentence]:
    """The sentences in their final wordings."""
    final = list(sentences)
    spare = MOST_LINES - sum(1 if len(sentence.words) <= ROOM else 2 for sentence in final)
    for place in sorted(range(len(final)), key=lambda place: _rank(final[place].label)):
        sentence = final[place]
        fuller = next((words for words in sentence.fuller if len(words) <= _TWO_LINES), "") if spare > 0 else ""
        spare -= bool(fuller)
        final[place] = AnswerSentence(sentence.label, fuller or sentence.words, sentence.state)
    return final


def _rank(label: str) -> int:
    return _FIRST.index(label) if label in _FIRST else len(_FIRST)


def fitted(*wordings: str) -> str:
    """The first of the wordings that fits one line; the last one, which is the shortest, where none does."""
    return next((wording for wording in wordings if len(wording) <= ROOM), wordings[-1])


def first_of(names: Sequence[str], most: int) -> str:
    """The first few names, and how many more there are."""
    more = f" and {count(len(names) - most)} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def named(counted: Sequence[tuple[str, int]], most: int, unnamed: str = "more") -> str:
    """`team-a 8, team-b 5, 12 more teams`: the first few with their numbers, and how many more there are."""
    more = len(counted) - most
    unnamed = unnamed.removesuffix("s") if more == 1 and unnamed.startswith("more ") else unnamed
    names = [f"{name} {count(number)}" for name, number in counted[:most]]
    return ", ".join([*names, *([f"{count(more)} {unnamed}"] if more > 0 else [])])


def spelled(words: str) -> str:
    """The same for who hears it: `repo yes, tag no, digest unknown` for `repo ✔ tag ✘ digest ?`."""
    marked = _MARKED.findall(words)
    if not marked or "".join(f"{step} {sign} " for step, sign in marked).strip() != words:
        return words
    return ", ".join(f"{step} {_SPELLED[sign]}" for step, sign in marked)
