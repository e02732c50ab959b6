"""Widgets are driven as the app is: what a test waits for is work, not time."""

from __future__ import annotations

import pytest

from tests.idle import wait_for_work


@pytest.fixture(autouse=True)
def waits_for_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is followed by everything that it leads to."""
    wait_for_work(monkeypatch)
