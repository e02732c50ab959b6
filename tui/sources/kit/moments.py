"""Moments: ours, and those that services write, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["from_milliseconds", "moment", "utc_now"]

_FIRST = datetime(1970, 1, 2, tzinfo=UTC)
"""What was never is written as the year 1 (Go, .NET) or as the epoch."""


def utc_now() -> datetime:
    """The time of answers, for the health only."""
    return datetime.now(UTC)


def moment(raw: object) -> datetime | None:
    """A moment in ISO 8601 or in epoch seconds, in UTC, None when it is not one; without a zone it is UTC."""
    try:
        if isinstance(raw, str):
            parsed = datetime.fromisoformat(raw.strip())
        elif isinstance(raw, int | float) and not isinstance(raw, bool):
            parsed = datetime.fromtimestamp(raw, UTC)
        else:
            return None
        in_utc = (parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return in_utc if in_utc >= _FIRST else None


def from_milliseconds(milliseconds: int | float | None) -> datetime | None:
    """A time in milliseconds since 1970, None when it is none."""
    if not milliseconds or milliseconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
