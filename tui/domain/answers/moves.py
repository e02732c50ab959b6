"""A name that means another image than the one that runs: what was before and is now, who still runs what, who pushed it when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from tui.domain.answers.comparing import Comparison, compare
from tui.domain.answers.context import AnswerContext
from tui.domain.answers.mix import Mix, mix_of
from tui.domain.facts.build import JobKey, Run
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Container, Drift, ImageKey, Snapshot, Workload
from tui.domain.workloads.counting import pods_with

__all__ = ["Move", "Moves", "Push", "Undo", "moves_among", "moves_of", "moves_or_mix_of", "push_of"]

_FEW = 6
MOVED = frozenset({Drift.MOVED, Drift.MIXED, Drift.GONE})


class Push(msgspec.Struct, frozen=True):
    """When an image came into its registry, and the run of a builder that says it pushed it; None where no builder does.

    `builder_asked` is whether a builder was asked at all that could have pushed it.
    """

    pushed: datetime | None = None
    run: Run | None = None
    job: str = ""
    builder_asked: bool = False


class Undo(msgspec.Struct, frozen=True):
    """What `kubectl rollout undo` could go back to: images of the same repository kept by old ReplicaSets, by workload.

    `useless` are workloads whose ReplicaSets keep nothing else than the same name.
    """

    helps: tuple[tuple[ObjectKey, ImageKey], ...] = ()
    useless: tuple[ObjectKey, ...] = ()


class Move(msgspec.Struct, frozen=True):
    """One name: `current` is the image that it means (None: nothing), `before` those that run under it and are others.

    `moved` is when the tag came to name what it names, None where nobody tells; `pods` counts, by image, the pods that run it
    under this name, `waiting` those that run nothing yet; `lost` are those of `before` that the registry has no more.
    """

    name: RepositoryName
    tag: str
    current: ImageKey | None
    before: tuple[ImageKey, ...]
    workloads: tuple[ObjectKey, ...]
    pods: tuple[tuple[ImageKey, int], ...]
    waiting: int = 0
    moved: datetime | None = None
    push: Push = Push()
    lost: tuple[ImageKey, ...] = ()
    undo: Undo = Undo()
    comparison: tuple[Comparison, ...] = ()
    always: bool = False

    @property
    def stale_pods(self) -> int:
        """The pods that run something else than the name means now."""
        return sum(number for key, number in self.pods if key != self.current)


class Moves(msgspec.Struct, frozen=True):
    """Every name that moved, the one with the most pods on something else first."""

    moves: tuple[Move, ...] = ()


def moves_among(snapshot: Snapshot, workloads: Iterable[ObjectKey]) -> Moves:
    """The names in these workloads that mean something else than what runs under them."""
    users: dict[tuple[RepositoryName, str], list[tuple[Workload, Container]]] = {}
    for key in workloads:
        workload = snapshot.workloads.get(key)
        for container in workload.containers if workload is not None else ():
            if workload is not None and _is_moved(container) and container.name_of is not None:
                users.setdefault((container.name_of, container.tag), []).append((workload, container))
    moves = [_move(snapshot, name, tag, rows) for (name, tag), rows in users.items()]
    return Moves(tuple(sorted(moves, key=lambda move: (-move.stale_pods, move.name, move.tag))))


def moves_of(context: AnswerContext) -> Moves:
    """The names that moved in the workloads found."""
    return moves_among(context.snapshot, context.selection.workloads)


def moves_or_mix_of(context: AnswerContext) -> Moves | Mix:
    """Of a name that few images have: what moved under it, if anything did; else what is wrong with what it finds."""
    moves = moves_of(context) if len(context.selection.images) <= _FEW else Moves()
    return moves if moves.moves else mix_of(context)


def push_of(snapshot: Snapshot, key: ImageKey) -> Push:
    """When an image was pushed, and by which run, as far as builders tell."""
    image = snapshot.images.get(key)
    attributions = snapshot.builders.get(key, ())
    for attribution in attributions:
        run = next(_runs(snapshot, attribution.job, attribution.run), None) if attribution.run else None
        if run is not None:
            job = snapshot.jobs.get(attribution.job) if attribution.job is not None else None
            return Push(image.pushed if image else None, run, job.name if job is not None else "", builder_asked=True)
    return Push(image.pushed if image else None, builder_asked=bool(attributions))


def _runs(snapshot: Snapshot, job: JobKey | None, run: str) -> Iterator[Run]:
    if job is not None:
        yield from (candidate for candidate in snapshot.runs.get(job, ()) if candidate.id == run)


def _is_moved(container: Container) -> bool:
    return container.drift in MOVED and bool(container.tag) and not container.pin and bool(container.runs)


def _move(snapshot: Snapshot, name: RepositoryName, tag: str, rows: list[tuple[Workload, Container]]) -> Move:
    now = next((container.declared for _, container in rows if container.declared is not None), None)
    pods: dict[ImageKey, int] = {}
    for _, container in rows:
        for key in container.runs:
            pods[key] = pods.get(key, 0) + pods_with(container.pod_refs, key)
    before = tuple(key for key in sorted(pods, key=lambda key: (-pods[key], key)) if key != now)
    image, old = (snapshot.images.get(key) if key is not None else None for key in (now, before[0] if before else None))
    row = next((row for row in image.tag_rows if row.name == tag), None) if image is not None else None
    return Move(
        name,
        tag,
        now,
        before,
        tuple(sorted({workload.key for workload, _ in rows})),
        tuple(sorted(pods.items(), key=lambda item: (-item[1], item[0]))),
        sum(1 for _, container in rows for pod in container.pod_refs if pod.runs is None and not pod.ended),
        row.updated if row is not None else None,
        push_of(snapshot, now) if now is not None else Push(),
        tuple(key for key in before if (former := snapshot.images.get(key)) is not None and former.gone),
        _undo(name, now, rows),
        compare(old, image, snapshot) if old is not None and image is not None else (),
        all(container.pull_policy == "Always" for _, container in rows),
    )


def _undo(name: RepositoryName, now: ImageKey | None, rows: list[tuple[Workload, Container]]) -> Undo:
    helps: dict[ObjectKey, ImageKey] = {}
    for workload, _ in rows:
        rollback = (key for key in workload.rollback if key.name == name and key != now)
        first = next(rollback, None)
        if first is not None:
            helps[workload.key] = first
    useless = {workload.key for workload, _ in rows} - helps.keys()
    return Undo(tuple(sorted(helps.items())), tuple(sorted(useless)))
