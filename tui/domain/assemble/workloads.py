"""Workloads with their containers judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import msgspec

from tui.domain.assemble.images import verdict_of
from tui.domain.assemble.places import JudgedImages
from tui.domain.checks.asking import CheckAnswers, Questions
from tui.domain.checks.containers import BY_NAME
from tui.domain.checks.context import ContainerContext
from tui.domain.common.source_id import SourceId
from tui.domain.common.trust import Check, worst
from tui.domain.facts.admission import Gate
from tui.domain.facts.workload import ObjectKey
from tui.domain.policy.ruling import ruled
from tui.domain.policy.scopes import PolicyTarget
from tui.domain.snapshot.snapshot import Container, Drift, Image, ImageKey, Workload
from tui.domain.workloads.containers import ContainerJoin
from tui.domain.workloads.impostor import Suspicion
from tui.domain.workloads.join import JoinedWorkload

__all__ = ["Circumstances", "Silence", "WorkloadJudge", "WorkloadMemory"]


class Silence(NamedTuple):
    """Why a cluster does not answer, in a sentence, since when, and what helps; all empty while it does."""

    reason: str = ""
    since: datetime | None = None
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What all workloads are judged under: images by their rules (compared by identity), silences by source, gates by cluster.

    `lost_scopes` are silences of single namespaces, by source and namespace.
    """

    judged: JudgedImages
    silences: Mapping[SourceId, Silence] = field(default_factory=dict)
    lost_scopes: Mapping[tuple[SourceId, str], Silence] = field(default_factory=dict)
    gates: Mapping[str, Gate] = field(default_factory=dict)


class _Judged(msgspec.Struct, frozen=True, gc=False):
    """A workload as it was judged last, and upon what."""

    joined: JoinedWorkload
    images: tuple[Image | None, ...]
    odd: tuple[Suspicion | None, ...]
    asked: tuple[CheckAnswers[ContainerContext], ...]
    workload: Workload


class WorkloadMemory:
    """Workloads as they were judged last, and the circumstances."""

    def __init__(self) -> None:
        self._under: Circumstances | None = None
        self._judged: dict[ObjectKey, _Judged] = {}

    def all(self, workloads: Mapping[ObjectKey, JoinedWorkload], judge: WorkloadJudge) -> dict[ObjectKey, Workload]:
        """Every workload; none is judged again that nothing changed about."""
        same, self._under = self._under == judge.under, judge.under
        # In place and one by one: to drop ten thousand at once would hold up whoever else wants the interpreter.
        for key in [key for key in self._judged if key not in workloads]:
            del self._judged[key]
        found = {}
        for key, joined in workloads.items():
            judged = self._judged[key] = judge.judged(joined, self._judged.get(key), same)
            found[key] = judged.workload
        return found


