"""Regular expressions as Go reads them, matched by RE2 in linear time: clusters' constraints and signers' identities have them.

The patterns come from outside, so they must not be able to hang us as they could hang `re`. RE2 (google-re2) is what Go's
`regexp` descends from; where the two differ the pattern is refused, never guessed at. Both were asked 600,000 random patterns
(Go 1.26): Go knows no `\\C` and no names of groups beyond ASCII, and RE2's `\\B` is true inside of a character's bytes. The
classes `\\p` hang on the version of Unicode that each was built with.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol

__all__ = ["MAX_PATTERN", "MAX_TEXT", "Unsupported", "compile_pattern", "found_in", "matches"]

MAX_PATTERN = 2000
MAX_TEXT = 2048
# Go refuses expressions of more than 1000 levels; a group is at most four of them (capture, repeat, concatenate, alternate).
MAX_DEPTH = 200
# A pattern and what is remembered of its states; the slowest that fits was searched for in 0.1 s.
MAX_MEMORY = 1 << 20
# What stands in quotes means itself; an escape takes its letter along.
_TOKEN = re.compile(r"\\Q.*?(?:\\E|\Z)|\\(.)|\(\?P?<([^>]*)>|[()]", re.DOTALL)
_OTHERWISE = {
    "C": "a single byte (\\C)",
    "p": "a class of Unicode (\\p), which hangs on the version of its tables",
    "P": "a class of Unicode (\\P), which hangs on the version of its tables",
}


# What RE2 complains of, in the words of its `re2.cc`.
_COMPLAINTS = {
    "missing )": "a group is not closed",
    "unexpected )": "a group is closed that was not opened",
    "missing ]": "a class of characters is not closed",
    "invalid perl operator": "it holds something in (?...) that Go does not know",
    "no argument for repetition operator": "it repeats nothing",
    "invalid escape sequence": "it holds an escape that Go does not know",
    "pattern too large": "it is too large",
}


class Unsupported(ValueError):
    """The pattern is not one of Go's, or one that is not matched here; the message says why."""


class Pattern(Protocol):
    """A pattern that was read."""

    def search(self, text: bytes, /) -> object | None:
        """Where it is found in a text of UTF-8, None where it is not."""
        ...


def matches(pattern: str, text: str) -> bool | None:
    """Whether a pattern is found anywhere in a text; None when the pattern is not understood or the text too long."""
    if len(text) > MAX_TEXT:
        return None
    try:
        return found_in(pattern, text)
    except Unsupported:
        return None


@lru_cache(maxsize=20_000)
def found_in(pattern: str, text: str) -> bool:
    """Whether a pattern is found anywhere in a text, in one that is too long it never is. Raises Unsupported."""
    if len(text) > MAX_TEXT:
        return False
    compiled = compile_pattern(pattern)
    if "\\B" in pattern and not text.isascii():
        raise Unsupported("\\B is not looked for in a text beyond ASCII")
    return compiled.search(_utf8(text)) is not None


@lru_cache(maxsize=128)
def compile_pattern(pattern: str) -> Pattern:
    """A pattern to search with. Raises Unsupported."""
    if len(pattern) > MAX_PATTERN:
        raise Unsupported("the pattern is too long")
    _refuse_what_differs(pattern)
    # Few estates have a pattern at all.
    import re2

    options = re2.Options()
    # It would write its complaints to the terminal.
    options.log_errors = False
    options.never_capture = True
    options.max_mem = MAX_MEMORY
    try:
        compiled: Pattern = re2.compile(_utf8(pattern), options)
    except re2.error as error:
        raise Unsupported(_reason(error)) from error
    return compiled


def _reason(error: Exception) -> str:
    complaint = error.args[0] if error.args else b""
    words = complaint.decode(errors="replace") if isinstance(complaint, bytes) else str(complaint)
    reasons = (reason for start, reason in _COMPLAINTS.items() if words.startswith(start))
    return next(reasons, "it is not a regular expression as Go reads them, or too large")


def _refuse_what_differs(pattern: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(pattern):
        escape, name = token.groups()
        if escape in _OTHERWISE:
            raise Unsupported(f"it holds {_OTHERWISE[escape]}")
        if name is not None and not name.isascii():
            raise Unsupported("a group has a name beyond ASCII")
        depth += token[0].startswith("(") - (token[0] == ")")
        if depth > MAX_DEPTH:
            raise Unsupported("its groups are nested too deep")


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Unsupported("it holds half a character") from error
