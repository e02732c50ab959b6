"""What the layers prove: which content contains which, found by a sort and a sweep over the layer chains of each first layer.

The history decides between contents of the same layers.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count

import msgspec

from tui.domain.common.memo import Lookup
from tui.domain.facts.image import Claim, HistoryEntry, Platform, RepositoryName
from tui.domain.lineage.histories import NO_ENTRIES, Entries, History, common_length, is_sibling, steps_of
from tui.domain.lineage.leaders import leader_of
from tui.domain.snapshot.snapshot import ImageKey

__all__ = [
    "ROOT",
    "Content",
    "Forest",
    "LayerMatch",
    "Prefix",
    "build_forest",
    "chain_id",
    "families_of",
    "has_gap",
    "is_scratch",
]

ROOT = -1  # parent of what stands on nothing; contents are 0 and up, shared prefixes -2 and down
_INDEPENDENT = 2  # repositories that must share layers before an unknown base is assumed under them
_INDEPENDENT_OVER_KNOWN = 3


class Content(msgspec.Struct, frozen=True, gc=False):
    """One platform's image content, whatever it is called: its config digest is its identity.

    `images` are all images that hold it: mirrors, imports and re-pushed indexes meet here. `claims` are what is said of its
    base, already selected: of several materials in a provenance only the base; `speakers` tells which image says what, where
    images of the same content say different things.
    """

    config: str
    platform: Platform
    diff_ids: tuple[str, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    created: datetime | None = None
    images: tuple[ImageKey, ...] = ()
    claims: tuple[Claim, ...] = ()
    speakers: tuple[tuple[ImageKey, tuple[Claim, ...]], ...] = ()


class LayerMatch(StrEnum):
    """How a parent was found among the layers, best first."""

    HISTORY = "history"
    NO_HISTORY = "no-history"
    DISAGREES = "disagrees"
    SHARED = "shared"


@dataclass(slots=True)
class Prefix:
    """Layers that independent repositories share although no known image ends there: an unknown base.

    `member` is one of the contents, whose first `length` layers these are; `repositories` counts the independent ones.
    """

    member: int
    length: int
    parent: int
    repositories: int


@dataclass(slots=True)
class Forest:
    """The contents as numbers, and the parent of each: a content, a shared prefix (`-2 - index`) or `ROOT`.

    `shares` are those that share more layers than their parent's with another repository, too few to assume a base.
    """

    contents: Sequence[Content]
    platforms: list[int]
    parents: list[int]
    proofs: list[LayerMatch | None]
    depths: list[int]
    prefixes: list[Prefix] = field(default_factory=list)
    shares: set[int] = field(default_factory=set)

    def history(self, number: int) -> History:
        """The steps of a content."""
        return steps_of(self.contents[number].history)

    def length(self, parent: int) -> int:
        """How many layers a content has, or a shared prefix."""
        return len(self.contents[parent].diff_ids) if parent >= 0 else self.prefix(parent).length

    def prefix(self, parent: int) -> Prefix:
        """The shared prefix that a parent of -2 and down stands for."""
        return self.prefixes[-2 - parent]


def build_forest(contents: Sequence[Content], families: Lookup[RepositoryName, RepositoryName] | None = None) -> Forest:
    """Find the parent of every content, O(n log n); those from scratch get no unknown base.

    `families` says for each repository which of those that hold the same content stands for all, itself if it is not there.
    Contents with different first layers share none. All steps are done for one first layer before the next: what lies near in
    the processor's cache is read many times faster than what has been put out of it by a hundred thousand others.
    """
    forest = Forest(contents, [], [ROOT] * len(contents), [None] * len(contents), [0] * len(contents))
    platforms: dict[Platform, int] = defaultdict(count().__next__)
    beginnings: dict[str, list[int]] = {}
    scratch: set[int] = set()
    shared: list[Content] = []
    for number, content in enumerate(contents):
        forest.platforms.append(platforms[_comparable(content.platform)])
        if content.diff_ids:
            beginnings.setdefault(content.diff_ids[0], []).append(number)
        if content.claims and is_scratch(content):
            scratch.add(number)
        if len(content.images) > 1:
            shared.append(content)
    families = families if families is not None else families_of(shared)
    for numbers in beginnings.values():
        if len(numbers) > 1:
            order = _order(forest, numbers)
            _assume_bases(forest, order, _sweep(forest, order), scratch, families)
    _drop_only_children(forest)
    return forest


def is_scratch(content: Content) -> bool:
    """Whether something says that it was built from scratch."""
    return any(claim.scratch for claim in content.claims)


def chain_id(diff_ids: Sequence[str]) -> str:
    """The digest of a chain of layers (OCI image-spec, config.md, "Layer ChainID"); empty for none."""
    chain = ""
    for diff_id in diff_ids:
        chain = f"sha256:{hashlib.sha256(f'{chain} {diff_id}'.encode()).hexdigest()}" if chain else diff_id
    return chain


ONE_BUILD = timedelta(hours=1)
"""How far apart the steps of one build are at most, as far as times can tell."""
FIRST_CREDIBLE_YEAR = 2013


def has_gap(content: Content, base: Content) -> bool:
    """Whether the steps on a base were not made in one go: another image may lie between, which is not known.

    The reverse proves nothing, as builders reset clocks; and a cache makes old steps too.
    """
    own = content.history[len(base.history) :]
    times = [step.created for step in own if step.created is not None and step.created.year >= FIRST_CREDIBLE_YEAR]
    moments = [moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in times]
    return bool(moments) and max(moments) - min(moments) > ONE_BUILD


# a variant that says what is meant without it (containerd platforms, database.go)
_USUAL_VARIANT = {"amd64": "v1", "arm64": "v8", "arm": "v7"}


def _comparable(platform: Platform) -> Platform:
    if platform.variant and _USUAL_VARIANT.get(platform.architecture) == platform.variant:
        return Platform(platform.os, platform.architecture)
    return platform


_Place = tuple[int, tuple[int, ...], int, int]
"""A content as it is sorted: its platform, chain and length of history; and its number."""


def _order(forest: Forest, numbers: Iterable[int]) -> list[_Place]:
    """Layers become numbers where they are met first: a counting defaultdict does it without a step of ours per string."""
    layers: dict[str, int] = defaultdict(count().__next__)
    places: list[_Place] = []
    for number in numbers:
        content = forest.contents[number]
        chain = tuple(map(layers.__getitem__, content.diff_ids))
        places.append((forest.platforms[number], chain, len(content.history), number))
    places.sort()
    return places


class _Group:
    """Contents with the same chain, by history; without any it marks where chains part. `start` is its place in the order.

    Most have one content: a table is made for the second only.
    """

    __slots__ = ("first", "history", "length", "lengths", "shares", "start", "table")

    def __init__(self, length: int, start: int) -> None:
        self.length = length
        self.start = start
        self.first = ROOT
        self.history = NO_ENTRIES
        self.table: dict[History, int] | None = None
        self.lengths: list[int] | None = None
        self.shares = True  # until a content has exactly these layers

    def add(self, number: int, history: Entries, contents: Sequence[Content]) -> None:
        """Add a content; the order brings short histories first, and of twins the oldest stands for all."""
        if self.first == ROOT:
            self.first, self.history, self.shares = number, history, False
            return
        if self.table is None or self.lengths is None:
            self.table = {self.history.steps: self.first}
            self.lengths = [len(self.history)]
        length = len(history)
        twin = self.table.get(history.steps)
        if twin is None or _age(contents[number]) < _age(contents[twin]):
            self.table[history.steps] = number
        if self.lengths[-1] != length:
            self.lengths.append(length)
        elif len(self.lengths) == 1 and _age(contents[number]) < _age(contents[self.first]):
            self.first, self.history = number, history

    def origin(self, history: Entries) -> int:
        """The content with the longest history that this one continues, `ROOT` when there is none."""
        if self.table is None or self.lengths is None:
            return self.first if history.continues(self.history) else ROOT
        for length in reversed(self.lengths):
            if 0 < length < len(history):
                number = self.table.get(history.steps[:length], ROOT)
                if number != ROOT:
                    return number
        return ROOT


_EPOCH = datetime.fromtimestamp(0, UTC)


def _age(content: Content) -> tuple[float, str]:
    """Sorts the oldest first, and those without a time last."""
    created = content.created
    if created is None:
        return math.inf, content.config
    return ((created if created.tzinfo else created.replace(tzinfo=UTC)) - _EPOCH).total_seconds(), content.config


def _sweep(forest: Forest, order: Sequence[_Place]) -> list[tuple[int, int, int]]:
    """Set parents among the contents; gives (length, start, end) of each run that shares layers which are no content's whole."""
    branches: list[tuple[int, int, int]] = []
    stack: list[_Group] = []
    platform = -1
    previous: tuple[int, ...] = ()
    for position, (own_platform, chain, _, number) in enumerate(order):
        common = common_length(previous, chain) if own_platform == platform else 0
        start = _unwind(stack, common, position, branches)
        if common and (not stack or stack[-1].length < common):
            stack.append(_Group(common, start))
        _place(forest, stack, number, position)
        platform, previous = own_platform, chain
    _unwind(stack, 0, len(order), branches)
    return branches


