"""Reading what is attached to a manifest: which artifacts are signatures, and the bytes that their verification needs.

The registry's word on types is a hint only: artifactType may be missing (Azure/acr#784), so what may be a signature is read,
and its own manifest decides. Limits are notation's (notation-go registry/repository.go): 4 MiB a manifest, 100 signatures.
"""

from __future__ import annotations

import base64
import hashlib

import msgspec

from tui.domain.decoding import from_json
from tui.domain.demand import ArtifactDemand
from tui.domain.image import Referrer, RepositoryName
from tui.domain.signature import SignatureSystem
from tui.domain.text import clean
from tui.errors import SourceError, UntrustedPayload
from tui.sources.ports import ContentReader
from tui.sources.signatures.strict import Json, json_object, refuse_lookalikes

__all__ = ["Artifact", "Gathered", "gather"]

MANIFEST_LIMIT = 4 << 20
ENVELOPE_LIMIT = 32 << 20
PAYLOAD_LIMIT = 4 << 20
MAX_SIGNATURES = 100
MAX_LAYERS = 50
NOTATION = "application/vnd.cncf.notary.signature"
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle"
# The type of simple signatures that `cosign sign --registry-referrers-mode=oci-1-1` attaches, the only one it looks for then.
COSIGN_REFERRER = "application/vnd.dev.cosign.artifact.sig.v1+json"
COSIGN_TAG = "cosign-tag"
PREDICATE = "dev.sigstore.bundle.predicateType"
SIGN = "https://sigstore.dev/cosign/sign/v1"
_OF_MANIFEST = ("schemaVersion", "mediaType", "artifactType", "config", "layers", "subject", "annotations")
_OF_DESCRIPTOR = ("mediaType", "digest", "size", "annotations", "data", "urls", "artifactType", "platform")
_SIGNATURES = (NOTATION, BUNDLE, "application/vnd.dev.cosign.artifact.sig", SIMPLE)
# What registries write in place of a type that they do not tell.
_UNTOLD = frozenset({"", "application/vnd.oci.empty.v1+json", "application/vnd.oci.image.config.v1+json"})


class Layer(msgspec.Struct, frozen=True):
    """A descriptor of a signature manifest."""

    digest: str
    media_type: str = msgspec.field(name="mediaType", default="")
    size: int = 0
    annotations: dict[str, str] | None = None
    data: str | None = None
    urls: list[str] | None = None


class Wire(msgspec.Struct, frozen=True):
    """The fields of a manifest that tell what it is (OCI image-spec, manifest)."""

    schema_version: int = msgspec.field(name="schemaVersion", default=0)
    layers: list[Layer] = []
    config: Layer | None = None
    artifact_type: str | None = msgspec.field(name="artifactType", default=None)
    annotations: dict[str, str] | None = None


class Artifact(msgspec.Struct, frozen=True):
    """One signature as it lies in the registry: `data` is the envelope, the bundle or the payload.

    `manifest` is the digest of what holds it, `found_by` the way it was found. `fault` says what is wrong with the manifest
    itself: then there is no data.
    """

    system: SignatureSystem
    media_type: str
    digest: str
    data: bytes
    manifest: str
    found_by: str
    annotations: dict[str, str] = {}
    fault: str = ""


class Gathered(msgspec.Struct, frozen=True):
    """What was read, and what could not be."""

    artifacts: tuple[Artifact, ...] = ()
    errors: tuple[str, ...] = ()
    requests: int = 0


async def gather(demand: ArtifactDemand, reader: ContentReader) -> Gathered:
    """Every signature among the referrers of a demand."""
    return await _Gathering(demand.name, reader).all(demand.referrers)


