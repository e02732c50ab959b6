"""The help: the keys of what is focused, those that can do nothing now with the reason, the signs, and the words of a query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tui.presenters.glyphs import BAD_FIRST, Glyphs
from widgets.rows import Span, TextLine
from widgets.text import wrap

__all__ = ["Help", "help_lines"]

TWO_COLUMNS = 100
KEYS, WORDS = 24, 30
SIGN = 15
_VERDICTS = {
    "fail": "a check fails",
    "unknown": "not known: something is missing or refused; never the same as fine",
    "warn": "worth a look",
    "pass": "every check that the policy asks for passes",
}
_QUERY = (
    "A filter is words that match names, and fields: base:debian ns:prod ctx:weu repo:payments/* digest:sha256:ab "
    "is:running check:identity=fail verdict:unknown age>90d. A minus negates, quotes group."
)


class Help(NamedTuple):
    """What a screen has to explain: what it shows, the keys that work, those that do not with the reason, whether it has rows."""

    title: str
    keys: Sequence[tuple[str, str]]
    idle: Sequence[tuple[str, str]]
    has_rows: bool


def help_lines(shown: Help, glyphs: Glyphs, width: int) -> list[TextLine]:
    """All of it, in two columns where there is room."""
    lines = [TextLine((Span(f"  {shown.title}", "bold"),)), TextLine()] if shown.title else []
    lines += _keys(shown.keys, width)
    if shown.idle:
        lines += [TextLine(), TextLine((Span("  Not now", "bold"),))]
        for keys, reason in shown.idle:
            lines += _row(Span(f"  {keys:<{KEYS - 2}}", "dim"), reason, KEYS, width)
    lines += [TextLine(), TextLine((Span("  Signs", "bold"),))]
    for state in BAD_FIRST:
        sign = glyphs.of(state)
        lines += _row(Span(f"  {sign.text:<{SIGN - 2}}", sign.style), _VERDICTS[state.value], SIGN, width)
    for name, words in _signs(glyphs) if shown.has_rows else ():
        lines += _row(Span(f"  {name:<{SIGN - 2}}"), words, SIGN, width)
    lines += [TextLine(), TextLine((Span("  Queries", "bold"),))]
    return [*lines, *(TextLine((Span(f"  {part}", "dim"),)) for part in wrap(_QUERY, width - 4))]


def _keys(keys: Sequence[tuple[str, str]], width: int) -> list[TextLine]:
    entries = [(Span(f"  {key:<{KEYS - 2}}", "accent"), Span(words)) for key, words in keys]
    if width < TWO_COLUMNS:
        return [TextLine(entry) for entry in entries]
    half = (len(entries) + 1) // 2
    right: list[tuple[Span, ...]] = [*entries[half:], ()]
    return [
        TextLine((*left, Span(" " * max(2, WORDS - len(left[1].text))), *beside))
        for left, beside in zip(entries[:half], right, strict=False)
    ]


def _signs(glyphs: Glyphs) -> Iterator[tuple[str, str]]:
    yield "state", "what is worst, in short; +2: two more checks are not fine"
    yield glyphs.strip * 3, "the strip at the top: the images by verdict, the worst first"
    yield glyphs.partial, "sources that failed, or could be read only in part"
    yield "▾ ▸" if glyphs.strip != "=" else "v >", "unfolded, folded"
    yield "rows at top", "they stay: what the first row below them belongs to"
    yield "dim rows", "kept because something below them matches the filter"
    yield "5 +3 ?", "while a filter is typed: 5 match, of 3 more it is not known"
    yield "cannot tell", "how many images are not in the result because the answer is not known"


def _row(sign: Span, words: str, indent: int, width: int) -> list[TextLine]:
    parts = wrap(words, max(20, width - indent - 2))
    more = (TextLine((Span(" " * indent), Span(part, "dim"))) for part in parts[1:])
    return [TextLine((sign, Span(parts[0] if parts else "", "dim"))), *more]
