"""What a benchmark says."""

from __future__ import annotations

import msgspec

__all__ = ["Details", "Result", "skipped"]

Details = dict[str, str | int | float | bool]


class Result(msgspec.Struct, frozen=True):
    """One figure and how far it should reach; `details` holds what it was made from.

    `figure` and `met` are None when it could not be measured here: then `details` says why.
    """

    name: str
    figure: float | None
    unit: str
    reach: str
    met: bool | None
    details: Details = {}


def skipped(name: str, unit: str, reach: str, why: str) -> Result:
    """A figure that could not be measured here, which is neither met nor missed."""
    return Result(name, None, unit, reach, None, {"skipped": why})
