"""The help: the keys of what is focused, those that can do nothing now with the reason, the signs, and the words of a query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple, assert_never

from tui.domain.common.trust import BAD_FIRST
from tui.domain.plans.board import MILESTONES, BoardState
from tui.presenters.glyphs import Glyphs
from widgets.rows import Span, TextLine
from widgets.text import wrap

__all__ = ["Help", "SignSet", "help_lines"]

KEYS = 24
SIGN = 15
_VERDICTS = {
    "fail": "a check fails",
    "unknown": "not known: missing or refused; never the same as fine",
    "warn": "worth a look",
    "pass": "every check that the policy asks for passes",
}
_QUERY = (
    "A filter is words that match names, and fields: base:debian ns:prod ctx:weu repo:payments/* digest:sha256:ab "
    "is:running check:identity=fail verdict:unknown age>90d. A minus negates, quotes group."
)


class SignSet(StrEnum):
    """Which signs a screen is made of."""

    NONE = "none"
    VERDICTS = "verdicts"
    ROWS = "rows"
    BOARD = "board"
    PLAN = "plan"


class Help(NamedTuple):
    """What a screen has to explain: what it shows, the keys that work, those that do not with the reason, and its signs.

    `keys` are those that matter most, which the line at the bottom shows as far as it has room, `more` are the others.
    """

    title: str
    keys: Sequence[tuple[str, str]]
    more: Sequence[tuple[str, str]]
    idle: Sequence[tuple[str, str]]
    signs: SignSet


def help_lines(shown: Help, glyphs: Glyphs, width: int) -> list[TextLine]:
    """All of it: first what fits the smallest screen, the keys that matter most here and the signs; then the rest."""
    lines = [TextLine((Span(f"  {shown.title}", "bold"),))] if shown.title else []
    lines += _keys(shown.keys, width)
    signs = list(_signs(shown.signs, glyphs))
    if signs:
        lines += [TextLine(), TextLine((Span("  Signs", "bold"),))]
    for sign, words in signs:
        lines += _row(Span(f"  {sign.text:<{SIGN - 2}}", sign.style), words, SIGN, width)
    if shown.more:
        lines += [TextLine(), TextLine((Span("  More keys", "bold"),)), *_keys(shown.more, width)]
    if shown.idle:
        lines += [TextLine(), TextLine((Span("  Not now", "bold"),))]
        for keys, reason in shown.idle:
            lines += _row(Span(f"  {keys:<{KEYS - 2}}", "dim"), reason, KEYS, width)
    if shown.signs is SignSet.ROWS:
        lines += [TextLine(), TextLine((Span("  Queries", "bold"),))]
        lines += [TextLine((Span(f"  {part}", "dim"),)) for part in wrap(_QUERY, width - 4)]
    return lines


def _keys(keys: Sequence[tuple[str, str]], width: int) -> list[TextLine]:
    """The keys in their order, two beside each other where both are short; below these those that need the whole width."""
    indent = min(KEYS, max((len(key) for key, _ in keys), default=0) + 4)
    half = width // 2
    short = [entry for entry in keys if len(entry[0]) + 2 < indent and indent + len(entry[1]) < half]
    rows = (len(short) + 1) // 2
    lines = []
    for key, words in short[:rows]:
        lines.append(TextLine((_key(key, indent), Span(f"{words:<{half - indent}}"))))
    for place, (key, words) in enumerate(short[rows:]):
        lines[place] = TextLine((*lines[place].left, _key(key, indent), Span(words)))
    for key, words in (entry for entry in keys if entry not in short):
        lines += _row(_key(key, indent), words, max(indent, len(key) + 3), width)
    return lines


def _key(key: str, indent: int) -> Span:
    return Span(f"  {key:<{indent - 2}}", "accent")


def _signs(signs: SignSet, glyphs: Glyphs) -> Iterator[tuple[Span, str]]:
    match signs:
        case SignSet.NONE:
            return
        case SignSet.VERDICTS | SignSet.ROWS:
            yield from ((glyphs.of(state), _VERDICTS[state.value]) for state in BAD_FIRST)
            yield from _of_rows(glyphs) if signs is SignSet.ROWS else ()
        case SignSet.BOARD:
            yield from _of_board(glyphs)
        case SignSet.PLAN:
            yield from _of_plan(glyphs)
        case _:
            assert_never(signs)


def _of_rows(glyphs: Glyphs) -> Iterator[tuple[Span, str]]:
    yield Span("state"), "what is worst, in short; +2: two more checks are not fine"
    yield Span(glyphs.strip * 3), "the strip at the top: the images by verdict, the worst first"
    yield Span(glyphs.bar * 3), "subtree: what is below the row by verdict, the worst first"
    yield Span(glyphs.partial), "sources that failed, or could be read only in part"
    yield Span("▾ ▸" if glyphs.strip != "=" else "v >"), "unfolded, folded"
    yield Span("rows at top"), "they stay: what the first row below them belongs to"
    yield Span("dim rows"), "kept because something below them matches the filter"
    yield Span("5 +3 ?"), "while a filter is typed: 5 match, of 3 more it is not known"
    yield Span("cannot tell"), "how many images are not in the result because the answer is not known"


def _of_board(glyphs: Glyphs) -> Iterator[tuple[Span, str]]:
    way = f"{glyphs.proven}{glyphs.rule}{glyphs.proven}"
    stages = glyphs.stages
    yield Span(way, "pass"), f"the way of an image, as far as it is proven: {', '.join(MILESTONES)}"
    yield Span(glyphs.waived, "pass"), "passed without a proof: nothing requires one here"
    yield Span(glyphs.here, "accent"), "where it is now"
    yield Span(glyphs.ahead, "faint"), "still to come"
    yield Span(MILESTONES[-1]), "every pod runs the new image"
    yield Span(stages[BoardState.DONE], "pass"), "done: all of it is proven"
    yield Span(stages[BoardState.FAILED], "fail"), "it failed, or a right is missing"
    yield (
        Span(stages[BoardState.UNKNOWN], "unknown"),
        "sent, and no answer tells what became of it; never sent twice",
    )
    yield Span(stages[BoardState.CHANGED], "warn"), "not begun: it is not as it was when the plan was made"
    yield Span(stages[BoardState.CANCELLED], "dim"), "cancelled"
    yield Span(stages[BoardState.WAITING], "dim"), "waiting for what comes before it, or held back by what failed"


def _of_plan(glyphs: Glyphs) -> Iterator[tuple[Span, str]]:
    yield Span(glyphs.ahead, "dim"), "a step that can be carried out"
    yield Span("!", "fail"), "a step that cannot, as things are: its line says why"
    yield Span("held", "pass"), "every right that the step needs is there"
    yield Span("missing", "fail"), "a right is missing; the step names it, and whom to ask"
    yield Span("unknown", "unknown"), "the system does not say whether the rights are there"
    yield Span("takes"), "how long its past runs took; ? where there are none"
    yield Span("wave"), "steps of one wave run side by side, and after those of the wave before"


def _row(sign: Span, words: str, indent: int, width: int) -> list[TextLine]:
    parts = wrap(words, max(20, width - indent - 2))
    more = (TextLine((Span(" " * indent), Span(part, "dim"))) for part in parts[1:])
    return [TextLine((sign, Span(parts[0] if parts else "", "dim"))), *more]
