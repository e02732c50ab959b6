"""What is copied for a row: its name, or the reference that cannot move."""

from __future__ import annotations

from tui.domain.snapshot import Image, Snapshot
from tui.presenters.keys import Subject
from tui.presenters.phrases import image_name

__all__ = ["name_to_copy", "reference_to_copy"]


def name_to_copy(subject: Subject, snapshot: Snapshot) -> str:
    """The name of what a row is about, as kubectl and docker take it; empty when it has none."""
    if subject.pod is not None:
        return subject.pod.name
    if subject.workload is not None and (subject.container is None or subject.image is None):
        return f"{subject.workload.kind.lower()}/{subject.workload.name}"
    image = _image(subject, snapshot)
    if image is not None:
        return f"{image.key.registry}/{image_name(image)}" if not image.tags else _tagged(image)
    base = snapshot.bases.get(subject.image) if subject.image else None
    return base.label if base else subject.namespace or subject.cluster


def reference_to_copy(subject: Subject, snapshot: Snapshot) -> str:
    """The image's reference with its digest; empty when no image is meant."""
    image = _image(subject, snapshot)
    return f"{image.name}@{image.key.digest}" if image is not None and image.key.digest else ""


def _image(subject: Subject, snapshot: Snapshot) -> Image | None:
    if subject.image is not None:
        return snapshot.images.get(subject.image)
    workload = snapshot.workloads.get(subject.workload) if subject.workload else None
    keys = [key for container in (workload.containers if workload else ()) for key in container.runs]
    return snapshot.images.get(keys[0]) if len(keys) == 1 else None


def _tagged(image: Image) -> str:
    tag = next((tag for tag in image.tags if tag != "latest"), image.tags[0])
    return f"{image.name}:{tag}"
