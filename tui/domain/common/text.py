"""Text from outside is data: nothing in it may move the cursor, change colours or reorder what is read."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

__all__ = ["capitalized", "clean", "first_few", "full_stop", "listed", "plural", "short", "team_title"]

# Cc control, Cf format (bidi overrides and isolates, zero width), Cs surrogates, Co private use, Zl/Zp separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(text: str, limit: int = 0) -> str:
    """The text on one line with every control, bidi and invisible character replaced; cut to `limit` characters if > 0."""
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def capitalized(text: str) -> str:
    """The text with a capital at its beginning, the rest of it as it is."""
    return text[:1].upper() + text[1:]


def full_stop(text: str) -> str:
    """The text as a sentence: with a full stop unless it is empty or ends like one already."""
    return text if text.endswith((".", "!", "?")) or not text else f"{text}."


def listed(names: Sequence[str], most: int | None = None) -> str:
    """`a`, `a and b`, `a, b and c`; of more than `most` names the first ones, with how many are left."""
    if most is not None and len(names) > most:
        return first_few(names, most)
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def first_few(names: Sequence[str], most: int, number: int | None = None) -> str:
    """`a, b`, and of more than `most` names the first ones with how many are left: `a, b and 3 more`.

    `number` is how many there are where not all are in `names`.
    """
    left = (len(names) if number is None else number) - most
    return ", ".join(names[:most]) + (f" and {left:,} more" if left > 0 else "")


def plural(number: int, word: str) -> str:
    """`1 pod`, `2 pods`, `2 registries`, `2 keys`."""
    if number == 1:
        return f"1 {word}"
    has_ies = word.endswith("y") and not word.endswith(("ay", "ey", "oy", "uy"))
    return f"{number:,} {word[:-1]}ies" if has_ies else f"{number:,} {word}s"


def team_title(team: str) -> str:
    """A team as it is named in a sentence: called a team only where its name does not say so."""
    return team if team.lower().startswith("team") else f"team {team}"


def short(digest: str) -> str:
    """The digest as people compare it: algorithm and twelve digits."""
    algorithm, _, encoded = clean(digest, 200).partition(":")
    return f"{algorithm}:{encoded[:12]}" if encoded else algorithm[:20]


def _visible(character: str) -> str:
    if character in "\t\n\r":
        return " "
    return _REPLACEMENT if unicodedata.category(character) in _UNSAFE else character
