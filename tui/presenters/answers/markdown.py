"""Answers as Markdown, ready for a ticket."""

from __future__ import annotations

from datetime import UTC, datetime

from tui.domain.answers.answer import Answer
from tui.presenters.answers.table import answer_sentences
from tui.presenters.markdown import inert

__all__ = ["answer_markdown", "moment"]


def answer_markdown(answer: Answer) -> str:
    """The question, its sentences, and as of when."""
    sentences = [f"- **{sentence.label}** {inert(sentence.words)}" for sentence in answer_sentences(answer)]
    return "\n".join((f"## {inert(answer.question.text)}", "", *sentences, "", f"As of {moment(answer.now)}.")) + "\n"


def moment(at: datetime) -> str:
    """A moment on a clock that everybody has."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
