"""From contents to names: which image, in which repository, is shown as the base of which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tui.domain.common.memo import Lookup
from tui.domain.common.text import plural, short
from tui.domain.facts.image import Platform, RepositoryName
from tui.domain.lineage.claims import BaseEdge
from tui.domain.lineage.edges import ParsedClaim, standing_of
from tui.domain.lineage.holdings import Holdings
from tui.domain.lineage.layers import ROOT, Forest, Prefix, chain_id
from tui.domain.lineage.names import BaseCandidate, Names, claimed_tags, is_named
from tui.domain.registries.tags import best_tag, tag_rank
from tui.domain.snapshot.snapshot import BaseLink, Basis, Confidence, ImageKey, NodeKind, UnknownBase

__all__ = ["Lifted", "lift"]

_PREFIX_SCORE = 0.60
_PREFIX_NOTE = "Every image that shares these layers begins with those of the base."


@dataclass(slots=True)
class Lifted:
    """Links between images, the bases that are no readable image, the images without a link, and remarks on these.

    `doubtful` are the images whose link does not come from the layers of one platform alone. `origins` are the tags from which
    a node is said to be built, where its base is named at all.
    """

    links: dict[ImageKey, BaseLink] = field(default_factory=dict)
    bases: dict[ImageKey, UnknownBase] = field(default_factory=dict)
    remarks: dict[ImageKey, tuple[str, ...]] = field(default_factory=dict)
    unlinked: list[ImageKey] = field(default_factory=list)
    doubtful: list[ImageKey] = field(default_factory=list)
    origins: dict[ImageKey, tuple[str, ...]] = field(default_factory=dict)


def lift(
    forest: Forest,
    edges: Sequence[BaseEdge],
    tags: Lookup[tuple[RepositoryName, str], str],
    names: Lookup[ImageKey, tuple[str, ...]],
    hidden: frozenset[str] = frozenset(),
) -> Lifted:
    """The edges of contents as links between images: an index stands on the union of what its platforms stand on."""
    return _Lift(forest, edges, tags, names, hidden).run()


class _Lift:
    def __init__(
        self,
        forest: Forest,
        edges: Sequence[BaseEdge],
        tags: Lookup[tuple[RepositoryName, str], str],
        names: Lookup[ImageKey, tuple[str, ...]],
        hidden: frozenset[str],
    ) -> None:
        self._forest = forest
        self._edges = edges
        self._names = names
        self._holdings = Holdings(forest.contents)
        self._prefix_keys: list[ImageKey] = []
        self._shared: dict[str, dict[int, BaseLink]] = {}  # by registry and edge, each of which is one object as long as this
        self._out = Lifted()
        self._called = Names(forest, tags, self._holdings, hidden)

    def run(self) -> Lifted:
        self._name_prefixes()
        for image, number in self._holdings.first.items():
            if image in self._holdings.several or not self._link_simply(image, self._edges[number]):
                self._link(image)
            if image not in self._out.links:
                self._out.unlinked.append(image)
        self._add_contents()
        self._add_prefixes()
        self._add_claimed()
        self._add_contents()  # what these nodes stand on
        self._add_prefixes()
        return self._out

    # ---- links

    def _link_simply(self, image: ImageKey, edge: BaseEdge) -> bool:
        """Link an image of one platform, without claims, to a base of one name; says whether that is all there is to it."""
        shared = self._shared.setdefault(image.registry, {})
        link = shared.get(id(edge))
        if link is None:
            if edge.claim is not None or edge.contradictions or edge.absent is not None or edge.agreed:
                return False
            if edge.target == ROOT:
                return not edge.note
            candidates = self._candidates(image, edge, ())
            if len(candidates) != 1 or (edge.target >= 0 and len(self._forest.contents[edge.target].images) != 1):
                return False
            (base,) = candidates
            tag = best_tag(self._names.get(base, ()))
            link = shared[id(edge)] = BaseLink(base, edge.basis, edge.confidence, tag, edge.score, edge.layers, edge.note)
        self._out.links[image] = link
        return True

    def _link(self, image: ImageKey) -> None:
        numbers = self._holdings.numbers(image)
        ways = self._ways(image, [(self._forest.contents[number].platform, self._edges[number], number) for number in numbers])
        base = self._choose(image, ways)
        if base is not None:
            self._out.links[image] = self._make(image, base, ways)
            self._out.doubtful.append(image)
            return
        remarks = [text for way in ways for text in (way.edge.note, *way.edge.contradictions) if text]
        if remarks:
            self._out.remarks[image] = tuple(dict.fromkeys(remarks))

    def _ways(self, image: ImageKey, edges: list[tuple[Platform, BaseEdge, int]]) -> list[BaseCandidate]:
        if len(edges) > 1:
            edges = sorted(edges, key=lambda entry: (entry[0], entry[1].score, entry[1].layers, entry[1].note))
        candidates: list[BaseCandidate] = []
        for platform, edge, number in edges:
            agreeing = self._called.said(image, number, edge) if number != ROOT else edge.agreed
            candidates.append(BaseCandidate(platform, edge, self._candidates(image, edge, agreeing), agreeing))
        return candidates

    def _candidates(self, image: ImageKey, edge: BaseEdge, agreeing: tuple[ParsedClaim, ...]) -> tuple[ImageKey, ...]:
        if edge.absent is not None:
            keys: tuple[ImageKey, ...] = (edge.absent,)
        elif edge.target >= 0:
            return self._called.holders(image, edge, agreeing)
        elif edge.target != ROOT:
            keys = (self._prefix_keys[-2 - edge.target],)
        else:
            return ()
        return tuple([key for key in keys if key != image]) if image in keys else keys

    def _choose(self, image: ImageKey, ways: list[BaseCandidate]) -> ImageKey | None:
        if len(ways) == 1 and len(ways[0].candidates) < 2:
            return ways[0].candidates[0] if ways[0].candidates else None
        votes: dict[ImageKey, list[BaseCandidate]] = {}
        for way in ways:
            for key in way.candidates:
                votes.setdefault(key, []).append(way)
        return min(votes, key=lambda key: self._preference(image, key, votes[key]), default=None)

    def _preference(self, image: ImageKey, key: ImageKey, ways: list[BaseCandidate]) -> tuple[object, ...]:
        """Smaller is better: named by a claim, more platforms, better proven, the same registry, a version tag, a short name."""
        agreeing = [parsed for way in ways for parsed in way.claims]
        tags = self._names.get(key, ())
        return (
            not any(is_named(parsed, key) for parsed in agreeing),
            -len(ways),
            -max(way.edge.score for way in ways),
            not any(parsed.digest == key.digest for parsed in agreeing),
            key.registry != image.registry,
            tag_rank(best_tag(tags)) if tags else (True, True, 1, 0, ""),
            len(key.repository),
            key,
        )

    def _make(self, node: ImageKey, base: ImageKey, ways: list[BaseCandidate]) -> BaseLink:
        fitting = [way for way in ways if base in way.candidates]
        best = max(fitting, key=lambda way: (way.edge.score, bool(way.claims)))
        agreeing = [parsed for way in fitting for parsed in way.claims]
        tags = claimed_tags(base, agreeing)
        if tags is not None:
            self._out.origins[node] = tags
        contradictions = dict.fromkeys(text for way in ways for text in way.edge.contradictions)
        basis, confidence, choice = self._standing(base, best, is_claimed=tags is not None)
        return BaseLink(
            base=base,
            basis=basis,
            confidence=confidence,
            tag=self._tag(base, agreeing, tags or ()),
            tag_told=bool(tags),
            score=best.edge.score,
            layers=best.edge.layers,
            note=" ".join(filter(None, (best.edge.note, choice, self._mixed(base, ways)))),
            contradictions=tuple(contradictions),
        )

    def _standing(self, base: ImageKey, way: BaseCandidate, is_claimed: bool) -> tuple[Basis, Confidence, str]:
        """What proves a link, how sure it is, and a sentence on its name: layers prove the content alone."""
        edge = way.edge
        if edge.target < 0 or edge.absent is not None:
            return edge.basis, edge.confidence, ""
        holders = self._forest.contents[edge.target].images
        others = sorted({str(key.name) for key in holders} - {str(base.name)})
        listed = f"{', '.join(others[:2])}{' and others' if len(others) > 2 else ''}"
        if base in self._called.nameless:
            return edge.basis, Confidence.LIKELY, ""
        if base not in holders:
            basis, confidence = standing_of(way.claims[0].claim.kind) if way.claims else (edge.basis, Confidence.LIKELY)
            return basis, confidence, f"The name is from there; the same content is known of {listed}."
        if others and not is_claimed:
            confidence = Confidence.LIKELY if edge.confidence is Confidence.CERTAIN else edge.confidence
            return edge.basis, confidence, f"The same content is in {listed}: nothing says which of them it was built from."
        return edge.basis, edge.confidence, ""

    def _tag(self, base: ImageKey, agreeing: list[ParsedClaim], tags: tuple[str, ...]) -> str:
        """The tag that the strongest claim names, else one to show: which proves nothing."""
        first = (parsed.tag for parsed in agreeing if is_named(parsed, base) and parsed.tag in tags)
        return next(first, "") or best_tag(self._names.get(base, ()))

    def _mixed(self, base: ImageKey, ways: list[BaseCandidate]) -> str:
        if len(ways) == 1:
            return ""
        others = [way for way in ways if not any(_same_base(base, key) for key in way.candidates)]
        bare = sorted({str(way.platform) for way in others if not way.candidates})
        mixed = sorted({f"{way.platform} on {_shown(min(way.candidates))}" for way in others if way.candidates})
        differing = f"Mixed: {', '.join(mixed)}." if mixed else ""
        missing = f"No base is known for {', '.join(bare)}." if bare else ""
        return " ".join(filter(None, (differing, missing)))

    # ---- bases that are no image

    def _name_prefixes(self) -> None:
        """A key for each shared prefix; those of several platforms under the same images are one base."""
        forest = self._forest
        children: list[set[object]] = [set() for _ in forest.prefixes]
        claims: list[set[ImageKey | None]] = [set() for _ in forest.prefixes]
        for number, edge in enumerate(self._edges):
            if edge.target < ROOT and edge.absent is None:
                children[-2 - edge.target].update(forest.contents[number].images)
                claims[-2 - edge.target].add(_claimed_key(edge))
            elif edge.target < ROOT:
                children[-2 - edge.target].add(edge.absent)
                claims[-2 - edge.target].add(edge.absent)
        keys: dict[frozenset[object], ImageKey] = {}
        self._prefix_keys = [ImageKey("", "", "")] * len(forest.prefixes)
        for prefix, index in sorted(zip(forest.prefixes, range(len(forest.prefixes)), strict=True), key=self._longest_first):
            signature = frozenset(children[index])
            claimed = claims[index].pop() if len(claims[index]) == 1 else None
            own = claimed if claimed is not None and claimed not in self._holdings else self._chain_key(prefix)
            key = keys.setdefault(signature, own) if signature else own
            self._prefix_keys[index] = key
            if prefix.parent < ROOT:
                children[-2 - prefix.parent].add(key)
                claims[-2 - prefix.parent].add(None)

    def _longest_first(self, pair: tuple[Prefix, int]) -> tuple[int, Platform, str]:
        content = self._forest.contents[pair[0].member]
        return -pair[0].length, content.platform, content.config

    def _chain_key(self, prefix: Prefix) -> ImageKey:
        diff_ids = self._forest.contents[prefix.member].diff_ids[: prefix.length]
        return ImageKey("", "", chain_id(diff_ids))

    def _add_prefixes(self) -> None:
        """Nodes for the shared prefixes that something stands on."""
        by_key: dict[ImageKey, list[int]] = {}
        for index, key in enumerate(self._prefix_keys):
            by_key.setdefault(key, []).append(index)
        pending = [link.base for link in self._out.links.values() if link.base in by_key]
        pending += [node.base.base for node in self._out.bases.values() if node.base is not None and node.base.base in by_key]
        pending += [self._prefix_keys[-2 - edge.target] for edge in self._edges if edge.absent is not None and edge.target < ROOT]
        while pending:
            key = pending.pop()
            if key not in self._out.bases:
                base = self._out.bases[key] = self._prefix_node(key, by_key[key])
                pending += [base.base.base] if base.base is not None and base.base.base in by_key else []

    def _prefix_node(self, key: ImageKey, indexes: list[int]) -> UnknownBase:
        prefixes = [self._forest.prefixes[index] for index in indexes]
        edges = [(self._forest.contents[prefix.member].platform, self._prefix_edge(prefix), ROOT) for prefix in prefixes]
        ways = self._ways(key, edges)
        base = self._choose(key, ways)
        layers = max(prefix.length for prefix in prefixes)
        repositories = max(prefix.repositories for prefix in prefixes)
        claimed = bool(key.registry or key.repository)
        shared = f"{repositories} repositories share {plural(layers, 'layer')}"
        belongs = "belongs" if layers == 1 else "belong"
        return UnknownBase(
            key=key,
            kind=NodeKind.CLAIMED if claimed else NodeKind.SHARED_LAYERS,
            label=_shown(key) if claimed else f"unknown base shared by {repositories} repositories",
            reason=f"It is in no registry that can be read; {shared}."
            if claimed
            else f"{shared} that {belongs} to no known image.",
            base=self._make(key, base, ways) if base is not None else None,
            layers=layers,
            repositories=repositories,
        )

    def _prefix_edge(self, prefix: Prefix) -> BaseEdge:
        parent = prefix.parent
        if parent == ROOT:
            return BaseEdge()
        layers = self._forest.length(parent)
        return BaseEdge(parent, None, Basis.LAYERS, Confidence.LIKELY, _PREFIX_SCORE, layers, note=_PREFIX_NOTE)

    def _add_contents(self) -> None:
        """Nodes for contents under a name that no readable image has, or under none; they stand on what the content stands on."""
        while fresh := [key for key in (*self._called.claimed, *self._called.nameless) if key not in self._out.bases]:
            for key in fresh:
                self._out.bases[key] = self._content_node(key)

    def _content_node(self, key: ImageKey) -> UnknownBase:
        claimed = key in self._called.claimed
        contents = self._forest.contents
        numbers = self._called.claimed[key] if claimed else self._called.nameless[key]
        targets = sorted(numbers, key=lambda target: contents[target].config)
        ways = self._ways(key, [(contents[target].platform, self._edges[target], target) for target in targets])
        base = self._choose(key, ways)
        holder = _shown(min(image for target in targets for image in contents[target].images))
        why = f"Its images name it, but it is in no registry that can be read; {holder} has the same content."
        if not claimed:
            why = f"{holder} has the same content, but nothing names it, and some of its images' registry could not be read."
        return UnknownBase(
            key=key,
            kind=NodeKind.CLAIMED if claimed else NodeKind.SHARED_LAYERS,
            label=_shown(key) if claimed else f"layers as in {holder}",
            reason=why,
            base=self._make(key, base, ways) if base is not None else None,
            layers=max(self._forest.length(target) for target in targets),
        )

    def _add_claimed(self) -> None:
        """Nodes for the bases that are only named; they stand on what the layers of all who name them stand on."""
        below: dict[ImageKey, list[tuple[Platform, BaseEdge]]] = {}
        named_by: dict[ImageKey, ParsedClaim] = {}
        for number, edge in enumerate(self._edges):
            if edge.absent is not None and edge.absent not in self._holdings:
                below.setdefault(edge.absent, []).append((self._forest.contents[number].platform, edge))
                if edge.claim is not None:
                    named_by[edge.absent] = min(
                        named_by.get(edge.absent, edge.claim), edge.claim, key=lambda parsed: parsed.words
                    )
        for key, edges in below.items():
            if key not in self._out.bases:
                self._out.bases[key] = self._claimed_node(key, edges, named_by.get(key))

    def _claimed_node(self, key: ImageKey, edges: list[tuple[Platform, BaseEdge]], parsed: ParsedClaim | None) -> UnknownBase:
        standing = {(platform, edge.target) for platform, edge in edges}
        agreed = len(standing) == len({platform for platform, _ in standing}) and all(target != ROOT for _, target in standing)
        link = None
        if agreed:
            ways = self._ways(key, [(platform, self._claimed_edge(target), ROOT) for platform, target in standing])
            base = self._choose(key, ways)
            link = self._make(key, base, ways) if base is not None else None
        label = parsed.words if parsed is not None and parsed.claim.reference else _shown(key)
        where = "it is in no registry that can be read" if key.digest else "nothing says which build of it they are built on"
        return UnknownBase(key, NodeKind.CLAIMED, label, f"Its images name it, but {where}.", link)

    def _claimed_edge(self, target: int) -> BaseEdge:
        layers = self._forest.length(target)
        note = "Every image that names it begins with the layers of the base."
        return BaseEdge(target, None, Basis.LAYERS, Confidence.LIKELY, _PREFIX_SCORE, layers, note=note)


def _claimed_key(edge: BaseEdge) -> ImageKey | None:
    parsed = edge.claim
    if parsed is None or parsed.name is None:
        return None
    return ImageKey.of(parsed.name, parsed.digest)


def _same_base(base: ImageKey, other: ImageKey) -> bool:
    """The same, or two platform manifests of one base that no registry shows as an index."""
    return base == other or (base.repository == other.repository != "" and base.registry == other.registry)


def _shown(key: ImageKey) -> str:
    name = str(key.name) if key.registry else "shared layers"
    return f"{name}@{short(key.digest)}" if key.digest else name
