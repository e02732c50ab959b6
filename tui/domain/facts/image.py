"""Facts about images, as registries tell them. A manifest, named by its digest, never changes; a tag moves."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

__all__ = [
    "DOCKER_CONFIG",
    "OCI_CONFIG",
    "Claim",
    "ClaimKind",
    "Descriptor",
    "HistoryEntry",
    "ImageConfig",
    "Locks",
    "Manifest",
    "ManifestKind",
    "ManifestListing",
    "Platform",
    "Referrer",
    "RepositoryName",
    "Tag",
]


OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
"""The types of the configs of images, as the OCI image-spec and Docker's manifests call them."""


class RepositoryName(msgspec.Struct, frozen=True, gc=False, order=True):
    """A repository in a registry, both as written in references (`docker.io`, `library/nginx`).

    Without a registry (package URLs) it is no more than the last part of a name.
    """

    registry: str
    repository: str

    def __str__(self) -> str:
        return f"{self.registry}/{self.repository}" if self.registry else self.repository


class Platform(msgspec.Struct, frozen=True, gc=False, order=True):
    """Operating system, architecture and variant (OCI image index, `platform`)."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


class ManifestKind(StrEnum):
    """What a manifest is."""

    INDEX = "index"
    IMAGE = "image"
    ARTIFACT = "artifact"


class Descriptor(msgspec.Struct, frozen=True, gc=False):
    """What a manifest says of one blob or child manifest; `size` is in bytes (OCI descriptor)."""

    media_type: str
    digest: str
    size: int
    platform: Platform | None = None
    artifact_type: str = ""
    annotations: dict[str, str] = {}  # msgspec copies defaults


class Manifest(msgspec.Struct, frozen=True, gc=False):
    """One manifest body, verified against its digest; `children` only for an index, `layers` and `config` for the others.

    `size` is the length of the manifest itself in bytes.
    """

    digest: str
    kind: ManifestKind
    media_type: str
    size: int = 0
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    children: tuple[Descriptor, ...] = ()
    annotations: dict[str, str] = {}
    subject: str = ""
    artifact_type: str = ""


class HistoryEntry(msgspec.Struct, frozen=True, gc=False):
    """One build step (OCI image config, `history`); `created` is information only, never identity."""

    created_by: str
    empty_layer: bool = False
    created: datetime | None = None
    comment: str = ""


class ImageConfig(msgspec.Struct, frozen=True, gc=False):
    """The config blob of a platform image: what makes it the same content under any name."""

    digest: str
    platform: Platform
    diff_ids: tuple[str, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    created: datetime | None = None
    labels: dict[str, str] = {}


class Locks(msgspec.Struct, frozen=True, gc=False):
    """ACR's changeable attributes; a locked thing cannot be deleted or overwritten."""

    delete: bool = True
    write: bool = True
    read: bool = True
    list: bool = True
    quarantine: str = ""

    @property
    def locked(self) -> Locks:
        """The same, but neither to be deleted nor overwritten."""
        return msgspec.structs.replace(self, delete=False, write=False)

    @property
    def unreadable(self) -> Locks:
        """The same, but not to be pulled."""
        return msgspec.structs.replace(self, read=False)


class Tag(msgspec.Struct, frozen=True, gc=False):
    """A tag and the digest it names now; `created` and `updated` only where the registry tells (ACR)."""

    name: str
    digest: str
    created: datetime | None = None
    updated: datetime | None = None
    signed: bool = False
    locks: Locks | None = None


class ManifestListing(msgspec.Struct, frozen=True, gc=False):
    """A row of a registry's list of manifests; `pushed` is when it came into this registry, `size` is a hint in bytes."""

    digest: str
    pushed: datetime | None = None
    updated: datetime | None = None
    size: int | None = None
    media_type: str = ""
    config_media_type: str = ""
    architecture: str = ""
    os: str = ""
    tags: tuple[str, ...] = ()
    locks: Locks | None = None


class Referrer(msgspec.Struct, frozen=True, gc=False):
    """An artifact attached to a manifest and the way it was found (`FoundBy`)."""

    descriptor: Descriptor
    found_by: str


class ClaimKind(StrEnum):
    """Who says what an image was built on (facts: lineage evidence, best first)."""

    CONFIGURED = "configured"
    PROVENANCE_SIGNED = "provenance-signed"
    BUILD_RUN = "build-run"
    BUILDPACK = "buildpack"
    COPA = "copa"
    PROVENANCE = "provenance"
    BUILDINFO = "buildinfo"
    ANNOTATION = "annotation"
    LABEL = "label"
    NAME = "name"


class Claim(msgspec.Struct, frozen=True, gc=False):
    """A statement that an image stands on a base: a reference, a digest, or both; `scratch` says it has none.

    The digest may be that of an index, a platform manifest or a config.
    """

    kind: ClaimKind
    reference: str = ""
    digest: str = ""
    scratch: bool = False
    source: str = ""
