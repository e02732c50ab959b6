"""What every answer says: how much runs and where, whose it is, what mends it in order, and what could not be told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tui.domain.answers.answer import Answer
from tui.domain.answers.extent import Extent
from tui.domain.answers.mending import Mending, MendingKind, MendingStep
from tui.domain.answers.owners import Owners
from tui.domain.common.trust import State
from tui.presenters.answers.sentences import AnswerSentence, first_of, fitted, named, worded
from tui.presenters.words import age, count, plural, without_registry

__all__ = [
    "clusters_named",
    "mending_wordings",
    "mending_words",
    "owner_wordings",
    "runs",
    "undecided",
    "unplanned",
    "whose",
    "whose_and_undecided",
]


UNOPENED = "nothing is read yet"
"""What is missing before any source was asked."""


def runs(answer: Answer, state: State, nothing: str, name: str = "") -> AnswerSentence:
    """How much there is and where it runs; `nothing` is said where there is nothing; `name` is what the images have."""
    extent = answer.extent
    if extent.is_empty:
        return AnswerSentence("runs", nothing, State.UNKNOWN if not extent.is_told else State.PASS)
    return worded("runs", _extent_wordings(extent, answer.now, name), state)


def clusters_named(extent: Extent) -> str:
    """`prod-weu 5, prod-neu 2`; of one cluster its name alone, as everything that is counted is there."""
    return extent.clusters[0][0] if len(extent.clusters) == 1 else named(extent.clusters, 3, "in others")


def _extent_wordings(extent: Extent, now: datetime, name: str) -> tuple[str, ...]:
    """`25 of 52 images run: 39 workloads in 2 clusters; 300 pods, oldest 816d`."""
    images, running = len(extent.images), len(extent.running)
    if not extent.workloads:
        return (f"{plural(images, 'image')}, and no workload has {'it' if images == 1 else 'them'}.",)
    having = f" with {name}" if name else ""
    if not images:
        first = fuller = "No known image runs"
    elif running == images:
        first, fuller = (f"{plural(images, 'image')}{having} run{'s' if images == 1 else ''}" for having in ("", having))
    elif extent.only_running:
        first, fuller = (f"{plural(running, 'image')}{having} run{'s' if running == 1 else ''}" for having in ("", having))
    else:
        of_them = f"{count(running)} of {plural(images, 'image')}"
        first, fuller = (f"{of_them}{having} run{'s' if running == 1 else ''}" for having in ("", having))
    workloads, pods = plural(len(extent.workloads), "workload"), plural(extent.pods, "pod")
    if images and not running and extent.pods:
        pods = f"{pods} run{'s' if extent.pods == 1 else ''} none of them"
    oldest = f", oldest {age(extent.oldest_pod, now)}" if extent.oldest_pod is not None else ""
    oldest_in_full = f", the oldest for {age(extent.oldest_pod, now)}" if extent.oldest_pod is not None else ""
    number = plural(len(extent.clusters), "cluster")
    places = clusters_named(extent) if len(extent.clusters) == 1 else f"{number} ({clusters_named(extent)})"
    return (
        f"{fuller}: {workloads} in {places}; {pods}{oldest_in_full}.",
        f"{first}: {workloads} in {places}; {pods}{oldest_in_full}.",
        f"{fuller}: {workloads} in {number}; {pods}{oldest_in_full}.",
        f"{first}: {workloads} in {number}; {pods}{oldest_in_full}.",
        f"{first}: {workloads} in {number}; {pods}{oldest}.",
        f"{first}: {workloads}, {number}; {pods}{oldest}.",
        f"{first}: {workloads}, {number}; {pods}.",
    )


def whose(answer: Answer) -> Iterator[AnswerSentence]:
    """Whose the workloads are; nothing where there are none."""
    if answer.extent.workloads:
        yield worded("whose", _owners_wordings(answer.owners))


def owner_wordings(answer: Answer) -> tuple[str, ...]:
    """Whose the workloads are, beside something else."""
    return tuple(_owned(answer.owners, most, 0) for most in (3, 2, 1))


def _owners_wordings(owners: Owners) -> tuple[str, ...]:
    """`team-checkout 8, team-payments 8, 12 more teams; managed by Argo CD 14, Helm 12`."""
    fewer = ((5, 3), (4, 3), (3, 3), (3, 2), (2, 2), (2, 1), (1, 1), (1, 0))
    wordings = tuple(f"{_owned(owners, teams, managers)}." for teams, managers in fewer)
    tools = first_of([name for name, _ in owners.managers], 1)
    return (*wordings[:-1], f"{_owned(owners, 1, 0)}{f'; managed by {tools}' if tools else ''}.", wordings[-1])


def _owned(owners: Owners, teams: int, managers: int) -> str:
    hidden = f" ({plural(owners.unreadable, 'owner')} unreadable)" if owners.unreadable else ""
    teamless = f"no team {count(owners.teamless)}{hidden}" if owners.teams and owners.teamless else ""
    first = named(owners.teams, teams, "more teams") if owners.teams else f"no team is named{hidden}"
    managed = f"managed by {named(owners.managers, managers)}" if managers and owners.managers else ""
    return "; ".join(filter(None, (first, teamless, managed)))


def unplanned(answer: Answer) -> Iterator[AnswerSentence]:
    """That no rebuild was planned, where that hangs on what was not read, and what plans it."""
    unread = answer.mending.unread
    if unread:
        command = "`trustree rebuild --plan` reads the rest"
        wordings = [f"not planned: of {first_of(unread, most)} only what runs was read; {command}." for most in (3, 2, 1)]
        number = plural(len(unread), "registry")
        yield worded("fix", (*wordings, f"not planned: {number} read in part; `rebuild --plan` reads the rest."), State.UNKNOWN)


def mending_words(mending: Mending) -> str:
    """`rebuild base/node:22 first → 12 images → 14 workloads`; empty where a plan has no step."""
    orders = mending_wordings(mending)
    return fitted(*(f"{order}." for order in orders)).removesuffix(".") if orders else ""


def mending_wordings(mending: Mending) -> tuple[str, ...]:
    """The order of what a plan does, the most bases by name first; nothing where it has no step."""
    if not mending.steps:
        return ()
    verb = "rebuild" if mending.rebuilt else "redeploy"
    return tuple(f"{verb} {' → '.join(_stage(stage, most) for stage in mending.steps)}" for most in (2, 1, 0))


def _stage(stage: MendingStep, most: int) -> str:
    match stage.kind:
        case MendingKind.BASES if most:
            more = len(stage.bases) - most
            others = f" and {plural(more, 'more base')}" if more > 0 else ""
            return f"{', '.join(map(without_registry, stage.bases[:most]))}{others} first"
        case MendingKind.BASES:
            return plural(len(stage.images), "base")
        case MendingKind.IMAGES:
            return plural(len(stage.images), "image")
        case MendingKind.WORKLOADS:
            return plural(len(stage.workloads), "workload")


def whose_and_undecided(answer: Answer) -> Iterator[AnswerSentence]:
    """Both on one line, for answers that have no room for two."""
    if answer.extent.is_told:
        yield from whose(answer)
    else:
        owners = answer.owners if answer.extent.workloads else None
        yield worded("unknown", tuple(_together(answer.extent, owners)), State.UNKNOWN)


def _together(extent: Extent, owners: Owners | None) -> Iterator[str]:
    """`10 images (6 run): tag not resolved 4, 2 more reasons; whose: team-payments 2`."""
    wordings = _undecided_wordings(extent)
    brief = _untold(extent)
    if owners is None:
        yield from wordings
        return
    for most, gap in ((2, wordings[-1].removesuffix(".")), (2, brief), (1, brief)):
        yield f"{gap}; whose: {_owned(owners, most, 0)}."
    teamless = f", no team {count(owners.teamless)}" if owners.teamless else ""
    yield f"{brief}; {plural(len(owners.teams), 'team')}{teamless}." if owners.teams else f"{brief}; no team is named."


def _untold(extent: Extent) -> str:
    """How much could not be told, without why."""
    run = f" ({count(extent.undecided_running)} run)" if extent.undecided_running else ""
    parts = (
        f"{plural(extent.undecided, 'image')}{run}" if extent.undecided else "",
        plural(extent.unplaced, "workload") if extent.unplaced else "",
        f"not whole: {first_of(extent.lost, 1)}" if extent.lost else "",
        f"{plural(extent.loading, 'source')} loading" if extent.loading else UNOPENED if extent.unopened else "",
    )
    return ", ".join(filter(None, parts))


def undecided(answer: Answer) -> Iterator[AnswerSentence]:
    """Of how much it could not be told and why, and which sources did not answer; nothing where everything could."""
    if not answer.extent.is_told:
        yield worded("unknown", _undecided_wordings(answer.extent), State.UNKNOWN)


def _undecided_wordings(extent: Extent) -> tuple[str, ...]:
    run = f" ({count(extent.undecided_running)} run)" if extent.undecided_running else ""
    images = f"{plural(extent.undecided, 'image')}{run}" if extent.undecided else ""
    unplaced = plural(extent.unplaced, "workload") if extent.unplaced else ""
    in_full, brief = (f"{unplaced}{words}" if unplaced else "" for words in (" without a known image", " too" if images else ""))
    lost = f"incomplete: {first_of(extent.lost, 2)}" if extent.lost else ""
    loading = f"{plural(extent.loading, 'source')} still loading" if extent.loading else UNOPENED if extent.unopened else ""
    reasons = [(reason.words, reason.images) for reason in extent.reasons]
    wordings = []
    full = "more reasons"
    for most, workloads, more in (
        (3, in_full, full),
        (3, brief, full),
        (2, brief, full),
        (1, brief, full),
        (1, brief, "more"),
        (0, brief, ""),
    ):
        why = f": {named(reasons, most, more)}" if len(reasons) > 1 else f": {reasons[0][0]}" if reasons else ""
        why = why if most or len(reasons) < 2 else f": mostly {reasons[0][0]}"
        wordings.append("; ".join(filter(None, (f"{images}{why}" if images else "", workloads, lost, loading))) + ".")
    return tuple(wordings)
