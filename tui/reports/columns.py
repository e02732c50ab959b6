"""Aligned plain text: every cell is cleaned, measured in terminal cells, and cut only when the line must fit."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from tui.domain.common.text import clean

__all__ = ["Cell", "Gives", "Head", "cells", "lines", "plain"]

GAP = "  "
LEAST = 8
_USUAL = 0.95
_ASCII = str.maketrans(
    {"…": "~", "–": "-", "—": "-", "·": "-", "→": ">", "✔": "+", "✘": "x", "▲": "!", "“": '"', "”": '"', "’": "'"}
)


class Gives(StrEnum):
    """What a column gives where the line is too long: reasons before names, and what never gives is never cut.

    Of a NAME the middle goes, of REASONS whole ones, which are counted, and of a TITLE or a SENTENCE the end.
    """

    NOTHING = "nothing"
    NAME = "name"
    TITLE = "title"
    REASONS = "reasons"
    SENTENCE = "sentence"


ENOUGH = {Gives.NAME: 36, Gives.TITLE: 30, Gives.REASONS: 21, Gives.SENTENCE: 26}
HALF = {Gives.NAME: 18, Gives.TITLE: 18, Gives.REASONS: 14, Gives.SENTENCE: 18}
"""What a column keeps for as long as others have more than they need, and then half of it."""


class Head(NamedTuple):
    """A column: its title, whether numbers stand right, what it gives, and from which width of a line on it is shown."""

    title: str
    right: bool = False
    gives: Gives = Gives.NOTHING
    from_width: int = 0


class Cell(NamedTuple):
    """A text and the SGR code of its colour, empty for none."""

    text: str
    colour: str = ""


def lines(heads: Sequence[Head], rows: Sequence[Sequence[Cell]], width: int, colour: bool, unicode: bool) -> Iterator[str]:
    """A header and the rows, each on one line; `width` 0 means that nothing is cut, and nothing left out."""
    shown = [column for column, head in enumerate(heads) if not width or head.from_width <= width]
    heads = [heads[column] for column in shown]
    table = [
        [Cell(head.title) for head in heads],
        *([Cell(plain(row[column].text, unicode), row[column].colour) for column in shown] for row in rows),
    ]
    values = [sorted(cells(row[column].text) for row in table) for column in range(len(heads))]
    widths = [_usual(head, lengths) for head, lengths in zip(heads, values, strict=True)]
    if width:
        widths = _fitted(heads, widths, [lengths[-1] for lengths in values], width)
    for row in table:
        yield _line(heads, row, widths, colour, unicode, cuts=bool(width))


def _usual(head: Head, lengths: Sequence[int]) -> int:
    """The width that nearly all cells of a column need: one that is much longer makes the others no longer."""
    return lengths[-1] if head.gives is Gives.NOTHING else lengths[min(int(_USUAL * len(lengths)), len(lengths) - 1)]


def plain(text: str, unicode: bool) -> str:
    """The text with nothing in it that a terminal obeys, in ASCII where nothing else can be shown."""
    text = clean(text)
    return text if unicode else text.translate(_ASCII).encode("ascii", "replace").decode()


def _line(heads: Sequence[Head], row: Sequence[Cell], widths: Sequence[int], colour: bool, unicode: bool, *, cuts: bool) -> str:
    parts = []
    for head, cell, width in zip(heads, row, widths, strict=True):
        text = _cut(cell.text, width, head.gives, "…" if unicode else "~") if cuts else cell.text
        space = " " * (width - cells(text))
        shown = f"\x1b[{cell.colour}m{text}\x1b[0m" if colour and cell.colour and text else text
        parts.append(space + shown if head.right else shown + space)
    return GAP.join(parts).rstrip()


def _fitted(heads: Sequence[Head], widths: Sequence[int], widest: Sequence[int], width: int) -> list[int]:
    """Widths that fit the line: the widest column that gives is narrowed until it does, or nothing can give any more.

    Where there is room, what is much longer than the others of its column has it, names first.
    """
    fitted = list(widths)
    over = sum(fitted) + len(GAP) * (len(fitted) - 1) - width
    names = [column for column, head in enumerate(heads) if head.gives in (Gives.NAME, Gives.TITLE)]
    others = [column for column, head in enumerate(heads) if head.gives in (Gives.REASONS, Gives.SENTENCE)]
    for columns, least in ((others, ENOUGH), (names, ENOUGH), (others, HALF), (names, HALF), (others, {}), (names, {})):
        while over > 0 and (giving := [column for column in columns if fitted[column] > least.get(heads[column].gives, LEAST)]):
            fitted[max(giving, key=fitted.__getitem__)] -= 1
            over -= 1
    for column in (*names, *others):
        more = max(0, min(widest[column] - fitted[column], -over))
        fitted[column] += more
        over += more
    return fitted


def _cut(text: str, width: int, gives: Gives, mark: str) -> str:
    if cells(text) <= width:
        return text
    from widgets.shortening import drawn, kept  # not before a table is too wide

    if gives is Gives.NAME:
        return drawn(text, kept(text, width, cells, len(mark)), mark)
    if gives is Gives.REASONS:
        reasons = text.split("; ")
        for shown in range(len(reasons) - 1, 0, -1):
            short = f"{'; '.join(reasons[:shown])} +{len(reasons) - shown}"
            if cells(short) <= width:
                return short
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
