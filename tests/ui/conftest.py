"""Every flow and look is driven on a terminal of all colours, whatever terminal the tests run in."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def all_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a terminal has sixteen colours, the first theme is another."""
    monkeypatch.setenv("COLORTERM", "truecolor")
