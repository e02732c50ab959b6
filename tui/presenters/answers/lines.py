"""An answer as the lines of the band above the rows."""

from __future__ import annotations

from tui.domain.answers.answer import Answer
from tui.domain.common.trust import State
from tui.presenters.answers.sentences import LABEL, AnswerSentence
from tui.presenters.answers.table import answer_sentences
from tui.presenters.glyphs import ROLE, Glyphs
from widgets.rows import Span, TextLine
from widgets.text import wrap

__all__ = ["answer_lines"]

SIGN = 3
_JUDGED = ("runs", "unknown")
"""The sentences whose state is a sign beside them."""
_LEAST_IMPORTANT = ("whose", "from", "wrong", "built", "trust", "when", "next", "steps")
"""What is left out first where there is little room."""
_ANSWERING = ("also", "pods", "fix", "moved", "pull", "lost")
"""What is left out only where rows would have no room at all."""


def answer_lines(answer: Answer, width: int, glyphs: Glyphs, most: int = 0, wanted: int = 0) -> list[TextLine]:
    """The sentences under their labels, wrapped. With `most` lines the least important sentences are left out, none is cut.

    Of more than `wanted` lines only those go that do not answer.
    """
    sentences = answer_sentences(answer)
    blocks = {sentence.label: _wrapped(sentence, width, glyphs) for sentence in sentences}
    for labels, limit in ((_LEAST_IMPORTANT, wanted or most), (_ANSWERING, most)):
        for label in labels:
            if limit and sum(map(len, blocks.values())) > limit:
                blocks.pop(label, None)
    return [line for block in blocks.values() for line in block]


def _wrapped(sentence: AnswerSentence, width: int, glyphs: Glyphs) -> list[TextLine]:
    label, state = sentence.label, sentence.state
    role = ROLE[state] if state is not State.OFF else "dim"
    sign = glyphs.states[state] if label in _JUDGED else " "
    first, *continuation = wrap(sentence.words, max(20, width - LABEL - SIGN)) or [""]
    lines = [TextLine((Span(f" {sign} ", role), Span(f"{label:<{LABEL}}", "dim"), Span(first, _role(label, state))))]
    return lines + [TextLine((Span(" " * (LABEL + SIGN) + part, _role(label, state)),)) for part in continuation]


def _role(label: str, state: State) -> str:
    if label == "runs":
        return f"{ROLE[state]} bold"
    return "unknown" if state is State.UNKNOWN else ""
