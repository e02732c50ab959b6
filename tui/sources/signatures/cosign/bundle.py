"""Sigstore bundles with a managed key: DSSE over an in-toto statement (sigstore protobuf-specs bundle v0.3; DSSE protocol.md).

Bundles with a certificate are keyless: they go to the optional extra.
"""

from __future__ import annotations

import msgspec

from tui.domain.signature import Outcome, Reason, Step, StepName, StepState
from tui.sources.signatures.cosign.keys import CosignPolicy, signed_by
from tui.sources.signatures.cosign.rekor import Entry, Signed, check_entry
from tui.sources.signatures.cosign.simple import Finding, concluded, run_step
from tui.sources.signatures.faults import CheckFailed, guarded
from tui.sources.signatures.strict import Json, base64_bytes, integer_of, json_object, object_of, text_of

__all__ = ["MEDIA_TYPES", "SIGN_PREDICATE", "Bundle", "check_statement", "check_subject", "pae", "parse_bundle", "verify_bundle"]

MEDIA_TYPES = (
    "application/vnd.dev.sigstore.bundle.v0.3+json",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.1",
)
SIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1"
STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
PAYLOAD_TYPE = "application/vnd.in-toto+json"
BUNDLE_LIMIT = 16 << 20


class Bundle(msgspec.Struct, frozen=True):
    """A parsed bundle: DSSE `payload` of `payload_type` with one signature; `keyless` when it brings a certificate."""

    payload: bytes
    payload_type: str
    signature: bytes
    keyless: bool
    entries: tuple[Entry, ...] = ()
    other_entries: int = 0


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: DSSE's pre-authentication encoding."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def parse_bundle(data: bytes) -> Bundle:
    """The parts of a bundle; CheckFailed when malformed or of a kind that signs no image."""
    return guarded(lambda: _parse(data), "malformed bundle", Reason.MALFORMED)


def _parse(data: bytes) -> Bundle:
    if len(data) > BUNDLE_LIMIT:
        raise CheckFailed("the bundle is too large", Reason.MALFORMED)
    members = json_object(data)
    if text_of(members, "mediaType") not in MEDIA_TYPES:
        raise CheckFailed(
            f"bundles of type {text_of(members, 'mediaType')!r} are not supported", Reason.UNSUPPORTED, unknown=True
        )
    if "dsseEnvelope" not in members:
        raise CheckFailed("the bundle holds no DSSE envelope", Reason.NOT_A_SIGNATURE, unknown=True)
    material = object_of(members, "verificationMaterial")
    envelope = object_of(members, "dsseEnvelope")
    entries, others = _entries(material.get("tlogEntries"))
    return Bundle(
        payload=base64_bytes(text_of(envelope, "payload")),
        payload_type=text_of(envelope, "payloadType"),
        signature=_signature(envelope.get("signatures")),
        keyless="publicKey" not in material,
        entries=entries,
        other_entries=others,
    )


def _signature(signatures: Json) -> bytes:
    if not isinstance(signatures, list) or len(signatures) != 1 or not isinstance(signatures[0], dict):
        raise ValueError("a bundle holds exactly one signature")
    return base64_bytes(text_of(signatures[0], "sig"))


def _entries(entries: Json) -> tuple[tuple[Entry, ...], int]:
    """The log entries with an inclusion promise (SET), and how many have none."""
    if entries is None:
        return (), 0
    if not isinstance(entries, list) or len(entries) > 16:
        raise ValueError("tlogEntries is not a short list")
    found = [_entry(entry) for entry in entries if isinstance(entry, dict) and entry.get("inclusionPromise")]
    return tuple(found), len(entries) - len(found)


def _entry(entry: dict[str, Json]) -> Entry:
    return Entry(
        body=text_of(entry, "canonicalizedBody"),
        integrated_time=_number(entry, "integratedTime"),
        log_id=base64_bytes(text_of(object_of(entry, "logId"), "keyId")).hex(),
        log_index=_number(entry, "logIndex"),
        timestamp=base64_bytes(text_of(object_of(entry, "inclusionPromise"), "signedEntryTimestamp")),
    )


def _number(members: dict[str, Json], name: str) -> int:
    """64-bit integers are text in protobuf's JSON."""
    value = members.get(name)
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 20 else integer_of(members, name)


