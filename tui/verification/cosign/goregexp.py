"""Regular expressions as Go reads them (RE2 syntax), for the identities of signers: translated, never reinterpreted.

What Go refuses is refused, and so is the little that cannot be said in Python's syntax. A match is one anywhere in the text, as
`regexp.MatchString` has it: `^` and `$` anchor it. Classes such as `\\d` and `\\w` mean ASCII.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["compiled", "found_in"]

MAX_PATTERN = 1000
MAX_REPEAT = 1000
MAX_TEXT = 2048
_CLASSES = {
    "d": "0-9",
    "w": "0-9A-Za-z_",
    "s": r"\t\n\f\r ",
}
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7F",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1F\x7F",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_CONTROLS = {"a": r"\x07", "f": r"\x0c", "t": r"\t", "n": r"\n", "r": r"\r", "v": r"\x0b"}
_REPEAT = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}", re.ASCII)
_GROUP = re.compile(r"\(\?(?:P?<([A-Za-z0-9_]+)>|([imsU]*)(?:-([imsU]+))?([:)]))", re.ASCII)
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})", re.ASCII)
_ZERO_WIDTH = ("^", "$", "A", "z", "b", "B")


def found_in(pattern: str, text: str) -> bool:
    """Whether the pattern is found in the text; ValueError when it is no pattern that Go would take."""
    return len(text) <= MAX_TEXT and compiled(pattern).search(text) is not None


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern in Python's syntax; ValueError when Go would refuse it, or it cannot be said."""
    if len(pattern) > MAX_PATTERN:
        raise ValueError("the pattern is too long")
    try:
        return re.compile(_Translation(pattern).all())
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError("it is no regular expression as Go reads them") from error


