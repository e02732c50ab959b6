"""What OCSP responses (RFC 6960) and revocation lists (RFC 5280 section 5) say about one certificate."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509 import ocsp
from cryptography.x509.oid import CRLEntryExtensionOID, ExtendedKeyUsageOID, ExtensionOID

from tui.domain.signature import Reason
from tui.domain.text import clean
from tui.sources.signatures.certificates import SECURE_HASHES, issued_by, load_certificate
from tui.sources.signatures.faults import EXPECTED, CheckFailed, guarded, said
from tui.sources.signatures.revocation import Answer, Lookup, RevocationState, Status, crl_key, ocsp_key

__all__ = ["fetchable", "judge_crl", "judge_ocsp", "next_update"]

SKEW = timedelta(minutes=5)
CRL_LIMIT = 32 << 20
OCSP_LIMIT = 20 << 10


def fetchable(url: str) -> bool:
    """True for http URLs: notation asks no others, and the answers carry their own signature."""
    try:
        return urlsplit(url).scheme.lower() == "http"
    except ValueError:
        return False


def _unknown(sentence: str) -> CheckFailed:
    return CheckFailed(sentence, Reason.REVOCATION_UNKNOWN, unknown=True)


def _status(lookup: Lookup, state: RevocationState, words: str) -> Status:
    return Status(state, f"{lookup.certificate.subject}: {words}")


def _body(answers: Mapping[str, Answer], key: str, url: str, limit: int) -> bytes | None:
    """The bytes that a URL answered, None when nobody asked."""
    if not fetchable(url):
        raise _unknown(f"{clean(url, 80)} is not an http URL")
    answer = answers.get(key)
    if answer is None:
        return None
    if answer.fault or len(answer.body) > limit:
        raise _unknown(answer.fault or f"{clean(url, 80)} answered too much")
    return answer.body


def judge_ocsp(lookup: Lookup, answers: Mapping[str, Answer], now: datetime, signing_time: datetime | None) -> Status:
    """The first definite answer of the responders, in their order."""
    status = _status(lookup, RevocationState.OFFLINE, "no OCSP responder was asked")
    for url in lookup.certificate.ocsp:
        key = ocsp_key(lookup.certificate, lookup.issuer, url)
        try:
            body = _body(answers, key, url, OCSP_LIMIT)
            if body is not None:
                return _status(lookup, *guarded(_ocsp(body, lookup, now, signing_time), "OCSP", Reason.REVOCATION_UNKNOWN))
        except CheckFailed as failed:
            status = _status(lookup, RevocationState.UNKNOWN, failed.headline)
    return status


def _ocsp(body: bytes, lookup: Lookup, now: datetime, signing_time: datetime | None) -> Callable[[], tuple[RevocationState, str]]:
    return lambda: _ocsp_state(body, lookup, now, signing_time)


def _ocsp_state(body: bytes, lookup: Lookup, now: datetime, signing_time: datetime | None) -> tuple[RevocationState, str]:
    response = ocsp.load_der_ocsp_response(body)
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise _unknown(f"OCSP answered {response.response_status.name.lower()}")
    issuer = load_certificate(lookup.issuer.der)
    _check_responder(response, issuer, now)
    single = _single(response, load_certificate(lookup.certificate.der), issuer)
    if single.next_update_utc is None or now > single.next_update_utc or now + SKEW < single.this_update_utc:
        raise _unknown("the OCSP response is not of this time")
    match single.certificate_status:
        case ocsp.OCSPCertStatus.GOOD:
            return RevocationState.GOOD, "OCSP says good"
        case ocsp.OCSPCertStatus.REVOKED:
            return RevocationState.REVOKED, f"revoked on {single.revocation_time_utc:%Y-%m-%d}, says OCSP"
        case _:
            return RevocationState.UNKNOWN, "OCSP does not know it"


def _single(response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate) -> ocsp.OCSPSingleResponse:
    """The one answer about this certificate of this issuer."""
    for single in response.responses:
        if single.serial_number == certificate.serial_number and _is_issuer(single, issuer):
            return single
    raise _unknown("the OCSP response is about another certificate")


def _is_issuer(single: ocsp.OCSPSingleResponse, issuer: x509.Certificate) -> bool:
    name, key = issuer.subject.public_bytes(), _key_bits(issuer)
    algorithm = single.hash_algorithm.name
    # SHA-1 here only names the issuer, as public responders want it; it protects nothing.
    digest = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}[algorithm]
    return (digest(name).digest(), digest(key).digest()) == (single.issuer_name_hash, single.issuer_key_hash)


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The key's bits, whose SHA-1 is the usual key identifier: taken from a request made for it."""
    from asn1crypto import x509 as asn1_x509
    from cryptography.hazmat.primitives.serialization import Encoding

    parsed = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    return bytes(parsed.public_key["public_key"].contents[1:])


def _check_responder(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> None:
    """Signed by the issuer, or by a certificate that it issued for OCSP signing (RFC 6960 section 4.2.2.2)."""
    algorithm = response.signature_hash_algorithm
    if algorithm is None or algorithm.name not in SECURE_HASHES:
        raise _unknown("the OCSP response is signed with a weak hash")
    responder = issuer
    if response.certificates and response.certificates[0] != issuer:
        responder = response.certificates[0]
        usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        in_time = responder.not_valid_before_utc <= now <= responder.not_valid_after_utc
        if ExtendedKeyUsageOID.OCSP_SIGNING not in usage or not in_time or not issued_by(responder, issuer):
            raise _unknown("the OCSP response is signed by a stranger")
    _verify(responder.public_key(), response.signature, response.tbs_response_bytes, algorithm)


def _verify(key: PublicKeyTypes, signature: bytes, signed: bytes, algorithm: hashes.HashAlgorithm) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signed, padding.PKCS1v15(), algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(algorithm))
    else:
        raise _unknown("the OCSP response is signed with an unsupported key")


