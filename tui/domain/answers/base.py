"""The blast radius of a base: what is built on it, what still stands on an old build of it, and what will rebuild by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.answers.context import AnswerContext
from tui.domain.plans.why_not import Outlooks, self_rebuild
from tui.domain.plans.words import repository_title
from tui.domain.snapshot.snapshot import BaseLink, BaseState, ImageKey, Snapshot

__all__ = ["BlastRadius", "blast_radius_of"]


class _Freshness(StrEnum):
    """Whether the layers of the base that an image has are those of its newest build."""

    OLD = "old"
    NEWEST = "newest"
    UNKNOWN = "unknown"


class BlastRadius(msgspec.Struct, frozen=True):
    """What stands on a base.

    `direct` images are built on it, `through` on others that are. `outdated` are those that still have the layers of an older
    build of it, since `since` at most, `outdated_running` those of them that run; of `untold` nobody knows. `alone` counts what
    runs by whether it will be rebuilt by itself when the base changes, and `why_not` the reasons why not, the most frequent
    first. `shared` are names under which the same layers lie elsewhere, each with how many images stand there that the question
    does not find.
    """

    direct: int = 0
    through: int = 0
    outdated: int = 0
    outdated_running: int = 0
    untold: int = 0
    since: datetime | None = None
    alone: tuple[tuple[Outlooks, int], ...] = ()
    why_not: tuple[tuple[str, int], ...] = ()
    shared: tuple[tuple[str, int], ...] = ()


def blast_radius_of(context: AnswerContext) -> BlastRadius:
    """What stands on the base that is asked about, of what the question finds."""
    snapshot, selection = context.snapshot, context.selection
    bases = context.index.bases_named(context.question.subject)
    running = context.running
    paths = _Paths(snapshot, bases)
    states = {key: paths.freshness(key) for key in selection.images}
    direct = sum(_stands_on(snapshot, key, bases) for key in selection.images)
    old = {key for key, state in states.items() if state is _Freshness.OLD}
    moved = (
        link.since for key in old for link in paths.links(key) if link.state is BaseState.OUTDATED and link.since is not None
    )
    outlooks = [self_rebuild(snapshot, key) for key in running]
    reasons = Counter(outlook.cause.value.replace("-", " ") for outlook in outlooks if outlook.answer is Outlooks.NO)
    counts = Counter(outlook.answer for outlook in outlooks)
    return BlastRadius(
        direct=direct,
        through=len(selection.images) - direct,
        outdated=len(old),
        outdated_running=len(old & running),
        untold=sum(state is _Freshness.UNKNOWN for state in states.values()),
        since=min(filter(None, moved), default=None),
        alone=tuple((answer, counts[answer]) for answer in Outlooks if counts[answer]),
        why_not=tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        shared=tuple(_shared(snapshot, bases, selection.images)),
    )


def _stands_on(snapshot: Snapshot, key: ImageKey, bases: Set[ImageKey]) -> bool:
    image = snapshot.images.get(key)
    return image is not None and image.base is not None and image.base.base in bases


class _Paths:
    """The links by which images stand on some bases, each node looked at once."""

    def __init__(self, snapshot: Snapshot, bases: Set[ImageKey]) -> None:
        self._snapshot, self._bases = snapshot, bases
        self._links: dict[ImageKey, tuple[BaseLink, ...]] = {}

    def links(self, key: ImageKey) -> tuple[BaseLink, ...]:
        """Every link on the way down that leads to one of the bases."""
        way: list[ImageKey] = []
        current: ImageKey | None = key
        while current is not None and current not in self._links and current not in way:
            way.append(current)
            node = self._snapshot.images.get(current) or self._snapshot.bases.get(current)
            current = node.base.base if node is not None and node.base is not None else None
        below = self._links.get(current, ()) if current is not None else ()
        for place in reversed(way):
            node = self._snapshot.images.get(place) or self._snapshot.bases.get(place)
            link = node.base if node is not None else None
            if link is not None and link.base in self._bases:
                below = (link, *below)
            self._links[place] = below
        return below

    def freshness(self, key: ImageKey) -> _Freshness:
        """An old build anywhere on the way is an old build."""
        states = {link.state for link in self.links(key)}
        if BaseState.OUTDATED in states:
            return _Freshness.OLD
        return _Freshness.NEWEST if states == {BaseState.CURRENT} else _Freshness.UNKNOWN


def _shared(snapshot: Snapshot, bases: Set[ImageKey], selected: Set[ImageKey]) -> Iterator[tuple[str, int]]:
    """The same content under another name, and what stands on it there without being found by the name that was asked for."""
    twins = {
        twin
        for key in bases
        if key in snapshot.images
        for twin in snapshot.images[key].same_content
        if twin not in bases | selected
    }
    names: Mapping[str, set[ImageKey]] = {repository_title(twin): set() for twin in twins}
    for twin in twins:
        names[repository_title(twin)].update(key for key in _above(snapshot, (twin,)) if key not in selected)
    yield from sorted(((name, len(images)) for name, images in names.items()), key=lambda item: (-item[1], item[0]))


def _above(snapshot: Snapshot, starts: Iterable[ImageKey]) -> set[ImageKey]:
    above: set[ImageKey] = set()
    stack = list(starts)
    while stack:
        for child in snapshot.derived.get(stack.pop(), ()):
            if child not in above:
                above.add(child)
                stack.append(child)
    return above
