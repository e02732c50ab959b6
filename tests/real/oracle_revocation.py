"""OCSP responses and revocation lists written byte by byte (RFC 6960, RFC 5280 section 5), good ones and odd ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.real import der
from tests.real.der import (
    TRUE,
    Parts,
    algorithm,
    bits,
    extension,
    generalized,
    integer,
    long_form,
    octets,
    oid,
    seq,
    text,
    tlv,
    usual_name,
    when,
)
from tests.real.oracle_cases import Case, anchors_of
from tests.real.oracle_keys import PssKey, odd_keys, pss
from tests.real.oracle_network import Served
from tests.sources.signatures.cases import document
from tests.sources.signatures.signer import NOW, Ask, Signer, Spec, authority, ca, issue, jws, key, name

BASIC, SHA1, SHA256 = "1.3.6.1.5.5.7.48.1.1", "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.1"
INVALIDITY, REASON = "2.5.29.24", "2.5.29.21"
GOOD, UNKNOWN = tlv(0x80), tlv(0x82)
OCSP_SIGNING = extension("2.5.29.37", seq(oid("1.3.6.1.5.5.7.3.9")))


def stamp(moment: Any, fraction: str = "") -> bytes:
    """A GeneralizedTime."""
    return generalized(f"{moment:%Y%m%d%H%M%S}{fraction}Z")


HOUR_AGO, TOMORROW = stamp(NOW - timedelta(hours=1)), stamp(NOW + timedelta(days=1))
REVOKED = tlv(0xA1, stamp(NOW - timedelta(days=2)))


def bit_key(certificate: x509.Certificate) -> bytes:
    """The bits of a key on P-256."""
    point = certificate.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return bytes(point)


@dataclass(frozen=True)
class Chain:
    """A signer with an intermediate, so that an issuer need not be a root."""

    signer: Signer
    middle: Spec

    @property
    def leaf(self) -> x509.Certificate:
        """The certificate that is asked about."""
        return self.signer.chain[0]

    @property
    def issuer(self) -> x509.Certificate:
        """Its issuer."""
        return self.signer.chain[1]


def chain(deep: bool, **leaf: Any) -> Chain:
    """A leaf under a root, or under an intermediate."""
    top = ca("Contoso Root", key("ES256", "root"))
    middle = ca("Contoso Issuing", key("ES256", "issuing")) if deep else top
    bottom = Spec(name("builder"), key("ES256"), **leaf)
    certificates = (issue(bottom, middle), issue(middle, top), issue(top, top)) if deep else (issue(bottom, top), issue(top, top))
    return Chain(Signer("ES256", key("ES256"), certificates), middle)


@dataclass(frozen=True)
class Reply:
    """An OCSP response to be."""

    status: bytes = GOOD
    update: bytes = HOUR_AGO
    next_update: bytes | None = tlv(0xA0, TOMORROW)
    extensions: bytes = b""
    hashing: bytes = algorithm(SHA1)
    serial: bytes | None = None
    names: tuple[bytes, bytes] | None = None
    responder: bytes | None = None
    produced: bytes = HOUR_AGO
    version: bytes = b""
    body_end: bytes = b""
    before: bytes = b""
    twin: bytes = b""
    kind: str = BASIC
    outcome: bytes = tlv(0x0A, b"\0")
    signing: Any = None
    scheme: bytes = algorithm(der.ECDSA_SHA256)
    certificates: Any = None
    shape: Any = None

    def to(self, asked: Chain) -> bytes:
        """The response about the leaf."""
        sha1 = hashlib.sha1
        names = self.names or (sha1(asked.issuer.subject.public_bytes()).digest(), sha1(bit_key(asked.issuer)).digest())
        identity = seq(self.hashing, octets(names[0]), octets(names[1]), self.serial or integer(asked.leaf.serial_number))
        single = seq(identity, self.status, self.update, self.next_update or b"", self.extensions)
        responder = self.responder or tlv(0xA2, octets(names[1]))
        number = integer(asked.leaf.serial_number)
        other = seq(seq(self.hashing, octets(b"x"), octets(b"x"), number), self.twin, HOUR_AGO, self.next_update or b"")
        before = self.before or (other if self.twin else b"")
        body = seq(self.version, responder, self.produced, seq(before, single), self.body_end)
        made = bits(der.signature(self.signing or asked.middle.signing_key, body))
        extra = self.certificates(asked) if self.certificates else b""
        basic = seq(body, self.scheme, made, extra)
        data = seq(self.outcome, tlv(0xA0, seq(oid(self.kind), octets(basic))))
        return bytes(self.shape(data)) if self.shape else data


def with_certificates(*ders: bytes) -> bytes:
    """The certificates of a response."""
    return tlv(0xA0, seq(*ders))


def own(asked: Chain) -> bytes:
    """The issuer's own certificate comes along."""
    return with_certificates(asked.issuer.public_bytes(Encoding.DER))


