"""Questions put to a snapshot."""

from __future__ import annotations

from tui.domain.answers.answer import Answer
from tui.domain.answers.context import AnswerContext, AnswerIndex
from tui.domain.answers.question import question_of
from tui.domain.answers.table import answer
from tui.domain.query.query import parse_query
from tui.domain.snapshot.snapshot import Snapshot

__all__ = ["answered"]


def answered(snapshot: Snapshot, text: str) -> Answer:
    """The answer to a query, asked when the snapshot was made."""
    query, index = parse_query(text), AnswerIndex(snapshot)
    question = question_of(query.terms)
    assert question is not None
    return answer(AnswerContext(index, question, query.images(index, snapshot.as_of), snapshot.as_of))
