"""Why a workload has its verdict: what of which container decides."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from tui.domain.answers.why import evidence
from tui.domain.answers.why.chain import (
    CANNOT_TELL,
    MOST,
    Why,
    WhyFact,
    beside,
    chain_fact,
    each_command_once,
    name_of,
    place_of,
    verb,
)
from tui.domain.answers.why.evidence import Command
from tui.domain.answers.why.images import image_commands
from tui.domain.checks.containers import image_checks
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.common.text import clean, full_stop, listed, plural
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Container, ImageKey, Snapshot, Workload

__all__ = ["ContainerLink", "object_fact", "why_workload"]

MOST_INHERITED = 8
"""Answers of a container's images that are told one by one: a container of jobs may have run thousands."""


def why_workload(snapshot: Snapshot, key: ObjectKey, pod: str = "") -> Why | None:
    """Why a workload has its verdict; `pod` is the pod that was asked about, whose state and events are shown first."""
    workload = snapshot.workloads.get(key)
    if workload is None:
        return None
    deciding = [container for container in workload.containers if container.verdict is workload.verdict or container.trouble]
    facts = [object_fact(workload), *(_pod(workload, pod) if pod else ())]
    checks: list[Check] = []
    decisive: list[Check] = []
    for container in workload.containers:
        checks += [*container.checks, *image_checks(container, snapshot.images)]
    for container in deciding:
        decisive += (link := ContainerLink(snapshot, workload, container)).checks
        facts += link.facts()
    name = f"{key.kind}/{key.name}"
    return Why(name, place_of(key), workload.verdict, each_command_once(facts), beside(checks, decisive))


def object_fact(workload: Workload) -> WhyFact:
    """What a workload is: its pods, and what its containers name."""
    key = workload.key
    number = f"{workload.pods} of {workload.desired} pods" if workload.desired is not None else plural(workload.pods, "pod")
    images = listed([f"{clean(container.name)} names {clean(container.image, 300)}" for container in workload.containers])
    managed = f" It is managed by {workload.managed_by}." if workload.managed_by else ""
    sentence = f"{place_of(key)} has {number}; {images}.{managed}" if workload.containers else f"{place_of(key)} has {number}."
    source = workload.source or SourceId(SourceKind.CLUSTER, key.cluster)
    return WhyFact("workload", State.OFF, sentence, (source,), workload.as_of, commands=tuple(evidence.of_workload(workload)))


def _pod(workload: Workload, name: str) -> Iterator[WhyFact]:
    """What is known of one pod of a workload."""
    for container in workload.containers:
        pod = next((pod for pod in container.pod_refs if pod.name == name), None)
        if pod is not None:
            running = f"runs {pod.digest} in {container.name}" if pod.digest else f"has not started {container.name}"
            where = f" on {clean(pod.node)}" if pod.node else ""
            state = f" ({clean(pod.reason or pod.state or pod.phase, 120)})" if pod.reason or pod.state or pod.phase else ""
            sentence = f"The pod {clean(pod.name)}{where} {running}{state}."
            source = workload.source or SourceId(SourceKind.CLUSTER, workload.key.cluster)
            yield WhyFact("pod", State.OFF, sentence, (source,), workload.as_of, commands=(evidence.of_pod(workload.key, name),))
            return


class ContainerLink:
    """What of one container decides: that its pods cannot start, its own answers, or those of the images that it runs."""

    def __init__(self, snapshot: Snapshot, workload: Workload, container: Container) -> None:
        self._snapshot, self._workload, self._container = snapshot, workload, container
        own = [check for check in container.checks if check.state is container.verdict]
        inherited = [check for check in image_checks(container, snapshot.images) if check.state is container.verdict]
        self.checks = [*own, *inherited]
        self._own, self._inherited = own, inherited

    def facts(self) -> Iterator[WhyFact]:
        """Each with the name of the container, or of the image that it runs."""
        container, workload = self._container, self._workload
        if container.trouble:
            yield self._trouble()
        for check in self._own:
            commands = tuple(_container_commands(check, workload, container, self._snapshot))
            yield chain_fact(check, f"{clean(container.name)}: {check.name}", commands)
        inherited = list(islice(self._of_images(), MOST_INHERITED))
        yield from inherited
        if not (container.trouble or self._own or inherited):
            yield self._outcome()

    @property
    def _source(self) -> tuple[SourceId]:
        return (self._workload.source or SourceId(SourceKind.CLUSTER, self._workload.key.cluster),)

    def _trouble(self) -> WhyFact:
        """That its pods cannot start."""
        cause, _, step = self._container.trouble.partition(". ")
        return WhyFact(
            f"{clean(self._container.name)}: start",
            State.FAIL,
            full_stop(cause),
            self._source,
            self._workload.as_of,
            "Pods of it cannot start.",
            step,
            tuple(evidence.of_pods_that_wait(self._workload, self._container)),
        )

    def _outcome(self) -> WhyFact:
        """What it runs, where no single answer of it or of that decides."""
        container, images = self._container, self._snapshot.images
        names = [f"{name_of(images[key])}, which {verb(images[key].verdict, 1)}" for key in container.images if key in images]
        about = f"{clean(container.name)}: image"
        sentence = (
            f"{clean(container.name)} runs {listed(names[:MOST])}."
            if names
            else f"What {clean(container.name)} runs is not known."
        )
        means = "" if names else CANNOT_TELL
        return WhyFact(about, container.verdict, sentence, self._source, self._workload.as_of, means)

    def _of_images(self) -> Iterator[WhyFact]:
        images, container = self._snapshot.images, self._container
        shown: set[tuple[ImageKey, Check]] = set()
        for key in container.images:
            image = images.get(key)
            if image is None:
                continue
            for check in image_checks(msgspec.structs.replace(container, runs=(key,)), images):
                if check.state is container.verdict and (key, check) not in shown:
                    shown.add((key, check))
                    about = f"{name_of(image)}: {check.name}"
                    yield chain_fact(check, about, tuple(image_commands(check, image, [self._workload])))


def _container_commands(check: Check, workload: Workload, container: Container, snapshot: Snapshot) -> Iterator[Command]:
    match check.name:
        case CheckName.ADMISSION:
            yield from evidence.of_admission(workload.key.cluster)
        case CheckName.SIGNATURE:
            images = (snapshot.images[key] for key in container.images[:1] if key in snapshot.images)
            yield from (command for image in images for command in evidence.of_signature(image))
        case _:
            yield from evidence.of_container(workload, container)
