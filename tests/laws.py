"""How many examples a law is tried with: a few in every run, many where somebody looks for what is rare.

`pytest -m hypothesis --hypothesis-profile=deep` runs every law, and only the laws, with fifty times as many examples, others
each time. A law draws what it needs from strategies, a shuffle or a choice too, so that what breaks it shrinks.
"""

from __future__ import annotations

from hypothesis import settings

__all__ = ["DEEP", "examples", "is_deep"]

DEEP = "deep"
TIMES = 50


def is_deep() -> bool:
    """Whether somebody looks for what is rare, and has the time."""
    return settings.get_current_profile_name() == DEEP


def examples(number: int) -> settings:
    """So many examples in the suite, and many times as many under the deep profile."""
    return settings(max_examples=number * (TIMES if is_deep() else 1), deadline=None)
