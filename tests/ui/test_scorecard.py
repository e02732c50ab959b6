"""The scorecard beside a cluster's row: counted off the loop, and anew with another snapshot."""

from __future__ import annotations

from dataclasses import replace

from tests.estates import company
from tests.ui.driving import explorer, until


async def test_a_clusters_row_has_its_scorecard_and_follows_the_snapshot() -> None:
    snapshot = company()
    async with explorer(snapshot, (160, 48)) as (pilot, screen, estate):
        await pilot.press("2")
        await until(pilot, lambda: screen.view.id == "workloads", "workloads")
        await pilot.press("g")
        await until(pilot, lambda: "images running" in screen.detail.text, "a scorecard")
        before = screen.detail.text
        key = next(key for key in snapshot.workloads if key.cluster == screen.inspector.subject.cluster)
        others = {other: workload for other, workload in snapshot.workloads.items() if other != key}
        screen.app.clock = lambda: snapshot.as_of.replace(year=snapshot.as_of.year + 1)
        estate.publish(replace(snapshot, number=2, workloads=others))
        await until(pilot, lambda: "images running" in screen.detail.text and screen.detail.text != before, "counted anew")
