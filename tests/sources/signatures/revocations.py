"""OCSP responses and revocation lists made for the tests, and a chain that names where to ask."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.sources.signatures.signer import NOW, Key, Signer, Spec, ca, issue, key, name, signer
from tui.verification.chains import facts_of
from tui.verification.pkix.certificate import parse_certificate
from tui.verification.revocation import Lookup

OCSP_URL, CRL_URL = "http://ocsp.example/", "http://crl.example/a.crl"


def asked(**leaf: Any) -> Signer:
    """A signer whose leaf names a responder and a list, unless told otherwise."""
    return signer(leaf={"ocsp": (OCSP_URL,), "crl": (CRL_URL,), **leaf})


def lookup_of(chain: Signer) -> Lookup:
    """The lookup of its leaf."""
    leaf, root = (facts_of(parse_certificate(der)) for der in chain.ders)
    return Lookup(leaf, root)


def ocsp_response(
    chain: Signer,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    *,
    about: x509.Certificate | None = None,
    this_update: datetime = NOW - timedelta(hours=1),
    next_update: datetime | None = NOW + timedelta(days=1),
    signing_key: Key | None = None,
    responder: x509.Certificate | None = None,
) -> bytes:
    """A response about the leaf, signed by the root or by a delegate."""
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        about or chain.chain[0],
        chain.chain[-1],
        hashes.SHA1(),
        status,
        this_update,
        next_update,
        NOW - timedelta(days=2) if revoked else None,
        x509.ReasonFlags.key_compromise if revoked else None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, responder or chain.chain[-1])
    if responder is not None:
        builder = builder.certificates([responder])
    return builder.sign(signing_key or key("ES256", "root"), hashes.SHA256()).public_bytes(Encoding.DER)


def delegate(**changes: Any) -> x509.Certificate:
    """A certificate that the root issued for OCSP signing."""
    usages = {"eku": (ExtendedKeyUsageOID.OCSP_SIGNING,)} if "eku" not in changes else {}
    spec = Spec(**{"subject": name("responder"), "signing_key": key("ES256", "responder"), **usages, **changes})
    return issue(spec, ca("Contoso Root", key("ES256", "root")))


Entry = tuple[int, x509.ReasonFlags | None, datetime | None]


def crl(
    entries: list[Entry],
    *,
    issuer: x509.Name | None = None,
    signing_key: Key | None = None,
    last_update: datetime = NOW - timedelta(hours=1),
    next_update: datetime = NOW + timedelta(days=1),
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> bytes:
    """A revocation list of the root."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer or name("Contoso Root"))
    builder = builder.last_update(last_update).next_update(next_update)
    for number, (serial, reason, invalidity) in enumerate(entries):
        entry = x509.RevokedCertificateBuilder().serial_number(serial)
        entry = entry.revocation_date(NOW - timedelta(days=5 - number))
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        if invalidity is not None:
            entry = entry.add_extension(x509.InvalidityDate(invalidity), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signing_key or key("ES256", "root"), hashes.SHA256()).public_bytes(Encoding.DER)
