"""A query while it is typed: what of it is asked before Enter."""

from __future__ import annotations

import unicodedata

from tui.domain.query.complete import term_at

__all__ = ["live_query"]

_SMALL_PRINT = ("Mn", "Me", "Cf")
"""What stands on the character before it, and is none by itself."""


def live_query(text: str, cursor: int) -> str:
    """The text without a bare word of one character at the cursor: nearly every name has that in it, and more may follow."""
    cursor = min(cursor, len(text))
    start = term_at(text, cursor)
    if not _is_one_character(text[start:cursor].removeprefix("-")) or text[cursor : cursor + 1].strip():
        return text
    return text[:start] + text[cursor:]


def _is_one_character(word: str) -> bool:
    characters = [part for part in unicodedata.normalize("NFC", word) if unicodedata.category(part) not in _SMALL_PRINT]
    return len(characters) == 1
