"""What OCSP responses (RFC 6960) and revocation lists (RFC 5280 section 5) say about one certificate."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from tui.domain.common.text import clean
from tui.domain.facts.signature import Reason
from tui.verification.chains import OCSP_SIGNING
from tui.verification.faults import CheckFailed, guarded
from tui.verification.pkix.certificate import Certificate, parse_certificate
from tui.verification.pkix.der import SEQUENCE, DerReader, constructed, context
from tui.verification.pkix.extensions import CRL_SIGN, FRESHEST_CRL, Extension
from tui.verification.pkix.keys import plain_scheme, signature_holds
from tui.verification.pkix.lists import RevocationList, RevokedCertificate, parse_list
from tui.verification.pkix.moment import Moment
from tui.verification.pkix.responses import CertificateStatus, Response, SingleResponse, parse_response
from tui.verification.pkix.uri import scheme_of
from tui.verification.revocation import FetchAnswer, Lookup, RevocationState, RevocationStatus, crl_key, ocsp_key

__all__ = ["fetchable", "judge_crl", "judge_ocsp", "next_update"]

SKEW = timedelta(minutes=5)
CRL_LIMIT = 32 << 20
OCSP_LIMIT = 20 << 10
INVALIDITY_DATE = "2.5.29.24"
DELTA_CRL, ISSUING_POINT = "2.5.29.27", "2.5.29.28"
_HOLD, _LIFTED = 6, 8

# SHA-1 here only names the issuer, as public responders want it; it protects nothing.
_NAMING = {
    "1.3.14.3.2.26": hashlib.sha1,
    "2.16.840.1.101.3.4.2.1": hashlib.sha256,
    "2.16.840.1.101.3.4.2.2": hashlib.sha384,
    "2.16.840.1.101.3.4.2.3": hashlib.sha512,
}


def fetchable(url: str) -> bool:
    """True for http URLs: notation asks no others, and the answers carry their own signature."""
    try:
        return scheme_of(url) == "http"
    except ValueError:
        return False


def _unknown(sentence: str) -> CheckFailed:
    return CheckFailed(sentence, Reason.REVOCATION_UNKNOWN, unknown=True)


def _status(lookup: Lookup, state: RevocationState, words: str) -> RevocationStatus:
    return RevocationStatus(state, f"{lookup.certificate.subject}: {words}")


def _body(answers: Mapping[str, FetchAnswer], key: str, url: str, limit: int) -> bytes | None:
    """The bytes that a URL answered, None when nobody asked."""
    if not fetchable(url):
        raise _unknown(f"{clean(url, 80)} is not an http URL")
    answer = answers.get(key)
    if answer is None:
        return None
    if answer.fault or len(answer.body) > limit:
        raise _unknown(answer.fault or f"{clean(url, 80)} answered too much")
    return answer.body


def judge_ocsp(
    lookup: Lookup, answers: Mapping[str, FetchAnswer], now: datetime, signing_time: datetime | None
) -> RevocationStatus:
    """The first definite answer of the responders, in their order."""
    status = _status(lookup, RevocationState.OFFLINE, "no OCSP responder was asked")
    for url in lookup.certificate.ocsp:
        key = ocsp_key(lookup.certificate, lookup.issuer, url)
        try:
            body = _body(answers, key, url, OCSP_LIMIT)
            if body is not None:
                check = _ocsp(body, lookup, now, signing_time)
                return _status(lookup, *guarded(check, "the OCSP response cannot be used", Reason.REVOCATION_UNKNOWN))
        except CheckFailed as failed:
            status = _status(lookup, RevocationState.UNKNOWN, failed.headline)
    return status


def _ocsp(body: bytes, lookup: Lookup, now: datetime, signing_time: datetime | None) -> Callable[[], tuple[RevocationState, str]]:
    return lambda: _ocsp_state(body, lookup, now, signing_time)


def _ocsp_state(body: bytes, lookup: Lookup, now: datetime, signing_time: datetime | None) -> tuple[RevocationState, str]:
    response = parse_response(body)
    issuer = parse_certificate(lookup.issuer.der)
    _check_responder(response, issuer, now)
    single = _single(response, parse_certificate(lookup.certificate.der), issuer)
    if single.next_update is None or Moment(now) > single.next_update or now + SKEW < single.this_update.whole:
        raise _unknown("the OCSP response is not of this time")
    if any(extension.critical for extension in single.extensions):
        raise _unknown("the OCSP response has an unknown critical extension")
    match single.status:
        case CertificateStatus.GOOD:
            return RevocationState.GOOD, "OCSP says good"
        case CertificateStatus.REVOKED if _acquits(_invalidity_of(single), signing_time):
            return RevocationState.GOOD, "OCSP says revoked, but valid when it signed"
        case CertificateStatus.REVOKED:
            day = f" on {single.revoked.whole:%Y-%m-%d}" if single.revoked is not None else ""
            return RevocationState.REVOKED, f"revoked{day}, says OCSP"
        case _:
            return RevocationState.UNKNOWN, "OCSP does not know it"


def _single(response: Response, certificate: Certificate, issuer: Certificate) -> SingleResponse:
    """The first answer about a certificate of this number, as Go takes it: it must be of this issuer, too."""
    single = next((answer for answer in response.answers if answer.serial == certificate.serial), None)
    if single is None or not _is_issuer(single, issuer):
        raise _unknown("the OCSP response is about another certificate")
    return single


def _is_issuer(single: SingleResponse, issuer: Certificate) -> bool:
    digest = _NAMING.get(single.hash_oid)
    if digest is None:
        raise _unknown("the OCSP response names the issuer by an unknown hash")
    names = (digest(issuer.subject.der).digest(), digest(issuer.key_bits).digest())
    return names == (single.issuer_name_hash, single.issuer_key_hash)


def _invalidity_of(single: SingleResponse) -> Moment | None:
    """When the certificate became invalid, says the responder; what cannot be read says nothing, as in notation."""
    value = next((extension.value for extension in single.extensions if extension.oid == INVALIDITY_DATE), None)
    try:
        return _invalidity(value) if value is not None else None
    except ValueError:
        return None


def _invalidity(value: bytes) -> Moment:
    reader = DerReader(value)
    moment = reader.moment(fraction=True)
    reader.done()
    return moment


def _acquits(invalidity: Moment | None, signing_time: datetime | None) -> bool:
    """True when an authentic signing time lies before the date from which the certificate is invalid."""
    return signing_time is not None and invalidity is not None and Moment(signing_time) < invalidity


def _check_responder(response: Response, issuer: Certificate, now: datetime) -> None:
    """Signed by the issuer, or by a certificate that it issued for OCSP signing (RFC 6960 section 4.2.2.2).

    A certificate that comes along must be signed by the issuer itself, also when it is the issuer's own.
    """
    delegate = response.certificate
    responder = delegate or issuer
    scheme = plain_scheme(response.algorithm.oid)
    if not signature_holds(responder.public_key, scheme, response.signed, response.signature):
        raise _unknown("the signature of the OCSP response is wrong, or of a weak kind")
    if delegate is None:
        return
    if not issuer.made(delegate.algorithm, delegate.signed, delegate.signature):
        raise _unknown("the OCSP response is signed by an unrelated certificate")
    if delegate != issuer and not (OCSP_SIGNING in delegate.usages.extended and delegate.covers(now)):
        raise _unknown("the OCSP response is signed by a certificate that may not sign it")


def judge_crl(
    lookup: Lookup, answers: Mapping[str, FetchAnswer], now: datetime, signing_time: datetime | None
) -> RevocationStatus:
    """Every distribution point must answer, for a list may hold a part only; a revocation in an earlier one is final."""
    if lookup.certificate.delta_crl:
        return _status(lookup, RevocationState.UNKNOWN, "it names delta CRLs, which are not supported")
    for url in lookup.certificate.crl:
        try:
            body = _body(answers, crl_key(url), url, CRL_LIMIT)
            if body is None:
                return _status(lookup, RevocationState.OFFLINE, "the revocation list was not fetched")
            check = _crl(body, url, lookup, now, signing_time)
            revoked = guarded(check, "the revocation list cannot be used", Reason.REVOCATION_UNKNOWN)
        except CheckFailed as failed:
            return _status(lookup, RevocationState.UNKNOWN, failed.headline)
        if revoked:
            return _status(lookup, RevocationState.REVOKED, "revoked, says the revocation list")
    return _status(lookup, RevocationState.GOOD, "not on the revocation list")


def _crl(body: bytes, url: str, lookup: Lookup, now: datetime, signing_time: datetime | None) -> Callable[[], bool]:
    return lambda: _crl_revokes(body, url, lookup, now, signing_time)


def _crl_revokes(body: bytes, url: str, lookup: Lookup, now: datetime, signing_time: datetime | None) -> bool:
    issuer, certificate = parse_certificate(lookup.issuer.der), parse_certificate(lookup.certificate.der)
    revocations = parse_list(body, certificate.serial)
    _check_list(revocations, issuer, now)
    _check_scope(revocations, certificate, url)
    return _revoked(revocations.entries, signing_time)


def _check_list(revocations: RevocationList, issuer: Certificate, now: datetime) -> None:
    if revocations.issuer.der != issuer.subject.der or not issuer.may(CRL_SIGN):
        raise _unknown("the revocation list is of another issuer")
    if not issuer.made(revocations.algorithm, revocations.signed, revocations.signature):
        raise _unknown("the signature of the revocation list is wrong, or of a weak kind")
    update = revocations.next_update
    if update is None or now > update or now + SKEW < revocations.this_update:
        raise _unknown("the revocation list is not of this time")


def _check_scope(revocations: RevocationList, certificate: Certificate, url: str) -> None:
    """A list of another scope says nothing about this certificate (RFC 5280 sections 5.2.4 to 5.2.6)."""
    for extension in revocations.extensions:
        if extension.oid in (FRESHEST_CRL, DELTA_CRL):
            raise _unknown("delta CRLs are not supported")
        if extension.oid == ISSUING_POINT:
            _check_point(extension, certificate, url)
        elif extension.critical:
            raise _unknown(f"the revocation list has an unknown critical extension {extension.oid}")


def _check_point(extension: Extension, certificate: Certificate, url: str) -> None:
    """RFC 5280 section 5.2.5: which certificates the list is about."""
    point = DerReader(extension.value).take(SEQUENCE)
    urls = _point_urls(point.optional(constructed(0)))
    users, authorities = _flag(point, 1), _flag(point, 2)
    point.optional(context(3))  # a list of some reasons only: all lists that the certificate names are asked
    indirect, attributes = _flag(point, 4), _flag(point, 5)
    authority = certificate.usages.authority is True
    foreign = indirect or attributes or (authorities and not authority) or (users and authority)
    if foreign or (urls and url not in urls):
        raise _unknown("the revocation list is about other certificates")


def _flag(point: DerReader, number: int) -> bool:
    flag = point.optional(context(number))
    return flag is not None and flag.rest() != b"\0"


def _point_urls(name: DerReader | None) -> list[str]:
    names, urls = name.optional(constructed(0)) if name is not None else None, []
    while names is not None and not names.empty:
        tag, content = names.any()
        urls += [content.rest().decode("latin-1")] if tag == context(6) else []
    return urls


def _revoked(entries: tuple[RevokedCertificate, ...], signing_time: datetime | None) -> bool:
    """A hold can be lifted, everything else is final; an invalidity date after an authentic signing time acquits."""
    temporary: list[tuple[datetime, bool]] = []
    for entry in entries:
        if _acquits(_entry_invalidity(entry), signing_time):
            return False
        if entry.reason not in (_HOLD, _LIFTED):
            return True
        temporary.append((entry.revoked, entry.reason == _HOLD))
    return bool(temporary) and max(temporary)[1]


def _entry_invalidity(entry: RevokedCertificate) -> Moment | None:
    invalidity = None
    for extension in entry.extensions:
        if extension.oid == INVALIDITY_DATE:
            invalidity = _invalidity(extension.value)
        elif extension.critical:
            raise _unknown("an entry of the revocation list has an unknown critical extension")
    return invalidity


def next_update(key: str, body: bytes) -> datetime | None:
    """Until when an answer may be kept; None when it cannot be read."""
    try:
        if key.startswith("crl:"):
            return parse_list(body, -1).next_update
        updates = [single.next_update for single in parse_response(body).answers]
        return min((update.whole for update in updates if update is not None), default=None)
    except ValueError:
        return None
