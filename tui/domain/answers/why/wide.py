"""Why something wide is as it is: a problem that many have, a cluster, a namespace, a team."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.domain.answers.why import evidence
from tui.domain.answers.why.chain import (
    MOST,
    Why,
    WhyFact,
    each_command_once,
    name_of,
    place_of,
    verb,
)
from tui.domain.answers.why.images import check_fact, users_of_image
from tui.domain.answers.why.workloads import ContainerLink, object_fact, why_workload
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.common.text import clean, first_few, plural
from tui.domain.common.trust import CheckName, State
from tui.domain.query.finding import START, Finding
from tui.domain.snapshot.snapshot import Image, Snapshot, Workload

__all__ = ["why_finding", "why_place"]


def why_finding(snapshot: Snapshot, finding: Finding) -> Why:
    """Why something is listed as a problem: what has it, and the facts about the widest example."""
    number = (
        f"{plural(len(finding.images), 'image')}, {plural(len(finding.workloads), 'workload')} and {plural(finding.pods, 'pod')}"
    )
    since = f", since {finding.since:%Y-%m-%d}" if finding.since is not None else ""
    state = finding.state
    facts = [WhyFact("problem", state, f"{finding.what.rstrip('.')}: {number}{since}.", step=finding.fix)]
    names = {name.strip() for name in finding.check.split(",")}
    images = sorted(
        (snapshot.images[key] for key in finding.images if key in snapshot.images), key=lambda image: (-image.pods, image.key)
    )
    workloads = _widest(snapshot, finding)
    if names & {START, CheckName.IDENTITY, CheckName.ADMISSION}:
        facts += [fact for workload in workloads[:1] for fact in _example(snapshot, workload, names)]
    else:
        facts += [
            check_fact(check, image, users_of_image(snapshot, image.key), f"{name_of(image)}: {check.name}")
            for image in images[:1]
            for check in image.checks
            if check.name in names and check.state is state
        ]
    facts += _carriers(images, workloads)
    return Why(finding.what, "", state, each_command_once(facts))


def _widest(snapshot: Snapshot, finding: Finding) -> list[Workload]:
    pods = dict(zip(finding.workloads, finding.spread, strict=False))
    workloads = [snapshot.workloads[key] for key in finding.workloads if key in snapshot.workloads]
    return sorted(workloads, key=lambda workload: (-pods.get(workload.key, 0), workload.key))


def _example(snapshot: Snapshot, workload: Workload, names: set[str]) -> Iterator[WhyFact]:
    yield object_fact(workload)
    for container in workload.containers:
        for fact in ContainerLink(snapshot, workload, container).facts():
            if fact.about.rpartition(": ")[2] in names:
                yield fact


def _carriers(images: Sequence[Image], workloads: Sequence[Workload]) -> Iterator[WhyFact]:
    """What has the problem, the widest first."""
    if images:
        names = [image.key.reference for image in images[:MOST]]
        yield WhyFact("images", State.OFF, f"{first_few(names, MOST, len(images))}.")
    if workloads:
        places = first_few([place_of(workload.key) for workload in workloads[:MOST]], MOST, len(workloads))
        commands = tuple(command for workload in workloads[:MOST] for command in evidence.of_workload(workload))
        yield WhyFact("workloads", State.OFF, f"{places}.", commands=commands)


# ---- places


def why_place(snapshot: Snapshot, cluster: str, namespace: str = "") -> Why | None:
    """Why a cluster or a namespace is as bad as it is: how many workloads are so, and the facts about the widest."""
    workloads = [
        workload
        for workload in snapshot.workloads.values()
        if workload.key.cluster == cluster and namespace in ("", workload.key.namespace)
    ]
    if not workloads:
        return None
    verdict = max((workload.verdict for workload in workloads), key=lambda state: state.severity)
    worst = [workload for workload in workloads if workload.verdict is verdict]
    widest = min(worst, key=lambda workload: (-workload.pods, workload.key))
    sentence = (
        f"Of {plural(len(workloads), 'workload')} {len(worst)} {verb(verdict, len(worst))}. The widest is {place_of(widest.key)}."
    )
    example = why_workload(snapshot, widest.key)
    sources = tuple(SourceId(SourceKind.CLUSTER, place) for place in sorted({workload.key.cluster for workload in workloads}))
    as_of = min((workload.as_of for workload in workloads if workload.as_of), default=None)
    facts = (WhyFact("workloads", verdict, sentence, sources, as_of), *(example.facts if example is not None else ()))
    reference = f"namespace {namespace} of {cluster}" if namespace else f"cluster {cluster}"
    return Why(clean(namespace or cluster, 200), clean(reference, 200), verdict, facts)
