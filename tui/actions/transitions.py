"""What may follow what while a step is carried out: one table, pure, and the proof that each green stage asks for.

    planned -> rechecked -> sending -> following -> pushed -> on its base -> complete -> signed -> verified     (a rebuild)
    planned -> rechecked -> sending -> rolling -> converged                                                    (a workload)
    planned -> rechecked -> sending -> applied                                                                 (a registry's lock)

`sending` is on disk before anything is sent, so whoever finds it there looks up what became of it and never sends again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.facts.build import Run
from tui.domain.facts.image import Platform
from tui.domain.snapshot.snapshot import ImageKey

__all__ = ["ENDED", "GREEN", "NEEDED", "TABLE", "Proof", "ProofKind", "Replaced", "Signal", "Stage", "StepRecord", "advance"]
__all__ += ["unproven"]


class Stage(StrEnum):
    """How far a step is. HELD: it was not begun, as something it needs did not succeed, or was left out.

    CHANGED: the outside is not what the plan was made for, nothing was sent. UNKNOWN: nobody can say what became of it.
    """

    PLANNED = "planned"
    RECHECKED = "rechecked"
    SENDING = "sending"
    FOLLOWING = "following"
    PUSHED = "pushed"
    ON_BASE = "on-base"
    COMPLETE = "complete"
    SIGNED = "signed"
    VERIFIED = "verified"
    ROLLING = "rolling"
    CONVERGED = "converged"
    APPLIED = "applied"
    HELD = "held"
    CHANGED = "changed"
    DENIED = "denied"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Signal(StrEnum):
    """What happens to a step."""

    CHECKED = "checked"
    SEND = "send"
    NOT_SENT = "not-sent"
    STARTED = "started"
    PROVEN_PUSH = "proven-push"
    PROVEN_BASE = "proven-base"
    PROVEN_PLATFORMS = "proven-platforms"
    PROVEN_SIGNATURE = "proven-signature"
    PROVEN_SCAN = "proven-scan"
    ACCEPTED = "accepted"
    PROVEN_PODS = "proven-pods"
    PROVEN_LOCK = "proven-lock"
    HOLD = "hold"
    CHANGE = "change"
    DENY = "deny"
    CANCEL = "cancel"
    FAIL = "fail"
    LOSE = "lose"


class ProofKind(StrEnum):
    """What a green stage stands on."""

    PUSH = "push"
    BASE = "base"
    PLATFORMS = "platforms"
    SIGNATURE = "signature"
    SCAN = "scan"
    PODS = "pods"
    LOCK = "lock"


class Proof(msgspec.Struct, frozen=True):
    """What was seen, and when: `words` for the operator, `value` the digest, count or report that says so.

    `waived`: nobody asks for this of this image, and the words say why; it is shown as not asked for, never as proven.
    """

    kind: ProofKind
    words: str
    at: datetime
    value: str = ""
    waived: bool = False


class Replaced(msgspec.Struct, frozen=True):
    """An image that a rebuild replaces, as it was when that was begun, and the `digest` that was pushed for it."""

    key: ImageKey
    tags: tuple[str, ...] = ()
    platforms: tuple[Platform, ...] = ()
    base: ImageKey | None = None
    digest: str = ""


class StepRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one step, as it is kept on disk.

    `since` is when the stage was reached, `begun` when the step left the plan. `mark` stands for this send alone, `sent` is when
    it was about to be sent. `replaced` are the images that a rebuild replaces, `before` is what another change does, in words.
    `proofs` are those of the stages reached. `tries` counts sends that were surely refused. `adopted`: the run or the change was
    there already: it is somebody else's. `restarted` is when somebody else restarted a workload, where that is followed.
    """

    stage: Stage = Stage.PLANNED
    since: datetime
    begun: datetime | None = None
    mark: str = ""
    sent: datetime | None = None
    run: Run | None = None
    adopted: bool = False
    restarted: datetime | None = None
    before: str = ""
    replaced: tuple[Replaced, ...] = ()
    proofs: tuple[Proof, ...] = ()
    sentence: str = ""
    remedy: str = ""
    tries: int = 0
    cancel_asked: bool = False

    @property
    def digest(self) -> str:
        """What was pushed for the first of the images; empty before that is known."""
        return self.replaced[0].digest if self.replaced else ""

    @property
    def is_begun(self) -> bool:
        """Whether what it is to do was sent, or is being done by somebody else."""
        return self.sent is not None or self.adopted

    @property
    def ended(self) -> bool:
        """Whether nothing more will be done about it."""
        return self.stage in ENDED

    @property
    def green(self) -> bool:
        """Whether it is done and proven."""
        return self.stage in GREEN


GREEN = frozenset({Stage.VERIFIED, Stage.CONVERGED, Stage.APPLIED})
ENDED = GREEN | {Stage.HELD, Stage.CHANGED, Stage.DENIED, Stage.CANCELLED, Stage.FAILED, Stage.UNKNOWN}

