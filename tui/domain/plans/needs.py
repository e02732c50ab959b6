"""What has to be rebuilt, and what before it, so that images stand on today's bases: the fewest there can be.

An image whose tag already names a clean build needs no rebuild, only to be rolled out. A base that is old itself comes before
what derives from it, if it is ours: what only its publisher can rebuild is waited for. What nothing runs, and nothing that runs
derives from, is rebuilt only where nothing else was selected: old tags are no work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cached_property

import msgspec

from tui.domain.common.pace import paced, stride
from tui.domain.facts.image import RepositoryName
from tui.domain.lineage.base_tags import is_exact
from tui.domain.plans.superseded import pushed_instead
from tui.domain.plans.words import image_title, repository_title, several
from tui.domain.registries.public import PUBLIC
from tui.domain.snapshot.snapshot import BaseLink, BaseState, Image, ImageKey, Snapshot

__all__ = ["Condition", "Needs", "RebuildIndex", "RebuildNode", "condition", "needs_of"]

MAX_GENERATIONS = 60
MOST_CLEAN = 3


class Condition(StrEnum):
    """Whether a rebuild of an image would change anything that is known to be wrong with it."""

    CLEAN = "clean"
    NEEDED = "needed"
    UNKNOWN = "unknown"


def condition(image: Image) -> Condition:
    """Whether a rebuild of an image is known to mend anything."""
    link = image.base
    if (link is not None and link.state is BaseState.OUTDATED) or any(
        row.rebuild and row.vex is None for row in image.vulnerabilities
    ):
        return Condition.NEEDED
    if link is None:
        return Condition.CLEAN if image.root and not image.absent else Condition.UNKNOWN
    return Condition.CLEAN if link.state is BaseState.CURRENT else Condition.UNKNOWN


class RebuildNode(msgspec.Struct, frozen=True, gc=False):
    """An image to be rebuilt. `prerequisites` are the images to be rebuilt first; `level` is 1 where there are none.

    `stands_on` is the base that it will stand on, where that is known; `base_outdated` says that this one is old itself and
    nobody here can rebuild it, `same_base` that it stands on this build already. `fixed_tag` is the newer version that the tag
    which it is built from will never name by itself.
    """

    key: ImageKey
    prerequisites: tuple[ImageKey, ...] = ()
    level: int = 1
    stands_on: ImageKey | None = None
    base_outdated: bool = False
    same_base: bool = False
    fixed_tag: str = ""


class Needs(msgspec.Struct, frozen=True):
    """What has to be rebuilt, lower levels first, what runs and is covered by what, and what was found besides.

    `covered` maps a running image to the image that takes its place: one that is to be rebuilt, or one that is clean already.
    """

    nodes: tuple[RebuildNode, ...]
    covered: Mapping[ImageKey, ImageKey]
    notes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class RebuildIndex:
    """Images by tag and digest, and what takes the place of what runs."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        # Of images on the same build of a base it is found out once.
        self._behind: dict[tuple[ImageKey, str, str, datetime | None], bool] = {}

    @cached_property
    def tags(self) -> Mapping[tuple[RepositoryName, str], ImageKey]:
        """Which image a tag names."""
        images = self.snapshot.images
        return {(key.name, tag): key for key, image in images.items() for tag in image.tags}

    @cached_property
    def digests(self) -> Mapping[tuple[RepositoryName, str], ImageKey]:
        """Which image a digest is one of."""
        images = self.snapshot.images
        return {(key.name, digest): key for key, image in images.items() for digest in image.digests}

    @cached_property
    def successors(self) -> Mapping[ImageKey, ImageKey]:
        """What the name of a container means now, by what it runs, where that is another image of the same repository."""
        successors: dict[ImageKey, ImageKey] = {}
        for workload in paced(self.snapshot.workloads.values()):
            for container in workload.containers:
                new = container.declared
                if new is None or container.pin or new not in self.snapshot.images:
                    continue
                for old in container.runs:
                    if old != new and old.name == new.name:
                        successors[old] = max(new, successors.get(old, new))
        return successors

    @cached_property
    def running(self) -> frozenset[ImageKey]:
        """What has pods, or would have them: the names of workloads mean it. What is only kept to go back to is not among it."""
        running = set(self.snapshot.users)
        for workload in paced(self.snapshot.workloads.values()):
            for container in workload.containers:
                running.update(container.images)
                if container.declared is not None:
                    running.add(container.declared)
        return frozenset(running)

    @cached_property
    def built_before(self) -> Mapping[ImageKey, tuple[ImageKey, ...]]:
        """The images that would stand on a base if they were rebuilt today, and stand on an older build of it."""
        old: dict[ImageKey, list[ImageKey]] = {}
        for key, image in paced(self.snapshot.images.items()):
            if image.base is not None and image.base.state is BaseState.OUTDATED:
                new = self.todays_base(image.base)
                if new is not None and new != image.base.base:
                    old.setdefault(new, []).append(key)
        return {key: tuple(keys) for key, keys in old.items()}

    def link(self, key: ImageKey) -> BaseLink | None:
        """What an image or an unknown base stands on."""
        image = self.snapshot.images.get(key)
        if image is not None:
            return image.base
        base = self.snapshot.bases.get(key)
        return base.base if base is not None else None

    def is_behind(self, link: BaseLink) -> bool:
        """Whether the base is the newest build of itself, but stands on an old one."""
        if link.state is not BaseState.OUTDATED:
            return False
        build = link.base, link.tag, link.newest, link.since
        behind = self._behind.get(build)
        if behind is None:
            behind = self._behind[build] = self._is_behind(link)
        return behind

    def _is_behind(self, link: BaseLink) -> bool:
        below = self.link(link.base)
        if below is None or below.state is not BaseState.OUTDATED:
            return False
        if below.newest != link.newest or below.since != link.since:
            return False
        base = link.base
        return not link.tag or self.tags.get((base.name, link.tag), base) == base

    def todays_base(self, link: BaseLink) -> ImageKey | None:
        """The base that an image would stand on if it were rebuilt today, None where that is not known."""
        return link.base if link.state is not BaseState.OUTDATED or self.is_behind(link) else self.named_now(link)

    def named_now(self, link: BaseLink) -> ImageKey | None:
        """The newest build of an outdated base that there is."""
        base = link.base
        tag, _, digest = link.newest.partition("@")
        if digest:
            return self.digests.get((base.name, digest), ImageKey.of(base.name, digest))
        return self.tags.get((base.name, tag or link.tag))

    def is_ours(self, key: ImageKey) -> bool:
        """Whether somebody here may rebuild it: a job of ours does, or its registry is not everybody's."""
        return bool(self.snapshot.builders.get(key)) or (bool(key.repository) and key.registry not in PUBLIC)


