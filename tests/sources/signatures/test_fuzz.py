"""Random damage to valid envelopes: a verdict each time, never a good one. `python -m tests.real.fuzz_envelopes` runs longer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.real.fuzz_envelopes import fuzz
from tests.sources.signatures.cases import verify
from tests.sources.signatures.signer import COSE, JWS
from tui.domain.signature import Verdict


def test_damaged_envelopes_are_refused_without_a_crash() -> None:
    tally = fuzz(1500, 7)
    assert not tally.crashes, tally.crashes[0]
    assert not tally.accepted
    assert tally.harmless < 60


@pytest.mark.parametrize("media_type", [JWS, COSE])
@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_get_a_verdict(media_type: str, data: bytes) -> None:
    assert verify(data, media_type).verdict is Verdict.INVALID