_FAULTS = {Signal.FAIL: Stage.FAILED, Signal.LOSE: Stage.UNKNOWN, Signal.CANCEL: Stage.CANCELLED}
_UNSENT = {Signal.HOLD: Stage.HELD, Signal.CHANGE: Stage.CHANGED, Signal.DENY: Stage.DENIED, Signal.FAIL: Stage.FAILED}
_DONE_BY_OTHERS = {Signal.STARTED: Stage.FOLLOWING, Signal.ACCEPTED: Stage.ROLLING, Signal.PROVEN_LOCK: Stage.APPLIED}

TABLE: Mapping[Stage, Mapping[Signal, Stage]] = {
    Stage.PLANNED: {Signal.CHECKED: Stage.RECHECKED, **_DONE_BY_OTHERS, **_UNSENT},
    Stage.RECHECKED: {Signal.CHECKED: Stage.RECHECKED, Signal.SEND: Stage.SENDING, **_DONE_BY_OTHERS, **_UNSENT},
    Stage.SENDING: {
        Signal.NOT_SENT: Stage.RECHECKED,
        Signal.STARTED: Stage.FOLLOWING,
        Signal.ACCEPTED: Stage.ROLLING,
        Signal.PROVEN_LOCK: Stage.APPLIED,
        **_UNSENT,
        **_FAULTS,
    },
    Stage.FOLLOWING: {Signal.PROVEN_PUSH: Stage.PUSHED, **_FAULTS},
    Stage.PUSHED: {Signal.PROVEN_BASE: Stage.ON_BASE, **_FAULTS},
    Stage.ON_BASE: {Signal.PROVEN_PLATFORMS: Stage.COMPLETE, **_FAULTS},
    Stage.COMPLETE: {Signal.PROVEN_SIGNATURE: Stage.SIGNED, **_FAULTS},
    Stage.SIGNED: {Signal.PROVEN_SCAN: Stage.VERIFIED, **_FAULTS},
    Stage.ROLLING: {Signal.PROVEN_PODS: Stage.CONVERGED, **_FAULTS},
    **{stage: {} for stage in GREEN | {Stage.HELD, Stage.CHANGED, Stage.DENIED}},
    **{stage: {} for stage in (Stage.CANCELLED, Stage.FAILED, Stage.UNKNOWN)},
}

_PROVES = {
    Signal.PROVEN_PUSH: ProofKind.PUSH,
    Signal.PROVEN_BASE: ProofKind.BASE,
    Signal.PROVEN_PLATFORMS: ProofKind.PLATFORMS,
    Signal.PROVEN_SIGNATURE: ProofKind.SIGNATURE,
    Signal.PROVEN_SCAN: ProofKind.SCAN,
    Signal.PROVEN_PODS: ProofKind.PODS,
    Signal.PROVEN_LOCK: ProofKind.LOCK,
}
_BUILT = (ProofKind.PUSH, ProofKind.BASE, ProofKind.PLATFORMS, ProofKind.SIGNATURE, ProofKind.SCAN)
NEEDED: Mapping[Stage, tuple[ProofKind, ...]] = {
    Stage.PUSHED: _BUILT[:1],
    Stage.ON_BASE: _BUILT[:2],
    Stage.COMPLETE: _BUILT[:3],
    Stage.SIGNED: _BUILT[:4],
    Stage.VERIFIED: _BUILT,
    Stage.CONVERGED: (ProofKind.PODS,),
    Stage.APPLIED: (ProofKind.LOCK,),
}
"""The proofs without which a stage is not reached."""
_NEVER_WAIVED = frozenset({ProofKind.PUSH, ProofKind.PODS, ProofKind.LOCK})


def _proven(record: StepRecord) -> set[ProofKind]:
    return {proof.kind for proof in record.proofs if not (proof.waived and proof.kind in _NEVER_WAIVED)}


def unproven(stage: Stage, record: StepRecord) -> list[ProofKind]:
    """The proofs that a record lacks for a stage."""
    proven = _proven(record)
    return [kind for kind in NEEDED.get(stage, ()) if kind not in proven]


def advance(record: StepRecord, signal: Signal, now: datetime, **changes: object) -> StepRecord:
    """The record after a signal; `changes` are other members. Raises ValueError for a signal that cannot come now, and for a
    stage without its proofs: that is a fault of ours, not of the outside."""
    stage = TABLE[record.stage].get(signal)
    if stage is None:
        raise ValueError(f"{signal} cannot come while a step is {record.stage}")
    changed = msgspec.structs.replace(record, **changes)
    missing = unproven(stage, changed)
    if missing or (signal in _PROVES and _PROVES[signal] not in _proven(changed)):
        raise ValueError(f"{stage} is not proven: {missing or signal}")
    return msgspec.structs.replace(changed, stage=stage, since=now, begun=changed.begun or now)
