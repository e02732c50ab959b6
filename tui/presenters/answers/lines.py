"""An answer as the lines of the band above the rows."""

from __future__ import annotations

from tui.domain.answers.answer import Answer
from tui.domain.common.trust import State
from tui.presenters.answers.sentences import LABEL
from tui.presenters.answers.table import answer_sentences
from tui.presenters.glyphs import ROLE, Glyphs
from widgets.rows import Span, TextLine
from widgets.text import wrap

__all__ = ["answer_lines"]

SIGN = 3
_JUDGED = ("runs", "unknown")
"""The sentences whose state is a sign beside them."""


def answer_lines(answer: Answer, width: int, glyphs: Glyphs) -> list[TextLine]:
    """The sentences under their labels, wrapped."""
    lines: list[TextLine] = []
    for label, words, state in answer_sentences(answer):
        role = ROLE[state] if state is not State.OFF else "dim"
        sign = glyphs.states[state] if label in _JUDGED else " "
        first, *continuation = wrap(words, max(20, width - LABEL - SIGN - 1)) or [""]
        lines.append(TextLine((Span(f" {sign} ", role), Span(f"{label:<{LABEL}}", "dim"), Span(first, _role(label, state)))))
        lines += [TextLine((Span(" " * (LABEL + SIGN) + part, _role(label, state)),)) for part in continuation]
    return lines


def _role(label: str, state: State) -> str:
    if label == "runs":
        return f"{ROLE[state]} bold"
    return "unknown" if state is State.UNKNOWN else ""
