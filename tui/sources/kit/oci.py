"""Manifests, indexes and descriptors as they are sent (OCI image-spec, manifest, image-index and descriptor).

Every field may be missing or null: recordings of real registries lack nearly each of them somewhere, and Go, in which the field's
tools are written, takes null for nothing.
"""

from __future__ import annotations

import msgspec

__all__ = ["WireDescriptor", "WireManifest", "WirePlatform", "config_type", "texts"]


class WirePlatform(msgspec.Struct):
    """What an entry of an index runs on."""

    os: str | None = None
    architecture: str | None = None
    variant: str | None = None


class WireDescriptor(msgspec.Struct, rename="camel"):
    """What is said of content that lies elsewhere; `data` is the content itself in base64, where it is sent along."""

    media_type: str | None = None
    digest: str | None = None
    size: int | None = None
    platform: WirePlatform | None = None
    artifact_type: str | None = None
    annotations: dict[str, str | None] | None = None
    data: str | None = None


class WireManifest(msgspec.Struct, rename="camel"):
    """A manifest or an index: which one is told by the fields that are there. `blobs` are those of OCI artifact manifests."""

    schema_version: int = 0
    media_type: str | None = None
    artifact_type: str | None = None
    config: WireDescriptor | None = None
    layers: list[WireDescriptor] | None = None
    blobs: list[WireDescriptor] | None = None
    manifests: list[WireDescriptor] | None = None
    subject: WireDescriptor | None = None
    annotations: dict[str, str | None] | None = None


def config_type(manifest: WireManifest) -> str:
    """The type of the config: what older tools write in place of the type of an artifact."""
    return (manifest.config.media_type if manifest.config is not None else None) or ""


def texts(annotations: dict[str, str | None] | None) -> dict[str, str]:
    """Annotations, of which null is an empty text."""
    return {name: text or "" for name, text in (annotations or {}).items()}
