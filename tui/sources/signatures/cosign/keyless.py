"""Keyless bundles by sigstore-python, an optional extra: loaded when the first one is met, offline, with its own trust root.

`pip install trustree[sigstore]`. Its errors are told apart: a bundle it cannot read is unsupported, one that fails is invalid.
"""

from __future__ import annotations

from cryptography import x509

from tui.domain.signature import Outcome, Reason, StepName, StepState
from tui.sources.signatures.cosign.bundle import MEDIA_TYPES, Bundle, check_statement, check_subject
from tui.sources.signatures.cosign.identity import allowed_identity
from tui.sources.signatures.cosign.keys import CosignPolicy
from tui.sources.signatures.cosign.simple import Finding, concluded, run_step
from tui.sources.signatures.faults import CheckFailed, guarded, said

__all__ = ["available", "verify_keyless"]


def available() -> bool:
    """True when the extra is installed; does not load it."""
    from importlib.util import find_spec

    return find_spec("sigstore") is not None


def verify_keyless(data: bytes, bundle: Bundle, digest: str, policy: CosignPolicy, predicate: str) -> Outcome:
    """The outcome of a bundle with a certificate: 1 statement, 2 the extra on signer, log and time, 3 subject."""
    finding = Finding()
    run_step(finding, StepName.INTEGRITY, lambda: check_statement(bundle.payload_type, bundle.payload, predicate))
    if finding.steps[0].state is StepState.PASSED:
        run_step(finding, StepName.AUTHENTICITY, lambda: _check_signer(data, bundle, policy, finding))
        run_step(finding, StepName.SUBJECT, lambda: check_subject(bundle.payload, digest))
    return concluded(finding, digest, MEDIA_TYPES[0], data)


class _Allowed:
    """A policy of sigstore-python (sigstore.verify.policy.VerificationPolicy): the identities of ours."""

    def __init__(self, policy: CosignPolicy) -> None:
        self._policy = policy
        self.who = ""

    def verify(self, certificate: x509.Certificate) -> None:
        """CheckFailed when the certificate's identity is not allowed."""
        self.who = guarded(lambda: allowed_identity(certificate, self._policy.identities), "identity", Reason.MALFORMED)


def _check_signer(data: bytes, bundle: Bundle, policy: CosignPolicy, finding: Finding) -> str:
    if not policy.identities:
        raise CheckFailed("keyless bundle: the policy names no identity and issuer", Reason.NO_KEY, unknown=True)
    if not available():
        raise CheckFailed("keyless bundle: needs trustree[sigstore]", Reason.MISSING_EXTRA, unknown=True)
    from sigstore.errors import VerificationError
    from sigstore.models import Bundle as SigstoreBundle
    from sigstore.models import InvalidBundle
    from sigstore.verify import Verifier

    allowed = _Allowed(policy)
    try:
        kind, payload = Verifier.production(offline=True).verify_dsse(SigstoreBundle.from_json(data), allowed)
    except InvalidBundle as error:
        raise CheckFailed(f"keyless bundle: not supported: {said(error)}", Reason.UNSUPPORTED, unknown=True) from error
    except VerificationError as error:
        raise CheckFailed(f"keyless bundle: {said(error)}", Reason.SIGNATURE_MISMATCH) from error
    if not allowed.who or (kind, payload) != (bundle.payload_type, bundle.payload):
        raise CheckFailed("keyless bundle: two readers disagree about its content", Reason.MALFORMED)
    finding.signer = allowed.who
    return f"signed by {allowed.who}"
