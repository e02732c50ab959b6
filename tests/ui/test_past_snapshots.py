"""Snapshots of the past go: whatever was worked out of one keeps none of them alive for long."""

from __future__ import annotations

import gc
from dataclasses import replace
from datetime import timedelta
from weakref import ref

from tests.estates import HandEstate, company
from tests.ui.driving import explorer, until
from tui.domain.snapshot.snapshot import Snapshot

VIEWS = ("1", "3", "4", "5", "2")


def follow(estate: HandEstate, minutes: float) -> ref[Snapshot]:
    """The next snapshot, so much later than the last one; what is returned does not keep it."""
    newer = replace(estate.snapshot, number=estate.snapshot.number + 1, as_of=estate.snapshot.as_of + timedelta(minutes=minutes))
    estate.publish(newer)
    return ref(newer)


def alive(snapshots: list[ref[Snapshot]]) -> int:
    gc.collect()
    return sum(snapshot() is not None for snapshot in snapshots)


async def test_what_was_counted_of_snapshots_keeps_only_the_newest() -> None:
    async with explorer(company(), (160, 48)) as (pilot, screen, estate):
        moment = [estate.snapshot.as_of]
        screen.app.clock = lambda: moment[0]
        await pilot.press("2", "g")
        past: list[ref[Snapshot]] = []
        for _ in range(6):
            past.append(follow(estate, 1))
            moment[0] += timedelta(minutes=1)
            await until(pilot, lambda: screen.app.snapshot is past[-1](), "the newest snapshot")
            await pilot.press("j", "k", "j")
            await until(pilot, lambda: bool(screen.detail.text), "what stands beside a row")
        await until(pilot, lambda: alive(past) == 1, "the newest one alone")


async def test_rows_of_views_that_are_not_shown_go_where_they_are_never_made_anew() -> None:
    async with explorer(company(), (160, 48)) as (pilot, screen, estate):
        first = follow(estate, 1)
        for key in VIEWS:
            await pilot.press(key)
            await until(pilot, lambda: screen.outline.row_count > 0 or screen.empty, "rows")
        await pilot.press("slash", *"is:running", "enter")  # while a filter is on, no other rows are made ahead
        await until(pilot, lambda: bool(screen.chosen.words), "a filter")
        assert first() is not None
        follow(estate, 5)
        await until(pilot, lambda: alive([first]) == 0, "the first one gone")


async def test_an_index_goes_with_the_snapshot_that_it_was_made_of() -> None:
    async with explorer(company()) as (pilot, screen, estate):
        index = ref(screen.app.indexes.of(estate.snapshot))
        follow(estate, 1)
        await until(pilot, lambda: gc.collect() >= 0 and index() is None, "the index gone")
        assert screen.app.indexes.of(estate.snapshot).snapshot is estate.snapshot