class _Translation:
    """One pass over a pattern; what is put out means the same to Python."""

    def __init__(self, pattern: str) -> None:
        self._pattern, self._at = pattern, 0
        self._parts: list[str] = []
        self._opened: list[str] = []
        self._multiline = False
        self._scopes: list[bool] = []
        self._names: set[str] = set()

    def all(self) -> str:
        """The whole pattern."""
        while self._at < len(self._pattern):
            self._atom()
        if self._opened.count("group"):
            raise ValueError("a group is not closed")
        return "".join(self._parts) + ")" * len(self._opened)

    def _atom(self) -> None:
        sign = self._pattern[self._at]
        match sign:
            case "(":
                self._open()
            case ")":
                self._close()
            case "[":
                self._put(self._set())
                self._repeats()
            case "\\":
                self._escape()
            case "*" | "+" | "?":
                raise ValueError("a repetition has nothing to repeat")
            case "|":
                self._alternative()
            case _:
                self._literal(sign)

    def _put(self, text: str) -> None:
        self._parts.append(text)

    def _literal(self, sign: str) -> None:
        if _REPEAT.match(self._pattern, self._at):
            raise ValueError("a repetition has nothing to repeat")
        self._at += 1
        if sign in "^$":
            self._put(_anchor(sign, multiline=self._multiline))
        else:
            self._put("." if sign == "." else re.escape(sign))
        self._repeats()

    # ---- groups and flags

    def _open(self) -> None:
        group = _GROUP.match(self._pattern, self._at)
        if self._pattern.startswith("(?", self._at) and group is None:
            raise ValueError("a group is of a kind that Go does not know")
        if group is None:
            self._at += 1
            self._begin("(")
            return
        self._at = group.end()
        name, on, off, end = group.groups()
        if name is not None:
            if name in self._names:
                raise ValueError("two groups have one name")
            self._names.add(name)
            self._begin("(")
            return
        self._flags(on or "", off or "", scoped=end == ":")

    def _begin(self, text: str) -> None:
        self._opened.append("group")
        self._scopes.append(self._multiline)
        self._put(text)

    def _flags(self, on: str, off: str, *, scoped: bool) -> None:
        if "U" in on + off:
            raise ValueError("the flag U is not supported")
        if not scoped and not (on or off):
            raise ValueError("a group holds nothing")
        words = "".join(sorted(set(on) - {"m"})), "".join(sorted(set(off) - {"m"}))
        text = f"(?{words[0]}{'-' + words[1] if words[1] else ''}:"
        if scoped:
            self._begin(text)
        else:  # to the end of the group that it stands in
            self._opened.append("flags")
            self._put(text)
        self._multiline = ("m" in on or self._multiline) and "m" not in off

    def _alternative(self) -> None:
        """Flags that are set in one alternative hold in the next ones too."""
        self._at += 1
        if self._opened and self._opened[-1] == "flags":
            raise ValueError("flags within an alternative are not supported: set them at the start or with (?i:...)")
        self._put("|")

    def _close(self) -> None:
        self._at += 1
        while self._opened and self._opened[-1] == "flags":
            self._opened.pop()
            self._put(")")
        if not self._opened:
            raise ValueError("a group is closed that was not opened")
        self._opened.pop()
        self._multiline = self._scopes.pop()
        self._put(")")
        self._repeats()

    # ---- repetitions

    def _repeats(self) -> None:
        """At most one repetition, with at most one mark for the shortest; Go refuses more."""
        repeat = self._repeat()
        if not repeat:
            return
        self._put(repeat)
        if self._pattern.startswith("?", self._at):
            self._at += 1
            self._put("?")
        if self._pattern[self._at : self._at + 1] in ("*", "+", "?") and self._at < len(self._pattern):
            raise ValueError("a repetition is repeated")
        if _REPEAT.match(self._pattern, self._at):
            raise ValueError("a repetition is repeated")

    def _repeat(self) -> str:
        sign = self._pattern[self._at : self._at + 1]
        if sign and sign in "*+?":
            self._at += 1
            return sign
        counted = _REPEAT.match(self._pattern, self._at)
        if counted is None:
            return ""
        least, most = int(counted[1]), int(counted[3]) if counted[3] else None
        if least > MAX_REPEAT or (most is not None and (most > MAX_REPEAT or most < least)):
            raise ValueError("a repetition is counted beyond what Go allows")
        self._at = counted.end()
        return counted[0]

    # ---- escapes and sets

    def _escape(self) -> None:
        sign = self._pattern[self._at + 1 : self._at + 2]
        if sign == "Q":
            self._quoted()
            return
        if sign in _ZERO_WIDTH and sign not in "^$":
            self._at += 2
            self._put({"A": r"\A", "z": r"\Z", "b": r"(?a:\b)", "B": r"(?a:\B)"}[sign])
        elif sign and sign in "dws":
            self._at += 2
            self._put(f"[{_CLASSES[sign]}]")
        elif sign and sign in "DWS":
            self._at += 2
            self._put(f"[^{_CLASSES[sign.lower()]}]")
        else:
            self._put(self._character())
        self._repeats()

    def _quoted(self) -> None:
        start = self._at + 2
        end = self._pattern.find("\\E", start)
        text = self._pattern[start:] if end < 0 else self._pattern[start:end]
        self._at = len(self._pattern) if end < 0 else end + 2
        self._parts += [re.escape(sign) for sign in text]
        if text:
            self._repeats()

    def _character(self) -> str:
        """An escaped character, outside of a set or in one."""
        sign = self._pattern[self._at + 1 : self._at + 2]
        if sign in _CONTROLS:
            self._at += 2
            return _CONTROLS[sign]
        hexadecimal = _HEX.match(self._pattern, self._at + 1)
        if hexadecimal is not None:
            self._at = hexadecimal.end()
            return _point(int(hexadecimal[1] or hexadecimal[2], 16))
        if sign.isascii() and sign and not sign.isalnum():
            self._at += 2
            return re.escape(sign) if sign not in "_" else sign
        raise ValueError("an escape is not one of Go, or not supported")

    def _set(self) -> str:
        """A set in brackets, character for character."""
        self._at += 1
        parts = ["["]
        if self._pattern.startswith("^", self._at):
            self._at += 1
            parts.append("^")
        first = True
        while first or not self._pattern.startswith("]", self._at):
            if self._at >= len(self._pattern):
                raise ValueError("a set is not closed")
            parts.append(self._member())
            first = False
        self._at += 1
        return "".join(parts) + "]"

    def _member(self) -> str:
        if self._pattern.startswith("[:", self._at):
            return self._posix()
        sign = self._pattern[self._at + 1 : self._at + 2]
        if self._pattern[self._at] == "\\" and sign and sign in "dws":
            self._at += 2
            return _CLASSES[sign]
        low = self._single()
        if self._pattern.startswith("-", self._at) and not self._pattern.startswith("-]", self._at):
            self._at += 1
            return f"{low}-{self._single()}"
        return low

    def _single(self) -> str:
        if self._at >= len(self._pattern):
            raise ValueError("a set is not closed")
        if self._pattern[self._at] == "\\":
            return self._character()
        sign = self._pattern[self._at]
        self._at += 1
        return _point(ord(sign))

    def _posix(self) -> str:
        end = self._pattern.find(":]", self._at)
        name = self._pattern[self._at + 2 : end] if end > 0 else ""
        if name not in _POSIX:
            raise ValueError("a class of characters is not one of Go")
        self._at = end + 2
        return _POSIX[name]


def _point(number: int) -> str:
    if number > 0x10FFFF:
        raise ValueError("a character is out of range")
    return f"\\U{number:08x}"


def _anchor(sign: str, *, multiline: bool) -> str:
    """Python's `$` would also match before a last line break."""
    if sign == "^":
        return "(?m:^)" if multiline else r"\A"
    return "(?m:$)" if multiline else r"\Z"
