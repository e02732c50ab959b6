"""Sigstore bundles: DSSE over an in-toto statement (sigstore protobuf-specs bundle v0.3; DSSE protocol.md).

They are read as strictly as cosign reads them (sigstore-go pkg/bundle): no unknown member, one content, one kind of key, log
entries that are well made with a proof among them even where no log is asked for.
"""

from __future__ import annotations

import re

import msgspec

from tui.domain.facts.signature import Reason
from tui.verification.cosign.keys import dsse_key_id
from tui.verification.cosign.merkle import InclusionProof
from tui.verification.cosign.protojson import BUNDLE, STATEMENT, integer, message, proto_bytes
from tui.verification.cosign.records import read_record
from tui.verification.cosign.rekor import LogEntry
from tui.verification.cosign.steps import held
from tui.verification.cosign.wire import canonical_base64
from tui.verification.faults import CheckFailed
from tui.verification.strict import Json, object_of, text_of

__all__ = [
    "MEDIA_TYPES",
    "SIGN_PREDICATE",
    "Bundle",
    "check_key_id",
    "check_statement",
    "check_subject",
    "is_decisive",
    "pae",
    "parse_bundle",
]

MEDIA_TYPES = ("application/vnd.dev.sigstore.bundle.v0.3+json", "application/vnd.dev.sigstore.bundle+json;version=0.3")
SIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1"
STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
PAYLOAD_TYPE = "application/vnd.in-toto+json"
BUNDLE_LIMIT = 16 << 20
# sigstore-go internal/limits and pkg/verify/signature.go.
MAX_ENTRIES = 32
MAX_STAMPS = 32
MAX_SUBJECTS = 1024
MAX_DIGESTS = 32
_HEX = re.compile(r"([0-9a-fA-F]{2})*", re.ASCII)


class Bundle(msgspec.Struct, frozen=True):
    """A parsed bundle: DSSE `payload` of `payload_type` with one signature.

    `key_id` is what the envelope calls the key, `certificate` that of a keyless signer in DER, `stamps` counts time stamps.
    """

    payload: bytes
    payload_type: str
    signature: bytes
    key_id: str = ""
    certificate: bytes = b""
    entries: tuple[LogEntry, ...] = ()
    stamps: int = 0

    @property
    def keyless(self) -> bool:
        """Whether a certificate takes the place of a key."""
        return bool(self.certificate)


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: DSSE's pre-authentication encoding."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def parse_bundle(data: bytes) -> Bundle:
    """The parts of a bundle; CheckFailed when malformed or of a kind that signs no image."""
    return held(lambda: _parse(data), "the bundle is malformed", Reason.MALFORMED)


def _parse(data: bytes) -> Bundle:
    if len(data) > BUNDLE_LIMIT:
        raise CheckFailed("the bundle is too large", Reason.MALFORMED)
    members = message(data, BUNDLE)
    if text_of(members, "mediaType") not in MEDIA_TYPES:
        words = f"bundles of type {text_of(members, 'mediaType')!r} are not supported: cosign reads version 0.3"
        raise CheckFailed(words, Reason.UNSUPPORTED, unknown=True)
    material = object_of(members, "verificationMaterial")
    entries = _entries(_list(material, "tlogEntries"))
    if "x509CertificateChain" in material:
        raise CheckFailed("the bundle carries a chain of certificates, which version 0.3 forbids", Reason.MALFORMED)
    certificate = _certificate(material)
    if "dsseEnvelope" not in members:
        object_of(members, "messageSignature")
        raise CheckFailed("the bundle holds no DSSE envelope", Reason.NOT_A_SIGNATURE, unknown=True)
    envelope = object_of(members, "dsseEnvelope")
    signature = _signature(_list(envelope, "signatures"))
    return Bundle(
        payload=proto_bytes(text_of(envelope, "payload")),
        payload_type=text_of(envelope, "payloadType"),
        signature=proto_bytes(text_of(signature, "sig")),
        key_id=text_of(signature, "keyid") if "keyid" in signature else "",
        certificate=certificate,
        entries=entries,
        stamps=_stamps(material),
    )


def _list(members: dict[str, Json], name: str) -> list[dict[str, Json]]:
    """A list of messages; empty when it is not there."""
    items = members.get(name, [])
    if not isinstance(items, list):
        raise ValueError("not a list")
    return [item for item in items if isinstance(item, dict)]


def _certificate(material: dict[str, Json]) -> bytes:
    """The certificate of a keyless signer, empty where a key signed; ValueError for neither."""
    if "publicKey" in material:
        return b""
    der = proto_bytes(text_of(object_of(material, "certificate"), "rawBytes"))
    if not der:
        raise ValueError("an empty certificate")
    return der


def _signature(signatures: list[dict[str, Json]]) -> dict[str, Json]:
    if len(signatures) != 1:
        raise ValueError("a bundle holds exactly one signature")
    return signatures[0]


def _stamps(material: dict[str, Json]) -> int:
    data = material.get("timestampVerificationData")
    stamps = _list(data, "rfc3161Timestamps") if isinstance(data, dict) else []
    if len(stamps) > MAX_STAMPS:
        raise ValueError("too many time stamps")
    return len(stamps)


