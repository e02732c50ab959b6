"""Simple signing: a layer of a `.sig` manifest with its annotations (cosign specs/SIGNATURE_SPEC.md).

Steps: 1 the payload parses, 2 a configured key or an allowed identity signed it, 3 it is about this digest, 4 the log
vouches for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tui.domain.signature import Outcome, Reason, SignatureSystem, SignerCertificate, Step, StepName, StepState, Verdict
from tui.domain.text import clean
from tui.sources.signatures.certificates import shown
from tui.sources.signatures.cosign.identity import allowed_identity, fulcio_chain, read_certificates
from tui.sources.signatures.cosign.keys import CosignPolicy, signed_by, verify_with
from tui.sources.signatures.cosign.rekor import Signed, check_entry, entry_of_annotation
from tui.sources.signatures.faults import CheckFailed, guarded
from tui.sources.signatures.strict import base64_bytes, json_object, object_of, text_of

__all__ = [
    "ANNOTATIONS",
    "MEDIA_TYPE",
    "Finding",
    "SimpleSignature",
    "concluded",
    "run_step",
    "signature_of_layer",
    "verify_simple",
]

MEDIA_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
TYPE = "cosign container image signature"
PAYLOAD_LIMIT = 1 << 20

ANNOTATIONS = {
    "signature": "dev.cosignproject.cosign/signature",
    "certificate": "dev.sigstore.cosign/certificate",
    "chain": "dev.sigstore.cosign/chain",
    "bundle": "dev.sigstore.cosign/bundle",
}


class SimpleSignature(msgspec.Struct, frozen=True):
    """One layer: its media type, bytes and the four annotations that matter, empty when absent."""

    media_type: str
    payload: bytes
    signature: str = ""
    certificate: str = ""
    chain: str = ""
    bundle: str = ""


class Finding(msgspec.Struct):
    """What the steps have found so far."""

    steps: list[Step] = []
    signer: str = ""
    chain: tuple[SignerCertificate, ...] = ()
    signing_time: datetime | None = None
    warning: str = ""
    spki: bytes = b""


def signature_of_layer(media_type: str, payload: bytes, annotations: dict[str, str]) -> SimpleSignature:
    """A layer of a signature manifest with its annotations."""
    return SimpleSignature(media_type, payload, **{name: annotations.get(key, "") for name, key in ANNOTATIONS.items()})


def verify_simple(signature: SimpleSignature, digest: str, repository: str, policy: CosignPolicy) -> Outcome:
    """The outcome for an image of that manifest digest, found in `host/repository`.

    Another reference inside the payload is a warning only: an import to another registry keeps the signature.
    """
    finding = Finding()
    if signature.media_type != MEDIA_TYPE:
        step = Step(StepName.INTEGRITY, StepState.UNKNOWN, signature.media_type, Reason.NOT_A_SIGNATURE)
        return concluded(Finding([step]), digest, signature.media_type, signature.payload)
    run_step(finding, StepName.INTEGRITY, lambda: _check_format(signature))
    if finding.steps[0].state is StepState.PASSED:
        run_step(finding, StepName.AUTHENTICITY, lambda: _check_signer(signature, policy, finding))
        run_step(finding, StepName.SUBJECT, lambda: _check_subject(signature, digest, repository, finding))
        run_step(finding, StepName.LOG, lambda: _check_log(signature, policy, finding))
    return concluded(finding, digest, MEDIA_TYPE, signature.payload)


def run_step(finding: Finding, name: StepName, check: Callable[[], str]) -> None:
    """Run one step, failing closed, and note how it ended."""
    try:
        step = Step(name, StepState.PASSED, guarded(check, name.value, Reason.MALFORMED))
    except CheckFailed as failed:
        step = Step(name, StepState.UNKNOWN if failed.unknown else StepState.FAILED, failed.headline, failed.reason)
    finding.steps.append(step)


def concluded(finding: Finding, digest: str, media_type: str, envelope: bytes) -> Outcome:
    """The outcome of the steps: the first failure decides, then the first unknown, then a warning."""
    decisive = next((s for state in (StepState.FAILED, StepState.UNKNOWN) for s in finding.steps if s.state is state), None)
    verdict, sentence, reason = Verdict.VALID, "the signature is valid", Reason.NONE
    if decisive is not None:
        verdict = Verdict.INVALID if decisive.state is StepState.FAILED else Verdict.INCONCLUSIVE
        sentence, reason = decisive.sentence, decisive.reason
    elif finding.warning:
        verdict, sentence, reason = Verdict.VALID_WITH_WARNINGS, finding.warning, Reason.REFERENCE_MOVED
    return Outcome(
        system=SignatureSystem.COSIGN,
        verdict=verdict,
        sentence=sentence,
        reason=reason,
        steps=tuple(finding.steps),
        signer=clean(finding.signer, 200),
        chain=finding.chain,
        signing_time=finding.signing_time,
        envelope_digest=f"sha256:{hashlib.sha256(envelope).hexdigest()}",
        media_type=media_type,
        subject_digest=clean(digest, 160),
    )


def _check_format(signature: SimpleSignature) -> str:
    """Step 1: a payload of cosign's type and a signature (SIGNATURE_SPEC.md, simple signing)."""
    if len(signature.payload) > PAYLOAD_LIMIT:
        raise CheckFailed("the payload is too large", Reason.MALFORMED)
    critical = object_of(json_object(signature.payload), "critical")
    if text_of(critical, "type") != TYPE:
        raise CheckFailed(f"the payload is of type {text_of(critical, 'type')!r}", Reason.UNSUPPORTED)
    if not base64_bytes(signature.signature):
        raise CheckFailed("the signature is empty", Reason.MALFORMED)
    return "a simple signing payload"


