"""Whose signatures are looked for when a question rests: of what nothing uses only where the question is about that."""

from __future__ import annotations

import pytest

from tests.domain import estates as e
from tests.snapshots import snapshot_of
from tui.domain.assemble.wanted_signatures import MAX_ASKED, signatures_wanted, unlooked_reach
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.demand import Demand
from tui.domain.query.query import parse_query
from tui.domain.query.reach import Reach
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot

UNLOOKED = (e.check(CheckName.SIGNATURE, State.UNKNOWN, brief="signatures not read"),)


def lying(number: int) -> Snapshot:
    """So many images that nothing uses, of whose signatures nobody knows."""
    keys = [ImageKey(e.ACR, f"app/{place:04}", f"sha256:{place:064x}") for place in range(number)]
    return snapshot_of(1, e.NOW, [Image(key, (key.digest,), ("1",), checks=UNLOOKED, verdict=State.UNKNOWN) for key in keys])


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        ("is:unused", Reach.REST),
        ("-is:running", Reach.REST),
        ("app", Reach.REST),  # nothing that it finds is used
        ("cve:CVE-2026-1", Reach.LINEAGE),
        ("ns:shop", Reach.LINEAGE),
    ],
)
def test_what_nothing_uses_is_looked_at_where_the_question_is_about_it(text: str, reach: Reach) -> None:
    snapshot = lying(1)
    assert unlooked_reach(snapshot, snapshot.images, parse_query(text).terms) is reach


def test_beside_what_is_used_it_is_only_counted() -> None:
    snapshot = e.estate()
    assert any(image.in_use for image in snapshot.images.values())
    assert unlooked_reach(snapshot, snapshot.images, parse_query("verdict:fail").terms) is Reach.LINEAGE


def test_each_is_asked_for_once_and_no_more_than_so_many() -> None:
    snapshot, terms = lying(MAX_ASKED + 5), parse_query("is:unused").terms
    first = signatures_wanted(snapshot, snapshot.images, terms, Reach.REST, frozenset())
    assert (len(first.demands), first.awaited, first.missed) == (MAX_ASKED, MAX_ASKED, 0)
    demanded: frozenset[Demand] = frozenset(first.demands)
    assert signatures_wanted(snapshot, snapshot.images, terms, Reach.REST, demanded) == ((), MAX_ASKED, 5)
    assert signatures_wanted(snapshot, snapshot.images, terms, Reach.LINEAGE, frozenset()) == ((), 0, 0)
