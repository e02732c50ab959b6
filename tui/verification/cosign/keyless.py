"""Bundles with a certificate in place of a key: by a trusted root that is configured, else by sigstore-python, an optional extra.

With a `trusted_root.json` every step is ours, as cosign has them (sigstore-go pkg/verify). Without one the extra is loaded when
the first such bundle is met (`pip install trustree[sigstore]`): offline, with the root of the public Sigstore that it carries.
What another root vouches for is not altered: nothing can be said of it.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tui.domain.common.text import clean
from tui.domain.facts.signature import Outcome, Reason, StepName, StepState
from tui.verification.certificates import issued_by, load_certificate, shown
from tui.verification.cosign.bundle import MEDIA_TYPES, Bundle, check_key_id, check_statement, check_subject, pae
from tui.verification.cosign.identity import allowed_identity, fulcio_chain, issuer_of, signing_subject
from tui.verification.cosign.keys import CosignPolicy, TrustedRoot, own_digest, spki_of, verify_with
from tui.verification.cosign.rekor import Signed, check_entries
from tui.verification.cosign.sct import check_certificate_log
from tui.verification.cosign.steps import VerificationState, concluded, held, run_step
from tui.verification.faults import CheckFailed, parsed

__all__ = ["available", "verify_keyless"]


def available() -> bool:
    """True when the extra is installed; does not load it."""
    from importlib.util import find_spec

    return find_spec("sigstore") is not None


def verify_keyless(data: bytes, bundle: Bundle, digest: str, policy: CosignPolicy, predicate: str) -> Outcome:
    """The outcome of a bundle with a certificate: 1 statement, 2 signer, log and time, 3 subject."""
    finding = VerificationState()
    run_step(finding, StepName.INTEGRITY, lambda: check_statement(bundle.payload_type, bundle.payload, predicate))
    if finding.steps[0].state is StepState.PASSED:
        run_step(finding, StepName.AUTHENTICITY, lambda: _check_signer(data, bundle, policy, finding))
        run_step(finding, StepName.SUBJECT, lambda: check_subject(bundle.payload, digest))
    return concluded(finding, digest, MEDIA_TYPES[0], data)


def _check_signer(data: bytes, bundle: Bundle, policy: CosignPolicy, finding: VerificationState) -> str:
    if not policy.identities:
        raise CheckFailed("keyless bundle: the policy names no identity and issuer", Reason.NO_KEY, unknown=True)
    leaf = held(lambda: load_certificate(bundle.certificate), "the signer's certificate is malformed", Reason.MALFORMED)
    check_key_id(bundle, spki_of(leaf))
    if policy.root is not None:
        return _check_by_root(bundle, leaf, policy, policy.root, finding)
    if not available():
        words = "keyless bundle: needs trustree[sigstore], or a trusted_root that the settings name"
        raise CheckFailed(words, Reason.MISSING_EXTRA, unknown=True)
    from tui.verification.cosign.public import check_by_public_root

    finding.signer = who = check_by_public_root(data, bundle, leaf, policy)
    return f"signed by {who}"


def _check_by_root(
    bundle: Bundle, leaf: x509.Certificate, policy: CosignPolicy, root: TrustedRoot, finding: VerificationState
) -> str:
    """The steps of sigstore-go: log, time, chain at that time, log of certificates, signature, identity."""
    if not _issued_under(leaf, root):
        raise _foreign(leaf)
    if not bundle.entries:
        raise _without_entries(bundle, root)
    if not any(log.log_id == entry.log_id for log in root.logs for entry in bundle.entries):
        words = "the bundle's transparency log is not one of the trusted root: it cannot be verified"
        raise CheckFailed(words, Reason.UNTRUSTED, unknown=True)
    moments = check_entries(bundle.entries, root.logs, Signed(bundle.payload, bundle.signature, bundle.certificate))
    if not moments:
        raise CheckFailed("no transparency log promised when it was made", Reason.LOG_MISSING)
    chains = [fulcio_chain(leaf, [], policy, moment) for moment in moments]
    if policy.require_sct:
        check_certificate_log(leaf, chains[0][1], root.certificate_logs, every=False)
    _check_signature(bundle, spki_of(leaf))
    who = allowed_identity(signing_subject(leaf), issuer_of(leaf, bundled=True), policy.identities)
    finding.signer, finding.signing_time = who, moments[0]
    finding.chain = tuple(shown(certificate, certificate.public_bytes(Encoding.DER)) for certificate in chains[0])
    return f"signed by {who} at {moments[0].isoformat()}"


def _without_entries(bundle: Bundle, root: TrustedRoot) -> CheckFailed:
    if bundle.stamps and root.stamping:
        words = "only a time stamp says when it was made; keyless bundles without a transparency log entry are not read"
        return CheckFailed(words, Reason.UNSUPPORTED, unknown=True)
    return CheckFailed("transparency log entry missing", Reason.LOG_MISSING)


def _issued_under(leaf: x509.Certificate, root: TrustedRoot) -> bool:
    """Whether a certificate of the trusted root made it, at whatever time."""
    above = [load_certificate(der) for authority in root.authorities for der in (*authority.intermediates, authority.root)]
    return any(issued_by(leaf, issuer) for issuer in above)


def _foreign(leaf: x509.Certificate) -> CheckFailed:
    """What to say of a signer whose certificate comes from elsewhere."""
    issuer = clean(parsed(lambda: leaf.issuer.rfc4514_string()), 120)
    words = f"its certificate comes from {issuer}, which the trusted root does not name: it cannot be verified"
    return CheckFailed(words, Reason.UNTRUSTED, unknown=True)


def _check_signature(bundle: Bundle, spki: bytes) -> None:
    """By the digest of the key's kind, else by SHA-256, as sigstore-go tries them."""
    signed = pae(bundle.payload_type, bundle.payload)
    if not any(verify_with(spki, signed, bundle.signature, digest) for digest in dict.fromkeys((own_digest(spki), "SHA-256"))):
        raise CheckFailed("the certificate's key did not make this signature", Reason.SIGNATURE_MISMATCH)
