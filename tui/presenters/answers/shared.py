"""What every answer says: how much runs and where, whose it is, what mends it in order, and what could not be told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tui.domain.answers.answer import Answer
from tui.domain.answers.extent import Extent
from tui.domain.answers.mending import Mending, MendingKind, MendingStep
from tui.domain.answers.owners import Owners
from tui.domain.common.trust import State
from tui.presenters.answers.sentences import AnswerSentence, first_of, fitted, named
from tui.presenters.words import age, count, plural, several, without_registry

__all__ = ["extent_words", "mending_words", "owners_words", "runs", "undecided", "whose"]


def runs(answer: Answer, state: State, nothing: str) -> AnswerSentence:
    """How much there is and where it runs; `nothing` is said where there is nothing."""
    extent = answer.extent
    if extent.is_empty:
        return AnswerSentence("runs", nothing, State.UNKNOWN if not extent.is_told else State.PASS)
    return AnswerSentence("runs", extent_words(extent, answer.now), state)


def extent_words(extent: Extent, now: datetime) -> str:
    """`41 of 109 images run: 85 workloads, 180 pods in 2 clusters, for 12d`."""
    images, running = len(extent.images), len(extent.running)
    if not extent.workloads:
        return f"{plural(images, 'image')}, and no workload has {'it' if images == 1 else 'them'}."
    if not images:
        first = "No known image"
    elif running == images:
        first = "1 image runs" if images == 1 else f"{count(images)} images run"
    else:
        first = f"{count(running)} of {plural(images, 'image')} run{'s' if running == 1 else ''}"
    wide = f"{first}: {plural(len(extent.workloads), 'workload')}, {plural(extent.pods, 'pod')}"
    since = f", for {age(extent.oldest_pod, now)}" if extent.oldest_pod is not None else ""
    places, number = named(extent.clusters, 3), several(len(extent.clusters), "cluster")
    return fitted(
        f"{wide} in {places}{since}.", f"{wide} in {number}{since}.", f"{wide}{since}.", f"{wide} in {number}.", f"{wide}."
    )


def whose(answer: Answer) -> Iterator[AnswerSentence]:
    """Whose the workloads are; nothing where there are none."""
    if answer.extent.workloads:
        yield AnswerSentence("whose", owners_words(answer.owners))


def owners_words(owners: Owners) -> str:
    """`team-checkout 8, team-payments 8, 12 more teams; Argo CD 14, Helm 12`."""
    whole = [f"{_owned(owners, teams, managers)}." for teams, managers in ((4, 3), (3, 3), (3, 2), (2, 2), (2, 1), (1, 1))]
    return fitted(*whole, f"{_owned(owners, 1, 0)}.")


def _owned(owners: Owners, teams: int, managers: int) -> str:
    hidden = f" ({plural(owners.unreadable, 'owner')} unreadable)" if owners.unreadable else ""
    teamless = f"no team {count(owners.teamless)}{hidden}" if owners.teams and owners.teamless else ""
    first = named(owners.teams, teams, "more teams") if owners.teams else f"no team is named{hidden}"
    return "; ".join(filter(None, (first, teamless, named(owners.managers, managers) if managers else "")))


def mending_words(mending: Mending) -> str:
    """`rebuild base/node:22 → 12 images → 14 workloads`; empty where a plan has no step."""
    if not mending.steps:
        return ""
    verb = "rebuild" if mending.rebuilt else "redeploy"
    orders = (f"{verb} {' → '.join(_stage(stage, most) for stage in mending.steps)}." for most in (2, 1, 0))
    return fitted(*orders).removesuffix(".")


def _stage(stage: MendingStep, most: int) -> str:
    match stage.kind:
        case MendingKind.BASES if len(stage.images) <= most:
            return ", ".join(map(without_registry, stage.bases))
        case MendingKind.BASES:
            return plural(len(stage.images), "base")
        case MendingKind.IMAGES:
            return plural(len(stage.images), "image")
        case MendingKind.WORKLOADS:
            return plural(len(stage.workloads), "workload")


def undecided(answer: Answer) -> Iterator[AnswerSentence]:
    """Of how much it could not be told and why, and which sources did not answer; nothing where everything could."""
    extent = answer.extent
    if extent.is_told:
        return
    run = f" ({count(extent.undecided_running)} run)" if extent.undecided_running else ""
    images = f"{plural(extent.undecided, 'image')}{run}" if extent.undecided else ""
    unplaced = f"{plural(extent.unplaced, 'workload')}, image unknown" if extent.unplaced else ""
    lost = f"not whole: {first_of(extent.lost, 2)}" if extent.lost else ""
    loading = f"{plural(extent.loading, 'source')} still loading" if extent.loading else ""
    reasons = [(reason.words, reason.images) for reason in extent.reasons]
    wordings = []
    for most in (3, 2, 1, 0):
        why = f": {named(reasons, most, 'more')}" if len(reasons) > 1 else f": {reasons[0][0]}" if reasons else ""
        why = why if most else f": mostly {reasons[0][0]}" if reasons else ""
        unplaced = unplaced if most else unplaced.removesuffix(", image unknown")
        wordings.append("; ".join(filter(None, (f"{images}{why}" if images else "", unplaced, lost, loading))) + ".")
    yield AnswerSentence("unknown", fitted(*wordings), State.UNKNOWN)
