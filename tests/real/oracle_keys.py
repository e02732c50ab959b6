"""Keys that are seldom met, in leaves and in authorities."""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.real import der
from tests.real.der import Change, Parts, algorithm, bits, but, integer, oid, seq, tlv
from tests.sources.signatures.signer import key

LEAF_KEY, ROOT_KEY = key("ES256", "parts leaf"), key("ES256", "parts root")
PSS, MGF1 = "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8"
SHA = {256: "2.16.840.1.101.3.4.2.1", 384: "2.16.840.1.101.3.4.2.2", 1: "1.3.14.3.2.26"}


@cache
def odd_keys() -> dict[str, Any]:
    """Keys of kinds that are seldom met."""
    return {
        "P-224": ec.generate_private_key(ec.SECP224R1()),
        "K-256": ec.generate_private_key(ec.SECP256K1()),
        "1024": rsa.generate_private_key(65537, 1024),
        "2056": rsa.generate_private_key(65537, 2056),
        "2047": rsa.generate_private_key(65537, 2047),
        "2048": rsa.generate_private_key(65537, 2048),
        "e3": rsa.generate_private_key(3, 2048),
        "Ed25519": ed25519.Ed25519PrivateKey.generate(),
        "X25519": x25519.X25519PrivateKey.generate(),
        "DSA": dsa.generate_private_key(2048),
    }


