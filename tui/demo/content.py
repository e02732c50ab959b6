"""Images as bytes: configs and manifests that really hash to their digests, over layers that exist by name only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from tui.demo.moments import nano_time

__all__ = [
    "ARTIFACT",
    "ATTESTATION",
    "DOCKER",
    "OCI",
    "Dialect",
    "Image",
    "Index",
    "Json",
    "Platform",
    "Recipe",
    "Step",
    "Stored",
    "digest_of",
    "encode",
    "store_artifact",
]

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Dialect:
    """The media types of one family of formats."""

    manifest: str
    index: str
    config: str
    layer: str


OCI = Dialect(
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.oci.image.layer.v1.tar+gzip",
)
DOCKER = Dialect(
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
)
ARTIFACT = "application/vnd.oci.empty.v1+json"
ATTESTATION = "attestation-manifest"


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on."""

    architecture: str
    os: str = "linux"
    variant: str = ""

    @property
    def wire(self) -> Json:
        """As an index writes it."""
        platform: Json = {"architecture": self.architecture, "os": self.os}
        return {**platform, "variant": self.variant} if self.variant else platform


@dataclass(frozen=True, slots=True)
class Step:
    """A history entry; `layer` names the content it adds, empty for a step that adds none."""

    created_by: str
    created: datetime
    layer: str = ""
    size: int = 0
    comment: str = "buildkit.dockerfile.v0"

    @property
    def wire(self) -> Json:
        """As a config writes it."""
        entry: Json = {"created": nano_time(self.created), "created_by": self.created_by}
        if self.comment:
            entry["comment"] = self.comment
        return entry if self.layer else {**entry, "empty_layer": True}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything of one platform's image that decides its digests."""

    platform: Platform
    steps: tuple[Step, ...]
    created: datetime
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    dialect: Dialect = OCI
    history: bool = True


@dataclass(frozen=True, slots=True)
class Stored:
    """A manifest or index as a registry keeps it, with the blobs that come with it; `size` is what ACR calls imageSize."""

    digest: str
    media_type: str
    body: bytes
    size: int = 0
    platform: Platform | None = None
    config_media_type: str = ""
    children: tuple[Json, ...] = ()
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    subject: str = ""
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


def digest_of(body: bytes) -> str:
    """The digest of a body."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def encode(value: object) -> bytes:
    """JSON without spaces."""
    return _ENCODER.encode(value).encode()


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False)


class Image:
    """One platform's image, built from its recipe."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.config = encode(self._config())
        self.config_digest = digest_of(self.config)
        layers = [step for step in recipe.steps if step.layer]
        self.layers = [_layer(step, recipe.dialect) for step in layers]
        manifest = encode(self._manifest())
        size = sum(step.size for step in layers) + len(self.config)
        self.stored = Stored(
            digest_of(manifest),
            recipe.dialect.manifest,
            manifest,
            size,
            recipe.platform,
            recipe.dialect.config,
            blobs={self.config_digest: self.config},
            annotations=recipe.annotations,
        )

    @property
    def digest(self) -> str:
        """Of the manifest."""
        return self.stored.digest

    def _config(self) -> Json:
        recipe = self.recipe
        runtime: Json = {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], "WorkingDir": "/"}
        if recipe.labels:
            runtime["Labels"] = dict(recipe.labels)
        config: Json = {**recipe.platform.wire, "config": runtime, "created": nano_time(recipe.created)}
        if recipe.history:
            config["history"] = [step.wire for step in recipe.steps]
        chain = [_names_of(step.layer)[0] for step in recipe.steps if step.layer]
        config["rootfs"] = {"type": "layers", "diff_ids": chain}
        return {**config, **recipe.extra}

    def _manifest(self) -> Json:
        dialect = self.recipe.dialect
        config = {"mediaType": dialect.config, "digest": self.config_digest, "size": len(self.config)}
        manifest: Json = {"schemaVersion": 2, "mediaType": dialect.manifest, "config": config, "layers": self.layers}
        return {**manifest, "annotations": dict(self.recipe.annotations)} if self.recipe.annotations else manifest

    def descriptor(self, annotations: Mapping[str, str]) -> Json:
        """As an index lists it."""
        stored = self.stored
        descriptor: Json = {"mediaType": stored.media_type, "digest": stored.digest, "size": len(stored.body)}
        descriptor["platform"] = self.recipe.platform.wire
        return {**descriptor, "annotations": dict(annotations)} if annotations else descriptor


