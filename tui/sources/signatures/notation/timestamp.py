"""RFC 3161 time stamps over the primitive signature: the part that needs neither clock nor policy.

asn1crypto parses, and only parses: every signature is checked by cryptography. Import this when a token was met, not before.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Protocol, cast

from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from asn1crypto.core import Asn1Value
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tui.domain.signature import Reason
from tui.sources.signatures.certificates import load_certificate, subject_of
from tui.sources.signatures.faults import CheckFailed, guarded
from tui.sources.signatures.keys import HASHES
from tui.sources.signatures.notation.stamp import Token

__all__ = ["read_token"]

TOKEN_LIMIT = 1 << 20
MAX_CERTIFICATES = 32
BASELINE_POLICY = "0.4.0.2023.1.1"  # ETSI EN 319 421: an accuracy of a second or better is implied

# CMS signature algorithms that tspclient-go knows: padding scheme and the hash it implies.
_SIGNATURES = {
    "rsassa_pkcs1v15": ("pkcs1", ""),
    "rsassa_pss": ("pss", ""),
    "sha256_rsa": ("pkcs1", "sha256"),
    "sha384_rsa": ("pkcs1", "sha384"),
    "sha512_rsa": ("pkcs1", "sha512"),
    "sha256_ecdsa": ("ecdsa", "sha256"),
    "sha384_ecdsa": ("ecdsa", "sha384"),
    "sha512_ecdsa": ("ecdsa", "sha512"),
}


class _Attribute(Protocol):
    def __getitem__(self, name: str) -> Asn1Value: ...

    def dump(self) -> bytes: ...


def read_token(data: bytes, signature: bytes) -> Token:
    """Check a token against the signature it stamps; CheckFailed with the rule that does not hold."""
    return guarded(lambda: _read(data, signature), "the time stamp is malformed", Reason.TIMESTAMP_INVALID)


def _fail(sentence: str) -> CheckFailed:
    return CheckFailed(sentence, Reason.TIMESTAMP_INVALID)


def _read(data: bytes, signature: bytes) -> Token:
    if len(data) > TOKEN_LIMIT:
        raise _fail("the time stamp is too large")
    signed, content = _signed_data(data)
    info = tsp.TSTInfo.load(content, strict=True)
    _check_info(info, signature)
    certificates = _certificates(signed)
    (signer_info,) = signed["signer_infos"]  # RFC 3161 2.4.2: exactly one signature
    attributes = _attributes(signer_info)
    signer = _signer(signer_info, attributes, certificates)
    _check_signature(signer_info, load_certificate(signer), content, attributes)
    return Token(
        time=_moment(info["gen_time"]),
        accuracy=_accuracy(info),
        authority=subject_of(load_certificate(signer)),
        signer=signer,
        certificates=tuple(certificates),
        attribute_time=_attribute_time(attributes),
    )


def _signed_data(data: bytes) -> tuple[cms.SignedData, bytes]:
    outer = cms.ContentInfo.load(data, strict=True)
    if outer["content_type"].native != "signed_data":
        raise _fail("the time stamp is not signed data")
    signed = outer["content"]
    inner = signed["encap_content_info"]
    if signed["version"].native != "v3" or inner["content_type"].native != "tst_info":
        raise _fail("the time stamp does not hold a TSTInfo")
    return signed, cast(bytes, inner["content"].contents if inner["content"].method == 0 else inner["content"].native)


def _check_info(info: tsp.TSTInfo, signature: bytes) -> None:
    """RFC 3161 2.4.2: version 1, an imprint of this very signature, nothing critical that we do not know."""
    imprint = info["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    if info["version"].native != "v1" or algorithm not in HASHES:
        raise _fail("the time stamp has an unknown version or hash")
    if imprint["hashed_message"].native != hashlib.new(algorithm, signature).digest():
        raise _fail("the time stamp is of another signature")
    if any(extension["critical"].native for extension in info["extensions"] or ()):
        raise _fail("the time stamp has an unknown critical extension")


def _accuracy(info: tsp.TSTInfo) -> int:
    """In microseconds; a second when the baseline policy implies it (trust-store-trust-policy.md, steps)."""
    accuracy = info["accuracy"].native or {}
    parts = [accuracy.get(name) or 0 for name in ("seconds", "millis", "micros")]
    if any(part < 0 for part in parts) or parts[0] > 86_400:
        raise _fail("the accuracy of the time stamp is not sensible")
    total = parts[0] * 1_000_000 + parts[1] * 1_000 + parts[2]
    return 1_000_000 if not total and info["policy"].native == BASELINE_POLICY else int(total)


def _moment(value: Asn1Value) -> datetime:
    if not value.contents.endswith(b"Z"):
        raise _fail("a time in the time stamp is not in UTC")
    return cast(datetime, value.native)


def _certificates(signed: cms.SignedData) -> list[bytes]:
    found: list[bytes] = []
    for choice in signed["certificates"] or ():
        if choice.name != "certificate" or len(found) >= MAX_CERTIFICATES:
            raise _fail("the time stamp holds other certificates than X.509, or too many")
        found.append(choice.chosen.dump())
    return found


def _attributes(signer_info: cms.SignerInfo) -> dict[str, _Attribute]:
    """The signed attributes by name, each once with one value (RFC 5652 section 5.3)."""
    if signer_info["version"].native != "v1" or not signer_info["signed_attrs"]:
        raise _fail("the time stamp has no signed attributes")
    found: dict[str, _Attribute] = {}
    for attribute in signer_info["signed_attrs"]:
        name = attribute["type"].native
        if name in found:
            raise _fail(f"the time stamp repeats the attribute {name}")
        found[name] = attribute
    return found


def _value(attributes: dict[str, _Attribute], name: str) -> Asn1Value:
    if name not in attributes:
        raise _fail(f"the time stamp lacks the signed attribute {name}")
    (value,) = attributes[name]["values"]
    return value


def _attribute_time(attributes: dict[str, _Attribute]) -> datetime | None:
    return cast(datetime, _value(attributes, "signing_time").native) if "signing_time" in attributes else None


def _signer(signer_info: cms.SignerInfo, attributes: dict[str, _Attribute], certificates: list[bytes]) -> bytes:
    """The certificate that signing-certificate-v2 names and pins by hash (RFC 5816); the unsigned identifier must agree."""
    first = _value(attributes, "signing_certificate_v2")["certs"][0]
    identifier = signer_info["sid"]
    if identifier.name != "issuer_and_serial_number":
        raise _fail("the time stamp names its signer in an unsupported way")
    issuer, serial = identifier.chosen["issuer"].dump(), identifier.chosen["serial_number"].native
    if first["issuer_serial"].native is not None:
        _check_named(first["issuer_serial"], issuer, serial)
    algorithm = first["hash_algorithm"]["algorithm"].native
    if algorithm not in HASHES:
        raise _fail("the time stamp pins its signer by a weak hash")
    for der in certificates:
        parsed = asn1_x509.Certificate.load(der, strict=True)
        if parsed.issuer.dump() == issuer and parsed.serial_number == serial:
            if hashlib.new(algorithm, der).digest() != first["cert_hash"].native:
                raise _fail("the time stamp pins another certificate")
            return der
    raise _fail("the certificate that stamped is not in the time stamp")


def _check_named(named: Asn1Value, issuer: bytes, serial: int) -> None:
    names = named["issuer"]
    if len(names) != 1 or names[0].name != "directory_name" or named["serial_number"].native != serial:
        raise _fail("the time stamp names two signers")
    if names[0].chosen.untag().dump() != issuer:
        raise _fail("the time stamp names two signers")


def _check_signature(
    signer_info: cms.SignerInfo, certificate: x509.Certificate, content: bytes, attributes: dict[str, _Attribute]
) -> None:
    """RFC 5652 5.4 and 5.6: the attributes name content type and digest, and the signature is over their DER set."""
    digest = signer_info["digest_algorithm"]["algorithm"].native
    if digest not in HASHES:
        raise _fail("the time stamp uses a weak hash")
    if _value(attributes, "content_type").native != "tst_info":
        raise _fail("the time stamp signs another type of content")
    if _value(attributes, "message_digest").native != hashlib.new(digest, content).digest():
        raise _fail("the content of the time stamp was changed")
    _verify(signer_info, certificate, digest, _der_set(attributes))


def _der_set(attributes: dict[str, _Attribute]) -> bytes:
    """The attributes as a DER SET OF: sorted encodings under the universal tag (RFC 5652 section 5.4)."""
    body = b"".join(sorted(attribute.dump() for attribute in attributes.values()))
    length = len(body)
    head = (
        bytes([length])
        if length < 128
        else bytes([0x80 | (length.bit_length() + 7) // 8]) + length.to_bytes((length.bit_length() + 7) // 8, "big")
    )
    return b"\x31" + head + body


def _verify(signer_info: cms.SignerInfo, certificate: x509.Certificate, digest: str, signed: bytes) -> None:
    name = signer_info["signature_algorithm"]["algorithm"].native
    scheme, implied = _SIGNATURES.get(name, ("", ""))
    algorithm = HASHES[implied or digest]
    key, signature = certificate.public_key(), signer_info["signature"].native
    if isinstance(key, rsa.RSAPublicKey) and scheme == "pkcs1":
        key.verify(signature, signed, padding.PKCS1v15(), algorithm)
    elif isinstance(key, rsa.RSAPublicKey) and scheme == "pss":
        key.verify(signature, signed, padding.PSS(padding.MGF1(algorithm), padding.PSS.DIGEST_LENGTH), algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey) and scheme == "ecdsa":
        key.verify(signature, signed, ec.ECDSA(algorithm))
    else:
        raise _fail(f"the time stamp is signed with {name}, which does not fit its key")
