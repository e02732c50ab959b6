"""Certificates in place of keys, by a trusted root: both kinds of signatures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.real.cosign_bench import (
    FOREIGN,
    Bench,
    Case,
    Mode,
    bundled,
    under,
)
from tests.sources.signatures.cosigner import b64, entry_body, logged, sign
from tests.sources.signatures.instance import DER_ISSUER, ISSUER, RAW_ISSUER, SUBJECT, utf8


def keyless(bench: Bench) -> Iterator[Case]:
    """Certificates in place of keys, by a trusted root."""
    ours, key, other = bench.instance, bench.key, x509.RFC822Name("someone@contoso.example")
    workflow = x509.UniformResourceIdentifier("https://github.com/contoso/app/.github/workflows/release.yml@refs/heads/main")
    mail = x509.RFC822Name(SUBJECT)
    disagreeing = {RAW_ISSUER: ISSUER.encode(), DER_ISSUER: utf8("https://other.example")}
    issued: dict[str, tuple[dict[str, Any], bool, bool, str]] = {
        # what is issued; whether an older signature is verified, and a bundle; why we may be stricter
        "good": ({}, True, True, ""),
        "without SCT": ({"proof": "none"}, False, False, ""),
        "with a broken SCT": ({"proof": "broken"}, False, False, ""),
        "with an SCT of another log": ({"proof": "other"}, False, False, ""),
        "with issuers that disagree": ({"claims": disagreeing}, True, False, "two issuers that disagree"),
        "with issuers that disagree, ours last": (
            {"claims": {DER_ISSUER: utf8("https://other.example"), RAW_ISSUER: ISSUER.encode()}},
            True,
            True,
            "two issuers that disagree",
        ),
        "with the newer issuer": ({"claims": {DER_ISSUER: utf8(ISSUER)}}, False, True, ""),
        "with the older issuer": ({"claims": {RAW_ISSUER: ISSUER.encode()}}, True, True, ""),
        "without an issuer": ({"claims": {}}, False, False, ""),
        "with a claim that is no text": (
            {"claims": {RAW_ISSUER: ISSUER.encode(), "1.3.6.1.4.1.57264.1.9": b"\x02\x01\x01"}},
            True,
            False,
            "a claim that is no text",
        ),
        "of somebody else": ({"names": [other]}, False, False, ""),
        "with two names": ({"names": [other, mail]}, True, False, ""),
        "with a URI first": ({"names": [mail, workflow]}, True, False, ""),
        "with a host's name": ({"names": [x509.DNSName("contoso.example")]}, False, False, ""),
    }
    for name, (given, older, newer, stricter) in issued.items():
        certificate = ours.issue(key, **given)
        content, notes = ours.simple(key, certificate, bench.digest)
        yield Case(f"keyless {name}, older", Mode.KEYLESS, (under(content, notes),), older, stricter if older else "")
        made = ours.bundle(key, certificate, digest=bench.digest)
        yield Case(f"keyless {name}, bundle", Mode.KEYLESS, (bundled(made),), newer, stricter if newer else "")
    yield from _addressed(bench)
    yield from _broken_keyless(bench)


def _addressed(bench: Bench) -> Iterator[Case]:
    """Identities that are addresses: cosign holds them as Go writes them against what the question names, which is a text."""
    for name, uri in {"a space": f"{SUBJECT} x", "an empty fragment": f"{SUBJECT}#"}.items():
        certificate = bench.instance.issue(bench.key, names=[x509.UniformResourceIdentifier(uri)])
        verified = uri.endswith("#")
        content, notes = bench.instance.simple(bench.key, certificate, bench.digest)
        yield Case(f"keyless a URI with {name}, older", Mode.KEYLESS, (under(content, notes),), verified)
        made = bench.instance.bundle(bench.key, certificate, digest=bench.digest)
        yield Case(f"keyless a URI with {name}, bundle", Mode.KEYLESS, (bundled(made),), verified)


def _broken_keyless(bench: Bench) -> Iterator[Case]:
    ours, key = bench.instance, bench.key
    good = ours.issue(key)
    content, notes = ours.simple(key, good, bench.digest)
    theirs = bench.foreign.issue(key)
    their_content, their_notes = bench.foreign.simple(key, theirs, bench.digest)
    late = int(good.not_valid_after_utc.timestamp()) + 60
    signature = b64(sign(key, content))
    by_key = json.dumps(logged(ours.log, entry_body(content, sign(key, content), key)))
    one = Mode.KEYLESS
    yield Case("keyless under another root, older", one, (under(their_content, their_notes),), False)
    yield Case(
        "keyless under another root, bundle", one, (bundled(bench.foreign.bundle(key, theirs, digest=bench.digest)),), False
    )
    yield Case("keyless of another image, older", one, (under(*ours.simple(key, good, FOREIGN)),), False)
    yield Case("keyless of another image, bundle", one, (bundled(ours.bundle(key, good, digest=FOREIGN)),), False)
    yield Case("keyless late, bundle", one, (bundled(ours.bundle(key, good, digest=bench.digest, when=late)),), False)
    yield Case("keyless without the log, older", one, (under(content, {**notes, "bundle": ""}),), False)
    yield Case("keyless logged by key", one, (under(content, {**notes, "signature": signature, "bundle": by_key}),), False)
    yield Case("keyless without a chain, older", one, (under(content, {**notes, "chain": ""}),), True)
    yield Case("keyless with another chain, older", one, (under(content, {**notes, "chain": their_notes["chain"]}),), True)
    yield Case("keyless chain junk, older", one, (under(content, {**notes, "chain": "x"}),), False)
    stranger = ours.bundle(bench.other, good, digest=bench.digest)
    yield Case("keyless of another key, bundle", one, (bundled(stranger),), False)
    spoiled: dict[str, Callable[[dict[str, Any]], object]] = {
        "with a chain": lambda made: made.update(certificate=None, x509CertificateChain={"certificates": [made["certificate"]]}),
        "with a hint": lambda made: made.update(publicKey={"hint": "x"}),
        "without entries": lambda made: made.pop("tlogEntries"),
        "without promises": lambda made: made["tlogEntries"][0].pop("inclusionPromise"),
        "with a certificate of junk": lambda made: made["certificate"].update(rawBytes="AAAA"),
    }
    for name, change in spoiled.items():
        made = json.loads(ours.bundle(key, good, digest=bench.digest))
        change(made["verificationMaterial"])
        yield Case(f"keyless bundle {name}", one, (bundled(json.dumps(made).encode()),), False)
    large = ec.generate_private_key(ec.SECP384R1())
    for algorithm in (hashes.SHA256(), hashes.SHA384()):
        made_large = ours.bundle(large, ours.issue(large), digest=bench.digest, algorithm=algorithm)
        yield Case(f"keyless P-384 {algorithm.name}, bundle", one, (bundled(made_large),), True)
