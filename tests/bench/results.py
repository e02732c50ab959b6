"""What a benchmark says."""

from __future__ import annotations

import msgspec

__all__ = ["Result"]


class Result(msgspec.Struct, frozen=True):
    """One figure and how far it should reach; `details` holds what it was made from."""

    name: str
    figure: float
    unit: str
    reach: str
    met: bool
    details: dict[str, str | int | float | bool] = {}
