"""Reading what is attached to a manifest: which artifacts are signatures, and the bytes that their verification needs.

The registry's word on types is a hint only: artifactType may be missing (Azure/acr#784), so what may be a signature is read,
and its own manifest decides. Limits are notation's (notation-go registry/repository.go): 4 MiB a manifest, 100 signatures.
"""

from __future__ import annotations

import base64
import hashlib

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.common.text import clean
from tui.domain.facts.attached import BUNDLE, ENVELOPE, NOTATION, SIMPLE, FoundBy, may_attest, may_sign
from tui.domain.facts.demand import ArtifactDemand
from tui.domain.facts.image import Referrer, RepositoryName
from tui.domain.facts.signature import SignatureSystem
from tui.errors import SourceError, UntrustedPayload
from tui.sources.kit.oci import WireDescriptor, WireManifest, config_type, texts
from tui.sources.ports import ContentReader
from tui.verification.strict import Json, json_object, refuse_lookalikes

__all__ = ["Artifact", "Gathered", "gather"]

MANIFEST_LIMIT = 4 << 20
ENVELOPE_LIMIT = 32 << 20
PAYLOAD_LIMIT = 4 << 20
MAX_SIGNATURES = 100
"""Signatures of notation that are read (notation verify: --max-signatures)."""
MAX_REFERRERS = 300
"""Artifacts that are read to see whether they are signatures."""
MAX_LAYERS = 1000
"""Signatures in one manifest (cosign pkg/oci/remote/signatures.go, maxLayers)."""
MAX_BYTES = 16 << 20
"""What is kept of all signatures on one manifest."""
# The type of simple signatures that `cosign sign --registry-referrers-mode=oci-1-1` attaches, the only one it looks for then.
COSIGN_REFERRER = "application/vnd.dev.cosign.artifact.sig.v1+json"
_PLACES: dict[str, str] = {
    FoundBy.COSIGN: "under the tag of signatures (.sig)",
    FoundBy.COSIGN_ATTESTATION: "under the tag of attestations (.att)",
    FoundBy.COSIGN_SBOM: "under the tag of bills of materials (.sbom)",
}
MAX_ATTESTATIONS = 32
"""Attestations of one manifest that are read."""
PROVENANCE = "https://slsa.dev/provenance/"
PREDICATE_OF_LAYER = "predicateType"
"""What `cosign attest` writes beside an envelope (cosign specs/ATTESTATION_SPEC.md)."""
PREDICATE = "dev.sigstore.bundle.predicateType"
SIGN = "https://sigstore.dev/cosign/sign/v1"
_OF_MANIFEST = ("schemaVersion", "mediaType", "artifactType", "config", "layers", "subject", "annotations")
_OF_DESCRIPTOR = ("mediaType", "digest", "size", "annotations", "data", "urls", "artifactType", "platform")
OLD_MANIFEST = "application/vnd.oci.artifact.manifest.v1+json"
MANIFESTS = frozenset({"application/vnd.oci.image.manifest.v1+json", OLD_MANIFEST})
"""What notation takes for the manifest of a signature (notation-go registry/repository.go, getSignatureBlobDesc)."""


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
    """What was read, and what could not be; `attestations` are what says how the image was built, signed or not, and `unread`
    whether one of them may be readable later."""

    artifacts: tuple[Artifact, ...] = ()
    errors: tuple[str, ...] = ()
    requests: int = 0
    attestations: tuple[Artifact, ...] = ()
    unread: bool = False


async def gather(demand: ArtifactDemand, reader: ContentReader) -> Gathered:
    """Every signature among the referrers of a demand."""
    return await _Gathering(demand.name, reader).all(demand.referrers)


