"""How a plan stands, as the board shows it: the rebuild of an image and the rollouts that follow it are one row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from tui.actions.state import Execution
from tui.actions.transitions import Proof, ProofKind, Stage, StepRecord
from tui.domain.common.text import full_stop
from tui.domain.plans.board import Board, BoardRow, BoardState, Milestone, PlanProgress
from tui.domain.plans.plan import Step, StepKind
from tui.errors import TrustreeError

__all__ = ["board_of", "rows_of", "summary"]

_BUILT = frozenset({Milestone.QUEUED, Milestone.BUILDING, Milestone.PUSHED, Milestone.SIGNED, Milestone.SCANNED})
_ROLLED = frozenset({Milestone.QUEUED, Milestone.ROLLING, Milestone.CONVERGED})
_LOCKED = frozenset({Milestone.QUEUED, Milestone.CONVERGED})
_LOCKS = (StepKind.LOCK, StepKind.DISABLE_READ)
_STATES = {
    Stage.PLANNED: BoardState.WAITING,
    Stage.RECHECKED: BoardState.WAITING,
    Stage.HELD: BoardState.HELD,
    Stage.CHANGED: BoardState.CHANGED,
    Stage.DENIED: BoardState.DENIED,
    Stage.CANCELLED: BoardState.CANCELLED,
    Stage.FAILED: BoardState.FAILED,
    Stage.UNKNOWN: BoardState.UNKNOWN,
    Stage.VERIFIED: BoardState.DONE,
    Stage.CONVERGED: BoardState.DONE,
    Stage.APPLIED: BoardState.DONE,
}
_WORST = (
    BoardState.FAILED,
    BoardState.DENIED,
    BoardState.CHANGED,
    BoardState.UNKNOWN,
    BoardState.CANCELLED,
    BoardState.RUNNING,
    BoardState.WAITING,
    BoardState.HELD,
    BoardState.DONE,
)
"""Which of several steps a row tells of: what went wrong first, then what still happens."""


def board_of(
    execution: Execution, now: datetime, *, running: bool = True, fault: TrustreeError | None = None, stopped: bool = False
) -> Board:
    """The board of one plan. `running`: it is carried out here and now; `fault` is why nothing is sent any more."""
    rows = rows_of(execution, now)
    waves = sorted({row.wave for row in rows})
    open_rows = [row for row in rows if row.state in (BoardState.WAITING, BoardState.RUNNING)]
    under_way = min((row.wave for row in open_rows), default=waves[-1] if waves else 0)
    progress = PlanProgress(
        id=execution.plan.id,
        action=execution.plan.action,
        query=execution.plan.query,
        wave=waves.index(under_way) + 1 if waves else 0,
        waves=len(waves),
        running=running,
        started=execution.begun,
        operator=execution.operator,
        seconds_left=_left_of_all(open_rows),
        sentence=fault.headline if fault is not None else "No further step is started." if stopped and open_rows else "",
    )
    return Board((progress,), rows)


def summary(rows: Iterable[BoardRow]) -> str:
    """`3 done, 1 failed, 2 waiting`."""
    counts: dict[BoardState, int] = {}
    for row in rows:
        counts[row.state] = counts.get(row.state, 0) + 1
    states = sorted(counts, key=_WORST.index)
    return ", ".join(f"{counts[state]} {state}" for state in reversed(states)) or "nothing to do"


def rows_of(execution: Execution, now: datetime) -> tuple[BoardRow, ...]:
    """One row for each image that is rebuilt, with its rollouts, and one for everything else that is changed."""
    groups: dict[str, list[Step]] = {}
    steps = {step.id: step for step in execution.plan.steps}
    for step in execution.plan.steps:
        groups.setdefault(_leader(step, steps), []).append(step)
    return tuple(_row(execution, group, now) for group in groups.values())


def _leader(step: Step, steps: dict[str, Step]) -> str:
    """The rebuild whose image a step rolls out, else the step itself."""
    if step.kind is StepKind.REBUILD:
        return step.id
    builds = [steps[need] for need in step.needs if need in steps and steps[need].kind is StepKind.REBUILD]
    return next((build.id for build in builds if build.image == step.image), builds[0].id if len(builds) == 1 else step.id)


def _row(execution: Execution, group: Sequence[Step], now: datetime) -> BoardRow:
    records = [execution.steps[step.id] for step in group]
    leader, record = _telling(group, records)
    first = group[0]
    build = execution.steps[first.id] if first.kind is StepKind.REBUILD else None
    left = _left(first, records[0], now)
    return BoardRow(
        plan=execution.plan.id,
        steps=tuple(step.id for step in group),
        title=first.target,
        state=_state(record),
        wave=first.wave,
        at=_at(leader, record),
        passed=frozenset(_passed(group, records)),
        waived=frozenset(_waived(build)),
        asked=_asked(group),
        image=first.image,
        workloads=tuple(step.workload for step in group if step.workload is not None),
        digest=build.digest if build is not None else "",
        run=build.run if build is not None else None,
        since=record.since,
        begun=records[0].begun,
        progress=_progress(first, records[0], now),
        seconds_left=left,
        sentence=_sentence(group, records, record),
        remedy=record.remedy,
        proofs=tuple(dict.fromkeys(full_stop(proof.words) for step_record in records for proof in step_record.proofs)),
    )


def _state(record: StepRecord) -> BoardState:
    return _STATES.get(record.stage, BoardState.RUNNING)


def _telling(group: Sequence[Step], records: Sequence[StepRecord]) -> tuple[Step, StepRecord]:
    """The step of a row that says how the row stands: the rebuild until it is done and proven, then the worst of its rollouts."""
    pairs = list(zip(group, records, strict=True))
    if pairs[0][0].kind is StepKind.REBUILD and (not records[0].green or len(pairs) == 1):
        return pairs[0]
    rollouts = pairs[1:] if pairs[0][0].kind is StepKind.REBUILD else pairs
    return min(rollouts, key=lambda pair: _WORST.index(_state(pair[1])))


def _sentence(group: Sequence[Step], records: Sequence[StepRecord], record: StepRecord) -> str:
    rollouts = [rollout for step, rollout in zip(group, records, strict=True) if step.kind is not StepKind.REBUILD]
    green = sum(rollout.green for rollout in rollouts)
    if len(rollouts) > 1 and record in rollouts and green < len(rollouts):
        return f"{green} of {len(rollouts)} workloads are done. {record.sentence}".rstrip()
    return record.sentence


def _at(step: Step, record: StepRecord) -> Milestone | None:
    """Where a step is, or where it ended without being done."""
    if record.stage in (Stage.PLANNED, Stage.RECHECKED, Stage.HELD) or record.green:
        return None
    if step.kind in _LOCKS:
        return Milestone.CONVERGED if record.is_begun else Milestone.QUEUED
    if step.kind is not StepKind.REBUILD:
        return Milestone.ROLLING if record.is_begun else Milestone.QUEUED
    if record.run is None:
        return Milestone.QUEUED
    proven = {proof.kind for proof in record.proofs}
    if ProofKind.SIGNATURE in proven:
        return Milestone.SCANNED
    if ProofKind.PLATFORMS in proven:
        return Milestone.SIGNED
    return Milestone.PUSHED if ProofKind.PUSH in proven or record.run.state.ended else Milestone.BUILDING


def _passed(group: Sequence[Step], records: Sequence[StepRecord]) -> Iterable[Milestone]:
    """What is proven; *pushed* is when it was also on the newer base and complete, *converged* when every rollout is."""
    first, record = group[0], records[0]
    rollouts = [rollout for step, rollout in zip(group, records, strict=True) if step.kind is not StepKind.REBUILD]
    if first.kind is StepKind.REBUILD:
        yield from _passed_building(record)
    elif record.is_begun and record.stage not in (
        Stage.SENDING,
        Stage.RECHECKED,
        Stage.DENIED,
        Stage.CHANGED,
        Stage.HELD,
    ):
        yield Milestone.QUEUED
    if rollouts and all(rollout.green for rollout in rollouts):
        yield Milestone.CONVERGED
        if first.kind not in _LOCKS:
            yield Milestone.ROLLING


def _passed_building(record: StepRecord) -> Iterable[Milestone]:
    proofs = {proof.kind: proof for proof in record.proofs}
    if record.run is not None:
        yield Milestone.QUEUED
    if ProofKind.PUSH in proofs:
        yield Milestone.BUILDING
    if all(kind in proofs for kind in (ProofKind.PUSH, ProofKind.BASE, ProofKind.PLATFORMS)):
        yield Milestone.PUSHED
    for kind, milestone in ((ProofKind.SIGNATURE, Milestone.SIGNED), (ProofKind.SCAN, Milestone.SCANNED)):
        if kind in proofs and not proofs[kind].waived:
            yield milestone


def _waived(build: StepRecord | None) -> Iterable[Milestone]:
    kinds = {ProofKind.SIGNATURE: Milestone.SIGNED, ProofKind.SCAN: Milestone.SCANNED}
    proofs: tuple[Proof, ...] = build.proofs if build is not None else ()
    return (kinds[proof.kind] for proof in proofs if proof.waived and proof.kind in kinds)


def _asked(group: Sequence[Step]) -> frozenset[Milestone]:
    """The milestones that a row comes through."""
    milestones: frozenset[Milestone] = frozenset()
    for step in group:
        milestones |= _BUILT if step.kind is StepKind.REBUILD else _LOCKED if step.kind in _LOCKS else _ROLLED
    return milestones


def _left(step: Step, record: StepRecord, now: datetime) -> float | None:
    """Seconds that are expected yet; a step that takes longer than expected is expected any moment."""
    if step.seconds is None or record.ended:
        return None
    spent = (now - record.begun).total_seconds() if record.begun is not None else 0.0
    return max(0.0, step.seconds - spent)


def _progress(step: Step, record: StepRecord, now: datetime) -> float | None:
    """How much of the expected time a run has taken, as far as that says anything."""
    run = record.run
    begun = (run.started or run.created) if run is not None else None
    if record.stage is not Stage.FOLLOWING or not step.seconds or begun is None or run is None or run.state.ended:
        return None
    return min(0.99, max(0.0, (now - begun).total_seconds() / step.seconds))


def _left_of_all(rows: Iterable[BoardRow]) -> float | None:
    """The longest of each wave, one after the other; None when it is not known of any that is left."""
    by_wave: dict[int, float] = {}
    for row in rows:
        if row.seconds_left is None and Milestone.BUILDING in row.asked and Milestone.BUILDING not in row.passed:
            return None
        by_wave[row.wave] = max(by_wave.get(row.wave, 0.0), row.seconds_left or 0.0)
    return sum(by_wave.values()) if by_wave else None
