"""Attestations: in-toto statements about an image that somebody signed, in a Sigstore bundle or in a DSSE envelope.

Bundles are what GitHub's `attest-build-provenance` and `cosign attest` of version 3 attach; before, cosign put envelopes under
the tag `.att` (cosign specs/ATTESTATION_SPEC.md; secure-systems-lab/dsse envelope.md), with what the log said in an annotation.
"""

from __future__ import annotations

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.signature import Reason, StepName, StepState
from tui.verification.cosign.bundle import check_statement, check_subject, pae, parse_bundle
from tui.verification.cosign.bundle_judge import verify_bundle
from tui.verification.cosign.keys import CosignPolicy, signed_by
from tui.verification.cosign.rekor import Signed, check_entry, entry_of_annotation
from tui.verification.cosign.simple import ANNOTATIONS, check_stamp_form
from tui.verification.cosign.steps import held
from tui.verification.cosign.wire import go_base64, json_members
from tui.verification.faults import CheckFailed
from tui.verification.strict import Json, refuse_lookalikes, text_of

__all__ = ["ENVELOPE", "Attestation", "read_attestation"]

ENVELOPE = "application/vnd.dsse.envelope.v1+json"
MOST_SIGNATURES = 32
_STANDARD = str.maketrans("-_", "+/")


class Attestation(msgspec.Struct, frozen=True):
    """What an attestation says of an image: its in-toto `statement`, empty where it is not about the image or cannot be read.

    `signer` is who signed it, as the policy calls them. `doubt` says why that is not proven, empty when it is.
    """

    statement: bytes = b""
    signer: str = ""
    doubt: str = ""


class _Envelope(msgspec.Struct, frozen=True):
    payload: bytes
    payload_type: str
    signatures: tuple[bytes, ...]


def read_attestation(data: bytes, media_type: str, annotations: dict[str, str], digest: str, policy: CosignPolicy) -> Attestation:
    """What an attestation of either form says of the image of a digest, and whether somebody whom the policy trusts signed it."""
    try:
        return _of_envelope(data, annotations, digest, policy) if media_type == ENVELOPE else _of_bundle(data, digest, policy)
    except CheckFailed as failed:
        return Attestation(doubt=failed.headline)


def _of_bundle(data: bytes, digest: str, policy: CosignPolicy) -> Attestation:
    bundle, outcome = parse_bundle(data), verify_bundle(data, digest, policy, predicate="")
    subject = outcome.step(StepName.SUBJECT)
    is_about = subject is not None and subject.state is StepState.PASSED
    if outcome.verdict.accepted:
        return Attestation(bundle.payload, outcome.signer)
    return Attestation(bundle.payload if is_about else b"", doubt=outcome.sentence)


def _of_envelope(data: bytes, annotations: dict[str, str], digest: str, policy: CosignPolicy) -> Attestation:
    """Steps: 1 envelope and statement parse, 2 it is about this digest, 3 a configured key signed, 4 the log vouches for it."""
    envelope = held(lambda: _parsed(data), "the envelope is malformed", Reason.MALFORMED)
    check_statement(envelope.payload_type, envelope.payload, "")
    held(lambda: check_subject(envelope.payload, digest), "what it is about cannot be read", Reason.MALFORMED)
    try:
        signer = held(lambda: _signer(envelope, annotations, policy), "its signer cannot be read", Reason.MALFORMED)
    except CheckFailed as failed:
        return Attestation(envelope.payload, doubt=failed.headline)
    return Attestation(envelope.payload, clean(signer, 200))


def _parsed(data: bytes) -> _Envelope:
    """The envelope as Go decodes it (secure-systems-lab/go-securesystemslib dsse); ValueError when it has a second reading."""
    members = json_members(data, "payload", "payloadType", "signatures")
    signatures = members.get("signatures")
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= MOST_SIGNATURES:
        raise ValueError("no signatures, or too many")
    return _Envelope(
        payload=_decoded(text_of(members, "payload")),
        payload_type=text_of(members, "payloadType"),
        signatures=tuple(map(_signature, signatures)),
    )


def _signature(item: Json) -> bytes:
    if not isinstance(item, dict):
        raise ValueError("a signature is not an object")
    refuse_lookalikes(item, ("sig", "keyid"))
    if item.get("keyid") is not None:
        text_of(item, "keyid")
    return _decoded(text_of(item, "sig"))


def _decoded(text: str) -> bytes:
    """Base64 in either alphabet, with padding (envelope.md)."""
    return go_base64(text.translate(_STANDARD) if not set(text) & set("+/") else text)


def _signer(envelope: _Envelope, annotations: dict[str, str], policy: CosignPolicy) -> str:
    if annotations.get(ANNOTATIONS["certificate"]):
        words = "a certificate signed it, which is verified in Sigstore bundles alone"
        raise CheckFailed(words, Reason.UNSUPPORTED, unknown=True)
    if ANNOTATIONS["signature"] not in annotations:
        raise CheckFailed("its layer lacks the annotation that cosign gives to signatures", Reason.MALFORMED)
    stamp = annotations.get(ANNOTATIONS["timestamp"], "")
    held(lambda: check_stamp_form(stamp), "the time stamp beside the signature is malformed", Reason.MALFORMED)
    signed, failure = pae(envelope.payload_type, envelope.payload), None
    for signature in envelope.signatures:
        try:
            key, _ = signed_by(policy.keys, signed, signature)
        except CheckFailed as failed:
            failure = failed
            continue
        _check_log(Signed(envelope.payload, signature, key.spki), annotations, policy)
        return key.name
    raise failure or CheckFailed("nobody signed it", Reason.MALFORMED)


def _check_log(signed: Signed, annotations: dict[str, str], policy: CosignPolicy) -> None:
    """An entry of a known log must hold; one is needed when the policy wants it."""
    entry = entry_of_annotation(annotations.get(ANNOTATIONS["bundle"], ""))
    if entry is not None and policy.logs and (policy.require_log or policy.knows(entry.log_id)):
        check_entry(entry, policy.logs, signed)
    elif policy.require_log:
        words = "transparency log: no Rekor key is configured" if entry is not None else "transparency log entry missing"
        raise CheckFailed(words, Reason.LOG_MISSING, unknown=entry is not None)