class _Gathering:
    def __init__(self, name: RepositoryName, reader: ContentReader) -> None:
        self._name, self._reader = name, reader
        self._found: list[Artifact] = []
        self._attestations: list[Artifact] = []
        self._errors: list[str] = []
        self._unread = False
        self._requests = 0
        self._of_notation = self._bytes = 0
        self._stopped = ""

    async def all(self, referrers: tuple[Referrer, ...]) -> Gathered:
        possible = [referrer for referrer in referrers if may_sign(referrer.descriptor.artifact_type)]
        statements = [referrer for referrer in referrers if may_attest(referrer.descriptor.artifact_type)]
        for referrer in (*possible[:MAX_REFERRERS], *statements[:MAX_ATTESTATIONS]):
            if self._is_full:
                break
            try:
                await self._one(referrer)
            except SourceError as error:
                if may_sign(referrer.descriptor.artifact_type):
                    self._errors.append(clean(error.headline, 200))
                else:
                    self._unreadable(referrer, error)
        if len(possible) > MAX_REFERRERS:
            self._errors.append(f"{len(possible)} artifacts are attached, of which {MAX_REFERRERS} were read")
        errors, attestations = tuple(dict.fromkeys(self._errors)), tuple(self._attestations)
        return Gathered(tuple(self._found), errors, self._requests, attestations, self._unread)

    @property
    def _is_full(self) -> bool:
        """Whether no more can be held."""
        if self._bytes > MAX_BYTES:
            self._errors.append(f"its signatures hold more than {MAX_BYTES >> 20} MiB, and were not read any further")
        return self._bytes > MAX_BYTES

    async def _one(self, referrer: Referrer) -> None:
        digest = referrer.descriptor.digest
        self._requests += 1
        body = await self._reader.manifest(self._name, digest)
        manifest = _decode(body, digest)
        if NOTATION in _types(manifest):
            await self._notation(referrer, manifest, len(body))
            return
        layers = manifest.layers or []
        if len(layers) == 1 and _is_bundle(layers[0]):
            await self._bundle(referrer, layers[0], _predicate(manifest, referrer))
            return
        if len(layers) > MAX_LAYERS:
            self._errors.append(f"{digest[:19]} holds {len(layers)} signatures, of which {MAX_LAYERS} were read")
        for layer in layers[:MAX_LAYERS]:
            if self._is_full:
                return
            if _is_bundle(layer):
                words = f"the bundle's manifest has {len(layers)} layers, where cosign reads one"
                self._fault(referrer, SignatureSystem.COSIGN, layer, words)
            elif layer.media_type == SIMPLE and _where_cosign_looks(referrer, manifest):
                await self._read(referrer, SignatureSystem.COSIGN, layer, PAYLOAD_LIMIT)
            elif layer.media_type == ENVELOPE:
                predicate = texts(layer.annotations).get(PREDICATE_OF_LAYER, "")
                await self._attested(referrer, layer, predicate, _misplaced_envelope(referrer))
            elif layer.media_type == SIMPLE:
                place = _PLACES.get(referrer.found_by, "attached without the type that cosign gives it")
                words = f"a simple signature that lies {place}, where cosign does not look for one"
                self._fault(referrer, SignatureSystem.COSIGN, layer, words)

    async def _bundle(self, referrer: Referrer, layer: WireDescriptor, predicate: str) -> None:
        """A bundle that is alone in its manifest: a signature, a statement, or whichever it turns out to be."""
        fault = _under_tag(referrer, "a bundle", "cosign")
        if fault and predicate in ("", SIGN):
            self._fault(referrer, SignatureSystem.COSIGN, layer, fault)
        elif predicate in ("", SIGN):
            await self._read(referrer, SignatureSystem.COSIGN, layer, PAYLOAD_LIMIT)
        if predicate != SIGN:
            await self._attested(referrer, layer, predicate, fault)

    async def _notation(self, referrer: Referrer, manifest: WireManifest, size: int) -> None:
        """In order, and none behind one that notation could not fetch: it stops there (notation-go `Verify`)."""
        if words := _under_tag(referrer, "a signature of notation", "notation"):
            self._fault(referrer, SignatureSystem.NOTATION, WireDescriptor(digest=referrer.descriptor.digest), words)
            return
        if (self._stopped or self._of_notation >= MAX_SIGNATURES) and referrer.found_by != FoundBy.UNUSED:
            limit = f"there are more than {MAX_SIGNATURES} signatures, of which notation reads no more"
            self._errors.append(self._stopped or limit)
            return
        self._of_notation += 1
        fault = _fault(referrer, manifest, size)
        if not fault:
            await self._read(referrer, SignatureSystem.NOTATION, _layers(referrer, manifest)[0], ENVELOPE_LIMIT)
            return
        self._stopped = _stop(referrer, fault)
        self._fault(referrer, SignatureSystem.NOTATION, WireDescriptor(digest=referrer.descriptor.digest), fault)

    def _unreadable(self, referrer: Referrer, error: SourceError) -> None:
        """That a statement cannot be read says nothing of signatures; it may be readable later."""
        digest, self._unread = referrer.descriptor.digest, True
        fault = clean(f"it cannot be read: {error.headline}", 200)
        self._attestations.append(Artifact(SignatureSystem.COSIGN, ENVELOPE, digest, b"", digest, referrer.found_by, fault=fault))

    async def _attested(self, referrer: Referrer, layer: WireDescriptor, predicate: str, fault: str) -> None:
        """Read an attestation that says how the image was built, or does not tell of what kind it is. That one cannot be read
        says nothing of signatures; one with a `fault` already is not read."""
        if (predicate and not predicate.startswith(PROVENANCE)) or len(self._attestations) >= MAX_ATTESTATIONS:
            return
        digest, media_type, data = layer.digest or "", clean(layer.media_type or "", 120), b""
        try:
            if not fault:
                self._requests += 1
                data = await self._reader.blob(self._name, digest, PAYLOAD_LIMIT)
                fault = _lie(layer, data)
        except SourceError as error:
            fault, self._unread = clean(f"it cannot be read: {error.headline}", 200), True
        self._bytes += len(data)
        holder = referrer.descriptor.digest
        self._attestations.append(
            Artifact(SignatureSystem.COSIGN, media_type, digest, data, holder, referrer.found_by, texts(layer.annotations), fault)
        )

    def _fault(self, referrer: Referrer, system: SignatureSystem, layer: WireDescriptor, words: str) -> None:
        """Something that is meant as a signature and is wrong as it lies there."""
        digest, media_type = referrer.descriptor.digest, clean(layer.media_type or "", 120)
        self._found.append(Artifact(system, media_type, layer.digest or "", b"", digest, referrer.found_by, fault=words))

    async def _read(self, referrer: Referrer, system: SignatureSystem, layer: WireDescriptor, limit: int) -> None:
        self._requests += 1
        digest, annotations = layer.digest or "", texts(layer.annotations)
        data = await self._reader.blob(self._name, digest, limit)
        self._bytes += len(data) + sum(map(len, annotations.values()))
        if system is SignatureSystem.COSIGN and (words := _lie(layer, data)):
            self._fault(referrer, system, layer, words)
            return
        if (size := layer.size or 0) != len(data):
            words = f"its envelope is listed with {size} bytes, and has {len(data)}"
            self._stopped = _stop(referrer, words)
            self._fault(referrer, system, layer, words)
            return
        self._found.append(
            Artifact(
                system=system,
                media_type=clean(layer.media_type or "", 120),
                digest=digest,
                data=data,
                manifest=referrer.descriptor.digest,
                found_by=referrer.found_by,
                annotations=annotations,
            )
        )


