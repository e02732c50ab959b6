"""Sentences of answers, and how they stay short: the fullest wording that fits one line of the narrowest screen is taken.

The wording does not depend on the width of the screen, so that a band, a report and a copy say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tui.domain.common.trust import State
from tui.presenters.words import count

__all__ = ["LABEL", "ROOM", "AnswerSentence", "first_of", "fitted", "named"]

LABEL = 8
"""Cells for the word that a sentence stands under."""
ROOM = 68
"""Cells of a sentence on one line of 80: without the sign, the label and the edge."""


class AnswerSentence(NamedTuple):
    """One sentence of the answer, the word that it stands under, and what it means."""

    label: str
    words: str
    state: State = State.OFF


def fitted(*wordings: str) -> str:
    """The first of the wordings that fits one line; the last one, which is the shortest, where none does."""
    return next((wording for wording in wordings if len(wording) <= ROOM), wordings[-1])


def first_of(names: Sequence[str], most: int) -> str:
    """The first few names, and how many more there are."""
    more = f" +{len(names) - most}" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def named(counted: Sequence[tuple[str, int]], most: int, rest: str = "more") -> str:
    """`team-a 8, team-b 5, 12 more teams`: the first few with their numbers, and how many more there are."""
    more = len(counted) - most
    names = [f"{name} {count(number)}" for name, number in counted[:most]]
    return ", ".join([*names, *([f"{count(more)} {rest}"] if more > 0 else [])])
