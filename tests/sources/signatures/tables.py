"""Envelopes with one thing wrong each, and what the specification makes of them; also shown to other verifiers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.sources.signatures.signer import (
    COSE,
    DIGEST,
    IMAGE,
    JWS,
    NOW,
    Ask,
    N,
    Signer,
    authority,
    ca,
    cose,
    issue,
    jws,
    key,
    name,
    signer,
    stamping,
    usual,
)
from tui.domain.facts.signature import Reason


def payload(**target: Any) -> bytes:
    """A payload whose descriptor differs from the usual one."""
    return json.dumps({"targetArtifact": {"mediaType": IMAGE, "digest": DIGEST, "size": 1234, **target}}).encode()


EXPIRY = NOW + timedelta(days=1)
INTEGRITY: dict[str, tuple[Ask, Reason]] = {
    "crit is empty": (Ask(critical=()), Reason.CRITICAL_ATTRIBUTE),
    "crit lacks the scheme": (Ask(critical=("x",), attributes={"x": 1}), Reason.CRITICAL_ATTRIBUTE),
    "crit lacks the expiry": (Ask(expiry=EXPIRY, critical=(N + "signingScheme",)), Reason.CRITICAL_ATTRIBUTE),
    "crit names an absent header": (Ask(critical=(N + "signingScheme", "x")), Reason.CRITICAL_ATTRIBUTE),
    "crit repeats a header": (Ask(critical=(N + "signingScheme",) * 2), Reason.CRITICAL_ATTRIBUTE),
    "crit names an unknown header": (Ask(critical=(N + "signingScheme", "x"), attributes={"x": 1}), Reason.CRITICAL_ATTRIBUTE),
    "crit lacks the authentic time": (
        Ask(**authority(critical=(N + "signingScheme",))),
        Reason.CRITICAL_ATTRIBUTE,
    ),
    "the scheme is unknown": (Ask(scheme="notary.x510"), Reason.UNSUPPORTED),
    "the signing time is missing": (Ask(signing_time=None), Reason.MALFORMED),
    "both times": (Ask(authentic_time=NOW), Reason.MALFORMED),
    "a signing authority with a signing time": (Ask(**authority(signing_time=NOW)), Reason.MALFORMED),
    "a signing authority without time": (Ask(**authority(authentic_time=None)), Reason.MALFORMED),
    "expired before it was made": (Ask(expiry=NOW - timedelta(days=1)), Reason.MALFORMED),
    "another content type": (Ask(content_type="application/json"), Reason.UNSUPPORTED),
    "the algorithm is that of another key": (Ask(algorithm="ES384"), Reason.ALGORITHM),
    "the payload is not JSON": (Ask(payload=b"{"), Reason.MALFORMED),
    "the payload repeats a member": (Ask(payload=payload()[:-1] + b"," + payload()[1:]), Reason.MALFORMED),
    "the payload has a look-alike": (Ask(payload=payload(Digest=DIGEST)), Reason.MALFORMED),
    "the payload has a look-alike in Unicode": (Ask(payload=payload()[:-2] + b', "\xc5\xbfize": 1}}'), Reason.MALFORMED),
    "the size is text": (Ask(payload=payload(size="1234")), Reason.MALFORMED),
    "the size is a float": (Ask(payload=payload(size=1234.0)), Reason.MALFORMED),
    "the size is a truth": (Ask(payload=payload(size=True)), Reason.MALFORMED),
    "annotations are of the wrong type": (Ask(payload=payload(annotations={"a": 1})), Reason.MALFORMED),
    "annotations are a list": (Ask(payload=payload(annotations=[])), Reason.MALFORMED),
    "the digest is another": (Ask(digest="sha256:" + "cd" * 32), Reason.WRONG_SUBJECT),
    "the size is another": (Ask(payload=payload(size=1235)), Reason.WRONG_SUBJECT),
    "the media type is another": (Ask(payload=payload(mediaType="x")), Reason.WRONG_SUBJECT),
}


RAW: list[tuple[bytes, str, Reason]] = [
    (jws(Ask()), COSE, Reason.MALFORMED),
    (cose(Ask()), JWS, Reason.MALFORMED),
    (jws(Ask()), "application/json", Reason.UNSUPPORTED),
    (b"", JWS, Reason.MALFORMED),
    (b"", COSE, Reason.MALFORMED),
    (b"[" * 100_000, JWS, Reason.MALFORMED),
    (b"\x81" * 100_000, COSE, Reason.MALFORMED),
    (jws(Ask()).replace(b'"payload"', b'"Payload"'), JWS, Reason.MALFORMED),
    (jws(Ask(unprotected={"X5C": []})), JWS, Reason.MALFORMED),
    (jws(Ask(unprotected={"x5c": []})), JWS, Reason.CHAIN),
    (jws(Ask(unprotected={"x5c": ["AA=="]})), JWS, Reason.CHAIN),
    (cose(Ask(unprotected={33: b"x"})), COSE, Reason.CHAIN),
    (cose(Ask(unprotected={1: -7})), COSE, Reason.MALFORMED),
    (jws(Ask(attributes={"alg": "none"})), JWS, Reason.ALGORITHM),
    (jws(Ask(attributes={"alg": "HS256"})), JWS, Reason.ALGORITHM),
    (jws(Ask(attributes={"ALG": "ES256"})), JWS, Reason.MALFORMED),
    (jws(Ask(attributes={N + "signingTime": "2026-11-23 12:00:00Z"})), JWS, Reason.MALFORMED),
    (cose(Ask(attributes={N + "signingTime": 1_000_000})), COSE, Reason.MALFORMED),
    (cose(Ask(attributes={N + "signingTime": "x"})), COSE, Reason.MALFORMED),
    (cose(Ask(attributes={1: "ES256"})), COSE, Reason.ALGORITHM),
    (cose(Ask(attributes={1: -999})), COSE, Reason.ALGORITHM),
    (cose(Ask()) + b"\0", COSE, Reason.MALFORMED),
    (cose(Ask())[1:], COSE, Reason.MALFORMED),
]


def leaf(**changes: Any) -> Ask:
    """An envelope whose leaf differs."""
    return Ask(signer(leaf=changes))


def root(**changes: Any) -> Ask:
    """An envelope whose root differs."""
    return Ask(signer(root=changes))


CHAINS: dict[str, Ask] = {
    "the leaf is a CA": leaf(ca=True),
    "the leaf lacks digitalSignature": leaf(usage=("content_commitment",)),
    "the leaf may encipher": leaf(usage=("digital_signature", "key_encipherment")),
    "the leaf may sign certificates": leaf(usage=("digital_signature", "key_cert_sign")),
    "the leaf has no key usage": leaf(usage=None),
    "the leaf's key usage is not critical": leaf(usage_critical=False),
    "the leaf is for servers": leaf(eku=(ExtendedKeyUsageOID.SERVER_AUTH,)),
    "the leaf is for clients": leaf(eku=(ExtendedKeyUsageOID.CLIENT_AUTH,)),
    "the leaf is for e-mail": leaf(eku=(ExtendedKeyUsageOID.EMAIL_PROTECTION,)),
    "the leaf is for time stamps": leaf(eku=(ExtendedKeyUsageOID.TIME_STAMPING,)),
    "the leaf is for OCSP": leaf(eku=(ExtendedKeyUsageOID.OCSP_SIGNING,)),
    "the leaf is for anything": leaf(eku=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)),
    "the root is no CA": root(ca=False),
    "the root may not sign certificates": root(usage=("crl_sign",)),
    "the root's key usage is not critical": root(usage_critical=False),
    "the root is missing": Ask(Signer("ES256", key("ES256"), signer().chain[:1])),
    "the chain is in the wrong order": Ask(Signer("ES256", key("ES256", "root"), signer().chain[::-1])),
    "a second root follows": Ask(Signer("ES256", key("ES256"), (*usual().chain, usual().chain[-1]))),
    "another root of that name": Ask(
        Signer(
            "ES256",
            key("ES256"),
            (usual().chain[0], issue(ca("Contoso Root", key("ES256", "x")), ca("Contoso Root", key("ES256", "x")))),
        )
    ),
}


AUTHENTICITY: list[tuple[list[str], x509.Name, bool]] = [
    (["*"], name("builder"), True),
    (["x509.subject: C=US, ST=WA, O=Contoso"], name("builder"), True),
    (["x509.subject:C=US,ST=WA,O=Contoso,CN=builder"], name("builder"), True),
    (["x509.subject:C=US,S=WA,O=Contoso"], name("builder"), True),
    (["x509.subject:C=US,ST=WA,O=Fabrikam", "x509.subject:C=US,ST=WA,O=Contoso"], name("builder"), True),
    (["x509.subject:C=US,ST=WA,O=Contoso,CN=Builder"], name("builder"), False),
    (["x509.subject:C=US,ST=WA,O=Contoso,OU=x"], name("builder"), False),
    (["x509.subject:C=US,ST=WA,O=contoso"], name("builder"), False),
    (["x509.subject:C=US,ST=WA,O=Contoso"], name("builder", email="a@b.c"), False),
    (["*"], name("builder", email="a@b.c"), True),
    (["other:thing"], name("builder"), False),
    ([r"x509.subject:C=US,ST=WA,O=Contoso,CN=a\,b"], name("a,b"), True),
    ([r"x509.subject:C=US,ST=WA,O=Contoso,CN=\41\20b"], name("A b"), True),
]


STAMPS: dict[str, tuple[dict[str, Any], Reason]] = {
    "of another signature": ({"imprint": b"\0" * 32}, Reason.TIMESTAMP_INVALID),
    "without signing-certificate-v2": ({"with_v2": False}, Reason.TIMESTAMP_INVALID),
    "pinning another certificate": ({"cert_hash": b"\0" * 32}, Reason.TIMESTAMP_INVALID),
    "with a changed content": ({"message_digest": b"\0" * 32}, Reason.TIMESTAMP_INVALID),
    "with a wrong signature": ({"tamper": True}, Reason.TIMESTAMP_INVALID),
    "without its certificate": ({"certificates": usual().ders}, Reason.TIMESTAMP_INVALID),
    "not critically for time stamping": ({"signer": stamping(eku_critical=False)}, Reason.TIMESTAMP_INVALID),
    "for other things too": (
        {"signer": stamping(eku=(ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING))},
        Reason.TIMESTAMP_INVALID,
    ),
    "by a CA not for time stamping": (
        {"signer": stamping(root={"eku": (ExtendedKeyUsageOID.CODE_SIGNING,)})},
        Reason.TIMESTAMP_UNTRUSTED,
    ),
    "by a CA that was not valid then": ({"signer": stamping(root={"not_before": NOW})}, Reason.TIMESTAMP_UNTRUSTED),
    "by a certificate that was not valid then": ({"signer": stamping(not_before=NOW)}, Reason.TIMESTAMP_UNTRUSTED),
    "by a certificate with a critical extension nobody knows": (
        {"signer": stamping(extra=((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), True),))},
        Reason.TIMESTAMP_UNTRUSTED,
    ),
    "from before the signer's certificate": ({"time": NOW - timedelta(days=31)}, Reason.TIMESTAMP_UNTRUSTED),
    "of a wild accuracy": ({"accuracy": {"seconds": 86_400 * 5000}}, Reason.TIMESTAMP_INVALID),
}