DELEGATE_KEY = key("ES256", "responder")


def delegated(*extensions: bytes, **changes: Any) -> Callable[[Chain], bytes]:
    """A certificate of the issuer for a responder comes along."""
    assert isinstance(DELEGATE_KEY, ec.EllipticCurvePrivateKey)
    parts = Parts(der.ec_key(DELEGATE_KEY), subject=usual_name(text("responder")), extensions=(OCSP_SIGNING, *extensions)).but(
        **changes
    )

    def made(asked: Chain) -> bytes:
        return with_certificates(parts.but(issuer=asked.issuer.subject.public_bytes()).signed_by(asked.middle.signing_key))

    return made


def single_extensions(*found: bytes) -> bytes:
    """Extensions of the one answer."""
    return tlv(0xA1, seq(*found))


def replies() -> dict[str, Reply]:
    """Responses by what is odd about them."""
    odd, signing = odd_keys(), DELEGATE_KEY
    later, earlier = NOW + timedelta(days=1), NOW - timedelta(days=20)
    return {
        "plain": Reply(),
        "own certificate": Reply(certificates=own),
        "delegate": Reply(certificates=delegated(), signing=signing),
        "delegate with more": Reply(certificates=delegated(extension("1.2.3", b"x", TRUE)), signing=signing),
        "delegate with a wrong name": Reply(certificates=delegated(subject=usual_name(text("a@b", 0x13))), signing=signing),
        "delegate of serial 0": Reply(certificates=delegated(serial=integer(0)), signing=signing),
        "delegate that did not sign": Reply(certificates=delegated()),
        "delegate second": Reply(certificates=lambda asked: with_certificates(own(asked)[4:], b""), signing=None),
        "no certificates": Reply(certificates=lambda _: with_certificates()),
        "junk for a certificate": Reply(certificates=lambda _: with_certificates(seq(integer(1)))),
        "critical extension": Reply(extensions=single_extensions(extension("1.2.3", b"x", TRUE))),
        "extension": Reply(extensions=single_extensions(extension("1.2.3", b"x"))),
        "critical extension of the response": Reply(body_end=tlv(0xA1, seq(extension("1.2.3", b"x", TRUE)))),
        "extension as FALSE": Reply(extensions=single_extensions(extension("1.2.3", b"x", der.boolean(0)))),
        "revoked": Reply(REVOKED),
        "revoked with a reason": Reply(tlv(0xA1, stamp(NOW), tlv(0xA0, tlv(0x0A, b"\6")))),
        "revoked, invalid later": Reply(REVOKED, extensions=single_extensions(extension(INVALIDITY, stamp(later)))),
        "revoked, invalid earlier": Reply(REVOKED, extensions=single_extensions(extension(INVALIDITY, stamp(earlier)))),
        "revoked, invalid later and critical": Reply(
            REVOKED, extensions=single_extensions(extension(INVALIDITY, stamp(later), TRUE))
        ),
        "revoked, invalid junk": Reply(REVOKED, extensions=single_extensions(extension(INVALIDITY, b"x"))),
        "revoked, invalid with more": Reply(REVOKED, extensions=single_extensions(extension(INVALIDITY, stamp(later) + b"x"))),
        "revoked, invalid in UTC": Reply(REVOKED, extensions=single_extensions(extension(INVALIDITY, when(later)))),
        "unknown": Reply(UNKNOWN),
        "without status": Reply(b""),
        "status constructed": Reply(tlv(0xA0)),
        "status with content": Reply(tlv(0x80, b"x")),
        "status of 3": Reply(tlv(0x83)),
        "good and revoked": Reply(GOOD + REVOKED),
        "update with .5": Reply(update=stamp(NOW - timedelta(hours=1), ".5")),
        "update with .50": Reply(update=stamp(NOW - timedelta(hours=1), ".50")),
        "update in UTC": Reply(update=when(NOW - timedelta(hours=1))),
        "produced with ,5": Reply(produced=stamp(NOW, ",5")),
        "produced as text": Reply(produced=text("x")),
        "next update missing": Reply(next_update=None),
        "next update past": Reply(next_update=tlv(0xA0, stamp(NOW - timedelta(minutes=1)))),
        "next update implicit": Reply(next_update=tlv(0x80, TOMORROW[2:])),
        "next update with nothing behind": Reply(next_update=tlv(0xA0, TOMORROW + tlv(2))),
        "an end of nothing": Reply(next_update=tlv(0xA0, TOMORROW) + tlv(1)),
        "an end of something": Reply(next_update=tlv(0xA0, TOMORROW) + tlv(1, b"\xff")),
        "next update in UTC": Reply(next_update=tlv(0xA0, when(NOW + timedelta(days=1)))),
        "hash SHA-256 names": Reply(hashing=algorithm(SHA256)),
        "hash unknown": Reply(hashing=algorithm("1.2.3")),
        "hash with NULL": Reply(hashing=algorithm(SHA1, der.NULL)),
        "another serial": Reply(serial=integer(1)),
        "serial not minimal": Reply(serial=tlv(2, b"\0\1")),
        "another first": Reply(before=seq(seq(algorithm(SHA1), octets(b"x"), octets(b"x"), integer(1)), GOOD, HOUR_AGO)),
        "another of the same number first, revoked": Reply(twin=REVOKED),
        "junk first": Reply(before=seq(integer(1))),
        "responder by name": Reply(responder=tlv(0xA1, usual_name())),
        "responder by a wrong name": Reply(responder=tlv(0xA1, usual_name(text("a@b", 0x13)))),
        "responder by nothing": Reply(responder=tlv(0xA3, b"")),
        "responder with more": Reply(responder=tlv(0xA2, octets(b"x"), b"x")),
        "version 0": Reply(version=tlv(0xA0, integer(0))),
        "version 5": Reply(version=tlv(0xA0, integer(5))),
        "version not minimal": Reply(version=tlv(0xA0, tlv(2, b"\0\1"))),
        "more in the body": Reply(body_end=integer(1)),
        "another kind": Reply(kind="1.2.3"),
        "status unauthorized": Reply(outcome=tlv(0x0A, b"\6")),
        "status not minimal": Reply(outcome=tlv(0x0A, b"\0\0")),
        "status as an integer": Reply(outcome=integer(0)),
        "signed by SHA-1": Reply(scheme=algorithm("1.2.840.10045.4.1")),
        "scheme with NULL": Reply(scheme=algorithm(der.ECDSA_SHA256, der.NULL)),
        "scheme of RSA": Reply(scheme=algorithm(der.RSA_SHA256, der.NULL)),
        "delegate by PSS": Reply(certificates=rsa_delegate(odd["2048"]), signing=PssKey(odd["2048"]), scheme=pss()),
        "delegate by RSA": Reply(
            certificates=rsa_delegate(odd["2048"]), signing=odd["2048"], scheme=algorithm(der.RSA_SHA256, der.NULL)
        ),
        "delegate by RSA 1024": Reply(
            certificates=rsa_delegate(odd["1024"]), signing=odd["1024"], scheme=algorithm(der.RSA_SHA256, der.NULL)
        ),
        "signed by a stranger": Reply(signing=signing),
        "trailing byte": Reply(shape=lambda data: data + b"\0"),
        "BER": Reply(shape=long_form),
        "empty": Reply(shape=lambda _: b""),
    }


