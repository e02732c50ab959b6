"""Durations as kubectl writes them."""

from __future__ import annotations

import re

__all__ = ["seconds"]

# Units and form of Go's time.ParseDuration; a number alone is seconds, as in client-go's tools/clientcmd ParseTimeout.
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h)", re.ASCII)
_WHOLE = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h))+", re.ASCII)


def seconds(text: str) -> float | None:
    """Seconds of `10s`, `2m`, `1m30s`, `500ms` or `30`; None when it is not a duration."""
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return float(text)
    if not _WHOLE.fullmatch(text):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
