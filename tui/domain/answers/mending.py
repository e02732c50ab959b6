"""What mends what a question finds, in order: the steps of the plan that `rebuild` makes of the same images, summed up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from tui.domain.answers.context import AnswerContext
from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.needs import Condition, condition
from tui.domain.plans.plan import Plan, Staying, Step, StepKind
from tui.domain.plans.rebuilding import rebuild
from tui.domain.snapshot.snapshot import ImageKey

__all__ = ["Mending", "MendingKind", "MendingStep", "mending_of", "summed_up"]


class MendingKind(StrEnum):
    """BASES are rebuilt before what stands on them, then IMAGES; then WORKLOADS take what is new."""

    BASES = "bases"
    IMAGES = "images"
    WORKLOADS = "workloads"


class MendingStep(msgspec.Struct, frozen=True):
    """One stage: the images that are rebuilt, a lower base first, or the workloads that take the new images.

    `bases` are the names of bases, in the order of their rebuilds. `blocked` counts those that cannot be done from here, or that
    need one that cannot.
    """

    kind: MendingKind
    bases: tuple[str, ...] = ()
    images: tuple[ImageKey, ...] = ()
    workloads: tuple[ObjectKey, ...] = ()
    blocked: int = 0

    @property
    def number(self) -> int:
        """How many images are rebuilt, or workloads take new ones."""
        return len(self.workloads) if self.kind is MendingKind.WORKLOADS else len(self.images)


class Mending(msgspec.Struct, frozen=True):
    """The stages in order. `staying` are findings that the plan leaves, each with its reason, `unknown` those of which nobody
    can tell; `hindrances` are why steps cannot be done from here, the most frequent first.

    `unread` are registries because of which it was not planned, as the rest of them was not read: a plan could rebuild what was
    rebuilt.
    """

    steps: tuple[MendingStep, ...] = ()
    staying: tuple[Staying, ...] = ()
    unknown: tuple[Staying, ...] = ()
    hindrances: tuple[tuple[str, int], ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def rebuilt(self) -> frozenset[ImageKey]:
        """Every image that is rebuilt."""
        return frozenset(image for step in self.steps for image in step.images)


def mending_of(context: AnswerContext) -> Mending:
    """What the plan of rebuilding everything that the question finds does, stage by stage."""
    question, selection = context.question, context.selection
    if context.unread:
        return Mending(unread=context.unread if any(_may_need_it(context, key) for key in context.counted) else ())
    plan = rebuild(context.snapshot, selection.images, query=question.text, now=context.now, index=context.index.rebuilds)
    return summed_up(plan)


def _may_need_it(context: AnswerContext, key: ImageKey) -> bool:
    image = context.snapshot.images.get(key)
    return image is not None and condition(image) is not Condition.CLEAN


def summed_up(plan: Plan) -> Mending:
    """The stages of a plan."""
    ready = {step.id for step in plan.ready}
    rebuilds = [step for step in plan.steps if step.kind is StepKind.REBUILD]
    rollouts = [step for step in plan.steps if step.kind is not StepKind.REBUILD]
    needed = {name for step in rebuilds for name in step.needs}
    stages = (
        _rebuilt(MendingKind.BASES, [step for step in rebuilds if step.id in needed], ready),
        _rebuilt(MendingKind.IMAGES, [step for step in rebuilds if step.id not in needed], ready),
        _rolled_out(rollouts, ready),
    )
    forecast = plan.forecast
    return Mending(
        tuple(stage for stage in stages if stage.number),
        forecast.staying if forecast is not None else (),
        forecast.unknown if forecast is not None else (),
        _most_frequent(step.blocked for step in plan.steps if step.blocked),
    )


def _rebuilt(kind: MendingKind, steps: Sequence[Step], ready: set[str]) -> MendingStep:
    images = {step.id: tuple(key for key in (step.image, *step.also) if key is not None) for step in steps}
    blocked = sum(len(keys) for name, keys in images.items() if name not in ready)
    names = tuple(step.target for step in steps) if kind is MendingKind.BASES else ()
    return MendingStep(kind, names, tuple(key for keys in images.values() for key in keys), blocked=blocked)


def _rolled_out(steps: Sequence[Step], ready: set[str]) -> MendingStep:
    """Each workload once: it is blocked as soon as one of its steps is."""
    by_workload: dict[ObjectKey, list[Step]] = {}
    for step in steps:
        if step.workload is not None:
            by_workload.setdefault(step.workload, []).append(step)
    blocked = sum(any(step.id not in ready for step in own) for own in by_workload.values())
    return MendingStep(MendingKind.WORKLOADS, workloads=tuple(by_workload), blocked=blocked)


def _most_frequent(reasons: Iterable[str]) -> tuple[tuple[str, int], ...]:
    counts: Mapping[str, int] = Counter(reasons)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
