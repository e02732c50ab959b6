"""Random damage to valid envelopes: a verdict each time, never a good one. `python -m tests.real.fuzz_envelopes` runs longer."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.real.fuzz_envelopes import cut, flip, fuzz, insert, replace, truncate
from tests.sources.signatures.cases import verify
from tests.sources.signatures.cosigner import REPOSITORY, TYPE, bundle, public
from tests.sources.signatures.instance import ISSUER, SUBJECT, WHEN, Instance
from tests.sources.signatures.revocations import CRL_URL, OCSP_URL, asked, crl, lookup_of, ocsp_response
from tests.sources.signatures.signer import COSE, DIGEST, JWS, NOW
from tui.domain.common.goregexp import found_in
from tui.domain.facts.signature import Verdict
from tui.errors import InvalidConfig
from tui.sources.signatures.trustroot import read_trusted_root
from tui.verification.cosign.bundle_judge import verify_bundle
from tui.verification.cosign.keys import CosignPolicy, KeylessIdentity
from tui.verification.cosign.simple import SimpleSignature, verify_simple
from tui.verification.fetched_revocation import FetchedRevocation
from tui.verification.revocation import FetchAnswer, RevocationState, crl_key, ocsp_key


def test_damaged_envelopes_are_refused_without_a_crash() -> None:
    tally = fuzz(1500, 7)
    assert not tally.crashes, tally.crashes[0]
    assert not tally.accepted
    assert tally.harmless < 60


@pytest.mark.parametrize("media_type", [JWS, COSE])
@examples(100)
@given(data=st.binary(max_size=300))
def test_any_bytes_get_a_verdict(media_type: str, data: bytes) -> None:
    assert verify(data, media_type).verdict is Verdict.INVALID


def damaged(data: bytes, count: int = 300) -> Iterator[bytes]:
    """Copies with one thing changed, the same on every run."""
    chance = random.Random(11)
    for _ in range(count):
        changed = chance.choice([cut, flip, insert, replace, truncate])(chance, data)
        if changed != data:
            yield changed


def test_damaged_revocation_data_says_unknown_and_never_good() -> None:
    chain = asked()
    lookup = lookup_of(chain)
    key = ocsp_key(lookup.certificate, lookup.issuer, OCSP_URL)
    states = set()
    for body in damaged(ocsp_response(chain)):
        answers = {key: FetchAnswer(body), crl_key(CRL_URL): FetchAnswer(b"")}
        states.add(FetchedRevocation(answers).status(lookup, NOW, None).state)
    only_list = lookup_of(asked(ocsp=()))
    for body in damaged(crl([(only_list.certificate.der[0], None, None)])):
        states.add(FetchedRevocation({crl_key(CRL_URL): FetchAnswer(body)}).status(only_list, NOW, None).state)
    assert states == {RevocationState.UNKNOWN}


def test_damaged_bundles_are_never_accepted() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    policy = CosignPolicy(keys=(public(key),))
    made = bundle(key)
    signed = made[made.index(b'"payload": ') :]
    for data in damaged(made):
        assert not verify_bundle(data, DIGEST, policy).verdict.accepted or signed in data


OURS = Instance()
KEYLESS = CosignPolicy(identities=(KeylessIdentity(SUBJECT, ISSUER),), root=read_trusted_root(OURS.trusted_root()))


def test_damaged_keyless_signatures_are_never_accepted_unless_what_is_signed_is_whole() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = OURS.issue(key)
    made = OURS.bundle(key, certificate)
    whole = json.loads(made)
    for data in damaged(made):
        if verify_bundle(data, DIGEST, KEYLESS).verdict.accepted:  # another time stamp's or hint's worth of change
            changed = json.loads(data)
            assert changed["dsseEnvelope"]["payload"] == whole["dsseEnvelope"]["payload"]
            assert changed["verificationMaterial"]["certificate"] == whole["verificationMaterial"]["certificate"]
    content, notes = OURS.simple(key, certificate)
    for data in damaged(content):
        assert not verify_simple(SimpleSignature(TYPE, data, **notes), DIGEST, REPOSITORY, KEYLESS, WHEN).verdict.accepted


def test_a_damaged_trusted_root_is_read_or_refused() -> None:
    for data in damaged(OURS.trusted_root()):
        with suppress(InvalidConfig):
            read_trusted_root(data)


@examples(200)
@given(text=st.text(max_size=60))
def test_any_annotation_gets_a_verdict(text: str) -> None:
    content, notes = b"{}", {"signature": "AAAA"}
    for name in ("signature", "certificate", "chain", "bundle", "timestamp"):
        made = SimpleSignature(TYPE, content, **{**notes, name: text})
        assert not verify_simple(made, DIGEST, REPOSITORY, KEYLESS, WHEN).verdict.accepted


@examples(300)
@given(
    pattern=st.text(alphabet="ab(|)[]{}*+?^$\\.:-,0123ixmsUdwQEzP<>=!", max_size=14), text=st.text(alphabet="ab01-x", max_size=8)
)
def test_any_pattern_is_read_or_refused(pattern: str, text: str) -> None:
    with suppress(ValueError):
        found_in(pattern, text)


@examples(100)
@given(data=st.binary(max_size=300))
def test_any_bytes_of_a_bundle_get_a_verdict(data: bytes) -> None:
    assert not verify_bundle(data, DIGEST, KEYLESS).verdict.accepted
