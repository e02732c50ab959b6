"""How plans name things, and the ids of plans and steps: stable over plans of the same estate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from tui.domain.common.text import clean, first_few, short
from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.plan import Action, Plan, Step, StepKind
from tui.domain.snapshot.snapshot import ImageKey, Snapshot

__all__ = [
    "UNSURE",
    "estate_of",
    "image_title",
    "make_plan",
    "plan_id",
    "repository_title",
    "several",
    "step_id",
    "workload_title",
]

UNSURE = "No step can be planned."
"""Said of a plan without steps where it is not known that nothing is to be done."""
MOST_NAMED = 5


def step_id(kind: StepKind, *parts: str) -> str:
    """The id of a step by what it changes."""
    return f"{kind}-{_digest(parts)}"


def plan_id(action: Action, query: str, moment: datetime, steps: Iterable[Step]) -> str:
    """The id of a plan: another one each time that it is made."""
    return f"{action}-{_digest((query, moment.isoformat(), *(step.id for step in steps)))}"


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="backslashreplace")).hexdigest()[:12]


def repository_title(key: ImageKey) -> str:
    """The repository, as a person names it."""
    return clean(str(key.name) if key.repository else "a base that is in no registry", 200)


def image_title(snapshot: Snapshot, key: ImageKey) -> str:
    """The image by its first tag, by its digest where it has none."""
    image = snapshot.images.get(key)
    if image is not None and image.tags and image.tags[0]:
        return f"{repository_title(key)}:{clean(image.tags[0], 128)}"
    return f"{repository_title(key)} ({short(key.digest)})"


def workload_title(key: ObjectKey) -> str:
    """Kind, namespace and name, and the cluster."""
    return clean(f"{key.kind} {key.namespace}/{key.name} in {key.cluster}", 300)


def several(names: Iterable[str]) -> str:
    """The first few names, each once, and how many more there are."""
    return first_few(list(dict.fromkeys(names)), MOST_NAMED)


def estate_of(steps: Iterable[Step]) -> tuple[str, ...]:
    """The contexts and registries that steps are about."""
    steps = tuple(steps)
    registries = {step.image.registry for step in steps if step.image is not None}
    return tuple(sorted(registries | {step.workload.cluster for step in steps if step.workload is not None}))


def make_plan(
    snapshot: Snapshot,
    action: Action,
    query: str,
    now: datetime,
    steps: tuple[Step, ...],
    notes: Iterable[str],
    unknown: Iterable[str],
) -> Plan:
    """A plan of these steps, in the order of their waves; those of one wave as they are given."""
    ordered = tuple(sorted(steps, key=lambda step: step.wave))
    return Plan(
        id=plan_id(action, query, now, ordered),
        action=action,
        query=query,
        made=now,
        as_of=_as_of(snapshot),
        steps=ordered,
        notes=tuple(dict.fromkeys(notes)),
        unknown=tuple(dict.fromkeys((*unknown, *_unread(snapshot)))),
        estate=estate_of(ordered),
    )


def _as_of(snapshot: Snapshot) -> datetime:
    """How old the oldest of its facts may be: when the source that was heard least lately was confirmed last."""
    return min((source.as_of for source in snapshot.sources if source.as_of is not None), default=snapshot.as_of)


def _unread(snapshot: Snapshot) -> tuple[str, ...]:
    lost = [str(source.id) for source in snapshot.sources if source.state.lacks_something]
    return (f"Not everything was read when this was planned: {several(lost)}.",) if lost else ()
