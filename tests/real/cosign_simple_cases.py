"""Signatures of the older kind by a key: payload, what lies beside it, where it lies, its key, its log entry."""

from __future__ import annotations

import base64
import json
import textwrap
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.real.cosign_bench import (
    BUNDLE,
    COSIGN_REFERRER,
    FOREIGN,
    INDEX,
    NOW,
    SIMPLE,
    Attached,
    Bench,
    Case,
    Layer,
    Mode,
    bundled,
    digest_of,
    under,
)
from tests.sources.signatures import cosigner
from tests.sources.signatures.cosigner import CosignKey, b64, entry_body, logged, sign

SBOM = "https://spdx.dev/Document"
BLOB = {"messageDigest": {"algorithm": "SHA2_256", "digest": b64(bytes(32))}, "signature": b64(b"x")}


def payloads(bench: Bench) -> Iterator[Case]:
    """What the payload says, and how it may be read in two ways."""
    plain = bench.payload()

    def put(name: str, content: bytes, verified: bool, stricter: str = "") -> Case:
        return Case(f"payload {name}", Mode.KEY, (bench.simple(content),), verified, stricter)

    def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
        made = json.loads(plain)
        change(made)
        return json.dumps(made).encode()

    digest, other = b'"docker-manifest-digest"', f'"docker-manifest-digest": "{FOREIGN}"'.encode()
    twice = "a member that stands twice"
    yield put("good", plain, True)
    yield put("of another image", bench.payload(FOREIGN), False)
    yield put("two digests, ours last", plain.replace(digest, other + b", " + digest), True, twice)
    yield put("two digests, ours first", plain.replace(b'}, "type"', b", " + other + b'}, "type"'), False)
    capitals = f'"Docker-Manifest-Digest": "{FOREIGN}"'.encode()
    yield put("in capitals before it", plain.replace(digest, capitals + b", " + digest), True, twice)
    yield put("in capitals after it", plain.replace(b'}, "type"', b", " + capitals + b'}, "type"'), False)
    yield put("capitals alone", plain.replace(digest, b'"DOCKER-MANIFEST-DIGEST"'), True, "a member in capitals")
    foreign = f', "critical": {{"image": {{{other.decode()}}}}}}}'.encode()
    yield put("two criticals", plain[:-1] + foreign, False)
    yield put("two criticals, in capitals", plain[:-1] + foreign.replace(b"critical", b"CRITICAL"), False)
    yield put("two criticals, folded", plain[:-1] + foreign.replace(b"critical", "cr\u0131tical".encode()), True)
    yield put("optional as text", changed(lambda made: made.update(optional="x")), False)
    yield put("optional as list", changed(lambda made: made.update(optional=[])), False)
    yield put("optional as object", changed(lambda made: made.update(optional={"a": 1})), True)
    yield put("optional in capitals, as text", plain[:-1] + b', "Optional": "x"}', False)
    yield put(
        "optional with a huge number",
        changed(lambda made: made.update(optional={"a": 0})).replace(b'"a": 0', b'"a": 1e999'),
        False,
    )
    yield put("more members", changed(lambda made: made.update(more=[1, {"a": None}])), True)
    yield put("more with a huge number", plain[:-1] + b', "more": 1e999}', True, "a number that no reader can hold")
    yield put("without optional", changed(lambda made: made.pop("optional")), True)
    yield put("without identity", changed(lambda made: made["critical"].pop("identity")), True)
    yield put("without image", changed(lambda made: made["critical"].pop("image")), False)
    yield put("identity as text", changed(lambda made: made["critical"].update(identity="x")), False)
    yield put("reference as number", changed(lambda made: made["critical"]["identity"].update({"docker-reference": 1})), False)
    yield put("reference null", changed(lambda made: made["critical"]["identity"].update({"docker-reference": None})), True)
    yield put("type as number", changed(lambda made: made["critical"].update(type=1)), False)
    yield put("another type", changed(lambda made: made["critical"].update(type="x")), True, "the type is looked at")
    yield put("digest in capitals", plain.replace(bench.digest.encode(), f"sha256:{bench.hex.upper()}".encode()), False)
    yield put("trailing", plain + b"x", False)
    yield put("trailing space", plain + b"\n", True)
    yield put("byte order mark", b"\xef\xbb\xbf" + plain, False)
    yield put("a list", b"[]", False)
    yield put("null", b"null", False)
    yield put("empty", b"", False)
    yield put("not UTF-8", plain[:-1] + b', "more": "\xff"}', True, "text that is no text")
    yield put("deep", plain[:-1] + b', "more": ' + b"[" * 20000 + b"]" * 20000 + b"}", False)


