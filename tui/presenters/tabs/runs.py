"""The tab of runs: who builds an image, how that went, and whether it will be rebuilt by itself."""

from __future__ import annotations

from collections.abc import Sequence

from tui.presenters.keys import RowSubject
from tui.presenters.tabs.lines import nothing
from tui.presenters.tabs.spec import SectionContext, TabSpec
from widgets.rows import TextLine

__all__ = ["RUNS"]


def _lines(subject: RowSubject, context: SectionContext) -> Sequence[TextLine]:
    from tui.presenters.runs import runs_section  # the planner's rooms: not before somebody looks

    return runs_section(subject, context) or [nothing("No image that could be read.")]


RUNS = TabSpec("runs", "Runs", _lines)
