"""A small signer, written from the specifications and sharing nothing with the verifier: good envelopes, and bad ones on request.

Keys are made once per process: RSA generation is slow.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID, ObjectIdentifier

# The moment of this run: the same envelopes are shown to other verifiers, which look at the clock.
NOW = datetime.now(UTC).replace(microsecond=0)
JWS, COSE = "application/jose+json", "application/cose"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
DIGEST = "sha256:" + "ab" * 32
N = "io.cncf.notary."
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
CURVES: dict[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
RSA_BITS = {"PS256": 2048, "PS384": 3072, "PS512": 4096}
HASH: dict[str, Any] = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
COSE_ALG = {"PS256": -37, "PS384": -38, "PS512": -39, "ES256": -7, "ES384": -35, "ES512": -36}


@cache
def key(algorithm: str = "ES256", label: str = "") -> Key:
    """A key that signs with the algorithm; the label tells several apart."""
    del label
    if algorithm in RSA_BITS:
        return rsa.generate_private_key(65537, RSA_BITS[algorithm])
    return ec.generate_private_key(CURVES[algorithm])


def name(cn: str, **more: str) -> x509.Name:
    """C=US, ST=WA, O=Contoso and the given attributes."""
    kinds = {"ou": NameOID.ORGANIZATIONAL_UNIT_NAME, "l": NameOID.LOCALITY_NAME, "email": NameOID.EMAIL_ADDRESS}
    base = [(NameOID.COUNTRY_NAME, "US"), (NameOID.STATE_OR_PROVINCE_NAME, "WA"), (NameOID.ORGANIZATION_NAME, "Contoso")]
    extra = [(kinds[kind], value) for kind, value in more.items()]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in [*base, *extra, (NameOID.COMMON_NAME, cn)]])


def usage(*on: str) -> x509.KeyUsage:
    """A key usage with the named bits."""
    bits = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    more = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{bit: bit in on for bit in (*bits, *more)})


@dataclass(frozen=True)
class Spec:
    """What a certificate says; None leaves an extension out."""

    subject: x509.Name
    signing_key: Key
    ca: bool = False
    path_length: int | None = None
    usage: tuple[str, ...] | None = ("digital_signature",)
    usage_critical: bool = True
    eku: tuple[ObjectIdentifier, ...] = (ExtendedKeyUsageOID.CODE_SIGNING,)
    eku_critical: bool = False
    not_before: datetime = NOW - timedelta(days=30)
    not_after: datetime = NOW + timedelta(days=30)
    ocsp: tuple[str, ...] = ()
    crl: tuple[str, ...] = ()
    digest: str = "256"
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = ()


def ca(cn: str, signing_key: Key, **more: Any) -> Spec:
    """A CA."""
    return Spec(name(cn), signing_key, **{"ca": True, "usage": ("key_cert_sign", "crl_sign"), "eku": (), **more})


def issue(spec: Spec, issuer: Spec) -> x509.Certificate:
    """The certificate of the spec, signed by the issuer's key."""
    builder = x509.CertificateBuilder(issuer.subject, spec.subject, spec.signing_key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(spec.not_before).not_valid_after(spec.not_after)
    if spec.ca:
        builder = builder.add_extension(x509.BasicConstraints(True, spec.path_length), critical=True)
    if spec.usage is not None:
        builder = builder.add_extension(usage(*spec.usage), critical=spec.usage_critical)
    if spec.eku:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(spec.eku)), critical=spec.eku_critical)
    if spec.ocsp:
        places = [
            x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(u)) for u in spec.ocsp
        ]
        builder = builder.add_extension(x509.AuthorityInformationAccess(places), critical=False)
    if spec.crl:
        points = [x509.DistributionPoint([x509.UniformResourceIdentifier(u)], None, None, None) for u in spec.crl]
        builder = builder.add_extension(x509.CRLDistributionPoints(points), critical=False)
    for extension, critical in spec.extra:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer.signing_key, HASH[spec.digest]())


@dataclass(frozen=True)
class Signer:
    """A key with its chain, leaf first."""

    algorithm: str
    signing_key: Key
    chain: tuple[x509.Certificate, ...]

    @property
    def ders(self) -> list[bytes]:
        """The chain in DER."""
        return [certificate.public_bytes(Encoding.DER) for certificate in self.chain]

    @property
    def root(self) -> bytes:
        """The root in DER."""
        return self.ders[-1]


def signer(algorithm: str = "ES256", *, leaf: Mapping[str, Any] | None = None, root: Mapping[str, Any] | None = None) -> Signer:
    """A leaf under a root; `leaf` and `root` change what the certificates say."""
    top = ca("Contoso Root", **{"signing_key": key("ES256", "root"), **dict(root or {})})
    bottom = Spec(**{"subject": name("builder"), "signing_key": key(algorithm), **dict(leaf or {})})
    return Signer(algorithm, key(algorithm), (issue(bottom, top), issue(top, top)))