def _layer(step: Step, dialect: Dialect) -> Json:
    return {"mediaType": dialect.layer, "digest": _names_of(step.layer)[1], "size": step.size}


@lru_cache(maxsize=4096)
def _names_of(layer: str) -> tuple[str, str]:
    """The digests of a layer that exists by name only: uncompressed, and compressed."""
    return digest_of(f"tar {layer}".encode()), digest_of(f"gzip {layer}".encode())


class Index:
    """A multi-platform image: the platforms, and an attestation for each where there is one."""

    def __init__(
        self, images: Sequence[Image], annotations: Mapping[str, str], attestations: Sequence[tuple[Image, bytes]] = ()
    ) -> None:
        dialect = images[0].recipe.dialect
        self.attestations = [_attestation(image, statement) for image, statement in attestations]
        listed = [image.descriptor(annotations) for image in images]
        listed += [_attested(image, stored) for (image, _), stored in zip(attestations, self.attestations, strict=True)]
        body = encode({"schemaVersion": 2, "mediaType": dialect.index, "manifests": listed})
        self.stored = Stored(digest_of(body), dialect.index, body, len(body), children=tuple(listed))


def _attestation(image: Image, statement: bytes) -> Stored:
    """As BuildKit keeps it (moby/buildkit docs/attestations/attestation-storage.md)."""
    config = encode(
        {**Platform("unknown", "unknown").wire, "config": {}, "rootfs": {"type": "layers", "diff_ids": [digest_of(statement)]}}
    )
    kind = {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"}
    layer = {
        "mediaType": "application/vnd.in-toto+json",
        "digest": digest_of(statement),
        "size": len(statement),
        "annotations": kind,
    }
    descriptor = {"mediaType": OCI.config, "digest": digest_of(config), "size": len(config)}
    body = encode({"schemaVersion": 2, "mediaType": OCI.manifest, "config": descriptor, "layers": [layer]})
    blobs = {digest_of(config): config, digest_of(statement): statement}
    return Stored(digest_of(body), OCI.manifest, body, len(statement), Platform("unknown", "unknown"), OCI.config, blobs=blobs)


def _attested(image: Image, stored: Stored) -> Json:
    about = {"vnd.docker.reference.digest": image.digest, "vnd.docker.reference.type": ATTESTATION}
    descriptor: Json = {"mediaType": stored.media_type, "digest": stored.digest, "size": len(stored.body), "annotations": about}
    return {**descriptor, "platform": Platform("unknown", "unknown").wire}


def store_artifact(
    subject: Stored, kind: str, payload: bytes, media_type: str, annotations: Mapping[str, str], *, by_config: bool = False
) -> Stored:
    """An artifact that refers to a subject (OCI image-spec manifest.md, guidelines for artifact usage).

    `by_config` tells its kind by the config's media type, as before artifactType was there.
    """
    empty = b"{}"
    layer = {"mediaType": media_type, "digest": digest_of(payload), "size": len(payload)}
    about = {"mediaType": subject.media_type, "digest": subject.digest, "size": len(subject.body)}
    config_type = kind if by_config else ARTIFACT
    config = {"mediaType": config_type, "digest": digest_of(empty), "size": len(empty)}
    manifest: Json = {"schemaVersion": 2, "mediaType": OCI.manifest, **({} if by_config else {"artifactType": kind})}
    contents: Json = {"config": config, "layers": [layer], "subject": about, "annotations": dict(annotations)}
    body = encode({**manifest, **contents})
    return Stored(
        digest_of(body),
        OCI.manifest,
        body,
        len(payload),
        config_media_type=config_type,
        blobs={digest_of(empty): empty, digest_of(payload): payload},
        subject=subject.digest,
        artifact_type="" if by_config else kind,
        annotations=annotations,
    )
