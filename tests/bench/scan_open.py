"""`scan-open`: the section on an image's 5,000 vulnerabilities, from the key to painted lines, in the app's process."""

from __future__ import annotations

import asyncio
from statistics import median, quantiles
from time import perf_counter

import msgspec

from tests.bench.results import Result
from tests.estates import NOW, Builder, HandEstate
from tests.ui.driving import Settings, until
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.facts.scan import ImageVulnerability, ScanReport, Severity
from tui.domain.snapshot.snapshot import Snapshot
from tui.ui.app import TrustreeApp
from tui.ui.screens.explorer import ExplorerScreen

__all__ = ["run"]

ROWS = 5000
OPENED = 40
SEVERITIES = tuple(Severity)
FRAME = 1 / 60
"""Seconds of one frame."""


def run() -> list[Result]:
    """Open the section again and again, beside a tree on a wide terminal."""
    took = asyncio.run(_opened())
    figure = median(took) * 1000
    details: dict[str, str | int | float | bool] = {"rows": ROWS, "times": len(took), "p95 ms": quantiles(took, n=20)[-1] * 1000}
    return [Result("scan-open", figure, "ms to painted", f"<= {FRAME * 1000:.1f}", figure <= FRAME * 1000, details)]


async def _opened() -> list[float]:
    estate = HandEstate(_scanned())
    app = TrustreeApp(Settings(), estate.open, clock=lambda: NOW)
    took: list[float] = []
    async with app.run_test(size=(160, 48)) as pilot:
        screen = app.screen
        assert isinstance(screen, ExplorerScreen)
        await until(pilot, lambda: screen.outline.row_count > 0 and screen.detail.size.height > 1)
        for _ in range(OPENED):
            began = perf_counter()
            screen.inspector.turn(2)
            for line in range(screen.detail.size.height):
                screen.detail.render_line(line)
            took.append(perf_counter() - began)
            screen.inspector.turn(-2)
    return took


def _scanned() -> Snapshot:
    build = Builder()
    image = build.image("api:1")
    found = tuple(
        ImageVulnerability(
            f"CVE-2026-{at:05}", tuple(Severity)[at % 5], f"package-{at % 700}", "1.2.3", "1.2.4" if at % 3 else ""
        )
        for at in range(ROWS)
    )
    report = ScanReport(SourceId(SourceKind.SCANNER, "trivy"), "Trivy", "1", NOW, digest=image.digest)
    build.images[image] = msgspec.structs.replace(build.images[image], vulnerabilities=found, scans=(report,))
    return build.freeze()