def verify_bundle(data: bytes, digest: str, policy: CosignPolicy, predicate: str = SIGN_PREDICATE) -> Outcome:
    """The outcome for an image of that digest; `predicate` is the type that the statement must have, empty for any.

    Steps: 1 bundle, envelope and statement parse, 2 a configured key signed, 3 it is about this digest, 4 the log vouches for it.
    """
    try:
        bundle = parse_bundle(data)
    except CheckFailed as failed:
        state = StepState.UNKNOWN if failed.unknown else StepState.FAILED
        finding = Finding([Step(StepName.INTEGRITY, state, failed.headline, failed.reason)])
        return concluded(finding, digest, MEDIA_TYPES[0], data)
    if bundle.keyless:
        from tui.sources.signatures.cosign.keyless import verify_keyless

        return verify_keyless(data, bundle, digest, policy, predicate)
    finding = Finding()
    run_step(finding, StepName.INTEGRITY, lambda: check_statement(bundle.payload_type, bundle.payload, predicate))
    if finding.steps[0].state is StepState.PASSED:
        run_step(finding, StepName.AUTHENTICITY, lambda: _check_signer(bundle, policy, finding))
        run_step(finding, StepName.SUBJECT, lambda: check_subject(bundle.payload, digest))
        run_step(finding, StepName.LOG, lambda: _check_log(bundle, policy, finding))
    return concluded(finding, digest, MEDIA_TYPES[0], data)


def statement_of(payload: bytes) -> dict[str, Json]:
    """The in-toto statement; ValueError otherwise."""
    statement = json_object(payload)
    if text_of(statement, "_type") not in STATEMENTS:
        raise ValueError("the payload is not an in-toto statement")
    return statement


def check_statement(payload_type: str, payload: bytes, predicate: str) -> str:
    """Step 1: an in-toto statement of the wanted predicate type."""
    if payload_type != PAYLOAD_TYPE:
        raise CheckFailed(f"the payload is of type {payload_type!r}", Reason.UNSUPPORTED)
    kind = text_of(statement_of(payload), "predicateType")
    if predicate and kind != predicate:
        raise CheckFailed(f"an attestation of type {kind}, not a signature", Reason.NOT_A_SIGNATURE, unknown=True)
    return f"an in-toto statement of type {kind}"


def _check_signer(bundle: Bundle, policy: CosignPolicy, finding: Finding) -> str:
    key = signed_by(policy.keys, pae(bundle.payload_type, bundle.payload), bundle.signature)
    finding.signer, finding.spki = key.name, key.spki
    return f"signed with the key {key.name}"


def check_subject(payload: bytes, digest: str) -> str:
    """Step 3: the statement names the image's digest."""
    algorithm, _, value = digest.partition(":")
    subjects = statement_of(payload).get("subject")
    named = [subject for subject in subjects if isinstance(subject, dict)] if isinstance(subjects, list) else []
    digests = [object_of(subject, "digest") for subject in named]
    if not value or not any(found.get(algorithm) == value for found in digests):
        raise CheckFailed("signature is for another digest", Reason.WRONG_SUBJECT)
    return f"is about {digest}"


def _check_log(bundle: Bundle, policy: CosignPolicy, finding: Finding) -> str:
    """Step 4: every entry with a SET must hold; one is needed when the policy wants it."""
    if not finding.spki:
        raise CheckFailed("not looked at: the signer is unknown", Reason.LOG_INVALID, unknown=True)
    if bundle.entries and policy.rekor:
        signed = Signed(bundle.payload, bundle.signature, finding.spki)
        finding.signing_time = min(check_entry(entry, policy.rekor, signed) for entry in bundle.entries)
        return f"in the transparency log since {finding.signing_time.isoformat()}"
    if not policy.require_log:
        return "no transparency log entry was checked, none is asked for"
    if bundle.entries or bundle.other_entries:
        words = "no Rekor key is configured" if bundle.entries else "only a proof of inclusion, which is not supported"
        raise CheckFailed(f"transparency log: {words}", Reason.NO_KEY if bundle.entries else Reason.UNSUPPORTED, unknown=True)
    raise CheckFailed("transparency log entry missing", Reason.LOG_MISSING)
