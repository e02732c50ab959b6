"""Which plan is made for which command, and the rights that its steps need, asked without acting."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime

import msgspec

from tui.actions.outside import RightsAsked
from tui.domain.facts.rights import Right, RightState
from tui.domain.facts.rollout import WorkloadChange
from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.containing import contain
from tui.domain.plans.plan import Action, Plan, Step, StepKind
from tui.domain.plans.rebuilding import rebuild
from tui.domain.plans.redeploying import redeploy
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.errors import SourceError
from tui.sources.acting_ports import LockTarget

__all__ = ["CHANGES", "LONGEST", "lock_target", "planned", "with_rights"]

CHANGES = {
    StepKind.RESTART: WorkloadChange.RESTART,
    StepKind.PIN: WorkloadChange.PIN,
    StepKind.ROLL_BACK: WorkloadChange.PIN,
    StepKind.SCALE_TO_ZERO: WorkloadChange.SCALE,
}
AT_ONCE = 16
LONGEST = 20.0
"""Seconds that are waited for the answer about one step: a plan is shown without it then."""


def planned(
    action: Action,
    snapshot: Snapshot,
    images: Collection[ImageKey],
    workloads: Collection[ObjectKey],
    query: str,
    now: datetime,
) -> Plan:
    """The plan of a command about images and workloads, from what is known."""
    match action:
        case Action.REBUILD:
            return rebuild(snapshot, images, query=query, now=now)
        case Action.REDEPLOY:
            return redeploy(snapshot, images, workloads, query=query, now=now)
        case Action.CONTAIN:
            return contain(snapshot, images, query=query, now=now)


def lock_target(step: Step) -> LockTarget | None:
    """What a lock is put on: the tag that the step's `new_image` names, or the image by its digest."""
    key = step.image
    if key is None:
        return None
    reference = step.new_image.rpartition("/")[2].partition(":")[2] if step.new_image else key.digest
    return LockTarget(key.name, reference)


async def with_rights(plan: Plan, asked_of: RightsAsked) -> Plan:
    """The plan with what is known of the rights of each step that can be done; a step without one is blocked."""
    slots, ready = asyncio.Semaphore(AT_ONCE), {step.id for step in plan.ready}

    async def asked(step: Step) -> Step:
        if step.id not in ready:
            return step
        async with slots:
            return _judged(step, await _rights(step, asked_of))

    return msgspec.structs.replace(plan, steps=tuple(await asyncio.gather(*map(asked, plan.steps))))


def _judged(step: Step, rights: tuple[Right, ...]) -> Step:
    missing = [right for right in rights if right.state is RightState.MISSING]
    if not missing:
        return msgspec.structs.replace(step, rights=rights)
    blocked = f"The right {missing[0].name} on {missing[0].on} is missing."
    return msgspec.structs.replace(step, rights=rights, blocked=blocked, remedy=missing[0].remedy)


async def _rights(step: Step, asked_of: RightsAsked) -> tuple[Right, ...]:
    """What could be learnt; nothing where nobody can be asked."""
    name = "the right to do it"
    try:
        async with asyncio.timeout(LONGEST):
            return await _answered(step, asked_of)
    except TimeoutError:
        return (Right(name, step.target, RightState.UNKNOWN, reason=f"No answer came within {LONGEST:g} s."),)
    except SourceError as error:
        return (Right(name, step.target, RightState.UNKNOWN, error.remedy, error.headline),)


async def _answered(step: Step, asked_of: RightsAsked) -> tuple[Right, ...]:
    if step.job is not None:
        of_job = asked_of.builders.get((step.job.kind, step.job.builder))
        return await of_job.rights(step.job) if of_job is not None else ()
    if step.workload is not None:
        of_workload = asked_of.redeployers.get(step.workload.cluster)
        return await of_workload.rights(step.workload, CHANGES[step.kind]) if of_workload is not None else ()
    target = lock_target(step)
    of_image = asked_of.locks.get(target.name.registry) if target is not None else None
    return await of_image.rights(target) if of_image is not None and target is not None else ()
