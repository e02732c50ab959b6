"""The newest word on a thing, told without regard to the order in which words come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["replaces"]

T = TypeVar("T")


def replaces(event: T, known: T, rank: Callable[[T], tuple[Any, ...]]) -> bool:
    """Whether an event takes the place of a known one: it ranks higher, or as high and its text is greater."""
    rank_of_event, rank_of_known = rank(event), rank(known)
    return rank_of_event > rank_of_known or (rank_of_event == rank_of_known and repr(event) > repr(known))
