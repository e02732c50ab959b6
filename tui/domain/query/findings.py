"""What is wrong in an estate, one row per problem, worst and widest first: for a view, and for reports."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, assert_never

from tui.domain.common.pace import paced
from tui.domain.common.text import team_title
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.scan import CLEARING, ImageVulnerability, Severity
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.finding import START, Finding, FindingGrouping, FindingKey
from tui.domain.scans.mending import mended
from tui.domain.scans.vulnerabilities import is_meant
from tui.domain.snapshot.snapshot import Container, Drift, Image, ImageKey, Snapshot, Workload
from tui.domain.workloads.counting import ContainerGroup, places_of, pods_at

if TYPE_CHECKING:
    from tui.domain.query.steps import Subject

__all__ = ["find", "problems_of", "rank"]

_NUMBER = re.compile(r"\d[\d.]*")
_GRAVE = Severity.HIGH.rank
_FIRST = (CheckName.IDENTITY, CheckName.SIGNATURE, CheckName.REGISTRY, START)
"""What is not the image that it should be, or does not start at all, stands before vulnerabilities of the same state."""


class _Hit(NamedTuple):
    """One image or container that has a problem; `subject` is that image, or the workload of that container."""

    state: State
    check: str
    group: tuple[str, ...]
    subject: Subject
    what: str
    fix: str
    images: tuple[ImageKey, ...]
    places: tuple[ContainerGroup, ...]
    since: datetime | None = None
    package: str = ""


@dataclass(slots=True, eq=False)
class _Group:
    """What has been found of one problem so far."""

    state: State = State.OFF
    checks: set[str] = field(default_factory=set)
    what: Counter[str] = field(default_factory=Counter)
    fixes: dict[str, dict[Subject, None]] = field(default_factory=dict)
    packages: Counter[str] = field(default_factory=Counter)
    images: dict[ImageKey, None] = field(default_factory=dict)
    places: dict[ContainerGroup, None] = field(default_factory=dict)
    since: datetime | None = None

    def add(self, hit: _Hit) -> None:
        """Add one hit; the worst state counts, and the earliest time."""
        self.state = max(self.state, hit.state, key=lambda state: state.severity)
        self.checks.add(hit.check)
        self.what[hit.what] += 1
        self.fixes.setdefault(hit.fix, {})[hit.subject] = None
        if hit.package:
            self.packages[hit.package] += 1
        self.images.update(dict.fromkeys(hit.images))
        self.places.update(dict.fromkeys(hit.places))
        self.since = min(filter(None, (self.since, hit.since)), default=None)


def find(
    snapshot: Snapshot,
    grouping: FindingGrouping = FindingGrouping.PROBLEM,
    images: Set[ImageKey] | None = None,
    workloads: Set[ObjectKey] | None = None,
) -> list[Finding]:
    """Every problem of what is asked for (None: everything), worst and widest first."""
    groups: dict[tuple[str, ...], _Group] = {}
    for hit in _grouped(_hits(snapshot, grouping, images, workloads), snapshot, grouping):
        groups.setdefault(hit.group, _Group()).add(hit)
    findings = [_finding(FindingKey(grouping, key), group, snapshot) for key, group in paced(groups.items())]
    return sorted(findings, key=rank)


def problems_of(subject: Image | Workload | None, snapshot: Snapshot) -> set[tuple[str, ...]]:
    """What names the problems of an image, or of the containers of a workload: one finding of the estate each."""
    match subject:
        case Image():
            return {hit.group for hit in _of_image(subject, (), FindingGrouping.PROBLEM)}
        case Workload():
            return {hit.group for container in subject.containers for hit in _of_container(subject, container, snapshot)}
        case None:
            return set()
        case _:
            assert_never(subject)


def rank(finding: Finding) -> tuple[int, bool, int, int, tuple[str, ...]]:
    """Worst first, when sorted; of those what is not what it says it is, then the widest."""
    later = finding.check not in _FIRST
    return (-finding.state.severity, later, -finding.pods, -len(finding.images), finding.key.group)


def _finding(key: FindingKey, group: _Group, snapshot: Snapshot) -> Finding:
    title = _title(group.what)
    pods = pods_at(group.places, snapshot)
    workloads = tuple(dict.fromkeys(place.workload for place in group.places))
    return Finding(
        key=key,
        state=group.state,
        check=", ".join(sorted(group.checks)),
        what=f"{title}{_packages(group.packages)}" if key.grouping in (FindingGrouping.PROBLEM, FindingGrouping.CVE) else title,
        fix=_fix(group, snapshot),
        images=tuple(group.images),
        workloads=workloads,
        pods=sum(pods.values()),
        since=group.since,
        packages=tuple(group.packages),
        spread=tuple(pods.get(workload, 0) for workload in workloads),
    )


def _title(titles: Counter[str]) -> str:
    """What most have; those that differ from it in a number are said to be there."""
    [(commonest, _)] = titles.most_common(1)
    return commonest + (f", and {len(titles) - 1} like it" if len(titles) > 1 else "")


def _fix(group: _Group, snapshot: Snapshot) -> str:
    """The one step of all, also where only an image's own name tells it from that of another; else what fits most."""
    if len(group.fixes) <= 1:
        return next(iter(group.fixes), "")
    from tui.domain.query.steps import in_general, shared_step  # not before problems are looked for

    subjects_by_step: dict[str, dict[Subject, None]] = {}
    for fix, subjects in group.fixes.items():
        for subject in subjects:
            image = snapshot.images.get(subject) if isinstance(subject, ImageKey) else None
            subjects_by_step.setdefault(in_general(fix, image) if image is not None else fix, {})[subject] = None
    return shared_step(subjects_by_step, snapshot)


