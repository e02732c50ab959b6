"""What a Notary Project signature is about (signature-specification.md, payload)."""

from __future__ import annotations

import msgspec

from tui.verification.faults import Malformed
from tui.verification.strict import (
    Json,
    base64_bytes,
    integer_of,
    json_object,
    object_of,
    refuse_lookalikes,
    strings_of,
    text_of,
)

__all__ = ["Target", "read_payload"]


_MEMBERS = ("mediaType", "digest", "size", "annotations", "urls", "data", "platform", "artifactType")


class Target(msgspec.Struct, frozen=True):
    """The descriptor of an artifact: what was signed, or what is being verified."""

    media_type: str
    digest: str
    size: int


def read_payload(payload: bytes) -> Target:
    """The descriptor that was signed; ValueError for a payload that two readers could understand differently."""
    document = json_object(payload)
    refuse_lookalikes(document, ("targetArtifact",))
    artifact = object_of(document, "targetArtifact")
    refuse_lookalikes(artifact, _MEMBERS)
    _check_rest(artifact)
    return Target(text_of(artifact, "mediaType"), text_of(artifact, "digest"), integer_of(artifact, "size"))


def _check_rest(artifact: dict[str, Json]) -> None:
    """The optional members of an OCI descriptor must at least be of their types (image-spec descriptor.md)."""
    if artifact.get("annotations") is not None:
        annotations = object_of(artifact, "annotations")
        if not all(isinstance(value, str | None) for value in annotations.values()):
            raise Malformed("annotations are not a map of text")
    urls = artifact.get("urls")
    strings_of({"urls": [url for url in urls if url is not None]} if isinstance(urls, list) else artifact, "urls")
    if artifact.get("data") is not None:
        base64_bytes(text_of(artifact, "data"))
    if artifact.get("artifactType") is not None:
        text_of(artifact, "artifactType")
    if artifact.get("platform") is not None:
        _check_platform(object_of(artifact, "platform"))


def _check_platform(platform: dict[str, Json]) -> None:
    strings_of(platform, "os.features")
    for name in ("architecture", "os", "os.version", "variant"):
        if platform.get(name) is not None:
            text_of(platform, name)
