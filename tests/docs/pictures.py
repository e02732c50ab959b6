"""`python -m tests.docs.pictures`: the pictures of the guide, taken from the running program on the demo estate."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from tests.ui.driving import Settings as Looks
from tests.ui.driving import until
from tui.actions.actions import Actions
from tui.estate.estate import Estate
from tui.settings.settings import Settings
from tui.ui.app import TrustreeApp
from tui.ui.screens.explorer import ExplorerScreen
from tui.ui.screens.plan import PlanScreen
from tui.wiring.opening import opened_to_act

__all__ = ["main"]

DOCS = Path(__file__).resolve().parents[2] / "docs"
LOADING = 240.0
WIDE, NARROW = (160, 44), (100, 30)
WORKER = "payments/worker"
VULNERABILITY, OLD = "cve:CVE-2026-90210", "payments/worker is:running"
INCIDENTS = {
    "s1": "cve:CVE-2026-90210",
    "s2": "base:base/dotnet",
    "s3": "drift:moved",
    "s4": "is:stuck",
    "s7": "is:at-risk",
}
"""The questions of the recipes, each a picture of its answer; the eighth asks for the digest of WORKER."""
_WORKING = re.compile(r"\bterminal-\d+\b")


def main() -> None:
    """Take every picture, each written when what it shows is on the screen."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"XDG_STATE_HOME": folder, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        asyncio.run(_take())


async def _take() -> None:
    async with opened_to_act(Settings(demo="contoso", write=True)) as (estate, actions):
        assert await estate.settled(LOADING)

        @asynccontextmanager
        async def opener() -> AsyncIterator[tuple[Estate, Actions]]:
            yield estate, actions

        app = TrustreeApp(Looks(write=True), opener)
        async with app.run_test(size=WIDE) as pilot:
            screen = app.screen
            assert isinstance(screen, ExplorerScreen)
            await until(pilot, lambda: screen.outline.row_count > 0)
            _save(app, "first-screen")
            await _filter(pilot, screen, VULNERABILITY)
            await until(pilot, lambda: bool(screen.answer.display))
            _save(app, "explorer")
            await _answers(pilot, screen)
            await _filter(pilot, screen, OLD)
            await pilot.press("b")
            await until(pilot, lambda: isinstance(app.screen, PlanScreen) and bool(app.screen.page.lines), "a plan")
            _save(app, "plan")
            await pilot.press("enter")
            await until(pilot, lambda: screen.view.id == "activity" and screen.outline.row_count > 1, "the board")
            await pilot.press("j")
            await pilot.pause(0.2)
            _save(app, "activity")


async def _answers(pilot: Pilot[int], screen: ExplorerScreen) -> None:
    """What is above the rows for each question of an incident, as wide as most terminals are."""
    await pilot.resize_terminal(*NARROW)
    for name, query in INCIDENTS.items():
        await _filter(pilot, screen, query)
        await until(pilot, lambda: bool(screen.answer.display))
        _save(screen.app, f"incident-{name}")
    worker = next(image for image in screen.app.snapshot.images.values() if image.in_use and image.key.repository == WORKER)
    await _filter(pilot, screen, f"digest:{worker.key.digest[:19]}")
    _save(screen.app, "incident-s8")
    await pilot.resize_terminal(*WIDE)


async def _filter(pilot: Pilot[int], screen: ExplorerScreen, query: str) -> None:
    await pilot.press("slash")
    await until(pilot, lambda: bool(screen.query("#filter Input")))
    screen.query_one("#filter Input", Input).value = query
    await until(pilot, lambda: screen.chosen.query == query and screen.built is not None and bool(screen.built.matched), query)
    await pilot.press("enter")
    await pilot.pause(0.3)


def _save(app: App[int], name: str) -> None:
    """Write a picture; the numbers that Textual draws by chance are the same in every one."""
    (DOCS / f"{name}.svg").write_text(_WORKING.sub("terminal-1", app.export_screenshot(title="trustree")))


if __name__ == "__main__":
    main()
