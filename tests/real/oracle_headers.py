"""Headers of COSE and JWS envelopes that are out of the ordinary, protected and not."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tests.real.oracle_cases import Case, anchors_of
from tests.sources.signatures.cases import document
from tests.sources.signatures.signer import (
    COSE,
    DIGEST,
    IMAGE,
    JWS,
    NOW,
    Ask,
    N,
    Raw,
    Tag,
    b64url,
    cose,
    jws,
    raw_signature,
    to_cbor,
    usual,
)

SCHEME = N + "signingScheme"
FULL = [b"", {}, b"x"]


def cbor_values() -> dict[str, Any]:
    """Values of CBOR that a reader may take or not."""
    return {
        "text": "x",
        "empty text": "",
        "wrong text": Raw(b"\x61\xff"),
        "bytes": b"x",
        "number": 5,
        "2^63-1": (1 << 63) - 1,
        "2^63": 1 << 63,
        "-2^63": -(1 << 63),
        "-2^63-1": -(1 << 63) - 1,
        "-2^64": -(1 << 64),
        "true": True,
        "null": None,
        "undefined": Raw(b"\xf7"),
        "simple 5": Raw(b"\xe5"),
        "simple 32": Raw(b"\xf8\x20"),
        "simple 31": Raw(b"\xf8\x1f"),
        "half": Raw(b"\xf9\x3c\x00"),
        "float": Raw(b"\xfa\x3f\x80\x00\x00"),
        "double": Raw(b"\xfb" + bytes(8)),
        "NaN": Raw(b"\xf9\x7e\x00"),
        "break": Raw(b"\xff"),
        "list": [1, "x"],
        "map": {1: "x"},
        "map twice": Raw(b"\xa2\x01\x01\x01\x02"),
        "map of bytes": Raw(b"\xa1\x41x\x01"),
        "map of true": Raw(b"\xa1\xf5\x01"),
        "map of null": Raw(b"\xa1\xf6\x01"),
        "map of a float": Raw(b"\xa1\xf9\x3c\x00\x01"),
        "map of a list": Raw(b"\xa1\x80\x01"),
        "map of 2^63": Raw(b"\xa1\x1b\x80" + bytes(7) + b"\x01"),
        "open list": Raw(b"\x9f\x01\xff"),
        "open text": Raw(b"\x7f\x61x\xff"),
        "long number": Raw(b"\x18\x05"),
        "long text": Raw(b"\x78\x01x"),
        "tag 0": Tag(0, "2026-01-01T00:00:00Z"),
        "tag 0 of junk": Tag(0, "x"),
        "tag 0 of a number": Tag(0, 5),
        "tag 1": Tag(1, 5),
        "tag 1 of text": Tag(1, "x"),
        "tag 1 of a float": Tag(1, Raw(b"\xf9\x3c\x00")),
        "tag 1 of null": Tag(1, None),
        "tag 1 of 2^63": Tag(1, 1 << 63),
        "tag 2": Tag(2, b"\x01"),
        "tag 2 of text": Tag(2, "x"),
        "tag 3 of a number": Tag(3, 5),
        "tag 18": Tag(18, 5),
        "tag 99999": Tag(99999, [Tag(1, 5)]),
        "tag 99999 of tag 2 of text": Tag(99999, Tag(2, "x")),
        "tag 55799": Tag(55799, 5),
        "list with a tag": [Tag(2, b"x")],
        "list with a wrong tag": [Tag(2, "x")],
        "deep 14": _deep(14),
        "deep 29": _deep(29),
        "deep 31": _deep(31),
        "deep 40": _deep(40),
        "cut": Raw(b"\x62x"),
        "reserved": Raw(b"\x1c"),
        "countersignature": FULL,
        "countersignatures": [FULL, FULL],
        "countersignature with headers": [to_cbor({1: -7}), {4: b"k"}, b"x"],
        "countersignature without signature": [b"", {}, b""],
        "countersignature of two": [b"", {}],
        "countersignature with crit outside": [b"", {2: [1]}, b"x"],
        "countersignatures none": [],
    }


def _deep(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def labels() -> dict[str, Any]:
    """Labels of COSE headers."""
    names = {f"label {label}": label for label in (4, 5, 6, 7, 9, 11, 12, 15, 16, 32, 34, 35, 99, -70000)}
    return names | {
        "label 2^63-1": (1 << 63) - 1,
        "label 2^63": 1 << 63,
        "label -2^63": -(1 << 63),
        "label -2^63-1": -(1 << 63) - 1,
        "label text": "x",
        "label empty": "",
        "label bytes": Raw(b"\x41x"),
        "label true": Raw(b"\xf5"),
        "label float": Raw(b"\xf9\x3c\x00"),
        "label tagged": Tag(2, b"x"),
        "label long": Raw(b"\x18\x05"),
    }


def cose_headers() -> Iterator[Case]:
    """Every label with a text, bytes and a number, every value under a free label, on both sides."""
    for place in ("attributes", "unprotected"):
        for label, value in cbor_values().items():
            for name in ("x", 7, 11, 16) if "signature" in label else ("x",):
                yield _cose(f"{place} value {label} under {name}", **{place: {name: value}})
        for label, name in labels().items():
            for value in ("x", "a/b", b"x", 5):
                yield _cose(f"{place} {label} of {value!r}", **{place: {name: value}})
    for here, there in ((5, 6), (6, 5)):
        yield _cose(f"both IVs protected {here}", attributes={here: b"x", there: b"y"})
        yield _cose(f"both IVs unprotected {here}", unprotected={here: b"x", there: b"y"})
        yield _cose(f"an IV {here} here, {there} there", attributes={here: b"x"}, unprotected={there: b"y"})
    for label, value in {"text": "ES256", "bytes": b"x", "tag": Tag(1, -7), "RS256": -257, "2^63": 1 << 63, "null": None}.items():
        yield _cose(f"algorithm {label}", attributes={1: value})
    for label, value in {"number": 5, "padded": " a/b", "no slash": "ab", "two": "a/b/c", "bytes": b"a/b", "empty": ""}.items():
        yield _cose(f"content type {label}", attributes={3: value})
    crit: dict[str, Any] = {"text": "x", "bytes inside": [SCHEME, b"x"], "true": [SCHEME, True], "null": None, "map": {SCHEME: 1}}
    crit |= {"tag": [SCHEME, Tag(1, 5)], "itself": [SCHEME, 2], "key id": [SCHEME, 4], "big": [SCHEME, 1 << 63]}
    for label, value in crit.items():
        yield _cose(f"crit {label}", attributes={2: value})
    yield _cose("crit unprotected", unprotected={2: [SCHEME]})
    yield from cose_times()
    yield from cose_shapes()


def cose_times() -> Iterator[Case]:
    """Values of the signing time and of the expiry."""
    seconds = int((NOW - timedelta(days=1)).timestamp())
    values: dict[str, Any] = {
        "bare": seconds,
        "float": Tag(1, Raw(b"\xfb" + _double(seconds + 0.5))),
        "whole float": Tag(1, Raw(b"\xfb" + _double(seconds))),
        "null": Tag(1, None),
        "text": Tag(1, str(seconds)),
        "tag 0": Tag(0, "2026-01-01T00:00:00Z"),
        "tag twice": Tag(1, Tag(1, seconds)),
        "before 1970": Tag(1, -5),
        "0": Tag(1, 0),
        "long": Raw(b"\xc1\x1b" + seconds.to_bytes(8, "big")),
        "long tag": Raw(b"\xd8\x01\x1a" + seconds.to_bytes(4, "big")),
        "bignum": Tag(1, Tag(2, b"\x01")),
        "of the year 1": Tag(1, -62135596800),
        "of the year 0": Tag(1, -62167219200),
    }
    for label, value in values.items():
        yield _cose(f"signing time {label}", signing_time=None, attributes={N + "signingTime": value})
    for label, moment in {"soon": seconds + 86_400 * 9, "equal": seconds, "9999": 253402300799, "10000": 253402300800}.items():
        attributes = {N + "signingTime": Tag(1, seconds), N + "expiry": Tag(1, moment)}
        yield _cose(f"expiry {label}", signing_time=None, critical=(SCHEME, N + "expiry"), attributes=attributes)


def _double(value: float) -> bytes:
    import struct

    return struct.pack(">d", value)


def cose_shapes() -> Iterator[Case]:
    """The message around its headers."""
    plain = Ask()
    head = {
        1: -7,
        2: plain.crit,
        3: plain.content_type,
        SCHEME: plain.scheme,
        N + "signingTime": Tag(1, int(NOW.timestamp()) - 60),
    }
    outer = {33: plain.signer.ders}

    def message(protected: bytes, unprotected: Any, content: Any = plain.content, **more: Any) -> bytes:
        signed = to_cbor(["Signature1", protected, b"", plain.content])
        made = raw_signature("ES256", plain.signer.signing_key, signed)
        return to_cbor(Tag(18, [more.get("raw", protected), unprotected, content, more.get("signature", made)]))

    encoded = to_cbor(head)
    shapes = {
        "plain": message(encoded, outer),
        "headers in another order": message(to_cbor(dict(reversed(list(head.items())))), outer),
        "protected as a map": message(encoded, outer, raw=head),
        "protected null": message(encoded, outer, raw=None),
        "protected empty": message(b"", outer),
        "protected list": message(to_cbor([1]), outer),
        "protected with more": message(encoded + b"\0", outer),
        "protected open": message(b"\xbf" + encoded[1:] + b"\xff", outer),
        "protected long": message(b"\xb8" + bytes([encoded[0] & 0x1F]) + encoded[1:], outer),
        "protected tagged": message(b"\xc1" + encoded, outer),
        "unprotected null": message(encoded, None),
        "unprotected list": message(encoded, [outer]),
        "payload null": message(encoded, outer, None),
        "payload text": message(encoded, outer, plain.content.decode()),
        "payload empty": message(encoded, outer, b""),
        "payload tagged": message(encoded, outer, Tag(24, plain.content)),
        "signature null": message(encoded, outer, signature=None),
        "signature empty": message(encoded, outer, signature=b""),
        "signature tagged": message(encoded, outer, signature=Tag(24, b"x")),
        "chain as one": message(encoded, {33: plain.signer.ders[0]}),
        "chain of text": message(encoded, {33: ["x"]}),
        "chain tagged": message(encoded, {33: [Tag(24, plain.signer.ders[0])]}),
        "chain with null": message(encoded, {33: [*plain.signer.ders, None]}),
        "chain twice": message(encoded, {33: [*plain.signer.ders, plain.signer.ders[1]]}),
        "agent null": message(encoded, {**outer, N + "signingAgent": None}),
        "token null": message(encoded, {**outer, N + "timestampSignature": None}),
        "token empty": message(encoded, {**outer, N + "timestampSignature": b""}),
    }
    for label, data in shapes.items():
        yield Case(f"COSE {label}", data, COSE, document(), anchors_of(plain))


def _cose(label: str, **changes: Any) -> Case:
    ask = Ask(**changes)
    return Case(f"COSE {label}", cose(ask), COSE, document(), anchors_of(ask))


def json_values() -> dict[str, str]:
    """Values of JSON as written."""
    return {
        "text": '"x"',
        "null": "null",
        "number": "5",
        "1e999": "1e999",
        "-1e999": "-1e999",
        "1e308": "1e308",
        "1e-999": "1e-999",
        "huge integer": "1" + "0" * 400,
        "integer of 300 digits": "1" + "0" * 300,
        "very huge integer": "1" * 5000,
        "1e999 inside": '{"a":[1e999]}',
        "minus zero": "-0",
        "01": "01",
        "1.": "1.",
        "NaN": "NaN",
        "Infinity": "Infinity",
        "true": "true",
        "list": "[1]",
        "map": '{"a":1}',
        "deep 200": "[" * 200 + "]" * 200,
        "deep 12000": "[" * 12000 + "]" * 12000,
        "lone surrogate": r'"\ud800"',
        "NUL": r'"\u0000"',
        "control": '"\x01"',
        "bad escape": r'"\x41"',
        "comment": "1/**/",
        "single quotes": "'x'",
    }


def jws_headers() -> Iterator[Case]:
    """Every value in each place of a JWS envelope."""
    for label, value in json_values().items():
        yield _jws(f"protected {label}", {"x": value})
        for place in ("envelope", "header"):
            yield _jws(f"{place} {label}", **{place: {"x": value}})
        for name in (N + "signingAgent", "io.cncf.notary.SigningAgent", N + "timestampSignature", "kid", "x5t"):
            yield _jws(f"{name} {label}", header={name: value})
    for name in ("alg", "cty", "crit", SCHEME, N + "signingTime", N + "authenticSigningTime", N + "expiry"):
        for label in ("null", "number", "list", "map", "text", "true"):
            yield _jws(f"{name} {label}", {name: json_values()[label]})
    for label, value in {"null inside": f'["{SCHEME}",null]', "number inside": f'["{SCHEME}",1]', "empty": "[]"}.items():
        yield _jws(f"crit {label}", {"crit": value})
    for label, value in {
        "null inside": '["AAAA",null]',
        "text": '"AAAA"',
        "null": "null",
        "number": "[1]",
        "empty": "[]",
    }.items():
        yield _jws(f"x5c {label}", header={"x5c": value})
    for name in ("kid", "jku", "jwk", "b64", "typ", "x5c", "zip", "enc", "exp", "nbf", "verify"):
        yield _jws(f"protected {name} text", {name: '"x"'})
    yield _jws("b64 false", {"b64": "false"})
    for name in ("payload", "protected", "header", "signature"):
        for label in ("null", "number", "list", "map"):
            yield _jws(f"member {name} {label}", envelope={name: json_values()[label]})
    yield from payloads()


def _jws(
    label: str,
    protected: dict[str, str] | None = None,
    header: dict[str, str] | None = None,
    envelope: dict[str, str] | None = None,
) -> Case:
    """A JWS whose members are replaced by JSON as written; the protected header is signed as it then stands."""
    ask = Ask()
    usual_members = {name: json.dumps(value) for name, value in _decoded(jws(ask)).items()}
    encoded, payload = b64url(_object(usual_members | (protected or {})).encode()), b64url(ask.content)
    made = raw_signature("ES256", usual().signing_key, f"{encoded}.{payload}".encode())
    chain = json.dumps([base64.b64encode(der).decode() for der in usual().ders])
    members = {"payload": f'"{payload}"', "protected": f'"{encoded}"', "header": _object({"x5c": chain} | (header or {}))}
    members |= {"signature": f'"{b64url(made)}"'} | (envelope or {})
    return Case(f"JWS {label}", _object(members).encode(), JWS, document(), anchors_of(ask))


def _decoded(data: bytes) -> dict[str, Any]:
    text = json.loads(data)["protected"]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def _object(members: dict[str, str]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in members.items()) + "}"


def payloads() -> Iterator[Case]:
    """What is signed, in both formats."""
    target = f'"mediaType":"{IMAGE}","digest":"{DIGEST}","size":1234'
    bodies = {
        "annotations": f'{{"targetArtifact":{{{target},"annotations":{{"a":"b"}}}}}}',
        "annotations null": f'{{"targetArtifact":{{{target},"annotations":null}}}}',
        "annotations with null": f'{{"targetArtifact":{{{target},"annotations":{{"a":null}}}}}}',
        "urls": f'{{"targetArtifact":{{{target},"urls":["a"]}}}}',
        "urls with null": f'{{"targetArtifact":{{{target},"urls":[null]}}}}',
        "urls with number": f'{{"targetArtifact":{{{target},"urls":[1]}}}}',
        "data": f'{{"targetArtifact":{{{target},"data":"AAAA"}}}}',
        "data wrong": f'{{"targetArtifact":{{{target},"data":"A"}}}}',
        "data number": f'{{"targetArtifact":{{{target},"data":5}}}}',
        "data list": f'{{"targetArtifact":{{{target},"data":[1,2]}}}}',
        "platform": f'{{"targetArtifact":{{{target},"platform":{{"os":"linux","architecture":"amd64"}}}}}}',
        "platform null": f'{{"targetArtifact":{{{target},"platform":null}}}}',
        "platform number": f'{{"targetArtifact":{{{target},"platform":5}}}}',
        "platform of numbers": f'{{"targetArtifact":{{{target},"platform":{{"os":5}}}}}}',
        "platform features": f'{{"targetArtifact":{{{target},"platform":{{"os.features":[1]}}}}}}',
        "artifactType": f'{{"targetArtifact":{{{target},"artifactType":"a/b"}}}}',
        "artifactType number": f'{{"targetArtifact":{{{target},"artifactType":5}}}}',
        "unknown": f'{{"targetArtifact":{{{target},"more":1e999}},"more":[1e999]}}',
        "size 1234.0": f'{{"targetArtifact":{{{target.replace("1234", "1234.0")}}}}}',
        "size 1.234e3": f'{{"targetArtifact":{{{target.replace("1234", "1.234e3")}}}}}',
        "size 2^63": f'{{"targetArtifact":{{{target.replace("1234", str(1 << 63))}}}}}',
        "size null": f'{{"targetArtifact":{{{target.replace("1234", "null")}}}}}',
        "target null": '{"targetArtifact":null}',
        "target list": f'{{"targetArtifact":[{{{target}}}]}}',
        "list": f'[{{"targetArtifact":{{{target}}}}}]',
        "null": "null",
        "with more behind": f'{{"targetArtifact":{{{target}}}}} {{}}',
        "with spaces": f' {{ "targetArtifact" : {{{target}}} }}\n',
        "byte order mark": f'\ufeff{{"targetArtifact":{{{target}}}}}',
    }
    for label, body in bodies.items():
        ask = Ask(payload=body.encode())
        yield Case(f"payload {label} JWS", jws(ask), JWS, document(), anchors_of(ask))
        yield Case(f"payload {label} COSE", cose(ask), COSE, document(), anchors_of(ask))
    ask = Ask(payload=b'{"targetArtifact":{%s,"annotations":{"a":"\xff"}}}' % target.encode())
    yield Case("payload wrong UTF-8", jws(ask), JWS, document(), anchors_of(ask))


def header_cases() -> Iterator[Case]:
    """All of them."""
    yield from cose_headers()
    yield from jws_headers()
