"""Certificates with one thing out of the ordinary, in the leaf or in the root: hundreds of them, by what Go's parser looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from tests.real import der
from tests.real.der import (
    Change,
    Parts,
    algorithm,
    attribute,
    but,
    generalized,
    integer,
    octets,
    oid,
    seq,
    set_of,
    text,
    tlv,
    usual_name,
    utc,
    when,
)
from tests.real.oracle_cases import Case
from tests.real.oracle_extensions import alternative_names, encodings, extensions
from tests.real.oracle_keys import LEAF_KEY, ROOT_KEY, authorities, keys
from tests.sources.signatures.cases import document
from tests.sources.signatures.signer import JWS, NOW, Ask, Signer, jws

OFFLINE = {"revocation": "skip"}
SUBJECT = ["x509.subject:C=US,ST=WA,O=Contoso"]


class RawSigner(Signer):
    """A signer whose certificates are bytes that cryptography might not read."""

    def __init__(self, algorithm: str, signing_key: Any, ders: tuple[bytes, ...]) -> None:
        super().__init__(algorithm, signing_key, ())
        object.__setattr__(self, "raw", ders)

    @property
    def ders(self) -> list[bytes]:
        """The chain in DER."""
        return list(self.__dict__["raw"])


def leaf() -> Parts:
    """A leaf that nothing is wrong with."""
    assert isinstance(LEAF_KEY, ec.EllipticCurvePrivateKey)
    return Parts(der.ec_key(LEAF_KEY))


def root() -> Parts:
    """A root that nothing is wrong with."""
    assert isinstance(ROOT_KEY, ec.EllipticCurvePrivateKey)
    name = usual_name(text("root"))
    return Parts(der.ec_key(ROOT_KEY), subject=name, issuer=name, extensions=(der.CA_CONSTRAINTS, der.CA_USAGE))


def certificate_cases() -> Iterator[Case]:
    """Every change to the leaf, and to the root, under any identity; names also under a subject."""
    for label, change in changes().items():
        bottom = change(leaf())
        signing_key = bottom.more.get("key", LEAF_KEY)
        yield _case(f"certificate leaf {label}", bottom, root(), signing_key, bottom.more.get("algorithm", "ES256"))
        if label.startswith("name"):
            yield _case(f"certificate subject {label}", bottom, root(), signing_key, "ES256", SUBJECT)
        top = change(root())
        if "key" not in top.more:
            top = top.but(issuer=top.subject)
            yield _case(f"certificate root {label}", leaf().but(issuer=top.subject), top, LEAF_KEY, "ES256")
    for label, (bottom, top, signing_key) in authorities(leaf(), root()).items():
        yield _case(f"certificate authority {label}", bottom, top, LEAF_KEY, "ES256", authority=signing_key)


def _case(
    label: str,
    bottom: Parts,
    top: Parts,
    signing_key: Any,
    kind: str,
    identities: list[str] | None = None,
    authority: Any = ROOT_KEY,
) -> Case:
    ders = (bottom.signed_by(authority), top.signed_by(authority))
    data = jws(Ask(RawSigner(kind, signing_key, ders)))
    return Case(label, data, JWS, document(override=OFFLINE, trustedIdentities=identities or ["*"]), {"ca/c": ders[1]})


@cache
def changes() -> Mapping[str, Change]:
    """What is out of the ordinary, by its name."""
    return {"nothing": but()} | numbers() | names() | times() | keys() | extensions() | alternative_names() | encodings()


def numbers() -> dict[str, Change]:
    """Versions, serial numbers, algorithms."""
    serials = {
        "0": integer(0),
        "negative": integer(-5),
        "not minimal": tlv(2, b"\0\0\1"),
        "empty": tlv(2),
        "2^160": integer(1 << 160),
    }
    serials |= {"1000 bits": integer(1 << 1000), "top bit": tlv(2, b"\x80"), "text": text("1")}
    found: dict[str, Change] = {f"serial {label}": but(serial=v) for label, v in serials.items()}
    versions = {"absent": b"", "0": tlv(0xA0, integer(0)), "1": tlv(0xA0, integer(1)), "3": tlv(0xA0, integer(3))}
    versions |= {
        "negative": tlv(0xA0, integer(-1)),
        "not minimal": tlv(0xA0, tlv(2, b"\0\2")),
        "more": tlv(0xA0, integer(2), integer(1)),
    }
    found |= {f"version {label}": but(version=v) for label, v in versions.items()}
    found |= {
        "algorithms differ": lambda p: p.but(outer_algorithm=algorithm("1.2.840.10045.4.3.3")),
        "algorithm with NULL": lambda p: p.but(algorithm=algorithm(der.ECDSA_SHA256, der.NULL)),
        "algorithm parameters differ": lambda p: p.but(outer_algorithm=algorithm(der.ECDSA_SHA256, der.NULL)),
        "algorithm with more": lambda p: p.but(algorithm=algorithm(der.ECDSA_SHA256, der.NULL + integer(1))),
        "algorithm of SHA-1": lambda p: p.but(algorithm=algorithm("1.2.840.10045.4.1")),
        "algorithm of RSA": lambda p: p.but(algorithm=algorithm(der.RSA_SHA256, der.NULL)),
        "algorithm unknown": lambda p: p.but(algorithm=algorithm("1.2.3.4")),
        "unique ids": lambda p: p.but(unique_ids=tlv(0x81, b"\0\1") + tlv(0x82, b"\0\1")),
        "unique ids constructed": lambda p: p.but(unique_ids=tlv(0xA1, b"\0\1")),
        "signature with unused bits": lambda p: p.but(signature_unused=1),
        "body with more": lambda p: p.but(body_end=integer(1)),
        "more after the signature": lambda p: p.but(end=integer(1)),
    }
    return found


def names() -> dict[str, Change]:
    """Every string type in the common name, and shapes of names."""
    values = {
        "printable": text("builder", 0x13),
        "printable &": text("a&b", 0x13),
        "printable *": text("*.a", 0x13),
        "printable @": text("a@b", 0x13),
        "printable _": text("a_b", 0x13),
        "printable high": text(b"\xe4", 0x13),
        "T61": text(b"M\xfcller", 0x14),
        "T61 empty": text(b"", 0x14),
        "IA5": text("a@b", 0x16),
        "IA5 high": text(b"\xe4", 0x16),
        "numeric": text("123 4", 0x12),
        "numeric letters": text("12a", 0x12),
        "visible": text("abc", 0x1A),
        "general": text("abc", 0x1B),
        "universal": text("a".encode("utf-32-be"), 0x1C),
        "BMP": text("ab".encode("utf-16-be"), 0x1E),
        "BMP odd": text(b"\0a\0", 0x1E),
        "BMP ended": text(b"\0a\0\0", 0x1E),
        "BMP surrogate": text(b"\xd8\x00\xdc\x00", 0x1E),
        "BMP no character": text(b"\xff\xfe", 0x1E),
        "BMP FDD0": text(b"\xfd\xd0", 0x1E),
        "UTF-8 empty": text(""),
        "UTF-8 wrong": text(b"\xff"),
        "UTF-8 control": text("a\x1b[31m"),
        "UTF-8 long": text("x" * 3000),
        "octets": octets(b"abc"),
        "integer": integer(5),
        "a sequence": seq(text("a")),
        "with a comma": text("a,b"),
        "with =#": text("a=#b"),
        "with # first": text("#b"),
        "with spaces": text(" a b "),
        "with a plus": text("a+b"),
        "with a backslash": text("a\\b"),
        "with a quote": text('a"b'),
        "with a semicolon": text("a;b"),
        "with a NUL": text("a\0b"),
    }
    found: dict[str, Change] = {f"name {label}": but(subject=usual_name(v)) for label, v in values.items()}
    ou, dc, mail, serial = "2.5.4.11", "0.9.2342.19200300.100.1.25", "1.2.840.113549.1.9.1", "2.5.4.5"
    cn2 = attribute(der.COMMON, text("second"))
    shapes: dict[str, bytes] = {
        "empty": seq(),
        "with an empty RDN": usual_name(None, set_of()),
        "multi-valued": usual_name(None, set_of(attribute(ou, text("x")), attribute("2.5.4.7", text("y")))),
        "two units": usual_name(None, set_of(attribute(ou, text("x"))), set_of(attribute(ou, text("y")))),
        "two common names": usual_name(None, set_of(cn2)),
        "two serial numbers": usual_name(None, set_of(attribute(serial, text("1"))), set_of(attribute(serial, text("2")))),
        "an empty unit": usual_name(None, set_of(attribute(ou, text("")))),
        "two countries": usual_name(None, set_of(attribute(der.COUNTRY, text("DE", 0x13)))),
        "a domain": usual_name(None, set_of(attribute(dc, text("x", 0x16)))),
        "a mail": usual_name(None, set_of(attribute(mail, text("a@b", 0x16)))),
        "an unknown type": usual_name(None, set_of(attribute("1.2.3", text("x")))),
        "postal code and street": usual_name(
            None, set_of(attribute("2.5.4.17", text("1"))), set_of(attribute("2.5.4.9", text("s")))
        ),
        "a title": usual_name(None, set_of(attribute("2.5.4.12", text("t")))),
        "attribute with more": usual_name(None, set_of(seq(oid(ou), text("x"), text("y")))),
        "attribute without value": usual_name(None, set_of(seq(oid(ou)))),
        "RDN as a sequence": usual_name(None, seq(attribute(ou, text("x")))),
        "unsorted": usual_name(None, set_of(attribute(ou, text("x")), attribute(der.COMMON, text("y")))),
        "wrong OID": usual_name(None, set_of(seq(tlv(6, b"\x80\x01"), text("x")))),
        "huge arc": usual_name(None, set_of(seq(tlv(6, b"\x2a\xff\xff\xff\xff\x7f"), text("x")))),
        "as a set": set_of(),
    }
    return found | {f"name {label}": but(subject=v) for label, v in shapes.items()}


def times() -> dict[str, Change]:
    """How the validity is written."""
    start, later = when(NOW - timedelta(days=30)), NOW + timedelta(days=400)
    g = f"{later:%Y%m%d%H%M%S}"
    ends = {
        "generalized": generalized(g + "Z"),
        "generalized with .5": generalized(g + ".5Z"),
        "generalized with ,5": generalized(g + ",5Z"),
        "generalized with .50": generalized(g + ".50Z"),
        "generalized without seconds": generalized(g[:-2] + "Z"),
        "generalized without zone": generalized(g),
        "generalized with an offset": generalized(g + "+0100"),
        "generalized with an offset of zero": generalized(g + "+0000"),
        "generalized with a negative zero": generalized(g + "-0000"),
        "generalized with an odd offset": generalized(g + "+0160"),
        "generalized with a short offset": generalized(g + "+01"),
        "generalized in small letters": generalized(g + "z"),
        "generalized leap second": generalized(g[:-2] + "60Z"),
        "generalized hour 24": generalized(g[:8] + "240000Z"),
        "generalized February 30": generalized("20300230000000Z"),
        "generalized 9999": generalized("99991231235959Z"),
        "generalized 9999 overflowing": generalized("99991231235959-0100"),
        "generalized junk": generalized("x"),
        "UTC without seconds": utc(f"{later:%y%m%d%H%MZ}"),
        "UTC with an offset": utc(f"{later:%y%m%d%H%M%S}+0100"),
        "UTC with an offset of zero": utc(f"{later:%y%m%d%H%M%S}+0000"),
        "UTC of 1950": utc("500101000000Z"),
        "UTC of 2049": utc("491231235959Z"),
        "UTC with a fraction": utc(f"{later:%y%m%d%H%M%S}.5Z"),
        "text": text("2030"),
        "missing": b"",
    }
    found: dict[str, Change] = {f"end {label}": but(validity=seq(start, v)) for label, v in ends.items()}
    return found | {
        "validity with more": lambda p: p.but(validity=seq(start, when(later), when(later))),
        "validity backwards": lambda p: p.but(validity=seq(when(later), start)),
        "start of 1950": lambda p: p.but(validity=seq(utc("500101000000Z"), when(later))),
        "start of year 1": lambda p: p.but(validity=seq(generalized("00010101000000Z"), when(later))),
    }
