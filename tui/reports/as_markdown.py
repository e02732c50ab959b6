"""`-o markdown`: the table report as a GitHub table, for a pull request or a page of a wiki."""

from __future__ import annotations

from collections.abc import Iterator

from tui.presenters.answers.markdown import answer_markdown, markdown_text
from tui.reports.as_table import footer_lines, table_of
from tui.reports.document import Document, Format, ReportScope

__all__ = ["FORMAT"]


def _render(document: Document) -> Iterator[bytes]:
    if document.answer is not None:
        yield from (f"{line}\n".encode(errors="replace") for line in answer_markdown(document.answer))
        yield b"\n"
    heads, rows = table_of(document)
    yield _line(head.title for head in heads)
    yield _line("---:" if head.right else "---" for head in heads)
    for row in rows:
        yield _line(markdown_text(cell.text) for cell in row)
    yield b"\n"
    for line in footer_lines(document):
        yield f"{markdown_text(line)}  \n".encode(errors="replace")


def _line(cells: Iterator[str]) -> bytes:
    return f"| {' | '.join(cells)} |\n".encode(errors="replace")


FORMAT = Format(ReportScope.IMAGES, _render)
