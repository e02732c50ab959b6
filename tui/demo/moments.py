"""Moments as the two kinds of server write them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

__all__ = ["acr_time", "http_date", "kube_time", "nano_time"]


def kube_time(moment: datetime) -> str:
    """Whole seconds, as `metav1.Time` prints."""
    return moment.astimezone(UTC).isoformat("T", "seconds").removesuffix("+00:00") + "Z"


@lru_cache(maxsize=4096)
def nano_time(moment: datetime) -> str:
    """Nanoseconds, as builders write `created`."""
    return moment.astimezone(UTC).isoformat("T", "microseconds").removesuffix("+00:00") + "417Z"


def acr_time(moment: datetime) -> str:
    """Seven fractional digits, as ACR writes every time."""
    return moment.astimezone(UTC).isoformat("T", "microseconds").removesuffix("+00:00") + "7Z"


def http_date(moment: datetime) -> str:
    """The `Date` header (RFC 9110 5.6.7)."""
    return moment.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