def _fault(referrer: Referrer, manifest: WireManifest, size: int) -> str:
    """Why notation would not fetch a signature (registry/repository.go, getSignatureBlobDesc); empty when it would."""
    descriptor = referrer.descriptor
    if descriptor.media_type not in MANIFESTS:
        return f"the registry lists its manifest as {clean(descriptor.media_type, 80) or 'no type'}"
    if (manifest.media_type or "") not in ("", descriptor.media_type) or manifest.manifests is not None:
        return "its manifest is an index, or of another type than the registry lists"
    if descriptor.size != size:
        return f"the registry lists its manifest with {descriptor.size} bytes, and it has {size}"
    if (count := len(_layers(referrer, manifest))) != 1:
        return f"the signature manifest has {count} layers where one is allowed"
    return ""


def _stop(referrer: Referrer, fault: str) -> str:
    return f"notation stops at {referrer.descriptor.digest[:19]} and reads none of the signatures after it, as {fault}"


def _layers(referrer: Referrer, manifest: WireManifest) -> list[WireDescriptor]:
    return (manifest.blobs if referrer.descriptor.media_type == OLD_MANIFEST else manifest.layers) or []


def _is_bundle(layer: WireDescriptor) -> bool:
    return (layer.media_type or "").startswith(BUNDLE)