def judge_crl(lookup: Lookup, answers: Mapping[str, Answer], now: datetime, signing_time: datetime | None) -> Status:
    """Every distribution point must answer, for a list may hold a part only; a revocation in an earlier one is final."""
    if lookup.certificate.delta_crl:
        return _status(lookup, RevocationState.UNKNOWN, "it names delta CRLs, which are not supported")
    for url in lookup.certificate.crl:
        try:
            body = _body(answers, crl_key(url), url, CRL_LIMIT)
            if body is None:
                return _status(lookup, RevocationState.OFFLINE, "the revocation list was not fetched")
            revoked = guarded(_crl(body, url, lookup, now, signing_time), "CRL", Reason.REVOCATION_UNKNOWN)
        except CheckFailed as failed:
            return _status(lookup, RevocationState.UNKNOWN, failed.headline)
        if revoked:
            return _status(lookup, RevocationState.REVOKED, "revoked, says the revocation list")
    return _status(lookup, RevocationState.GOOD, "not on the revocation list")


def _crl(body: bytes, url: str, lookup: Lookup, now: datetime, signing_time: datetime | None) -> Callable[[], bool]:
    return lambda: _crl_revokes(body, url, lookup, now, signing_time)


def _crl_revokes(body: bytes, url: str, lookup: Lookup, now: datetime, signing_time: datetime | None) -> bool:
    revocations = x509.load_der_x509_crl(body)
    issuer, certificate = load_certificate(lookup.issuer.der), load_certificate(lookup.certificate.der)
    _check_list(revocations, issuer, now)
    _check_scope(revocations, certificate, url)
    entries = [entry for entry in revocations if entry.serial_number == certificate.serial_number]
    return _revoked(entries, signing_time)


def _check_list(revocations: x509.CertificateRevocationList, issuer: x509.Certificate, now: datetime) -> None:
    algorithm = revocations.signature_hash_algorithm
    if algorithm is None or algorithm.name not in SECURE_HASHES:
        raise _unknown("the revocation list is signed with a weak hash")
    if revocations.issuer != issuer.subject or not _may_list(issuer):
        raise _unknown("the revocation list is of another issuer")
    if not revocations.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]  # raises TypeError for other keys
        raise _unknown("the signature of the revocation list is wrong")
    update = revocations.next_update_utc
    if update is None or now > update or now + SKEW < revocations.last_update_utc:
        raise _unknown("the revocation list is not of this time")


def _may_list(issuer: x509.Certificate) -> bool:
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True


def _check_scope(revocations: x509.CertificateRevocationList, certificate: x509.Certificate, url: str) -> None:
    """A list of another scope says nothing about this certificate (RFC 5280 sections 5.2.4 to 5.2.6)."""
    for extension in revocations.extensions:
        if extension.oid in (ExtensionOID.FRESHEST_CRL, ExtensionOID.DELTA_CRL_INDICATOR):
            raise _unknown("delta CRLs are not supported")
        if extension.oid == ExtensionOID.ISSUING_DISTRIBUTION_POINT:
            _check_point(extension.value, certificate, url)
        elif extension.critical:
            raise _unknown(f"the revocation list has an unknown critical extension {extension.oid.dotted_string}")


def _check_point(point: x509.ExtensionType, certificate: x509.Certificate, url: str) -> None:
    if not isinstance(point, x509.IssuingDistributionPoint):
        raise _unknown("the scope of the revocation list cannot be read")
    authority = _is_authority(certificate)
    foreign = (
        point.indirect_crl
        or point.only_contains_attribute_certs
        or (point.only_contains_ca_certs and not authority)
        or (point.only_contains_user_certs and authority)
    )
    urls = [name.value for name in point.full_name or () if isinstance(name, x509.UniformResourceIdentifier)]
    if foreign or (urls and url not in urls):
        raise _unknown("the revocation list is about other certificates")


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _revoked(entries: list[x509.RevokedCertificate], signing_time: datetime | None) -> bool:
    """A hold can be lifted, everything else is final; an invalidity date after an authentic signing time acquits."""
    temporary: list[tuple[datetime, bool]] = []
    for entry in entries:
        reason, invalidity = _entry(entry)
        if signing_time is not None and invalidity is not None and signing_time < invalidity:
            return False
        if reason not in (x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl):
            return True
        temporary.append((entry.revocation_date_utc, reason is x509.ReasonFlags.certificate_hold))
    return bool(temporary) and max(temporary)[1]


def _entry(entry: x509.RevokedCertificate) -> tuple[x509.ReasonFlags | None, datetime | None]:
    reason, invalidity = None, None
    for extension in entry.extensions:
        if extension.oid == CRLEntryExtensionOID.CRL_REASON and isinstance(extension.value, x509.CRLReason):
            reason = extension.value.reason
        elif isinstance(extension.value, x509.InvalidityDate):
            invalidity = extension.value.invalidity_date_utc
        elif extension.critical:
            raise _unknown("an entry of the revocation list has an unknown critical extension")
    return reason, invalidity


def next_update(key: str, body: bytes) -> datetime | None:
    """Until when an answer may be kept; None when it cannot be read."""
    try:
        if key.startswith("crl:"):
            return x509.load_der_x509_crl(body).next_update_utc
        response = ocsp.load_der_ocsp_response(body)
        updates = [single.next_update_utc for single in response.responses]
        return min((update for update in updates if update is not None), default=None)
    except EXPECTED as error:
        _ = said(error)
        return None
