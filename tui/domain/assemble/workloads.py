"""Workloads with their containers judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from operator import is_
from typing import NamedTuple

import msgspec

from tui.domain.assemble.images import verdict_of
from tui.domain.assemble.places import JudgedImages
from tui.domain.checks.asking import CheckAnswers, Questions
from tui.domain.checks.containers import BY_NAME
from tui.domain.checks.context import ContainerContext
from tui.domain.common.memo import Address, Rows, Trace, with_more
from tui.domain.common.source_id import SourceId
from tui.domain.common.trust import Check, worst
from tui.domain.facts.admission import Gate
from tui.domain.facts.workload import ObjectKey
from tui.domain.policy.rulebook import RuleBook
from tui.domain.policy.ruling import ruled
from tui.domain.policy.scopes import PolicyTarget
from tui.domain.snapshot.snapshot import Container, Drift, ImageKey, Workload
from tui.domain.workloads.containers import ContainerJoin
from tui.domain.workloads.history import Suspicions
from tui.domain.workloads.impostor import Suspicion
from tui.domain.workloads.join import JoinedWorkload

__all__ = ["Circumstances", "Silence", "WorkloadJudge"]

_Answers = CheckAnswers[ContainerContext]


class Silence(NamedTuple):
    """Why a cluster does not answer, in a sentence, since when, and what helps; all empty while it does."""

    reason: str = ""
    since: datetime | None = None
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What all workloads are judged under: the rules (compared by identity) and the time, silences by source, gates by cluster.

    `lost_scopes` are silences of single namespaces, by source and namespace.
    """

    book: RuleBook | None = None
    now: datetime | None = None
    silences: Mapping[SourceId, Silence] = field(default_factory=dict)
    lost_scopes: Mapping[tuple[SourceId, str], Silence] = field(default_factory=dict)
    gates: Mapping[str, Gate] = field(default_factory=dict)