def _packages(packages: Counter[str]) -> str:
    """The package in which most have it, and how many others there are."""
    if not packages:
        return ""
    [(package, _)] = packages.most_common(1)
    return f" {package}" + (f" +{len(packages) - 1}" if len(packages) > 1 else "")


# ---- what is wrong


def _hits(
    snapshot: Snapshot, grouping: FindingGrouping, images: Set[ImageKey] | None, workloads: Set[ObjectKey] | None
) -> Iterator[_Hit]:
    if grouping is FindingGrouping.REHEARSAL:
        yield from _rehearsed(snapshot, images, workloads)
        return
    places = places_of(snapshot, workloads)
    for key, image in paced(snapshot.images.items()):
        if images is None or key in images:
            yield from _of_image(image, places.get(key, ()), grouping)
    if grouping is not FindingGrouping.CVE:
        for workload in paced(snapshot.workloads.values()):
            if workloads is None or workload.key in workloads:
                for container in workload.containers:
                    yield from _of_container(workload, container, snapshot)


def _of_image(image: Image, places: tuple[ContainerGroup, ...], grouping: FindingGrouping) -> Iterator[_Hit]:
    if grouping is FindingGrouping.CVE:
        yield from _by_vulnerability(image, places)
        return
    for check in image.checks:
        if not check.state.is_flaw or (check.name is CheckName.IDENTITY and image.in_use):
            continue  # what is used has its identity judged container by container
        grave = list(_grave(image, places, check)) if check.name is CheckName.SCAN else []
        yield from grave or [_of_check(check, image.key, (image.key,), places, _since(image, check))]


def _since(image: Image, check: Check) -> datetime | None:
    """Since when an image has the fault that a check tells, where that is known."""
    match check.name:
        case CheckName.BASE:
            return image.base.since if image.base else None
        case CheckName.REGISTRY:
            return image.pushed
        case _:
            return None


def _of_container(workload: Workload, container: Container, snapshot: Snapshot) -> Iterator[_Hit]:
    images, places = container.images, (ContainerGroup(workload.key, container.name),)
    for check in container.checks:
        if check.state.is_flaw:
            since = _moved(container, snapshot) if check.name is CheckName.IDENTITY else None
            yield _of_check(check, workload.key, images, places, since)
    if container.trouble:
        cause, _, step = container.trouble.partition(". ")
        waiting = (pod.created for pod in container.pod_refs if pod.created is not None and not pod.digest)
        stuck = (ContainerGroup(workload.key, container.name, waiting=True),)
        yield _Hit(State.FAIL, START, (START, cause), workload.key, cause, step, images, stuck, min(waiting, default=None))


def _moved(container: Container, snapshot: Snapshot) -> datetime | None:
    """When what the name means now was pushed, if that is not what runs."""
    declared = snapshot.images.get(container.declared) if container.declared else None
    return declared.pushed if declared is not None and container.drift in (Drift.MOVED, Drift.MIXED) else None


def _of_check(
    check: Check,
    subject: Subject,
    images: tuple[ImageKey, ...],
    places: tuple[ContainerGroup, ...],
    since: datetime | None = None,
) -> _Hit:
    title = check.brief or check.reason
    group = (check.name.value, check.state.value, check.rule, _NUMBER.sub("0", title))
    return _Hit(check.state, check.name.value, group, subject, title, check.remedy, images, places, since)


def _grave(image: Image, places: tuple[ContainerGroup, ...], check: Check) -> Iterator[_Hit]:
    """A scan that fails as one hit for each vulnerability that does, or that is high and worth a warning; nothing when no details
    are known of what decides."""
    if not check.state.is_wrong:
        return
    counts = _Weigher(check)
    judged = [(counts.state_of(row), row) for row in image.vulnerabilities if not _excused(row)]
    grave = [(state, row) for state, row in judged if state is State.FAIL or (state.is_flaw and row.severity.rank >= _GRAVE)]
    if any(state is check.state for state, _ in grave):
        yield from (_of_vulnerability(row, state, image, places) for state, row in grave)


