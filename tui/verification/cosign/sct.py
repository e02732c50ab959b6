"""The proof that a signer's certificate is in a log of certificates: signed certificate timestamps (RFC 6962 section 3)."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.certificate_transparency import LogEntryType, SignedCertificateTimestamp

from tui.domain.facts.signature import Reason
from tui.verification.cosign.keys import TransparencyLog, spki_of, usable_key, verify_with
from tui.verification.faults import CheckFailed, parsed

__all__ = ["check_certificate_log"]

_EPOCH = datetime.fromtimestamp(0, UTC)
_MILLISECOND = timedelta(milliseconds=1)


def check_certificate_log(
    leaf: x509.Certificate, issuer: x509.Certificate, logs: tuple[TransparencyLog, ...], *, every: bool
) -> None:
    """CheckFailed unless a known log signed for the certificate; with `every`, each log that it names must be known and hold.

    Undecided where no log of certificates is configured, or only others signed.
    """
    try:
        extension = leaf.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps)
    except x509.ExtensionNotFound:
        words = "the signer's certificate carries no proof of a certificate log (SCT), which cosign asks for"
        raise CheckFailed(words, Reason.LOG_MISSING) from None
    stamps = tuple(extension.value)
    if not stamps:
        raise CheckFailed("the signer's certificate carries an empty proof of a certificate log (SCT)", Reason.LOG_MISSING)
    if not logs:
        words = "no key of a certificate log is configured, so the proof in the signer's certificate (SCT) was not checked"
        raise CheckFailed(words, Reason.NO_KEY, unknown=True)
    _check(leaf, issuer, stamps, {log.log_id: log for log in logs}, every=every)


def _check(
    leaf: x509.Certificate,
    issuer: x509.Certificate,
    stamps: tuple[SignedCertificateTimestamp, ...],
    logs: dict[str, TransparencyLog],
    *,
    every: bool,
) -> None:
    logged = [(stamp, log) for stamp in stamps if (log := logs.get(stamp.log_id.hex())) is not None]
    unknown = len(stamps) - len(logged)
    if not logged or (every and unknown):
        words = "the signer's certificate is vouched for by a certificate log that is not configured"
        raise CheckFailed(words, Reason.NO_KEY, unknown=True)
    good = [_holds(leaf, issuer, stamp, log) for stamp, log in logged]
    if not any(good) or (every and not all(good)):
        words = "the proof of a certificate log (SCT) in the signer's certificate does not hold"
        raise CheckFailed(words, Reason.LOG_INVALID)


def _holds(leaf: x509.Certificate, issuer: x509.Certificate, stamp: SignedCertificateTimestamp, log: TransparencyLog) -> bool:
    if parsed(lambda: stamp.entry_type) is not LogEntryType.PRE_CERTIFICATE:
        return False
    if not isinstance(parsed(lambda: stamp.signature_hash_algorithm), SHA256) or not isinstance(
        usable_key(log.spki), ec.EllipticCurvePublicKey | rsa.RSAPublicKey
    ):
        return False
    return verify_with(log.spki, _signed(leaf, issuer, stamp), stamp.signature) and log.covers(_moment(stamp))


def _signed(leaf: x509.Certificate, issuer: x509.Certificate, stamp: SignedCertificateTimestamp) -> bytes:
    """What the log signed: the certificate without the proof, and whose key issued it (RFC 6962 section 3.2)."""
    spki = spki_of(issuer)
    body, more = parsed(lambda: (leaf.tbs_precertificate_bytes, stamp.extension_bytes))
    return b"".join(
        (
            struct.pack(">BBQH", 0, 0, (_moment(stamp) - _EPOCH) // _MILLISECOND, 1),
            hashlib.sha256(spki).digest(),
            len(body).to_bytes(3, "big"),
            body,
            struct.pack(">H", len(more)),
            more,
        )
    )


def _moment(stamp: SignedCertificateTimestamp) -> datetime:
    """When the log signed, to the millisecond; the parser leaves the zone out."""
    return parsed(lambda: stamp.timestamp).replace(tzinfo=UTC)
