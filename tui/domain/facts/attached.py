"""What may be a signature among what is attached to images, by the types that registries tell of it."""

from __future__ import annotations

__all__ = ["BUNDLE", "ENVELOPE", "NOTATION", "SIMPLE", "FoundBy", "may_attest", "may_sign"]

from enum import StrEnum

from tui.domain.facts.image import OCI_CONFIG

NOTATION = "application/vnd.cncf.notary.signature"
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
_SIGNATURES = (NOTATION, BUNDLE, "application/vnd.dev.cosign.artifact.sig", SIMPLE)
# What registries write in place of a type that they do not tell (Azure/acr#784).
_UNTOLD = frozenset({"", "application/vnd.oci.empty.v1+json", OCI_CONFIG})


class FoundBy(StrEnum):
    """The way by which something attached was found.

    UNUSED: under the tag schema, although the registry offers the referrers API, so that neither notation nor cosign looks
    there (oras-go `Repository.Referrers`, go-containerregistry `fetchReferrers`). UNSURE: likewise, but the API failed, so
    that it is not known whether they would.
    """

    REFERRERS = "referrers"
    TAG_SCHEMA = "tag-schema"
    UNUSED = "tag-schema-unused"
    UNSURE = "tag-schema-unsure"
    COSIGN = "cosign-tag"
    COSIGN_ATTESTATION = "cosign-attestation-tag"
    COSIGN_SBOM = "cosign-sbom-tag"


def may_attest(artifact_type: str) -> bool:
    """Whether something of this type is a signed statement that is no signature of an image: cosign's under the tag `.att`."""
    return artifact_type == ENVELOPE


def may_sign(artifact_type: str) -> bool:
    """Whether something of this type, or of no type that is told, may be a signature."""
    return artifact_type in _UNTOLD or artifact_type.startswith(_SIGNATURES)
