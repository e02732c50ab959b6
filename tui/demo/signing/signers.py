"""Who signs in the estate: the pipelines of two companies, Microsoft, a vendor, and a time stamping authority."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from tui.demo.signing.certificates import Certified, Life, Subject, key_of, root, signed_by

__all__ = ["IDENTITY", "Signers", "make_signers"]

_CONTOSO = ("NL", "Noord-Holland", "Contoso Retail")
_FABRIKAM = ("DE", "Hamburg", "Fabrikam Logistics")
_MICROSOFT = ("US", "Washington", "Microsoft Corporation")
_VENDOR = ("US", "Nevada", "Chatterbox Software")
# What the trust policy asks of a signer's certificate.
IDENTITY = {
    "contoso": "x509.subject: C=NL, ST=Noord-Holland, O=Contoso Retail, OU=Release Engineering",
    "fabrikam": "x509.subject: C=DE, ST=Hamburg, O=Fabrikam Logistics",
    "microsoft": "x509.subject: C=US, ST=Washington, O=Microsoft Corporation",
}
SHORT = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Signers:
    """Every signer: `release` is the good one; `sandbox` and `former` are Contoso's too, but not trusted, and expired.

    `listed` names where its revocation is to be looked up, and is in order; `revoked` is not. `key` signs for cosign,
    `stray` is a key that nobody knows.
    """

    seed: str
    authority: Certified
    release: Certified
    sandbox: Certified
    former: Certified
    listed: Certified
    revoked: Certified
    fabrikam: Certified
    microsoft: Certified
    vendor: Certified
    stamper: Certified
    key: ec.EllipticCurvePrivateKey
    stray: ec.EllipticCurvePrivateKey

    def for_days(self, moment: datetime) -> Certified:
        """A signer of Contoso's whose certificate lives for three days, as managed signing services issue them."""
        subject = Subject(*_CONTOSO, f"Contoso Managed Signing {moment:%Y-%m-%d}", "Release Engineering")
        return signed_by(self.authority, self.seed, subject, (moment - timedelta(hours=1), moment + SHORT))


def make_signers(seed: int, anchor: datetime, revocation: str) -> Signers:
    """All of them; `anchor` is the start of the day, `revocation` the URL of Contoso's list of revoked certificates."""
    name = f"signers:{seed}"
    ages: Life = (anchor - timedelta(days=1500), anchor + timedelta(days=2000))
    now: Life = (anchor - timedelta(days=400), anchor + timedelta(days=300))
    past: Life = (anchor - timedelta(days=385), anchor - timedelta(days=20))

    def authority(owner: tuple[str, str, str], common: str) -> Certified:
        return root(name, Subject(*owner, common), ages)

    contoso = authority(_CONTOSO, "Contoso Code Signing Root CA")
    unit = "Release Engineering"
    stamping = authority(_CONTOSO, "Contoso Time Stamping Root CA")
    purpose = ExtendedKeyUsageOID.TIME_STAMPING
    return Signers(
        seed=name,
        authority=contoso,
        release=signed_by(contoso, name, Subject(*_CONTOSO, "Contoso Release Pipeline", unit), now),
        sandbox=signed_by(contoso, name, Subject(*_CONTOSO, "Contoso Sandbox Pipeline", "Sandbox"), now),
        former=signed_by(contoso, name, Subject(*_CONTOSO, "Contoso Release Pipeline 2025", unit), past),
        listed=signed_by(contoso, name, Subject(*_CONTOSO, "Contoso ML Pipeline", unit), now, revocation=revocation),
        revoked=signed_by(contoso, name, Subject(*_CONTOSO, "Contoso Build Agent 7", unit), now, revocation=revocation),
        fabrikam=signed_by(authority(_FABRIKAM, "Fabrikam Signing CA"), name, Subject(*_FABRIKAM, "Fabrikam Build"), now),
        microsoft=signed_by(
            authority(_MICROSOFT, "Demo Supply Chain Root CA"), name, Subject(*_MICROSOFT, "Demo Products Signing"), now
        ),
        vendor=signed_by(authority(_VENDOR, "Chatterbox Root"), name, Subject(*_VENDOR, "Chatterbox Releases"), now),
        stamper=signed_by(stamping, name, Subject(*_CONTOSO, "Contoso Time Stamping", ""), ages, purpose),
        key=key_of(f"{name}:cosign"),
        stray=key_of(f"{name}:stray"),
    )
