"""What is counted, and how: every number of pods, and every word for how an image is used, comes from here.

A pod counts until it has ended (phase `Succeeded` or `Failed`), and counts once, however many of its containers run an image
or images of one base. An image runs when such a pod reports it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from enum import StrEnum
from typing import NamedTuple

from tui.domain.common.memo import WeakMemo
from tui.domain.common.pace import paced
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Container, Image, ImageKey, PodGroup, PodRef, Snapshot, Workload
from tui.domain.workloads.pull_failures import is_pulling

__all__ = [
    "ContainerGroup",
    "UseKind",
    "count_checks",
    "crews_of",
    "idle_word",
    "is_scaled_to_zero",
    "is_scheduled",
    "places_of",
    "pods_at",
    "pods_by_image",
    "pods_found",
    "pods_in",
    "pods_of",
    "pods_with",
    "running_images",
    "users_of",
    "users_of_each",
    "uses_of_image",
    "wants_no_pods",
    "workloads_naming",
]

_ON_NODES = "DaemonSet"
"""What has as many pods as there are nodes for it: none of them is no scaling."""


class UseKind(StrEnum):
    """How something uses an image.

    RUNNING: a pod that has not ended reports it. DECLARED: it is what the name in a workload's spec means now, whether that
    runs or not. SCHEDULED: a CronJob that is not suspended has it. SCALED_TO_ZERO: a workload that wants no pods has it.
    ROLLBACK: an old ReplicaSet without pods is kept to go back to it.
    """

    RUNNING = "running"
    DECLARED = "declared"
    SCHEDULED = "scheduled"
    SCALED_TO_ZERO = "scaled-to-zero"
    ROLLBACK = "rollback"


class ContainerGroup(NamedTuple):
    """A container of a workload: all of its pods, those that run one image, or those that wait for theirs."""

    workload: ObjectKey
    container: str
    image: ImageKey | None = None
    waiting: bool = False


# ---- pods


def crews_of(containers: Iterable[Sequence[PodRef]]) -> tuple[PodGroup, ...]:
    """The pods of a workload that have not ended, by the images that they run; each container tells of its pods."""
    images: defaultdict[str, set[ImageKey]] = defaultdict(set)
    for pods in containers:
        for pod in pods:
            if not pod.ended:
                runs = images[pod.name]
                if pod.runs is not None:
                    runs.add(pod.runs)
    # Nearly all pods run the same: what differs is put in order, and not what each of them runs.
    counted = {tuple(sorted(keys)): pods for keys, pods in Counter(map(frozenset, images.values())).items()}
    return tuple(PodGroup(combination, counted[combination]) for combination in sorted(counted))


def pods_with(pods: Iterable[PodRef], image: ImageKey | None = None) -> int:
    """How many pods have a container, or run an image in it."""
    return len({pod.name for pod in pods if not pod.ended and (image is None or pod.runs == image)})


def pods_of(workload: Workload, images: Set[ImageKey] | None = None, *, idle: bool = False) -> int:
    """How many pods of a workload run one of the images (None: all its pods); `idle` counts those too that run none yet."""
    return sum(crew.pods for crew in workload.crews if images is None or _runs(crew, images) or (idle and not crew.images))


def pods_in(container: Container, images: Set[ImageKey] | None = None, *, idle: bool = False) -> int:
    """How many pods of a container run one of the images in it; `idle` and None as for the workload."""
    live = (pod for pod in container.pod_refs if not pod.ended)
    return len({pod.name for pod in live if images is None or pod.runs in images or (idle and pod.runs is None)})


def places_of(snapshot: Snapshot, workloads: Set[ObjectKey] | None = None) -> Mapping[ImageKey, tuple[ContainerGroup, ...]]:
    """Where each image is used, of the workloads (None: all): where pods run it, and where what has no pods would run it."""
    places: defaultdict[ImageKey, list[ContainerGroup]] = defaultdict(list)
    for workload in paced(snapshot.workloads.values() if workloads is None else _those(snapshot, workloads)):
        for container in workload.containers:
            for key in container.images:
                places[key].append(ContainerGroup(workload.key, container.name, key))
    return {key: tuple(groups) for key, groups in paced(places.items())}


def pods_at(places: Iterable[ContainerGroup], snapshot: Snapshot) -> Mapping[ObjectKey, int]:
    """How many pods there are at the places, by workload: one that runs several of its containers there is one pod."""
    names: defaultdict[ObjectKey, set[str]] = defaultdict(set)
    for place in paced(places):
        for container in snapshot.workloads[place.workload].containers:
            if container.name == place.container:
                names[place.workload].update(pod.name for pod in container.pod_refs if _is_at(pod, place))
    return {workload: len(pods) for workload, pods in names.items()}


def _is_at(pod: PodRef, place: ContainerGroup) -> bool:
    if pod.ended or (place.waiting and not is_pulling(pod)):
        return False
    return place.image is None or pod.runs == place.image


def pods_found(
    snapshot: Snapshot, images: Set[ImageKey] | None, workloads: Set[ObjectKey] | None, idle: Set[ObjectKey] | None = None
) -> int:
    """How many pods there are of what was found: of the workloads, those that run one of the images (None: everything).

    `idle` are the workloads whose pods that run nothing yet were found too (None: all of them, where no image was asked for).
    """
    counted = snapshot.workloads.values() if workloads is None else _those(snapshot, workloads)
    return sum(pods_of(workload, images, idle=idle is not None and workload.key in idle) for workload in paced(counted))


def pods_by_image(snapshot: Snapshot, workloads: Set[ObjectKey]) -> Mapping[ImageKey, int]:
    """For every image how many pods of the workloads run it, counted in one go: a workload may run thousands of images."""
    pods: Counter[ImageKey] = Counter()
    for workload in paced(_those(snapshot, workloads)):
        for crew in workload.crews:
            for key in set(crew.images):
                pods[key] += crew.pods
    return pods


def running_images(snapshot: Snapshot) -> frozenset[ImageKey]:
    """The images that run."""
    return frozenset(key for workload in paced(snapshot.workloads.values()) for crew in workload.crews for key in crew.images)


def _runs(crew: PodGroup, images: Set[ImageKey]) -> bool:
    return any(image in images for image in crew.images)


def _those(snapshot: Snapshot, workloads: Set[ObjectKey]) -> Iterator[Workload]:
    return (snapshot.workloads[key] for key in workloads if key in snapshot.workloads)


# ---- uses


def is_scaled_to_zero(workload: Workload) -> bool:
    """Whether a workload wants no pods."""
    return wants_no_pods(workload.key.kind, workload.desired)


def wants_no_pods(kind: str, desired: int | None) -> bool:
    """Whether somebody set the number of pods of a controller to zero."""
    return desired == 0 and kind != _ON_NODES


def is_scheduled(workload: Workload) -> bool:
    """Whether a CronJob will start it."""
    return workload.key.kind == "CronJob" and not workload.suspended


def idle_word(workload: Workload) -> str:
    """Why a workload has no pods, in a word or two; empty when it has some, or nobody knows why."""
    if workload.suspended:
        return "suspended"
    if is_scaled_to_zero(workload):
        return "scaled to zero"
    return "scheduled" if is_scheduled(workload) and not workload.pods else ""


def users_of(image: ImageKey, snapshot: Snapshot) -> Mapping[UseKind, tuple[ObjectKey, ...]]:
    """The workloads that use an image, by how they do."""
    users: dict[UseKind, dict[ObjectKey, None]] = {use: {} for use in UseKind}
    for key in workloads_naming(snapshot).get(image, ()):
        workload = snapshot.workloads[key]
        for container in workload.containers:
            if image in container.images or image == container.declared:
                for use in uses_of_image(workload, container, image):
                    users[use][key] = None
        if image in workload.rollback:
            users[UseKind.ROLLBACK][key] = None
    return {use: tuple(keys) for use, keys in users.items() if keys}


def users_of_each(images: Set[ImageKey], snapshot: Snapshot) -> Mapping[ImageKey, Mapping[UseKind, tuple[ObjectKey, ...]]]:
    """The same for several images."""
    return {image: users_of(image, snapshot) for image in images}


def workloads_naming(snapshot: Snapshot) -> Mapping[ImageKey, Sequence[ObjectKey]]:
    """The workloads that run, declare or keep each image; found once for a snapshot, by looking at every workload."""
    return _NAMING.get(snapshot, lambda: _find_naming(snapshot))


_NAMING: WeakMemo[Snapshot, Mapping[ImageKey, Sequence[ObjectKey]]] = WeakMemo()


def _find_naming(snapshot: Snapshot) -> Mapping[ImageKey, Sequence[ObjectKey]]:
    naming: dict[ImageKey, list[ObjectKey]] = {}
    for key, workload in paced(snapshot.workloads.items()):
        images = set(workload.rollback)
        for container in workload.containers:
            images.update(container.runs)
            if container.declared is not None:
                images.add(container.declared)
        for image in images:
            naming.setdefault(image, []).append(key)
    return naming


def uses_of_image(workload: Workload, container: Container, image: ImageKey | None) -> frozenset[UseKind]:
    """How a container of a workload uses an image that it runs or declares; None is an image that is not known."""
    uses = set()
    if image is not None and pods_with(container.pod_refs, image):
        uses.add(UseKind.RUNNING)
    if image is not None and (image == container.declared or image.digest == container.pin):
        uses.add(UseKind.DECLARED)
    if is_scheduled(workload):
        uses.add(UseKind.SCHEDULED)
    if is_scaled_to_zero(workload):
        uses.add(UseKind.SCALED_TO_ZERO)
    return frozenset(uses)


def count_checks(images: Iterable[Image]) -> Mapping[CheckName, Mapping[State, int]]:
    """How each of the questions ends for these images."""
    counted: dict[CheckName, Counter[State]] = {name: Counter() for name in CheckName}
    for image in paced(images):
        for check in image.checks:
            counted[check.name][check.state] += 1
    return counted
