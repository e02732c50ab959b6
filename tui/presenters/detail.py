"""The whole detail of a row: the names of the tabs, who the row is, and the tab that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tui.errors import TrustreeError
from tui.presenters.heading import heading
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.lines import remark, wrapped
from tui.presenters.tabs.spec import Drawing, SectionContext, TabSpec
from tui.presenters.tabs.table import TABS
from widgets.rows import LazyLines, Span, TextLine

__all__ = ["Fetched", "detail_lines", "tab_at"]

MORE_BEFORE, MORE = " … ", " …"
Fetched = Drawing | TrustreeError | str
"""What became of an inquiry: its answer, why there is none, or what is still being fetched."""


def detail_lines(
    subject: RowSubject, tab: TabSpec, context: SectionContext, fetched: Fetched | None = None
) -> Sequence[TextLine]:
    """The whole detail of a row; `fetched` where the tab has asked for something."""
    head = [tab_line(tab, context.width), TextLine(), *heading(subject, context)]
    lines = tab.lines(subject, context)
    if fetched is not None:
        head, lines = [*head, *lines], fetched_lines(fetched, context)
    return LazyLines(head, lines, lambda line: line)


def tab_line(tab: TabSpec, width: int) -> TextLine:
    """The names of the tabs, the one shown being bright; of more than there is room for, those around it."""
    shown = _shown(tab, width)
    spans = [Span(" " if shown.numbers.start == 0 else MORE_BEFORE, "dim")]
    for number in shown.numbers:
        spans += [Span(shown.names[number], "accent bold" if TABS[number] is tab else "dim"), Span(" " * shown.gap)]
    spans[-1] = Span(MORE if shown.numbers.stop < len(TABS) else "", "dim")
    room = width - sum(len(span.text) for span in spans)
    return TextLine(tuple(spans), (Span("Tab ", "dim"),) if room > len("Tab ") + 2 else ())


def tab_at(tab: TabSpec, cell: int, width: int) -> TabSpec | None:
    """The tab whose name stands so many cells from the beginning of the line of names."""
    shown = _shown(tab, width)
    cell -= 1 if shown.numbers.start == 0 else len(MORE_BEFORE)
    for number in shown.numbers:
        if 0 <= cell < len(shown.names[number]) + shown.gap:
            return TABS[number]
        cell -= len(shown.names[number]) + shown.gap
    return None


class _ShownTabs(NamedTuple):
    """The names of all tabs as they are written in a width, the numbers of those that have room there, and cells between them."""

    names: Sequence[str]
    numbers: range
    gap: int


def _shown(tab: TabSpec, width: int) -> _ShownTabs:
    """All names in full, else all in brief, else as many brief ones around a tab as fit."""
    full, brief = [other.name for other in TABS], [other.brief or other.name for other in TABS]
    every = range(len(TABS))
    for shown in (_ShownTabs(full, every, 2), _ShownTabs(brief, every, 2), _ShownTabs(brief, every, 1)):
        if _length(shown) <= width:
            return shown
    return _fitting(brief, TABS.index(tab), width)


def _fitting(names: Sequence[str], centre: int, room: int) -> _ShownTabs:
    """As many tabs around one as fit, the farthest being left out first."""
    first, last = 0, len(names) - 1
    while first < last and _length(_ShownTabs(names, range(first, last + 1), 2)) > room:
        if last - centre >= centre - first:
            last -= 1
        else:
            first += 1
    return _ShownTabs(names, range(first, last + 1), 2)


def _length(shown: _ShownTabs) -> int:
    """Cells that names take on their line, with the signs for those that are left out."""
    before = 1 if shown.numbers.start == 0 else len(MORE_BEFORE)
    after = 0 if shown.numbers.stop == len(shown.names) else len(MORE)
    return before + sum(len(shown.names[number]) for number in shown.numbers) + shown.gap * (len(shown.numbers) - 1) + after


def fetched_lines(fetched: Fetched, context: SectionContext) -> Sequence[TextLine]:
    """The answer, or why there is none yet."""
    if isinstance(fetched, str):
        return [remark(f"Reading {fetched}")]
    if isinstance(fetched, TrustreeError):
        remedy = f"{context.glyphs.arrow}{fetched.remedy}" if fetched.remedy else ""
        return [*wrapped(fetched.headline, "unknown", context.width), *wrapped(remedy, "dim", context.width)]
    return fetched(context)
