"""Reads a source until something has been seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from tui.domain.facts.events import Event, HealthChanged, PodsSeen, SourceHealth
from tui.domain.facts.workload import Pod
from tui.sources.cluster import ClusterOptions, ClusterSource

# Far beyond what any test needs: it only ends a test that would hang.
PATIENCE = 20.0


def options(path: Path, **more: Any) -> ClusterOptions:
    """Options with short waits."""
    short = {
        "request_timeout": 5.0,
        "connect_timeout": 5.0,
        "silence": 5.0,
        "pulse": 60.0,
        "backoff": 0.01,
        "backoff_most": 0.02,
        "retry_denied": 0.05,
        "renewal_pause": 0.0,
    }
    return ClusterOptions(**{"paths": (path,)} | short | more)


async def until(source: ClusterSource, enough: Callable[[list[Event]], bool]) -> list[Event]:
    """The events up to the one that makes them enough."""
    events: list[Event] = []
    async with asyncio.timeout(PATIENCE), aclosing(source.events()) as stream:
        async for event in stream:
            events.append(event)
            if enough(events):
                return events
    raise AssertionError(f"the source ended: {events}")


async def until_health(source: ClusterSource, wanted: Callable[[SourceHealth], bool]) -> SourceHealth:
    """The first health that is as wanted."""
    events = await until(source, lambda events: isinstance(last := events[-1], HealthChanged) and wanted(last.health))
    last = events[-1]
    assert isinstance(last, HealthChanged)
    return last.health


def pods(events: list[Event]) -> list[Pod]:
    """All pods that were seen, in order."""
    return [pod for event in events if isinstance(event, PodsSeen) for pod in event.pods]


def pod_names(events: list[Event]) -> list[str]:
    """Their names."""
    return [pod.name for pod in pods(events)]
