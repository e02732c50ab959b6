"""RFC 3161 time stamps over the primitive signature: the part that needs neither clock nor policy."""

from __future__ import annotations

import hashlib

from tui.domain.facts.signature import Reason
from tui.verification.faults import CheckFailed, guarded
from tui.verification.notation.stamp import Token
from tui.verification.pkix.certificate import Certificate
from tui.verification.pkix.der import OCTET_STRING, SEQUENCE, DerReader, constructed
from tui.verification.pkix.keys import PSS, KeyKind, SignatureScheme, algorithm_id, plain_scheme, signature_holds
from tui.verification.pkix.moment import Moment
from tui.verification.pkix.signed_data import (
    STAMP_INFO,
    SignedAttributes,
    SignedData,
    SignerInfo,
    StampInfo,
    parse_signed_data,
    parse_stamp_info,
)

__all__ = ["read_token"]

TOKEN_LIMIT = 1 << 20
MAX_CERTIFICATES = 32
_LONGEST_ACCURACY = 86_400 * 1_000_000  # a day, in microseconds
BASELINE_POLICY = "0.4.0.2023.1.1"  # ETSI EN 319 421: an accuracy of a second or better is implied

CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_TIME, SIGNING_CERTIFICATE_2 = "1.2.840.113549.1.9.5", "1.2.840.113549.1.9.16.2.47"
_RSA = "1.2.840.113549.1.1.1"
_SHA256 = "2.16.840.1.101.3.4.2.1"
_HASHES = {_SHA256: "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}


def read_token(data: bytes, signature: bytes) -> Token:
    """Check a token against the signature it stamps; CheckFailed with the rule that does not hold."""
    return guarded(lambda: _read(data, signature), "the time stamp is malformed", Reason.TIMESTAMP_INVALID)


def _fail(sentence: str) -> CheckFailed:
    return CheckFailed(sentence, Reason.TIMESTAMP_INVALID)


def _read(data: bytes, signature: bytes) -> Token:
    if len(data) > TOKEN_LIMIT:
        raise _fail("the time stamp is too large")
    signed = parse_signed_data(data, MAX_CERTIFICATES)
    info = parse_stamp_info(signed.content)
    _check_info(info, signature)
    if len(signed.signers) != 1:  # RFC 3161 2.4.2: exactly one signature
        raise _fail("the time stamp does not have one signature")
    (signer,) = signed.signers
    _check_attributes(signer)
    certificate = _signer(signed, signer)
    _check_signature(signer, certificate, signed.content)
    return Token(
        moment=info.time,
        accuracy=_accuracy(info),
        authority=str(certificate.subject),
        signer=certificate.der,
        certificates=tuple(enclosed.der for enclosed in signed.certificates),
        attribute_time=_attribute_time(signer.attributes),
    )


def _check_info(info: StampInfo, signature: bytes) -> None:
    """RFC 3161 2.4.2: version 1, an imprint of this very signature, nothing critical that we do not know."""
    algorithm = _HASHES.get(info.hash_oid)
    if info.version != 1 or algorithm is None:
        raise _fail("the time stamp has an unknown version or hash")
    if info.imprint != hashlib.new(algorithm, signature).digest():
        raise _fail("the time stamp is of another signature")
    if any(extension.critical for extension in info.extensions):
        raise _fail("the time stamp has an unknown critical extension")


def _accuracy(info: StampInfo) -> int:
    """In microseconds; a second when the baseline policy implies it (trust-store-trust-policy.md, steps)."""
    seconds, millis, micros = info.accuracy
    total = seconds * 1_000_000 + millis * 1_000 + micros
    if min(info.accuracy) < 0 or total > _LONGEST_ACCURACY:
        raise _fail("the accuracy of the time stamp is not sensible")
    return 1_000_000 if not total and info.policy == BASELINE_POLICY else total


def _check_attributes(signer: SignerInfo) -> None:
    """Signed attributes, each once (RFC 5652 section 5.3)."""
    names = [name for name, _ in signer.attributes.values]
    if signer.version != 1 or not names:
        raise _fail("the time stamp has no signed attributes")
    if len(set(names)) != len(names):
        raise _fail("the time stamp repeats a signed attribute")


def _value(attributes: SignedAttributes, oid: str, words: str) -> DerReader:
    value = attributes.value(oid)
    if value is None:
        raise _fail(f"the time stamp lacks the signed attribute {words}")
    return value


def _attribute_time(attributes: SignedAttributes) -> Moment | None:
    value = attributes.value(SIGNING_TIME)
    return value.moment(fraction=True) if value is not None else None


def _signer(signed: SignedData, signer: SignerInfo) -> Certificate:
    """The certificate that signing-certificate-v2 names and pins by hash (RFC 5816); the unsigned identifier must agree."""
    pins = _value(signer.attributes, SIGNING_CERTIFICATE_2, "signing-certificate-v2").take(SEQUENCE).take(SEQUENCE)
    pin = pins.take(SEQUENCE)
    while not pins.empty:
        pins.take(SEQUENCE)  # only the first counts, but all must be pins
    hashing = algorithm_id(pin.take(SEQUENCE)).oid if pin.peek(SEQUENCE) else _SHA256
    pinned = pin.octets(OCTET_STRING)
    if pin.peek(SEQUENCE):
        _check_named(pin.take(SEQUENCE), signer)
    if hashing not in _HASHES:
        raise _fail("the time stamp pins its signer by a weak hash")
    for certificate in signed.certificates:
        if certificate.issuer.der == signer.issuer and certificate.serial == signer.serial:
            if hashlib.new(_HASHES[hashing], certificate.der).digest() != pinned:
                raise _fail("the time stamp pins another certificate")
            return certificate
    raise _fail("the certificate that stamped is not in the time stamp")


def _check_named(identifier: DerReader, signer: SignerInfo) -> None:
    """A directory name and a serial number (RFC 5035 section 4)."""
    name = identifier.take(SEQUENCE).take(constructed(4)).raw()
    if name != signer.issuer or identifier.integer() != signer.serial:
        raise _fail("the time stamp names two signers")


def _check_signature(signer: SignerInfo, certificate: Certificate, content: bytes) -> None:
    """RFC 5652 5.4 and 5.6: the attributes name content type and digest, and the signature is over their DER set."""
    digest = _HASHES.get(signer.digest.oid)
    if digest is None:
        raise _fail("the time stamp uses a weak hash")
    if _value(signer.attributes, CONTENT_TYPE, "content type").oid() != STAMP_INFO:
        raise _fail("the time stamp signs another type of content")
    expected = _value(signer.attributes, MESSAGE_DIGEST, "message digest").octets(OCTET_STRING)
    if expected != hashlib.new(digest, content).digest():
        raise _fail("the content of the time stamp was changed")
    scheme = _scheme(signer, digest)
    if not signature_holds(certificate.public_key, scheme, signer.attributes.signed, signer.signature):
        raise _fail("the signature of the time stamp is wrong, or of a kind that does not fit its key")


def _scheme(signer: SignerInfo, digest: str) -> SignatureScheme | None:
    """The scheme of the signature, which takes its hash from the digest where it names none."""
    oid = signer.algorithm.oid
    return SignatureScheme(KeyKind.RSA, digest, pss=oid == PSS) if oid in (_RSA, PSS) else plain_scheme(oid)
