"""The scorecard beside a cluster's row: counted off the loop, and anew with another snapshot."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.estates import NOW, HandEstate, company
from tests.ui.driving import Settings, explorer, until
from tui.domain.answers.trend import circumstances, mark_of
from tui.settings.marks import MarkFile
from tui.ui.app import TrustreeApp
from tui.ui.trends import Trends


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


async def test_a_trend_is_read_once_and_marks_are_kept_now_and_then(tmp_path: Path) -> None:
    snapshot = company()
    now = circumstances(snapshot)
    assert now is not None
    file = MarkFile(tmp_path / "marks.json")
    file.keep(now, mark_of(snapshot, NOW - timedelta(days=2)))
    moment = [NOW]
    trends = Trends(file, lambda: moment[0])
    assert trends.before(snapshot) is None
    await trends.look(snapshot)
    before = trends.before(snapshot)
    assert before is not None
    assert before.at == NOW - timedelta(days=2)
    moment[0] = NOW + timedelta(minutes=1)
    await trends.look(snapshot)
    kept = file.read(now)
    assert kept is not None
    assert kept.at == NOW, "not kept again so soon"
    moment[0] = NOW + timedelta(minutes=20)
    await trends.look(snapshot)
    kept = file.read(now)
    assert kept is not None
    assert kept.at == moment[0]
    assert trends.before(snapshot) == before, "what was there when the program began is compared with"


async def test_the_pane_says_how_it_was_before(tmp_path: Path) -> None:
    snapshot = company()
    now = circumstances(snapshot)
    assert now is not None
    file = MarkFile(tmp_path / "marks.json")
    file.keep(now, mark_of(snapshot, NOW - timedelta(days=2)))
    estate = HandEstate(snapshot)
    app = TrustreeApp(Settings(), estate.open, clock=lambda: NOW, marks=lambda: file)
    async with app.run_test(size=(160, 48)) as pilot:
        await until(pilot, lambda: bool(app.snapshot.workloads), "the estate")
        await app._look_back()
        await pilot.press("2", "g")
        await until(pilot, lambda: "the same numbers as at 2026-03-12" in app.screen.query_one("#detail").text, "a trend")  # type: ignore[attr-defined]
