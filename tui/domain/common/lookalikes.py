"""Letters of other scripts that look like Latin ones: a name that has them passes for another name.

Source: Unicode Technical Standard 39, confusables.txt: the Cyrillic, Greek and Armenian letters whose skeleton is a Latin letter,
and what NFKC folds (letters of full width, mathematical ones).
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["as_latin", "marked"]

_CYRILLIC = dict(zip("АВЕЅІЈКМНОРСТУХԚԜаеѕіјорсухһԁԛԝӏкмт", "ABESIJKMHOPCTYXQWaesijopcyxhdqwlkmt", strict=True))
_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανριυκ", "ABEZHIKMNOPTYXoavpiuk", strict=True))
_OTHERS = dict(zip("օսհոɡıⅼ", "ouhngil", strict=True))
_LATIN = str.maketrans(_CYRILLIC | _GREEK | _OTHERS)
_WORD = re.compile(r"[^\W\d_]+")


def as_latin(text: str) -> str:
    """The text as it looks, in Latin letters."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_LATIN)


def marked(text: str) -> str:
    """The text with letters escaped that make a word pass for a Latin one: all of it looks Latin, and some of it is not.

    A word that has a letter of its own script besides is a word of that script, and stays.
    """
    return text if text.isascii() else _WORD.sub(lambda match: _escaped(match[0]), text)


def _escaped(word: str) -> str:
    if word.isascii() or not as_latin(word).isascii():
        return word
    return "".join(letter if letter.isascii() else _escape(ord(letter)) for letter in word)


def _escape(point: int) -> str:
    return f"\\u{point:04x}" if point < 1 << 16 else f"\\U{point:08x}"
