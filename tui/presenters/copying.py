"""What is copied for a row: its name, or the reference that cannot move.

What is copied is pasted into a shell. Names come from clusters and registries: whatever in them means something to a shell is
quoted, and what would be taken for an option is not copied.
"""

from __future__ import annotations

import re
from shlex import quote

from tui.domain.common.text import clean
from tui.domain.facts.reference import is_tag
from tui.domain.snapshot.snapshot import Image, Snapshot
from tui.presenters.keys import RowSubject

__all__ = ["for_shell", "name_to_copy", "reference_to_copy"]


def name_to_copy(subject: RowSubject, snapshot: Snapshot) -> str:
    """The name of what a row is about, as kubectl and docker take it, fit for a shell; empty when it has none."""
    return for_shell(_name(subject, snapshot))


def _name(subject: RowSubject, snapshot: Snapshot) -> str:
    if subject.pod is not None:
        return subject.pod.name
    if subject.workload is not None and (subject.container is None or subject.image is None):
        return f"{subject.workload.kind.lower()}/{subject.workload.name}"
    image = _image(subject, snapshot)
    if image is not None:
        return _tagged(image) if any(map(is_tag, image.tags)) else image.key.reference
    base = snapshot.bases.get(subject.image) if subject.image else None
    return base.label if base else subject.namespace or subject.cluster


def reference_to_copy(subject: RowSubject, snapshot: Snapshot) -> str:
    """The image's reference with its digest, fit for a shell; empty when no image is meant."""
    image = _image(subject, snapshot)
    return for_shell(image.key.reference) if image is not None and image.key.digest else ""


_PLAIN = re.compile(r"[A-Za-z0-9_][\w@%+=:,./-]*", re.ASCII)


def for_shell(text: str) -> str:
    """One word of a shell that means the text; empty where that would be an option of whatever it is given to."""
    text = clean(text)
    if text.startswith("-"):
        return ""
    # A word that begins with `=`, `~`, `%` or `@` means something to some shells.
    return text if not text or _PLAIN.fullmatch(text) else quote(text) if quote(text) != text else f"'{text}'"


def _image(subject: RowSubject, snapshot: Snapshot) -> Image | None:
    if subject.image is not None:
        return snapshot.images.get(subject.image)
    workload = snapshot.workloads.get(subject.workload) if subject.workload else None
    keys = [key for container in (workload.containers if workload else ()) for key in container.runs]
    return snapshot.images.get(keys[0]) if len(keys) == 1 else None


def _tagged(image: Image) -> str:
    tags = [tag for tag in image.tags if is_tag(tag)]
    return f"{image.name}:{next((tag for tag in tags if tag != 'latest'), tags[0])}"
