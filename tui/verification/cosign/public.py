"""Keyless bundles of the public Sigstore, by sigstore-python and the trusted root that it carries; offline.

Only what is genuinely of that root is told to be wrong: its errors are told apart by what we see ourselves.
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509

from tui.domain.common.text import clean
from tui.domain.facts.signature import Reason
from tui.packages import load_package
from tui.verification.certificates import issued_by
from tui.verification.cosign.bundle import Bundle
from tui.verification.cosign.identity import allowed_identity, issuer_of, signing_subject
from tui.verification.cosign.keys import CosignPolicy
from tui.verification.cosign.steps import held
from tui.verification.faults import CheckFailed, parsed

__all__ = ["check_by_public_root"]


class _Allowed:
    """A policy of sigstore-python (sigstore.verify.policy.VerificationPolicy): the identities of ours."""

    def __init__(self, policy: CosignPolicy) -> None:
        self._policy = policy
        self.who = ""

    def verify(self, certificate: x509.Certificate) -> None:
        """CheckFailed when the certificate's identity is not allowed."""
        self.who = held(lambda: self._allowed(certificate), "the signer's identity cannot be read", Reason.MALFORMED)

    def _allowed(self, certificate: x509.Certificate) -> str:
        subjects, issuer = signing_subject(certificate), issuer_of(certificate, bundled=True)
        return allowed_identity(subjects, issuer, self._policy.identities)


def check_by_public_root(data: bytes, bundle: Bundle, leaf: x509.Certificate, policy: CosignPolicy) -> str:
    """Who signed; CheckFailed when it does not hold, undecided when another root than the public one would have to say."""
    load_package("sigstore.verify")
    from sigstore.errors import Error, VerificationError
    from sigstore.models import Bundle as SigstoreBundle
    from sigstore.models import ClientTrustConfig, InvalidBundle
    from sigstore.verify import Verifier

    allowed = _Allowed(policy)
    try:
        root = ClientTrustConfig.production(offline=True).trusted_root
        if not _issued_under(leaf, root.get_fulcio_certs()):
            raise _foreign(leaf)
        kind, payload = parsed(lambda: Verifier(trusted_root=root).verify_dsse(SigstoreBundle.from_json(data), allowed))
    except InvalidBundle as error:
        raise CheckFailed("the keyless bundle is of a form that is not supported", Reason.UNSUPPORTED, unknown=True) from error
    except VerificationError as error:
        raise CheckFailed(
            "the keyless bundle does not hold under the public Sigstore's root", Reason.SIGNATURE_MISMATCH
        ) from error
    except Error as error:
        words = "the public Sigstore's root cannot be read: name a trusted_root under [signatures]"
        raise CheckFailed(words, Reason.TRUST_STORE, unknown=True) from error
    if not allowed.who or (kind, payload) != (bundle.payload_type, bundle.payload):
        raise CheckFailed("keyless bundle: two readers disagree about its content", Reason.MALFORMED)
    return allowed.who


def _issued_under(leaf: x509.Certificate, above: Iterable[x509.Certificate]) -> bool:
    return any(issued_by(leaf, issuer) for issuer in above)


def _foreign(leaf: x509.Certificate) -> CheckFailed:
    issuer = clean(parsed(lambda: leaf.issuer.rfc4514_string()), 120)
    words = f"its certificate comes from {issuer}, not from the public Sigstore: it cannot be verified without its trusted_root"
    return CheckFailed(words, Reason.UNTRUSTED, unknown=True)
