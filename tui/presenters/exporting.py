"""The rows of a view as a file: Markdown with the answer above them, CSV for a spreadsheet, or plain text."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from tui.domain.common.text import clean
from tui.presenters.answers.markdown import answer_markdown, moment
from tui.presenters.glyphs import Glyphs
from tui.presenters.markdown import inert
from tui.presenters.spreadsheet import cell_of
from tui.presenters.words import plural
from widgets.rows import Cell, Column, RowKey, TreeModel

if TYPE_CHECKING:
    from tui.domain.answers.answer import Answer

__all__ = ["FORMATS", "Exported", "exported", "format_of"]

_PICTURES = ("subtree",)
"""Columns that are drawn: their colours say nothing in a file."""
_MOST_CELLS = 64


class Exported(NamedTuple):
    """What is exported: what the view is called under its filter, the answer above its rows, their titles, and the rows.

    The first cell of a row is how deep it stands, the second its verdict in a word.
    """

    title: str
    moment: datetime
    answer: Answer | None
    titles: Sequence[str]
    rows: Sequence[Sequence[str]]


def exported(
    title: str, moment: datetime, answer: Answer | None, tree: tuple[TreeModel, Sequence[RowKey]], glyphs: Glyphs
) -> Exported:
    """The unfolded rows of a view, with every column whatever the width of the terminal."""
    model, keys = tree
    columns = [number for number, column in enumerate(model.columns()) if _is_told(column, model.columns())]
    titles = ["level", "verdict", *(model.columns()[number].title for number in columns)]
    verdicts = {sign: str(state) for state, sign in glyphs.states.items()}
    rows: list[list[str]] = []
    for key in keys:
        row = model.row(key)
        cells = [_text(row.cells[number]) for number in columns]
        rows.append([str(len(key) - 1), verdicts.get(row.glyph.text.strip(), ""), *cells])
    return Exported(title, moment, answer, titles, rows)


def _is_told(column: Column, columns: Sequence[Column]) -> bool:
    """Whether a column belongs into a file: of those that stand for each other by width, the one for the widest."""
    twins = [other for other in columns if other.title == column.title]
    return column.title not in _PICTURES and column is max(twins, key=lambda other: other.from_width)


def _text(cell: Cell) -> str:
    return clean("".join(span.text for span in cell)).strip()


def _markdown(page: Exported) -> str:
    lead = (
        answer_markdown(page.answer) if page.answer is not None else f"## {inert(page.title)}\n\nAs of {moment(page.moment)}.\n"
    )
    head = [f"| {' | '.join(page.titles[1:])} |", f"|{'---|' * (len(page.titles) - 1)}"]
    lines = []
    for level, verdict, name, *more in page.rows:
        cells = [verdict, "· " * int(level) + inert(name), *map(inert, more)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join((lead, f"{inert(page.title)}: {plural(len(page.rows), 'row')}.", "", *head, *lines)) + "\n"


def _csv(page: Exported) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(page.titles)
    writer.writerows([int(level), *map(cell_of, cells)] for level, *cells in page.rows)
    return text.getvalue()


def _plain(page: Exported) -> str:
    rows = [
        page.titles[1:],
        *([verdict, "  " * int(level) + name, *more] for level, verdict, name, *more in page.rows),
    ]
    widths = [min(_MOST_CELLS, max(len(row[number]) for row in rows)) for number in range(len(page.titles) - 1)]
    lines = ("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join((f"{page.title}, as of {moment(page.moment)}", "", *lines)) + "\n"


FORMATS: Mapping[str, Callable[[Exported], str]] = {".md": _markdown, ".csv": _csv, ".txt": _plain}
"""How rows are written, by how the name of the file ends."""


def format_of(name: str) -> Callable[[Exported], str]:
    """The format of a file's name; Markdown where it does not end as any is called."""
    return FORMATS.get(PurePath(name).suffix.lower(), _markdown)
