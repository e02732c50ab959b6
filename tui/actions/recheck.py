"""What is not as it was when a plan was made: asked at the moment of acting, and shown before anything is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from typing import Protocol

import msgspec

from tui.domain.common.text import capitalized, clean
from tui.domain.facts.rollout import RolloutState
from tui.domain.plans.plan import Plan, Precondition, Step, image_condition

__all__ = ["Confirm", "compared", "differences", "reopened", "substance"]


class Confirm(Protocol):
    """Shows what has changed and asks whether to go on with a step all the same."""

    def __call__(self, step: Step, changed: tuple[str, ...]) -> Awaitable[bool]:
        """True to go on."""
        ...


def differences(step: Step, state: RolloutState) -> tuple[str, ...]:
    """What a workload has that the step's plan did not see, as sentences."""
    return tuple(filter(None, (_difference(condition, state) for condition in step.preconditions)))


def compared(old: Plan, new: Plan, *, words: bool = False) -> tuple[str, ...]:
    """What another plan for the same question, made now, would do otherwise, as sentences; empty when it is the same.

    With `words` also what it says otherwise of what it does: of a plan that comes from a file anybody may have written that.
    """
    before, after = ({step.id: step for step in plan.steps} for plan in (old, new))
    dropped = [f"{_named(step)} is not needed any more." for name, step in before.items() if name not in after]
    added = [f"{_named(step)} is needed now as well." for name, step in after.items() if name not in before]
    changed = []
    for name in before.keys() & after.keys():
        old_step, new_step = before[name], after[name]
        if substance(old_step) != substance(new_step):
            changed.append(f"{_named(old_step)} is not what it was when the plan was made.")
        elif new_step.blocked and not old_step.blocked:
            changed.append(f"{_named(old_step)} cannot be done any more: {new_step.blocked}")
        elif old_step.blocked and not new_step.blocked and words:
            changed.append(f"{_named(old_step)} could not be done when the plan was made, and can be done now.")
        changed += _told_otherwise(old_step, new_step) if words else ()
    return (*dropped, *added, *sorted(changed))


def reopened(old: Plan, new: Plan) -> Plan:
    """A plan of a file with what only today can tell of it: its forecast, what hinders its steps and which rights they need."""
    today = {step.id: step for step in new.steps}
    steps = [_as_of_today(step, today[step.id]) if step.id in today else step for step in old.steps]
    return msgspec.structs.replace(old, steps=tuple(steps), forecast=new.forecast, notes=new.notes, unknown=new.unknown)


def _as_of_today(step: Step, today: Step) -> Step:
    return msgspec.structs.replace(
        step, rights=today.rights, seconds=today.seconds, blocked=today.blocked, remedy=today.remedy, wave=today.wave
    )


def _told_otherwise(old: Step, new: Step) -> Iterator[str]:
    """What a plan says of a step and today's does not: what it does, why, what it leaves alone, and its warnings."""
    pairs = {
        "what it does": (old.what, new.what),
        "why": (old.why, new.why),
        "what it leaves alone": (" ".join(old.leaves), " ".join(new.leaves)),
        "its warnings": (" ".join(old.warnings), " ".join(new.warnings)),
    }
    for title, (said, says) in pairs.items():
        if said != says:
            before, now = (f"“{clean(text, 300)}”" if text else "nothing" for text in (said, says))
            yield f"{_named(old)}, {title}: the plan says {before}; now it would say {now}."


def substance(step: Step) -> tuple[object, ...]:
    """What a step changes, after which others, and on which condition; also the name and commands by which an operator knows it:
    a file may say of one thing that it is another."""
    acts = (step.kind, step.image, step.also, step.workload, step.containers, step.new_image, step.job, step.parameters)
    return (*acts, step.needs, step.preconditions, step.target, step.commands, step.undo)


def _named(step: Step) -> str:
    return f"{step.kind} of {clean(step.target, 100)}"


def _difference(condition: Precondition, state: RolloutState) -> str:
    of_container = condition.what.startswith(image_condition(""))
    value = _image_named(condition, state) if of_container else _value(condition.path, state)
    if value is None or value == condition.value:
        return ""
    subject = clean(condition.what, 100)
    return f"{capitalized(subject)} was {clean(condition.value, 160)} and is {clean(value, 160)} now."


def _value(path: str, state: RolloutState) -> str | None:
    """What the object has at a pointer; None where that is not among what is read: the change itself is held against it."""
    if path == "/metadata/uid":
        return state.uid
    if path == "/metadata/resourceVersion":
        return state.resource_version
    if path == "/metadata/generation":
        return str(state.generation)
    if path == "/spec/replicas":
        return None if state.desired is None else str(state.desired)
    return None


def _image_named(condition: Precondition, state: RolloutState) -> str:
    """The image of a container that a condition names: by its name, so that it may stand at another place by now.

    A volume may have the name of a container: either may be meant.
    """
    images = [container.image for container in state.containers if image_condition(container.name) == condition.what]
    return condition.value if condition.value in images else images[0] if images else "gone"
