"""Our verifier against another one (notation-go behind JSON lines): never more lenient, on every generated case.

`TRUSTREE_NOTATION_ORACLE` is the path of a program that reads questions line by line as JSON (ID, Envelope, MediaType, Config,
Policy, Reference, Descriptor) and answers ID, Level, Error, Checks, an empty Error for an accepted signature. Skipped without it.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.real.oracle_cases import Case, all_cases
from tests.real.oracle_network import revocation_cases, serving, store_cases
from tui.domain.signature import Outcome, Verdict
from tui.errors import InvalidConfig
from tui.sources.signatures.fetch import FetchOptions, RevocationFetcher
from tui.sources.signatures.notation.judge import judge, revocation_lookups
from tui.sources.signatures.notation.payload import Target
from tui.sources.signatures.notation.policy import parse_policy
from tui.sources.signatures.notation.static import parse_envelope
from tui.sources.signatures.notation.stores import read_stores
from tui.sources.signatures.revocation import FetchedRevocation, Lookup

ORACLE = os.environ.get("TRUSTREE_NOTATION_ORACLE", "")
SHARED = Path(__file__).resolve().parents[3] / "shared"

pytestmark = pytest.mark.skipif(not ORACLE, reason="set TRUSTREE_NOTATION_ORACLE to the path of the other verifier")

# What we refuse and notation-go takes, each for a rule that the specification states or for an ambiguity.
STRICTER = (
    "integrity crit names an unknown header",
    "integrity crit repeats a header",
    "integrity both times",
    "integrity a signing authority with a signing time",
    "integrity the payload repeats a member",
    "integrity the payload has a look-alike",
    "chain the leaf is for anything",
    "CBOR duplicate crit label",
    "CBOR overlap",
    "CBOR token of another type",
    "CBOR long",
    "JSON member twice",
    "JSON member in capitals",
    "JSON trailing bits",
    "JSON line in signature",
    "JSON wrapped certificates",
    "raw",
    "damage",
    "stamp",
    "revocation OCSP early",
    "revocation OCSP delegated without the usage",
    "revocation OCSP delegated and expired",
    "revocation CRL of another",
)


def written(case: Case, folder: Path, number: int) -> dict[str, object]:
    """The question, with its files on disk."""
    envelope = folder / f"{number}.sig"
    envelope.write_bytes(case.envelope)
    media_type, digest, size = case.subject
    return {
        "ID": str(number),
        "Envelope": str(envelope),
        "MediaType": case.media_type,
        "Config": str(config_of(case, folder, number)),
        "Policy": case.policy,
        "Reference": f"{case.reference}@{digest}",
        "Descriptor": {"mediaType": media_type, "digest": digest, "size": size},
    }


def config_of(case: Case, folder: Path, number: int) -> Path:
    """The configuration folder of a case, with its trust stores."""
    if case.config is not None:
        return case.config
    config = folder / f"config{number}"
    if case.prepare is not None:
        case.prepare(config / "truststore" / "x509" / "ca" / "c")
    for store, der in case.anchors.items():
        (config / "truststore" / "x509" / store).mkdir(parents=True)
        (config / "truststore" / "x509" / store / "root.der").write_bytes(der)
    return config


def ours(case: Case, config: Path) -> Outcome | None:
    """What we make of it, revocation fetched as the shell would; None when the policy is refused."""
    now = datetime.now(UTC)
    try:
        document = parse_policy(json.dumps(case.policy).encode())
    except InvalidConfig:
        return None
    statement = document.select(case.reference)
    stores = read_stores(config, document, now)
    static, subject = parse_envelope(case.envelope, case.media_type), Target(*case.subject)
    fetched = asyncio.run(revocation_of(revocation_lookups(static, subject, statement, stores, now), now))
    return judge(static, subject, statement, stores, now, fetched)


async def revocation_of(lookups: tuple[Lookup, ...], now: datetime) -> FetchedRevocation:
    """The answers of the servers on loopback."""
    async with RevocationFetcher(FetchOptions(allow_private=True), lambda: now) as fetcher:
        return await fetcher.fetch(lookups)


def theirs(questions: list[dict[str, object]]) -> dict[str, str]:
    """The other verifier's errors by question."""
    lines = "\n".join(map(json.dumps, questions)) + "\n"
    done = subprocess.run([ORACLE], input=lines, capture_output=True, text=True, check=True, timeout=300)
    return {answer["ID"]: answer["Error"] for answer in map(json.loads, done.stdout.splitlines())}


def accepted(outcome: Outcome | None) -> bool:
    """A verdict that lets an image pass."""
    return outcome is not None and (outcome.verdict.accepted or outcome.verdict is Verdict.SKIPPED)


def test_we_are_never_more_lenient(tmp_path: Path) -> None:
    with serving() as served:
        cases = [*all_cases(SHARED), *store_cases(), *revocation_cases(served)]
        questions = [written(case, tmp_path, number) for number, case in enumerate(cases)]
        errors = theirs(questions)
        outcomes = [ours(case, Path(str(asked["Config"]))) for case, asked in zip(cases, questions, strict=True)]
    same = 0
    stricter: list[str] = []
    lenient: list[str] = []
    for number, case in enumerate(cases):
        outcome, error = outcomes[number], errors[str(number)]
        if accepted(outcome) is (error == ""):
            same += 1
        else:
            words = outcome.sentence if outcome else "policy refused"
            (lenient if accepted(outcome) else stricter).append(f"{case.name}: ours {words!r}, theirs {error!r}")
    print(f"\n{len(cases)} cases: {same} same, {len(stricter)} ours stricter, {len(lenient)} ours more lenient")
    print("\n".join(stricter))
    assert len(cases) >= 300
    assert not lenient, "\n".join(lenient)
    surprising = [line for line in stricter if not line.startswith(STRICTER)]
    assert not surprising, "\n".join(surprising)
