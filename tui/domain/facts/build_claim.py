"""What images say of who built them, which whoever pushed them wrote: whether somebody vouches for it is judged elsewhere."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tui.domain.facts.build import BuilderKind

__all__ = ["BuildClaim", "ClaimedBy"]


class ClaimedBy(StrEnum):
    """Where it stands: ATTESTATION is signed and hangs on the image, PROVENANCE lies in the index beside the platforms,
    ANNOTATION in a manifest, LABEL in a config."""

    ATTESTATION = "attestation"
    PROVENANCE = "provenance"
    ANNOTATION = "annotation"
    LABEL = "label"


class BuildClaim(msgspec.Struct, frozen=True, gc=False):
    """That something built an image; whatever is not said is empty.

    `name` is what the label or annotation is called. `kind` is the builder's, None for a system that is none of ours or not
    told; `system` is what people call it. `host` is where it is: `github.com`, `dev.azure.com/contoso`, a host. `job` is what
    the builder itself calls the job, as in `JobKey`; `title` its name where only that is told, as `PROJECT/NAME`. `run` is
    the id of the run, `repository` the repository of the source, `github.com/contoso/shop`, and `revision` the commit there.
    Of an attestation `signer` is who signed it, and `doubt` why that is not proven: empty when it is.
    """

    by: ClaimedBy
    name: str = ""
    kind: BuilderKind | None = None
    system: str = ""
    host: str = ""
    job: str = ""
    title: str = ""
    run: str = ""
    repository: str = ""
    revision: str = ""
    signer: str = ""
    doubt: str = ""

    @property
    def names_builder(self) -> bool:
        """Whether it says more than where the source lies."""
        return self.kind is not None or bool(self.system)

    @property
    def is_statement(self) -> bool:
        """Whether the builder made it when it built the image, unlike a label, which a Dockerfile may hold."""
        return self.by in (ClaimedBy.ATTESTATION, ClaimedBy.PROVENANCE)
