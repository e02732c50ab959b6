"""What rows are called: paths of typed parts, so that no label is ever parsed back."""

from __future__ import annotations

from collections.abc import Hashable

import msgspec

from tui.domain.facts.workload import ContainerType, ObjectKey
from tui.domain.query.finding import FindingKey
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from widgets.rows import RowKey

__all__ = [
    "IMAGELESS",
    "UNREADABLE",
    "BoardPart",
    "ClusterPart",
    "ContainerPart",
    "NamespacePart",
    "PlanPart",
    "PodPart",
    "RowSubject",
    "from_last",
    "has_verdict",
    "image_of",
    "lineage_key",
    "subject_of",
    "workload_key",
]

UNREADABLE = "not in any readable registry"
IMAGELESS = "run no image that is known"
"""The group of workloads that stand under no image: their pods do not start, or nobody tells what they run."""


class ClusterPart(msgspec.Struct, frozen=True, gc=False):
    """A cluster in a row key."""

    name: str


class NamespacePart(msgspec.Struct, frozen=True, gc=False):
    """A namespace in a row key, under its cluster."""

    name: str


class ContainerPart(msgspec.Struct, frozen=True, gc=False):
    """A container in a row key, under its workload."""

    type: ContainerType
    name: str


class PodPart(msgspec.Struct, frozen=True, gc=False):
    """A pod in a row key, under its workload."""

    name: str
    container: str


class PlanPart(msgspec.Struct, frozen=True, gc=False):
    """A plan that is carried out, in a row key."""

    id: str


class BoardPart(msgspec.Struct, frozen=True, gc=False):
    """An image or a workload of a plan in a row key, named by the first of its steps; `image` is what the row is about."""

    plan: str
    step: str
    image: ImageKey | None = None


def from_last(key: RowKey, kind: type) -> RowKey:
    """The path from its last part of a kind on; the whole path where there is none."""
    start = next((start for start in range(len(key) - 1, -1, -1) if isinstance(key[start], kind)), 0)
    return key[start:]


class RowSubject(msgspec.Struct, frozen=True):
    """What a row is about: the innermost image and workload of its path, and the rest of the path."""

    image: ImageKey | None = None
    workload: ObjectKey | None = None
    container: ContainerPart | None = None
    pod: PodPart | None = None
    cluster: str = ""
    namespace: str = ""
    unreadable: bool = False
    finding: FindingKey | None = None
    other_image: ImageKey | None = None
    """The other image, where two are marked."""
    view_parts: tuple[Hashable, ...] = ()
    """Parts of the path that only the view knows which the row is of."""

    @property
    def is_image_inside(self) -> bool:
        """In the workload view an image lies under its container: then the row is about the image, not the workload."""
        return self.container is not None and self.image is not None


def subject_of(key: RowKey | None) -> RowSubject:
    """What the row at a path is about; what comes later in the path wins."""
    subject = RowSubject()
    for part in key or ():
        match part:
            case ImageKey():
                subject = msgspec.structs.replace(subject, image=part)
            case ObjectKey():
                subject = msgspec.structs.replace(subject, workload=part)
            case ContainerPart():
                subject = msgspec.structs.replace(subject, container=part)
            case PodPart():
                subject = msgspec.structs.replace(subject, pod=part)
            case ClusterPart():
                subject = msgspec.structs.replace(subject, cluster=part.name)
            case NamespacePart():
                subject = msgspec.structs.replace(subject, namespace=part.name)
            case FindingKey():
                subject = msgspec.structs.replace(subject, finding=part)
            case BoardPart():
                subject = msgspec.structs.replace(subject, image=part.image, view_parts=(*subject.view_parts, part))
            case _ if part == UNREADABLE:
                subject = msgspec.structs.replace(subject, unreadable=True)
            case _:
                subject = msgspec.structs.replace(subject, view_parts=(*subject.view_parts, part))
    return subject


def has_verdict(subject: RowSubject, snapshot: Snapshot) -> bool:
    """Whether a row is about something that has a verdict."""
    return (
        subject.finding is not None
        or subject.workload in snapshot.workloads
        or subject.image in snapshot.images
        or subject.image in snapshot.bases
        or bool(subject.cluster and snapshot.workloads)
    )


def lineage_key(subject: RowSubject, snapshot: Snapshot) -> RowKey | None:
    """Where the subject is in the lineage view: below every base it stands on."""
    image = subject.image or image_of(subject.workload, subject.container, snapshot)
    if image is None or (subject.workload is not None and subject.workload not in snapshot.users.get(image, ())):
        return (IMAGELESS, subject.workload) if subject.workload in snapshot.workloads and subject.image is None else None
    path = tuple(reversed(_bases(image, snapshot)))
    root = snapshot.images.get(path[0])
    head: RowKey = (UNREADABLE,) if root is not None and root.absent else ()
    users = snapshot.users.get(image, ())
    tail: RowKey = (subject.workload,) if subject.workload in users and not subject.is_image_inside else ()
    return (*head, *path, *tail)


def workload_key(subject: RowSubject, snapshot: Snapshot) -> RowKey | None:
    """Where the subject is in the workload view: the workload, or the first that runs the image."""
    users = snapshot.users.get(subject.image, ()) if subject.image else ()
    workload = subject.workload or (users[0] if users else None)
    if workload is None or workload not in snapshot.workloads:
        return None
    key: RowKey = (ClusterPart(workload.cluster), NamespacePart(workload.namespace), workload)
    for container in snapshot.workloads[workload].containers:
        if subject.workload is None and subject.image in container.runs:
            return (*key, ContainerPart(container.type, container.name), subject.image)
    return key


def image_of(workload: ObjectKey | None, part: ContainerPart | None, snapshot: Snapshot) -> ImageKey | None:
    """The first image of a workload, or of one of its containers; None where nothing tells."""
    owner = snapshot.workloads.get(workload) if workload else None
    for container in owner.containers if owner else ():
        if (part is None or (container.type, container.name) == (part.type, part.name)) and container.images:
            return container.images[0]
    return None


def _bases(image: ImageKey, snapshot: Snapshot) -> list[ImageKey]:
    """The image and every base below it, nearest first."""
    chain: dict[ImageKey, None] = {image: None}
    link = _link(image, snapshot)
    while link is not None and link not in chain:
        chain[link] = None
        link = _link(link, snapshot)
    return list(chain)


def _link(key: ImageKey, snapshot: Snapshot) -> ImageKey | None:
    node = snapshot.images.get(key) or snapshot.bases.get(key)
    return node.base.base if node and node.base else None
