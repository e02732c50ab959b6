"""What kinds of evidence there are for a base, in their order and in words, and a claim as it is read. Scores are never shown."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tui.domain.common.text import clean, short
from tui.domain.facts.image import Claim, ClaimKind, RepositoryName
from tui.domain.facts.reference import Reference, is_digest, parse_reference
from tui.domain.lineage.layers import LayerMatch
from tui.domain.snapshot.snapshot import Basis, Confidence
from tui.errors import InvalidReference

__all__ = ["BASIS", "NAME_ONLY", "PROOF_NOTE", "PROOF_SCORE", "SCORE", "SPEAKER", "ClaimParser", "ParsedClaim", "standing_of"]

SCORE: Mapping[ClaimKind, float] = {
    ClaimKind.CONFIGURED: 1.0,
    ClaimKind.PROVENANCE_SIGNED: 0.98,
    ClaimKind.BUILD_RUN: 0.95,
    ClaimKind.BUILDPACK: 0.95,
    ClaimKind.COPA: 0.90,
    ClaimKind.PROVENANCE: 0.90,
    ClaimKind.BUILDINFO: 0.85,
    ClaimKind.ANNOTATION: 0.85,
    ClaimKind.LABEL: 0.65,
    ClaimKind.NAME: 0.45,
}
PROOF_SCORE = {LayerMatch.HISTORY: 0.97, LayerMatch.NO_HISTORY: 0.90, LayerMatch.DISAGREES: 0.75, LayerMatch.SHARED: 0.60}
NAME_ONLY = SCORE[ClaimKind.NAME]

PROOF_NOTE = {
    LayerMatch.HISTORY: "Layers and history begin with those of the base.",
    LayerMatch.NO_HISTORY: "The layers begin with those of the base; there is no history to compare.",
    LayerMatch.DISAGREES: "The layers begin with those of the base, but the history does not.",
    LayerMatch.SHARED: "Independent repositories share these layers.",
}
SPEAKER = {
    ClaimKind.CONFIGURED: "The configuration",
    ClaimKind.PROVENANCE_SIGNED: "The signed provenance",
    ClaimKind.BUILD_RUN: "The build run",
    ClaimKind.BUILDPACK: "The buildpack's label",
    ClaimKind.COPA: "The patcher's label",
    ClaimKind.PROVENANCE: "The provenance, unsigned,",
    ClaimKind.BUILDINFO: "The build info",
    ClaimKind.ANNOTATION: "The annotation",
    ClaimKind.LABEL: "The label",
    ClaimKind.NAME: "The name",
}
BASIS = {
    ClaimKind.CONFIGURED: Basis.CONFIGURED,
    ClaimKind.PROVENANCE_SIGNED: Basis.PROVENANCE,
    ClaimKind.PROVENANCE: Basis.PROVENANCE,
    ClaimKind.BUILD_RUN: Basis.BUILD_RECORD,
    ClaimKind.BUILDPACK: Basis.BUILD_RECORD,
    ClaimKind.COPA: Basis.BUILD_RECORD,
    ClaimKind.BUILDINFO: Basis.BUILD_RECORD,
    ClaimKind.ANNOTATION: Basis.ANNOTATION,
    ClaimKind.LABEL: Basis.ANNOTATION,
    ClaimKind.NAME: Basis.ANNOTATION,
}


def standing_of(kind: ClaimKind) -> tuple[Basis, Confidence]:
    """What a name stands on that only a claim gives to a content which the layers prove."""
    return BASIS[kind], Confidence.CERTAIN if kind is ClaimKind.CONFIGURED else Confidence.LIKELY


class ParsedClaim(msgspec.Struct, frozen=True, gc=False):
    """A claim with its reference parsed; `name` is None when it names no repository. The digest is the one that decides."""

    claim: Claim
    name: RepositoryName | None
    tag: str
    digest: str

    @property
    def words(self) -> str:
        """What it names, as a person reads it."""
        text = clean(self.claim.reference, 120)
        if not self.digest:
            return text
        return f"{text.partition('@')[0]} ({short(self.digest)})" if text else short(self.digest)


class ClaimParser:
    """Parses claims; each reference once, as many images say the same."""

    def __init__(self) -> None:
        self._references: dict[str, Reference | None] = {}

    def parse(self, claim: Claim) -> ParsedClaim:
        """What a claim names."""
        reference = self._reference(claim.reference) if claim.reference else None
        digest = claim.digest if is_digest(claim.digest) else ""
        if reference is None:
            return ParsedClaim(claim, None, "", digest)
        name = reference.name
        # a name without a tag names a repository: that a builder would take `latest` says nothing of what it took
        tag = reference.tag if ":" in claim.reference.partition("@")[0].rpartition("/")[2] else ""
        return ParsedClaim(claim, name, tag, digest or reference.digest)

    def _reference(self, text: str) -> Reference | None:
        if text not in self._references:
            try:
                self._references[text] = parse_reference(text)
            except InvalidReference:
                self._references[text] = None
        return self._references[text]
