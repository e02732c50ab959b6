"""How a source words its health after a reading."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tui.domain.facts.events import Denial, Progress, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.health import answered, denial_of, failed_by
from tui.errors import AuthenticationFailed, Forbidden, Throttled, TrustreeError, Unreachable

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LOADING = SourceHealth(
    SourceId(SourceKind.SCANNER, "x"),
    SourceState.LOADING,
    through=SourceId(SourceKind.CLUSTER, "c"),
    every=60.0,
    progress=(Progress("reports", 1, 2),),
)
DENIAL = Denial("reports", "list reports", "ask for it", "it is refused")


def test_a_whole_reading_is_live_and_takes_back_what_failed_before() -> None:
    health = answered(failed_by(LOADING, AuthenticationFailed("who are you")), NOW, objects=3)
    assert (health.state, health.live, health.objects, health.as_of) == (SourceState.OK, True, 3, NOW)
    assert (health.error, health.auth_failed, health.progress, health.every) == ("", False, (), 60.0)
    assert health.through == LOADING.through


@pytest.mark.parametrize(
    ("denials", "failures", "error", "remedy"),
    [
        ([DENIAL], [], "it is refused", "ask for it"),
        ([], [Throttled("busy", "wait")], "busy", "wait"),
        ([DENIAL], [Throttled("busy", "wait")], "busy", "wait"),
    ],
)
def test_what_is_missing_makes_it_partial_with_the_first_reason(
    denials: list[Denial], failures: list[TrustreeError], error: str, remedy: str
) -> None:
    health = answered(LOADING, NOW, objects=3, denials=denials, failures=failures)
    assert (health.state, health.live, health.error, health.remedy) == (SourceState.PARTIAL, False, error, remedy)
    assert health.denials == tuple(denials)


@pytest.mark.parametrize(
    ("error", "refused"), [(Forbidden("no"), True), (AuthenticationFailed("who"), True), (Unreachable("away"), False)]
)
def test_a_failure_keeps_when_it_answered_last(error: TrustreeError, refused: bool) -> None:
    health = failed_by(answered(LOADING, NOW, objects=3), error)
    assert (health.state, health.live, health.as_of, health.objects) == (SourceState.FAILED, False, NOW, 3)
    assert (health.error, health.auth_failed) == (error.headline, refused)


def test_a_denial_names_the_right_that_is_missing() -> None:
    assert denial_of("pods", Forbidden("no", "ask", right="list pods")) == Denial("pods", "list pods", "ask", "no")
    assert denial_of("pods", Unreachable("away", "wait"), "look") == Denial("pods", "", "look", "away")
