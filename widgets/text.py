"""Text measured in terminal cells, and made harmless."""

from __future__ import annotations

import re
import unicodedata

from rich.cells import cell_len, chop_cells

from widgets.shortening import DIGEST, drawn, kept

__all__ = ["ELLIPSIS", "ascii_only", "chopped", "fit", "harmless", "middle", "width_of", "wrap"]

ELLIPSIS = "…"
MOSTLY = 0.6
"""How much of the room whole words must take; else the last one is cut."""
_BETWEEN = " ,;:·→"
_PIECE = re.compile(r"@?sha\d+:[0-9a-f]+|@?[^/:@,=&]*[/:,=&]*|@")
"""Where a long word may be broken: after the separators of references, addresses and distinguished names, before a digest."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))


def harmless(text: str) -> str:
    """The text on one line without anything that moves the cursor, reorders what is read or makes widths ambiguous."""
    if text.isprintable() and (text.isascii() or _SELECTORS.isdisjoint(text)):
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character.isprintable():
        return "" if character in _SELECTORS else character
    if character in "\t\n\r" or unicodedata.category(character) == "Zs":
        return " "
    return _REPLACEMENT


_PLAIN = str.maketrans(
    {
        "·": ",",
        "…": "~",
        "→": ">",
        "✔": "+",
        "✘": "x",
        "▲": "!",
        "–": "-",
        "—": "-",
        "’": "'",
        "“": '"',
        "”": '"',
        "×": "x",
        "≥": ">",
    }
)


def ascii_only(text: str) -> str:
    """Harmless text for a terminal that shows ASCII only, as wide as before."""
    if text.isascii():
        return text
    return "".join(character if character.isascii() else "?" * cell_len(character) for character in text.translate(_PLAIN))


def width_of(text: str) -> int:
    """The width of harmless text in terminal cells."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """The text cut at its end to at most `width` cells, with an ellipsis when something was cut.

    Never inside a digest, and inside a word only where those before it take too little of the room.
    """
    if width_of(text) <= width:
        return text
    room = width - len(ellipsis)
    if room <= 0:
        return ellipsis[:width]
    end = len(_head(text, room))
    digest = next((match for match in DIGEST.finditer(text) if 0 < match.start() < end < match.end()), None)
    return text[: digest.start() if digest else _end_of_words(text, end)] + ellipsis


def _end_of_words(text: str, end: int) -> int:
    """Where the last whole word before `end` ends, if that is far enough."""
    if text[end].isspace():
        return end
    words = text[:end].rpartition(" ")[0].rstrip(_BETWEEN)
    return len(words) if len(words) >= end * MOSTLY else end


def middle(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """The text cut in its middle to at most `width` cells: both ends say more than the middle."""
    return text if width_of(text) <= width else drawn(text, kept(text, width, width_of, len(ellipsis)), ellipsis)


def _head(text: str, room: int) -> str:
    if text.isascii():
        return text[:room]
    return chop_cells(text, room)[0] if width_of(text) > room else text


def wrap(text: str, width: int, first: int | None = None) -> list[str]:
    """The words of the text on lines of at most `width` cells, the first one of at most `first`.

    A word that is longer is broken where references are (`/ : @`), and cut into pieces only where that is not enough.
    """
    lines: list[str] = []
    line, room = "", width if first is None else first
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if width_of(joined) <= room:
            line = joined
            continue
        if line:
            lines.append(line)
            room = width
        *full, line = _broken(word, max(room, 2)) if width_of(word) > room else [word]
        lines.extend(full)
        room = width if full else room
    return [*lines, line] if line or not lines else lines


def _broken(word: str, room: int) -> list[str]:
    """A word on lines of at most `room` cells."""
    lines = [""]
    for piece in filter(None, _PIECE.findall(word)):
        if width_of(lines[-1] + piece) <= room:
            lines[-1] += piece
            continue
        pieces = chop_cells(piece, room) if width_of(piece) > room else [piece]
        lines.extend(pieces)
    return [line for line in lines if line]


def chopped(text: str, width: int) -> list[str]:
    """The harmless text as it is, on lines of at most `width` cells."""
    plain = harmless(text)
    if plain.isascii():
        return [plain[start : start + width] for start in range(0, len(plain), width)] or [""]
    return chop_cells(plain, width)
