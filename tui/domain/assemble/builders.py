"""What images say themselves of who built them: attestations, provenance, annotations, and labels that no base of theirs has."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tui.domain.assemble.reading import Reading
from tui.domain.builds.labels import label_claims
from tui.domain.common.memo import Shared
from tui.domain.common.text import short
from tui.domain.facts.build_claim import BuildClaim, ClaimedBy
from tui.domain.facts.events import SignaturesVerified
from tui.domain.facts.image import ImageConfig
from tui.domain.lineage.genealogy import usual_config
from tui.domain.registries.catalog import CatalogImage
from tui.domain.snapshot.snapshot import BaseLink

__all__ = ["BuildersTold"]

MAX_CLAIMS = 16
"""Statements of one image that are kept."""


class BuildersTold:
    """Reads what images say; a base's labels are inherited through FROM, so that what it says too is not counted."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._shared: Shared[tuple[BuildClaim, ...]] = Shared()

    def of(
        self, image: CatalogImage, base: BaseLink | None, signatures: tuple[SignaturesVerified, ...] = ()
    ) -> tuple[BuildClaim, ...]:
        """What an image says, each thing once: verified attestations and provenance first."""
        config = usual_config(image, self._reading.catalog)
        labels = label_claims(config.labels, ClaimedBy.LABEL) if config is not None and config.labels else ()
        inherited = self._labels_of(base) if labels and base is not None else ()
        own = [claim for claim in labels if claim not in inherited]
        attested = list(_attested(image, signatures))
        # Anybody may attach what is not verified, and however much: it comes last, so that it takes no other's place.
        verified, doubted = ([claim for claim in attested if bool(claim.doubt) is doubt] for doubt in (False, True))
        claims: dict[tuple[object, ...], BuildClaim] = {}
        for claim in (*verified, *self._provenance(image), *self._annotations(image), *own, *doubted):
            says = (claim.kind, claim.system, claim.job, claim.title, claim.run, claim.repository)
            claims.setdefault((claim.by is ClaimedBy.ATTESTATION, claim.doubt, *says), claim)
        return self._shared.one(tuple(claims.values())[:MAX_CLAIMS]) if claims else ()

    def _labels_of(self, base: BaseLink) -> tuple[BuildClaim, ...]:
        image = self._reading.catalog.image(base.base)
        config: ImageConfig | None = usual_config(image, self._reading.catalog) if image is not None else None
        return label_claims(config.labels, ClaimedBy.LABEL) if config is not None else ()

    def _provenance(self, image: CatalogImage) -> Iterator[BuildClaim]:
        builders = self._reading.facts.builders
        for digest in image.digests:
            self._reading.catalog.contents.trace.reads.add(digest)
            yield from builders.get(digest, ())

    def _annotations(self, image: CatalogImage) -> Iterator[BuildClaim]:
        for digest in image.digests:
            manifest = self._reading.catalog.contents.manifest(digest)
            if manifest is not None and manifest.annotations:
                yield from label_claims(manifest.annotations, ClaimedBy.ANNOTATION)


def _attested(image: CatalogImage, signatures: tuple[SignaturesVerified, ...]) -> Iterator[BuildClaim]:
    """What attestations say; one on a platform alone does not speak for all of the image."""
    for verified in signatures:
        for claim in verified.built_by:
            if claim.doubt or verified.subject == image.key.digest:
                yield claim
            else:
                yield msgspec.structs.replace(claim, signer="", doubt=f"it is about {short(verified.subject)} alone")
