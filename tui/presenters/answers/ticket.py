"""Findings and marked rows as Markdown, ready for a ticket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tui.domain.query.finding import Finding
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.answers.markdown import moment
from tui.presenters.answers.why import why_markdown, why_of
from tui.presenters.keys import RowSubject
from tui.presenters.markdown import code, inert
from tui.presenters.phrases import verdict_word
from tui.presenters.words import plural

__all__ = ["finding_markdown", "marks_markdown"]


def finding_markdown(finding: Finding, snapshot: Snapshot) -> str:
    """Why it is one, with the commands that show the same."""
    why = why_of(RowSubject(), snapshot, finding)
    return why_markdown(why, snapshot.as_of) if why is not None else ""


def marks_markdown(subjects: Iterable[RowSubject], snapshot: Snapshot) -> str:
    """What is marked, each with its verdict and what says so first; empty where none of it has a verdict."""
    lines = list(_marks(subjects, snapshot))
    if not lines:
        return ""
    return "\n".join((f"## {plural(len(lines), 'marked row')}", "", *lines, "", f"As of {moment(snapshot.as_of)}.")) + "\n"


def _marks(subjects: Iterable[RowSubject], snapshot: Snapshot) -> Iterator[str]:
    for subject in subjects:
        why = why_of(subject, snapshot, None)
        if why is not None:
            says = f": {inert(why.facts[0].sentence)}" if why.facts else ""
            yield f"- {code(why.reference or why.name)} **{verdict_word(why.verdict).lower()}**{says}"
