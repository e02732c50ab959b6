"""Sizes in bytes, as Kubernetes and people write them."""

from __future__ import annotations

import re

__all__ = ["size_in_bytes", "size_words"]

_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}
_SIZE = re.compile(r"(\d{1,12})\s?([kmg]i?)?b?", re.ASCII | re.IGNORECASE)


def size_in_bytes(text: str) -> int | None:
    """Bytes of `256MiB`, `256Mi`, `1GB` or `1048576`; None when it is not a size."""
    match = _SIZE.fullmatch(text)
    return int(match[1]) * _UNITS[(match[2] or "").lower()] if match else None


def size_words(size: int) -> str:
    """A size for people: `4.2 MiB`."""
    if size < 1 << 20:
        return f"{size / 1024:.0f} KiB" if size >= 1024 else f"{size} bytes"
    return f"{size / (1 << 20):.1f} MiB"
