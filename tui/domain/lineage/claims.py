"""What is said of a base, weighed against what the layers prove: a claim never overrides layers, and never vanishes.

The scores order the evidence; they are judgement, and shown as words only.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from tui.domain.common.memo import Lookup
from tui.domain.facts.image import Claim, ClaimKind, RepositoryName
from tui.domain.lineage.edges import BASIS, NAME_ONLY, PROOF_NOTE, PROOF_SCORE, SCORE, SPEAKER, ClaimParser, ParsedClaim
from tui.domain.lineage.histories import History
from tui.domain.lineage.layers import ROOT, Forest, LayerMatch, is_scratch
from tui.domain.snapshot.snapshot import Basis, Confidence, ImageKey

__all__ = ["BaseEdge", "ClaimWeigher"]

_DOUBT_LEFT = 0.05  # of the doubt in a claim that the layers confirm
_NOT_COMPARABLE = 0.7  # a known base whose layers are not in the image
_ABSENT = 0.9  # a base that no registry shows us


class BaseEdge(msgspec.Struct, gc=False):
    """How one content stands on its base: `target` as in the forest, or `absent` for a base that nothing readable holds.

    `claim` is the claim that decided, `agreed` are all that mean this base. `doubt` says why nothing proves this base: a claim
    alone names it, or one that readable layers deny names another.
    """

    target: int = ROOT
    absent: ImageKey | None = None
    basis: Basis = Basis.LAYERS
    confidence: Confidence = Confidence.LIKELY
    score: float = 0.0
    layers: int = 0
    claim: ParsedClaim | None = None
    note: str = ""
    contradictions: tuple[str, ...] = ()
    agreed: tuple[ParsedClaim, ...] = ()
    doubt: str = ""

    @property
    def stands(self) -> bool:
        """Whether there is a base at all."""
        return self.target != ROOT or self.absent is not None


class _ClaimTargets(NamedTuple):
    """A claim with the contents that it can mean, and those of them whose layers begin the image's."""

    claim: ParsedClaim
    targets: list[int]
    contained: list[int]


