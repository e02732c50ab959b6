"""The words of the query language: parse and format.

A query is a list of terms that must all hold. A term is a word, `key:value` or `key<op>value`; a leading `-` negates it and
double quotes group, with `\\"` and `\\\\` inside them. Anything that is not a key but looks like a name with a tag
(`nginx:1.25`, `payments-api:latest`) is a word, so that references can be pasted. A bare word that looks like the identifier of
a vulnerability or like a digest asks for that: `CVE-2026-1` is `cve:CVE-2026-1`; in quotes it is a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NoReturn

import msgspec

from tui.domain.common.nearest import did_you_mean, nearest
from tui.domain.common.text import clean
from tui.domain.common.trust import CheckName, State
from tui.domain.snapshot.snapshot import Drift
from tui.errors import InvalidQuery

__all__ = [
    "CHOICES",
    "MAX_LENGTH",
    "OPERATORS",
    "Key",
    "Op",
    "Severity",
    "Term",
    "Trait",
    "format_term",
    "in_quotes",
    "nearest_key",
    "parse_age",
    "parse_terms",
    "quote",
]

MAX_LENGTH = 2000


class Key(StrEnum):
    """What a term asks about; WORD has no key in the text."""

    WORD = "word"
    REPO = "repo"
    BASE = "base"
    DIGEST = "digest"
    NS = "ns"
    CTX = "ctx"
    KIND = "kind"
    TEAM = "team"
    IS = "is"
    VERDICT = "verdict"
    CHECK = "check"
    DRIFT = "drift"
    AGE = "age"
    CVE = "cve"
    PKG = "pkg"
    SEV = "sev"


class Op(StrEnum):
    """How a term compares: `:` is for names and states, the others for ages and severities."""

    IS = ":"
    OVER = ">"
    AT_LEAST = ">="
    UNDER = "<"
    AT_MOST = "<="
    EQUALS = "="


class Trait(StrEnum):
    """What `is:` may ask."""

    RUNNING = "running"
    DECLARED = "declared"
    SCHEDULED = "scheduled"
    SCALED_TO_ZERO = "scaled-to-zero"
    ROLLBACK = "rollback"
    UNUSED = "unused"
    FAULTY = "faulty"
    SIGNED = "signed"
    UNSIGNED = "unsigned"
    OUTDATED = "outdated"
    DRIFTED = "drifted"
    ABSENT = "absent"
    STUCK = "stuck"
    AT_RISK = "at-risk"
    BASE = "base"
    ROOT = "root"
    ORPHAN = "orphan"
    TAGGED = "tagged"
    UNTAGGED = "untagged"
    MULTIARCH = "multiarch"
    PINNED = "pinned"
    SUSPENDED = "suspended"
    MANAGED = "managed"


class Severity(StrEnum):
    """How bad a vulnerability is, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Term(msgspec.Struct, frozen=True, gc=False):
    """One condition; `value` is as typed, closed sets in small letters, for `check` it is `NAME=STATE`."""

    key: Key
    value: str
    op: Op = Op.IS
    negated: bool = False


