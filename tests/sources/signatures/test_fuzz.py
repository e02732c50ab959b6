"""Random damage to valid envelopes: a verdict each time, never a good one. `python -m tests.real.fuzz_envelopes` runs longer."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.real.fuzz_envelopes import cut, flip, fuzz, insert, replace, truncate
from tests.sources.signatures.cases import verify
from tests.sources.signatures.cosigner import bundle, public
from tests.sources.signatures.revocations import CRL_URL, OCSP_URL, asked, crl, lookup_of, ocsp_response
from tests.sources.signatures.signer import COSE, DIGEST, JWS, NOW
from tui.domain.signature import Verdict
from tui.sources.signatures.cosign.bundle import verify_bundle
from tui.sources.signatures.cosign.keys import CosignPolicy
from tui.sources.signatures.revocation import Answer, FetchedRevocation, RevocationState, crl_key, ocsp_key


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
        answers = {key: Answer(body), crl_key(CRL_URL): Answer(b"")}
        states.add(FetchedRevocation(answers).status(lookup, NOW, None).state)
    only_list = lookup_of(asked(ocsp=()))
    for body in damaged(crl([(only_list.certificate.der[0], None, None)])):
        states.add(FetchedRevocation({crl_key(CRL_URL): Answer(body)}).status(only_list, NOW, None).state)
    assert states == {RevocationState.UNKNOWN}


def test_damaged_bundles_are_never_accepted() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    policy = CosignPolicy(keys=(public(key),))
    made = bundle(key)
    signed = made[made.index(b'"payload": ') :]
    for data in damaged(made):
        assert not verify_bundle(data, DIGEST, policy).verdict.accepted or signed in data