class ClaimWeigher:
    """Weighs the claims of contents against the forest of layers."""

    def __init__(
        self,
        forest: Forest,
        numbers: Mapping[str, int],
        aliases: Lookup[str, tuple[str, ...]],
        tags: Lookup[tuple[RepositoryName, str], str],
        repositories: Container[RepositoryName] | None = None,
    ) -> None:
        self._forest = forest
        self._aliases = aliases
        self._tags = tags
        self._numbers = numbers
        self._parser = ClaimParser()
        self._repositories = repositories

    def edges(self) -> Iterator[BaseEdge]:
        """The edge of every content; contents without claims that stand alike on the same base share one."""
        shared: dict[tuple[int, int], BaseEdge] = {}
        forest = self._forest
        for number, content in enumerate(forest.contents):
            if content.claims:
                yield self._edge(number, content.claims)
                continue
            alike = forest.parents[number], id(forest.proofs[number])  # each proof is one object, and slow to hash
            edge = shared.get(alike)
            if edge is None:
                edge = shared[alike] = self._layer_edge(number)
            yield edge

    def _edge(self, number: int, claims: Sequence[Claim]) -> BaseEdge:
        edge = self._layer_edge(number)
        if is_scratch(self._forest.contents[number]):
            return self._from_scratch(number, edge, claims)
        readings = [self._find(number, parsed) for parsed in self._read(claims)]
        for reading in (
            sorted(readings, key=lambda reading: not reading.contained) if len(readings) > 1 else readings
        ):  # what layers confirm speaks first
            edge = self._weigh(number, edge, reading)
        return edge

    def _find(self, number: int, parsed: ParsedClaim) -> _ClaimTargets:
        targets = self._targets(number, parsed)
        return _ClaimTargets(
            parsed, targets, [target for target in targets if target != number and self._contains(number, target)]
        )

    def _layer_edge(self, number: int) -> BaseEdge:
        forest = self._forest
        proof = forest.proofs[number]
        if proof is None:
            return BaseEdge()
        return BaseEdge(
            target=forest.parents[number],
            confidence=Confidence.CERTAIN if proof is LayerMatch.HISTORY else Confidence.LIKELY,
            score=PROOF_SCORE[proof],
            layers=forest.depths[number],
            note=PROOF_NOTE[proof],
        )

    def _from_scratch(self, number: int, edge: BaseEdge, claims: Sequence[Claim]) -> BaseEdge:
        claim = max((claim for claim in claims if claim.scratch), key=lambda claim: SCORE[claim.kind])
        trusted = claim.kind in (ClaimKind.CONFIGURED, ClaimKind.PROVENANCE_SIGNED)
        if self._forest.proofs[number] is LayerMatch.HISTORY and not trusted:
            edge.contradictions += (f"{SPEAKER[claim.kind]} says that it was built from scratch.",)
            return edge
        root = BaseEdge(note=f"{SPEAKER[claim.kind]} says that it was built from scratch.")
        if edge.stands:
            root.contradictions += ("Its layers begin with those of another image.",)
        root.contradictions += tuple(f"{SPEAKER[parsed.claim.kind]} names {parsed.words}." for parsed in self._read(claims))
        return root

    def _read(self, claims: Sequence[Claim]) -> list[ParsedClaim]:
        if len(claims) == 1:  # the usual case
            (claim,) = claims
            return [] if claim.scratch or not (claim.reference or claim.digest) else [self._parser.parse(claim)]
        parsed = [
            self._parser.parse(claim)
            for claim in dict.fromkeys(claims)
            if not claim.scratch and (claim.reference or claim.digest)
        ]
        return sorted(
            parsed,
            key=lambda parsed_claim: (
                -SCORE[parsed_claim.claim.kind],
                parsed_claim.claim.kind,
                parsed_claim.claim.reference,
                parsed_claim.digest,
            ),
        )

    # ---- one claim against the edge so far

    def _weigh(self, number: int, edge: BaseEdge, reading: _ClaimTargets) -> BaseEdge:
        if number in reading.targets:
            return edge  # an image that names itself says nothing
        if reading.contained:
            return self._contained(number, edge, reading.claim, reading.contained)
        if reading.targets and self._is_other_build(edge, reading.claim):
            return _of_other_build(edge, reading.claim)
        if reading.targets:
            return self._elsewhere(edge, reading.claim, min(reading.targets, key=self._config))
        return self._unresolved(number, edge, reading.claim)

    def _config(self, number: int) -> str:
        return self._forest.contents[number].config

    def _targets(self, number: int, parsed: ParsedClaim) -> list[int]:
        """The contents that the claimed digest, or else the tag as it is now, means on this content's platform."""
        targets = self._contents_of(parsed.digest, number) if parsed.digest else []
        if targets or parsed.name is None:
            return targets
        by_name = [parent for parent in self._ancestors(number) if self._is_called(parent, parsed.name)]
        if by_name:
            return by_name[:1]
        copied = [] if parsed.digest or self._is_held(parsed.name) else self._copies(number, parsed.name)
        if copied:
            return copied
        now = self._tags.get((parsed.name, parsed.tag), "") if parsed.tag else ""
        resolved = self._contents_of(now, number) if now else []
        # without its layers in the image, what the tag means now is not what the image was built on, even if it is configured
        return [target for target in resolved if target == number or self._contains(number, target)]

    def _contents_of(self, digest: str, number: int) -> list[int]:
        configs = self._aliases.get(digest, (digest,))
        platform = self._forest.platforms[number]
        numbers = (self._numbers.get(config, ROOT) for config in configs)
        return [content for content in numbers if content != ROOT and self._forest.platforms[content] == platform]

    def _ancestors(self, number: int) -> list[int]:
        ancestors: list[int] = []
        parent = self._forest.parents[number]
        while parent != ROOT:
            if parent >= 0:
                ancestors.append(parent)
            parent = self._forest.parents[parent] if parent >= 0 else self._forest.prefix(parent).parent
        return ancestors

    def _is_held(self, name: RepositoryName) -> bool:
        """Whether a repository holds any content that was read."""
        if self._repositories is None:
            self._repositories = {key.name for content in self._forest.contents for key in content.images}
        return name in self._repositories

    def _copies(self, number: int, name: RepositoryName) -> list[int]:
        """The parent, if another registry holds it in a repository of the same path: a mirror or an import of it."""
        parent = self._forest.parents[number]
        same = parent >= 0 and any(key.repository == name.repository for key in self._forest.contents[parent].images)
        return [parent] if same else []

    def _is_called(self, number: int, name: RepositoryName) -> bool:
        images = self._forest.contents[number].images
        return any(image.repository == name.repository and image.registry == name.registry for image in images)

    def _contains(self, number: int, target: int) -> bool:
        """Whether the target's layers are the first of this content, and the target is not built on this content."""
        forest = self._forest
        chain, base = forest.contents[number].diff_ids, forest.contents[target].diff_ids
        if not base or chain[: len(base)] != base:
            return False
        return len(base) < len(chain) or not _continues(forest.history(target), forest.history(number))

    def _contained(self, number: int, edge: BaseEdge, parsed: ParsedClaim, targets: list[int]) -> BaseEdge:
        target = targets[0]
        if len(targets) > 1:
            target = max(targets, key=lambda target: (target == edge.target, self._rank(number, target), self._config(target)))
        if edge.target < ROOT and parsed.claim.kind is ClaimKind.LABEL:
            return self._farther(edge, parsed, target)
        if edge.target >= 0 and edge.absent is None and target != edge.target and not self._as_near(number, target, edge.target):
            return self._farther(edge, parsed, target)
        claimed = edge.claim is None
        if not claimed and edge.target != target:
            return _contradicted(edge, parsed, "names another base")
        score = max(edge.score, 1 - (1 - self._score(parsed)) * _DOUBT_LEFT)
        disagrees = bool(edge.target == target and self._forest.proofs[number] is LayerMatch.DISAGREES)
        return BaseEdge(
            target,
            None,
            Basis.LAYERS,
            edge.confidence if disagrees or parsed.claim.kind is ClaimKind.NAME else Confidence.CERTAIN,
            score,
            self._forest.length(target),
            parsed if claimed else edge.claim,
            _agreed(edge.note or "The layers begin with those of the base.", parsed),
            edge.contradictions,
            (*edge.agreed, parsed),
        )

    def _rank(self, number: int, target: int) -> tuple[int, bool]:
        forest = self._forest
        return forest.length(target), _continues(forest.history(number), forest.history(target))

    def _as_near(self, number: int, target: int, parent: int) -> bool:
        """Whether a claimed base that is contained may take the place of the parent that the layers chose."""
        forest = self._forest
        if forest.proofs[number] is LayerMatch.HISTORY and forest.length(target) == forest.length(parent):
            return forest.history(target) == forest.history(parent)
        return forest.length(target) >= forest.length(parent)

    def _farther(self, edge: BaseEdge, parsed: ParsedClaim, target: int) -> BaseEdge:
        ancestors = self._ancestors(edge.target) if edge.target >= 0 else ()
        if target in ancestors or self._forest.length(target) < edge.layers:
            sentence = f"{SPEAKER[parsed.claim.kind]} names {parsed.words}, which lies further down: it was inherited or copied."
            edge.contradictions += (sentence,)
            return edge
        return _contradicted(edge, parsed, "the history says otherwise")

    def _elsewhere(self, edge: BaseEdge, parsed: ParsedClaim, target: int) -> BaseEdge:
        """The claimed base is known, and its layers are not in the image."""
        configured = parsed.claim.kind is ClaimKind.CONFIGURED and edge.claim is None
        score = self._score(parsed) * _NOT_COMPARABLE
        if (edge.target >= 0 or edge.score >= score) and not configured:
            return self._refuted(edge, parsed, "the layers of that image are not in this one")
        note = f"{SPEAKER[parsed.claim.kind]} says so; the layers cannot confirm it: squashed or rebuilt."
        contradictions = edge.contradictions
        if edge.target != ROOT:
            contradictions += ("The layers say otherwise: they begin with those of another image.",)
        doubt = _doubt(edge, parsed, "but its layers do not show it: squashed, or built on another")
        return BaseEdge(target, None, *_standing(parsed, score), 0, parsed, note, contradictions, (parsed,), doubt)

    def _is_other_build(self, edge: BaseEdge, parsed: ParsedClaim) -> bool:
        """Whether the layers prove a build of the claimed repository, only not the claimed one."""
        return edge.target >= 0 and edge.absent is None and parsed.name is not None and self._is_called(edge.target, parsed.name)

    def _refuted(self, edge: BaseEdge, parsed: ParsedClaim, why: str) -> BaseEdge:
        """A claim that readable layers deny; a doubt unless another claim agrees with them, or it is inherited."""
        edge = _contradicted(edge, parsed, why)
        if (
            edge.target >= 0
            and not edge.agreed
            and parsed.claim.kind is not ClaimKind.NAME
            and not self._is_inherited(edge, parsed)
        ):
            edge.doubt = edge.contradictions[-1]
        return edge

    def _is_inherited(self, edge: BaseEdge, parsed: ParsedClaim) -> bool:
        """Whether the base says the same of its own base: labels are inherited, and annotations copied."""
        same = parsed.claim.reference, parsed.claim.digest
        return any(same == (claim.reference, claim.digest) for claim in self._forest.contents[edge.target].claims)

    def _unresolved(self, number: int, edge: BaseEdge, parsed: ParsedClaim) -> BaseEdge:
        """The claimed base is in no registry that can be read, or its config is not known."""
        if parsed.name is None and not parsed.digest:
            return _contradicted(edge, parsed, "that is not an image reference")
        if self._is_elsewhere_only(parsed):
            return self._refuted(edge, parsed, "it has nothing for this platform")
        key = _absent_key(parsed)
        score = self._score(parsed) * _ABSENT
        beaten = edge.score >= score and parsed.claim.kind is not ClaimKind.CONFIGURED
        if edge.claim is not None or (beaten and not self._may_be_between(edge, parsed)):
            return self._hinted(edge, parsed, key)
        where = "it is in no registry that can be read" if parsed.digest else "nothing says which build of it"
        note = f"{SPEAKER[parsed.claim.kind]} names it; {where}."
        doubt = _doubt(edge, parsed, "whose layers cannot be read: nothing confirms it")
        return BaseEdge(
            edge.target, key, *_standing(parsed, score), edge.layers, parsed, note, edge.contradictions, (parsed,), doubt
        )

    def _may_be_between(self, edge: BaseEdge, parsed: ParsedClaim) -> bool:
        """Whether the claimed base may stand between the image and what the layers found, which is then the nearest known.

        A label is inherited: what the base says of itself as well was said of the base's own base.
        """
        if edge.target < 0 or parsed.name is None or parsed.claim.kind is ClaimKind.NAME:
            return False
        below = self._forest.contents[edge.target].claims
        return parsed.claim.kind is not ClaimKind.LABEL or all(parsed.claim.reference != claim.reference for claim in below)

    def _is_elsewhere_only(self, parsed: ParsedClaim) -> bool:
        """Whether all that the claimed digest means is known; being unresolved, it is then of other platforms."""
        configs = self._aliases.get(parsed.digest, (parsed.digest,)) if parsed.digest else ()
        return bool(configs) and all(config in self._numbers for config in configs)

    def _hinted(self, edge: BaseEdge, parsed: ParsedClaim, key: ImageKey) -> BaseEdge:
        if edge.absent == key or (edge.claim is not None and edge.claim.name == parsed.name and parsed.name is not None):
            edge.note = _agreed(edge.note, parsed)
            edge.agreed += (parsed,)
            return edge
        if edge.target < ROOT and edge.claim is None:
            edge.claim = parsed  # names the unknown base
            edge.agreed = (parsed,)
            return edge
        return _contradicted(
            edge, parsed, "in no registry that can be read" if parsed.digest else "nothing says which build of it"
        )

    def _score(self, parsed: ParsedClaim) -> float:
        score = SCORE[parsed.claim.kind]
        return score if parsed.digest or parsed.claim.kind is ClaimKind.CONFIGURED else min(score, NAME_ONLY)


