"""The whole detail of a row: the names of the tabs, who the row is, and the tab that is shown."""

from __future__ import annotations

from collections.abc import Sequence

from tui.errors import TrustreeError
from tui.presenters.heading import heading
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.lines import nothing, wrapped
from tui.presenters.tabs.spec import Drawing, SectionContext, TabSpec
from tui.presenters.tabs.table import TABS
from widgets.rows import LazyLines, Span, TextLine

__all__ = ["Fetched", "detail_lines", "tab_at"]

GAP, MORE = "  ", " …"
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
    shown = _fitting(TABS.index(tab), width - 1)
    spans = [Span(" " if shown.start == 0 else " … ", "dim")]
    for other in TABS[shown.start : shown.stop]:
        spans += [Span(other.name, "accent bold" if other is tab else "dim"), Span(GAP)]
    if shown.stop < len(TABS):
        spans[-1] = Span(" …", "dim")
    room = width - sum(len(span.text) for span in spans)
    return TextLine(tuple(spans), (Span("Tab ", "dim"),) if room > len("Tab ") else ())


def tab_at(tab: TabSpec, cell: int, width: int) -> TabSpec | None:
    """The tab whose name stands so many cells from the beginning of the line of names."""
    shown = _fitting(TABS.index(tab), width - 1)
    cell -= 1 if shown.start == 0 else len(MORE) + 1
    for other in TABS[shown.start : shown.stop]:
        if 0 <= cell < len(other.name) + len(GAP):
            return other
        cell -= len(other.name) + len(GAP)
    return None


def _fitting(centre: int, room: int) -> range:
    """As many tabs around one as fit, the farthest being left out first."""
    first, last = 0, len(TABS) - 1
    while first < last:
        cut = len(MORE) * ((first > 0) + (last < len(TABS) - 1))
        if sum(len(TABS[index].name) + len(GAP) for index in range(first, last + 1)) - len(GAP) + cut <= room:
            break
        if last - centre >= centre - first:
            last -= 1
        else:
            first += 1
    return range(first, last + 1)


def fetched_lines(fetched: Fetched, context: SectionContext) -> Sequence[TextLine]:
    """The answer, or why there is none yet."""
    if isinstance(fetched, str):
        return [nothing(f"Reading {fetched}")]
    if isinstance(fetched, TrustreeError):
        remedy = f"{context.glyphs.arrow}{fetched.remedy}" if fetched.remedy else ""
        return [*wrapped(fetched.headline, "unknown", context.width), *wrapped(remedy, "dim", context.width)]
    return fetched(context)