def _unwind(stack: list[_Group], length: int, place: int, branches: list[tuple[int, int, int]]) -> int:
    start = place
    while stack and stack[-1].length > length:
        group = stack.pop()
        start = group.start
        if group.shares:
            branches.append((group.length, group.start, place))
    return start


def _place(forest: Forest, stack: list[_Group], number: int, position: int) -> None:
    content = forest.contents[number]
    length, history = len(content.diff_ids), Entries(content.history)
    parent, proof = _parent(stack, length, history)
    if parent != ROOT:
        forest.parents[number], forest.proofs[number] = parent, proof
        forest.depths[number] = len(forest.contents[parent].diff_ids)
    if not stack or stack[-1].length < length:
        stack.append(_Group(length, position))
    stack[-1].add(number, history, forest.contents)


def _parent(stack: list[_Group], length: int, history: Entries) -> tuple[int, LayerMatch | None]:
    for group in reversed(stack):
        number = group.origin(history)
        if number != ROOT:
            return number, LayerMatch.HISTORY
    for group in reversed(stack):
        if group.length < length and group.first != ROOT:
            if is_sibling(group.history, history):
                group.shares = True
                continue
            return group.first, LayerMatch.DISAGREES if history and group.history else LayerMatch.NO_HISTORY
    return ROOT, None


