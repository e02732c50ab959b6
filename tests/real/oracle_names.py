"""Names of trust policies against subjects, and signatures in other forms than theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.real import der
from tests.real.der import attribute, set_of, text, usual_name
from tests.real.oracle_cases import Case, anchors_of
from tests.real.oracle_certificates import RawSigner, leaf, root
from tests.real.oracle_keys import LEAF_KEY, ROOT_KEY
from tests.sources.signatures.cases import document
from tests.sources.signatures.signer import COSE, JWS, Ask, b64url, cose, jws, key, signature_of, usual

BASE = "C=US,ST=WA,O=Contoso"
ORDER = {"ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551}

DNS = [
    BASE,
    f"{BASE},CN=builder",
    f"CN=builder,{BASE}",
    f"{BASE},CN=Builder",
    f"{BASE},cn=builder",
    f"{BASE},2.5.4.3=builder",
    f"{BASE},OID.2.5.4.3=builder",
    f" {BASE} ",
    "C=US, ST=WA, O=Contoso",
    "C =US,ST= WA,O=Contoso",
    "C=US,ST=WA,O=Contoso ",
    "C=US,ST=WA,O=Contoso\\ ",
    "C=US,ST=WA,O=\\ Contoso",
    "C=US,ST=WA,O=  Contoso",
    "C=US;ST=WA;O=Contoso",
    "C=US+ST=WA,O=Contoso",
    "C=US,ST=WA,O=Con\\toso",
    "C=US,ST=WA,O=Con\\74oso",
    "C=US,ST=WA,O=\\43ontoso",
    "C=US,ST=WA,O=\\c3\\a4",
    "C=US,ST=WA,O=\\c3",
    "C=US,ST=WA,O=Contoso\\",
    "C=US,ST=WA,O=Contoso\\4",
    'C=US,ST=WA,O="Contoso"',
    'C=US,ST=WA,O=\\"Contoso\\"',
    "C=US,ST=WA,O=#Contoso",
    "C=US,ST=WA,O=\\#Contoso",
    "C=US,ST=WA,O=#0c07436f6e746f736f",
    "C=US,ST=WA,O=Contoso,CN=#0c076275696c646572",
    "C=US,ST=WA,O=Contoso,CN=a=b",
    "C=US,ST=WA,O=Contoso,CN=a\\=b",
    "C=US,ST=WA,O=Contoso,CN=a=#b",
    "C=US,ST=WA,O=Contoso,CN=",
    "C=US,ST=WA,O=Contoso,OU=",
    "C=US,ST=WA,O=Contoso,=x",
    "C=US,ST=WA,O=Contoso,",
    ",C=US,ST=WA,O=Contoso",
    "C=US,ST=WA,O=Contoso,CN",
    "C=US,ST=WA,O=Contoso,CN=builder,CN=builder",
    "C=US,ST=WA,O=Contoso,CN=,CN=builder",
    "C=US,S=WA,O=Contoso",
    "C=US,S=WA,ST=WA,O=Contoso",
    "C=US,s=WA,O=Contoso",
    "C=US,ST=WA,O=Contoso,S=",
    "C=US,O=Contoso",
    "ST=WA,O=Contoso",
    "C=US,ST=WA",
    "C=US,ST=,O=Contoso",
    "C=US,ST=\\20,O=Contoso",
    "",
    " ",
    "C=US,ST=WA,O=Contoso\n",
    "C=US,ST=WA,O=Contoso,X=y",
    "C=US,ST=WA,O=Contoso,CN=b\\+c",
    "C=US,ST=WA,O=Contoso,CN=b+c",
    "C=US,ST=WA,O=Contoso,CN=b\\;c",
    "C=US,ST=WA,O=Contoso,CN=b\\<c\\>",
    "C=US,ST=WA,O=Contoso,CN=b<c>",
    "C=US,ST=WA,O=Contoso,CN=b\\\\c",
    "C=US,ST=WA,O=Contoso,CN=b\\,c",
    "C=US,ST=WA,O=Contoso,CN=b\\2cc",
    "C=US,ST=WA,O=Contoso,CN=b\\2Cc",
    "C=US,ST=WA,O=Contoso,CN=b\\0ac",
    "C=US,ST=WA,O=Contoso,CN=\\ b",
    "C=US,ST=WA,O=Contoso,CN= b",
    "C=US,ST=WA,O=Contoso,CN=b c",
    "C=US,ST=WA,O=Contoso,CN=b  c",
    "C=US,ST=WA,O=Contoso,CN=\\#b",
    "C=US,ST=WA,O=Contoso,CN=ä",
    "C=US,ST=WA,O=Contoso,CN=\\c3\\a4",
    "C=US,ST=WA,O=Contoso,CN=a\u0308",
    "C=US,ST=WA,O=Contoso,SERIALNUMBER=1",
    "C=US,ST=WA,O=Contoso,serialNumber=1",
    "C=US,ST=WA,O=Contoso,POSTALCODE=1",
    "C=US,ST=WA,O=Contoso,STREET=s",
    "C=US,ST=WA,O=Contoso,L=l",
    "C=US,ST=WA,O=Contoso,OU=u",
    "C=US,ST=WA,O=Contoso,DC=d",
    "C=US,ST=WA,O=Contoso,E=a@b",
    "C=US,ST=WA,O=Contoso,emailAddress=a@b",
]
COMMON = ["builder", "b+c", "b;c", "b<c>", "b\\c", "b,c", "b\nc", " b", "b ", "b c", "#b", "ä", "a=b", "a=#b", "a\u0308", ""]


def name_cases() -> Iterator[Case]:
    """Every name against the usual subject, and those with a common name against each common name."""
    for wanted in DNS:
        yield _named(f"DN {wanted!r}", wanted, usual_name())
        for common in COMMON if ",CN=" in wanted else ():
            yield _named(f"DN {wanted!r} against {common!r}", wanted, usual_name(text(common)))
    more = {"2.5.4.5": "SERIALNUMBER=1", "2.5.4.17": "POSTALCODE=1", "2.5.4.9": "STREET=s", "2.5.4.7": "L=l", "2.5.4.11": "OU=u"}
    for name, pair in more.items():
        value = pair.partition("=")[2]
        subject = usual_name(None, set_of(attribute(name, text(value))))
        yield _named(f"DN with {pair}", f"{BASE},{pair}", subject)
        yield _named(f"DN with another than {pair}", f"{BASE},{pair}x", subject)
    for together in ([BASE, f"{BASE},CN=x"], [f"{BASE},CN=x", f"{BASE},CN=builder"], [BASE, BASE], ["*", BASE], ["*", "*"]):
        names = [name if name == "*" else f"x509.subject:{name}" for name in together]
        yield Case(f"DNs {together}", jws(Ask()), policy=document(trustedIdentities=names), anchors=anchors_of(Ask()))
    for identity in ("x509.subject", "x509.subject:", "x509.Subject:C=US,ST=WA,O=Contoso", ":x", "other:x", "a:b:c", "**", " *"):
        yield Case(f"identity {identity!r}", jws(Ask()), policy=document(trustedIdentities=[identity]), anchors=anchors_of(Ask()))


def _named(label: str, wanted: str, subject: bytes) -> Case:
    ders = (leaf().but(subject=subject).signed_by(ROOT_KEY), root().signed_by(ROOT_KEY))
    under = document(trustedIdentities=[f"x509.subject:{wanted}"], override={"revocation": "skip"})
    return Case(label, jws(Ask(RawSigner("ES256", LEAF_KEY, ders))), JWS, under, {"ca/c": ders[1]})


def signature_cases() -> Iterator[Case]:
    """Signatures of the right key in another form, salt, length or range."""
    yield from _ecdsa()
    yield from _pss()
    for algorithm in ("PS256", "ES256"):
        for other in ("PS256", "PS384", "ES256", "ES384", "RS256", "none", "ps256", "HS256", "EdDSA", "ES256K", ""):
            ask = Ask(usual(algorithm), attributes={"alg": other})
            yield Case(f"algorithm {other!r} of a key for {algorithm}", jws(ask), policy=document(), anchors=anchors_of(ask))


def _ecdsa() -> Iterator[Case]:
    for media_type in (JWS, COSE):
        ask = Ask()
        data, made = signature_of(media_type, ask)
        r, s = made[:32], made[32:]
        n = ORDER["ES256"]
        ways = {
            "as it is": made,
            "the other s": r + (n - int.from_bytes(s, "big")).to_bytes(32, "big"),
            "with a zero before": b"\0" + r + b"\0" + s,
            "empty": b"",
            "short": made[:-1],
            "long": made + b"\0",
            "zeros": bytes(64),
            "r of zero": bytes(32) + s,
            "s of the order": r + n.to_bytes(32, "big"),
            "s above the order": r + b"\xff" * 32,
            "in DER": der.seq(der.integer(int.from_bytes(r, "big")), der.integer(int.from_bytes(s, "big"))),
            "swapped": s + r,
        }
        for label, signature in ways.items():
            bent = _replaced(media_type, data, made, signature)
            yield Case(f"ECDSA {label} {media_type}", bent, media_type, document(), anchors_of(ask))


def _replaced(media_type: str, data: bytes, old: bytes, new: bytes) -> bytes:
    if media_type == JWS:
        members = json.loads(data)
        return json.dumps({**members, "signature": b64url(new)}).encode()
    assert len(new) < 256
    head = bytes([0x58, len(new)]) if len(new) > 23 else bytes([0x40 | len(new)])
    return data.removesuffix(b"\x58" + bytes([len(old)]) + old) + head + new


def _pss() -> Iterator[Case]:
    signing = key("PS256")
    assert isinstance(signing, rsa.RSAPrivateKey)
    ask = Ask(usual("PS256"))
    data = jws(ask)
    members = json.loads(data)
    signed = f"{members['protected']}.{members['payload']}".encode()
    ways: dict[str, tuple[Any, Any]] = {
        "salt of 32": (padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
        "salt of 0": (padding.PSS(padding.MGF1(hashes.SHA256()), 0), hashes.SHA256()),
        "salt of 20": (padding.PSS(padding.MGF1(hashes.SHA256()), 20), hashes.SHA256()),
        "longest salt": (padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH), hashes.SHA256()),
        "another mask": (padding.PSS(padding.MGF1(hashes.SHA384()), 32), hashes.SHA256()),
        "another hash": (padding.PSS(padding.MGF1(hashes.SHA384()), 48), hashes.SHA384()),
        "PKCS1": (padding.PKCS1v15(), hashes.SHA256()),
    }
    for label, (scheme, digest) in ways.items():
        made = signing.sign(signed, scheme, digest)
        bent = json.dumps({**members, "signature": b64url(made)}).encode()
        yield Case(f"RSA {label} JWS", bent, JWS, document(), anchors_of(ask))
    made, plain = signature_of(COSE, ask)
    content = made[: -len(plain)]
    for label, salt in (("salt of 0", 0), ("salt of 20", 20), ("salt of 32", 32)):
        structure = _structure(ask)
        signature = signing.sign(structure, padding.PSS(padding.MGF1(hashes.SHA256()), salt), hashes.SHA256())
        yield Case(f"RSA {label} COSE", content + signature, COSE, document(), anchors_of(ask))


def _structure(ask: Ask) -> bytes:
    """What a COSE signature is over, read back from the message."""
    from tui.verification.notation.cose import parse_cose

    return parse_cose(cose(ask)).signed
