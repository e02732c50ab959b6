"""The table of stages: no green without its proof, no way back from an end, nothing sent without having been on disk."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.actions.transitions import ENDED, GREEN, NEEDED, TABLE, Proof, ProofKind, Signal, Stage, StepRecord, advance

NOW = datetime(2026, 3, 1, 10, 42, 7, tzinfo=UTC)


def proof(kind: ProofKind, *, waived: bool = False) -> Proof:
    """A proof."""
    return Proof(kind, "It was seen.", NOW, waived=waived)


def test_every_stage_is_in_the_table() -> None:
    assert set(TABLE) == set(Stage)


def test_nothing_follows_an_end() -> None:
    assert all(not TABLE[stage] for stage in ENDED)
    assert all(TABLE[stage] for stage in set(Stage) - ENDED)


def test_every_green_stage_needs_proofs() -> None:
    assert all(NEEDED[stage] for stage in GREEN)


def test_what_runs_outside_was_on_disk_as_being_sent_or_was_found() -> None:
    begun = {Stage.FOLLOWING, Stage.ROLLING, Stage.APPLIED}
    before = {stage for stage, row in TABLE.items() for following in row.values() if following in begun}
    assert before == {Stage.SENDING, Stage.PLANNED, Stage.RECHECKED}
    assert set(TABLE[Stage.PLANNED].values()) & begun == begun, "what somebody else has begun or done is followed"


def test_a_lost_send_is_never_sent_again() -> None:
    assert Signal.SEND not in TABLE[Stage.SENDING]
    assert [stage for stage, row in TABLE.items() if Signal.SEND in row] == [Stage.RECHECKED]


@given(
    st.lists(
        st.tuples(st.sampled_from(Signal), st.lists(st.tuples(st.sampled_from(ProofKind), st.booleans()), max_size=5)),
        max_size=30,
    )
)
def test_no_sequence_of_signals_reaches_green_without_its_proofs(
    signals: list[tuple[Signal, list[tuple[ProofKind, bool]]]],
) -> None:
    record = StepRecord(since=NOW)
    for signal, kinds in signals:
        proofs = (*record.proofs, *(proof(kind, waived=waived) for kind, waived in kinds))
        try:
            record = advance(record, signal, NOW, proofs=proofs)
        except ValueError:
            continue
        proven = {each.kind for each in record.proofs}
        assert set(NEEDED.get(record.stage, ())) <= proven


@pytest.mark.parametrize("kind", [ProofKind.PUSH, ProofKind.PODS, ProofKind.LOCK])
def test_some_proofs_cannot_be_waived(kind: ProofKind) -> None:
    stage, signal = {
        ProofKind.PUSH: (Stage.FOLLOWING, Signal.PROVEN_PUSH),
        ProofKind.PODS: (Stage.ROLLING, Signal.PROVEN_PODS),
        ProofKind.LOCK: (Stage.SENDING, Signal.PROVEN_LOCK),
    }[kind]
    record = StepRecord(stage=stage, since=NOW)
    with pytest.raises(ValueError, match="is not proven"):
        advance(record, signal, NOW, proofs=(proof(kind, waived=True),))
    assert advance(record, signal, NOW, proofs=(proof(kind),)).stage is TABLE[stage][signal]