def rsa_delegate(signing: Any) -> Callable[[Chain], bytes]:
    """A responder with an RSA key."""
    return delegated(key_info=der.rsa_key(signing))


@dataclass(frozen=True)
class Listed:
    """A revocation list to be."""

    version: bytes = integer(1)
    scheme: bytes = algorithm(der.ECDSA_SHA256)
    outer: bytes | None = None
    issuer: bytes | None = None
    update: bytes = when(NOW - timedelta(hours=1))
    next_update: bytes = when(NOW + timedelta(days=1))
    entries: Any = None
    extensions: bytes = b""
    signing: Any = None
    end: bytes = b""
    shape: Any = None

    def to(self, asked: Chain) -> bytes:
        """The list of the issuer."""
        entries = self.entries(asked) if self.entries else b""
        issuer = self.issuer if self.issuer is not None else asked.issuer.subject.public_bytes()
        body = seq(self.version, self.scheme, issuer, self.update, self.next_update, entries, self.extensions)
        made = bits(der.signature(self.signing or asked.middle.signing_key, body))
        data = seq(body, self.outer or self.scheme, made, self.end)
        return bytes(self.shape(data)) if self.shape else data


def entry(asked: Chain, *more: bytes, serial: int | None = None, at: bytes | None = None) -> bytes:
    """An entry about the leaf, or another serial number."""
    return seq(integer(asked.leaf.serial_number if serial is None else serial), at or when(NOW - timedelta(days=2)), *more)


