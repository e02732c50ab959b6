"""The answer to "this base is compromised: what is the blast radius?", in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.answers.answer import Answer
from tui.domain.answers.base import BlastRadius
from tui.domain.common.trust import State
from tui.domain.plans.why_not import Outlooks
from tui.presenters.answers.sentences import AnswerSentence, named, worded
from tui.presenters.answers.shared import mending_wordings, runs, undecided, whose
from tui.presenters.words import age, count, without_registry

__all__ = ["blast_radius_sentences"]


def blast_radius_sentences(answer: Answer, radius: BlastRadius) -> Iterator[AnswerSentence]:
    """How much stands on it and runs, how it does, what mends it and what will mend itself, and whose it is."""
    extent = answer.extent
    old = State.FAIL if radius.outdated_running else State.UNKNOWN if radius.untold or not extent.is_told else State.PASS
    yield runs(answer, old, "Nothing here is built on it." if extent.is_told else "Nothing is known to be built on it.")
    if extent.images:
        yield worded("built", _built(answer, radius))
        yield worded("fix", _fixes(answer, radius))
    yield from whose(answer)
    yield from undecided(answer)


def _built(answer: Answer, radius: BlastRadius) -> tuple[str, ...]:
    """`60 directly, 21 through others; 38 on an old build for 3d, 12 run; same layers in mirror/debian 4`."""
    ways = ((radius.direct, "directly"), (radius.through, "through others"))
    by_way = ", ".join(f"{count(images)} {word}" for images, word in ways if images)
    since = f" for {age(radius.since, answer.now)}" if radius.since is not None else ""
    old = (
        f"{count(radius.outdated)} on an old build{since}"
        if radius.outdated
        else ""
        if radius.untold
        else "all on its newest build"
    )
    run = f", {count(radius.outdated_running)} run" if radius.outdated else ""
    untold = f"{count(radius.untold)} not known" if radius.untold else ""
    shared = [(without_registry(name), number) for name, number in radius.shared]
    twins = [f"same layers in {named(shared, most)}" if shared else "" for most in (2, 1)]
    brief_ways = ((radius.direct, "on it"), (radius.through, "through others"))
    brief = ", ".join(f"{count(images)} {word}" for images, word in brief_ways if images)
    brief_old = f"{count(radius.outdated)} old{since}{run}" if radius.outdated else ""
    wordings = [[by_way, old + run, untold, twin] for twin in twins]
    wordings += [[brief, brief_old, untold, twins[1]], [brief, brief_old, untold], [brief_old, untold]]
    return tuple("; ".join(filter(None, parts)) + "." for parts in wordings)


def _fixes(answer: Answer, radius: BlastRadius) -> tuple[str, ...]:
    """What a plan does in order; then how many of what runs will rebuild by themselves, and why others will not."""
    orders = mending_wordings(answer.mending) or ("no rebuild is known to change anything",)
    if not radius.alone:
        return tuple(f"{order}." for order in orders)
    alone = dict(radius.alone)
    yes, no, unknown = (alone.get(outlook, 0) for outlook in (Outlooks.YES, Outlooks.NO, Outlooks.UNKNOWN))
    if not yes and not no:
        doubts = ("whether any will rebuild by itself is not known", "none is known to rebuild by itself")
        return tuple(f"{order}; {doubt}." for order in (*orders, orders[-1].removeprefix("rebuild ")) for doubt in doubts)
    reasons = f" ({named(radius.why_not, 2, 'for other reasons')})" if radius.why_not else ""
    rebuilding = f"{count(yes)} of {count(yes + no + unknown)} that run will rebuild by themselves"
    not_so = f", {count(no)} not{reasons}" if no else ""
    unknown_part = f", {count(unknown)} unknown" if unknown else ""
    short = f"{count(yes)} by {'itself' if yes == 1 else 'themselves'}"
    doubt = f", unknown {count(unknown)}" if unknown else ""
    return (
        *(f"{order}; {rebuilding}{not_so}{unknown_part}." for order in orders),
        f"{orders[-1]}; {short}{f', {count(no)} not' if no else ''}{unknown_part}.",
        f"{orders[-1].removeprefix('rebuild ')}; by itself {count(yes)}{f', not {count(no)}' if no else ''}{doubt}.",
    )
