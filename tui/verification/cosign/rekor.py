"""Entries of the Rekor transparency log, checked offline: the promise (SET), the proof of inclusion, and what they are about.

A promise proves that the log took an entry in, a proof that it is in a tree whose head the log signed; the entry must then be
about this very signature, key and payload: without that check any entry of the log would do (CVE-2022-36056).
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from tui.domain.facts.signature import Reason
from tui.verification.cosign.keys import TransparencyLog, usable_key, verify_with
from tui.verification.cosign.merkle import InclusionProof, check_proof
from tui.verification.cosign.records import Record, read_record
from tui.verification.cosign.steps import held
from tui.verification.cosign.wire import go_base64, json_members, optional_object
from tui.verification.faults import CheckFailed, Malformed
from tui.verification.strict import Json, integer_of, text_of

__all__ = ["LogEntry", "Signed", "check_entries", "check_entry", "entry_of_annotation"]

_OF_ANNOTATION = ("SignedEntryTimestamp", "Payload")
_OF_PAYLOAD = ("body", "integratedTime", "logIndex", "logID")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MALFORMED = "the transparency log entry is malformed"


class LogEntry(msgspec.Struct, frozen=True):
    """One log entry; `body` is base64 as signed, `log_id` lower case hex, `promise` the SET, empty without."""

    body: str
    integrated_time: int
    log_id: str
    log_index: int
    promise: bytes = b""
    proof: InclusionProof | None = None

    @property
    def time(self) -> datetime:
        """When the log took it in; ValueError for a moment that no calendar has."""
        try:
            return _EPOCH + timedelta(seconds=self.integrated_time)
        except OverflowError as error:
            raise Malformed("it is of a time that does not exist") from error


class Signed(msgspec.Struct, frozen=True):
    """What the entry must be about: payload, signature, and the key or certificate in DER that the log was shown."""

    payload: bytes
    signature: bytes
    holder: bytes


def entry_of_annotation(text: str) -> LogEntry | None:
    """The entry in a `dev.sigstore.cosign/bundle` annotation, None for an empty one; CheckFailed when malformed."""
    return held(lambda: _annotation(text), "the Rekor bundle beside the signature is malformed", Reason.LOG_INVALID)


def _annotation(text: str) -> LogEntry | None:
    if not text:
        return None
    bundle = json_members(text.encode("utf-8"), *_OF_ANNOTATION)
    payload = optional_object(bundle, "Payload", *_OF_PAYLOAD)
    return LogEntry(
        body=text_of(payload, "body"),
        integrated_time=_int64(payload, "integratedTime"),
        log_id=text_of(payload, "logID"),
        log_index=_int64(payload, "logIndex"),
        promise=go_base64(text_of(bundle, "SignedEntryTimestamp")),
    )


def _int64(members: dict[str, Json], name: str) -> int:
    value = integer_of(members, name)
    if abs(value) >= 1 << 63:
        raise ValueError("out of range")
    return value


def check_entry(entry: LogEntry, logs: tuple[TransparencyLog, ...], signed: Signed) -> datetime:
    """The moment of inclusion, once promise and content hold; CheckFailed otherwise."""
    return held(lambda: _check(entry, logs, signed), _MALFORMED, Reason.LOG_INVALID)


def _check(entry: LogEntry, logs: tuple[TransparencyLog, ...], signed: Signed) -> datetime:
    record = read_record(go_base64(entry.body))
    if not any(_promised(entry, log) for log in logs):
        raise CheckFailed("Rekor SET invalid or unknown log", Reason.LOG_INVALID)
    _about(record, signed)
    return entry.time


def check_entries(entries: tuple[LogEntry, ...], logs: tuple[TransparencyLog, ...], signed: Signed) -> list[datetime]:
    """Every entry of a known log must hold, and one must be there: the moments that logs promised, the earliest first.

    CheckFailed otherwise; undecided for an entry of a kind that is not read.
    """
    return held(lambda: _check_all(entries, logs, signed), _MALFORMED, Reason.LOG_INVALID)


def _check_all(entries: tuple[LogEntry, ...], logs: tuple[TransparencyLog, ...], signed: Signed) -> list[datetime]:
    if len({(entry.log_id, entry.log_index) for entry in entries}) != len(entries):
        raise CheckFailed("the bundle names one transparency log entry twice", Reason.LOG_INVALID)
    with_logs = [(entry, [log for log in logs if log.log_id == entry.log_id]) for entry in entries]
    good = [entry for entry, own in with_logs if own and _holds(entry, own, signed)]
    if not good:
        raise CheckFailed("Rekor SET invalid or unknown log", Reason.LOG_INVALID)
    return sorted(entry.time for entry in good if entry.promise)


def _holds(entry: LogEntry, logs: list[TransparencyLog], signed: Signed) -> bool:
    """False for a promise that the log did not make; CheckFailed for a proof or a content that does not fit."""
    record = read_record(go_base64(entry.body))
    if record is None:
        raise CheckFailed("entries of the newer transparency log (Rekor 2) are not read", Reason.UNSUPPORTED, unknown=True)
    if entry.promise and not any(_promised(entry, log) for log in logs):
        return False
    if entry.proof is not None:
        check_proof(entry.proof, go_base64(entry.body), [log.spki for log in logs])
    elif not entry.promise:
        raise CheckFailed("the transparency log entry has neither promise nor proof", Reason.LOG_INVALID)
    _about(record, signed)
    return True


def _promised(entry: LogEntry, log: TransparencyLog) -> bool:
    """Whether the log made the promise, with a key that counted then; only ECDSA keys do, as cosign has it."""
    if log.log_id != entry.log_id or not log.covers(entry.time):
        return False
    return isinstance(usable_key(log.spki), ec.EllipticCurvePublicKey) and verify_with(log.spki, _canonical(entry), entry.promise)


def _canonical(entry: LogEntry) -> bytes:
    """The signed bytes: canonical JSON (RFC 8785) of four members."""
    members: dict[str, Json] = {
        "body": entry.body,
        "integratedTime": entry.integrated_time,
        "logID": entry.log_id,
        "logIndex": entry.log_index,
    }
    return json.dumps(members, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def _about(record: Record | None, signed: Signed) -> None:
    """CheckFailed unless the record is about exactly this."""
    if record is None or not record.read:
        kind = f" of kind {record.kind!r}" if record is not None else ""
        raise CheckFailed(f"transparency log entries{kind} cannot be read", Reason.UNSUPPORTED, unknown=True)
    payload = hashlib.sha256(signed.payload).hexdigest()
    if (record.digest, record.signature, record.holder) != (payload, signed.signature, signed.holder):
        raise CheckFailed("Rekor entry is for another signature", Reason.LOG_INVALID)
