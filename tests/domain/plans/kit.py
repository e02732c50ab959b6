"""Estates to plan for, written as short as they are drawn: images on bases, jobs that build them, workloads that run them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import msgspec

from tests.domain.estates import ACR, NOW, estate
from tests.domain.joining import builds_of
from tui.domain.facts.build import BuilderKind, BuiltImage, Job, JobKey, Run, RunState
from tui.domain.facts.events import SourceHealth, SourceId, SourceKind
from tui.domain.facts.facts import BuildFacts, RunKey
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.scan import ImageVulnerability, Severity
from tui.domain.facts.workload import ContainerType, ObjectKey
from tui.domain.snapshot.snapshot import (
    BaseLink,
    BaseState,
    Basis,
    Confidence,
    Container,
    Image,
    ImageKey,
    PodRef,
    Snapshot,
    Workload,
)

__all__ = ["behind", "current", "image", "job", "key", "moved", "outdated", "row", "run", "workload", "world"]


def key(name: str, registry: str = ACR) -> ImageKey:
    """`shop/api@1`: a repository and the word that its digest is made of."""
    repository, _, word = name.partition("@")
    return ImageKey(registry, repository, f"sha256:{(word or '0').encode().hex():0<64}"[:71])


def image(
    name: ImageKey, *tags: str, base: BaseLink | None = None, used: bool = True, rows: Iterable[ImageVulnerability] = ()
) -> Image:
    """An image whose tags are known."""
    rows = tuple(rows)
    return Image(name, (name.digest,), tags, base=base, root=base is None, in_use=used, vulnerabilities=rows, tags_listed=True)


def current(base: ImageKey, tag: str = "1") -> BaseLink:
    """It stands on today's build."""
    return BaseLink(base, Basis.LAYERS, Confidence.CERTAIN, tag, state=BaseState.CURRENT, tag_told=True)


def moved(base: ImageKey, new: ImageKey, tag: str = "1") -> BaseLink:
    """It stands on an old build; the tag names another one now."""
    return msgspec.structs.replace(current(base, tag), state=BaseState.OUTDATED, newest=f"{tag}@{new.digest}", since=NOW)


def outdated(base: ImageKey, tag: str, newest: str) -> BaseLink:
    """It stands on an old version; there is a newer one under another tag."""
    return msgspec.structs.replace(current(base, tag), state=BaseState.OUTDATED, newest=newest)


def behind(base: ImageKey, lower: BaseLink, tag: str = "1") -> BaseLink:
    """It stands on today's build of a base that stands on an old one."""
    return msgspec.structs.replace(current(base, tag), state=BaseState.OUTDATED, newest=lower.newest, since=lower.since)


def row(id: str, *, rebuild: bool | None = None, fixed: str = "2", from_base: bool | None = True) -> ImageVulnerability:
    """A vulnerability."""
    return ImageVulnerability(id, Severity.HIGH, "openssl", "1", fixed, rebuild=rebuild, from_base=from_base)


def job(name: str, *images: str, kind: BuilderKind = BuilderKind.ACR_TASKS, builder: str = ACR) -> Job:
    """A job that pushes `repository:tag`."""
    built = (text.partition(":") for text in images)
    return Job(
        JobKey(kind, builder, name), name, images=tuple(BuiltImage(RepositoryName(ACR, one), tag) for one, _, tag in built)
    )


def run(
    of: Job, id: str, *pushed: ImageKey, state: RunState = RunState.SUCCEEDED, hour: int = -9, seconds: int = 60, **more: object
) -> Run:
    """A run of a job, hours from now."""
    created = NOW + timedelta(hours=hour)
    images = tuple(BuiltImage(each.name, "", each.digest) for each in pushed)
    ended = created + timedelta(seconds=seconds) if state.ended else None
    start = Run(of.key.kind, of.key.builder, id, state, of.key, created=created, finished=ended, images=images)
    return msgspec.structs.replace(start, **more)


def workload(
    name: str, runs: ImageKey, *, tag: str = "1", declared: ImageKey | None = None, pin: bool = False, policy: str = "Always",
    kind: str = "Deployment", managed_by: str = "", pods: int = 2, cluster: str = "prod",
) -> Workload:  # fmt: skip
    """A workload of one container; its name means `declared` now, what it runs where that is not said."""
    place = ObjectKey(cluster, "shop", kind, name)
    text = str(runs.name) + (f"@{runs.digest}" if pin else f":{tag}")
    refs = tuple(PodRef(f"{name}-{at}", "n1", "Running", runs.digest, None, container="app", runs=runs) for at in range(pods))
    container = Container(
        "app", ContainerType.CONTAINER, text, runs.name, "" if pin else tag,
        runs.digest if pin else "", (runs.digest,), (runs,), declared or runs, pods, pull_policy=policy, pod_refs=refs,
    )  # fmt: skip
    return Workload(place, (container,), pods=pods, desired=pods, managed_by=managed_by)


def world(
    images: Iterable[Image], workloads: Iterable[Workload] = (), jobs: Iterable[Job] = (), runs: Iterable[Run] = (),
    sources: tuple[SourceHealth, ...] = (),
) -> Snapshot:  # fmt: skip
    """A snapshot of these, with the jobs that build each image."""
    images, jobs, runs = tuple(images), tuple(jobs), tuple(runs)
    said = {RunKey(each.kind, each.builder, f"{number} {each.id}"): each for number, each in enumerate(runs)}
    facts = BuildFacts(1, {SourceId(SourceKind.BUILDER, "kit"): {str(each.key): each for each in jobs}}, said)
    builds = builds_of(facts, {each.key: each for each in images})
    return replace(estate(images, workloads, sources, ()), jobs=builds.jobs, runs=builds.runs, builders=builds.builders)
