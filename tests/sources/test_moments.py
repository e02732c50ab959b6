"""Times that others write are kept in UTC: what shows them writes UTC behind them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tui.sources.kit.moments import moment
from tui.sources.registry.wire import moment as of_a_registry

Read = Callable[[str], datetime | None]
READERS: tuple[Read, ...] = (of_a_registry, moment)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("text", ["2026-03-14T12:00:00+02:00", "2026-03-14T10:00:00Z", "2026-03-14T04:30:00-05:30"])
def test_a_time_with_another_zone_is_the_same_moment_in_utc(read: Read, text: str) -> None:
    told = read(text)
    assert told == datetime(2026, 3, 14, 10, tzinfo=UTC)
    assert told.tzinfo is UTC


@pytest.mark.parametrize("read", READERS)
def test_a_time_that_utc_does_not_have_is_none(read: Read) -> None:
    assert read("0001-01-01T00:00:00+05:00") is None
