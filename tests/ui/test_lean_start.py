"""What the explorer does before its first frame, and what it leaves for later."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest
from rich.console import RenderableType
from textual.app import App
from textual.design import ColorSystem
from textual.screen import Screen

from tests.ui.driving import Settings, make_app, until

COLLECTIONS = """
import gc, sys
gc.%s()
amid = []
gc.callbacks.append(lambda phase, info: amid.append("textual" in sys.modules))
import tui.ui.app
gc.callbacks.clear()
print(any(amid), gc.isenabled(), gc.get_freeze_count() > 50_000)
"""


@pytest.mark.parametrize("before", ["enable", "disable"])
def test_the_collector_rests_while_the_explorer_is_imported_and_then_is_as_before(before: str) -> None:
    """What was imported stays: it is left out of later collections too."""
    done = subprocess.run([sys.executable, "-c", COLLECTIONS % before], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["False", str(before == "enable"), "True"]


@pytest.mark.parametrize("theme", ["", "light"])
def test_the_colours_of_the_first_theme_are_made_once(theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual asks for those of its own theme as well, and whoever blends what a theme does not set."""
    made: list[str] = []
    generate = ColorSystem.generate

    def noted(system: ColorSystem) -> dict[str, str]:
        colours: dict[str, str] = generate(system)
        made.append(colours["background"])
        return colours

    monkeypatch.setattr(ColorSystem, "generate", noted)
    app, _ = make_app(settings=Settings(theme=theme))
    assert made == [app.theme_variables["background"]]
    assert app.theme_variables["words-dim"] == app.current_theme.variables["words-dim"]


async def test_the_collector_rests_until_the_first_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """And works while the estate is opened, whatever comes then."""
    rested: list[bool] = []
    display = App._display

    def noted(app: App[int], screen: Screen[object], frame: RenderableType | None) -> None:
        rested.append(not gc.isenabled())
        display(app, screen, frame)

    monkeypatch.setattr(App, "_display", noted)
    app, _ = make_app()
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.estate is not None)
        assert gc.isenabled()
    assert rested[0]
