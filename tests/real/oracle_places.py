"""The same odd certificates in other places: between leaf and root, under time stamps and OCSP responses, in trust stores."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.real import der
from tests.real.der import TRUE, Parts, bits, extension, oid, seq, text, tlv, usual_name, when
from tests.real.oracle_cases import Case, anchors_of
from tests.real.oracle_certificates import RawSigner, changes, leaf, root
from tests.real.oracle_keys import LEAF_KEY, ROOT_KEY
from tests.real.oracle_network import Served
from tests.real.oracle_revocation import DELEGATE_KEY, OCSP_SIGNING, Listed, Reply, chain, with_certificates
from tests.real.oracle_stamps import RawStamp, raw_token
from tests.sources.signatures.cases import document
from tests.sources.signatures.signer import JWS, NOW, Ask, jws, key, usual, with_token
from tests.sources.signatures.tables import leaf as usual_leaf

MIDDLE_KEY, STAMP_KEY = key("ES256", "parts middle"), key("PS256", "stamper")
STAMPING = extension("2.5.29.37", seq(oid("1.3.6.1.5.5.7.3.8")), TRUE)
CALM = {"revocation": "skip"}


def middle() -> Parts:
    """An intermediate that nothing is wrong with."""
    assert isinstance(MIDDLE_KEY, ec.EllipticCurvePrivateKey)
    info = der.ec_key(MIDDLE_KEY)
    return Parts(info, subject=usual_name(text("middle")), extensions=(der.CA_CONSTRAINTS, der.CA_USAGE))


def middle_cases() -> Iterator[Case]:
    """Every change to an intermediate, and to a root over an intermediate."""
    for label, change in changes().items():
        between, top = change(middle()), root()
        if "key" not in between.more:
            yield _chained(f"certificate middle {label}", between, top)
    for number in (0, 1, 2):
        room = extension("2.5.29.19", seq(TRUE, der.integer(number)), TRUE)
        yield _chained(f"chain room of {number} in the root", middle(), root().but(extensions=(room, der.CA_USAGE)))
        yield _chained(f"chain room of {number} between", middle().but(extensions=(room, der.CA_USAGE)), root())
    for label, order in {
        "leaf alone": (0,),
        "without root": (0, 1),
        "without middle": (0, 2),
        "twice the root": (0, 1, 2, 2),
    }.items():
        yield _chained(f"chain {label}", middle(), root(), order)
    for label, order in {
        "root first": (2, 1, 0),
        "swapped": (0, 2, 1),
        "leaf twice": (0, 0, 1, 2),
        "middle twice": (0, 1, 1, 2),
    }.items():
        yield _chained(f"chain {label}", middle(), root(), order)
    for store in (0, 1):
        yield _chained(f"chain trusted at {store}", middle(), root(), anchor=store)


def _chained(label: str, between: Parts, top: Parts, order: tuple[int, ...] = (0, 1, 2), anchor: int = 2) -> Case:
    bottom = leaf().but(issuer=between.subject).signed_by(MIDDLE_KEY)
    ders = (bottom, between.but(issuer=top.subject).signed_by(ROOT_KEY), top.signed_by(ROOT_KEY))
    data = jws(Ask(RawSigner("ES256", LEAF_KEY, tuple(ders[at] for at in order))))
    return Case(label, data, JWS, document(override=CALM), {"ca/c": ders[anchor]})


def stamper() -> Parts:
    """A stamping certificate that nothing is wrong with."""
    assert isinstance(STAMP_KEY, rsa.RSAPrivateKey)
    return Parts(der.rsa_key(STAMP_KEY), subject=usual_name(text("stamper")), extensions=(der.KEY_USAGE, STAMPING))


def stamp_chain_cases() -> Iterator[Case]:
    """Every change to the certificate that stamps, to its issuer, and to its root."""
    for label, change in changes().items():
        if "key" in change(stamper()).more:
            continue
        # The usual changes replace the second extension of a leaf, which is the extended usage of a stamper too.
        yield _stamped(f"stamp certificate {label}", change(stamper()), middle(), root())
        yield _stamped(f"stamp issuer {label}", stamper(), change(middle()), root())
        yield _stamped(f"stamp root {label}", stamper(), middle(), change(root()))
    late, early = NOW - timedelta(days=7), NOW - timedelta(days=9)
    for label, validity in {
        "ended": seq(when(NOW - timedelta(days=30)), when(early)),
        "unborn": seq(when(late), when(NOW)),
    }.items():
        yield _stamped(f"stamp certificate {label} then", stamper().but(validity=validity), middle(), root())
        yield _stamped(f"stamp issuer {label} then", stamper(), middle().but(validity=validity), root())
        yield _stamped(f"stamp root {label} then", stamper(), middle(), root().but(validity=validity))
    for label, usage in {
        "code": "1.3.6.1.5.5.7.3.3",
        "any": "2.5.29.37.0",
        "stamps": "1.3.6.1.5.5.7.3.8",
        "unknown": "1.2.3",
    }.items():
        limited = extension("2.5.29.37", seq(oid(usage)))
        yield _stamped(f"stamp issuer for {label}", stamper(), middle().having(limited), root())
        yield _stamped(f"stamp root for {label}", stamper(), middle(), root().having(limited))
    for number in (0, 1):
        room = extension("2.5.29.19", seq(TRUE, der.integer(number)), TRUE)
        yield _stamped(f"stamp root with room of {number}", stamper(), middle(), root().but(extensions=(room, der.CA_USAGE)))


def _stamped(label: str, bottom: Parts, between: Parts, top: Parts) -> Case:
    top = top.but(issuer=top.subject)
    ders = (
        bottom.but(issuer=between.subject).signed_by(MIDDLE_KEY),
        between.but(issuer=top.subject).signed_by(ROOT_KEY),
        top.signed_by(ROOT_KEY),
    )
    stamp = RawStamp(signer=RawSigner("PS256", STAMP_KEY, ders), names=(between.subject, bottom.serial))
    dead = usual_leaf(not_before=NOW - timedelta(days=9), not_after=NOW - timedelta(days=2))
    data = with_token(JWS, dead, lambda signature: raw_token(stamp, signature))
    under = document(trustStores=["ca:c", "tsa:t"])
    return Case(label, data, JWS, under, {"ca/c": dead.signer.root, "tsa/t": ders[2]})


def delegate_cases(served: Served) -> Iterator[Case]:
    """Every change to the certificate of an OCSP responder; and issuers that may not sign lists."""
    assert isinstance(DELEGATE_KEY, ec.EllipticCurvePrivateKey)
    parts = Parts(der.ec_key(DELEGATE_KEY), subject=usual_name(text("responder")), extensions=(der.KEY_USAGE, OCSP_SIGNING))
    for label, change in changes().items():
        changed = change(parts)
        if "key" in changed.more:
            continue
        asked = chain(False, ocsp=(served.url(f"delegate{len(served.bodies)}"),))
        made = with_certificates(changed.but(issuer=asked.issuer.subject.public_bytes()).signed_by(asked.middle.signing_key))
        reply = Reply(certificates=lambda _, made=made: made, signing=DELEGATE_KEY)
        served.bodies[f"delegate{len(served.bodies)}"] = reply.to(asked)
        yield Case(f"delegate {label}", jws(Ask(asked.signer)), policy=document(), anchors=anchors_of(Ask(asked.signer)))
    yield from _listing(served)


def _listing(served: Served) -> Iterator[Case]:
    """Roots with other key usages, and what their lists are worth."""
    for label, usage in {"without cRLSign": (bits(b"\x04", 2),), "with both": (bits(b"\x06", 1),)}.items():
        part = f"usage{len(served.bodies)}"
        top = root().but(extensions=(der.CA_CONSTRAINTS, *(extension("2.5.29.15", value, TRUE) for value in usage)))
        url = tlv(0xA0, tlv(0xA0, tlv(0x86, served.url(part).encode())))
        bottom = leaf().having(extension("2.5.29.31", seq(seq(url))))
        ders = (bottom.signed_by(ROOT_KEY), top.signed_by(ROOT_KEY))
        listed = Listed(issuer=top.subject, signing=ROOT_KEY)
        served.bodies[part] = listed.to(chain(False))
        yield Case(f"lister {label}", jws(Ask(RawSigner("ES256", LEAF_KEY, ders))), policy=document(), anchors={"ca/c": ders[1]})


def store_file_cases() -> Iterator[Case]:
    """Files of trust stores, as PEM and DER are written in the field."""
    good = usual().root
    lines = b"".join(base64.b64encode(good)[at : at + 64] + b"\n" for at in range(0, len(base64.b64encode(good)), 64))
    begin, end = b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"
    pem = begin + lines + end
    files = {
        "PEM": pem,
        "PEM twice": pem + pem,
        "PEM with CRLF": pem.replace(b"\n", b"\r\n"),
        "PEM on one line": begin + base64.b64encode(good) + b"\n" + end,
        "PEM without the last line end": pem.rstrip(b"\n"),
        "PEM with text before": b"subject=CN\nissuer=CN\n" + pem,
        "PEM with text between": pem + b"text\n" + pem,
        "PEM with text behind": pem + b"text\n",
        "PEM with spaces behind": pem.replace(b"-----\n", b"-----  \n"),
        "PEM with spaces in the lines": begin + lines.replace(b"\n", b" \n") + end,
        "PEM with a space before": b" " + pem,
        "PEM with headers": begin + b"Name: a\nOther: b\n\n" + lines + end,
        "PEM of a trusted certificate": pem.replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE"),
        "PEM of X509": pem.replace(b"CERTIFICATE", b"X509 CERTIFICATE"),
        "PEM of a key": pem.replace(b"CERTIFICATE", b"PRIVATE KEY"),
        "PEM with two labels": begin + lines + b"-----END OTHER-----\n",
        "PEM cut by a character": begin + lines.replace(b"=", b"").rstrip()[:-1] + b"\n" + end,
        "PEM with junk in it": begin + lines[:60] + b"!" + lines[60:] + end,
        "PEM without an end": begin + lines,
        "PEM without a begin": lines + end,
        "PEM empty": begin + end,
        "PEM with a byte order mark": b"\xef\xbb\xbf" + pem,
        "PEM with blank lines": begin + b"\n" + lines.replace(b"\n", b"\n\n") + b"\n" + end,
        "PEM with a second, unended": pem + begin + lines,
        "PEM with a broken second": pem + begin + b"AAAA\n" + end,
        "DER": good,
        "DER twice": good + good,
        "DER with a byte behind": good + b"\n",
        "DER in PEM, twice in one": begin + base64.encodebytes(good + good) + end,
        "base64 alone": lines,
        "DER of version 1": root().but(version=b"", extensions=()).signed_by(ROOT_KEY),
        "DER of a leaf": usual().ders[0],
        "DER of a leaf that signed itself": leaf().but(issuer=leaf().subject).signed_by(LEAF_KEY),
        "DER of a leaf that signed itself under another name": leaf().signed_by(LEAF_KEY),
    }
    for label, content in files.items():
        yield Case(f"file {label}", jws(Ask()), policy=document(), prepare=partial(_write, content, label))


def _write(content: bytes, label: str, store: Path) -> None:
    store.mkdir(parents=True)
    (store / "a.crt").write_bytes(content)
    if "version 1" in label or "leaf" in label:
        (store / "b.crt").write_bytes(usual().root)