def _continues(history: History, start: History) -> bool:
    return bool(start) and len(start) < len(history) and history[: len(start)] == start


def _agreed(note: str, parsed: ParsedClaim) -> str:
    """The note with who else says so, once: an index and its manifests often carry the same annotation."""
    sentence = f"{SPEAKER[parsed.claim.kind]} agrees."
    return note if sentence in note else f"{note} {sentence}"


def _contradicted(edge: BaseEdge, parsed: ParsedClaim, why: str) -> BaseEdge:
    edge.contradictions += (f"{SPEAKER[parsed.claim.kind]} names {parsed.words}: {why}.",)
    return edge


def _doubt(edge: BaseEdge, parsed: ParsedClaim, why: str) -> str:
    """What the operator configured is no claim of the image: only layers of something else speak against it."""
    trusted = parsed.claim.kind is ClaimKind.CONFIGURED and edge.target == ROOT
    return "" if trusted else f"{SPEAKER[parsed.claim.kind]} names {parsed.words}, {why}."


def _of_other_build(edge: BaseEdge, parsed: ParsedClaim) -> BaseEdge:
    """The claim gives the repository and the tag, the layers which build of it."""
    edge = _contradicted(edge, parsed, "the layers are those of another build of it")
    edge.claim = edge.claim or parsed
    edge.agreed += (parsed,)
    return edge


def _standing(parsed: ParsedClaim, score: float) -> tuple[Basis, Confidence, float]:
    basis = BASIS[parsed.claim.kind]
    if parsed.claim.kind is ClaimKind.CONFIGURED:
        return basis, Confidence.CERTAIN, score
    likely = basis is not Basis.ANNOTATION and score >= 0.70
    return basis, Confidence.LIKELY if likely else Confidence.CLAIMED, score


def _absent_key(parsed: ParsedClaim) -> ImageKey:
    if parsed.name is None:
        return ImageKey("", "", parsed.digest)
    return ImageKey.of(parsed.name, parsed.digest)
