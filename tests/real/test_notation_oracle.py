"""Our verifier against another one (notation-go behind JSON lines): never more lenient, on every generated case.

`TRUSTREE_NOTATION_ORACLE` is the path of a program that reads questions line by line as JSON (ID, Envelope, MediaType, Config,
Policy, Reference, Descriptor) and answers ID, Level, Error, Checks, an empty Error for an accepted signature. What it answered is
written down in `notation_answers.txt`, so that the cases run without it too; `TRUSTREE_NOTATION_WRITE=1` writes that file anew.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.real.oracle_cases import Case, all_cases
from tests.real.oracle_certificates import certificate_cases
from tests.real.oracle_headers import cose_headers, jws_headers
from tests.real.oracle_names import name_cases, signature_cases
from tests.real.oracle_network import Served, revocation_cases, serving, store_cases
from tests.real.oracle_places import delegate_cases, middle_cases, stamp_chain_cases, store_file_cases
from tests.real.oracle_revocation import raw_revocation_cases
from tests.real.oracle_times import time_cases
from tui.domain.facts.signature import Outcome, Verdict
from tui.errors import InvalidConfig
from tui.sources.signatures.fetch import FetchOptions, RevocationFetcher
from tui.sources.signatures.stores import read_stores
from tui.verification.fetched_revocation import FetchedRevocation
from tui.verification.notation.judge import judge, revocation_lookups
from tui.verification.notation.payload import Target
from tui.verification.notation.policy import parse_policy
from tui.verification.notation.static import parse_envelope
from tui.verification.revocation import Lookup

ORACLE = os.environ.get("TRUSTREE_NOTATION_ORACLE", "")
SHARED = Path(__file__).resolve().parents[3] / "shared"
WRITTEN = Path(__file__).with_name("notation_answers.txt")

# Random damage falls differently on every run, and the fixtures are not everywhere: no answer is written down for them.
UNWRITTEN = ("damage", "fixture")

# What we refuse and notation-go takes, each for a rule that a specification states or for an ambiguity (docs/trust.md).
STRICTER = {
    "a critical attribute that nobody understands (RFC 7515 section 4.1.11)": ("integrity crit names an unknown header",),
    "a list of critical attributes that names one twice": ("integrity crit repeats", "CBOR duplicate crit label"),
    "a signing time of another scheme (signing-scheme.md)": (
        "integrity both times",
        "integrity a signing authority with a signing time",
    ),
    "a member that stands twice, or in another case": (
        "integrity the payload repeats a member",
        "integrity the payload has a look-alike",
        "JSON member twice",
        "JSON member in capitals",
        "raw 7 ",
        "raw 15 ",
    ),
    "a header on both sides (RFC 9052 section 3)": ("raw 12 ", "CBOR overlap"),
    "text that is not UTF-8, and base64 in another than its one form (RFC 7515 section 2)": (
        "JSON trailing bits",
        "JSON line in signature",
        "JSON wrapped certificates",
        "payload wrong UTF-8",
        "payload data list",
        "JWS io.cncf.notary.timestampSignature list",
    ),
    "a leaf for any usage (signature-specification.md, certificate requirements)": (
        "chain the leaf is for anything",
        "certificate leaf extended any",
    ),
    "a time that is not RFC 3339, not of whole seconds in COSE, or outside the years 1 to 9999": (
        "time authority comma",
        "time signer comma",
        "time authority one digit hour",
        "time signer one digit hour",
        "time authority offset of 24",
        "time signer offset of 24",
        "time authority offset of 23:60",
        "time signer offset of 23:60",
        "time signer year 0",
        "COSE signing time float",
        "COSE signing time whole float",
        "COSE signing time of the year 0",
        "COSE expiry 10000",
        "certificate leaf end generalized 9999 overflowing",
        "certificate root end generalized 9999 overflowing",
        "certificate middle end generalized 9999 overflowing",
        "stamp certificate end generalized 9999 overflowing",
        "stamp issuer end generalized 9999 overflowing",
        "stamp root end generalized 9999 overflowing",
        "delegate end generalized 9999 overflowing",
    ),
    "a time stamp that breaks RFC 3161: an accuracy below zero, an unknown critical extension, two signatures": (
        "stamp accuracy negative",
        "stamp shape a critical extension",
        "stamp shape two signatures",
    ),
    "an OCSP response of the future, about another issuer, with two statuses, or by a delegate that may not (RFC 6960)": (
        "revocation OCSP early",
        "revocation OCSP delegated without the usage",
        "revocation OCSP delegated and expired",
        "raw OCSP good and revoked",
        "raw OCSP hash SHA-256 names",
        "delegate version",
        "delegate unique ids constructed",
        "delegate end UTC of 1950",
        "delegate validity backwards",
        "delegate extensions none",
        "delegate extensions an empty list",
        "delegate extended",
    ),
    "a file of a trust store with a block that is not whole": ("file PEM with a second, unended",),
    "a revocation list of another issuer or scope, or a delta list (RFC 5280 section 5.2)": (
        "revocation CRL of another",
        "raw CRL another issuer",
        "raw CRL point of authorities",
        "raw CRL point indirect",
        "raw CRL point elsewhere",
        "raw CRL delta",
    ),
}
_STRICTER = tuple(name for names in STRICTER.values() for name in names)

FAMILIES: dict[str, Callable[[Served], Iterable[Case]]] = {
    "envelopes": lambda _: all_cases(SHARED),
    "stores": lambda _: store_cases(),
    "certificates": lambda _: certificate_cases(),
    "COSE headers": lambda _: cose_headers(),
    "JWS headers": lambda _: jws_headers(),
    "times": lambda _: time_cases(),
    "revocation": revocation_cases,
    "raw revocation": raw_revocation_cases,
    "intermediates": lambda _: middle_cases(),
    "stamp chains": lambda _: stamp_chain_cases(),
    "delegates": delegate_cases,
    "store files": lambda _: store_file_cases(),
    "names": lambda _: name_cases(),
    "signatures": lambda _: signature_cases(),
}


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
    done = subprocess.run([ORACLE], input=lines, capture_output=True, text=True, check=True, timeout=600)
    return {answer["ID"]: answer["Error"] for answer in map(json.loads, done.stdout.splitlines())}


def accepted(outcome: Outcome | None) -> bool:
    """A verdict that lets an image pass."""
    return outcome is not None and (outcome.verdict.accepted or outcome.verdict is Verdict.SKIPPED)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A server on loopback for all families."""
    with serving() as found:
        yield found