def _entries(members: list[dict[str, Json]]) -> tuple[LogEntry, ...]:
    """The log entries, well made; ValueError otherwise, and when none has a proof of inclusion."""
    if len(members) > MAX_ENTRIES:
        raise ValueError("too many entries")
    entries = tuple(_entry(entry) for entry in members)
    if entries and all(entry.proof is None for entry in entries):
        raise CheckFailed("the bundle's log entries have no proof of inclusion, which version 0.3 needs", Reason.LOG_INVALID)
    return entries


def _entry(entry: dict[str, Json]) -> LogEntry:
    body = proto_bytes(text_of(entry, "canonicalizedBody"))
    object_of(entry, "kindVersion")
    read_record(body)
    index = integer(entry, "logIndex")
    if index < 0:
        raise ValueError("a negative index")
    log_id = proto_bytes(text_of(object_of(entry, "logId"), "keyId"))
    if not (log_id and body):
        raise ValueError("an entry without its log or its body")
    return LogEntry(
        body=canonical_base64(body),
        integrated_time=integer(entry, "integratedTime"),
        log_id=log_id.hex(),
        log_index=index,
        promise=_promise(entry),
        proof=_proof(object_of(entry, "inclusionProof")) if "inclusionProof" in entry else None,
    )


def _promise(entry: dict[str, Json]) -> bytes:
    promise = entry.get("inclusionPromise", {})
    text = promise.get("signedEntryTimestamp", "") if isinstance(promise, dict) else ""
    return proto_bytes(text) if isinstance(text, str) else b""


def _proof(proof: dict[str, Json]) -> InclusionProof:
    checkpoint = text_of(object_of(proof, "checkpoint"), "envelope")
    if not checkpoint:
        raise ValueError("an empty checkpoint")
    hashes = proof.get("hashes", [])
    return InclusionProof(
        index=integer(proof, "logIndex"),
        size=integer(proof, "treeSize"),
        root=proto_bytes(text_of(proof, "rootHash")),
        hashes=tuple(proto_bytes(item) for item in hashes if isinstance(item, str)) if isinstance(hashes, list) else (),
        checkpoint=checkpoint,
    )


def statement_of(payload: bytes) -> dict[str, Json]:
    """The in-toto statement; CheckFailed otherwise."""
    statement = held(lambda: message(payload, STATEMENT), "the payload is not an in-toto statement", Reason.MALFORMED)
    if statement.get("_type") not in STATEMENTS:
        raise CheckFailed("the payload is not an in-toto statement", Reason.MALFORMED)
    return statement


def check_statement(payload_type: str, payload: bytes, predicate: str) -> str:
    """Step 1: an in-toto statement of the wanted predicate type."""
    if payload_type != PAYLOAD_TYPE:
        raise CheckFailed(f"the payload is of type {payload_type!r}", Reason.UNSUPPORTED)
    kind = text_of(statement_of(payload), "predicateType")
    if predicate and kind != predicate:
        raise CheckFailed(f"an attestation of type {kind}, not a signature", Reason.NOT_A_SIGNATURE, unknown=True)
    return f"an in-toto statement of type {kind}"


def check_key_id(bundle: Bundle, spki: bytes) -> None:
    """CheckFailed when the envelope calls its key by another name (securesystemslib passes over such a signature)."""
    if bundle.key_id and bundle.key_id != dsse_key_id(spki):
        raise CheckFailed("the envelope says that another key signed it", Reason.WRONG_KEY)


def check_subject(payload: bytes, digest: str) -> str:
    """Step 3: the statement names the image's digest."""
    algorithm, _, value = digest.partition(":")
    if algorithm != "sha256":
        raise CheckFailed("cosign verifies sha256 digests only", Reason.UNSUPPORTED, unknown=True)
    subjects = _list(statement_of(payload), "subject")
    digests = [values for subject in subjects if isinstance(values := subject.get("digest"), dict)]
    if len(subjects) > MAX_SUBJECTS or any(len(values) > MAX_DIGESTS for values in digests):
        raise CheckFailed("the statement is about too many things", Reason.MALFORMED)
    if not all(isinstance(text, str) and _HEX.fullmatch(text) for values in digests for text in values.values()):
        raise CheckFailed("the statement names something that is not a digest", Reason.MALFORMED)
    if not any(values.get(algorithm) == value for values in digests):
        raise CheckFailed("signature is for another digest", Reason.WRONG_SUBJECT)
    return f"is about {digest}"


def is_decisive(data: bytes, digest: str) -> bool:
    """Whether cosign judges an image by a bundle beside it and by no older signature: one that it can read (GetBundles).

    An attestation about the image is left out, so that whoever attests something takes no signature away.
    """
    try:
        bundle = parse_bundle(data)
    except CheckFailed as failed:
        return failed.reason is Reason.NOT_A_SIGNATURE  # of a blob: it is read, and is about no image
    try:
        check_subject(bundle.payload, digest)
    except CheckFailed:
        return True
    return statement_of(bundle.payload).get("predicateType") == SIGN_PREDICATE
