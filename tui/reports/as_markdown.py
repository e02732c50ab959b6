"""`-o markdown`: the table report as a GitHub table, for a pull request or a page of a wiki."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.domain.common.text import clean
from tui.presenters.answers.markdown import answer_markdown
from tui.reports.as_table import footer_lines, table_of
from tui.reports.document import Document, Format, ReportScope

__all__ = ["FORMAT"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&@:-])")


def _render(document: Document) -> Iterator[bytes]:
    if document.answer is not None:
        yield f"{answer_markdown(document.answer)}\n".encode(errors="replace")
    heads, rows = table_of(document)
    yield _line(head.title for head in heads)
    yield _line("---:" if head.right else "---" for head in heads)
    for row in rows:
        yield _line(_text(cell.text) for cell in row)
    yield b"\n"
    for line in footer_lines(document):
        yield f"{_text(line)}  \n".encode(errors="replace")


def _line(cells: Iterator[str]) -> bytes:
    return f"| {' | '.join(cells)} |\n".encode(errors="replace")


def _text(text: str) -> str:
    """Text that means nothing to Markdown or HTML: no link, no mention, no cell of its own."""
    return _SPECIAL.sub(r"\\\1", clean(text)).replace("<", "&lt;")


FORMAT = Format(ReportScope.IMAGES, _render, read_by_people=True)
