"""Tables of scans, signatures and constraints: list cycles as for objects of clusters, and the newest word of each."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from tests.domain.world import NOW, A, digest, name_of
from tui.domain.facts.events import (
    ConstraintsListed,
    Event,
    HealthChanged,
    ScanGone,
    ScansCompleted,
    ScansSeen,
    SignaturesVerified,
    SourceHealth,
    SourceId,
    SourceKind,
    SourceState,
)
from tui.domain.facts.facts import TrustFacts
from tui.domain.facts.inventory.inventory import Inventory
from tui.domain.facts.scan import ScanReport, Severity

SOURCE = SourceId(SourceKind.SCANNER, "trivy")
NAME = name_of(f"{A}/app")


def trust(*events: Event) -> TrustFacts:
    """What is known after these."""
    inventory = Inventory()
    for event in events:
        inventory.apply(event)
    return inventory.freeze().trust


def seen(generation: int, *keys: str, high: int = 0) -> ScansSeen:
    """Reports under these keys."""
    reports = (ScanReport(SOURCE, "Trivy", key, NOW, NAME, counts={Severity.HIGH: high}) for key in keys)
    return ScansSeen(SOURCE, generation, tuple(reports))


def verified(minutes: float, error: str = "", *notes: str) -> SignaturesVerified:
    """A manifest was looked at."""
    at = NOW + timedelta(minutes=minutes)
    return SignaturesVerified(SourceId(SourceKind.SIGNATURES), NAME, digest("subject"), (), at, error=error, notes=notes)


def constraints(minutes: float, error: str = "") -> ConstraintsListed:
    """The constraints of a cluster."""
    return ConstraintsListed(SourceId(SourceKind.ADMISSION, "lab"), "lab", (), NOW + timedelta(minutes=minutes), not error, error)


@pytest.mark.parametrize(
    ("events", "left"),
    [
        pytest.param([seen(1, "a"), seen(1, "b"), ScansCompleted(SOURCE, 1)], "a b", id="all pages are kept"),
        pytest.param([seen(1, "a", "b"), seen(2, "a")], "a b", id="an unfinished cycle removes nothing"),
        pytest.param([seen(1, "a", "b"), seen(2, "a"), ScansCompleted(SOURCE, 2)], "a", id="a finished cycle removes"),
        pytest.param([seen(2, "a"), seen(1, "b")], "a", id="late results are dropped"),
        pytest.param([seen(1, "a", "b"), ScanGone(SOURCE, "b")], "a", id="a watch says that it was deleted"),
        pytest.param(
            [seen(1, "a"), ScansCompleted(SourceId(SourceKind.SCANNER, "other"), 5)], "a", id="another scanner removes nothing"
        ),
        pytest.param([seen(1, "a"), HealthChanged(SourceHealth(SOURCE, SourceState.FAILED))], "a", id="losing it"),
    ],
)
def test_only_a_finished_cycle_removes_reports(events: list[Event], left: str) -> None:
    assert set(trust(*events).scans[SOURCE]) == set(left.split())


def test_a_report_replaces_the_one_of_its_key() -> None:
    assert trust(seen(1, "a", high=1), seen(1, "a", high=2)).scans[SOURCE]["a"].counts == {Severity.HIGH: 2}


def test_an_empty_list_is_not_the_same_as_no_word() -> None:
    assert SOURCE not in trust().scans
    assert trust(ScansCompleted(SOURCE, 1)).scans == {SOURCE: {}}


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_newest_word_counts_in_any_order(order: tuple[int, ...]) -> None:
    """Of two words at one moment the same one counts whichever comes first."""
    signatures = [verified(0), verified(1), verified(1, "the registry refused"), verified(1, "", "a note")]
    gates = [constraints(0), constraints(1), constraints(1, "refused"), constraints(0, "refused")]
    found = trust(*(signatures[number] for number in order), *(gates[number] for number in order))
    assert found.signatures[NAME][digest("subject")] == verified(1, "the registry refused")
    assert found.constraints["lab"] == constraints(1, "refused")


def test_hearing_the_same_again_is_no_news() -> None:
    inventory = Inventory()
    first: tuple[Event, ...] = (seen(1, "a"), verified(0), constraints(0))
    for event in first:
        inventory.apply(event)
    before = inventory.freeze()
    again: tuple[Event, ...] = (verified(0), constraints(0), ScanGone(SOURCE, "unknown"), seen(0, "b"))
    for event in again:
        inventory.apply(event)
    assert inventory.freeze().trust is before.trust