def beside(bench: Bench) -> Iterator[Case]:
    """What lies beside a key's signature."""
    signature = b64(sign(bench.key, bench.payload()))
    leaf = bench.instance.issue(bench.key, when=NOW)
    expired = bench.instance.issue(bench.key, when=NOW - timedelta(days=1))
    stranger = bench.instance.issue(bench.other, when=NOW)
    pem = leaf.public_bytes(Encoding.PEM).decode()
    wrapped = "\n".join(textwrap.wrap(signature, 64))

    def put(name: str, verified: bool, stricter: str = "", **notes: str) -> Case:
        made = under(bench.payload(), {"signature": signature, **notes})
        return Case(f"annotation {name}", Mode.KEY, (made,), verified, stricter)

    yield put("signature wrapped", True, signature=wrapped)
    yield put("signature wrapped as on Windows", True, signature=wrapped.replace("\n", "\r\n") + "\r\n")
    yield put("signature with a space", False, signature=signature[:8] + " " + signature[8:])
    yield put("signature without padding", False, signature=signature.rstrip("=") + "=" * 0 if signature.endswith("=") else "AAA")
    yield put("signature as base64url", False, signature=signature.replace("+", "-").replace("/", "_").replace("A", "-"))
    yield put("signature empty", False, signature="")
    yield Case("annotation signature missing", Mode.KEY, (under(bench.payload(), {}),), False)
    yield put("bundle junk", False, bundle="x")
    yield put("bundle a list", False, bundle="[]")
    yield put("bundle null", True, "an annotation that holds nothing", bundle="null")
    yield put("bundle empty object", True, "an annotation that holds nothing", bundle="{}")
    yield put("bundle payload a number", False, bundle='{"Payload": 1}')
    yield put("bundle promise no base64", False, bundle='{"SignedEntryTimestamp": "!"}')
    yield put("bundle index text", False, bundle='{"Payload": {"logIndex": "1"}}')
    yield put("bundle of another log", True, bundle=bench.logged(log=bench.other)["bundle"])
    yield put("time stamp junk", False, timestamp="x")
    yield put("time stamp a number", False, timestamp='{"SignedRFC3161Timestamp": 1}')
    yield put("time stamp no base64", False, timestamp='{"SignedRFC3161Timestamp": "!"}')
    yield put("time stamp unread", True, timestamp='{"SignedRFC3161Timestamp": "AAAA"}')
    yield put("certificate junk", False, certificate="x")
    yield put("certificate blank", True, "an annotation that holds nothing", certificate=" ")
    yield put("certificate good", True, certificate=pem)
    yield put("certificate with junk behind", False, certificate=pem + "junk")
    yield put("certificate with junk before", True, "text around a certificate", certificate="junk\n" + pem)
    yield put("certificate not one", False, certificate=pem.replace("MII", "NII"))
    yield put(
        "certificate under another label",
        True,
        "a certificate that calls itself a key",
        certificate=pem.replace("CERTIFICATE", "PUBLIC KEY"),
    )
    yield put("certificate indented", False, certificate=textwrap.indent(pem, "  "))
    yield put("certificate with spaces before", True, certificate="  \n" + pem)
    yield put("certificate with a byte order mark", False, certificate="\ufeff" + pem)
    yield put("certificate with a header", True, certificate=pem.replace("-----\nM", "-----\nA: b\n\nM"))
    yield put("certificate in one line", False, certificate=pem.replace("\n", ""))
    yield put("certificate expired", False, certificate=expired.public_bytes(Encoding.PEM).decode())
    yield put("certificate of another key", True, certificate=stranger.public_bytes(Encoding.PEM).decode())
    yield put("chain junk, no certificate", True, chain="x")
    yield put("chain junk", False, certificate=pem, chain="x")


