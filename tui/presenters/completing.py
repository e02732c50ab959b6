"""How the completions of a query look in a list: the term, and what it would find or what it asks."""

from __future__ import annotations

from collections.abc import Mapping

from tui.domain.query.complete import Completion
from tui.domain.query.index import Tally
from tui.domain.query.language import Key
from tui.presenters.words import count, plural
from widgets.choices import Choice
from widgets.rows import Cell, Span

__all__ = ["choice_of", "tally_words"]

MEANINGS: Mapping[Key, str] = {
    Key.REPO: "repository",
    Key.BASE: "built on it, at any depth",
    Key.DIGEST: "beginning of a digest",
    Key.NS: "namespace",
    Key.CTX: "cluster",
    Key.KIND: "kind of workload",
    Key.TEAM: "team that owns it",
    Key.IS: "how it is used and built",
    Key.VERDICT: "worst of its checks",
    Key.CHECK: "state of one check",
    Key.DRIFT: "whether it runs what its name means",
    Key.AGE: "age",
    Key.CVE: "vulnerability",
    Key.PKG: "vulnerable package",
    Key.SEV: "severity of a vulnerability",
}


def choice_of(completion: Completion, tally: Tally | None, meaning: str = "") -> Choice:
    """A completion as a line of the list; before it was counted, or where it finds nothing yet, without a number."""
    note = tally_words(tally) if tally is not None else (Span(meaning or _meaning(completion), "dim"),)
    return Choice(completion.text, completion.cursor, (Span(completion.term),), note, completion.unfinished)


def tally_words(tally: Tally) -> Cell:
    """`5 images`, and of how many more it cannot be told."""
    total = plural(tally.images, "image")
    if not tally.images and tally.workloads:
        total = plural(tally.workloads, "workload")
    unsure = Span(f" +{count(tally.undecided)} ?" if tally.undecided else "", "unknown")
    return (Span(total, "" if tally.images or tally.workloads else "dim"), unsure)


def _meaning(completion: Completion) -> str:
    if not completion.unfinished:
        return ""
    name = completion.term.removeprefix("-").rstrip(":<>=")
    return next((words for key, words in MEANINGS.items() if key == name), "")