class _Gathering:
    def __init__(self, name: RepositoryName, reader: ContentReader) -> None:
        self._name, self._reader = name, reader
        self._found: list[Artifact] = []
        self._errors: list[str] = []
        self._requests = 0

    async def all(self, referrers: tuple[Referrer, ...]) -> Gathered:
        possible = [referrer for referrer in referrers if _may_sign(referrer)]
        for referrer in possible[:MAX_SIGNATURES]:
            try:
                await self._one(referrer)
            except SourceError as error:
                self._errors.append(clean(error.headline, 200))
        if len(possible) > MAX_SIGNATURES:
            self._errors.append(f"{len(possible)} artifacts are attached, of which {MAX_SIGNATURES} were read")
        return Gathered(tuple(self._found), tuple(dict.fromkeys(self._errors)), self._requests)

    async def _one(self, referrer: Referrer) -> None:
        digest = referrer.descriptor.digest
        self._requests += 1
        manifest = _decode(await self._reader.manifest(self._name, digest), digest)
        if NOTATION in _types(manifest):
            await self._notation(referrer, manifest)
            return
        if len(manifest.layers) == 1 and manifest.layers[0].media_type.startswith(BUNDLE):
            if _signs(manifest, referrer):
                await self._read(referrer, SignatureSystem.COSIGN, manifest.layers[0], PAYLOAD_LIMIT)
            return
        for layer in manifest.layers[:MAX_LAYERS]:
            if layer.media_type.startswith(BUNDLE):
                words = f"the bundle's manifest has {len(manifest.layers)} layers, where cosign reads one"
                self._fault(referrer, SignatureSystem.COSIGN, layer, words)
            elif layer.media_type == SIMPLE and _where_cosign_looks(referrer, manifest):
                await self._read(referrer, SignatureSystem.COSIGN, layer, PAYLOAD_LIMIT)
            elif layer.media_type == SIMPLE:
                words = (
                    f"a simple signature that was found by {referrer.found_by or 'no way'}, where cosign does not look for one"
                )
                self._fault(referrer, SignatureSystem.COSIGN, layer, words)

    async def _notation(self, referrer: Referrer, manifest: Wire) -> None:
        """Exactly one layer (signature-specification.md, storage)."""
        if len(manifest.layers) == 1:
            await self._read(referrer, SignatureSystem.NOTATION, manifest.layers[0], ENVELOPE_LIMIT)
            return
        fault = f"the signature manifest has {len(manifest.layers)} layers where one is allowed"
        self._fault(referrer, SignatureSystem.NOTATION, Layer(referrer.descriptor.digest), fault)

    def _fault(self, referrer: Referrer, system: SignatureSystem, layer: Layer, words: str) -> None:
        """Something that is meant as a signature and is wrong as it lies there."""
        digest, media_type = referrer.descriptor.digest, clean(layer.media_type, 120)
        self._found.append(Artifact(system, media_type, layer.digest, b"", digest, referrer.found_by, fault=words))

    async def _read(self, referrer: Referrer, system: SignatureSystem, layer: Layer, limit: int) -> None:
        self._requests += 1
        data = await self._reader.blob(self._name, layer.digest, limit)
        if system is SignatureSystem.COSIGN and (words := _lie(layer, data)):
            self._fault(referrer, system, layer, words)
            return
        self._found.append(
            Artifact(
                system=system,
                media_type=clean(layer.media_type, 120),
                digest=layer.digest,
                data=data,
                manifest=referrer.descriptor.digest,
                found_by=referrer.found_by,
                annotations=layer.annotations or {},
            )
        )


def _may_sign(referrer: Referrer) -> bool:
    kind = referrer.descriptor.artifact_type
    return kind in _UNTOLD or kind.startswith(_SIGNATURES)


def _where_cosign_looks(referrer: Referrer, manifest: Wire) -> bool:
    """Simple signatures count under the tag `.sig`, and attached as the one type that cosign asks for (pkg/cosign/verify.go)."""
    return referrer.found_by == COSIGN_TAG or COSIGN_REFERRER in _types(manifest)


def _lie(layer: Layer, data: bytes) -> str:
    """What a descriptor says of its content that is not so: cosign's registry client holds size and inline data against it."""
    if layer.size != len(data):
        return f"its descriptor says {layer.size} bytes, it has {len(data)}"
    if layer.data is None:
        return ""
    try:
        inline = base64.b64decode(layer.data.replace("\r", "").replace("\n", "").encode("ascii"), validate=True)
    except ValueError:
        return "its descriptor carries inline data that is no base64"
    same = f"sha256:{hashlib.sha256(inline).hexdigest()}" == layer.digest
    return "" if same else "its descriptor carries other data than its digest says"


def _types(manifest: Wire) -> tuple[str, ...]:
    """What it says that it is: older signers write it as the type of the config."""
    return (manifest.artifact_type or "", manifest.config.media_type if manifest.config is not None else "")


def _signs(manifest: Wire, referrer: Referrer) -> bool:
    """Whether a bundle is a signature as far as annotations tell; others are statements about the image."""
    told = (manifest.annotations or {}).get(PREDICATE) or referrer.descriptor.annotations.get(PREDICATE)
    return told in (None, "", SIGN)


def _decode(body: bytes, digest: str) -> Wire:
    if len(body) > MANIFEST_LIMIT:
        raise UntrustedPayload(f"{digest[:19]} is larger than a signature manifest may be", "It is not read.")
    try:
        _refuse_second_readings(json_object(body))
        return from_json(body, Wire)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise UntrustedPayload(f"{digest[:19]}, which is attached, is not a manifest", "It is not read.") from error


def _refuse_second_readings(members: dict[str, Json]) -> None:
    """ValueError for a member that Go, in which the field's tools are written, would take for another one of the manifest."""
    refuse_lookalikes(members, _OF_MANIFEST)
    layers = members.get("layers")
    for descriptor in (members.get("config"), *(layers if isinstance(layers, list) else ())):
        if isinstance(descriptor, dict):
            refuse_lookalikes(descriptor, _OF_DESCRIPTOR)