def judged(cases: list[Case], folder: Path) -> tuple[list[dict[str, object]], dict[str, Outcome | None]]:
    """The questions on disk, and what we make of each."""
    questions = [written(case, folder, number) for number, case in enumerate(cases)]
    outcomes = {case.name: ours(case, Path(str(asked["Config"]))) for case, asked in zip(cases, questions, strict=True)}
    assert len(outcomes) == len(cases), "two cases have one name"
    return questions, outcomes


def compared(answers: dict[str, bool], outcomes: dict[str, Outcome | None]) -> None:
    """Never more lenient, and stricter only where the reason is written down."""
    lenient: list[str] = []
    strict: list[str] = []
    for name, outcome in outcomes.items():
        if name in answers and accepted(outcome) is not answers[name]:
            line = f"{name}: ours {outcome.sentence if outcome else 'policy refused'!r}"
            (lenient if accepted(outcome) else strict).append(line)
    assert not lenient, "\n".join(lenient)
    surprising = [line for line in strict if not line.startswith(_STRICTER)]
    assert not surprising, "\n".join(surprising)


@pytest.mark.parametrize("family", FAMILIES)
def test_we_answer_as_is_written_down(family: str, served: Served, tmp_path: Path) -> None:
    cases = [case for case in FAMILIES[family](served) if not case.name.startswith(UNWRITTEN)]
    _, outcomes = judged(cases, tmp_path)
    answers = read_answers()
    assert outcomes.keys() <= answers.keys()
    compared(answers, outcomes)


@pytest.mark.skipif(not ORACLE, reason="set TRUSTREE_NOTATION_ORACLE to the path of the other verifier")
def test_we_are_never_more_lenient(served: Served, tmp_path: Path) -> None:
    cases = [case for make in FAMILIES.values() for case in make(served)]
    questions, outcomes = judged(cases, tmp_path)
    errors = theirs(questions)
    answers = {case.name: not errors[str(number)] for number, case in enumerate(cases)}
    same = sum(answers[name] is accepted(outcome) for name, outcome in outcomes.items())
    print(f"\n{len(cases)} cases: {same} same")
    compared(answers, outcomes)
    kept = {name: answer for name, answer in answers.items() if not name.startswith(UNWRITTEN)}
    if os.environ.get("TRUSTREE_NOTATION_WRITE"):
        WRITTEN.write_text("".join(f"{'+' if answer else '-'} {name}\n" for name, answer in sorted(kept.items())))
    assert read_answers() == kept


def read_answers() -> dict[str, bool]:
    """What the other verifier answered: a plus before the name of a case that it accepts, a minus before others."""
    lines = WRITTEN.read_text().splitlines() if WRITTEN.exists() else []
    return {line[2:]: line.startswith("+") for line in lines}
