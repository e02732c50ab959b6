"""Names found by a few of their letters, in order: many names at once, in pieces so that nobody waits for the whole."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from heapq import nsmallest
from itertools import accumulate

__all__ = ["NameSearch"]

PIECE = 2000
"""So many names are looked through between questions whether the answer is still wanted."""
_BOUNDARY = "/-_.:@ "
_Rank = tuple[int, int, int, str]


class NameSearch:
    """Names in small letters, joined to pieces of text that are each searched at once."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = [name.lower().replace("\n", " ") for name in names]
        self._pieces = [_Piece(start, self._names[start : start + PIECE]) for start in range(0, len(self._names), PIECE)]

    def best(self, letters: str, most: int, is_current: Callable[[], bool] = lambda: True) -> list[int]:
        """The numbers of the names that have the letters in this order, the best first; none once nobody waits for it any more.

        Best is a name that is the letters, then one whose last part is, with a tag or without, in the order of the names. Then
        comes what begins with them in its last part, what has them in one piece, and last where they stand closest; the shorter
        the better.
        """
        small = "".join(letters.lower().split())
        if not small:
            return []
        pattern = _pattern(small)
        ranked: list[tuple[_Rank, int]] = []
        for piece in self._pieces:
            if not is_current():
                return []
            matching = ((_rank(self._names[number], small), number) for number in piece.matching(pattern))
            ranked = nsmallest(most, [*ranked, *matching])
        return [number for _, number in ranked]


class _Piece:
    """Some of the names, one a line."""

    def __init__(self, first: int, names: Sequence[str]) -> None:
        self._first = first
        self._text = "\n".join(names)
        self._ends = list(accumulate(len(name) + 1 for name in names))

    def matching(self, pattern: re.Pattern[str]) -> Iterator[int]:
        """The numbers of the names that match."""
        for match in pattern.finditer(self._text):
            yield self._first + bisect_right(self._ends, match.start())


def _pattern(letters: str) -> re.Pattern[str]:
    """From the beginning of a line on each letter is looked for once: no text makes it slow."""
    return re.compile("^" + "".join(f"[^{re.escape(letter)}\\n]*{re.escape(letter)}" for letter in letters), re.MULTILINE)


def _rank(name: str, letters: str) -> _Rank:
    last = name.rfind("/") + 1
    start = name.find(letters)
    if letters in (name, name[last:], name[last:].partition(":")[0]):
        return (0, name != letters, 0, "")
    if name.startswith(letters, last):
        return (1, 0, len(name), name)
    if start >= 0:
        inside = start > 0 and name[start - 1] not in _BOUNDARY
        return (2 + inside, start, len(name), name)
    return (4, _span(name, letters), len(name), name)


def _span(name: str, letters: str) -> int:
    """How far apart the letters stand, from where they first end backwards."""
    end = -1
    for letter in letters:
        end = name.find(letter, end + 1)
    start = end + 1
    for letter in reversed(letters):
        start = name.rfind(letter, 0, start)
    return end - start