def places(bench: Bench) -> Iterator[Case]:
    """Where a signature lies, and what its descriptors say."""
    content = bench.payload()
    notes = {"signature": b64(sign(bench.key, content))}
    good = Layer(SIMPLE, content, {"dev.cosignproject.cosign/signature": notes["signature"]})
    bad = Layer(SIMPLE, content, {"dev.cosignproject.cosign/signature": b64(sign(bench.other, content))})
    made = json.loads(cosigner.bundle(bench.key, digest=bench.digest))
    data = json.dumps(made).encode()

    def put(name: str, verified: bool, *attached: Attached, stricter: str = "") -> Case:
        return Case(f"place {name}", Mode.KEY, attached, verified, stricter)

    yield put("nothing", False)
    yield put("under .att", False, under(content, notes, ".att"))
    yield put("under .sbom", False, under(content, notes, ".sbom"))
    yield put("as a referrer", False, Attached((good,), kind=SIMPLE))
    yield put("two layers, one good", True, Attached((bad, good), ".sig"))
    yield put("size too small", False, under(content, notes, size=len(content) - 1))
    yield put("size too large", False, under(content, notes, size=len(content) + 1))
    yield put("size zero", False, under(content, notes, size=0))
    yield put("size missing", False, under(content, notes, size=None))
    yield put("inline data", True, under(content, notes, data=b64(content)))
    yield put("inline data of another", False, under(content, notes, data=b64(b"x" * len(content))))
    yield put("inline data that is none", False, under(content, notes, data="!"))
    yield put(
        "another media type",
        True,
        Attached((msgspec.structs.replace(good, media_type="text/plain"),), ".sig"),
        stricter="the media type of a layer is looked at",
    )
    yield from _manifests(bench, good, bad)
    yield put("bundle", True, bundled(data))
    for ending in (".sig", ".att", ".sbom"):
        yield put(f"bundle under {ending}", False, Attached((Layer(BUNDLE, data),), ending))
    signed = {"dev.cosignproject.cosign/signature": b64(sign(bench.key, data))}
    yield put("bundle under .sig, signed as a payload", False, Attached((Layer(BUNDLE, data, signed),), ".sig"))
    yield put("bundle beside another layer", False, Attached((Layer(BUNDLE, data), Layer("text/plain", b"x")), kind=BUNDLE))
    yield put("bundle twice", False, Attached((Layer(BUNDLE, data), Layer(BUNDLE, data)), kind=BUNDLE))
    yield put("bundle size", False, bundled(data, size=len(data) - 1))
    yield put("bundle inline data of another", False, bundled(data, data=b64(b"x" * len(data))))
    yield put("bundle without a type of its own", True, Attached((Layer(BUNDLE, data),), kind=""))
    stranger = bundled(cosigner.bundle(bench.other, digest=bench.digest))
    yield put("bundle of another key and a good signature", False, stranger, bench.simple())
    elsewhere = bundled(cosigner.bundle(bench.key, digest=FOREIGN))
    yield put("bundle for another image and a good signature", False, elsewhere, bench.simple())
    foreign = bundled(cosigner.bundle(bench.other, digest=FOREIGN, predicate=SBOM))
    yield put("attestation of another image and a good signature", False, foreign, bench.simple())
    attested = bundled(cosigner.bundle(bench.other, digest=bench.digest, predicate=SBOM))
    yield put("attestation of another key and a good signature", False, attested, bench.simple())
    own = bundled(cosigner.bundle(bench.key, digest=bench.digest, predicate=SBOM))
    yield put("bundle for another image, an attestation and a good signature", True, elsewhere, own, bench.simple())
    unread = bundled(b"{}")
    yield put("bundle that cannot be read and a good signature", True, unread, bench.simple())
    older = bundled(data.replace(b"bundle.v0.3", b"bundle.v0.2"))
    yield put("bundle of an older version and a good signature", True, older, bench.simple())
    blob = json.dumps({name: made[name] for name in made if name != "dsseEnvelope"} | {"messageSignature": BLOB}).encode()
    yield put("bundle of a blob and a good signature", False, bundled(blob), bench.simple())
    yield put("attached with cosign's type", False, Attached((good,), kind=COSIGN_REFERRER))
    yield put("bundle and a signature of another key", True, bundled(data), bench.simple(key=bench.other))


