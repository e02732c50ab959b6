"""How a part of the estate stands: what runs there by check and verdict, what is covered, and what is worst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set

import msgspec

from tui.domain.common.trust import CheckName, State
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.finding import Finding
from tui.domain.query.findings import find
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot, Workload
from tui.domain.workloads.counting import count_checks, pods_by_image, pods_of

__all__ = ["Coverage", "Scope", "Scorecard", "scopes_of", "scorecard"]

WORST = 5


class Scope(msgspec.Struct, frozen=True):
    """A part of the estate: a cluster, a namespace of it, a team, what stands on a base; the whole where nothing is named."""

    cluster: str = ""
    namespace: str = ""
    team: str = ""
    base: ImageKey | None = None


class Coverage(msgspec.Struct, frozen=True):
    """How many of the images that run have something; `unknown` are those of which it is not known, which do not count."""

    covered: int
    unknown: int


class Scorecard(msgspec.Struct, frozen=True):
    """The images that run in a scope, and its workloads: their verdicts, the checks of the images, what is worst.

    `worst` are the worst images with the pods that run them in the scope. `scanned` have a whole and recent report, `signed` a
    signature that the policy accepts.
    """

    images: int
    pods: int
    verdicts: Mapping[State, int]
    workloads: Mapping[State, int]
    checks: Mapping[CheckName, Mapping[State, int]]
    scanned: Coverage
    signed: Coverage
    findings: tuple[Finding, ...] = ()
    problems: int = 0
    worst: tuple[tuple[ImageKey, int], ...] = ()


def scorecard(snapshot: Snapshot, scope: Scope) -> Scorecard:
    """The scorecard of a scope; it looks at everything in it, so it is not for the loop."""
    under = _under(scope.base, snapshot) if scope.base is not None else None
    workloads = {workload.key: workload for workload in _inside(snapshot, scope, under)}
    pods = {
        key: number
        for key, number in pods_by_image(snapshot, workloads.keys()).items()
        if key in snapshot.images and (under is None or key in under)
    }
    images = [snapshot.images[key] for key in pods]
    findings = find(snapshot, images=pods.keys(), workloads=workloads.keys())
    worst = sorted(images, key=lambda image: (-image.verdict.severity, -pods[image.key], image.key))
    return Scorecard(
        images=len(images),
        pods=sum(pods_of(workload, under) for workload in workloads.values()),
        verdicts=Counter(image.verdict for image in images),
        workloads=Counter(workload.verdict for workload in workloads.values()),
        checks=count_checks(images),
        scanned=_coverage(images, CheckName.SCAN),
        signed=_coverage(images, CheckName.SIGNATURE),
        findings=tuple(findings[:WORST]),
        problems=len(findings),
        worst=tuple((image.key, pods[image.key]) for image in worst[:WORST] if image.verdict is not State.PASS),
    )


def scopes_of(snapshot: Snapshot) -> Iterator[tuple[Scope, frozenset[ObjectKey]]]:
    """Every cluster, namespace and team of what runs, with its workloads; the whole estate first."""
    members: dict[Scope, set[ObjectKey]] = {}
    for key, workload in snapshot.workloads.items():
        places = [Scope(key.cluster), Scope(key.cluster, key.namespace)] if key.namespace else [Scope(key.cluster)]
        for scope in (*places, *([Scope(team=workload.team)] if workload.team else ())):
            members.setdefault(scope, set()).add(key)
    yield Scope(), frozenset(snapshot.workloads)
    yield from ((scope, frozenset(keys)) for scope, keys in members.items())


def _inside(snapshot: Snapshot, scope: Scope, under: Set[ImageKey] | None) -> Iterator[Workload]:
    for workload in snapshot.workloads.values():
        key = workload.key
        if scope.cluster and key.cluster != scope.cluster:
            continue
        if (scope.namespace and key.namespace != scope.namespace) or (scope.team and workload.team != scope.team):
            continue
        if under is None or any(not under.isdisjoint(crew.images) for crew in workload.crews):
            yield workload


def _under(base: ImageKey, snapshot: Snapshot) -> frozenset[ImageKey]:
    """A base and all that is built on it, directly or through others."""
    under = {base}
    stack = [base]
    while stack:
        for child in snapshot.derived.get(stack.pop(), ()):
            if child not in under:
                under.add(child)
                stack.append(child)
    return frozenset(under)


def _coverage(images: Iterable[Image], name: CheckName) -> Coverage:
    covered = unknown = 0
    for image in images:
        state = next((check.state for check in image.checks if check.name is name), State.OFF)
        if _is_covered(image, name, state):
            covered += 1
        elif state is State.UNKNOWN:
            unknown += 1
    return Coverage(covered, unknown)


def _is_covered(image: Image, name: CheckName, state: State) -> bool:
    """Whether a recent report is there; whether a signature is accepted, on the digest that the name gives if that is asked."""
    if name is CheckName.SCAN:
        return bool(image.scans) and not image.scan_gap
    if state in (State.FAIL, State.UNKNOWN):
        return False
    return state is State.PASS or any(outcome.verdict.accepted for artifact in image.signatures for outcome in artifact.outcomes)