def _check_signer(signature: SimpleSignature, policy: CosignPolicy, finding: Finding) -> str:
    """Step 2: a key of the policy, else the identity in the certificate."""
    keyless = bool(signature.certificate and policy.fulcio)
    if keyless and not policy.keys:
        return _check_identity(signature, policy, finding)
    try:
        key = signed_by(policy.keys, signature.payload, base64_bytes(signature.signature))
    except CheckFailed:
        if keyless:
            return _check_identity(signature, policy, finding)
        if signature.certificate and not policy.keys:
            raise CheckFailed("keyless signature: no Fulcio root is configured", Reason.NO_KEY, unknown=True) from None
        raise
    finding.signer, finding.spki = key.name, key.spki
    return f"signed with the key {key.name}"


def _check_identity(signature: SimpleSignature, policy: CosignPolicy, finding: Finding) -> str:
    """Step 2, keyless: signature by the certificate's key, entry of the log, chain at its time, identity of the policy."""
    (leaf,) = read_certificates(signature.certificate)
    spki = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    raw = base64_bytes(signature.signature)
    if not verify_with(spki, signature.payload, raw):
        raise CheckFailed("the certificate's key did not make this signature", Reason.SIGNATURE_MISMATCH)
    if not signature.bundle:
        raise CheckFailed("no Rekor bundle: signing time unknown", Reason.LOG_MISSING, unknown=True)
    if not policy.rekor:
        raise CheckFailed("no Rekor key is configured: signing time unknown", Reason.NO_KEY, unknown=True)
    moment = check_entry(entry_of_annotation(signature.bundle), policy.rekor, Signed(signature.payload, raw, spki))
    chain = fulcio_chain(leaf, read_certificates(signature.chain), policy.fulcio, moment)
    who = allowed_identity(leaf, policy.identities)
    finding.signer, finding.spki, finding.signing_time = who, spki, moment
    finding.chain = tuple(shown(certificate, certificate.public_bytes(Encoding.DER)) for certificate in chain)
    return f"signed by {who} at {moment.isoformat()}; legacy keyless, SCT not checked"


def _check_subject(signature: SimpleSignature, digest: str, repository: str, finding: Finding) -> str:
    """Step 3: the digest that we resolved and hashed ourselves; the reference only warns."""
    critical = object_of(json_object(signature.payload), "critical")
    signed = text_of(object_of(critical, "image"), "docker-manifest-digest")
    if signed != digest:
        raise CheckFailed(f"signature is for another digest: {signed}", Reason.WRONG_SUBJECT)
    reference = text_of(object_of(critical, "identity"), "docker-reference")
    if _repository(reference) != repository and reference:
        finding.warning = clean(f"signed as {reference}, found in {repository}", 300)
    return f"is about {digest}"


def _repository(reference: str) -> str:
    """`host/repository` of a reference with or without tag or digest."""
    name = reference.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def _check_log(signature: SimpleSignature, policy: CosignPolicy, finding: Finding) -> str:
    """Step 4: an entry that is there must hold; one that is missing fails only when the policy wants it."""
    if not signature.bundle:
        if policy.require_log:
            raise CheckFailed("transparency log entry missing", Reason.LOG_MISSING)
        return "no transparency log entry, none asked for"
    if not policy.rekor:
        if policy.require_log:
            raise CheckFailed("no Rekor key is configured", Reason.NO_KEY, unknown=True)
        return "the transparency log entry was not checked: no Rekor key is configured"
    if not finding.spki:
        raise CheckFailed("not looked at: the signer is unknown", Reason.LOG_INVALID, unknown=True)
    signed = Signed(signature.payload, base64_bytes(signature.signature), finding.spki)
    moment = check_entry(entry_of_annotation(signature.bundle), policy.rekor, signed)
    finding.signing_time = moment
    return f"in the transparency log since {moment.isoformat()}"