def of(*more: bytes, **changes: Any) -> Callable[[Chain], bytes]:
    """Entries: one about the leaf with these extensions."""
    return lambda asked: seq(entry(asked, seq(*more) if more else b"", **changes))


def reason(code: int, critical: bytes = b"") -> bytes:
    """The reason of an entry."""
    return extension(REASON, tlv(0x0A, bytes([code])), critical)


def lists() -> dict[str, Listed]:
    """Lists by what is odd about them."""
    later, earlier = NOW + timedelta(days=1), NOW - timedelta(days=20)
    other = {"serial": 1}
    point = tlv(0xA0, tlv(0xA0, tlv(0x86, b"http://elsewhere/")))

    def extensions(*found: bytes) -> bytes:
        return tlv(0xA0, seq(*found))

    return {
        "plain": Listed(),
        "empty entries": Listed(entries=lambda _: seq()),
        "version 1": Listed(version=b""),
        "version 0": Listed(version=integer(0)),
        "version 2": Listed(version=integer(2)),
        "algorithms differ": Listed(outer=algorithm("1.2.840.10045.4.3.3")),
        "SHA-1": Listed(scheme=algorithm("1.2.840.10045.4.1")),
        "another issuer": Listed(issuer=usual_name()),
        "a wrong issuer": Listed(issuer=usual_name(text("a@b", 0x13))),
        "stranger": Listed(signing=DELEGATE_KEY),
        "next update missing": Listed(next_update=b""),
        "next update past": Listed(next_update=when(NOW - timedelta(minutes=1))),
        "next update generalized": Listed(next_update=TOMORROW),
        "next update with .5": Listed(next_update=stamp(NOW + timedelta(days=1), ".5")),
        "update with an offset": Listed(update=der.utc(f"{NOW - timedelta(hours=9):%y%m%d%H%M%S}+0100")),
        "update as text": Listed(update=text("x")),
        "revoked": Listed(entries=of()),
        "another revoked": Listed(entries=of(**other)),
        "another with wrong time": Listed(entries=of(at=text("x"), **other)),
        "another with a fraction": Listed(entries=of(at=stamp(NOW, ".5"), **other)),
        "another with a wrong extension": Listed(entries=of(integer(1), **other)),
        "another with a wrong reason": Listed(entries=of(extension(REASON, integer(1)), **other)),
        "another with a critical extension": Listed(entries=of(extension("1.2.3", b"x", TRUE), **other)),
        "another not minimal": Listed(entries=lambda _: seq(seq(tlv(2, b"\0\1"), when(NOW)))),
        "another with more": Listed(entries=lambda asked: seq(seq(integer(1), when(NOW), integer(1)))),
        "entries with junk": Listed(entries=lambda _: seq(integer(1))),
        "entries generalized": Listed(entries=of(at=stamp(NOW), **other)),
        "held": Listed(entries=of(reason(6))),
        "held and critical": Listed(entries=of(reason(6, TRUE))),
        "lifted": Listed(entries=of(reason(8))),
        "lifted and critical": Listed(entries=of(reason(8, TRUE))),
        "reason 7": Listed(entries=of(reason(7))),
        "critical extension": Listed(entries=of(extension("1.2.3", b"x", TRUE))),
        "invalid later": Listed(entries=of(extension(INVALIDITY, stamp(later)))),
        "invalid later and critical": Listed(entries=of(extension(INVALIDITY, stamp(later), TRUE))),
        "invalid later by a fraction": Listed(entries=of(extension(INVALIDITY, stamp(later, ".5")))),
        "invalid later in UTC": Listed(entries=of(extension(INVALIDITY, when(later)))),
        "invalid later with more": Listed(entries=of(extension(INVALIDITY, stamp(later) + b"x"))),
        "invalid earlier": Listed(entries=of(extension(INVALIDITY, stamp(earlier)))),
        "held then lifted": Listed(
            entries=lambda a: seq(
                entry(a, seq(reason(6)), at=when(NOW - timedelta(days=3))),
                entry(a, seq(reason(8)), at=when(NOW - timedelta(days=1))),
            )
        ),
        "lifted then revoked": Listed(entries=lambda a: seq(entry(a, seq(reason(8))), entry(a, seq(reason(1))))),
        "number": Listed(extensions=extensions(extension("2.5.29.20", integer(5)))),
        "number wrong": Listed(extensions=extensions(extension("2.5.29.20", text("x")))),
        "number critical": Listed(extensions=extensions(extension("2.5.29.20", integer(5), TRUE))),
        "authority key": Listed(extensions=extensions(extension("2.5.29.35", seq(tlv(0x80, b"x"))))),
        "authority key critical": Listed(extensions=extensions(extension("2.5.29.35", seq(tlv(0x80, b"x")), TRUE))),
        "authority key in a long form": Listed(extensions=extensions(extension("2.5.29.35", seq(b"\x80\x81\x01x")))),
        "authority key wrong": Listed(extensions=extensions(extension("2.5.29.35", b"x"))),
        "unknown": Listed(extensions=extensions(extension("1.2.3", b"x"))),
        "unknown critical": Listed(extensions=extensions(extension("1.2.3", b"x", TRUE))),
        "extension twice": Listed(extensions=extensions(extension("1.2.3", b"x"), extension("1.2.3", b"y"))),
        "point empty": Listed(extensions=extensions(extension("2.5.29.28", seq(), TRUE))),
        "point of users": Listed(extensions=extensions(extension("2.5.29.28", seq(tlv(0x81, b"\xff")), TRUE))),
        "point of some reasons": Listed(extensions=extensions(extension("2.5.29.28", seq(tlv(0x83, b"\x01\x06")), TRUE))),
        "point of authorities": Listed(extensions=extensions(extension("2.5.29.28", seq(tlv(0x82, b"\xff")), TRUE))),
        "point indirect": Listed(extensions=extensions(extension("2.5.29.28", seq(tlv(0x84, b"\xff")), TRUE))),
        "point elsewhere": Listed(extensions=extensions(extension("2.5.29.28", seq(point), TRUE))),
        "delta": Listed(extensions=extensions(extension("2.5.29.27", integer(1), TRUE))),
        "extensions bare": Listed(extensions=tlv(0xA0)),
        "extensions none": Listed(extensions=extensions()),
        "more behind": Listed(end=integer(1)),
        "trailing byte": Listed(shape=lambda data: data + b"\0"),
        "BER": Listed(shape=long_form),
        "PEM": Listed(shape=lambda _: b"-----BEGIN X509 CRL-----\n"),
    }


def raw_revocation_cases(served: Served) -> Iterator[Case]:
    """Each response under a root and under an intermediate, each list, for both schemes."""
    for deep in (False, True):
        for label, reply in replies().items():
            yield from _served(served, f"OCSP {label}{' deep' if deep else ''}", "ocsp", deep, reply.to)
    for label, listed in lists().items():
        yield from _served(served, f"CRL {label}", "crl", False, listed.to)
    for label in ("SHA-1", "version 1", "revoked"):
        yield from _served(served, f"CRL {label} deep", "crl", True, lists()[label].to)


def _served(served: Served, label: str, method: str, deep: bool, make: Callable[[Chain], bytes]) -> Iterator[Case]:
    part = f"raw{len(served.bodies)}"
    asked = chain(deep, **{method: (served.url(part),)})
    served.bodies[part] = make(asked)
    for ask in (Ask(asked.signer), Ask(asked.signer, **authority())):
        yield Case(f"raw {label} {ask.scheme}", jws(ask), policy=document(), anchors=anchors_of(ask))
