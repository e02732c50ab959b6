"""Workloads with their containers judged, and what they use of which image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tui.domain.admission import Gate
from tui.domain.check_context import ContainerContext
from tui.domain.checks import Checks
from tui.domain.drift import Judge, Seen
from tui.domain.events import SourceHealth
from tui.domain.facts import ClusterFacts
from tui.domain.grouping import Group, group
from tui.domain.impostor import Suspicion
from tui.domain.joined import Joined, joined_of
from tui.domain.judged_images import verdict_of
from tui.domain.judged_places import JudgedImages
from tui.domain.owners import managed_by, team_of
from tui.domain.ruling import ruled
from tui.domain.scopes import Place
from tui.domain.snapshot import Container, Drift, Image, ImageKey, Workload
from tui.domain.trust import Check, worst
from tui.domain.workload import Controller, ObjectKey

__all__ = ["JoinedWorkload", "Use", "WorkloadJudge", "join_workloads", "uses_of"]


@dataclass(frozen=True, slots=True, eq=False)
class JoinedWorkload:
    """A workload before it is judged: it depends on no policy and no time."""

    key: ObjectKey
    group: Group
    containers: tuple[Joined, ...]
    rollback: tuple[ImageKey, ...]
    controller: Controller | None = None
    managed_by: str = ""
    team: str = ""


@dataclass(slots=True)
class Use:
    """What uses an image: workloads that run it, their pods, and whether something would run it that does not now."""

    users: dict[ObjectKey, None] = field(default_factory=dict)
    pods: int = 0


def join_workloads(facts: ClusterFacts, judge: Judge) -> dict[ObjectKey, JoinedWorkload]:
    """Every workload, in the order of the keys."""
    groups = group(facts)
    return {key: _join(key, groups[key], facts, judge) for key in sorted(groups)}


def _join(key: ObjectKey, found: Group, facts: ClusterFacts, judge: Judge) -> JoinedWorkload:
    containers = joined_of(found, judge, facts.nodes.get(found.source, {}))
    old = (judge.find(Seen(each.image)).declared for controller in found.rollback for each in controller.containers)
    rollback = tuple(sorted({image for image in old if image is not None}))
    words = tuple(_words(found))
    return JoinedWorkload(key, found, containers, rollback, found.controller, managed_by(words), team_of(words))


def uses_of(workloads: Mapping[ObjectKey, JoinedWorkload]) -> dict[ImageKey, Use]:
    """Every image that something runs, would run, or could go back to."""
    found: dict[ImageKey, Use] = {}
    for workload in workloads.values():
        pods: dict[ImageKey, set[str]] = {}
        for container in workload.containers:
            for uid, image in container.running:
                pods.setdefault(image, set()).add(uid)
            if not container.pods and container.declared is not None:
                found.setdefault(container.declared, Use())
        for image, uids in pods.items():
            use = found.setdefault(image, Use())
            use.users[workload.key] = None
            use.pods += len(uids)
        for image in workload.rollback:
            found.setdefault(image, Use())
    return found


@dataclass(frozen=True, slots=True, eq=False)
class WorkloadJudge:
    """Makes a `Workload` of what was joined; `lost` are the clusters (by source) that do not answer, with a sentence."""

    images: Mapping[ImageKey, Image]
    judged: JudgedImages
    checks: Checks
    now: datetime
    lost: Mapping[str, str]
    health: Mapping[str, SourceHealth]
    gates: Mapping[str, Gate] = field(default_factory=dict)
    suspicions: Mapping[tuple[ObjectKey, str], Suspicion] = field(default_factory=dict)

    def workload(self, joined: JoinedWorkload) -> Workload:
        """One workload."""
        found = joined.group
        own = joined.controller
        containers = tuple(self._container(each, joined) for each in joined.containers)
        return Workload(
            key=joined.key,
            containers=containers,
            verdict=worst(container.verdict for container in containers),
            pods=len(found.pods),
            desired=own.desired if own is not None else None,
            suspended=own.suspended if own is not None else False,
            managed_by=joined.managed_by,
            team=joined.team,
            created=own.created if own is not None else min((pod.created for pod in found.pods if pod.created), default=None),
            rollback=tuple(image for image in joined.rollback if image in self.images),
            owner_readable=found.top.readable,
            source=found.source,
        )

    def _container(self, joined: Joined, workload: JoinedWorkload) -> Container:
        key, source = workload.key, workload.group.source
        lost = self.lost.get(source, "")
        checks = self._checks(joined, workload, lost)
        declared = joined.declared if joined.declared in self.images else None
        shown = joined.runs or ((declared,) if declared is not None else ())
        return Container(
            name=joined.slot[1],
            type=joined.slot[0],
            image=joined.image,
            name_of=joined.name,
            tag=joined.tag,
            pin=joined.pin,
            digests=joined.digests,
            runs=joined.runs,
            declared=declared,
            pods=joined.pods,
            drift=Drift.UNKNOWN if lost else joined.drift,
            drift_reason=lost or " ".join(filter(None, (joined.reason, joined.note))),
            trouble=joined.trouble,
            checks=checks,
            verdict=verdict_of(checks, (self._image_checks(image, key) for image in shown if image in self.images)),
            pull_policy=joined.pull_policy,
            pod_refs=joined.refs,
        )

    def _image_checks(self, image: ImageKey, workload: ObjectKey) -> tuple[Check, ...]:
        return self.judged.at(self.images[image], workload.cluster, workload.namespace)

    def _checks(self, joined: Joined, workload: JoinedWorkload, lost: str) -> tuple[Check, ...]:
        key, source = workload.key, workload.group.source
        health = self.health.get(source)
        rules = self.judged.judge.book.rules(Place(key.cluster, key.namespace, joined.name))
        context = ContainerContext(
            rules=rules,
            now=self.now,
            container=joined,
            workload=key,
            source=source,
            lost=lost,
            lost_at=health.as_of if health is not None and lost else None,
            remedy=health.remedy if health is not None else "",
            gate=self.gates.get(key.cluster),
            suspicion=self.suspicions.get((key, joined.slot[1])),
            siblings=tuple((each.slot[1], each.image) for each in workload.containers),
        )
        return ruled((check(context) for check in self.checks.container), rules, joined.digests)


def _words(found: Group) -> Iterator[Mapping[str, str]]:
    """Labels and annotations, those of the top first."""
    own = found.controller
    others = [each for each in found.controllers.values() if own is None or each.uid != own.uid]
    for each in ([own] if own is not None else []) + sorted(others, key=lambda each: each.uid):
        yield each.annotations
        yield each.labels
    if not found.controllers and found.pods:
        yield min(found.pods, key=lambda pod: pod.uid).labels
