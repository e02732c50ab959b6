"""The looks of a few states, as pictures; an unexpected difference is a question to whoever made it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from textual.pilot import Pilot

from tests.estates import company, loading, sick
from tests.ui.driving import Settings, keys_to, make_app, until
from tui.domain.query.findings import find
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.views.table import FINDINGS
from tui.ui.screens.explorer import ExplorerScreen

Compare = Callable[..., bool]

WIDE, SMALL = (160, 48), (80, 24)


@pytest.fixture(autouse=True)
def _greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock in the header shows local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("shown", "size", "keys", "theme"),
    [
        (company(), WIDE, ["j", "j"], ""),
        (company(), SMALL, ["j", "j"], ""),
        (company(), WIDE, ["j", "j", "2"], ""),
        (company(), WIDE, ["j", "j", *keys_to("runs")], ""),
        (company(), WIDE, ["4"], ""),
        (company(), SMALL, ["j", "j", "enter"], ""),
        (company(), SMALL, ["f"], ""),
        (company(), WIDE, ["j", "j"], "light"),
        (loading(), SMALL, [], ""),
        (sick(), SMALL, [], ""),
        (company(), WIDE, ["question_mark"], ""),
        (company(), SMALL, ["q"], ""),
    ],
    ids=[
        "lineage-wide",
        "lineage-small",
        "workloads-wide",
        "running-wide",
        "findings-wide",
        "detail-small",
        "faults-small",
        "light-wide",
        "loading-small",
        "denied-small",
        "help-wide",
        "quit-small",
    ],
)
def test_looks(snap_compare: Compare, shown: Snapshot, size: tuple[int, int], keys: list[str], theme: str) -> None:
    app, _ = make_app(shown, settings=Settings(theme=theme))

    async def drive(pilot: Pilot[int]) -> None:
        screen = app.screen
        assert isinstance(screen, ExplorerScreen)
        await until(pilot, lambda: app.snapshot is shown)
        await until(pilot, lambda: not screen.empty if shown.images else bool(screen.notice.lines))
        await until(pilot, lambda: screen.header.counts.get(FINDINGS.id, 0) == len(find(shown)), "problems, counted")
        for key in keys:
            await pilot.press(key)
        await pilot.pause(0.15)

    assert snap_compare(app, terminal_size=size, run_before=drive)
