"""From bytes of a registry to facts: manifests, indexes, configs and ACR's rows."""

from __future__ import annotations

import hashlib

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.image import (
    Descriptor,
    HistoryEntry,
    ImageConfig,
    Locks,
    Manifest,
    ManifestKind,
    ManifestListing,
    Platform,
    Tag,
)
from tui.domain.facts.reference import DIGEST_ALGORITHMS, is_digest, is_tag
from tui.domain.registries.runnable import IMAGE_CONFIGS, could_run
from tui.errors import OtherBytes, UntrustedPayload
from tui.sources.kit.oci import WireDescriptor, WireManifest
from tui.sources.kit.transport import decode_json
from tui.sources.registry.ambiguity import CONFIG, MANIFEST, refuse_ambiguous
from tui.sources.registry.wire import (
    AcrAttributes,
    AcrManifest,
    AcrTag,
    WireConfig,
    WireHistory,
    moment,
)

__all__ = [
    "ATTESTATION_OF",
    "INTOTO",
    "PREDICATE",
    "ManifestBody",
    "check_digest",
    "check_media_type",
    "compute_digest",
    "declares_type",
    "from_wire",
    "listing",
    "locks",
    "read_config",
    "read_manifest",
    "tag",
]

ATTESTATION_OF = "vnd.docker.reference.digest"
INTOTO = "application/vnd.in-toto+json"
PREDICATE = "in-toto.io/predicate-type"
INDEX_TYPES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"},
)
MANIFEST_TYPES = INDEX_TYPES | {
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.artifact.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
}
"""Types by which a registry says which kind of manifest it sends."""
MAX_DESCRIPTORS = 2000
MAX_HISTORY = 2000
MAX_TEXT = 2048
MAX_COMMENT = 256
MAX_DIGEST = 140
MAX_LISTED = 200
MAX_ANNOTATION = 2048
MAX_LONG_TEXT = 64 << 10
MAX_TEXTS = 96 << 10
LONG_TEXTS = frozenset({"io.buildpacks.lifecycle.metadata"})
"""Labels that say on what an image is built, and say much else besides."""
_NONE: dict[str, str] = {}  # shared by all that have none; nobody writes into a fact


class ManifestBody(msgspec.Struct, frozen=True):
    """A manifest as it came, with the digest that we computed of it."""

    digest: str
    content: bytes
    content_type: str


def compute_digest(body: bytes, like: str = "sha256:") -> str:
    """The digest of a body by the algorithm of another digest."""
    algorithm = like.partition(":")[0]
    name = algorithm if algorithm in DIGEST_ALGORITHMS else "sha256"
    return f"{name}:{hashlib.new(name, body).hexdigest()}"


def check_digest(body: bytes, expected: str, document: str) -> None:
    """Raise OtherBytes unless the body has the digest."""
    digest = compute_digest(body, expected)
    if digest != expected:
        raise OtherBytes(
            f"the registry answered with other bytes: {document} does not match its digest {clean(expected, 80)}, it is {digest}",
            "Do not run it. Find out who changed it: the registry, its storage, or a proxy or mirror in between.",
        )


class _Typed(msgspec.Struct):
    media_type: str | None = msgspec.field(name="mediaType", default=None)


def check_media_type(body: bytes, content_type: str, document: str) -> None:
    """Raise UntrustedPayload where the registry calls a manifest another kind of manifest than it calls itself.

    Clients go by the one or the other (OCI image-spec, "Compatibility Matrix"; CVE-2021-41190): what they see would differ. What
    is no type of manifests at all (`application/json` of a static server) says nothing.
    """
    declared, own = _media_type(content_type), _media_type(decode_json(body, _Typed, document).media_type or "")
    if declared in MANIFEST_TYPES and own and declared != own:
        raise UntrustedPayload(
            f"{document} says that it is {clean(own, 80)}, the registry that it is {clean(declared, 80)}",
            "Do not run it; check for a proxy, and push the image again.",
        )