def needs_of(index: RebuildIndex, selection: Iterable[ImageKey], *, derived: bool = True) -> Needs:
    """What has to be rebuilt for the selected images and, with `derived`, for what stands on them."""
    return _Gathering(index).of(tuple(dict.fromkeys(paced(selection))), derived)


class _Gathering:
    def __init__(self, index: RebuildIndex) -> None:
        self._index, self._images = index, index.snapshot.images
        self._nodes: dict[ImageKey, RebuildNode] = {}
        self._open: set[ImageKey] = set()
        self._covered: dict[ImageKey, ImageKey] = {}
        self._clean: list[ImageKey] = []
        self._left: list[ImageKey] = []
        self._notes: list[str] = []
        self._unknown: list[str] = []
        self._is_about_what_runs = False

    def of(self, selection: tuple[ImageKey, ...], derived: bool) -> Needs:
        on_top = tuple(self._on_top(selection)) if derived else ()
        self._is_about_what_runs = bool(on_top) or not self._index.running.isdisjoint(selection)
        for key in paced(selection):
            self._select(key)
        for key in on_top:
            self._take(key)
        nodes = tuple(sorted(self._nodes.values(), key=lambda node: (node.level, node.key)))
        notes = (*_clean_words(self._index.snapshot, self._clean), *self._notes, *self._left_words())
        return Needs(nodes, self._covered, notes, tuple(self._unknown))

    def _left_words(self) -> Iterable[str]:
        """What was left out as nothing runs it; not what was rebuilt all the same, under something that runs."""
        left = {key for key in self._left if key not in self._nodes}
        if left:
            in_use = sum(self._images[key].in_use for key in left)
            back = f", {in_use} of them kept to go back to" if in_use else ""
            images = "old image that nothing runs was" if len(left) == 1 else "old images that nothing runs were"
            yield f"{len(left)} {images} left out{back}."

    def _select(self, key: ImageKey) -> None:
        """What somebody asked for by name: said where it needs nothing, done where nobody can tell."""
        image = self._images.get(key)
        if image is None:
            if key in self._index.snapshot.bases:
                self._notes.append(
                    f"{repository_title(key)} is in no registry that can be read: what derives from it is planned."
                )
            else:
                self._unknown.append(f"{repository_title(key)} is not known any more.")
            return
        match condition(image):
            case Condition.CLEAN:
                self._clean.append(key)
            case Condition.NEEDED | Condition.UNKNOWN if self._is_about_what_runs and key not in self._index.running:
                self._left.append(key)
            case Condition.UNKNOWN if not self._index.is_ours(key):
                self._notes.append(f"Only its publisher can rebuild {self._title(key)}.")
            case Condition.UNKNOWN:
                why = image.base.state_reason if image.base is not None else image.absent or "What it is built on is not known."
                self._unknown.append(f"Whether a rebuild of {self._title(key)} changes anything is not known. {why}")
                self._take(key)
            case Condition.NEEDED if not self._index.is_ours(key) and not self._index.snapshot.users.get(key):
                self._notes.append(f"Only its publisher can rebuild {self._title(key)}: what derives from it is planned.")
            case Condition.NEEDED:
                self._take(key)

    def _title(self, key: ImageKey) -> str:
        return image_title(self._index.snapshot, key)

    def _on_top(self, selection: tuple[ImageKey, ...]) -> Iterable[ImageKey]:
        """What stands on the selected, or on an older build of it, is used and is not clean."""
        derived, built_before, pass_by = self._index.snapshot.derived, self._index.built_before, stride()
        visited = set(selection)
        below = list(selection)
        while below:
            key = below.pop()
            pass_by()
            for child in (*derived.get(key, ()), *built_before.get(key, ())):
                if child in visited:
                    continue
                visited.add(child)
                below.append(child)
                pass_by()
                image = self._images.get(child)
                if image is None or condition(image) is not Condition.NEEDED:
                    continue
                if child in self._index.running:
                    yield child
                else:
                    self._left.append(child)

    def _take(self, key: ImageKey) -> None:
        """Cover an image: by what its tag names now, if that is another one, or by its own rebuild."""
        new = self._index.successors.get(key)
        if new is None and self._is_left_behind(key):
            self._notes.append(f"{self._title(key)} does not run and no tag names it: nothing is to be done.")
            return
        if new is None and key not in self._index.running and (tags := pushed_instead(self._index.snapshot, key)):
            self._notes.append(f"The job of {self._title(key)} pushes {several(tags)} now, not this tag.")
            return
        target = new if new is not None else key
        self._covered[key] = target
        if new is None or condition(self._images[new]) is not Condition.CLEAN:
            self._covered.setdefault(target, target)
            self._add(target, 0)

    def _is_left_behind(self, key: ImageKey) -> bool:
        image = self._images[key]
        return image.tags_listed and not image.tags and not image.in_use and not self._index.snapshot.users.get(key)

    def _add(self, key: ImageKey, depth: int) -> int:
        """Add a rebuild and what has to come before it; the level that it stands on."""
        if key in self._nodes:
            return self._nodes[key].level
        if key in self._open or depth > MAX_GENERATIONS:
            return 0
        self._open.add(key)
        node = self._node(key, depth)
        self._open.discard(key)
        self._nodes[key] = node
        return node.level

    def _node(self, key: ImageKey, depth: int) -> RebuildNode:
        link = self._index.link(key)
        if link is None or link.state is not BaseState.OUTDATED:
            return RebuildNode(key, stands_on=link.base if link is not None else None)
        same = self._index.is_behind(link)
        new = link.base if same else self._index.named_now(link)
        fixed = link.newest if link.newest and "@" not in link.newest and not same else ""
        fixed = fixed if not link.tag or is_exact(link.tag) else ""
        below = self._index.link(new) if new is not None else None
        if new is None or below is None or below.state is not BaseState.OUTDATED:
            return RebuildNode(key, stands_on=new, fixed_tag=fixed)
        if not self._index.is_ours(new) or new not in self._images:
            return RebuildNode(key, stands_on=new, base_outdated=True, same_base=same, fixed_tag=fixed)
        level = self._add(new, depth + 1)
        if not level:  # they stand on each other: one of the statements is wrong
            return RebuildNode(key, stands_on=new, base_outdated=True, same_base=same, fixed_tag=fixed)
        return RebuildNode(key, (new,), level + 1, new, same_base=same, fixed_tag=fixed)


def _clean_words(snapshot: Snapshot, clean: list[ImageKey]) -> Iterable[str]:
    """Each by its name, or their number where there are many."""
    if len(clean) > MOST_CLEAN:
        yield f"{len(clean)} of the selected are on the newest build of their base: a rebuild is not known to change anything."
        return
    for key in clean:
        yield f"{image_title(snapshot, key)} is built on the newest build of its base: a rebuild is not known to change anything."
