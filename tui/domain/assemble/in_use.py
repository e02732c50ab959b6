"""A snapshot cut down to what runs and what that is built on: the answer where nobody has read the rest of the registries."""

from __future__ import annotations

from dataclasses import replace

from tui.domain.assemble.shown import summary_of
from tui.domain.common.trust import CheckName, State
from tui.domain.query.language import Key, Term
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot
from tui.domain.snapshot.unread import unread_registries

__all__ = ["base_hangs_on_the_rest", "hangs_on_the_rest", "is_surveyed", "only_in_use"]


def is_surveyed(snapshot: Snapshot) -> bool:
    """Whether no registry has been left unread but for what runs."""
    return not unread_registries(snapshot)


def hangs_on_the_rest(snapshot: Snapshot, key: ImageKey, term: Term) -> bool:
    """Whether it cannot be told of an image in use if a term finds it, and the unread rest of its registry may tell: as its base,
    which counts for its verdict, is not known, or when it was pushed."""
    if term.key is Key.VERDICT:
        return base_hangs_on_the_rest(snapshot, key)
    is_about_age = term.key is Key.AGE or (term.key is Key.CHECK and term.value.startswith(f"{CheckName.AGE}="))
    return is_about_age and _in_unread_registry(snapshot, key) is not None


def base_hangs_on_the_rest(snapshot: Snapshot, key: ImageKey) -> bool:
    """Whether it is not known what an image in use stands on, or whether that is the newest, and the unread rest may tell."""
    image = _in_unread_registry(snapshot, key)
    return image is not None and any(check.name is CheckName.BASE and check.state is State.UNKNOWN for check in image.checks)


def _in_unread_registry(snapshot: Snapshot, key: ImageKey) -> Image | None:
    """An image in use of a registry of which the rest is unread; None for every other."""
    image = snapshot.images.get(key)
    if image is None or not image.in_use or image.absent or key.registry not in unread_registries(snapshot):
        return None
    return image


def only_in_use(snapshot: Snapshot) -> Snapshot:
    """The same without the images that nothing uses and nothing in use is built on: which of those are known is an accident."""
    in_use = _in_use_with_bases(snapshot)
    images = {key: image for key, image in snapshot.images.items() if key in in_use}
    derived = {base: tuple(child for child in children if child in in_use) for base, children in snapshot.derived.items()}
    return replace(
        snapshot,
        images=images,
        bases={key: base for key, base in snapshot.bases.items() if key in in_use},
        derived={base: children for base, children in derived.items() if base in in_use and children},
        roots=tuple(root for root in snapshot.roots if root in in_use),
        users={key: users for key, users in snapshot.users.items() if key in in_use},
        summary=summary_of(images, snapshot.workloads),
    )


def _in_use_with_bases(snapshot: Snapshot) -> set[ImageKey]:
    in_use: set[ImageKey] = set()
    for image in snapshot.images.values():
        key: ImageKey | None = image.key if image.in_use else None
        while key is not None and key not in in_use:
            in_use.add(key)
            node = snapshot.images.get(key) or snapshot.bases.get(key)
            key = node.base.base if node is not None and node.base is not None else None
    return in_use
