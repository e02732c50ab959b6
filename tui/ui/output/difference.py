"""The shortest text and codes that turn one picture on a terminal into another.

A change of pen costs some twenty bytes and a move of the cursor five to eight: so what has one pen is written at once, wherever
in a band of lines it is. Bands are written from the top: at the far end of a slow line one reads on while the rest comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tui.ui.output.pens import PLAIN, Pen, blank, switched
from tui.ui.output.picture import HIDDEN, UNKNOWN, Picture

__all__ = ["Difference"]

BAND = 12
"""Lines whose pieces are ordered by pen."""
BRIDGED = 4
"""Cells that are written again rather than jumped over."""
ERASED = 10
"""Blanks that are erased rather than written."""


class _Piece(NamedTuple):
    """Cells side by side that one pen draws; `bare` when it is blanks, which any pen on the same ground draws."""

    line: int
    column: int
    text: str
    pen: Pen
    bare: bool


class Difference:
    """What is written to a terminal that shows `shown`; it keeps where the cursor and what the pen is.

    `erases` says whether the terminal erases in the colour of the ground (`bce`); one that does not is erased only where the
    ground is its own.
    """

    def __init__(self, shown: Picture, *, erases: bool) -> None:
        self.shown = shown
        self._erases = erases
        self._pen: Pen | None = None
        self._column: int | None = None
        self._line: int | None = None
        self._written: list[str] = []

    def to(self, target: Picture, most: int | None = None) -> tuple[str, bool]:
        """Text and codes after which the terminal shows what is wanted, its cursor where the wanted one is.

        After `most` characters lines below are left as they are; tells also whether any are.
        """
        if self.shown.is_unknown:
            if target.is_unknown:
                return "", False
            self._clear(target)
        changed = [y for y in range(target.lines) if not self._is_shown(y, target)]
        left = False
        for top in range(0, target.lines, BAND):
            lines = [y for y in changed if top <= y < top + BAND]
            left = bool(lines) and most is not None and sum(map(len, self._written)) > most
            if left:
                break
            self._write_band(lines, target)
        if self._pen is not None and self._pen.link:
            self._take(self._pen._replace(link=""))
        if not left:
            self._move(min(target.line, target.lines - 1), min(target.column, target.columns - 1))
        written = "".join(self._written)
        self._written.clear()
        return written, left

    def plain(self) -> str:
        """The codes that give the terminal its own pen back."""
        codes = switched(self._pen, PLAIN)
        self._pen = PLAIN
        return codes

    def _is_shown(self, y: int, picture: Picture) -> bool:
        return self.shown.texts[y] == picture.texts[y] and self.shown.pens[y] == picture.pens[y]

    def _clear(self, picture: Picture) -> None:
        """Begin from an empty screen, in the ground that most of it will have."""
        grounds = Counter[Pen]()
        for texts, pens in zip(picture.texts, picture.pens, strict=True):
            if pens.count(pens[0]) == len(pens):  # most lines have one pen, which is found many times as fast
                grounds[pens[0]] += texts.count(" ")
            else:
                grounds.update(pen for text, pen in zip(texts, pens, strict=True) if text == " ")
        ground = next((pen for pen, _ in grounds.most_common() if pen == self._erased(pen)), PLAIN)
        self._take(ground)
        self._written.append("\x1b[2J")
        self.shown.fill(ground)

    def _erased(self, pen: Pen) -> Pen | None:
        """What erasing with this pen leaves, None where that cannot be known."""
        return PLAIN._replace(background=pen.background) if self._erases or not pen.background else None

    # ---- a band of lines

    def _write_band(self, changed: list[int], picture: Picture) -> None:
        pieces: list[_Piece] = []
        for y in changed:
            if _is_complex(self.shown.texts[y]) or _is_complex(picture.texts[y]):
                self._write_whole(y, picture)
            else:
                pieces += self._pieces(y, picture)
        self._write_by_pen(pieces, picture.columns)
        for y in changed:
            self.shown.texts[y] = picture.texts[y].copy()
            self.shown.pens[y] = picture.pens[y].copy()

    def _write_by_pen(self, pieces: list[_Piece], columns: int) -> None:
        """First what the present pen draws, then pen after pen; blanks with the first that has their ground."""
        order = dict.fromkeys(piece.pen for piece in pieces if not piece.bare)
        first = self._pen
        pens = sorted(order, key=lambda pen: (pen != first, first is None or pen.background != first.background, pen.background))
        left = pieces
        for pen in pens:
            ground = blank(pen)
            now = [piece for piece in left if piece.pen == (ground if piece.bare else pen)]
            left = [piece for piece in left if piece.pen != (ground if piece.bare else pen)]
            self._write_pieces(now, pen, columns)
        for pen in dict.fromkeys(piece.pen for piece in left):
            self._write_pieces([piece for piece in left if piece.pen == pen], pen, columns)

    def _write_pieces(self, pieces: Iterable[_Piece], pen: Pen, columns: int) -> None:
        for piece in pieces:
            self._move(piece.line, piece.column)
            self._take(pen)
            width = len(piece.text)
            to_end = piece.column + width == columns
            if piece.bare and width >= ERASED and self._erased(pen) == piece.pen and (to_end or self._erases):
                self._written.append("\x1b[K" if to_end else f"\x1b[{width}X")
            else:
                self._put(piece.text, width, columns)

    def _pieces(self, y: int, picture: Picture) -> Iterator[_Piece]:
        """The changed cells of a line as pieces; a few cells that stayed are bridged where the pen draws them too."""
        piece: _Piece | None = None
        for start, text, pen in self._changed(y, picture):
            bare = pen == blank(pen) and not text.strip(" ")
            joined = _join(piece, _Piece(y, start, text, pen, bare)) if piece else None
            if joined is None and piece is not None:
                yield piece
            piece = joined or _Piece(y, start, text, pen, bare)
        if piece is not None:
            yield piece

    def _changed(self, y: int, picture: Picture) -> Iterator[tuple[int, str, Pen]]:
        """Runs of one pen with changed cells, from the first of these to the last."""
        texts, pens = picture.texts[y], picture.pens[y]
        cells = zip(range(len(texts)), self.shown.texts[y], texts, self.shown.pens[y], pens, strict=True)
        start, end, run = 0, 0, PLAIN
        # Pens are mostly the same objects, and told apart so ten times as fast.
        for x in [x for x, was, text, old, new in cells if (was != text or (old is not new and old != new)) and text != UNKNOWN]:
            pen = pens[x]
            is_next = x == end or (x - end <= BRIDGED and all(between == pen for between in pens[end:x]))
            if end and is_next and (pen is run or pen == run):
                end = x + 1
                continue
            if end:
                yield start, "".join(texts[start:end]), run
            start, end, run = x, x + 1, pen
        if end:
            yield start, "".join(texts[start:end]), run

    def _write_whole(self, y: int, picture: Picture) -> None:
        """A line with wide characters, which terminals may take for wider or narrower: from the left, each at its own place."""
        texts, pens = picture.texts[y], picture.pens[y]
        for x, text in enumerate(texts):
            if text in (HIDDEN, UNKNOWN):
                continue
            width = 2 if texts[x + 1 : x + 2] == [HIDDEN] else 1
            self._move(y, x)
            self._take(pens[x])
            if width == 1 and len(text) == 1:
                self._put(text, 1, picture.columns)
            else:
                self._put(" " * width, width, picture.columns)
                self._move(y, x)
                self._written.append(text)
                self._line = self._column = None

    # ---- the terminal's cursor and pen

    def _put(self, text: str, width: int, columns: int) -> None:
        self._written.append(text)
        end = (self._column or 0) + width
        if end >= columns:
            self._line = self._column = None  # terminals differ on where it stands after the last cell
        else:
            self._column = end

    def _take(self, pen: Pen) -> None:
        if pen != self._pen:
            self._written.append(switched(self._pen, pen))
            self._pen = pen

    def _move(self, line: int, column: int) -> None:
        if (line, column) != (self._line, self._column):
            self._written.append(_way(self._line, self._column, line, column))
            self._line, self._column = line, column


def _join(piece: _Piece, following: _Piece) -> _Piece | None:
    """Two pieces as one where they touch and one pen draws both, unless there are blanks enough to erase."""
    if piece.column + len(piece.text) != following.column:
        return None
    if any(part.bare and len(part.text) >= ERASED for part in (piece, following)):
        return None
    text = piece.text + following.text
    if following.bare and following.pen == blank(piece.pen):
        return piece._replace(text=text)
    if piece.bare and piece.pen == blank(following.pen):
        return following._replace(column=piece.column, text=text)
    return None


def _is_complex(texts: list[str]) -> bool:
    """Whether any grapheme is not one character in one cell."""
    return HIDDEN in texts or len("".join(texts)) != len(texts)


def _way(line: int | None, column: int | None, to_line: int, to_column: int) -> str:
    """The shortest codes that move the cursor."""
    place = f"\x1b[{to_line + 1 if to_line else ''}{f';{to_column + 1}' if to_column else ''}H"
    if line is None or column is None:
        return place
    across, down = _across(column, to_column), _down(line, to_line)
    return min(place, across + down, key=len)


def _across(column: int, to: int) -> str:
    if to >= column:
        return "" if to == column else _steps(to - column, "C")
    return min("\b" * (column - to), "\r" if not to else _steps(column - to, "D"), key=len)


def _down(line: int, to: int) -> str:
    return "" if to == line else _steps(to - line, "B") if to > line else _steps(line - to, "A")


def _steps(count: int, way: str) -> str:
    return f"\x1b[{way}" if count == 1 else f"\x1b[{count}{way}"
