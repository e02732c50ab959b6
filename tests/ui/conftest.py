"""Every flow and look is driven on a terminal of all colours, wherever the tests run, and waits for work, not for time."""

from __future__ import annotations

import pytest

from tests.idle import wait_for_work


@pytest.fixture(autouse=True)
def all_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a terminal has sixteen colours, the first theme is another."""
    monkeypatch.setenv("COLORTERM", "truecolor")


@pytest.fixture(autouse=True)
def waits_for_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is followed by everything that it leads to."""
    wait_for_work(monkeypatch)
