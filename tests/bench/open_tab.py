"""`open-tab`: every section of the detail on the demo's *huge* estate, from the key to painted lines, from memory.

The rows are the widest base, the image with most vulnerabilities, the workload with most pods, and its cluster. The figure is the
slowest of all sections and rows, each by the median of its rounds, in time of the processor.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from statistics import median
from time import process_time

from textual.pilot import Pilot

from tests.bench.huge_estate import huge_estate
from tests.bench.results import Details, Result
from tests.estates import HandEstate
from tests.ui.driving import Settings, until
from tui.domain.snapshot.snapshot import Snapshot
from tui.domain.workloads.pods_under import pods_under
from tui.presenters.keys import ClusterPart, RowSubject, lineage_key, workload_key
from tui.presenters.tabs.table import TABS
from tui.presenters.views.spec import ViewSpec
from tui.presenters.views.table import VIEWS
from tui.ui.app import TrustreeApp
from tui.ui.screens.explorer import ExplorerScreen
from widgets.rows import RowKey

__all__ = ["run"]

ROUNDS = 7
FRAME = 1 / 60
"""Seconds of one frame."""


def run() -> list[Result]:
    """Load the estate, then open every section of every row, again and again."""
    snapshot = huge_estate()
    took = asyncio.run(_opened(snapshot))
    slowest = max(took, key=took.__getitem__)
    figure = took[slowest] * 1000
    details: Details = {"slowest": slowest, "sections": len(took), "median ms": median(took.values()) * 1000}
    return [Result("open-tab", figure, "ms to painted", f"<= {FRAME * 1000:.1f}", figure <= FRAME * 1000, details)]


async def _opened(snapshot: Snapshot) -> dict[str, float]:
    estate = HandEstate(snapshot)
    app = TrustreeApp(Settings(), estate.open, clock=lambda: snapshot.as_of)
    took: dict[str, float] = {}
    async with app.run_test(size=(160, 48)) as pilot:
        screen = app.screen
        assert isinstance(screen, ExplorerScreen)
        await until(pilot, lambda: screen.outline.row_count > 0 and screen.detail.size.height > 1)
        for name, view, key in _rows(snapshot):
            await _go_to(pilot, screen, view, key)
            gc.collect()
            for tab in TABS:
                took[f"{name} {tab.id}"] = median([await _open(pilot, screen, TABS.index(tab)) for _ in range(ROUNDS)])
    return took


def _rows(snapshot: Snapshot) -> Iterator[tuple[str, ViewSpec, RowKey]]:
    """The rows to look at, with the views that have them."""
    lineage, workloads = VIEWS[0], VIEWS[1]
    pods = pods_under(snapshot)
    base = max(pods, key=pods.__getitem__)
    scanned = max(snapshot.images, key=lambda key: len(snapshot.images[key].vulnerabilities))
    widest = max(snapshot.workloads, key=lambda key: snapshot.workloads[key].pods)
    for name, view, key in (
        ("base", lineage, lineage_key(RowSubject(image=base), snapshot)),
        ("image", lineage, lineage_key(RowSubject(image=scanned), snapshot)),
        ("workload", workloads, workload_key(RowSubject(workload=widest), snapshot)),
        ("cluster", workloads, (ClusterPart(widest.cluster),)),
    ):
        assert key is not None
        yield name, view, key


async def _go_to(pilot: Pilot[int], screen: ExplorerScreen, view: ViewSpec, key: RowKey) -> None:
    screen.action_view(view.id)
    await until(pilot, lambda: screen.view is view and screen.outline.select(key), f"the row {key}")
    screen.inspector.show()
    await until(pilot, lambda: "Counting" not in screen.detail.text, "everything counted")


async def _open(pilot: Pilot[int], screen: ExplorerScreen, index: int) -> float:
    screen.inspector.turn(index + 1 - TABS.index(screen.inspector.tab))  # the one after it
    await pilot.pause()
    begun = process_time()
    screen.inspector.turn(-1)
    for line in range(screen.detail.size.height):
        screen.detail.render_line(line)
    took = process_time() - begun
    await pilot.pause()
    return took