CHOICES: Mapping[Key, tuple[str, ...]] = {
    Key.IS: tuple(Trait),
    Key.VERDICT: (State.PASS, State.WARN, State.FAIL, State.UNKNOWN),
    Key.CHECK: tuple(f"{name}={state}" for name in CheckName for state in State),
    Key.DRIFT: tuple(Drift),
    Key.SEV: tuple(Severity),
}
_KEYS = {str(key): key for key in Key if key is not Key.WORD}
_CALLED = {
    **dict.fromkeys(("namespace", "namespaces"), "ns"),
    **dict.fromkeys(("context", "cluster"), "ctx"),
    **dict.fromkeys(("repository", "image", "name"), "repo"),
    **dict.fromkeys(("package", "library"), "pkg"),
    **dict.fromkeys(("vulnerability", "vuln"), "cve"),
    "severity": "sev",
    "state": "verdict",
    "sha256": "digest",
}
"""What a key is called elsewhere: nobody types these two letters wrong."""
OPERATORS: Mapping[Key, tuple[Op, ...]] = {
    Key.AGE: (Op.OVER, Op.AT_LEAST, Op.UNDER, Op.AT_MOST),
    Key.SEV: tuple(Op),
}
"""How the values of a key compare, where it is by more than `:`."""
_HEAD = re.compile(r"([^\s\":<>=]+)(:|>=|<=|=|>|<)")
_BARE = re.compile(r"[^\s\"]*")
_SPACE = re.compile(r"\s*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.?)*)"', re.DOTALL)
_ESCAPE = re.compile(r'\\(["\\])')
_AGE = re.compile(r"(\d{1,6})(s|m|h|d|w|y)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
# cve.org (a `*` may stand for the rest), GitHub advisories, and those of databases and distributions (OSV schema, "Defined IDs").
_IDENTIFIER = re.compile(
    r"cve-\d{4}-[\d*?]+|ghsa(?:-[0-9a-z]{4}){3}|(?:go|pysec|rustsec|osv|mal)-\d{4}-\d+|(?:dsa|dla|usn)-\d+(?:-\d+)?"
    r"|(?:rhsa|rhba|rhea|elsa|alsa|rlsa|suse-su|alas\d*)-\d{4}[:-][\d:-]+",
    re.IGNORECASE | re.ASCII,
)
_DIGEST = re.compile(r"sha(?:256|384|512):[0-9a-f]+|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}", re.IGNORECASE | re.ASCII)
_LETTERS = re.compile(r"[A-Za-z]+")


def parse_terms(text: str) -> tuple[Term, ...]:
    """The terms of a query. Raises InvalidQuery with the position of the fault."""
    if len(text) > MAX_LENGTH:
        raise InvalidQuery(f"The query is longer than {MAX_LENGTH} characters.", MAX_LENGTH, "Ask for less at once.")
    terms: list[Term] = []
    position = _after_space(text, 0)
    while position < len(text):
        term, position = _term(text, position)
        terms.append(term)
        position = _after_space(text, position)
    return tuple(terms)


def format_term(term: Term) -> str:
    """The term as text that parses to the same term."""
    minus = "-" if term.negated else ""
    if term.key is Key.WORD:
        return minus + _word_text(term.value)
    return f"{minus}{term.key}{term.op}{quote(term.value)}"


def quote(value: str) -> str:
    """The value, in quotes if it needs them."""
    if value and _BARE.fullmatch(value):
        return value
    return in_quotes(value)


def in_quotes(value: str) -> str:
    """The value in quotes, whether it needs them or not."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_age(value: str) -> int | None:
    """Seconds of an age such as `90d`, `12h` or `2w`; None when it is not one."""
    match = _AGE.fullmatch(value)
    return int(match[1]) * _UNITS[match[2]] if match and match[1].isascii() else None


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _term(text: str, start: int) -> tuple[Term, int]:
    negated = text[start] == "-"
    position = start + negated
    if negated and (position == len(text) or text[position].isspace() or text[position] == "-"):
        raise InvalidQuery(
            "There is nothing to negate after `-`.",
            start,
            "Write `-word` or `-key:value`; a name that begins with `-` goes in quotes.",
        )
    if text[position] == '"':
        value, end = _value(text, position)
        return Term(Key.WORD, value, negated=negated), end
    head = _HEAD.match(text, position)
    key = _KEYS.get(head[1].lower()) if head else None
    if head and key:
        return _keyed(text, key, head, negated)
    if head and not _is_name(text, head):
        _refuse_key(head, position)
    value, end = _value(text, position)
    return Term(_meaning(value), value, negated=negated), end


def _meaning(word: str) -> Key:
    """What a bare word asks for."""
    if _IDENTIFIER.fullmatch(word):
        return Key.CVE
    return Key.DIGEST if _DIGEST.fullmatch(word) else Key.WORD


def _keyed(text: str, key: Key, head: re.Match[str], negated: bool) -> tuple[Term, int]:
    op = Op(head[2])
    if op not in OPERATORS.get(key, (Op.IS,)):
        _refuse_operator(key, op, head.start(2))
    value, end = _value(text, head.end())
    return Term(key, _checked(key, op, value, head.end()), op, negated), end


def _value(text: str, start: int) -> tuple[str, int]:
    """A quoted or bare value and where it ends."""
    if text[start : start + 1] == '"':
        return _quoted(text, start)
    bare = _BARE.match(text, start)
    end = bare.end() if bare else start
    if end == start:
        raise InvalidQuery("A value is missing here.", start, "Write the value right after the key, such as `ns:prod`.")
    if text[end : end + 1] == '"':
        raise InvalidQuery("A quote inside a word.", end, 'Put the quotes around the whole word or value: `ns:"a b"`.')
    return text[start:end], end


def _quoted(text: str, start: int) -> tuple[str, int]:
    match = _QUOTED.match(text, start)
    if match is None:
        raise InvalidQuery("The quote is not closed.", start, 'Add the closing `"`.')
    value = _ESCAPE.sub(r"\1", match[1])
    if not value:
        raise InvalidQuery("There is nothing between the quotes.", start, "Write a word, or leave the quotes out.")
    end = match.end()
    if end < len(text) and not text[end].isspace():
        raise InvalidQuery("A space is missing after the quotes.", end, "Separate terms with spaces.")
    return value, end


def _checked(key: Key, op: Op, value: str, position: int) -> str:
    """The value of a key, in small letters where it is one of a closed set. Raises InvalidQuery."""
    if key is Key.AGE and parse_age(value) is None:
        _refuse_value(key, value, position, "It is a number and s, m, h, d, w or y, such as `90d`.")
    choices = CHOICES.get(key)
    if choices is None:
        return value
    small = value.lower()
    if small not in choices:
        _refuse_value(key, value, position, f"{_meant(key, op, small)}It is {_allowed(key, choices)}.")
    return small


def _meant(key: Key, op: Op, value: str) -> str:
    """The nearest of what may stand after a key, or the key after which the value may stand."""
    other = next((other for other, choices in CHOICES.items() if value in choices), None)
    if other is not None:
        return f"Did you mean `{other}:{value}`? "
    if key is Key.CHECK and "=" not in value and (name := nearest(value, CheckName)):
        return f"Did you mean `check:{name}={State.FAIL}`? "
    return did_you_mean(value, CHOICES[key], f"{key}{op}")


def _allowed(key: Key, choices: tuple[str, ...]) -> str:
    if key is Key.CHECK:
        return f"NAME=STATE, NAME one of {', '.join(CheckName)}, STATE one of {', '.join(State)}"
    return f"one of {', '.join(choices)}"


def _is_name(text: str, head: re.Match[str]) -> bool:
    """Whether `left:right` is a name with a tag or digest rather than a mistyped key."""
    following = text[head.end() : head.end() + 1]
    if head[2] != Op.IS or not following or following.isspace() or following == '"':
        return False
    return _LETTERS.fullmatch(head[1]) is None or following.isdecimal() or text.startswith("latest", head.end())


def _word_text(value: str) -> str:
    try:
        bare = parse_terms(value) == (Term(Key.WORD, value),)
    except InvalidQuery:
        bare = False
    return value if bare else in_quotes(value)


def _refuse_key(head: re.Match[str], position: int) -> NoReturn:
    name = clean(head[1], 40)
    near = nearest_key(head[1])
    hint = f"Did you mean `{near}{head[2]}`? " if near else ""
    raise InvalidQuery(
        f"“{name}” is not a key.",
        position,
        f"{hint}Keys are {', '.join(_KEYS)}. To look for a name with a `{head[2]}` in it, put it in quotes.",
    )


def nearest_key(word: str) -> str:
    """The key that is meant by a word that is none; empty where it is like none."""
    near = nearest(word, (*_KEYS, *_CALLED))
    return _CALLED.get(near, near)


def _refuse_operator(key: Key, op: Op, position: int) -> NoReturn:
    example = "`age>90d`" if key is Key.AGE else "`sev>=high`" if key is Key.SEV else f"`{key}:…`"
    raise InvalidQuery(f"`{key}` cannot be compared with `{op}`.", position, f"Write {example}.")


def _refuse_value(key: Key, value: str, position: int, remedy: str) -> NoReturn:
    raise InvalidQuery(f"“{clean(value, 40)}” is not a value of `{key}`.", position, remedy)
