"""How a cell is drawn, as terminals are told: colours, attributes and a link, and the shortest way from one to another."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

__all__ = ["PLAIN", "Pen", "blank", "drawn", "switched"]

_OFF = {1: 22, 2: 22, 3: 23, 4: 24, 5: 25, 6: 25, 7: 27, 8: 28, 9: 29, 21: 24, 51: 54, 52: 54, 53: 55}
"""Which code ends an attribute (ECMA-48, 8.3.117)."""
_FOREGROUND = frozenset((*range(30, 38), *range(90, 98)))
_BACKGROUND = frozenset((*range(40, 48), *range(100, 108)))
_SEEN_ON_BLANKS = frozenset((4, 5, 6, 7, 9, 21, 51, 52, 53))
"""Attributes that show where there is no letter."""


class Pen(NamedTuple):
    """Colours as parameters of SGR, empty for the terminal's own; attributes by their code; and an OSC 8 link."""

    foreground: str = ""
    background: str = ""
    attributes: frozenset[int] = frozenset()
    link: str = ""


PLAIN = Pen()


@lru_cache(4096)
def drawn(pen: Pen, parameters: str) -> Pen:
    """The pen after `CSI parameters m`."""
    codes = [int(code or 0) for code in parameters.split(";")]
    index = 0
    while index < len(codes):
        code, length = codes[index], 1
        if code in (38, 48):
            length = 3 if codes[index + 1 : index + 2] == [5] else 5
            colour = ";".join(map(str, codes[index : index + length]))
            pen = pen._replace(foreground=colour) if code == 38 else pen._replace(background=colour)
        else:
            pen = _with(pen, code)
        index += length
    return pen


def _with(pen: Pen, code: int) -> Pen:
    if code == 0:
        return PLAIN._replace(link=pen.link)
    if code in _FOREGROUND or code == 39:
        return pen._replace(foreground="" if code == 39 else str(code))
    if code in _BACKGROUND or code == 49:
        return pen._replace(background="" if code == 49 else str(code))
    if code in _OFF.values():
        return pen._replace(attributes=frozenset(attribute for attribute in pen.attributes if _OFF.get(attribute) != code))
    return pen._replace(attributes=pen.attributes | {code})


@lru_cache(4096)
def blank(pen: Pen) -> Pen:
    """The pen of a blank: where no attribute shows without a letter, only the ground matters."""
    return pen if pen.attributes & _SEEN_ON_BLANKS or pen.link else PLAIN._replace(background=pen.background)


@lru_cache(4096)
def switched(before: Pen | None, after: Pen) -> str:
    """The shortest codes that make the terminal's pen another; None is one of which only is known that it draws no link."""
    link = "" if after.link == (before.link if before else "") else f"\x1b]8;{after.link or ';'}\x1b\\"
    full = ["0", *map(str, sorted(after.attributes)), after.foreground, after.background]
    codes = _joined(full)
    if before is not None:
        codes = min(codes, _joined(_differences(before, after)), key=len)
    return link + codes


def _joined(codes: list[str]) -> str:
    parameters = ";".join(code for code in codes if code)
    return f"\x1b[{'' if parameters == '0' else parameters}m" if parameters else ""


def _differences(before: Pen, after: Pen) -> list[str]:
    ended = {_OFF[code] for code in before.attributes - after.attributes if code in _OFF}
    lasting = {code for code in before.attributes if _OFF.get(code) not in ended}
    codes = [*map(str, sorted(ended)), *map(str, sorted(after.attributes - lasting))]
    if before.foreground != after.foreground:
        codes.append(after.foreground or "39")
    if before.background != after.background:
        codes.append(after.background or "49")
    return codes
