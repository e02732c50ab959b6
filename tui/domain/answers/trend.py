"""How a part of the estate stood when it was looked at before: what is kept between runs, and the difference to now.

Only what is alike is compared: the same sources in the same states, asked for the same. A registry that does not answer today
makes images unknown, which is no trend.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set
from datetime import datetime
from typing import NamedTuple

import msgspec

from tui.domain.answers.scorecard import Scope, Scorecard, scopes_of
from tui.domain.common.trust import BAD_FIRST, State
from tui.domain.facts.events import SourceState
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot
from tui.domain.workloads.counting import pods_by_image

__all__ = ["Mark", "Trend", "circumstances", "mark_of", "trend_of"]

MOST_SCOPES = 2_000
"""Scopes of one estate that are kept, the widest."""
Counts = tuple[int, int, int, int]
"""Images that run, by their verdict: fail, unknown, warn, pass."""


class Mark(msgspec.Struct, frozen=True):
    """How many images of each verdict ran at a moment, by scope: cluster, namespace, team and base, each empty for all."""

    at: datetime
    counts: dict[str, Counts]


class Trend(NamedTuple):
    """What is another number than it was: by verdict how many more, or fewer; empty where all are the same."""

    since: datetime
    changes: tuple[tuple[State, int], ...]


def circumstances(snapshot: Snapshot) -> str | None:
    """What was read and how that went, as one text; None while something is still being read for the first time."""
    states = [(str(source.id), source.state) for source in snapshot.sources]
    if not states or any(state is SourceState.LOADING for _, state in states):
        return None
    return " ".join(f"{name}={state}" for name, state in sorted(states))


def mark_of(snapshot: Snapshot, now: datetime) -> Mark:
    """The counts of every scope; it looks at everything, so it is not for the loop."""
    verdicts: dict[str, Counter[State]] = {}
    for scope, workloads in scopes_of(snapshot):
        verdicts[_name(scope)] = Counter(image.verdict for image in _running(snapshot, workloads))
    for image in _running(snapshot, snapshot.workloads.keys()):
        for base in _bases(image, snapshot):
            verdicts.setdefault(_name(Scope(base=base)), Counter())[image.verdict] += 1
    counts = {name: _counted(counter) for name, counter in verdicts.items()}
    widest = sorted(counts, key=lambda name: -sum(counts[name]))[:MOST_SCOPES]
    return Mark(now, {name: counts[name] for name in widest})


def _running(snapshot: Snapshot, workloads: Set[ObjectKey]) -> Iterator[Image]:
    return (snapshot.images[key] for key in pods_by_image(snapshot, workloads) if key in snapshot.images)


def _counted(counter: Counter[State]) -> Counts:
    fail, unknown, warn, fine = (counter[state] for state in BAD_FIRST)
    return fail, unknown, warn, fine


def _bases(image: Image, snapshot: Snapshot) -> dict[ImageKey, None]:
    """What an image stands on, nearest first; itself, where others stand on it."""
    chain: dict[ImageKey, None] = {}
    key: ImageKey | None = image.key
    while key is not None and key not in chain:
        chain[key] = None
        node = snapshot.images.get(key) or snapshot.bases.get(key)
        key = node.base.base if node is not None and node.base is not None else None
    return {key: None for key in chain if key in snapshot.derived}


def trend_of(before: Mark | None, scope: Scope, card: Scorecard) -> Trend | None:
    """The difference of a scope to when it was looked at before; None where that is not known."""
    counts = before.counts.get(_name(scope)) if before is not None else None
    if before is None or counts is None:
        return None
    pairs = ((state, card.verdicts.get(state, 0) - number) for state, number in zip(BAD_FIRST, counts, strict=True))
    return Trend(before.at, tuple((state, change) for state, change in pairs if change))


def _name(scope: Scope) -> str:
    base = (scope.base.registry, scope.base.repository, scope.base.digest) if scope.base is not None else ()
    return msgspec.json.encode((scope.cluster, scope.namespace, scope.team, *base)).decode()
