"""What a purge would break: what is lost already, what goes next and when, and what a restart would bring now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import datetime

import msgspec

from tui.domain.answers.context import AnswerContext
from tui.domain.answers.restarting import Roulette, restarts_of, roulette_of
from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.words import image_title
from tui.domain.query.language import Key, Term, Trait
from tui.domain.query.query import Selection
from tui.domain.query.risk import Risk, RiskKind, Risks
from tui.domain.snapshot.snapshot import Drift, Image, ImageKey, Snapshot
from tui.domain.workloads.counting import UseKind, users_of_each

__all__ = ["AtRisk", "Loss", "at_risk_among", "at_risk_of"]

_NEEDS = (UseKind.RUNNING, UseKind.SCHEDULED, UseKind.SCALED_TO_ZERO, UseKind.ROLLBACK)


class Loss(msgspec.Struct, frozen=True):
    """An image that could vanish, or is gone (`image` None: only its name is known), how, by when, and what needs it for what."""

    image: ImageKey | None
    name: str
    risk: Risk
    uses: tuple[UseKind, ...] = ()
    workloads: tuple[ObjectKey, ...] = ()


class AtRisk(msgspec.Struct, frozen=True):
    """What is lost or goes, the next first; what needs it; and what a restart would bring.

    `overdue` counts what a policy or a task deletes the next time it runs. `unread` are the reasons why it cannot be told of
    more, each with how many images.
    """

    losses: tuple[Loss, ...] = ()
    kinds: tuple[tuple[RiskKind, int], ...] = ()
    uses: tuple[tuple[UseKind, int], ...] = ()
    overdue: int = 0
    unread: tuple[tuple[str, int], ...] = ()
    roulette: Roulette = Roulette()

    @property
    def next(self) -> Loss | None:
        """What goes next, of what is still there."""
        return next((loss for loss in self.losses if loss.risk.due is not None), None)


def at_risk_among(
    risks: Risks, selection: Selection, snapshot: Snapshot, restarted: Iterable[ObjectKey], now: datetime
) -> AtRisk:
    """The risks of what was found to be at risk; what a restart of `restarted` would bring."""
    images, workloads = selection.images, selection.workloads
    users = users_of_each(images, snapshot)
    losses = [*_of_images(snapshot, images, risks, users), *_of_names(snapshot, workloads, images)]
    losses.sort(
        key=lambda loss: (
            loss.risk.kind is not RiskKind.GONE,
            loss.risk.due or datetime.max.replace(tzinfo=now.tzinfo),
            loss.name,
        )
    )
    unread = Counter(
        risk.reason
        for key, image in snapshot.images.items()
        if image.in_use and key not in images and (risk := risks.of(image)) is not None and risk.kind is RiskKind.UNKNOWN
    )
    kinds, uses = Counter(loss.risk.kind for loss in losses), Counter(use for loss in losses for use in loss.uses)
    return AtRisk(
        tuple(losses),
        tuple((kind, kinds[kind]) for kind in RiskKind if kinds[kind]),
        tuple((use, uses[use]) for use in _NEEDS if uses[use]),
        sum(1 for loss in losses if loss.risk.due is not None and loss.risk.due <= now),
        tuple(unread.most_common()),
        roulette_of(restarts_of(snapshot, restarted)),
    )


def _of_images(
    snapshot: Snapshot, images: Set[ImageKey], risks: Risks, users: Mapping[ImageKey, Mapping[UseKind, tuple[ObjectKey, ...]]]
) -> Iterator[Loss]:
    for key in images:
        image = snapshot.images.get(key)
        risk = _risk(image, risks, snapshot) if image is not None else None
        if image is not None and risk is not None:
            by_use = users[key]
            uses = tuple(use for use in _NEEDS if by_use.get(use))
            needing = dict.fromkeys(user for use in uses for user in by_use[use])
            yield Loss(key, image_title(snapshot, key), risk, uses, tuple(needing))


def _risk(image: Image, risks: Risks, snapshot: Snapshot) -> Risk | None:
    """How it could vanish, or how those who pull it by one of its tags could lose that."""
    own_risk = risks.of(image)
    if own_risk is not None and own_risk.kind is not RiskKind.UNKNOWN:
        return own_risk
    by_tag = [risks.of_tag(image, tag) for tag in image.tags]
    lost = [risk for risk in by_tag if risk is not None and risk.kind is not RiskKind.UNKNOWN]
    if lost:
        return min(lost, key=lambda risk: risk.due or snapshot.as_of)
    name_lost = f"The name by which it runs is gone from {image.name}."
    return Risk(RiskKind.GONE, name_lost) if _runs_by_a_lost_name(image.key, snapshot) else None


def _runs_by_a_lost_name(key: ImageKey, snapshot: Snapshot) -> bool:
    users = (snapshot.workloads[user] for user in snapshot.users.get(key, ()) if user in snapshot.workloads)
    return any(key in container.images and container.drift is Drift.GONE for user in users for container in user.containers)


def _of_names(snapshot: Snapshot, workloads: Set[ObjectKey], images: Set[ImageKey]) -> Iterator[Loss]:
    """Names that lead nowhere any more: kept for rollback, or of what does not run now."""
    lost: dict[str, dict[UseKind, dict[ObjectKey, None]]] = {}
    for key in workloads:
        workload = snapshot.workloads[key]
        for name in workload.lost_rollback:
            lost.setdefault(name, {}).setdefault(UseKind.ROLLBACK, {})[key] = None
        for container in workload.containers:
            if container.drift is Drift.GONE and images.isdisjoint(container.images):
                use = UseKind.SCHEDULED if key.kind == "CronJob" else UseKind.SCALED_TO_ZERO
                lost.setdefault(container.image, {}).setdefault(UseKind.RUNNING if container.pods else use, {})[key] = None
    for name, by_use in lost.items():
        users = dict.fromkeys(user for several in by_use.values() for user in several)
        yield Loss(None, name, Risk(RiskKind.GONE, f"{name} is not there any more."), tuple(by_use), tuple(users))


def at_risk_of(context: AnswerContext) -> AtRisk:
    """What a purge would break of what is found; what a restart would bring where the question looks."""
    conditions = tuple(term for term in context.question.terms if not _is_the_question(term))
    everywhere = context.index.find(conditions, context.now).workloads
    return at_risk_among(context.index.risks, context.selection, context.snapshot, everywhere, context.now)


def _is_the_question(term: Term) -> bool:
    return term.key is Key.IS and term.value == Trait.AT_RISK
