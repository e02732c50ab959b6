"""What somebody else does to a workload, with the same intent, since a plan was made: it is followed, and not done once more."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tui.actions.converge import RolloutGoal, is_made, moment, pods_replaced
from tui.actions.transitions import Proof
from tui.domain.facts.rollout import RolloutState
from tui.domain.plans.plan import Step, StepKind

__all__ = ["Adoption", "adoption_of"]


class Adoption(msgspec.Struct, frozen=True):
    """What somebody else did, as a sentence; `restarted` is when, where it is a restart."""

    words: str
    restarted: datetime | None = None


def adoption_of(
    step: Step, wanted: RolloutGoal, state: RolloutState, made: datetime, now: datetime, pushed: datetime | None = None
) -> Adoption | None:
    """What of a step somebody else has done already; None where it is still to be done.

    `wanted` is what the step wants of the workload, `made` when its plan was made, `pushed` when the run of a rebuild that it
    needs ended. What the object says of itself is the proof that it was done; of a restart also what its pods run: one that was
    done too early started the old image.
    """
    match step.kind:
        case StepKind.RESTART:
            return _restarted(wanted, state, made, now, pushed)
        case StepKind.SCALE_TO_ZERO if is_made(wanted, state):
            return Adoption("It was scaled to zero already, and not from here: that is followed.")
        case StepKind.PIN | StepKind.ROLL_BACK if wanted.images and is_made(wanted, state):
            return Adoption("Its template names the new image already, and not from here: that is followed.")
        case _:
            return None


def _restarted(
    wanted: RolloutGoal, state: RolloutState, made: datetime, now: datetime, pushed: datetime | None
) -> Adoption | None:
    """A restart since the plan was made whose pods run the new image, or are being replaced after that was pushed."""
    at = moment(state.restarted_at)
    is_known = bool(wanted.digests) and all(wanted.digests.values())
    if at is None or at < made.replace(microsecond=0) or not is_known:
        return None
    verdict = pods_replaced(wanted, state, now)
    is_under_way = state.settled is False or (state.observed is not None and state.observed < state.generation)
    is_early = pushed is not None and at < pushed.replace(microsecond=0)
    if not isinstance(verdict, Proof) and (is_early or not is_under_way):
        return None
    return Adoption(f"Somebody else restarted it at {at:%H:%M:%S} UTC, after the plan was made: that is followed.", at)
