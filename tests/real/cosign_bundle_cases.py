"""Bundles of a key: how they are made, their log entries, and what their statements say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from tests.real.cosign_bench import (
    Bench,
    Case,
    Mode,
)
from tests.sources.signatures import cosigner
from tests.sources.signatures.cosigner import b64, entry_body
from tui.verification.cosign.keys import dsse_key_id

Change = Callable[[dict[str, Any]], object]
Changes = dict[str, tuple[Change | None, bool, str]]
OLDER = "application/vnd.dev.sigstore.bundle+json;version=0."


def material(change: Change) -> Change:
    """A change of the verification material."""
    return lambda made: change(made["verificationMaterial"])


def entry(change: Change) -> Change:
    """A change of the log entry."""
    return lambda made: change(made["verificationMaterial"]["tlogEntries"][0])


def signature(change: Change) -> Change:
    """A change of the signature."""
    return lambda made: change(made["dsseEnvelope"]["signatures"][0])


def proof(change: Change) -> Change:
    """A change of the proof of inclusion."""
    return lambda made: change(made["verificationMaterial"]["tlogEntries"][0]["inclusionProof"])


def renamed(made: dict[str, Any]) -> None:
    """Members under their other names."""
    made["media_type"], made["dsse_envelope"] = made.pop("mediaType"), made.pop("dsseEnvelope")


def unpadded(made: dict[str, Any]) -> None:
    """Base64 without padding."""
    made["dsseEnvelope"]["payload"] = made["dsseEnvelope"]["payload"].rstrip("=")


def old(version: str, *, promise: bool = True, proven: bool = True) -> Change:
    """An older version, its entry with promise and proof or without."""

    def change(made: dict[str, Any]) -> None:
        made["mediaType"] = OLDER + version
        one = made["verificationMaterial"]["tlogEntries"][0]
        if not promise:
            del one["inclusionPromise"]
        if not proven:
            del one["inclusionProof"]

    return change


def bundles(bench: Bench) -> Iterator[Case]:
    """How they are made, and their log entries with the log asked and not."""
    changes = _members() | _content(bench) | _version(bench) | _entries() | _proofs() | _encodings()
    for name, (change, verified, stricter) in changes.items():
        yield Case(f"bundle {name}", Mode.KEY, (bench.bundle(change),), verified, stricter)
    yield Case("bundle without entries", Mode.KEY, (bench.bundle(log=False),), True)
    for name, (change, verified) in (_trees() | _heads(bench)).items():
        yield Case(f"bundle log {name}", Mode.LOG, (bench.bundle(change),), verified)


def _members() -> Changes:
    """Members of the bundle and its envelope."""
    return {
        "good": (None, True, ""),
        "unknown member": (lambda made: made.update(more=1), False, ""),
        "unknown member of the material": (material(lambda made: made.update(more=1)), False, ""),
        "unknown member of the envelope": (lambda made: made["dsseEnvelope"].update(more=1), False, ""),
        "unknown member of the signature": (signature(lambda made: made.update(more=1)), False, ""),
        "unknown member of the key": (material(lambda made: made["publicKey"].update(more=1)), False, ""),
        "unknown member of an entry": (entry(lambda made: made.update(more=1)), False, ""),
        "unknown member of a proof": (proof(lambda made: made.update(more=1)), False, ""),
        "other names": (renamed, True, ""),
        "both names": (lambda made: made.update(media_type=made["mediaType"]), False, ""),
        "payload_type": (
            lambda made: made["dsseEnvelope"].update(payload_type=made["dsseEnvelope"].pop("payloadType")),
            False,
            "",
        ),
        "null members": (lambda made: made.update(messageSignature=None), True, ""),
        "unpadded": (unpadded, True, ""),
        "envelope and message": (lambda made: made.update(messageSignature={"signature": "AAAA"}), False, ""),
    }


def _encodings() -> Changes:
    """Base64 in the members, as protojson takes it: the length of the text with its line breaks says whether there is padding."""

    def root(write: Callable[[str], str]) -> Callable[[dict[str, Any]], object]:
        return proof(lambda made: made.update(rootHash=write(made["rootHash"])))

    return {
        "a line break": (root(lambda text: f"{text}\n"), False, ""),
        "a line break, unpadded": (root(lambda text: text.rstrip("=") + "\n"), False, ""),
        "two line breaks, unpadded": (root(lambda text: text.rstrip("=") + "\n\n"), True, ""),
        "four line breaks": (root(lambda text: f"{text}\n\n\n\n"), True, ""),
        "a space": (root(lambda text: f"{text[:8]} {text[8:]}"), False, ""),
        "two alphabets": (root(lambda _: "-+" + "A" * 41 + "="), False, ""),
        "the other alphabet": (root(lambda _: "-_" + "A" * 41 + "="), True, ""),
        "one character too many": (root(lambda text: text.rstrip("=") + "AA"), False, ""),
        "no log": (entry(lambda made: made.update(logId={"keyId": ""})), False, ""),
        "a null log": (entry(lambda made: made.update(logId={"keyId": None})), False, ""),
        "an empty body": (entry(lambda made: made.update(canonicalizedBody="")), False, ""),
    }


def _content(bench: Bench) -> Changes:
    """What is signed, and by what."""
    certified = {"rawBytes": b64(bench.instance.issue(bench.key).public_bytes(Encoding.DER))}
    return {
        "message alone": (
            lambda made: made.update(
                messageSignature={"messageDigest": {"algorithm": "SHA2_256", "digest": "AAAA"}, "signature": "AAAA"},
                dsseEnvelope=None,
            ),
            False,
            "",
        ),
        "key and certificate": (material(lambda made: made.update(certificate=certified)), False, ""),
        "key and chain": (material(lambda made: made.update(x509CertificateChain={"certificates": [certified]})), False, ""),
        "certificate alone": (material(lambda made: made.update(publicKey=None, certificate=certified)), False, ""),
        "no key": (material(lambda made: made.pop("publicKey")), False, ""),
        "empty key": (material(lambda made: made.update(publicKey={})), True, ""),
        "hint a number": (material(lambda made: made["publicKey"].update(hint=1)), False, ""),
        "no material": (lambda made: made.pop("verificationMaterial"), False, ""),
        "no envelope": (lambda made: made.pop("dsseEnvelope"), False, ""),
    }


def _version(bench: Bench) -> Changes:
    """Its version, its signatures, the name of its key."""
    other_id = dsse_key_id(cosigner.public(bench.other).spki)
    own_id = dsse_key_id(cosigner.public(bench.key).spki)
    return {
        "media type unknown": (lambda made: made.update(mediaType="x"), False, ""),
        "media type missing": (lambda made: made.pop("mediaType"), False, ""),
        "version 0.3 written otherwise": (lambda made: made.update(mediaType=OLDER + "3"), True, ""),
        "version 0.3.1": (
            lambda made: made.update(mediaType="application/vnd.dev.sigstore.bundle.v0.3.1+json"),
            True,
            "unknown versions",
        ),
        "version 0.4": (lambda made: made.update(mediaType="application/vnd.dev.sigstore.bundle.v0.4+json"), False, ""),
        "version 0.1": (old("1"), False, ""),
        "version 0.1 without a promise": (old("1", promise=False), False, ""),
        "version 0.2": (old("2"), False, ""),
        "version 0.2 without a proof": (old("2", proven=False), False, ""),
        "two signatures": (lambda made: made["dsseEnvelope"]["signatures"].append({"sig": "AAAA"}), False, ""),
        "no signature": (lambda made: made["dsseEnvelope"]["signatures"].clear(), False, ""),
        "signature empty": (signature(lambda made: made.pop("sig")), False, ""),
        "key id of another": (signature(lambda made: made.update(keyid=other_id)), False, ""),
        "key id of its own": (signature(lambda made: made.update(keyid=own_id)), True, ""),
        "key id junk": (signature(lambda made: made.update(keyid="x")), False, ""),
        "key id empty": (signature(lambda made: made.update(keyid="")), True, ""),
        "payload type": (lambda made: made["dsseEnvelope"].update(payloadType="x"), False, ""),
    }


def _entries() -> Changes:
    """Its log entries, which must be well made though no log is asked for."""
    return {
        "entry null": (material(lambda made: made["tlogEntries"].append(None)), False, ""),
        "entry a text": (material(lambda made: made["tlogEntries"].append("x")), False, ""),
        "entries an object": (material(lambda made: made.update(tlogEntries={})), False, ""),
        "entries too many": (material(lambda made: made.update(tlogEntries=made["tlogEntries"] * 33)), False, ""),
        "entry empty": (material(lambda made: made.update(tlogEntries=[{}])), False, ""),
        "entry without proof": (entry(lambda made: made.pop("inclusionProof")), False, ""),
        "entry without promise": (entry(lambda made: made.pop("inclusionPromise")), True, ""),
        "entry without kind": (entry(lambda made: made.pop("kindVersion")), False, ""),
        "entry without log": (entry(lambda made: made.pop("logId")), False, ""),
        "entry without key of log": (entry(lambda made: made["logId"].pop("keyId")), False, ""),
        "entry without body": (entry(lambda made: made.pop("canonicalizedBody")), False, ""),
        "entry body junk": (entry(lambda made: made.update(canonicalizedBody=b64(b"junk"))), False, ""),
        "entry body empty object": (entry(lambda made: made.update(canonicalizedBody=b64(b"{}"))), False, ""),
        "entry of unknown kind": (
            entry(lambda made: made.update(canonicalizedBody=b64(b'{"apiVersion":"0.0.1","kind":"x","spec":{}}'))),
            False,
            "",
        ),
    }


def _proofs() -> Changes:
    """Proofs and time stamps, likewise."""
    return {
        "entry negative index": (entry(lambda made: made.update(logIndex="-1")), False, ""),
        "entry index a fraction": (entry(lambda made: made.update(logIndex=1.5)), False, ""),
        "entry numbers": (entry(lambda made: made.update(logIndex=7, integratedTime=1_700_000_000)), True, ""),
        "proof without head": (proof(lambda made: made.pop("checkpoint")), False, ""),
        "proof with empty head": (proof(lambda made: made["checkpoint"].update(envelope="")), False, ""),
        "time stamps a text": (material(lambda made: made.update(timestampVerificationData="x")), False, ""),
        "time stamp unread": (
            material(lambda made: made.update(timestampVerificationData={"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}]})),
            True,
            "",
        ),
    }


def _trees() -> dict[str, tuple[Change | None, bool]]:
    """Proofs of inclusion, with the log asked."""
    return {
        "good": (None, True),
        "none": (material(lambda made: made["tlogEntries"].clear()), False),
        "another root": (proof(lambda made: made.update(rootHash=b64(b"\1" * 32))), False),
        "another path": (proof(lambda made: made["hashes"].reverse()), False),
        "another place": (proof(lambda made: made.update(logIndex="4")), False),
        "beyond the tree": (proof(lambda made: made.update(logIndex="11")), False),
        "too short": (proof(lambda made: made["hashes"].pop()), False),
        "too long": (proof(lambda made: made["hashes"].append(b64(b"\1" * 32))), False),
        "another size": (proof(lambda made: made.update(treeSize="12")), True),
    }


def _heads(bench: Bench) -> dict[str, tuple[Change | None, bool]]:
    """Heads of trees and promises, with the log asked."""
    return {
        "head unsigned": (
            proof(lambda made: made["checkpoint"].update(envelope=made["checkpoint"]["envelope"].partition("\u2014")[0])),
            False,
        ),
        "head changed": (
            proof(lambda made: made["checkpoint"].update(envelope="x" + made["checkpoint"]["envelope"])),
            False,
        ),
        "another time": (entry(lambda made: made.update(integratedTime="1")), False),
        "no promise": (entry(lambda made: made.pop("inclusionPromise")), True),
        "another log": (entry(lambda made: made["logId"].update(keyId=b64(b"\1" * 32))), False),
        "twice": (material(lambda made: made["tlogEntries"].append(made["tlogEntries"][0])), False),
        "body of another": (
            entry(lambda made: made.update(canonicalizedBody=b64(entry_body(b"x", b"y", bench.key, "dsse")))),
            False,
        ),
    }


def statements(bench: Bench) -> Iterator[Case]:
    """What a bundle's statement says."""
    first: list[tuple[str, Change, bool, str]] = [
        ("good", lambda made: None, True, ""),
        ("of another image", lambda made: made["subject"][0]["digest"].update(sha256="cd" * 32), False, ""),
        ("of two images", lambda made: made["subject"].append({"digest": {"sha256": "cd" * 32}}), True, ""),
        ("without subjects", lambda made: made["subject"].clear(), False, ""),
        ("under another algorithm", lambda made: made["subject"][0].update(digest={"sha512": bench.hex}), False, ""),
        ("in capitals", lambda made: made["subject"][0].update(digest={"sha256": bench.hex.upper()}), False, ""),
        ("with a digest that is none", lambda made: made["subject"][0]["digest"].update(sha512="xyz"), False, ""),
        ("with a digest of odd length", lambda made: made["subject"][0]["digest"].update(sha512="abc"), False, ""),
        ("with more", lambda made: made.update(more=1), False, ""),
        ("with more in the subject", lambda made: made["subject"][0].update(more=1), False, ""),
        ("with a subject that is null", lambda made: made["subject"].append(None), False, ""),
        ("with all of a subject", lambda made: made["subject"][0].update(uri="x", annotations={"a": 1}), True, ""),
        ("with too many subjects", lambda made: made.update(subject=made["subject"] * 1025), False, ""),
        (
            "with too many digests",
            lambda made: made["subject"][0]["digest"].update({f"x{n}": "ab" for n in range(33)}),
            False,
            "",
        ),
        ("whose predicate is text", lambda made: made.update(predicate="x"), False, ""),
        ("without a predicate", lambda made: made.pop("predicate"), True, ""),
        ("of the older version", lambda made: made.update(_type="https://in-toto.io/Statement/v0.1"), True, ""),
        ("of no type", lambda made: made.update(_type="x"), True, "a statement says that it is one"),
        ("of a report", lambda made: made.update(predicateType="https://slsa.dev/provenance/v1"), True, "no signature"),
    ]
    for name, change, verified, stricter in first:
        yield Case(f"statement {name}", Mode.KEY, (bench.statement(change),), verified, stricter)
