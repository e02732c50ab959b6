"""Simple signing: a layer of a `.sig` manifest with its annotations (cosign specs/SIGNATURE_SPEC.md).

Steps: 1 the payload and the annotations parse, 2 a configured key or an allowed identity signed it, 3 it is about this digest,
4 the log vouches for it. They are those of `cosign verify` (pkg/cosign/verify.go, verifyInternal).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tui.domain.common.text import clean
from tui.domain.facts.signature import Outcome, Reason, StepName, StepState, VerificationStep
from tui.verification.certificates import shown
from tui.verification.cosign.identity import all_subjects, allowed_identity, fulcio_chain, issuer_of, read_certificates
from tui.verification.cosign.keys import CosignPolicy, signed_by, spki_of, verify_with
from tui.verification.cosign.rekor import LogEntry, Signed, check_entry, entry_of_annotation
from tui.verification.cosign.sct import check_certificate_log
from tui.verification.cosign.steps import VerificationState, concluded, held, run_step
from tui.verification.cosign.wire import go_base64, json_members, optional_object
from tui.verification.faults import CheckFailed
from tui.verification.pkix.moment import shifted
from tui.verification.strict import Json, base64_bytes, text_of

__all__ = [
    "ANNOTATIONS",
    "MEDIA_TYPE",
    "SimpleSignature",
    "carried_moments",
    "check_stamp_form",
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
    "timestamp": "dev.sigstore.cosign/rfc3161timestamp",
}


class SimpleSignature(msgspec.Struct, frozen=True):
    """One layer: its media type, bytes and the annotations that matter, empty when absent."""

    media_type: str
    payload: bytes
    signature: str = ""
    certificate: str = ""
    chain: str = ""
    bundle: str = ""
    timestamp: str = ""


class _Annotations(msgspec.Struct):
    """The annotations, parsed."""

    signature: bytes = b""
    leaf: x509.Certificate | None = None
    chain: list[x509.Certificate] = []
    entry: LogEntry | None = None

    @property
    def der(self) -> bytes:
        """The certificate, empty without."""
        return self.leaf.public_bytes(Encoding.DER) if self.leaf is not None else b""


class _Claim(msgspec.Struct, frozen=True):
    """What a payload says: the type of the signature, the digest and the reference that were signed."""

    kind: str
    digest: str
    reference: str


def signature_of_layer(media_type: str, payload: bytes, annotations: dict[str, str]) -> SimpleSignature:
    """A layer of a signature manifest with its annotations."""
    return SimpleSignature(media_type, payload, **{name: annotations.get(key, "") for name, key in ANNOTATIONS.items()})


def carried_moments(annotations: dict[str, str]) -> list[datetime]:
    """When the certificate beside a signature begins and ceases to be valid; none without one that can be read."""
    second = timedelta(seconds=1)  # it is valid to the end of its last second
    try:
        certificates = read_certificates(annotations.get(ANNOTATIONS["certificate"], ""))
    except ValueError:
        return []
    return [
        moment for leaf in certificates[:1] for moment in (leaf.not_valid_before_utc, shifted(leaf.not_valid_after_utc, second))
    ]


def verify_simple(
    signature: SimpleSignature, digest: str, repository: str, policy: CosignPolicy, now: datetime | None = None
) -> Outcome:
    """The outcome for an image of that manifest digest, found in `host/repository`, at a moment.

    Another reference inside the payload is a warning only: an import to another registry keeps the signature.
    """
    if signature.media_type != MEDIA_TYPE:
        step = VerificationStep(StepName.INTEGRITY, StepState.UNKNOWN, clean(signature.media_type, 120), Reason.NOT_A_SIGNATURE)
        return concluded(VerificationState([step]), digest, signature.media_type, signature.payload)
    verification = _Verification(signature, policy, now)
    finding = verification.finding
    run_step(finding, StepName.INTEGRITY, verification.check_format)
    if finding.steps[0].state is StepState.PASSED:
        run_step(finding, StepName.AUTHENTICITY, verification.check_signer)
        run_step(finding, StepName.SUBJECT, lambda: verification.check_subject(digest, repository))
        run_step(finding, StepName.LOG, verification.check_log)
    return concluded(finding, digest, MEDIA_TYPE, signature.payload)


def _claim(payload: bytes) -> _Claim:
    """The payload as Go decodes it; ValueError when it could be read in two ways, or has members of other types."""
    members = json_members(payload, "critical", "optional")
    optional_object(members, "optional")
    critical = optional_object(members, "critical", "identity", "image", "type")
    image = optional_object(critical, "image", "docker-manifest-digest")
    identity = optional_object(critical, "identity", "docker-reference")
    return _Claim(_text(critical, "type"), _text(image, "docker-manifest-digest"), _text(identity, "docker-reference"))


def check_stamp_form(annotation: str) -> None:
    """ValueError for a time stamp that is malformed; read only, as no authority is configured and the log's time counts."""
    if annotation:
        stamp = json_members(annotation.encode("utf-8"), "SignedRFC3161Timestamp")
        go_base64(_text(stamp, "SignedRFC3161Timestamp"))


