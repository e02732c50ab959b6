"""Text measured in terminal cells, and made harmless."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len, chop_cells

__all__ = ["ELLIPSIS", "ascii_only", "chopped", "fit", "harmless", "middle", "width_of", "wrap"]

ELLIPSIS = "…"

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


_PLAIN = str.maketrans({"·": ",", "…": "~", "→": ">", "–": "-", "—": "-", "’": "'", "“": '"', "”": '"', "×": "x", "≥": ">"})


def ascii_only(text: str) -> str:
    """Harmless text for a terminal that shows ASCII only, as wide as before."""
    if text.isascii():
        return text
    return "".join(each if each.isascii() else "?" * cell_len(each) for each in text.translate(_PLAIN))


def width_of(text: str) -> int:
    """The width of harmless text in terminal cells."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """The text cut at its end to at most `width` cells, with an ellipsis when something was cut."""
    if width_of(text) <= width:
        return text
    room = width - len(ellipsis)
    return ellipsis[:width] if room <= 0 else _head(text, room) + ellipsis


def middle(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """The text cut in its middle to at most `width` cells: both ends say more than the middle."""
    if width_of(text) <= width:
        return text
    room = width - len(ellipsis)
    if room < 4:
        return fit(text, width, ellipsis)
    path = _short_path(text, width, ellipsis)
    if path:
        return path
    tail = _head(text[::-1], room - room // 3)[::-1]
    return _head(text, room // 3) + ellipsis + tail


def _short_path(text: str, width: int, ellipsis: str) -> str:
    """`host/…/name` for a path: its head, and as many of its last parts as fit; empty when the last does not fit."""
    first, *parts = text.split("/")
    for at in range(1, len(parts)):
        short = "/".join((first, ellipsis, *parts[at:]))
        if width_of(short) <= width:
            return short
    room = width - width_of(parts[-1]) - len(ellipsis) - 1 if parts else 0
    return f"{_head(text, room)}{ellipsis}/{parts[-1]}" if room >= 6 else ""


def _head(text: str, room: int) -> str:
    if text.isascii():
        return text[:room]
    return chop_cells(text, room)[0] if width_of(text) > room else text


def wrap(text: str, width: int) -> list[str]:
    """The words of the text on lines of at most `width` cells; a word that is longer is cut into pieces."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if width_of(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *full, line = chop_cells(word, max(width, 2)) if width_of(word) > width else [word]
        lines.extend(full)
    return [*lines, line] if line or not lines else lines


def chopped(text: str, width: int) -> list[str]:
    """The harmless text as it is, on lines of at most `width` cells."""
    plain = harmless(text)
    if plain.isascii():
        return [plain[at : at + width] for at in range(0, len(plain), width)] or [""]
    return chop_cells(plain, width)