def _assume_bases(
    forest: Forest,
    order: Sequence[_Place],
    branches: list[tuple[int, int, int]],
    scratch: set[int],
    families: Lookup[RepositoryName, RepositoryName],
) -> None:
    for length, start, end in sorted(branches):
        members = [number for *_, number in order[start:end] if forest.depths[number] < length and number not in scratch]
        needed = _INDEPENDENT_OVER_KNOWN if any(forest.parents[number] >= 0 for number in members) else _INDEPENDENT
        holders = {key.name for number in members for key in forest.contents[number].images[:1]}
        repositories = len({families.get(repository, repository) for repository in holders})
        if repositories >= needed:
            _put_under(forest, members, length, repositories)
        elif repositories >= _INDEPENDENT:
            forest.shares.update(members)


def _put_under(forest: Forest, members: list[int], length: int, repositories: int) -> None:
    deepest = max(members, key=lambda number: (forest.depths[number], forest.contents[number].config))
    parent = forest.parents[deepest]
    forest.prefixes.append(Prefix(deepest, length, parent, repositories))
    for number in members:
        forest.parents[number] = -1 - len(forest.prefixes)
        forest.proofs[number], forest.depths[number] = LayerMatch.SHARED, length


def families_of(contents: Iterable[Content]) -> dict[RepositoryName, RepositoryName]:
    """Which repository stands for all that hold the same contents: these count as one. One that shares none is not there."""
    leaders: dict[RepositoryName, RepositoryName] = {}
    for content in contents:
        if len(content.images) > 1:
            first, *others = dict.fromkeys(key.name for key in content.images)
            for other in others:
                leading, following = (leader_of(leaders, leaders.setdefault(name, name)) for name in (first, other))
                leaders[max(leading, following)] = min(leading, following)
    return {repository: leader_of(leaders, repository) for repository in leaders}


def _drop_only_children(forest: Forest) -> None:
    """A shared prefix whose members all share a longer one says nothing: its only child takes its place."""
    children: dict[int, list[int]] = {}
    for parent in forest.parents:
        if parent < ROOT:
            children.setdefault(parent, []).append(ROOT)
    for index, prefix in enumerate(forest.prefixes):
        if prefix.parent < ROOT:
            children.setdefault(prefix.parent, []).append(-2 - index)
    for index, prefix in enumerate(forest.prefixes):  # shortest first: a chain of only children collapses in one pass
        below = children.get(-2 - index, [])
        if len(below) == 1 and below[0] != ROOT:
            forest.prefix(below[0]).parent = prefix.parent
