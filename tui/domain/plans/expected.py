"""How long a run is expected to take: the median of those that went well."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from tui.domain.facts.build import Run, RunState

__all__ = ["MOST_RUNS", "expected_seconds"]

MOST_RUNS = 20
"""Of the newest runs: builds change."""


def expected_seconds(runs: Iterable[Run]) -> float | None:
    """The median time from when a run was created, or started, to its end, of the newest that succeeded; None without any."""
    times = [
        (run.finished - begun).total_seconds()
        for run in runs
        if run.state is RunState.SUCCEEDED and run.finished is not None and (begun := run.created or run.started) is not None
    ]
    times = [seconds for seconds in times[:MOST_RUNS] if seconds >= 0]
    return median(times) if times else None
