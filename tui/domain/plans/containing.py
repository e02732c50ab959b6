"""The plan that contains a compromised image: nobody may pull it any more, and nothing runs it.

What it is about is the content: the same content under other names, and what is built on it, hold it too. A rollback by
`kubectl rollout undo` does not help where the tag is the same, so the last good digest is put in place; where none is known the
workload is scaled to zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from tui.domain.common.text import clean
from tui.domain.common.trust import State
from tui.domain.facts.patterns import is_azure_registry
from tui.domain.facts.workload import ObjectKey
from tui.domain.plans import commands
from tui.domain.plans.gitops import patch_for_git
from tui.domain.plans.meanings import PINNABLE
from tui.domain.plans.plan import Action, Plan, Precondition, Step, StepKind
from tui.domain.plans.redeploying import image_seen
from tui.domain.plans.templates import is_ahead, rewritten, unpinnable
from tui.domain.plans.words import image_title, make_plan, several, step_id, workload_title
from tui.domain.snapshot.snapshot import Container, ImageKey, Snapshot, Workload
from tui.domain.workloads.counting import UseKind, users_of

__all__ = ["MOUNTS_UNREAD", "contain", "contents_of"]

MOUNTS_UNREAD = "Which secrets and service accounts its pods mount is not read: treat those of its namespaces as compromised."

_SCALABLE = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout"})
_SUSPENDED = frozenset({"CronJob", "Job"})


def contain(snapshot: Snapshot, selection: Iterable[ImageKey], *, query: str, now: datetime) -> Plan:
    """Locks, an end of pulls, and for each workload that runs it the last good digest or no pods at all.

    `selection` are the compromised images; what has their content is contained with them.
    """
    chosen = tuple(dict.fromkeys(selection))
    images = [key for key in chosen if key in snapshot.images]
    reasons = contents_of(snapshot, images)
    steps: list[Step] = []
    resting = []
    for key, why in reasons.items():
        if snapshot.images[key].gone:
            resting.append(f"{image_title(snapshot, key)} is not in its registry any more: nothing of it can be locked there.")
        else:
            steps += _registry_steps(snapshot, key, why)
    for name in sorted({user for key in reasons for user in _users(snapshot, key)}):
        if (workload := snapshot.workloads.get(name)) is not None:
            ends = _workload_steps(snapshot, workload, frozenset(reasons))
            steps += ends
            if not ends and (why := _rests(workload)):
                resting.append(f"{workload_title(name)} {why}: nothing of it runs.")
    missing = [f"{image_title(snapshot, key)} is not known: nothing is planned for it." for key in chosen if key not in images]
    notes, unknown = _whereabouts(snapshot, reasons)
    return make_plan(snapshot, Action.CONTAIN, query, now, tuple(steps), (*resting, *notes), (*missing, *unknown))


def _users(snapshot: Snapshot, key: ImageKey) -> set[ObjectKey]:
    """Whoever runs an image, or will: a CronJob between two of its Jobs starts it again."""
    uses = users_of(key, snapshot)
    return {*snapshot.users.get(key, ()), *(name for use, names in uses.items() if use is not UseKind.ROLLBACK for name in names)}


def contents_of(snapshot: Snapshot, images: Iterable[ImageKey]) -> dict[ImageKey, str]:
    """Every image that holds the content of these, the selected first, each with a sentence that says why."""
    reasons = dict.fromkeys(images, "It is compromised.")
    queue = list(reasons)
    while queue:
        key = queue.pop(0)
        title, image = image_title(snapshot, key), snapshot.images.get(key)
        same = image.same_content if image is not None else ()
        for other, why in (
            *((related, f"It has the same content as {title}.") for related in same),
            *((related, f"It is built on {title}.") for related in snapshot.derived.get(key, ())),
        ):
            if other in snapshot.images and other not in reasons:
                reasons[other] = why
                queue.append(other)
    return reasons


def _whereabouts(snapshot: Snapshot, reasons: dict[ImageKey, str]) -> tuple[list[str], list[str]]:
    """Where else the content is, and what nobody was asked."""
    notes = []
    for key in reasons:
        image = snapshot.images[key]
        if len(image.tags) > 1:
            notes.append(f"{image_title(snapshot, key)} is named by {several(clean(tag, 60) for tag in image.tags)}.")
    refs = [
        (workload.key.cluster, ref.node)
        for workload in snapshot.workloads.values()
        for container in workload.containers
        for ref in container.pod_refs
        if ref.runs in reasons and ref.node
    ]
    if refs:
        notes.append(f"Nodes that hold it: {several(clean(f'{node} in {cluster}', 120) for cluster, node in sorted(set(refs)))}.")
        notes.append("A node keeps the image after its pods have gone: drain it and delete the image there.")
    unlisted = [image_title(snapshot, key) for key in reasons if not snapshot.images[key].tags_listed]
    unknown = [MOUNTS_UNREAD]
    if unlisted:
        unknown.append(f"Not every tag was listed, so there may be others of {several(unlisted)}.")
    return notes, unknown if refs or unlisted else unknown[1:]


def _registry_steps(snapshot: Snapshot, key: ImageKey, why: str) -> list[Step]:
    azure = is_azure_registry(key.registry)
    blocked = "" if azure else "Its registry has no locks that can be set from here."
    remedy = "" if azure else "Delete it at its registry, or refuse it by admission."
    steps = []
    for kind, effect in (
        (StepKind.LOCK, "Keeps it from being changed or deleted: it is evidence."),
        (StepKind.DISABLE_READ, "Keeps everybody from pulling it."),
    ):
        read = kind is StepKind.DISABLE_READ
        steps.append(
            Step(
                id=step_id(kind, key.registry, key.repository, key.digest),
                kind=kind,
                target=image_title(snapshot, key),
                what=effect,
                why=why,
                image=key,
                leaves=("What already runs keeps running.",),
                blocked=blocked,
                remedy=remedy,
                commands=commands.lock(key, read=not read) if azure else (),
                undo=commands.unlock(key, read=read) if azure else "",
            )
        )
    return steps


def _workload_steps(snapshot: Snapshot, workload: Workload, bad: frozenset[ImageKey]) -> list[Step]:
    """One rollback for each repository, if there is a good image for every container; else an end of all pods."""
    containers = [container for container in workload.containers if bad.intersection(container.images)]
    good = [(container, _last_good(snapshot, workload, container, bad)) for container in containers]
    if not good:
        return []
    may_pin = workload.key.kind in PINNABLE and all(
        key is not None and not unpinnable(workload, container) for container, key in good
    )
    if not may_pin and _rests(workload):
        return []
    if may_pin:
        groups: dict[ImageKey, list[Container]] = {}
        for container, key in good:
            if key is not None:
                groups.setdefault(key, []).append(container)
        return [_roll_back(workload, key, group) for key, group in groups.items()]
    return [_scale(workload, next(key for key in good[0][0].images if key in bad))]


def _last_good(snapshot: Snapshot, workload: Workload, container: Container, bad: frozenset[ImageKey]) -> ImageKey | None:
    """The image of the same repository that it ran before, as rollback targets say, which nothing speaks against; the newest."""
    before = [
        image
        for key in workload.rollback
        if key not in bad and (image := snapshot.images.get(key)) is not None
        if image.name == container.name_of and not image.absent and image.verdict in (State.PASS, State.WARN)
    ]
    newest = max(
        before, key=lambda image: ((image.pushed or image.created or snapshot.as_of).timestamp(), image.key), default=None
    )
    return newest.key if newest is not None else None


def _base(workload: Workload, kind: StepKind, image: ImageKey, containers: Iterable[Container], *parts: str) -> Step:
    key = workload.key
    containers = tuple(containers)
    return Step(
        id=step_id(kind, key.cluster, key.namespace, key.kind, key.name, *parts),
        kind=kind,
        target=workload_title(key),
        what="",
        why="It runs what is compromised.",
        image=image,
        workload=key,
        containers=tuple(container.name for container in containers),
        wave=2,
        preconditions=tuple(image_seen(key, container) for container in containers),
    )


def _roll_back(workload: Workload, good: ImageKey, containers: list[Container]) -> Step:
    reference = good.reference
    names = [container.name for container in containers]
    owner = workload.managed_by
    step = _base(workload, StepKind.ROLL_BACK, good, containers, good.registry, good.repository)
    return msgspec.structs.replace(
        step,
        what="Puts the last good digest in place. Undoing the rollout would not help: the same tag names what is compromised.",
        new_image=reference,
        warnings=tuple(filter(None, (_otherwise(container) for container in containers))),
        blocked=f"{owner} owns it and would undo the change of its image." if owner else "",
        remedy=patch_for_git(workload, containers, reference, containers[0].name_of) if owner else "",
        commands=commands.pin(workload.key, names, reference),
        undo="; ".join(
            command for pinned in containers for command in commands.pin(workload.key, (pinned.name,), pinned.in_template)
        ),
    )


def _otherwise(container: Container) -> str:
    """What the template names, where the pods do not run that."""
    if is_ahead(container):
        return f"It takes the place of {clean(container.template, 160)}, which its template names and its pods do not run yet."
    return rewritten(container)


def _rests(workload: Workload) -> str:
    """Why nothing of a workload runs, or can start by itself; empty where something does, or can."""
    if workload.pods or workload.key.kind not in _SCALABLE | _SUSPENDED:
        return ""
    if workload.suspended:
        return "is suspended"
    if workload.key.kind == "Job":
        return "has ended"
    return "is scaled to zero" if workload.desired == 0 else ""


def _ends(workload: Workload) -> str:
    pods = "its pod" if workload.pods == 1 else f"its {workload.pods} pods"
    match workload.key.kind:
        case "CronJob":
            return "Suspends it: it starts no more."
        case "Job":
            return f"Suspends it, which ends {pods}."
        case _:
            return f"Ends {pods}."


def _scale(workload: Workload, bad: ImageKey) -> Step:
    key = workload.key
    step = _base(workload, StepKind.SCALE_TO_ZERO, bad, ())
    if key.kind not in _SCALABLE | _SUSPENDED:
        return msgspec.structs.replace(
            step,
            what="Ends its pods.",
            blocked=f"A {clean(key.kind, 60)} cannot be scaled to zero.",
            remedy="Delete it: nothing makes it again."
            if key.kind == "Pod"
            else "Delete it, or keep its pods from every node by a node selector that no node has.",
        )
    warnings = (f"{workload.managed_by} owns it and may start it again: that is watched.",) if workload.managed_by else ()
    number = workload.desired if workload.desired is not None else workload.pods
    return msgspec.structs.replace(
        step,
        what=_ends(workload),
        why="It runs what is compromised, and no good image that it ran before is known.",
        warnings=warnings,
        preconditions=() if workload.desired is None else (Precondition("the number of pods", str(number), "/spec/replicas"),),
        commands=commands.scale_to_zero(key),
        undo=commands.scale_back(key, number),
    )
