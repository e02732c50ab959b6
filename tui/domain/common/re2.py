"""Regular expressions as policies in clusters write them: Go's RE2 syntax, matched in linear time.

The patterns come from outside, so they must not be able to hang us as they could hang `re`; and `$` means the very end, as
in Go. Source: the syntax page of google/re2. What is not understood is refused, never guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

__all__ = ["MAX_TEXT", "Unsupported", "compile_pattern", "matches"]

MAX_PATTERN = 2000
MAX_TEXT = 1000
MAX_STATES = 3000
MAX_REPEAT = 1000
MAX_DEPTH = 60


class Unsupported(ValueError):
    """The pattern is not RE2, or more than is matched here."""


class Chars(NamedTuple):
    """One character out of ranges of code points, or none of them; `fold` takes capitals and small letters as the same."""

    ranges: tuple[tuple[int, int], ...]
    negated: bool = False
    fold: bool = False

    def takes(self, character: str) -> bool:
        """Whether the character is meant."""
        forms = {character, character.lower(), character.upper()} if self.fold else {character}
        points = [ord(form) for form in forms if len(form) == 1]
        return any(low <= point <= high for low, high in self.ranges for point in points) is not self.negated


class Group(NamedTuple):
    """One after another."""

    parts: tuple[Node, ...]


class Either(NamedTuple):
    """One of several."""

    parts: tuple[Node, ...]


class Repeat(NamedTuple):
    """So many times; `most` is None without a limit."""

    part: Node
    least: int
    most: int | None


class Edge(NamedTuple):
    """A place between characters: `start`, `end`, `line-start`, `line-end`, `word`, `not-word`."""

    where: str


Node: TypeAlias = "Chars | Group | Either | Repeat | Edge"
_ANY = Chars(((10, 10),), negated=True)
_EVERY = Chars((), negated=True)
_DIGITS, _SPACES = ((48, 57),), ((9, 10), (12, 13), (32, 32))
_WORDS = ((48, 57), (65, 90), (95, 95), (97, 122))
_PERL = {"d": _DIGITS, "s": _SPACES, "w": _WORDS}
_CONTROL = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_POSIX: dict[str, tuple[tuple[int, int], ...]] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "digit": _DIGITS,
    "lower": ((97, 122),),
    "upper": ((65, 90),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "word": _WORDS,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
_EDGES = {"A": "start", "z": "end", "b": "word", "B": "not-word"}


class _Parser:
    """Recursive descent over the pattern."""

    def __init__(self, pattern: str) -> None:
        self._text, self._at, self._flags, self._depth = pattern, 0, frozenset[str](), 0

    def parse(self) -> Node:
        """The whole pattern. Raises Unsupported."""
        found = self._either()
        if self._at < len(self._text):
            raise Unsupported("a closing parenthesis too many")
        return found

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        found = self._peek()
        if not found:
            raise Unsupported("it ends too early")
        self._at += 1
        return found

    def _skip(self, text: str) -> bool:
        found = self._text.startswith(text, self._at)
        self._at += len(text) * found
        return found

    def _until(self, end: str) -> str:
        stop = self._text.find(end, self._at)
        if stop < 0:
            raise Unsupported(f"{end} is missing")
        found, self._at = self._text[self._at : stop], stop + len(end)
        return found

    def _either(self) -> Node:
        parts = [self._group()]
        while self._skip("|"):
            parts.append(self._group())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _group(self) -> Node:
        parts: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            if self._skip("\\Q"):
                quoted = self._until("\\E") if "\\E" in self._text[self._at :] else self._rest()
                parts.extend(map(self._literal, quoted))
            else:
                part = self._atom()
                parts.append(self._repeated(part) if part is not None else Group(()))
        return Group(tuple(parts))

    def _rest(self) -> str:
        found, self._at = self._text[self._at :], len(self._text)
        return found

    def _repeated(self, part: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return part
        self._skip("?")  # a lazy repetition matches the same texts
        if self._bounds() is not None:
            raise Unsupported("a repetition of a repetition")
        return Repeat(part, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._skip(sign):
                return bounds
        stop = self._text.find("}", self._at) if self._peek() == "{" else -1
        least, comma, most = self._text[self._at + 1 : max(stop, 0)].partition(",")
        if stop < 0 or not _is_number(least) or (most and not _is_number(most)):
            return None
        self._at = stop + 1
        low, high = int(least), (int(most) if most else None) if comma else int(least)
        if max(low, high or 0) > MAX_REPEAT or (high is not None and high < low):
            raise Unsupported("a repetition out of range")
        return low, high

    def _atom(self) -> Node | None:
        """One thing that can be repeated; None for flags, which cannot."""
        character = self._take()
        match character:
            case "(":
                return self._parentheses()
            case "[":
                return self._class()
            case "\\":
                return self._escape()
            case ".":
                return _EVERY if "s" in self._flags else _ANY
            case "^":
                return Edge("line-start" if "m" in self._flags else "start")
            case "$":
                return Edge("line-end" if "m" in self._flags else "end")
            case "*" | "+" | "?":
                raise Unsupported("nothing to repeat")
            case _:
                return self._literal(character)

    def _literal(self, character: str) -> Chars:
        return Chars(((ord(character), ord(character)),), fold="i" in self._flags)

    def _parentheses(self) -> Node | None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unsupported("nested too deep")
        outer = self._flags
        if self._skip("?P<") or self._skip("?<"):
            if not self._until(">").isidentifier():
                raise Unsupported("a look behind, or a bad name")
        elif self._skip("?") and self._set_flags():
            self._depth -= 1
            return None
        found = self._either()
        if not self._skip(")"):
            raise Unsupported("a closing parenthesis is missing")
        self._flags, self._depth = outer, self._depth - 1
        return found

    def _set_flags(self) -> bool:
        """Read `flags)` (True: for the rest of the group) or `flags:` (False: for the group that begins)."""
        on, add = set(self._flags), True
        while (character := self._take()) not in ")":
            if character == ":":
                break
            if character not in "imsU-" or (character == "-" and not add):
                raise Unsupported("flags or a look ahead")
            add = add and character != "-"
            (on.add if add else on.discard)(character)
        self._flags = frozenset(on)
        return character == ")"

    def _escape(self) -> Node:
        character = self._take()
        if character in _EDGES:
            return Edge(_EDGES[character])
        if character.lower() in _PERL:
            return Chars(_PERL[character.lower()], negated=character.isupper())
        return self._literal(chr(self._code(character)))

    def _code(self, character: str) -> int:
        """The code point of an escape whose first character was taken."""
        if character in _CONTROL:
            return _CONTROL[character]
        if character == "x":
            digits = self._until("}") if self._skip("{") else self._take() + self._take()
            if not digits or len(digits) > 6 or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
                raise Unsupported("a bad hexadecimal escape")
            return min(int(digits, 16), 0x10FFFF)
        if character.isalnum() or not character.isascii():
            raise Unsupported(f"the escape \\{character}")
        return ord(character)

    def _class(self) -> Node:
        negated = self._skip("^")
        ranges: list[tuple[int, int]] = []
        first = True
        while first or self._peek() != "]":
            ranges.extend(self._class_part())
            first = False
        self._take()
        return Chars(tuple(ranges), negated, "i" in self._flags)

    def _class_part(self) -> Iterable[tuple[int, int]]:
        if self._skip("[:"):
            name = self._until(":]")
            if name not in _POSIX:
                raise Unsupported(f"the class {name}")
            return _POSIX[name]
        character = self._take()
        if character == "\\" and self._peek() in _PERL:
            return _PERL[self._take()]
        if character == "\\" and self._peek().lower() in _PERL:
            raise Unsupported("a negated class in a class")
        low = self._class_code(character)
        if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
            self._take()
            high = self._class_code(self._take())
            if high < low:
                raise Unsupported("a range that runs backwards")
            return ((low, high),)
        return ((low, low),)

    def _class_code(self, character: str) -> int:
        return self._code(self._take()) if character == "\\" else ord(character)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6


# ---- matching: all states at once (Thompson), so that no pattern takes longer than states times characters


class _Step(NamedTuple):
    """Consume one of `chars`, or pass the edge, or (neither) fork; then go on at any of `to`."""

    chars: Chars | None
    edge: str
    to: tuple[int, ...]


class Program:
    """A compiled pattern; state 0 is the match."""

    def __init__(self, node: Node) -> None:
        self._steps: list[_Step] = [_Step(None, "", ())]
        self._start = self._build(node, 0)

    def search(self, text: str) -> bool:
        """Whether the pattern matches anywhere in the text."""
        states: set[int] = set()
        for at in range(len(text) + 1):
            reached = self._closure({*states, self._start}, text, at)
            if 0 in reached:
                return True
            if at == len(text):
                break
            states = {to for state in reached for to in self._next(state, text[at])}
        return False

    def _next(self, state: int, character: str) -> tuple[int, ...]:
        step = self._steps[state]
        return step.to if step.chars is not None and step.chars.takes(character) else ()

    def _closure(self, states: set[int], text: str, at: int) -> set[int]:
        stack, seen = list(states), set(states)
        while stack:
            step = self._steps[stack.pop()]
            if step.chars is None and (not step.edge or _EDGE_TESTS[step.edge](text, at)):
                fresh = [to for to in step.to if to not in seen]
                seen.update(fresh)
                stack.extend(fresh)
        return seen

    def _add(self, step: _Step) -> int:
        if len(self._steps) >= MAX_STATES:
            raise Unsupported("too large")
        self._steps.append(step)
        return len(self._steps) - 1

    def _build(self, node: Node, to: int) -> int:
        """The first state of what matches the node and goes on at `to`."""
        match node:
            case Chars():
                return self._add(_Step(node, "", (to,)))
            case Edge():
                return self._add(_Step(None, node.where, (to,)))
            case Group():
                for part in reversed(node.parts):
                    to = self._build(part, to)
                return to
            case Either():
                return self._add(_Step(None, "", tuple(self._build(part, to) for part in node.parts)))
            case Repeat():
                return self._repeat(node, to)

    def _repeat(self, node: Repeat, to: int) -> int:
        if node.most is None:
            loop = self._add(_Step(None, "", ()))
            self._steps[loop] = _Step(None, "", (self._build(node.part, loop), to))
            first = loop
        else:
            first = to
            for _ in range(node.most - node.least):
                first = self._add(_Step(None, "", (self._build(node.part, first), to)))
        for _ in range(node.least):
            first = self._build(node.part, first)
        return first


def _is_word(text: str, at: int) -> bool:
    return 0 <= at < len(text) and text[at].isascii() and (text[at].isalnum() or text[at] == "_")


_EDGE_TESTS: dict[str, Callable[[str, int], bool]] = {
    "start": lambda text, at: at == 0,
    "end": lambda text, at: at == len(text),
    "line-start": lambda text, at: at == 0 or text[at - 1] == "\n",
    "line-end": lambda text, at: at == len(text) or text[at] == "\n",
    "word": lambda text, at: _is_word(text, at - 1) is not _is_word(text, at),
    "not-word": lambda text, at: _is_word(text, at - 1) is _is_word(text, at),
}


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Program:
    """A pattern to search with. Raises Unsupported."""
    if len(pattern) > MAX_PATTERN:
        raise Unsupported("too long")
    return Program(_Parser(pattern).parse())


@lru_cache(maxsize=20_000)
def matches(pattern: str, text: str) -> bool | None:
    """Whether a pattern matches anywhere in a text; None when the pattern is not understood or the text too long."""
    if len(text) > MAX_TEXT:
        return None
    try:
        return compile_pattern(pattern).search(text)
    except Unsupported:
        return None
