"""Tags that no run will push again: the job of an image pushes others now, as its own image names say."""

from __future__ import annotations

from tui.domain.builds.tags import is_open, tag_matches
from tui.domain.common.text import clean
from tui.domain.plans.builders import ChosenJob, choose_job
from tui.domain.snapshot.snapshot import ImageKey, Snapshot

__all__ = ["pushed_instead", "tags_pushed_instead"]


def pushed_instead(snapshot: Snapshot, key: ImageKey) -> tuple[str, ...]:
    """The tags that the job of an image pushes now, if none of the image's own is among them; else nothing."""
    chosen = choose_job(snapshot, key)
    return tags_pushed_instead(snapshot, key, chosen) if isinstance(chosen, ChosenJob) else ()


def tags_pushed_instead(snapshot: Snapshot, key: ImageKey, chosen: ChosenJob) -> tuple[str, ...]:
    """The same, of a job that was chosen already."""
    image = snapshot.images.get(key)
    if image is None or not image.tags:
        return ()
    name = image.name
    written = [built.tag for built in chosen.job.images if built.name == name]
    if not written or not set(written).isdisjoint(image.tags):
        return ()
    if any(is_open(pattern) or any(tag_matches(pattern, tag) for tag in image.tags) for pattern in written):
        return ()
    return tuple(clean(pattern, 128) for pattern in written)
