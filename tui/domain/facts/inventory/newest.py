"""The newest word on a thing, told without regard to the order in which words come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["replaces"]

T = TypeVar("T")


def replaces(event: T, earlier: T, rank: Callable[[T], tuple[Any, ...]]) -> bool:
    """Whether an event takes the place of an earlier one: it ranks higher, or as high and its text is greater."""
    rank_of_event, rank_of_earlier = rank(event), rank(earlier)
    return rank_of_event > rank_of_earlier or (rank_of_event == rank_of_earlier and repr(event) > repr(earlier))