def _by_vulnerability(image: Image, places: tuple[ContainerGroup, ...]) -> Iterator[_Hit]:
    counts = _Weigher(next((check for check in image.checks if check.name is CheckName.SCAN), None))
    for vulnerability in image.vulnerabilities:
        if not _excused(vulnerability):
            yield _of_vulnerability(vulnerability, counts.state_of(vulnerability), image, places)


class _Weigher:
    """What vulnerabilities count by the policy, as the check of the scan tells it."""

    def __init__(self, check: Check | None) -> None:
        self._check = check if check is not None and check.state is not State.OFF else None
        self._weights = {(severity, fixed): state for severity, fixed, state in check.weights} if check is not None else {}

    def state_of(self, row: ImageVulnerability) -> State:
        """Never more than the scan as a whole, a warning at most where an exception accepts it, or where no policy says."""
        if self._check is None:
            return State.WARN
        limits = [self._weights.get((row.severity, bool(row.fixed)), self._check.state), self._check.state]
        if is_meant(row.id.upper(), (alias.upper() for alias in row.aliases), self._check.excepted):
            limits.append(State.WARN)
        return min(limits, key=lambda state: state.severity)


def _of_vulnerability(vulnerability: ImageVulnerability, state: State, image: Image, places: tuple[ContainerGroup, ...]) -> _Hit:
    name = CheckName.SCAN.value
    title = f"{vulnerability.id} {vulnerability.severity}"
    return _Hit(
        state,
        name,
        (name, vulnerability.id),
        image.key,
        title,
        mended(vulnerability, _base_step(image)),
        (image.key,),
        places,
        package=vulnerability.package,
    )


def _base_step(image: Image) -> str:
    return next((check.remedy for check in image.checks if check.name is CheckName.BASE and check.state.is_flaw), "")


def _rehearsed(snapshot: Snapshot, images: Set[ImageKey] | None, workloads: Set[ObjectKey] | None) -> Iterator[_Hit]:
    """What the gates would refuse, or might, if all that they only note were denied."""
    from tui.domain.checks.gate import GateAnswer, rehearse  # not before somebody rehearses

    for refusal in rehearse(snapshot):
        container = next(
            candidate for candidate in snapshot.workloads[refusal.workload].containers if candidate.name == refusal.container
        )
        if (workloads is None or refusal.workload in workloads) and (images is None or not images.isdisjoint(container.images)):
            constraint, refused = refusal.judgement.constraint, refusal.judgement.answer is GateAnswer.REFUSED
            title = (
                f"{constraint.title or constraint.kind} {'would refuse' if refused else 'might refuse'} ({constraint.cluster})"
            )
            place = ContainerGroup(refusal.workload, container.name)
            group = (constraint.cluster, constraint.kind, constraint.name, refusal.judgement.answer.value)
            state = State.WARN if refused else State.UNKNOWN
            yield _Hit(
                state,
                CheckName.ADMISSION.value,
                group,
                refusal.workload,
                title,
                refusal.judgement.sentence,
                container.images,
                (place,),
            )


def _excused(vulnerability: ImageVulnerability) -> bool:
    return vulnerability.vex is not None and vulnerability.vex.status in CLEARING


# ---- how it is put together


def _grouped(hits: Iterable[_Hit], snapshot: Snapshot, grouping: FindingGrouping) -> Iterator[_Hit]:
    match grouping:
        case FindingGrouping.PROBLEM | FindingGrouping.CVE | FindingGrouping.REHEARSAL:
            yield from hits
        case FindingGrouping.CHECK:
            yield from (hit._replace(group=(hit.check,), what=f"{hit.check} is not fine") for hit in hits)
        case FindingGrouping.BASE:
            yield from (_renamed(hit, f"built on {base}", base) for hit in hits for base in _bases(hit, snapshot))
        case FindingGrouping.TEAM:
            yield from (
                _renamed(hit, team_title(team) if team else "no team named", team)
                for hit in hits
                for team in _teams(hit, snapshot)
            )


def _renamed(hit: _Hit, title: str, group: str) -> _Hit:
    return hit._replace(what=title, group=(group,))


def _bases(hit: _Hit, snapshot: Snapshot) -> set[str]:
    return {_base_name(key, snapshot) for key in hit.images} or {"what is not known"}


def _base_name(key: ImageKey, snapshot: Snapshot) -> str:
    image = snapshot.images.get(key)
    if image is None or image.base is None:
        return "nothing" if image is not None and image.root else "what is not known"
    unknown = snapshot.bases.get(image.base.base)
    return unknown.label if unknown else f"{image.base.base.repository}:{image.base.tag}".rstrip(":")


def _teams(hit: _Hit, snapshot: Snapshot) -> set[str]:
    return {snapshot.workloads[place.workload].team for place in hit.places} or {""}
