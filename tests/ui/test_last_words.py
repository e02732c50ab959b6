"""A fault of our own ends the explorer with one line: no local variable, which may be somebody's, reaches the terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import tui.ui.app
from tui.settings.settings import Settings
from tui.ui.app import TrustreeApp
from tui.ui.host import LiveEstate


@asynccontextmanager
async def nothing() -> AsyncIterator[LiveEstate]:
    for estate in list[LiveEstate]():
        yield estate


class Faulty(TrustreeApp):
    """Fails when it is told to."""

    CSS_PATH = str(Path(tui.ui.app.__file__).with_name("app.tcss"))

    def action_help(self) -> None:
        """Fail with something secret among the locals."""
        secret = "hunter2"
        raise KeyError(f"gone {len(secret)}")


async def test_a_fault_prints_one_line_and_no_locals(capsys: pytest.CaptureFixture[str]) -> None:
    app = Faulty(Settings(), nothing)
    with pytest.raises(KeyError):
        async with app.run_test() as pilot:
            await pilot.press("question_mark")
    printed = capsys.readouterr()
    assert "hunter2" not in printed.out + printed.err
    assert "an error in the program itself (KeyError)" in printed.err
    assert "Traceback" not in printed.err
    assert app.return_code == 1
