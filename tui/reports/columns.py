"""Aligned plain text: every cell is cleaned, measured in terminal cells, and cut only when the line must fit."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tui.domain.common.text import clean

__all__ = ["Cell", "Head", "cells", "lines", "plain"]

GAP = "  "
LEAST = 8
_ASCII = str.maketrans({"…": "~", "–": "-", "—": "-", "·": "-", "→": ">", "“": '"', "”": '"', "’": "'"})


class Head(NamedTuple):
    """A column: its title, and whether numbers stand right; `gives` columns are cut first when the line is too long."""

    title: str
    right: bool = False
    gives: bool = False


class Cell(NamedTuple):
    """A text and the SGR code of its colour, empty for none."""

    text: str
    colour: str = ""


def lines(heads: Sequence[Head], rows: Sequence[Sequence[Cell]], width: int, colour: bool, unicode: bool) -> Iterator[str]:
    """A header and the rows; `width` 0 means that nothing is cut."""
    table = [
        [Cell(head.title) for head in heads],
        *([Cell(plain(cell.text, unicode), cell.colour) for cell in row] for row in rows),
    ]
    widths = [max(cells(row[column].text) for row in table) for column in range(len(heads))]
    if width:
        widths = _fitted(heads, widths, width)
    for row in table:
        yield _line(heads, row, widths, colour, unicode)


def plain(text: str, unicode: bool) -> str:
    """The text with nothing in it that a terminal obeys, in ASCII where nothing else can be shown."""
    text = clean(text)
    return text if unicode else text.translate(_ASCII).encode("ascii", "replace").decode()


def _line(heads: Sequence[Head], row: Sequence[Cell], widths: Sequence[int], colour: bool, unicode: bool) -> str:
    parts = []
    for head, cell, width in zip(heads, row, widths, strict=True):
        text = _cut(cell.text, width, "…" if unicode else "~")
        space = " " * (width - cells(text))
        shown = f"\x1b[{cell.colour}m{text}\x1b[0m" if colour and cell.colour and text else text
        parts.append(space + shown if head.right else shown + space)
    return GAP.join(parts).rstrip()


def _fitted(heads: Sequence[Head], widths: Sequence[int], width: int) -> list[int]:
    """Widths that fit the line: the widest column that gives is narrowed until it does, or nothing can give any more."""
    fitted = list(widths)
    over = sum(fitted) + len(GAP) * (len(fitted) - 1) - width
    while over > 0:
        giving = [column for column, head in enumerate(heads) if head.gives and fitted[column] > LEAST]
        if not giving:
            break
        widest = max(giving, key=fitted.__getitem__)
        fitted[widest] -= 1
        over -= 1
    return fitted


def _cut(text: str, width: int, mark: str) -> str:
    if cells(text) <= width:
        return text
    beginning, used = "", 1
    for character in text:
        used += cells(character)
        if used > width:
            break
        beginning += character
    return beginning + mark


def cells(text: str) -> int:
    """How many terminal cells a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
