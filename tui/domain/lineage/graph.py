"""The lineage of images: which stands on which, what proves it, and what says otherwise. Pure, and fast enough to redo whole.

1. Contents of the same config are one, whatever they are called (`Content.images`).
2. Layers and history give each content its parent, or a base that independent repositories share (`lineage_layers`).
3. Claims are weighed against that; they never override layers (`lineage_claims`).
4. Edges are lifted from contents to the images that hold them (`lineage_lift`).
5. Cycles, which only claims and indexes with mixed platforms can make, are cut at the weakest edge.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

import msgspec

from tui.domain.common.memo import Lookup
from tui.domain.facts.image import RepositoryName
from tui.domain.lineage.claims import BaseEdge, ClaimWeigher
from tui.domain.lineage.layers import Content, Forest, build_forest, has_gap
from tui.domain.lineage.lift import Lifted, lift
from tui.domain.snapshot.snapshot import BaseLink, ImageKey, UnknownBase

__all__ = ["Content", "Lineage", "Surroundings", "build"]


@dataclass(frozen=True, slots=True, eq=False)
class Lineage:
    """The whole lineage.

    `links` are the edges of images down to their bases, `bases` the nodes that are no readable image, `derived` what is
    built directly on a node (images and unknown bases), `roots` what stands on nothing. `parents` maps a config digest to
    that of its base where both are known. `remarks` are sentences about images that stand on nothing: why, and what says
    otherwise. `origins` are the tags of its base's repository from which a node is said to be built, none where only the
    repository is named; without an entry nothing names the base, and which of its names is shown is a choice. `between` are
    the config digests of what may stand on something between it and its base. `doubts` tell of a config digest why nothing proves
    the base that it is said to stand on.
    """

    links: Mapping[ImageKey, BaseLink] = field(default_factory=dict)
    bases: Mapping[ImageKey, UnknownBase] = field(default_factory=dict)
    derived: Mapping[ImageKey, tuple[ImageKey, ...]] = field(default_factory=dict)
    roots: Collection[ImageKey] = ()
    parents: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[ImageKey, tuple[str, ...]] = field(default_factory=dict)
    origins: Mapping[ImageKey, tuple[str, ...]] = field(default_factory=dict)
    between: Set[str] = frozenset()
    doubts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What the lineage of some contents follows from besides them: the repositories of all contents, and their families."""

    repositories: Container[RepositoryName]
    families: Lookup[RepositoryName, RepositoryName]


def build(
    contents: Sequence[Content],
    aliases: Lookup[str, tuple[str, ...]],
    tags: Lookup[tuple[RepositoryName, str], str],
    names: Lookup[ImageKey, tuple[str, ...]],
    hidden: frozenset[str] = frozenset(),
    around: Surroundings | None = None,
) -> Lineage:
    """Build the lineage of all contents; the order of the arguments' items does not matter.

    `aliases` maps any digest of an index, manifest or config to the config digests that it means, `tags` what a tag names
    now, `names` gives the tags of each image. `hidden` are registries that hold repositories which could not be read. `around` is
    what there is beside the contents, where they are not all.
    """
    numbers, unique = _unique(contents)
    forest = build_forest(unique, around.families if around is not None else None)
    weigher = ClaimWeigher(forest, numbers, aliases, tags, around.repositories if around is not None else None)
    standing = _Standing(forest, numbers, weigher.edges())
    lifted = lift(forest, standing.edges, tags, names, hidden)
    _cut_cycles(lifted)
    return _finish(lifted, standing)


def _unique(contents: Sequence[Content]) -> tuple[dict[str, int], Sequence[Content]]:
    """One content per config, and the number of each."""
    numbers = {content.config: number for number, content in enumerate(contents)}
    if len(numbers) == len(contents):
        return numbers, contents
    by_config: dict[str, Content] = {}
    for content in contents:
        other = by_config.get(content.config)
        by_config[content.config] = content if other is None else _merged(other, content)
    return {config: number for number, config in enumerate(by_config)}, list(by_config.values())


def _merged(content: Content, other: Content) -> Content:
    images = tuple(sorted({*content.images, *other.images}))
    claims = tuple(
        dict.fromkeys(sorted((*content.claims, *other.claims), key=lambda claim: (claim.kind, claim.reference, claim.digest)))
    )
    speakers = tuple(dict.fromkeys((*content.speakers, *other.speakers)))
    return msgspec.structs.replace(content, images=images, claims=claims, speakers=speakers)


def _cut_cycles(lifted: Lifted) -> None:
    """Every node has one link at most, so the cycles are disjoint; each loses its weakest link.

    Layers alone make no cycle, as a chain or its history grows with every edge: only what else there is can begin one.
    """
    state: dict[ImageKey, int] = {}
    for turn, start in enumerate((*lifted.doubtful, *lifted.bases), 1):
        path: list[ImageKey] = []
        node: ImageKey | None = start
        while node is not None and node not in state:
            state[node] = turn
            path.append(node)
            link = _link(lifted, node)
            node = link.base if link is not None else None
        if node is not None and state[node] == turn:
            _cut(lifted, path[path.index(node) :])


def _link(lifted: Lifted, node: ImageKey) -> BaseLink | None:
    if node in lifted.links:
        return lifted.links[node]
    base = lifted.bases.get(node)
    return base.base if base is not None else None


def _cut(lifted: Lifted, cycle: list[ImageKey]) -> None:
    def strength(node: ImageKey) -> tuple[float, ImageKey]:
        link = _link(lifted, node)
        return (link.score if link is not None else 0.0), node

    weakest = min(cycle, key=strength)
    if weakest in lifted.links:
        link = lifted.links.pop(weakest)
        lifted.unlinked.append(weakest)
        sentence = f"{link.base.name} is named as its base, but is itself built on it."
        lifted.remarks[weakest] = (sentence, *link.contradictions)
    else:
        lifted.bases[weakest] = msgspec.structs.replace(lifted.bases[weakest], base=None)


class _Standing:
    """What contents stand on: their edges, and by config digest what `Lineage` has of them."""

    def __init__(self, forest: Forest, numbers: Mapping[str, int], edges: Iterable[BaseEdge]) -> None:
        self.edges: list[BaseEdge] = []
        self.parents: dict[str, str] = {}
        self.between: set[str] = set()
        self.doubts: dict[str, str] = {}
        contents, shares = forest.contents, forest.shares
        for (config, number), edge in zip(numbers.items(), edges, strict=True):
            self.edges.append(edge)
            if edge.target >= 0:
                base = contents[edge.target]
                if edge.absent is None:
                    self.parents[config] = base.config
                if number in shares or has_gap(contents[number], base):
                    self.between.add(config)
            if edge.doubt:
                self.doubts[config] = edge.doubt


def _finish(lifted: Lifted, standing: _Standing) -> Lineage:
    derived: dict[ImageKey, list[ImageKey]] = {}
    roots = lifted.unlinked
    for node, link in lifted.links.items():
        derived.setdefault(link.base, []).append(node)
    for node, base in lifted.bases.items():
        if base.base is not None:
            derived.setdefault(base.base.base, []).append(node)
        else:
            roots.append(node)
    return Lineage(
        links=lifted.links,
        bases=lifted.bases,
        derived={base: tuple(sorted(children)) for base, children in derived.items()},
        roots=tuple(sorted(roots)),
        parents=standing.parents,
        remarks=lifted.remarks,
        origins={node: tags for node, tags in lifted.origins.items() if node in lifted.links or node in lifted.bases},
        between=standing.between,
        doubts=standing.doubts,
    )
