"""The part of the Kusto query language that queries over resources use (learn.microsoft.com/azure/governance/resource-graph).

A table, then operators after pipes, as far as trustree asks: where (`=~`, `in`), extend, project, order by; any other is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tui.demo.content import Json

__all__ = ["ParserFailure", "query"]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>@?'(?:[^'\\]|\\.)*'|@?\"(?:[^\"\\]|\\.)*\")|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_$][\w$]*(?:\.[\w$]+|\['[^']*'\])*)|(?P<sign>=~|[|(),=]))"
)
Value = Callable[[Json], object]
Rows = list[Json]


class ParserFailure(Exception):
    """A query that is none: where, and at which word."""

    def __init__(self, place: int, token: str) -> None:
        super().__init__(token)
        self.place, self.token = place, token


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


def query(text: str, tables: Mapping[str, Callable[[], Iterable[Json]]]) -> Rows:
    """The rows that a query gives. Raises ParserFailure."""
    reader = _Reader(_tokens(text))
    table = reader.name().lower()
    steps = []
    while reader.take("|"):
        steps.append(_step(reader))
    reader.end()
    rows = list(tables.get(table, tuple)())
    for step in steps:
        rows = step(rows)
    return rows


def _tokens(text: str) -> list[_Token]:
    tokens, place = list[_Token](), 0
    text = re.sub(r"//[^\n']*\n", "\n", text)
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ParserFailure(place, text[place : place + 20].strip())
        kind = str(match.lastgroup)
        tokens.append(_Token(kind, match[kind], match.start(kind)))
        place = match.end()
    return [*tokens, _Token("end", "<EOF>", place)]


class _Reader:
    """Tokens, one after the other."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens, self._next = tokens, 0

    @property
    def ahead(self) -> _Token:
        """The next one."""
        return self._tokens[self._next]

    def failure(self) -> ParserFailure:
        """That the next one is not expected."""
        return ParserFailure(self.ahead.place, self.ahead.text)

    def take(self, *texts: str) -> bool:
        """Pass the next tokens if they are these, in any case of letters."""
        ahead = [token.text.lower() for token in self._tokens[self._next : self._next + len(texts)]]
        if ahead != [text.lower() for text in texts]:
            return False
        self._next += len(texts)
        return True

    def expect(self, text: str) -> None:
        """Pass this token."""
        if not self.take(text):
            raise self.failure()

    def one(self, kind: str) -> str:
        """The text of the next token, which must be of a kind."""
        if self.ahead.kind != kind:
            raise self.failure()
        self._next += 1
        return self._tokens[self._next - 1].text

    def name(self) -> str:
        """A name or a path."""
        return self.one("name")

    def end(self) -> None:
        """Nothing is left."""
        if self.ahead.kind != "end":
            raise self.failure()


# ---- operators


def _step(reader: _Reader) -> Callable[[Rows], Rows]:
    word = reader.name().lower()
    match word:
        case "where":
            holds = _comparison(reader)
            return lambda rows: [row for row in rows if holds(row)]
        case "extend":
            assignments = _assignments(reader)
            return lambda rows: [_extended(row, assignments) for row in rows]
        case "project":
            assignments = _assignments(reader)
            return lambda rows: [{name: value(row) for name, value in assignments} for row in rows]
        case "order" | "sort":
            return _order(reader)
        case _:
            raise reader.failure()


def _extended(row: Json, assignments: Sequence[tuple[str, Value]]) -> Json:
    row = dict(row)
    for name, value in assignments:
        row[name] = value(row)
    return row


def _assignments(reader: _Reader) -> list[tuple[str, Value]]:
    assignments = []
    while True:
        name = reader.name()
        assignments.append((name, _value(reader) if reader.take("=") else _path(name)))
        if not reader.take(","):
            return assignments


def _order(reader: _Reader) -> Callable[[Rows], Rows]:
    reader.expect("by")
    keys = []
    while True:
        path = _path(reader.name())
        falling = not reader.take("asc") and (reader.take("desc") or True)
        keys.append((path, falling))
        if not reader.take(","):
            break

    def sort(rows: Rows) -> Rows:
        for path, falling in reversed(keys):
            rows = sorted(rows, key=lambda row: str(path(row)), reverse=falling)
        return rows

    return sort


# ---- conditions and values


def _comparison(reader: _Reader) -> Value:
    left = _value(reader)
    if reader.take("in"):
        values = _list(reader)
        return lambda row: _text(left(row)) in {_text(value(row)) for value in values}
    reader.expect("=~")
    right = _value(reader)
    return lambda row: _text(left(row)).lower() == _text(right(row)).lower()


def _list(reader: _Reader) -> list[Value]:
    reader.expect("(")
    values = [_value(reader)]
    while reader.take(","):
        values.append(_value(reader))
    reader.expect(")")
    return values


def _value(reader: _Reader) -> Value:
    match reader.ahead.kind:
        case "text":
            text = _unquoted(reader.one("text"))
            return lambda row: text
        case "number":
            number = float(reader.one("number"))
            return lambda row: number
    name = reader.name()
    return _call(reader, name.lower()) if reader.ahead.text == "(" else _path(name)


def _call(reader: _Reader, function: str) -> Value:
    if function not in ("tostring", "tolower", "extract"):
        raise reader.failure()
    arguments = _list(reader)
    if function == "extract":
        pattern, group = re.compile(_text(arguments[0]({}))), int(float(_text(arguments[1]({}))))
        return lambda row: match[group] if (match := pattern.search(_text(arguments[2](row)))) else ""
    return lambda row: _text(arguments[0](row)).lower() if function == "tolower" else _text(arguments[0](row))


def _path(name: str) -> Value:
    parts = [part or quoted for part, quoted in re.findall(r"([\w$]+)|\['([^']*)'\]", name)]

    def value(row: Json) -> object:
        member: object = row
        for part in parts:
            member = member.get(part) if isinstance(member, dict) else None
        return member

    return value


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def _unquoted(text: str) -> str:
    if text.startswith("@"):
        return text[2:-1]
    return re.sub(r"\\(.)", r"\1", text[1:-1])