def _text(members: dict[str, Json], name: str) -> str:
    return "" if members.get(name) is None else text_of(members, name)


class _Verification:
    """One signature under one policy; its steps are called in their order."""

    def __init__(self, signature: SimpleSignature, policy: CosignPolicy, now: datetime | None) -> None:
        self._signature, self._policy, self._now = signature, policy, now
        self._read = _Annotations()
        self.finding = VerificationState()

    def check_format(self) -> str:
        """Step 1: a payload of cosign's type, a signature, and annotations that hold what they are for."""
        carried = self._signature
        if len(carried.payload) > PAYLOAD_LIMIT:
            raise CheckFailed("the payload is too large", Reason.MALFORMED)
        kind = held(lambda: _claim(carried.payload), "the payload is not one of cosign's", Reason.MALFORMED).kind
        if kind != TYPE:
            raise CheckFailed(f"the payload is of type {kind!r}", Reason.UNSUPPORTED)
        self._read.signature = held(lambda: go_base64(carried.signature), "the signature is not base64", Reason.MALFORMED)
        if not self._read.signature:
            raise CheckFailed("the signature is empty", Reason.MALFORMED)
        held(self._read_certificates, "the certificate beside the signature is malformed", Reason.MALFORMED)
        held(lambda: check_stamp_form(carried.timestamp), "the time stamp beside the signature is malformed", Reason.MALFORMED)
        return "a simple signing payload"

    def _read_certificates(self) -> None:
        """The first certificate counts, as cosign has it; a chain beside no certificate is not looked at."""
        certificates = read_certificates(self._signature.certificate)
        if certificates:
            self._read.leaf, self._read.chain = certificates[0], read_certificates(self._signature.chain)
        elif self._signature.certificate:
            raise ValueError("no certificate in it")

    def check_signer(self) -> str:
        """Step 2: a key of the policy, else the identity in the certificate."""
        policy, leaf = self._policy, self._read.leaf
        if leaf is not None and policy.keyless and not policy.keys:
            return self._check_identity(leaf)
        try:
            key, words = signed_by(policy.keys, self._signature.payload, self._read.signature)
        except CheckFailed:
            if leaf is not None and policy.keyless:
                return self._check_identity(leaf)
            if leaf is not None and not policy.keys:
                raise CheckFailed("keyless signature: no Fulcio root is configured", Reason.NO_KEY, unknown=True) from None
            raise
        self.finding.signer, self.finding.holder = key.name, key.spki
        return words

    def _check_identity(self, leaf: x509.Certificate) -> str:
        """Step 2, keyless: signature by the certificate's key, log entry, chain at its time, identity, log of certificates."""
        policy, signature = self._policy, self._signature
        spki = spki_of(leaf)
        if not verify_with(spki, signature.payload, self._read.signature):
            raise CheckFailed("the certificate's key did not make this signature", Reason.SIGNATURE_MISMATCH)
        entry = entry_of_annotation(signature.bundle)
        if entry is None:
            raise CheckFailed("no Rekor bundle: signing time unknown", Reason.LOG_MISSING, unknown=True)
        if not policy.logs:
            raise CheckFailed("no Rekor key is configured: signing time unknown", Reason.NO_KEY, unknown=True)
        moment = self._logged(entry, self._read.der)
        chain = fulcio_chain(leaf, self._read.chain, policy, moment)
        who = allowed_identity(all_subjects(leaf), issuer_of(leaf, bundled=False), policy.identities)
        if policy.require_sct:
            check_certificate_log(leaf, chain[1], policy.certificate_logs, every=policy.root is None)
        self.finding.signer, self.finding.holder, self.finding.signing_time = who, self._read.der, moment
        self.finding.chain = tuple(shown(certificate, certificate.public_bytes(Encoding.DER)) for certificate in chain)
        return f"signed by {who} at {moment.isoformat()}"

    def check_subject(self, digest: str, repository: str) -> str:
        """Step 3: the digest that we resolved and hashed ourselves; the reference only warns."""
        claim = _claim(self._signature.payload)
        if claim.digest != digest:
            raise CheckFailed(f"signature is for another digest: {claim.digest or 'none'}", Reason.WRONG_SUBJECT)
        if not digest.startswith("sha256:"):
            raise CheckFailed("cosign verifies sha256 digests only", Reason.UNSUPPORTED, unknown=True)
        if claim.reference and _repository(claim.reference) != repository:
            self.finding.warning = clean(f"signed as {claim.reference}, found in {repository}", 300)
        return f"is about {digest}"

    def check_log(self) -> str:
        """Step 4: an entry that is there must hold; one that is missing fails only when the policy wants it."""
        policy, finding = self._policy, self.finding
        entry = entry_of_annotation(self._signature.bundle)
        if entry is None:
            if policy.require_log:
                raise CheckFailed("transparency log entry missing", Reason.LOG_MISSING)
            return self._carried(self._now, "no transparency log entry, none asked for")
        if not policy.logs:
            if policy.require_log:
                raise CheckFailed("no Rekor key is configured", Reason.NO_KEY, unknown=True)
            return self._carried(self._now, "the transparency log entry was not checked: no Rekor key is configured")
        if not policy.require_log and not policy.knows(entry.log_id):
            return self._carried(self._now, "the transparency log entry is of a log that is not configured; none is asked for")
        if not finding.holder:
            raise CheckFailed("not looked at: the signer is unknown", Reason.LOG_INVALID, unknown=True)
        if self._read.leaf is not None and finding.holder not in (self._read.der, spki_of(self._read.leaf)):
            raise CheckFailed("the certificate beside the signature is of another key", Reason.LOG_INVALID)
        finding.signing_time = self._logged(entry, self._read.der or finding.holder)
        return self._carried(finding.signing_time, f"in the transparency log since {finding.signing_time.isoformat()}")

    def _logged(self, entry: LogEntry, holder: bytes) -> datetime:
        """The moment of an entry about this signature, written there as it is here (cosign compares the texts)."""
        held(lambda: base64_bytes(self._signature.signature), "the log has the signature written otherwise", Reason.LOG_INVALID)
        return check_entry(entry, self._policy.logs, Signed(self._signature.payload, self._read.signature, holder))

    def _carried(self, moment: datetime | None, words: str) -> str:
        """A certificate beside a signature must be valid when that was made, as far as known, even where a key signed."""
        leaf = self._read.leaf
        if leaf is None:
            return words
        if moment is None:
            raise CheckFailed("when it was made is not known, and it carries a certificate", Reason.LOG_MISSING, unknown=True)
        if moment > leaf.not_valid_after_utc:
            raise CheckFailed("the certificate beside the signature has expired", Reason.CERTIFICATE_EXPIRED)
        if moment < leaf.not_valid_before_utc:
            raise CheckFailed("the certificate beside the signature was not valid yet", Reason.CERTIFICATE_NOT_YET_VALID)
        return words


def _repository(reference: str) -> str:
    """`host/repository` of a reference with or without tag or digest."""
    name = reference.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"
