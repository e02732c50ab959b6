"""Contoso's list of revoked certificates (RFC 5280 5), served over plain HTTP as such lists are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from tui.demo.http import Reply, Request, text_reply
from tui.demo.signing.signers import Signers

__all__ = ["RevocationList", "revocation_list"]

PATH = "/contoso.crl"


def revocation_list(signers: Signers, now: datetime) -> bytes:
    """The list in DER: one signer was revoked a day ago, because its key was stolen."""
    serial = x509.load_der_x509_certificate(signers.revoked.chain[0]).serial_number
    revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - timedelta(days=1))
    revoked = revoked.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), False)
    builder = x509.CertificateRevocationListBuilder().issuer_name(signers.authority.name)
    builder = builder.last_update(now - timedelta(hours=2)).next_update(now + timedelta(days=6))
    builder = builder.add_extension(x509.CRLNumber(41), False).add_revoked_certificate(revoked.build())
    return builder.sign(signers.authority.key, hashes.SHA256()).public_bytes(Encoding.DER)


class RevocationList:
    """Serves the list; certificates name its address, so it listens before there are signers."""

    def __init__(self) -> None:
        self.signers: Signers | None = None

    async def handle(self, request: Request) -> Reply:
        """GET of the list."""
        if request.path != PATH or self.signers is None:
            return text_reply("not found\n", 404)
        body = revocation_list(self.signers, datetime.now(UTC))
        return Reply(200, body, (("Content-Type", "application/pkix-crl"),))