@dataclass(frozen=True, slots=True, eq=False)
class WorkloadJudge:
    """Makes a `Workload` of what was joined; `suspicions` are by workload and name of the container."""

    images: Mapping[ImageKey, Image]
    under: Circumstances
    questions: Questions[ContainerContext]
    suspicions: Mapping[tuple[ObjectKey, str], Suspicion] = field(default_factory=dict)

    def judged(self, joined: JoinedWorkload, before: _Judged | None, same: bool) -> _Judged:
        """One workload; `same` says that the circumstances are those of `before`."""
        images = tuple([self.images.get(key) for key in joined.images])
        odd = tuple([self.suspicions.get((joined.key, each.slot[1])) for each in joined.containers])
        if before is not None and same and before.joined is joined and before.images == images and before.odd == odd:
            return before
        earlier: tuple[CheckAnswers[ContainerContext] | None, ...] = (None,) * len(odd)
        if before is not None and before.joined is joined:
            earlier = before.asked
        found = zip(joined.containers, odd, earlier, strict=True)
        # Once for all of them: one each would be as many as their square.
        siblings = tuple([(each.slot[1], each.image) for each in joined.containers])
        asked = tuple(
            [self.questions.ask(self._context(each, joined, siblings, suspicion), old) for each, suspicion, old in found]
        )
        made = self._workload(joined, asked)
        # Screens and diffs compare by identity first: what says the same stays the very same.
        return _Judged(joined, images, odd, asked, before.workload if before is not None and before.workload == made else made)

    def _workload(self, joined: JoinedWorkload, asked: tuple[CheckAnswers[ContainerContext], ...]) -> Workload:
        found, own = joined.group, joined.controller
        containers = tuple([self._container(each) for each in asked])
        return Workload(
            key=joined.key,
            containers=containers,
            verdict=worst([container.verdict for container in containers]),
            pods=sum(crew.pods for crew in joined.crews),
            desired=own.desired if own is not None else None,
            suspended=own.suspended if own is not None else False,
            managed_by=joined.managed_by,
            team=joined.team,
            created=own.created if own is not None else min((pod.created for pod in found.pods if pod.created), default=None),
            rollback=tuple([image for image in joined.rollback if image in self.images]),
            owner_readable=found.top.readable,
            source=found.source,
            crews=joined.crews,
        )

    def _container(self, asked: CheckAnswers[ContainerContext]) -> Container:
        joined, key, lost = asked.context.container, asked.context.workload, asked.context.lost
        own = ruled(asked.answers, asked.context.rules, (joined.digests,))
        declared = joined.declared if joined.declared in self.images else None
        shown = [image for image in joined.runs or ((declared,) if declared is not None else ()) if image in self.images]
        named = _names(joined)
        judged = [self._image_checks(image, named.get(image, ()), key) for image in shown]
        checks = (*own, *self._by_name(shown, named, judged))
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
            verdict=verdict_of(own, judged),
            pull_policy=joined.pull_policy,
            pod_refs=joined.refs,
            placed=dict(zip(shown, judged, strict=True)) if self.under.judged.judge.book.varies else {},
        )

    def _image_checks(self, image: ImageKey, named: tuple[str, ...], workload: ObjectKey) -> tuple[Check, ...]:
        return self.under.judged.at(self.images[image], workload.cluster, workload.namespace, named or None)

    def _by_name(
        self, shown: list[ImageKey], named: Mapping[ImageKey, tuple[str, ...]], judged: list[tuple[Check, ...]]
    ) -> Iterator[Check]:
        """The answers under the digest that its own name gives, where others name the image otherwise too."""
        if any(self.under.judged.are_others(image, named.get(image, ())) for image in shown):
            for name in BY_NAME:
                answers = [check for checks in judged for check in checks if check.name is name]
                yield max(answers, key=lambda check: check.state.severity)

    def _context(
        self, joined: ContainerJoin, workload: JoinedWorkload, siblings: tuple[tuple[str, str], ...], suspicion: Suspicion | None
    ) -> ContainerContext:
        key, source, judge = workload.key, workload.group.source, self.under.judged.judge
        silence = self.under.silences.get(source, _ANSWERS)
        if not silence.reason:
            silence = self.under.lost_scopes.get((source, key.namespace), silence)
        return ContainerContext(
            rules=judge.book.rules(PolicyTarget(key.cluster, key.namespace, joined.name)),
            now=judge.now,
            container=joined,
            workload=key,
            source=source,
            lost=silence.reason,
            lost_at=silence.since,
            remedy=silence.remedy,
            gate=self.under.gates.get(key.cluster),
            suspicion=suspicion,
            siblings=siblings,
        )


def _names(joined: ContainerJoin) -> dict[ImageKey, tuple[str, ...]]:
    """The digests that the name of a container gives of each of its images."""
    digests: dict[ImageKey, list[str]] = {}
    for key, digest in joined.named:
        digests.setdefault(key, []).append(digest)
    return {key: tuple(each) for key, each in digests.items()}


_ANSWERS = Silence()