def info(key: Any) -> bytes:
    """A SubjectPublicKeyInfo as cryptography writes it."""
    return bytes(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def keys() -> dict[str, Change]:
    """Public keys; where the leaf could sign with it, it does."""
    odd, ec_oid, p256 = odd_keys(), "1.2.840.10045.2.1", oid("1.2.840.10045.3.1.7")
    assert isinstance(LEAF_KEY, ec.EllipticCurvePrivateKey)
    numbers = LEAF_KEY.public_key().public_numbers()
    x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
    points = {
        "compressed": bytes([2 + (y[-1] & 1)]) + x,
        "hybrid": bytes([6 + (y[-1] & 1)]) + x + y,
        "infinity": b"\0",
        "off the curve": b"\4" + x + x,
        "short": b"\4" + x + y[:-1],
        "long": b"\4" + x + y + b"\0",
        "empty": b"",
    }
    infos = {f"point {label}": seq(algorithm(ec_oid, p256), bits(point)) for label, point in points.items()}
    infos |= {
        "curve missing": seq(algorithm(ec_oid), bits(b"\4" + x + y)),
        "curve explicit": seq(algorithm(ec_oid, seq(integer(1))), bits(b"\4" + x + y)),
        "curve with more": seq(algorithm(ec_oid, p256 + integer(1)), bits(b"\4" + x + y)),
        "key with more": seq(algorithm(ec_oid, p256), bits(b"\4" + x + y), integer(1)),
        "key of an unknown kind": seq(algorithm("1.2.3"), bits(b"\4" + x + y)),
    }
    found: dict[str, Change] = {f"key {label}": but(key_info=v, more={"key": LEAF_KEY}) for label, v in infos.items()}
    signing = {"2048": "PS256", "2047": "PS256", "2056": "PS256", "e3": "PS256", "1024": "PS256"}
    for label in odd:
        more = {"key": odd[label] if label in signing else LEAF_KEY, "algorithm": signing.get(label, "ES256")}
        found[f"key {label}"] = but(key_info=info(odd[label]), more=more)
    plain = odd["2048"]
    rsa_infos = {
        "without NULL": der.rsa_key(plain, b""),
        "with other parameters": der.rsa_key(plain, seq()),
        "with more than NULL": der.rsa_key(plain, der.NULL + integer(1)),
        "exponent 1": der.rsa_key(plain, exponent=1),
        "exponent 4": der.rsa_key(plain, exponent=4),
        "exponent 2^33+1": der.rsa_key(plain, exponent=(1 << 33) + 1),
        "exponent negative": der.rsa_key(plain, exponent=-3),
        "PSS kind": info(plain).replace(oid("1.2.840.113549.1.1.1"), oid("1.2.840.113549.1.1.10")),
        "modulus negative": seq(algorithm("1.2.840.113549.1.1.1", der.NULL), bits(seq(integer(-5), integer(3)))),
        "modulus with more": seq(algorithm("1.2.840.113549.1.1.1", der.NULL), bits(seq(integer(15), integer(3), integer(1)))),
    }
    more = {"key": plain, "algorithm": "PS256"}
    return found | {f"RSA {label}": but(key_info=v, more=more) for label, v in rsa_infos.items()}


class PssKey:
    """An RSA key that signs by PSS."""

    def __init__(self, inner: rsa.RSAPrivateKey, salt: int = 32) -> None:
        self.inner = inner
        self.salt = salt


def pss(digest: int = 256, mask: int = 256, salt: int = 32, trailer: bytes = b"", end: bytes = der.NULL) -> bytes:
    """An AlgorithmIdentifier of RSASSA-PSS."""
    masking = algorithm(MGF1, algorithm(SHA[mask], end))
    parts = [tlv(0xA0, algorithm(SHA[digest], end)), tlv(0xA1, masking), tlv(0xA2, integer(salt)), trailer]
    return algorithm(PSS, seq(*parts))


def authorities(leaf: Parts, root: Parts) -> dict[str, tuple[Parts, Parts, Any]]:
    """A leaf and a root that sign with other keys and algorithms."""
    odd = odd_keys()
    rsa_key, edwards = odd["2048"], odd["Ed25519"]
    found: dict[str, tuple[Parts, Parts, Any]] = {}

    def add(label: str, key_info: bytes, kind: bytes, signing_key: Any) -> None:
        found[label] = (leaf.but(algorithm=kind), root.but(algorithm=kind, key_info=key_info), signing_key)

    add("RSA", info(rsa_key), algorithm(der.RSA_SHA256, der.NULL), rsa_key)
    add("RSA without NULL in the algorithm", info(rsa_key), algorithm(der.RSA_SHA256), rsa_key)
    add("RSA 1024", info(odd["1024"]), algorithm(der.RSA_SHA256, der.NULL), odd["1024"])
    add("RSA with e=3", info(odd["e3"]), algorithm(der.RSA_SHA256, der.NULL), odd["e3"])
    add("RSA of 2047 bits", info(odd["2047"]), algorithm(der.RSA_SHA256, der.NULL), odd["2047"])
    add("Ed25519", info(edwards), algorithm("1.3.101.112"), edwards)
    add("Ed25519 with NULL", info(edwards), algorithm("1.3.101.112", der.NULL), edwards)
    add("Ed25519 key with NULL", seq(algorithm("1.3.101.112", der.NULL), bits(bytes(32))), algorithm("1.3.101.112"), edwards)
    add("P-224", info(odd["P-224"]), algorithm(der.ECDSA_SHA256), odd["P-224"])
    add("K-256", info(odd["K-256"]), algorithm(der.ECDSA_SHA256), odd["K-256"])
    add("DSA", info(odd["DSA"]), algorithm("2.16.840.1.101.3.4.3.2"), ROOT_KEY)
    ways = {
        "": pss(),
        " without NULL": pss(end=b""),
        " with a trailer": pss(trailer=tlv(0xA3, integer(1))),
        " with another trailer": pss(trailer=tlv(0xA3, integer(2))),
        " with another salt": pss(salt=20),
        " with another mask": pss(mask=384),
        " with SHA-1": pss(digest=1, mask=1, salt=20),
        " without parameters": algorithm(PSS),
        " with NULL": algorithm(PSS, der.NULL),
        " with defaults": algorithm(PSS, seq()),
    }
    for label, kind in ways.items():
        add(f"PSS{label}", info(rsa_key), kind, PssKey(rsa_key))
    return found