@cache
def usual(algorithm: str = "ES256") -> Signer:
    """The signer that nothing is wrong with."""
    return signer(algorithm)


def raw_signature(algorithm: str, signing_key: Key, data: bytes) -> bytes:
    """PS or ES signature in JOSE form."""
    digest = HASH[algorithm[2:]]()
    if isinstance(signing_key, rsa.RSAPrivateKey):
        return signing_key.sign(data, padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH), digest)
    width = (signing_key.curve.key_size + 7) // 8
    r, s = decode_dss_signature(signing_key.sign(data, ec.ECDSA(digest)))
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def b64url(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class Ask:
    """What to sign, and how to spoil it."""

    signer: Signer = field(default_factory=usual)
    scheme: str = "notary.x509"
    signing_time: datetime | None = NOW - timedelta(days=1)
    authentic_time: datetime | None = None
    expiry: datetime | None = None
    digest: str = DIGEST
    payload: bytes | None = None
    content_type: str = "application/vnd.cncf.notary.payload.v1+json"
    critical: tuple[Any, ...] | None = None
    attributes: Mapping[Any, Any] = field(default_factory=dict)
    algorithm: str = ""
    token: bytes | None = None
    agent: str = "tests/1"
    unprotected: Mapping[Any, Any] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The payload's bytes."""
        target = {"mediaType": IMAGE, "digest": self.digest, "size": 1234}
        return self.payload if self.payload is not None else json.dumps({"targetArtifact": target}).encode()

    @property
    def crit(self) -> list[Any]:
        """The critical list that the specification wants."""
        if self.critical is not None:
            return list(self.critical)
        found = [N + "signingScheme"]
        found += [N + "expiry"] if self.expiry else []
        return found + ([N + "authenticSigningTime"] if self.authentic_time else [])


def authority(**more: Any) -> dict[str, Any]:
    """The arguments of a signing authority's envelope."""
    return {"scheme": "notary.x509.signingAuthority", "signing_time": None, "authentic_time": NOW - timedelta(days=1), **more}


def jws(ask: Ask) -> bytes:
    """A JWS envelope (signature-envelope-jws.md)."""
    protected: dict[str, Any] = {"alg": ask.algorithm or ask.signer.algorithm, "cty": ask.content_type, "crit": ask.crit}
    protected[N + "signingScheme"] = ask.scheme
    moments = {"signingTime": ask.signing_time, "authenticSigningTime": ask.authentic_time, "expiry": ask.expiry}
    protected |= {N + label: moment.strftime("%Y-%m-%dT%H:%M:%SZ") for label, moment in moments.items() if moment}
    protected |= dict(ask.attributes)
    encoded, payload = b64url(json.dumps(protected).encode()), b64url(ask.content)
    signature = raw_signature(ask.signer.algorithm, ask.signer.signing_key, f"{encoded}.{payload}".encode())
    header: dict[str, Any] = {"x5c": [base64.b64encode(der).decode() for der in ask.signer.ders], N + "signingAgent": ask.agent}
    if ask.token is not None:
        header[N + "timestampSignature"] = base64.b64encode(ask.token).decode()
    header |= dict(ask.unprotected)
    members = {"payload": payload, "protected": encoded, "header": header, "signature": b64url(signature)}
    return json.dumps(members, separators=(",", ":")).encode()


class Tag:
    """A tagged CBOR value for the encoder."""

    def __init__(self, number: int, value: Any) -> None:
        self.number = number
        self.value = value


@dataclass(frozen=True)
class Raw:
    """CBOR as it is to stand."""

    data: bytes


def _head(major: int, count: int) -> bytes:
    for limit, info, width in ((24, count, 0), (1 << 8, 24, 1), (1 << 16, 25, 2), (1 << 32, 26, 4), (1 << 64, 27, 8)):
        if count < limit:
            return bytes([major << 5 | info]) + (count.to_bytes(width, "big") if width else b"")
    raise ValueError(count)


def to_cbor(value: Any) -> bytes:
    """A value in CBOR; a list of pairs under `pairs` may repeat keys."""
    match value:
        case bool() | None:
            return bytes([0xF6 if value is None else 0xF4 + value])
        case float():
            return b"\xfb" + struct.pack(">d", value)
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case list():
            return _head(4, len(value)) + b"".join(map(to_cbor, value))
        case dict():
            return _head(5, len(value)) + b"".join(to_cbor(k) + to_cbor(v) for k, v in value.items())
        case Raw():
            return value.data
        case Tag():
            return _head(6, value.number) + to_cbor(value.value)
    raise TypeError(type(value))


def cose(ask: Ask) -> bytes:
    """A COSE envelope (signature-envelope-cose.md)."""
    protected: dict[Any, Any] = {1: COSE_ALG[ask.algorithm or ask.signer.algorithm], 2: ask.crit, 3: ask.content_type}
    protected[N + "signingScheme"] = ask.scheme
    moments = {"signingTime": ask.signing_time, "authenticSigningTime": ask.authentic_time, "expiry": ask.expiry}
    protected |= {N + label: Tag(1, int(moment.timestamp())) for label, moment in moments.items() if moment}
    protected |= dict(ask.attributes)
    head = to_cbor(protected)
    signature = raw_signature(ask.signer.algorithm, ask.signer.signing_key, to_cbor(["Signature1", head, b"", ask.content]))
    outer: dict[Any, Any] = {33: ask.signer.ders, N + "signingAgent": ask.agent}
    if ask.token is not None:
        outer[N + "timestampSignature"] = ask.token
    outer |= dict(ask.unprotected)
    return to_cbor(Tag(18, [head, outer, ask.content, signature]))


ENVELOPES = {JWS: jws, COSE: cose}


def signature_of(media_type: str, ask: Ask) -> tuple[bytes, bytes]:
    """An envelope without token, and its primitive signature."""
    data = ENVELOPES[media_type](ask)
    if media_type == JWS:
        text = json.loads(data)["signature"]
        return data, base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    width = 2 * ((usual(ask.signer.algorithm).signing_key.key_size + 7) // 8)
    if ask.signer.algorithm in RSA_BITS:
        width = RSA_BITS[ask.signer.algorithm] // 8
    return data, data[-width:]


def with_token(media_type: str, ask: Ask, token_of: Any) -> bytes:
    """The envelope with the token that `token_of` makes of its primitive signature."""
    data, signature = signature_of(media_type, ask)
    token: bytes = token_of(signature)
    if media_type == JWS:
        members = json.loads(data)
        members["header"][N + "timestampSignature"] = base64.b64encode(token).decode()
        return json.dumps(members, separators=(",", ":")).encode()
    body = data[: -len(signature)]
    old = to_cbor({33: ask.signer.ders, N + "signingAgent": ask.agent})
    new = to_cbor({33: ask.signer.ders, N + "signingAgent": ask.agent, N + "timestampSignature": token})
    return body.replace(old, new) + signature


@dataclass(frozen=True)
class Stamp:
    """What a time stamp says, and how to spoil it."""

    signer: Signer
    time: datetime = NOW - timedelta(days=1)
    accuracy: dict[str, int] | None = None
    policy: str = "1.2.3"
    imprint: bytes | None = None
    cert_hash: bytes | None = None
    with_v2: bool = True
    message_digest: bytes | None = None
    certificates: tuple[bytes, ...] | None = None
    tamper: bool = False


def stamping(**more: Any) -> Signer:
    """A time stamping authority under its own root."""
    top = ca("Stamp Root", key("ES256", "stamp root"), **more.pop("root", {}))
    base = {"eku": (ExtendedKeyUsageOID.TIME_STAMPING,), "eku_critical": True}
    bottom = Spec(**{"subject": name("stamper"), "signing_key": key("PS256", "stamper"), **base, **more})
    return Signer("PS256", key("PS256", "stamper"), (issue(bottom, top), issue(top, top)))


def token(stamp: Stamp, signature: bytes) -> bytes:
    """An RFC 3161 token over the signature (RFC 3161 section 2.4.2, RFC 5652, RFC 5816)."""
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": stamp.policy,
            "message_imprint": {"hash_algorithm": sha256, "hashed_message": stamp.imprint or hashlib.sha256(signature).digest()},
            "serial_number": 7,
            "gen_time": stamp.time,
            **({"accuracy": stamp.accuracy} if stamp.accuracy else {}),
        }
    ).dump()
    leaf = asn1_x509.Certificate.load(stamp.signer.ders[0])
    attributes = [
        {"type": "content_type", "values": ["tst_info"]},
        {"type": "message_digest", "values": [stamp.message_digest or hashlib.sha256(info).digest()]},
    ]
    if stamp.with_v2:
        pinned = {"cert_hash": stamp.cert_hash or hashlib.sha256(stamp.signer.ders[0]).digest()}
        attributes.append({"type": "signing_certificate_v2", "values": [{"certs": [pinned]}]})
    signed = cms.CMSAttributes(attributes)
    body = signed.dump()
    assert isinstance(stamp.signer.signing_key, rsa.RSAPrivateKey)
    made = stamp.signer.signing_key.sign(body if not stamp.tamper else body + b"x", padding.PKCS1v15(), hashes.SHA256())
    data = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [sha256],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)},
            "certificates": [asn1_x509.Certificate.load(der) for der in stamp.certificates or stamp.signer.ders],
            "signer_infos": [
                {
                    "version": "v1",
                    "sid": cms.SignerIdentifier(
                        "issuer_and_serial_number", {"issuer": leaf.issuer, "serial_number": leaf.serial_number}
                    ),
                    "digest_algorithm": sha256,
                    "signed_attrs": signed,
                    "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
                    "signature": made,
                }
            ],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": data}).dump())
