"""Questions for another verifier: envelopes, policies and trust stores, some good, most with something wrong.

Every case says what is asked; what is right is not said here: the other verifier's answer is the measure.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.sources.signatures.cases import document
from tests.sources.signatures.signer import (
    COSE,
    DIGEST,
    ENVELOPES,
    IMAGE,
    JWS,
    NOW,
    Ask,
    N,
    Stamp,
    Tag,
    authority,
    cose,
    jws,
    stamping,
    token,
    usual,
    with_token,
)
from tests.sources.signatures.tables import AUTHENTICITY, CHAINS, INTEGRITY, RAW, STAMPS, leaf

ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
TARGET = (IMAGE, DIGEST, 1234)


@dataclass(frozen=True)
class Case:
    """One question. `anchors` are certificates by store; `prepare` writes the store `ca:c`, `config` is a whole folder."""

    name: str
    envelope: bytes
    media_type: str = JWS
    policy: dict[str, Any] = field(default_factory=document)
    anchors: dict[str, bytes] = field(default_factory=dict)
    config: Path | None = None
    prepare: Callable[[Path], None] | None = None
    subject: tuple[str, str, int] = TARGET
    reference: str = "registry.example/app"


def anchors_of(ask: Ask, stamp: Stamp | None = None) -> dict[str, bytes]:
    """Stores that trust the signer of an envelope, and the authority of a stamp."""
    found = {"ca/c": ask.signer.root, "signingAuthority/a": ask.signer.root}
    return found | ({"tsa/t": stamp.signer.root} if stamp else {})


def all_cases(shared: Path) -> list[Case]:
    """Every case; those of the shared fixtures when they are there."""
    makers = (good(), integrity(), raw(), chains(), identities(), times(), stamps(), policies(), encodings(), mutations())
    return [case for maker in makers for case in maker] + list(fixtures(shared))


def good() -> Iterator[Case]:
    """Nothing wrong: six algorithms, two schemes, two formats."""
    for media_type, make in ENVELOPES.items():
        for algorithm in ALGORITHMS:
            for more in ({}, authority()):
                ask = Ask(usual(algorithm), expiry=NOW + timedelta(days=9), **more)
                yield Case(f"good {algorithm} {ask.scheme} {media_type}", make(ask), media_type, anchors=anchors_of(ask))


def integrity() -> Iterator[Case]:
    """Attributes and payloads with one thing wrong."""
    for media_type, make in ENVELOPES.items():
        for label, (ask, _) in INTEGRITY.items():
            yield Case(f"integrity {label} {media_type}", make(ask), media_type, document("audit"), anchors_of(ask))


def raw() -> Iterator[Case]:
    """Envelopes that are malformed or ambiguous."""
    for number, (data, media_type, _) in enumerate(RAW):
        yield Case(f"raw {number} {media_type}", data, media_type, document("audit"), anchors_of(Ask()))


def chains() -> Iterator[Case]:
    """Certificate chains with one thing wrong."""
    for media_type, make in ENVELOPES.items():
        for label, ask in CHAINS.items():
            yield Case(f"chain {label} {media_type}", make(ask), media_type, document("audit"), anchors_of(ask))


def identities() -> Iterator[Case]:
    """Subjects against trusted identities, and stores that do not hold the root."""
    for number, (wanted, subject, _) in enumerate(AUTHENTICITY):
        ask = leaf(subject=subject)
        yield Case(f"identity {number}", jws(ask), policy=document(trustedIdentities=wanted), anchors=anchors_of(ask))
    for level in ("strict", "permissive", "audit"):
        yield Case(f"stranger {level}", jws(Ask()), policy=document(level), anchors={"ca/c": stamping().root})
        yield Case(f"no store {level}", jws(Ask()), policy=document(level))
        wrong = {"signingAuthority/a": usual().root}
        yield Case(f"wrong kind of store {level}", jws(Ask()), policy=document(level), anchors=wrong)
        for label, changed in (("digest", DIGEST[:-1] + "c"), ("algorithm", "sha512:" + "ab" * 64)):
            other = (IMAGE, changed, 1234)
            yield Case(f"subject {label} {level}", cose(Ask()), COSE, document(level), anchors_of(Ask()), subject=other)


def times() -> Iterator[Case]:
    """Expired signatures and certificates under every level."""
    old = {"not_before": NOW - timedelta(days=9), "not_after": NOW - timedelta(days=2)}
    new = {"not_before": NOW + timedelta(days=9)}
    asks = {
        "expired signature": Ask(expiry=NOW - timedelta(hours=1)),
        "expired leaf": leaf(**old),
        "unborn leaf": leaf(**new),
        "expired leaf of an authority": Ask(leaf(**old).signer, **authority(authentic_time=NOW - timedelta(days=5))),
        "authority outside": Ask(leaf(**old).signer, **authority(authentic_time=NOW - timedelta(days=1))),
        "authority before": Ask(leaf(**old).signer, **authority(authentic_time=NOW - timedelta(days=10))),
    }
    for level in ("strict", "permissive", "audit"):
        for label, ask in asks.items():
            for media_type, make in ENVELOPES.items():
                yield Case(f"{label} {level} {media_type}", make(ask), media_type, document(level), anchors_of(ask))
    for override in ({"expiry": "log"}, {"authenticTimestamp": "log"}, {"revocation": "skip"}, {"authenticity": "log"}):
        for label, ask in asks.items():
            yield Case(f"{label} {override}", jws(ask), policy=document(override=override), anchors=anchors_of(ask))


def stamps() -> Iterator[Case]:
    """Time stamps, good and bad, on an expired signer and on a valid one."""
    dead = leaf(not_before=NOW - timedelta(days=30), not_after=NOW - timedelta(hours=1))
    variants: dict[str, dict[str, Any]] = {"good": {}, "accurate": {"accuracy": {"seconds": 1, "millis": 5}}}
    variants |= {label: changes for label, (changes, _) in STAMPS.items()}
    for label, changes in variants.items():
        stamp = Stamp(**{"signer": stamping(), **changes})
        for media_type in ENVELOPES:
            for option in ("always", "afterCertExpiry"):
                ask = dead if option == "afterCertExpiry" else Ask()
                data = with_token(media_type, ask, lambda signature, stamp=stamp: token(stamp, signature))
                under = document(trustStores=["ca:c", "tsa:t"], verifyTimestamp=option)
                yield Case(f"stamp {label} {option} {media_type}", data, media_type, under, anchors_of(ask, stamp))
    under = document(trustStores=["ca:c", "tsa:t"])
    yield Case("no stamp", jws(Ask()), policy=under, anchors=anchors_of(Ask(), Stamp(stamping())))
    yield Case("junk stamp", jws(Ask(token=b"junk")), policy=under, anchors=anchors_of(Ask(), Stamp(stamping())))
    data = with_token(JWS, dead, lambda signature: token(Stamp(stamping()), signature))
    yield Case("stamp by a stranger", data, policy=under, anchors=anchors_of(dead, Stamp(usual())))


def policies() -> Iterator[Case]:
    """Policy documents, valid and not."""
    two = document()
    two["trustPolicies"] = [dict(two["trustPolicies"][0], registryScopes=["registry.example/app"]), two["trustPolicies"][0]]
    same_scope = json.loads(json.dumps(two))
    same_scope["trustPolicies"][1] |= {"name": "b", "registryScopes": ["registry.example/app"]}
    named = json.loads(json.dumps(two))
    named["trustPolicies"][1]["name"] = "b"
    documents: dict[str, dict[str, Any]] = {
        "version 2": document() | {"version": "2.0"},
        "no version": {"trustPolicies": document()["trustPolicies"]},
        "no statement": {"version": "1.0", "trustPolicies": []},
        "same name": two,
        "same scope": same_scope,
        "exact before any": named,
        "skip": document("skip", trustStores=[], trustedIdentities=[]),
        "skip with stores": document("skip"),
        "skip with override": document("skip", trustStores=[], trustedIdentities=[], override={"expiry": "log"}),
        "no stores": document(trustStores=[]),
        "no identities": document(trustedIdentities=[]),
        "unknown level": document("lenient"),
        "level custom": document("custom"),
        "override integrity": document(override={"integrity": "log"}),
        "override skip expiry": document(override={"expiry": "skip"}),
        "override unknown": document(override={"other": "log"}),
        "override unknown action": document(override={"expiry": "ignore"}),
        "unknown timestamp option": document(verifyTimestamp="never"),
        "empty timestamp option": document(verifyTimestamp=""),
        "unnamed": document(name=""),
        "store without type": document(trustStores=["c"]),
        "store of unknown type": document(trustStores=["x:c"]),
        "store with a path": document(trustStores=["ca:../c"]),
        "two wildcards": document(trustedIdentities=["*", "x509.subject:C=US,ST=WA,O=x"]),
        "empty identity": document(trustedIdentities=[""]),
        "identity without value": document(trustedIdentities=["x509.subject:"]),
        "identity without separator": document(trustedIdentities=["x509.subject"]),
        "overlap": document(trustedIdentities=["x509.subject:C=US,ST=WA,O=x", "x509.subject:C=US,ST=WA,O=x,CN=y"]),
        "no scopes": document(registryScopes=[]),
        "wildcard and scope": document(registryScopes=["*", "registry.example/app"]),
        "pattern": document(registryScopes=["registry.example/*"]),
        "scope with tag": document(registryScopes=["registry.example/app:1"]),
        "scope with scheme": document(registryScopes=["https://registry.example/app"]),
        "host only": document(registryScopes=["registry.example"]),
        "other scope": document(registryScopes=["registry.example/other"]),
        "prefix": document(registryScopes=["registry.example/ap"]),
        "host in capitals": document(registryScopes=["Registry.example/app"]),
    }
    names = ["C=US", "C=US,ST=WA", "C=US,ST=WA,O=x+CN=y", "C=US,ST=WA,O=x,C=DE", "C=US,ST=WA,O=#1234", "C=,ST=WA,O=x"]
    names += ["C=US,ST=WA,O=Contoso,CN=", r"C=US,ST=WA,O=Contoso\2", "C=US;ST=WA;O=Contoso", "junk", "c=US,st=WA,o=Contoso"]
    names += ["C = US , ST = WA , O = Contoso", "C=US,S=WA,ST=WA,O=Contoso", "C=US,ST=WA,O=Contoso,", "C=US,ST=WA,O=Con=toso"]
    documents |= {f"name {text}": document(trustedIdentities=[f"x509.subject:{text}"]) for text in names}
    for label, under in documents.items():
        yield Case(f"policy {label}", jws(Ask()), policy=under, anchors=anchors_of(Ask()))
    for reference in (
        "registry.example/app/sub",
        "registry.example:443/app",
        "REGISTRY.example/app",
        "registry.example/App",
        "app",
    ):
        yield Case(f"reference {reference}", jws(Ask()), policy=named, anchors=anchors_of(Ask()), reference=reference)


def encodings() -> Iterator[Case]:
    """The same content written in other ways."""
    anchors = anchors_of(Ask())
    members = json.loads(jws(Ask()))
    text = json.dumps(members)
    wrapped = dict(members, header=dict(members["header"], x5c=[base64.encodebytes(der).decode() for der in usual().ders]))
    last = members["signature"][-1]
    written = {
        "spaces": json.dumps(members, indent=4),
        "unknown member": json.dumps({**members, "more": 1}),
        "unknown header": json.dumps({**members, "header": {**members["header"], "more": [1]}}),
        "member twice": text[:-1] + f', "signature": "{members["signature"]}"}}',
        "member twice, second wrong": text[:-1] + ', "signature": "AAAA"}',
        "member in capitals": text.replace('"signature"', '"SIGNATURE"'),
        "padded": json.dumps({**members, "signature": members["signature"] + "=="}),
        "trailing bits": json.dumps({**members, "signature": members["signature"][:-1] + chr(ord(last) + 1)}),
        "line in signature": json.dumps({**members, "signature": members["signature"][:9] + "\n" + members["signature"][9:]}),
        "wrapped certificates": json.dumps(wrapped),
        "byte order mark": "\ufeff" + text,
        "trailing text": text + "x",
        "trailing space": text + " \n",
        "array": f"[{text}]",
        "chain null": json.dumps({**members, "header": {"x5c": None}}),
    }
    for label, envelope in written.items():
        yield Case(f"JSON {label}", envelope.encode(), policy=document("audit"), anchors=anchors)
    good_one = cose(Ask())
    asks = {
        "duplicate crit label": Ask(critical=(N + "signingScheme",) * 2),
        "crit with system headers": Ask(critical=(N + "signingScheme", 1, 3, N + "signingTime")),
        "float time": Ask(attributes={N + "signingTime": Tag(1, b"")}),
        "text time": Ask(attributes={N + "signingTime": Tag(0, NOW.strftime("%Y-%m-%dT%H:%M:%SZ"))}),
        "integer label": Ask(attributes={99: "x"}),
        "negative label": Ask(attributes={-70000: [1, {2: None}]}),
        "deep attribute": Ask(attributes={"x": [[[[[[[[[[1]]]]]]]]]]}),
        "unprotected number": Ask(unprotected={4: b"kid"}),
        "agent of another type": Ask(unprotected={N + "signingAgent": 1}),
        "token of another type": Ask(unprotected={N + "timestampSignature": "x"}),
        "overlap": Ask(unprotected={3: "x"}),
    }
    for label, ask in asks.items():
        yield Case(f"CBOR {label}", cose(ask), COSE, document("audit"), anchors)
    changed = {
        "untagged": good_one[1:],
        "other tag": b"\xd8\x62" + good_one[1:],
        "twice tagged": b"\xd2" + good_one,
        "long tag": b"\xd8\x12" + good_one[1:],
        "long array": good_one[:1] + b"\x98\x04" + good_one[2:],
        "open array": good_one[:1] + b"\x9f" + good_one[2:] + b"\xff",
        "five parts": good_one[:1] + b"\x85" + good_one[2:] + b"\0",
        "trailing byte": good_one + b"\0",
    }
    for label, bent in changed.items():
        yield Case(f"CBOR {label}", bent, COSE, document("audit"), anchors)


def mutations() -> Iterator[Case]:
    """Random damage, the same on every run."""
    chance = random.Random(20260101)
    for media_type, make in ENVELOPES.items():
        data = make(Ask(expiry=NOW + timedelta(days=9)))
        for number in range(40):
            spoiled = bytearray(data)
            spoiled[chance.randrange(len(spoiled))] ^= 1 << chance.randrange(8)
            yield Case(f"damage {number} {media_type}", bytes(spoiled), media_type, document("audit"), anchors_of(Ask()))


def fixtures(shared: Path) -> Iterator[Case]:
    """The envelopes of notation-go's and notation-core-go's own tests, when they are there."""
    go = shared / "fixtures" / "signatures" / "notation-go"
    for path in sorted((go / "internal" / "mock" / "testdata").glob("*.json")):
        target = _target(path)
        for level in ("strict", "audit"):
            stores = ["ca:valid-trust-store", "signingAuthority:valid-trust-store"]
            under = document(level, trustStores=stores)
            yield Case(
                f"fixture {path.name} {level}", path.read_bytes(), JWS, under, config=go / "verifier" / "testdata", subject=target
            )
    made = shared / "fixtures" / "signatures" / "generated"
    for entry in json.loads((made / "index.json").read_text()) if made.exists() else ():
        root = _der((made / entry["root"]).read_text())
        subject = (entry["subject"]["mediaType"], entry["subject"]["digest"], entry["subject"]["size"])
        anchors = {"ca/c": root, "signingAuthority/a": root}
        yield Case(
            f"fixture {entry['file']}",
            (made / entry["file"]).read_bytes(),
            entry["mediaType"],
            document(),
            anchors,
            subject=subject,
        )


def _target(path: Path) -> tuple[str, str, int]:
    payload = json.loads(path.read_bytes())["payload"]
    target = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["targetArtifact"]
    return target["mediaType"], target["digest"], target["size"]


def _der(pem: str) -> bytes:
    return base64.b64decode("".join(line for line in pem.splitlines() if "-----" not in line))