def _manifests(bench: Bench, good: Layer, bad: Layer) -> Iterator[Case]:
    """What the manifest of a signature says of itself."""

    def put(name: str, verified: bool, attached: Attached, stricter: str = "") -> Case:
        return Case(f"manifest {name}", Mode.KEY, (attached,), verified, stricter)

    def described(layer: Layer) -> dict[str, Any]:
        content = {"mediaType": SIMPLE, "digest": digest_of(layer.content), "size": len(layer.content)}
        return content | {"annotations": layer.annotations}

    twice = "a manifest that can be read in two ways"
    first = described(good)
    yield put("with other layers in capitals", False, Attached((good,), ".sig", changes={"Layers": [described(bad)]}))
    yield put("with good layers in capitals", True, Attached((bad,), ".sig", changes={"Layers": [first]}), twice)
    yield put("with no layers in capitals", False, Attached((good,), ".sig", changes={"LAYERS": []}))
    spoiled = msgspec.structs.replace(good, changes={"Digest": digest_of(b"x")})
    yield put("with another digest in capitals", False, Attached((spoiled,), ".sig"))
    noted = {"dev.cosignproject.cosign/signature": "AAAA"}
    spoiled = msgspec.structs.replace(good, changes={"Annotations": noted})
    yield put("with other notes in capitals", False, Attached((spoiled,), ".sig"))
    spoiled = msgspec.structs.replace(good, changes={"annotations": {"a": 1}})
    yield put("with a note that is a number", False, Attached((spoiled,), ".sig"))
    yield put("with more", True, Attached((good,), ".sig", changes={"more": {"a": [1]}}))
    yield put("of no version", True, Attached((good,), ".sig", changes={"schemaVersion": 0}))
    yield put("whose version is text", False, Attached((good,), ".sig", changes={"schemaVersion": "2"}))
    yield put("whose layers are an object", False, Attached((good,), ".sig", changes={"layers": {}}))
    yield put("whose layers are null", False, Attached((good,), ".sig", changes={"layers": None}))
    yield put(
        "that says it is an index", True, Attached((good,), ".sig", changes={"mediaType": INDEX}), "what it says that it is"
    )
    children = {"mediaType": INDEX, "manifests": []}
    yield put("that is an index with layers", True, Attached((good,), ".sig", changes=children), "what it says that it is")


def kinds_of_keys(bench: Bench) -> Iterator[Case]:
    """Which digest a key signs."""
    large = {"P-384": (ec.SECP384R1(), hashes.SHA384()), "P-521": (ec.SECP521R1(), hashes.SHA512())}
    content = bench.payload()
    for name, (curve, own) in large.items():
        key = ec.generate_private_key(curve)
        for algorithm in (hashes.SHA256(), own):
            signature = key.sign(content, ec.ECDSA(algorithm))
            verified = algorithm.name == "sha256"
            made = under(content, {"signature": b64(signature)})
            yield Case(f"key {name} {algorithm.name}", Mode.KEY, (made,), verified, key=key)
    keys: dict[str, CosignKey] = {
        "Ed25519": ed25519.Ed25519PrivateKey.generate(),
        "RSA": rsa.generate_private_key(65537, 2048),
    }
    for name, each in keys.items():
        yield Case(f"key {name}", Mode.KEY, (bench.simple(key=each),), True, key=each)
        yield Case(f"key {name} bundle", Mode.KEY, (bundled(cosigner.bundle(each, digest=bench.digest)),), True, key=each)
    rsa_key = keys["RSA"]
    assert isinstance(rsa_key, rsa.RSAPrivateKey)
    pss = rsa_key.sign(content, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    yield Case("key RSA with PSS", Mode.KEY, (under(content, {"signature": b64(pss)}),), False, key=rsa_key)
    good_signature = sign(bench.key, content)
    odd = {
        "with a byte behind": good_signature + b"\0",
        "with a longer length": bytes([0x30, 0x81, good_signature[1]]) + good_signature[2:],
        "with a zero before r": _padded(good_signature),
    }
    for name, raw in odd.items():
        yield Case(f"key signature {name}", Mode.KEY, (under(content, {"signature": b64(raw)}),), False)
    yield Case("key another", Mode.KEY, (bench.simple(key=bench.other),), False)


def files_of_keys(bench: Bench) -> Iterator[Case]:
    """How the file of a key is written."""
    plain, other = cosigner.pem(bench.key), cosigner.pem(bench.other)
    first, rest = plain.split(b"\n", 1)

    def put(name: str, file: bytes, verified: bool) -> Case:
        return Case(f"file {name}", Mode.KEY, (bench.simple(),), verified, file=file)

    yield put("indented", textwrap.indent(plain.decode(), "  ").encode(), False)
    yield put("whose first line is indented", b" " + plain, False)
    yield put("whose inner lines are indented", plain.replace(b"\nM", b"\n  M"), True)
    yield put("with a byte order mark", b"\xef\xbb\xbf" + plain, False)
    yield put("with a byte order mark and a line", b"\xef\xbb\xbf\n" + plain, True)
    yield put("in UTF-16", plain.decode().encode("utf-16"), False)
    yield put("in quotes", b'"' + plain + b'"', False)
    yield put("as on Windows", plain.replace(b"\n", b"\r\n"), True)
    yield put("without a last line break", plain.rstrip(), True)
    yield put("with text before", b"our key:\n" + plain, True)
    yield put("with text behind", plain + b"junk", True)
    yield put("with a header", first + b"\nComment: ours\n\n" + rest, True)
    yield put("of another key first", other + plain, False)
    yield put("of another key behind", plain + other, True)
    yield put("of a broken key first", other.replace(b"\nM", b"\n!") + plain, True)
    yield put("under the label of a certificate", plain.replace(b"PUBLIC KEY", b"CERTIFICATE"), False)
    yield put("under the label of a kind", plain.replace(b"PUBLIC KEY", b"EC PUBLIC KEY"), False)
    yield put("with a compressed point", _compressed(bench.key), False)
    yield put("in DER", base64.b64decode(b"".join(plain.splitlines()[1:-1])), False)
    rsa_key = rsa.generate_private_key(65537, 2048)
    older = rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1)
    yield Case("file of an RSA key by itself", Mode.KEY, (bench.simple(key=rsa_key),), True, file=older)


