"""Entries of the Rekor transparency log, checked offline by their signed entry timestamp (SET).

A SET proves that the log promised to include an entry; the entry must then be about this very signature, key and payload:
without that check any entry of the log would do (CVE-2022-36056).
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import msgspec

from tui.domain.signature import Reason
from tui.sources.signatures.cosign.keys import PublicKey, key_id, spki_of, verify_with
from tui.sources.signatures.faults import CheckFailed, guarded
from tui.sources.signatures.strict import Json, base64_bytes, integer_of, json_object, object_of, text_of

__all__ = ["Entry", "Signed", "check_entry", "entry_of_annotation"]


class Entry(msgspec.Struct, frozen=True):
    """One log entry with its SET; `body` is base64 as signed, `log_id` lower case hex."""

    body: str
    integrated_time: int
    log_id: str
    log_index: int
    timestamp: bytes

    @property
    def time(self) -> datetime:
        """When the log took it in."""
        return datetime.fromtimestamp(self.integrated_time, UTC)


class Signed(msgspec.Struct, frozen=True):
    """What the entry must be about: the payload bytes, the signature bytes and the DER public key."""

    payload: bytes
    signature: bytes
    spki: bytes


def entry_of_annotation(text: str) -> Entry:
    """The entry in a `dev.sigstore.cosign/bundle` annotation; CheckFailed when malformed."""
    return guarded(lambda: _annotation(text), "malformed Rekor bundle", Reason.LOG_INVALID)


def _annotation(text: str) -> Entry:
    bundle = json_object(text.encode("utf-8"))
    payload = object_of(bundle, "Payload")
    return Entry(
        body=text_of(payload, "body"),
        integrated_time=integer_of(payload, "integratedTime"),
        log_id=text_of(payload, "logID"),
        log_index=integer_of(payload, "logIndex"),
        timestamp=base64_bytes(text_of(bundle, "SignedEntryTimestamp")),
    )


def check_entry(entry: Entry, logs: tuple[PublicKey, ...], signed: Signed) -> datetime:
    """The moment of inclusion, once SET and content hold; CheckFailed otherwise."""
    return guarded(lambda: _check(entry, logs, signed), "malformed Rekor entry", Reason.LOG_INVALID)


def _check(entry: Entry, logs: tuple[PublicKey, ...], signed: Signed) -> datetime:
    log = next((log for log in logs if key_id(log) == entry.log_id), None)
    if log is None or not verify_with(log.spki, _canonical(entry), entry.timestamp):
        raise CheckFailed("Rekor SET invalid or unknown log", Reason.LOG_INVALID)
    body = json_object(base64_bytes(entry.body))
    spec, kind = object_of(body, "spec"), text_of(body, "kind")
    if kind == "hashedrekord":
        digest, signature, key = _hashed_record(spec)
    elif kind == "dsse":
        digest, signature, key = _dsse_record(spec)
    else:
        raise CheckFailed(f"Rekor entries of kind {kind!r} cannot be read", Reason.UNSUPPORTED, unknown=True)
    if (digest, signature, key) != (hashlib.sha256(signed.payload).hexdigest(), signed.signature, signed.spki):
        raise CheckFailed("Rekor entry is for another signature", Reason.LOG_INVALID)
    return entry.time


def _canonical(entry: Entry) -> bytes:
    """The signed bytes: canonical JSON (RFC 8785) of four members."""
    members: dict[str, Json] = {
        "body": entry.body,
        "integratedTime": entry.integrated_time,
        "logID": entry.log_id,
        "logIndex": entry.log_index,
    }
    return json.dumps(members, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def _hashed_record(spec: dict[str, Json]) -> tuple[str, bytes, bytes]:
    signature = object_of(spec, "signature")
    key = text_of(object_of(signature, "publicKey"), "content")
    return _sha256(object_of(object_of(spec, "data"), "hash")), base64_bytes(text_of(signature, "content")), _spki(key)


def _dsse_record(spec: dict[str, Json]) -> tuple[str, bytes, bytes]:
    signatures = spec.get("signatures")
    if not isinstance(signatures, list) or len(signatures) != 1 or not isinstance(signatures[0], dict):
        raise ValueError("the entry does not hold one signature")
    first = signatures[0]
    return _sha256(object_of(spec, "payloadHash")), base64_bytes(text_of(first, "signature")), _spki(text_of(first, "verifier"))


def _sha256(digest: dict[str, Json]) -> str:
    if text_of(digest, "algorithm") != "sha256":
        raise ValueError("the entry names another hash than SHA-256")
    return text_of(digest, "value")


def _spki(content: str) -> bytes:
    return spki_of(base64_bytes(content))
