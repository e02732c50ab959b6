"""How a scope stood before: what is alike is compared, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from tests.domain import estates as e
from tests.estates import NOW, company, loading
from tui.domain.answers.scorecard import Scope, scopes_of, scorecard
from tui.domain.answers.trend import Mark, circumstances, mark_of, trend_of
from tui.domain.common.trust import State
from tui.domain.facts.events import SourceState
from tui.domain.snapshot.snapshot import ImageKey, Snapshot

BEFORE = NOW - timedelta(days=3)


def worse() -> Snapshot:
    """The estate, where the API fails that passed before."""
    snapshot = e.estate()
    api = msgspec.structs.replace(snapshot.images[e.API], verdict=State.FAIL)
    return replace(snapshot, images={**snapshot.images, e.API: api})


def test_a_scope_that_got_worse_says_by_how_much_and_since_when() -> None:
    mark, now = mark_of(e.estate(), BEFORE), worse()
    trend = trend_of(mark, Scope("prod-weu"), scorecard(now, Scope("prod-weu")))
    assert trend is not None
    assert trend.since == BEFORE
    assert dict(trend.changes) == {State.FAIL: 1, State.PASS: -1}


@pytest.mark.parametrize("snapshot", [company(), e.estate()], ids=["company", "small"])
def test_what_is_the_same_has_no_change_in_any_scope(snapshot: Snapshot) -> None:
    mark = mark_of(snapshot, BEFORE)
    bases = [Scope(base=key) for key in snapshot.derived]
    assert bases
    for scope in [*(scope for scope, _ in scopes_of(snapshot)), *bases]:
        trend = trend_of(mark, scope, scorecard(snapshot, scope))
        assert trend is not None
        assert trend.changes == ()


def test_what_was_not_there_before_is_not_compared() -> None:
    mark = Mark(BEFORE, {})
    assert trend_of(mark, Scope(), scorecard(e.estate(), Scope())) is None
    assert trend_of(None, Scope(), scorecard(e.estate(), Scope())) is None
    known, other = mark_of(e.estate(), BEFORE), Scope(base=ImageKey("a.io", "never/seen", "sha256:1"))
    assert trend_of(known, other, scorecard(e.estate(), other)) is None


def test_only_the_same_sources_in_the_same_states_are_alike() -> None:
    snapshot = e.estate()
    lost = msgspec.structs.replace(snapshot.sources[0], state=SourceState.FAILED)
    assert circumstances(replace(snapshot, sources=(lost, *snapshot.sources[1:]))) != circumstances(snapshot)
    assert circumstances(replace(snapshot, sources=snapshot.sources[::-1])) == circumstances(snapshot)
    later = msgspec.structs.replace(snapshot.sources[0], as_of=NOW, objects=7)
    assert circumstances(replace(snapshot, sources=(later, *snapshot.sources[1:]))) == circumstances(snapshot)


def test_nothing_is_compared_while_something_is_read_for_the_first_time() -> None:
    assert circumstances(loading()) is None
    assert circumstances(replace(e.estate(), sources=())) is None
