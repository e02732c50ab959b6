"""What signed attestations say of who built an image: read like any provenance, with who vouches for it, or why nobody does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from tui.domain.builds.provenance import builder_claims
from tui.domain.facts.attached import FoundBy
from tui.domain.facts.build_claim import BuildClaim, ClaimedBy
from tui.domain.facts.demand import ArtifactDemand
from tui.sources.signatures.artifacts import Artifact
from tui.sources.signatures.trust import Trust
from tui.verification.cosign.attestation import Attestation, read_attestation
from tui.verification.cosign.keys import CosignPolicy

__all__ = ["attested"]

_NOT_LOOKED_AT = {
    FoundBy.UNUSED: "it lies under the tag schema alone, where cosign does not look as the registry offers the referrers API",
    FoundBy.UNSURE: "it lies under the tag schema, where cosign looks only if the registry has no referrers API, and that failed",
}
_NOBODY = "no cosign key and no identity is configured for it"


def attested(demand: ArtifactDemand, attestations: Iterable[Artifact], trust: Trust) -> tuple[BuildClaim, ...]:
    """The claims of attestations on one manifest, each once, in the order in which they are attached."""
    claims = (claim for artifact in attestations for claim in _claims(artifact, demand.subject.digest, trust.cosign))
    return tuple(dict.fromkeys(claims))


def _claims(artifact: Artifact, digest: str, policy: CosignPolicy | None) -> Iterator[BuildClaim]:
    if artifact.fault:
        yield BuildClaim(ClaimedBy.ATTESTATION, doubt=artifact.fault)
        return
    attestation = read_attestation(artifact.data, artifact.media_type, artifact.annotations, digest, policy or CosignPolicy())
    doubt = _doubt(artifact, attestation, policy)
    if not attestation.statement:
        yield BuildClaim(ClaimedBy.ATTESTATION, doubt=doubt)
    for claim in builder_claims(attestation.statement):
        yield msgspec.structs.replace(
            claim, by=ClaimedBy.ATTESTATION, signer=attestation.signer if not doubt else "", doubt=doubt
        )


def _doubt(artifact: Artifact, attestation: Attestation, policy: CosignPolicy | None) -> str:
    if policy is None and attestation.statement:
        return _NOBODY
    ways = (words for way, words in _NOT_LOOKED_AT.items() if artifact.found_by == way)
    return attestation.doubt or next(ways, "")
