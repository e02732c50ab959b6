"""What was meant by a word that there is not: the nearest that there is."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean", "nearest"]

ALIKE = 0.6
"""How much of two words must be the same (`difflib`), from 0 to 1."""


def nearest(word: str, words: Iterable[str], alike: float = ALIKE) -> str:
    """The word that is most like another one in small letters; empty where none is like it."""
    return next(iter(get_close_matches(word.lower(), words, 1, alike)), "")


def did_you_mean(word: str, words: Iterable[str], lead: str = "") -> str:
    """The question before a remedy, with a space after it; `lead` stands before the word. Empty where none is like it."""
    near = nearest(word, words)
    return f"Did you mean `{lead}{near}`? " if near else ""
