"""The answer to "what is this digest?": what happened to it and when, where else it is, what contains it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tui.domain.answers.answer import Answer
from tui.domain.answers.dossier import Dossier, MomentKind
from tui.presenters.answers.moves import pushed_words
from tui.presenters.answers.sentences import AnswerSentence, fitted, worded
from tui.presenters.answers.shared import mending_words, runs, whose_and_undecided
from tui.presenters.words import age, plural

__all__ = ["dossier_sentences", "timeline_words"]


def dossier_sentences(answer: Answer, dossier: Dossier) -> Iterator[AnswerSentence]:
    """How much runs it, its times, who pushed it, where else it is, how it is contained, whose it is."""
    yield runs(answer, dossier.verdict, "No image here has this digest.")
    yield AnswerSentence("when", timeline_words(dossier, answer.now))
    yield worded("pushed", _pushed_and_elsewhere(answer, dossier))
    plan = mending_words(answer.mending)
    contain = "K contains it: lock it, stop reads, roll back or scale to zero"
    if dossier.is_gone:
        contain = "K contains it: roll back or scale to zero; its registry lost it"
    yield AnswerSentence("fix", fitted(f"{contain}; {plan}." if plan else f"{contain}.", f"{contain}."))
    yield from whose_and_undecided(answer)


_WORDS = {
    MomentKind.CREATED: "built",
    MomentKind.BUILT: "run ended",
    MomentKind.PUSHED: "pushed",
    MomentKind.SIGNED: "signed",
    MomentKind.TAGGED: "tagged",
    MomentKind.SCANNED: "scanned",
    MomentKind.RUNNING: "runs",
    MomentKind.CHANGED: "untagged",
}
_SHOWN = (
    MomentKind.CREATED,
    MomentKind.PUSHED,
    MomentKind.SIGNED,
    MomentKind.TAGGED,
    MomentKind.CHANGED,
    MomentKind.SCANNED,
    MomentKind.RUNNING,
)


def timeline_words(dossier: Dossier, now: datetime) -> str:
    """`built 41d, pushed 41d, signed 41d, tagged 3d, scanned 2h, runs for 40d; unknown: signed`."""
    latest = {moment.kind: moment.at for moment in dossier.timeline}
    words = [f"{_WORDS[kind]} {age(latest[kind], now)}" for kind in _SHOWN if kind in latest]
    missing = [_WORDS[kind] for kind in dossier.missing if kind in _SHOWN]
    unknown = f"unknown: {', '.join(missing)}" if missing else ""
    moments = ", ".join(words)
    return fitted(f"{'; '.join(filter(None, (moments, unknown)))}.", f"{moments or unknown}.")


def _pushed_and_elsewhere(answer: Answer, dossier: Dossier) -> tuple[str, ...]:
    """`41d ago by run cf12 of shop-api; 1 other image of the same content; 3 images built on it; 12 nodes have it`."""
    nodes, run = len(dossier.nodes), dossier.push.run
    on_nodes = f"{plural(nodes, 'node')} {'has' if nodes == 1 else 'have'} it" if nodes else "no node is known to have it"
    same = f"{plural(len(dossier.copies), 'other image')} of the same content" if dossier.copies else "no copy is known"
    built = f"{plural(len(dossier.derived), 'image')} built on it" if dossier.derived else "nothing is built on it"
    pushed = pushed_words(dossier.push, answer.now).removeprefix("pushed, ").removeprefix("pushed ")
    by = f"by run {run.id}" if run is not None else "by whom is not known"
    copies, holders = plural(len(dossier.copies), "copy"), plural(nodes, "node")
    on_it = f"{plural(len(dossier.derived), 'image')} on it" if dossier.derived else "nothing on it"
    brief = f"{copies if dossier.copies else 'no copy'}, {on_it}, {holders if nodes else 'no node'} known"
    return (
        f"{pushed}; {same}; {built}; {on_nodes}.",
        f"{by}; {same}; {built}; {on_nodes}.",
        f"{pushed}; {brief}.",
        f"{by}; {brief}.",
    )
