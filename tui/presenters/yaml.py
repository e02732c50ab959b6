"""JSON values as lines of YAML 1.2, in their own order: laid out by the line, so that no more is made than is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from tui.domain.common.lookalikes import marked
from tui.presenters.words import plural

__all__ = ["yaml_lines"]

MOST_DEPTH = 40
MOST_TEXT = 4_000
"""Characters of one text that are shown."""
# What is read as the text that it is without quotes, also by readers of YAML 1.1 (`yes`, `1_000`, `12:30`, dates, `0x1f`).
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@$%+()-]*(?:[ :=,;][A-Za-z0-9_./@$%+()=:-]+)*")
_EXPONENT = re.compile(r"^(-?\d+)(e[+-]\d+)$")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_TEXT = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]*")


def yaml_lines(value: object) -> Iterator[str]:
    """The lines of a document."""
    yield from _lines(value, 0)


def _lines(value: object, depth: int) -> Iterator[str]:
    lead = "  " * depth
    if depth >= MOST_DEPTH and isinstance(value, Mapping | list) and value:
        yield f"{lead}# deeper than is shown"
    elif isinstance(value, Mapping) and value:
        for name, member in value.items():
            yield from _member(f"{lead}{_scalar(str(name))}:", member, depth)
    elif isinstance(value, list) and value:
        for item in value:
            yield from _item(item, depth)
    else:
        yield f"{lead}{_scalar(value)}"


def _member(head: str, value: object, depth: int) -> Iterator[str]:
    """A member of a map. Lists stand below their name without a step further in, as kubectl writes them."""
    if isinstance(value, Mapping) and value:
        yield head
        yield from _lines(value, depth + 1)
    elif isinstance(value, list) and value:
        yield head
        yield from _lines(value, depth)
    elif isinstance(value, str) and _is_block(value):
        yield from _block(f"{head} ", value, depth + 1)
    else:
        yield f"{head} {_scalar(value)}"


def _item(value: object, depth: int) -> Iterator[str]:
    lead = "  " * depth
    if isinstance(value, str) and _is_block(value):
        yield from _block(f"{lead}- ", value, depth + 1)
        return
    for number, line in enumerate(_lines(value, depth + 1)):
        yield f"{lead}- {line[len(lead) + 2 :]}" if number == 0 else line


def _is_block(text: str) -> bool:
    return "\n" in text.rstrip("\n") and text[:1] not in ("", " ", "\n") and _TEXT.fullmatch(text) is not None


def _block(head: str, text: str, depth: int) -> Iterator[str]:
    """A text of several lines as it is; the sign says how many ends of lines stand at its end."""
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    yield f"{head}|{'-' if ends == 0 else '' if ends == 1 else '+'}"
    lead = "  " * depth
    shown = body[:MOST_TEXT]
    for line in shown.split("\n"):
        yield f"{lead}{line}" if line else ""
    if len(body) > len(shown):
        yield f"{lead}… {plural(len(body) - len(shown), 'more character')}"
    yield from [""] * (ends - 1)


def _scalar(value: object) -> str:
    if not isinstance(value, str):
        return "{}" if isinstance(value, Mapping) else "[]" if isinstance(value, Sequence) else _number(json.dumps(value))
    if len(value) > MOST_TEXT:
        value = f"{value[:MOST_TEXT]}… {plural(len(value) - MOST_TEXT, 'more character')}"
    if marked(value) != value:
        return _quoted(marked(json.dumps(value, ensure_ascii=False)))
    plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS and not value.endswith(":") and ": " not in value
    return value if plain else _quoted(json.dumps(value, ensure_ascii=False))


def _number(text: str) -> str:
    """A number as YAML 1.1 knows it too, where one with an exponent has a point."""
    return _EXPONENT.sub(r"\1.0\2", text)


def _quoted(text: str) -> str:
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