class WorkloadJudge:
    """Makes a `Workload` of what was joined, round after round: none is judged again that nothing changed about."""

    def __init__(
        self, trace: Trace, judged: JudgedImages, suspicions: Suspicions, questions: Questions[ContainerContext]
    ) -> None:
        self.under = Circumstances()
        self.workloads: Mapping[ObjectKey, Workload] = {}
        self._trace = trace
        self._images = judged.judge.images
        self._judged, self._suspicions, self._questions = judged, suspicions, questions
        self._joined: Mapping[ObjectKey, JoinedWorkload] = {}
        self._asked: dict[ObjectKey, tuple[JoinedWorkload, tuple[_Answers, ...]]] = {}
        self._rows: Rows[ObjectKey, Workload] = Rows(trace, self._judge)

    def renew(self, joined: Mapping[ObjectKey, JoinedWorkload], under: Circumstances, changed: Set[Address]) -> set[ObjectKey]:
        """Judge again what changed, all when the circumstances did; the workloads that are others, or gone."""
        self._joined = joined
        if under != self.under:
            changed = with_more(changed, joined.keys())
        self.under = under
        keys = {address for address in changed if isinstance(address, ObjectKey)}
        present = {key for key in keys if key in joined}
        for key in keys - present:
            self._asked.pop(key, None)
        others = self._rows.refresh(changed, present, keys - present)
        if others:
            self.workloads = self._in_order(others)
        return others

    def _in_order(self, others: set[ObjectKey]) -> dict[ObjectKey, Workload]:
        rows = self._rows.values
        if any((key in rows) != (key in self.workloads) for key in others):
            return {key: rows[key] for key in sorted(rows)}
        return {**self.workloads, **{key: rows[key] for key in others}}

    def _judge(self, key: ObjectKey) -> Workload:
        joined, suspicions, before = self._joined[key], self._suspicions.of(key), self._asked.get(key)
        self._trace.reads.update(joined.images)
        earlier: tuple[_Answers | None, ...] = (None,) * len(joined.containers)
        if before is not None and before[0] is joined:
            earlier = before[1]
        # Once for all of them: one each would be as many as their square.
        siblings = tuple([(container.slot[1], container.image) for container in joined.containers])
        answered = tuple(
            [
                self._questions.ask(self._context(container, joined, siblings, suspicions.get(container.slot[1])), old)
                for container, old in zip(joined.containers, earlier, strict=True)
            ]
        )
        self._asked[key] = joined, answered
        last = self._rows.values.get(key)
        same = last is not None and before is not None and before[0] is joined
        containers = tuple(
            [
                self._container(answers, old, container)
                for answers, old, container in zip(answered, earlier, last.containers, strict=True)
            ]
            if same and last is not None
            else [self._container(answers) for answers in answered]
        )
        return self._workload(joined, containers, last if same else None)

    def _workload(self, joined: JoinedWorkload, containers: tuple[Container, ...], last: Workload | None) -> Workload:
        """The workload of these containers; `last` is how it was, if the same was joined then."""
        group, own = joined.group, joined.controller
        rollback = tuple([image for image in joined.rollback if image in self._images])
        if last is not None and rollback == last.rollback and all(map(is_, containers, last.containers)):
            return last
        verdict = worst([container.verdict for container in containers])
        if last is not None:
            return msgspec.structs.replace(last, containers=containers, verdict=verdict, rollback=rollback)
        return Workload(
            key=joined.key,
            containers=containers,
            verdict=verdict,
            pods=sum(crew.pods for crew in joined.crews),
            desired=own.desired if own is not None else None,
            suspended=own.suspended if own is not None else False,
            managed_by=joined.managed_by,
            team=joined.team,
            created=own.created if own is not None else min((pod.created for pod in group.pods if pod.created), default=None),
            rollback=rollback,
            owner_readable=group.top.readable,
            source=group.source,
            crews=joined.crews,
            lost_rollback=joined.lost_names,
        )

    def _container(self, answered: _Answers, before: _Answers | None = None, last: Container | None = None) -> Container:
        """The container as it is judged now; `last` is how it was after the answers `before`, if the same was joined then."""
        joined, key, lost = answered.context.container, answered.context.workload, answered.context.cluster_lost
        own, rules = answered.answers, answered.context.rules
        if rules.overrules:
            own = ruled(own, rules, (joined.digests,))
        declared = joined.declared if joined.declared in self._images else None
        shown = [image for image in joined.runs or ((declared,) if declared is not None else ()) if image in self._images]
        digests = _names(joined)
        judged = [self._image_checks(image, digests.get(image, ()), key) for image in shown]
        checks = (*own, *self._by_name(shown, digests, judged))
        verdict = verdict_of(own, judged, joined.trouble)
        placed = dict(zip(shown, judged, strict=True)) if self._judged.judge.book.varies else {}
        if last is not None and before is not None and before.context.cluster_lost == lost:
            if _judgement_of(last) == (checks, verdict, declared, placed):
                return last
            return msgspec.structs.replace(last, checks=checks, verdict=verdict, declared=declared, placed=placed)
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
            pull=joined.pull,
            checks=checks,
            verdict=verdict,
            pull_policy=joined.pull_policy,
            pod_refs=joined.refs,
            placed=placed,
            place=joined.place,
            template=joined.template,
        )

    def _image_checks(self, image: ImageKey, digests: tuple[str, ...], workload: ObjectKey) -> tuple[Check, ...]:
        return self._judged.at(self._images[image], workload.cluster, workload.namespace, digests or None)

    def _by_name(
        self, shown: list[ImageKey], digests: Mapping[ImageKey, tuple[str, ...]], judged: list[tuple[Check, ...]]
    ) -> Iterator[Check]:
        """The answers under the digest that its own name gives, where others name the image otherwise too."""
        if any(self._judged.are_others(image, digests.get(image, ())) for image in shown):
            for name in BY_NAME:
                answers = [check for checks in judged for check in checks if check.name is name]
                yield max(answers, key=lambda check: check.state.severity)

    def _context(
        self, joined: ContainerJoin, workload: JoinedWorkload, siblings: tuple[tuple[str, str], ...], suspicion: Suspicion | None
    ) -> ContainerContext:
        key, source, judge = workload.key, workload.group.source, self._judged.judge
        silence = self.under.silences.get(source, _ANSWERS)
        if not silence.reason:
            silence = self.under.lost_scopes.get((source, key.namespace), silence)
        return ContainerContext(
            rules=judge.book.rules(PolicyTarget(key.cluster, key.namespace, joined.name)),
            now=judge.now,
            container=joined,
            workload=key,
            source=source,
            cluster_lost=silence.reason,
            lost_at=silence.since,
            remedy=silence.remedy,
            gate=self.under.gates.get(key.cluster),
            suspicion=suspicion,
            siblings=siblings,
        )


def _names(joined: ContainerJoin) -> dict[ImageKey, tuple[str, ...]]:
    """The digests that the name of a container gives of each of its images."""
    if len(joined.named_digests) == 1:
        return {key: (digest,) for key, digest in joined.named_digests}
    digests: dict[ImageKey, list[str]] = {}
    for key, digest in joined.named_digests:
        digests.setdefault(key, []).append(digest)
    return {key: tuple(values) for key, values in digests.items()}


_ANSWERS = Silence()


def _judgement_of(container: Container) -> tuple[object, ...]:
    """All of a container that does not follow from what was joined."""
    return container.checks, container.verdict, container.declared, container.placed