def _media_type(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def declares_type(body: bytes, document: str) -> bool:
    """Whether a manifest says itself what it is, so that it means the same without what the registry says of it."""
    return bool(decode_json(body, _Typed, document).media_type)


def read_manifest(body: bytes, digest: str, content_type: str = "") -> Manifest:
    """A manifest of digest `digest`. Raises UntrustedPayload when it is not one, or claims to be two things at once."""
    label = f"manifest {digest[:19]}"
    check_media_type(body, content_type, label)
    wire = decode_json(body, WireManifest, label)
    refuse_ambiguous(body, MANIFEST, label)
    layers = wire.layers if wire.layers is not None else wire.blobs
    if wire.manifests is not None and (layers is not None or wire.config is not None):
        # A body that reads as an index and as an image is an attack (CVE-2021-41190).
        raise UntrustedPayload(f"{label} is an image and an index at once", "Do not run it; rebuild and push the image.")
    if wire.manifests is None and layers is None and wire.config is None and wire.subject is None and not wire.artifact_type:
        raise UntrustedPayload(f"{label} is not an image manifest", "Old schema 1 images are not read: push the image again.")
    _bound(wire.manifests, label)
    _bound(layers, label)
    media_type = wire.media_type or content_type.partition(";")[0].strip()
    if (wire.manifests is not None) is not _is_index_type(media_type) and media_type.lower() in MANIFEST_TYPES:
        # containerd (`images.validateMediaType`) refuses it for the same reason: it would be read as what it is not.
        called, other = ("an index", "an image") if wire.manifests is None else ("an image", "an index")
        raise UntrustedPayload(
            f"{label} calls itself {called} and has the parts of {other}", "Do not run it; rebuild and push the image."
        )
    manifest = Manifest(
        digest=digest,
        kind=ManifestKind.ARTIFACT,
        media_type=clean(media_type, 200),
        size=len(body),
        config=from_wire(wire.config) if wire.config else None,
        layers=tuple(from_wire(layer) for layer in layers or ()),
        children=tuple(from_wire(child) for child in wire.manifests or ()),
        annotations=_texts(wire.annotations),
        subject=_subject(wire),
        artifact_type=clean(wire.artifact_type or "", 200),
    )
    return _with_kind(manifest, wire.manifests is not None)


def _is_index_type(media_type: str) -> bool:
    return media_type.lower() in INDEX_TYPES


def _bound(descriptors: list[WireDescriptor] | None, label: str) -> None:
    if descriptors and len(descriptors) > MAX_DESCRIPTORS:
        raise UntrustedPayload(
            f"{label} lists {len(descriptors)} parts", f"More than {MAX_DESCRIPTORS} are not read; rebuild the image."
        )
    for descriptor in descriptors or ():
        if not is_digest(descriptor.digest or ""):
            raise UntrustedPayload(
                f"{label} names a part by something that is not a digest: {clean(descriptor.digest or '', 60)}", "Push it again."
            )


def _with_kind(manifest: Manifest, is_index: bool) -> Manifest:
    """What it is. Neither `artifactType` nor `subject` keeps a node from running what has an image's config and layers.

    Cosign signatures and BuildKit attestations have an image config, but layers that are no file systems.
    """
    if is_index:
        return msgspec.structs.replace(manifest, kind=ManifestKind.INDEX)
    config = manifest.config.media_type if manifest.config is not None else ""
    image = config in IMAGE_CONFIGS and could_run(manifest)
    return msgspec.structs.replace(manifest, kind=ManifestKind.IMAGE if image else ManifestKind.ARTIFACT)


def from_wire(wire: WireDescriptor) -> Descriptor:
    """A descriptor as our own."""
    platform = None
    if wire.platform is not None:
        platform = _platform(wire.platform.os, wire.platform.architecture, wire.platform.variant)
    return Descriptor(
        media_type=clean(wire.media_type or "", 200),
        digest=wire.digest or "",
        size=max(wire.size or 0, 0),
        platform=platform,
        artifact_type=clean(wire.artifact_type or "", 200),
        annotations=_texts(wire.annotations),
    )


def _platform(os: str | None, architecture: str | None, variant: str | None) -> Platform:
    return Platform(clean(os or "unknown", 40), clean(architecture or "unknown", 40), clean(variant or "", 40))


def _subject(wire: WireManifest) -> str:
    digest = (wire.subject.digest if wire.subject else None) or ""
    return digest if is_digest(digest) else ""


def _texts(wire: dict[str, str | None] | None) -> dict[str, str]:
    """Annotations or labels, without those that are too long to be meant for us: a text that was cut would say another thing."""
    if not wire:
        return _NONE
    texts: dict[str, str] = {}
    room = MAX_TEXTS
    for name, text in wire.items():
        size = len(name) + len(text or "")
        if size <= (MAX_LONG_TEXT if name in LONG_TEXTS else MAX_ANNOTATION) and size <= room:
            texts[name] = text or ""
            room -= size
    return texts


def read_config(body: bytes, digest: str) -> ImageConfig:
    """An image config of digest `digest`. Raises UntrustedPayload."""
    label = f"config {digest[:19]}"
    wire = decode_json(body, WireConfig, label)
    refuse_ambiguous(body, CONFIG, label)
    history, chain = wire.history or [], (wire.rootfs.diff_ids if wire.rootfs else None) or []
    if len(history) > MAX_HISTORY or len(chain) > MAX_HISTORY:
        raise UntrustedPayload(f"{label} has more than {MAX_HISTORY} steps", "It is not read; rebuild the image.")
    return ImageConfig(
        digest=digest,
        platform=_platform(wire.os, wire.architecture, wire.variant),
        diff_ids=tuple((layer or "")[:MAX_DIGEST] for layer in chain),
        history=tuple(_step(step) for step in history),
        created=moment(wire.created),
        labels=_texts(wire.config.labels if wire.config else None),
    )


def _step(wire: WireHistory) -> HistoryEntry:
    return HistoryEntry(
        created_by=(wire.created_by or "")[:MAX_TEXT],
        empty_layer=bool(wire.empty_layer),
        created=moment(wire.created),
        comment=(wire.comment or "")[:MAX_COMMENT],
    )


def tag(wire: AcrTag) -> Tag:
    """A row of ACR's `_tags`."""
    return Tag(
        name=wire.name or "",
        digest=wire.digest or "",
        created=moment(wire.created_time),
        updated=moment(wire.last_update_time),
        signed=bool(wire.signed),
        locks=locks(wire.changeable_attributes),
    )


def listing(wire: AcrManifest) -> ManifestListing:
    """A row of ACR's `_manifests`; `createdTime` there is when it was pushed."""
    return ManifestListing(
        digest=wire.digest or "",
        pushed=moment(wire.created_time),
        updated=moment(wire.last_update_time),
        size=wire.image_size,
        media_type=clean(wire.media_type or "", 200),
        config_media_type=clean(wire.config_media_type or "", 200),
        architecture=clean(wire.architecture or "", 40),
        os=clean(wire.os or "", 40),
        tags=tuple(tag for tag in (wire.tags or ())[:MAX_LISTED] if tag is not None and is_tag(tag)),
        locks=locks(wire.changeable_attributes),
    )


def locks(wire: AcrAttributes | None) -> Locks | None:
    """ACR's changeable attributes; a missing one means that it is not locked."""
    if wire is None:
        return None
    return Locks(
        delete=wire.delete_enabled is not False,
        write=wire.write_enabled is not False,
        read=wire.read_enabled is not False,
        list=wire.list_enabled is not False,
        quarantine=clean(wire.quarantine_state or "", 40),
    )