def _where_cosign_looks(referrer: Referrer, manifest: WireManifest) -> bool:
    """Simple signatures count under the tag `.sig`, and attached as the one type that cosign asks for (pkg/cosign/verify.go)."""
    is_typed = referrer.found_by not in _PLACES and COSIGN_REFERRER in _types(manifest)
    return referrer.found_by == FoundBy.COSIGN or is_typed


def _under_tag(referrer: Referrer, what: str, tool: str) -> str:
    """Why a tool that asks for referrers alone does not find something (oras-go `Referrers`, cosign `GetBundles`); empty if it
    does."""
    place = _PLACES.get(referrer.found_by, "")
    return f"{what} that lies {place}, where {tool} does not look for one" if place else ""


def _misplaced_envelope(referrer: Referrer) -> str:
    """Why cosign finds no attestation of the older form there: it looks under its tag alone; empty where it does."""
    if referrer.found_by == FoundBy.COSIGN_ATTESTATION:
        return ""
    place = _PLACES.get(referrer.found_by, "among the referrers")
    return f"an attestation of the older form that lies {place}, where cosign does not look for one"


def _lie(layer: WireDescriptor, data: bytes) -> str:
    """What a descriptor says of its content that is not so: cosign's registry client holds size and inline data against it."""
    if (size := layer.size or 0) != len(data):
        return f"its descriptor says {size} bytes, it has {len(data)}"
    if layer.data is None:
        return ""
    try:
        inline = base64.b64decode(layer.data.replace("\r", "").replace("\n", "").encode("ascii"), validate=True)
    except ValueError:
        return "its descriptor carries inline data that is not base64"
    same = f"sha256:{hashlib.sha256(inline).hexdigest()}" == layer.digest
    return "" if same else "its descriptor carries other data than its digest says"


def _types(manifest: WireManifest) -> tuple[str, ...]:
    """What it says that it is: older signers write it as the type of the config."""
    return manifest.artifact_type or "", config_type(manifest)


def _predicate(manifest: WireManifest, referrer: Referrer) -> str:
    """What a bundle is, as far as annotations tell: a signature, or another statement about the image."""
    return texts(manifest.annotations).get(PREDICATE) or referrer.descriptor.annotations.get(PREDICATE, "")


def _decode(body: bytes, digest: str) -> WireManifest:
    if len(body) > MANIFEST_LIMIT:
        raise UntrustedPayload(f"{digest[:19]} is larger than a signature manifest may be", "It is not read.")
    try:
        _refuse_second_readings(json_object(body))
        manifest = from_json(body, WireManifest)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise UntrustedPayload(f"{digest[:19]}, which is attached, is not a manifest", "It is not read.") from error
    if any(not layer.digest for layer in (*(manifest.layers or ()), *(manifest.blobs or ()))):
        raise UntrustedPayload(f"{digest[:19]}, which is attached, names a layer by no digest", "It is not read.")
    return manifest


def _refuse_second_readings(members: dict[str, Json]) -> None:
    """ValueError for a member that Go, in which the field's tools are written, would take for another one of the manifest."""
    refuse_lookalikes(members, _OF_MANIFEST)
    layers = members.get("layers")
    for descriptor in (members.get("config"), *(layers if isinstance(layers, list) else ())):
        if isinstance(descriptor, dict):
            refuse_lookalikes(descriptor, _OF_DESCRIPTOR)
