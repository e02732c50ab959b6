"""Images as they are shown: with the answers of the containers that run them, and by the rules of the places where they run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from tui.domain.assemble.images import used
from tui.domain.assemble.places import JudgedImages
from tui.domain.assemble.reading import Reading
from tui.domain.common.memo import Address, Rows, Trace
from tui.domain.common.pace import paced
from tui.domain.common.trust import Check
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Image, ImageKey, Workload
from tui.domain.workloads.join import ImageUsers

__all__ = ["ShownImages"]


class ShownImages:
    """What registries hold, without what is gone and needed by nothing, and with what runs but is in no registry.

    What a tag has left behind is needed by nothing either, unless its registry lists it: who starts now never hears of it.
    Kept round after round; what did not change is the very same object.
    """

    def __init__(self, trace: Trace, reading: Reading, judged: JudgedImages, uses: Mapping[ImageKey, ImageUsers]) -> None:
        self.images: Mapping[ImageKey, Image] = {}
        self.moved = False
        self._trace, self._reading, self._judged, self._uses = trace, reading, judged, uses
        self._rows: dict[ImageKey, Image] = {}
        self._places: dict[ImageKey, bool] = {}
        self._unneeded: Rows[ImageKey, bool] = Rows(trace, self._is_unneeded)

    def renew(self, changed: Set[Address], stale: Iterable[ImageKey], workloads: Mapping[ObjectKey, Workload]) -> set[ImageKey]:
        """Show what changed; the images that are others, or shown no more. `moved` says whether there are others than before."""
        keys = {address for address in changed if isinstance(address, ImageKey)}
        present = {key for key in keys if key in self._reading.catalog.images}
        unneeded = self._unneeded.refresh(changed, present, keys - present)
        looked_at = {*keys, *stale, *unneeded}
        others = {key for key in paced(looked_at) if self._show(key, workloads)}
        self.moved = any(self._place(key) != self._places.get(key) for key in looked_at)
        if self.moved:
            self._order()
        if others or self.moved:
            self.images = self._rows.copy()
        return others

    def _show(self, key: ImageKey, workloads: Mapping[ObjectKey, Workload]) -> bool:
        """Put an image as it is to be shown now. Says whether it is another one than before."""
        before, image = self._rows.get(key), self._image(key, workloads)
        if image is None:
            self._rows.pop(key, None)
            return before is not None
        if before == image:
            return False
        self._rows[key] = image
        return True

    def _image(self, key: ImageKey, workloads: Mapping[ObjectKey, Workload]) -> Image | None:
        users, image = self._uses.get(key), self._judged.judge.images.get(key)
        if image is None:
            return None
        if users is None:
            needed = key in self._reading.lineage.derived or not self._unneeded.get(key)
            return image if needed else None
        using = sorted({**users.users, **users.idle})
        placed = self._judged.wherever(image, using)
        return used(placed, _answers(key, using, workloads), users.pods)

    def _is_unneeded(self, key: ImageKey) -> bool:
        image = self._reading.catalog.image(key)
        if image is None:
            return True
        return bool(image.absent) or self._reading.registries.is_left_behind(image.name, image.digests, image.tags)

    def _place(self, key: ImageKey) -> bool | None:
        """Whether an image that is shown is one of the catalog, or else only runs; None for what is not shown."""
        return key in self._reading.catalog.images if key in self._rows else None

    def _order(self) -> None:
        """In the order of the catalog, and then what is in no registry."""
        catalog = self._reading.catalog.images
        listed = {key: self._rows[key] for key in catalog if key in self._rows}
        absent = sorted(self._rows.keys() - listed.keys())
        self._rows = {**listed, **{key: self._rows[key] for key in absent}}
        self._places = {**dict.fromkeys(listed, True), **dict.fromkeys(absent, False)}


def _answers(image: ImageKey, users: Iterable[ObjectKey], workloads: Mapping[ObjectKey, Workload]) -> tuple[Check, ...]:
    """What the containers that run an image answer."""
    containers = [container for key in users for container in workloads[key].containers if image in container.runs]
    return tuple([check for container in containers for check in container.checks])
