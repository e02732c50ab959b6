"""What is wrong in an estate, one row per problem, worst and widest first: for a view, and for reports."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from tui.domain.scan import Exploitability, ImageVulnerability, Severity
from tui.domain.snapshot import Container, Image, ImageKey, Snapshot, Workload
from tui.domain.trust import Check, CheckName, State
from tui.domain.workload import ObjectKey

__all__ = ["START", "Finding", "FindingKey", "Grouping", "find"]

START = "start"
"""The question that pods answer which cannot start."""
_NAMED = 2
"""How many vulnerabilities of a package are named in its row."""
_NUMBER = re.compile(r"\d[\d.]*")
_HARMLESS = (Exploitability.NOT_AFFECTED, Exploitability.FIXED)


class Grouping(StrEnum):
    """By what problems are put together."""

    PROBLEM = "problem"
    CVE = "cve"
    BASE = "base"
    CHECK = "check"
    TEAM = "team"


class FindingKey(msgspec.Struct, frozen=True):
    """What makes a finding the same one in the next snapshot."""

    grouping: Grouping
    group: tuple[str, ...]


class Finding(msgspec.Struct, frozen=True):
    """One problem: `what` in words, how wide, `since` when (None: not known), and the `fix`, empty when nobody said one.

    `check` is the name of a check, START, or several of them.
    """

    key: FindingKey
    state: State
    check: str
    what: str
    fix: str
    images: tuple[ImageKey, ...]
    workloads: tuple[ObjectKey, ...]
    pods: int
    since: datetime | None = None


class _Place(NamedTuple):
    """A container of a workload, with how many pods run it; `image` where its pods run several."""

    workload: ObjectKey
    container: str
    pods: int
    image: ImageKey | None = None


class _Hit(NamedTuple):
    """One image or container that has a problem."""

    state: State
    check: str
    group: tuple[str, ...]
    what: str
    fix: str
    images: tuple[ImageKey, ...]
    places: tuple[_Place, ...]
    since: datetime | None = None


@dataclass(slots=True, eq=False)
class _Group:
    """What has been found of one problem so far."""

    state: State = State.OFF
    checks: set[str] = field(default_factory=set)
    what: Counter[str] = field(default_factory=Counter)
    fixes: Counter[str] = field(default_factory=Counter)
    images: dict[ImageKey, None] = field(default_factory=dict)
    places: dict[_Place, None] = field(default_factory=dict)
    since: datetime | None = None

    def add(self, hit: _Hit) -> None:
        """Add one hit; the worst state counts, and the earliest time."""
        self.state = max(self.state, hit.state, key=lambda state: state.severity)
        self.checks.add(hit.check)
        self.what[hit.what] += 1
        if hit.fix:
            self.fixes[hit.fix] += 1
        self.images.update(dict.fromkeys(hit.images))
        self.places.update(dict.fromkeys(hit.places))
        self.since = min(filter(None, (self.since, hit.since)), default=None)


def find(
    snapshot: Snapshot,
    grouping: Grouping = Grouping.PROBLEM,
    images: Set[ImageKey] | None = None,
    workloads: Set[ObjectKey] | None = None,
) -> list[Finding]:
    """Every problem of what is asked for (None: everything), worst and widest first."""
    groups: dict[tuple[str, ...], _Group] = {}
    for hit in _grouped(_hits(snapshot, grouping, images, workloads), snapshot, grouping):
        groups.setdefault(hit.group, _Group()).add(hit)
    found = [_finding(FindingKey(grouping, key), group, snapshot) for key, group in groups.items()]
    return sorted(found, key=lambda each: (-each.state.severity, -each.pods, -len(each.images), each.key.group))


def _finding(key: FindingKey, group: _Group, snapshot: Snapshot) -> Finding:
    [(what, _)] = group.what.most_common(1)
    fix = group.fixes.most_common(1)[0][0] if group.fixes else ""
    others = len(group.fixes) - 1
    return Finding(
        key=key,
        state=group.state,
        check=", ".join(sorted(group.checks)),
        what=what,
        fix=f"{fix} And {others} more." if others > 0 and key.grouping is not Grouping.PROBLEM else fix,
        images=tuple(group.images),
        workloads=tuple(dict.fromkeys(place.workload for place in group.places)),
        pods=_pods(group.places, snapshot),
        since=group.since,
    )


def _pods(places: Iterable[_Place], snapshot: Snapshot) -> int:
    """How many pods there are at the places: one that runs several of its containers there is one pod."""
    found: Counter[ObjectKey] = Counter()
    for place in places:
        found[place.workload] += place.pods
    return sum(min(number, snapshot.workloads[workload].pods) for workload, number in found.items())


# ---- what is wrong


def _hits(
    snapshot: Snapshot, grouping: Grouping, images: Set[ImageKey] | None, workloads: Set[ObjectKey] | None
) -> Iterator[_Hit]:
    places = _places(snapshot)
    for key, image in snapshot.images.items():
        if images is None or key in images:
            yield from _of_image(image, places.get(key, ()), grouping)
    if grouping is not Grouping.CVE:
        for workload in snapshot.workloads.values():
            if workloads is None or workload.key in workloads:
                for container in workload.containers:
                    yield from _of_container(workload, container)


def _places(snapshot: Snapshot) -> Mapping[ImageKey, tuple[_Place, ...]]:
    """Where each image runs."""
    found: dict[ImageKey, list[_Place]] = {}
    for workload in snapshot.workloads.values():
        for container in workload.containers:
            for key in container.runs:
                found.setdefault(key, []).append(_place(workload.key, container, snapshot.images.get(key)))
    return {key: tuple(at) for key, at in found.items()}


def _place(workload: ObjectKey, container: Container, image: Image | None) -> _Place:
    if image is None or len(container.runs) == 1:
        return _Place(workload, container.name, container.pods)
    digests = {*image.digests, *image.config_digests}
    pods = sum(pod.digest in digests for pod in container.pod_refs) if container.pod_refs else min(image.pods, container.pods)
    return _Place(workload, container.name, pods, image.key)


def _of_image(image: Image, places: tuple[_Place, ...], grouping: Grouping) -> Iterator[_Hit]:
    if grouping is Grouping.CVE:
        yield from _by_vulnerability(image, places)
        return
    for check in image.checks:
        if not _bad(check) or (check.name is CheckName.IDENTITY and image.in_use):
            continue  # what is used has its identity judged container by container
        packages = list(_by_package(image, places, check)) if check.name is CheckName.SCAN else []
        since = image.base.since if check.name is CheckName.BASE and image.base else None
        yield from packages or [_of_check(check, (image.key,), places, since)]


def _of_container(workload: Workload, container: Container) -> Iterator[_Hit]:
    images, places = container.images, (_Place(workload.key, container.name, container.pods),)
    for check in container.checks:
        if _bad(check):
            yield _of_check(check, images, places)
    if container.trouble:
        cause, _, step = container.trouble.partition(". ")
        yield _Hit(State.FAIL, START, (START, cause), cause, step, images, places)


def _of_check(check: Check, images: tuple[ImageKey, ...], places: tuple[_Place, ...], since: datetime | None = None) -> _Hit:
    what = check.brief or check.reason
    group = (check.name.value, check.state.value, check.rule, _NUMBER.sub("0", what))
    return _Hit(check.state, check.name.value, group, what, check.remedy, images, places, since)


def _bad(check: Check) -> bool:
    return check.state not in (State.PASS, State.OFF)


def _by_package(image: Image, places: tuple[_Place, ...], check: Check) -> Iterator[_Hit]:
    """A scan that fails as one hit per package with something critical or high in it; nothing when no details are known."""
    packages: dict[str, list[ImageVulnerability]] = {}
    for each in image.vulnerabilities if check.state in (State.FAIL, State.WARN) else ():
        if each.severity.rank >= Severity.HIGH.rank and not _excused(each):
            packages.setdefault(each.package or each.id, []).append(each)
    for package, inside in packages.items():
        worst = max((each.severity for each in inside), key=lambda severity: severity.rank)
        names = list(dict.fromkeys(each.id for each in inside if each.severity is worst))
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        what = f"{package}: {len(names)} {worst} ({', '.join(names[:_NAMED])}{more})"
        group = (check.name.value, package)
        yield _Hit(check.state, check.name.value, group, what, _mended(inside), (image.key,), places)


def _by_vulnerability(image: Image, places: tuple[_Place, ...]) -> Iterator[_Hit]:
    state = next((check.state for check in image.checks if check.name is CheckName.SCAN and _bad(check)), State.WARN)
    for each in image.vulnerabilities:
        if not _excused(each):
            judged = state if each.severity.rank >= Severity.HIGH.rank else State.WARN
            what = f"{each.id} {each.severity}, {each.package or 'the image'}"
            yield _Hit(judged, CheckName.SCAN.value, (each.id,), what, _mended([each]), (image.key,), places)


def _excused(each: ImageVulnerability) -> bool:
    return each.vex is not None and each.vex.status in _HARMLESS


def _mended(inside: Iterable[ImageVulnerability]) -> str:
    """What mends them: a rebuild on today's base, a fixed package in the base or in the image, or nothing yet."""
    inside = list(inside)
    if all(each.rebuild for each in inside):
        return "Rebuild: today's base no longer has it."
    fixed = next((each.fixed for each in inside if each.fixed), "")
    if not fixed:
        return "No fix is known yet."
    base = next((each.base for each in inside if each.from_base and each.base), "")
    return f"Update to {fixed} in {base}, then rebuild." if base else f"Update to {fixed} and rebuild."


# ---- how it is put together


def _grouped(hits: Iterable[_Hit], snapshot: Snapshot, grouping: Grouping) -> Iterator[_Hit]:
    match grouping:
        case Grouping.PROBLEM | Grouping.CVE:
            yield from hits
        case Grouping.CHECK:
            yield from (hit._replace(group=(hit.check,), what=f"{hit.check} is not fine") for hit in hits)
        case Grouping.BASE:
            yield from (_renamed(hit, f"built on {base}", base) for hit in hits for base in _bases(hit, snapshot))
        case Grouping.TEAM:
            yield from (
                _renamed(hit, f"team {team}" if team else "no team named", team) for hit in hits for team in _teams(hit, snapshot)
            )


def _renamed(hit: _Hit, what: str, group: str) -> _Hit:
    return hit._replace(what=what, group=(group,))


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