def _compressed(key: CosignKey) -> bytes:
    """The SubjectPublicKeyInfo of a key of P-256 whose point is compressed (RFC 5480 section 2.2)."""
    public = key.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    point = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    return b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(head + point) + b"-----END PUBLIC KEY-----\n"


def _padded(signature: bytes) -> bytes:
    """A DER signature whose first number has a zero that it does not need."""
    length = signature[3]
    number = b"\0" + signature[4 : 4 + length]
    return bytes([0x30, signature[1] + 1, 2, length + 1]) + number + signature[4 + length :]


def logs(bench: Bench) -> Iterator[Case]:
    """A key's older signature, with the log asked."""
    content, note = bench.payload(), bench.logged()
    leaf = bench.instance.issue(bench.key)
    pem = leaf.public_bytes(Encoding.PEM)

    def put(name: str, verified: bool, notes: dict[str, str], stricter: str = "") -> Case:
        return Case(f"log {name}", Mode.LOG, (under(content, notes),), verified, stricter)

    def spoiled(**changes: Any) -> dict[str, str]:
        made = json.loads(note["bundle"])
        made["Payload"].update(changes)
        return {**note, "bundle": json.dumps(made)}

    yield put("good", True, note)
    yield put("none", False, {"signature": note["signature"]})
    yield put("of another log", False, bench.logged(log=bench.other))
    yield put("another time", False, spoiled(integratedTime=1))
    yield put("another index", False, spoiled(logIndex=8))
    yield put("body a number", False, spoiled(body=1))
    yield put(
        "of another payload", False, {"signature": note["signature"], "bundle": bench.logged(bench.payload(FOREIGN))["bundle"]}
    )
    yield put("of another key", False, {**note, "bundle": _entry_of(bench, content, bench.other)})
    yield put("signature wrapped", False, {**note, "signature": "\n".join(textwrap.wrap(note["signature"], 64))})
    yield put("with its certificate, logged as a key", False, {**note, "certificate": pem.decode()})
    yield put("with its certificate, logged as that", True, {**bench.logged(pem=pem), "certificate": pem.decode()})
    yield put("without its certificate, logged as that", False, bench.logged(pem=pem))
    late = bench.logged(pem=pem, when=int(leaf.not_valid_after_utc.timestamp()) + 60)
    yield put("after its certificate expired", False, {**late, "certificate": pem.decode()})
    stranger = bench.instance.issue(bench.other).public_bytes(Encoding.PEM)
    yield put("with a certificate of another key", False, {**note, "certificate": stranger.decode()})


def _entry_of(bench: Bench, content: bytes, key: CosignKey) -> str:
    return json.dumps(logged(bench.log, entry_body(content, sign(key, content), key)))
