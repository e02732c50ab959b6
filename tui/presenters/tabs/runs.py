"""The tab of runs: who builds an image, how that went, and whether it will be rebuilt by itself; of a failed run its log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from tui.domain.common.text import clean
from tui.domain.facts.build import Run, RunState
from tui.domain.facts.inquiries import Inquiries
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.lines import images_of, remark, wrapped
from tui.presenters.tabs.spec import Drawing, Inquiry, SectionContext, TabSpec
from tui.presenters.words import plural
from widgets.rows import Span, TextLine
from widgets.text import chopped

__all__ = ["RUNS", "last_failure"]

MOST_LINES = 200
"""Lines of a log that are shown, the last."""


def _lines(subject: RowSubject, context: SectionContext) -> Sequence[TextLine]:
    from tui.presenters.runs import runs_section  # the planner's rooms: not before somebody looks

    return runs_section(subject, context) or [remark("No image that could be read.")]


def _inquiry(subject: RowSubject, snapshot: Snapshot) -> Inquiry | None:
    run = last_failure(subject, snapshot)
    if run is None:
        return None
    return Inquiry((run.kind, run.builder, run.id), f"the log of the run {clean(run.id, 40)}", partial(_read, run))


def last_failure(subject: RowSubject, snapshot: Snapshot) -> Run | None:
    """The newest run of the jobs that build the images of a row, if it failed: of several jobs the best known one's that did."""
    for row in images_of(subject, snapshot):
        for attribution in snapshot.builders.get(row.key, ()) if row.key is not None else ():
            runs = snapshot.runs.get(attribution.job, ()) if attribution.job is not None else ()
            newest = next((run for run in runs if run.state.ended), None)
            if newest is not None and newest.state is RunState.FAILED:
                return newest
    return None


async def _read(run: Run, inquiries: Inquiries) -> Drawing:
    return partial(_drawn, run, tuple(await inquiries.run_log(run, MOST_LINES)))


def _drawn(run: Run, log: Sequence[str], context: SectionContext) -> Sequence[TextLine]:
    number = f"its last {plural(len(log), 'line')} " if len(log) >= MOST_LINES else f"{plural(len(log), 'line')} "
    title = TextLine((Span(f" Log of the run {clean(run.id, 40)}, which failed", "bold"),), (Span(number, "dim"),))
    lines = [TextLine(), title]
    if said := _telling(log):
        lines += wrapped(clean(said, 400), "fail", context.width, indent=3)
    for line in log:
        lines += [TextLine((Span(f"   {piece}"),)) for piece in chopped(clean(line), max(8, context.width - 4))]
    return [*lines, *(wrapped("The log is empty.", "unknown", context.width, indent=3) if not log else ())]


def _telling(log: Sequence[str]) -> str:
    """The first line that names an error; that a step or the run failed says least."""
    return next((line.strip() for line in log if _ERROR.search(line) and not _LEAST.search(line)), "")


_ERROR = re.compile(r"\b(?:error|fatal|denied|unauthorized)\b|\bERR!|^E: ", re.IGNORECASE)
_LEAST = re.compile(r"\b0 errors?\b|failed during run|^Run ID: ", re.IGNORECASE)


RUNS = TabSpec("runs", "Runs", _lines, inquiry=_inquiry)
