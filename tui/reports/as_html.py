"""`-o html`: the table report as one page without scripts and without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from tui.domain.answers.answer import Answer
from tui.domain.common.text import clean
from tui.presenters.answers.table import answer_sentences
from tui.reports.as_table import COLOURS, footer_lines, table_of
from tui.reports.columns import Cell, Head
from tui.reports.document import Document, Format, ReportScope

__all__ = ["FORMAT"]

_HEAD = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>trustree</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
:root { color-scheme: light dark } body { font: 14px/1.4 system-ui, sans-serif; margin: 2em }
table { border-collapse: collapse } th, td { padding: .3em .8em; text-align: left; vertical-align: top }
th { border-bottom: 2px solid } tr:nth-child(even) td { background: #8881 } .right { text-align: right }
.c31 { color: #c22 } .c32 { color: #282 } .c33 { color: #a60 } .c35 { color: #93c }
</style></head><body>
<h1>trustree</h1>
"""


def _render(document: Document) -> Iterator[bytes]:
    heads, rows = table_of(document)
    yield _HEAD.encode()
    if document.answer is not None:
        yield from _answer(document.answer)
    yield b"<table>\n<thead><tr>" + b"".join(f"<th{_class(head)}>{_text(head.title)}</th>".encode() for head in heads)
    yield b"</tr></thead>\n<tbody>\n"
    for row in rows:
        cells = (_cell(head, cell) for head, cell in zip(heads, row, strict=True))
        yield f"<tr>{''.join(cells)}</tr>\n".encode(errors="replace")
    yield b"</tbody></table>\n"
    for line in footer_lines(document):
        yield f"<p>{_text(line)}</p>\n".encode(errors="replace")
    yield b"</body></html>\n"


def _answer(answer: Answer) -> Iterator[bytes]:
    yield f"<h2>{_text(answer.question.text)}</h2>\n<dl>\n".encode(errors="replace")
    for sentence in answer_sentences(answer):
        colour = COLOURS.get(sentence.state, "") if sentence.label == "runs" else ""
        mark = f' class="c{colour}"' if colour else ""
        yield f"<dt>{_text(sentence.label)}</dt><dd{mark}>{_text(sentence.words)}</dd>\n".encode(errors="replace")
    yield b"</dl>\n"


def _cell(head: Head, cell: Cell) -> str:
    return f"<td{_class(head, cell)}>{_text(cell.text)}</td>"


def _class(head: Head, cell: Cell | None = None) -> str:
    names = [*(["right"] if head.right else []), *([f"c{cell.colour}"] if cell is not None and cell.colour else [])]
    return f' class="{" ".join(names)}"' if names else ""


def _text(text: str) -> str:
    return escape(clean(text))


FORMAT = Format(ReportScope.IMAGES, _render, read_by_people=True)
