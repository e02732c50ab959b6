"""An answer as Markdown, ready for a ticket: the question, its sentences, and as of when."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.domain.answers.answer import Answer
from tui.domain.common.text import clean
from tui.presenters.answers.table import answer_sentences

__all__ = ["answer_markdown", "markdown_text"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&@:-])")


def markdown_text(text: str) -> str:
    """Text that means nothing to Markdown or HTML: no link, no mention, no cell of its own."""
    return _SPECIAL.sub(r"\\\1", clean(text)).replace("<", "&lt;")


def answer_markdown(answer: Answer) -> Iterator[str]:
    """The lines of the answer."""
    yield f"### {markdown_text(answer.question.text)}"
    yield ""
    for sentence in answer_sentences(answer):
        yield f"- **{sentence.label}** {markdown_text(sentence.words)}"
    yield ""
    yield f"As of {answer.now:%Y-%m-%d %H:%M} UTC."
