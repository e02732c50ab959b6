"""Whether a workload has arrived where a step wants it: pure, from its state at the API server to a proof or what it waits for.

Converged is: the object still says what was sent, its controller has seen that, every pod runs the new digest and none another.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from tui.actions.transitions import Proof, ProofKind, StepRecord
from tui.actions.verify import Awaited, Refuted, Verdict
from tui.domain.common.text import clean, full_stop, plural, short
from tui.domain.facts.rollout import RolloutState, RunningImage, Stall, StallKind
from tui.domain.plans.plan import Step, StepKind

__all__ = ["RolloutGoal", "converge", "is_made", "moment", "pods_replaced", "stall_of"]

HOPELESS = frozenset({StallKind.PAUSED, StallKind.ON_DELETE, StallKind.PARTITION, StallKind.SUSPENDED, StallKind.DEADLINE})
"""What does not end by itself: somebody has to do something."""


class RolloutGoal(msgspec.Struct, frozen=True):
    """What a step wants of a workload: the `digests` that its pods may run and the `images` of its template, by container.

    `restarted_at` is the time of a restart, `replicas` the number of pods where that is what is changed.
    """

    digests: Mapping[str, frozenset[str]] = {}
    images: Mapping[str, str] = {}
    restarted_at: datetime | None = None
    replicas: int | None = None


def is_made(change: RolloutGoal, state: RolloutState) -> bool:
    """Whether the object says what was sent: the change was made, whatever was answered."""
    if change.replicas is not None:
        return state.suspended or state.desired == change.replicas
    if change.images:
        written = {container.name: container.image for container in state.containers}
        return all(written.get(name) == image for name, image in change.images.items())
    return change.restarted_at is not None and moment(state.restarted_at) == change.restarted_at


def _restarted_again(change: RolloutGoal, state: RolloutState) -> bool:
    """Whether somebody restarted it later still: that undoes no restart, its pods are as new."""
    latest = moment(state.restarted_at)
    return change.restarted_at is not None and latest is not None and latest > change.restarted_at


def converge(step: Step, record: StepRecord, change: RolloutGoal, state: RolloutState, now: datetime) -> Verdict:
    """Whether the workload has arrived."""
    if not is_made(change, state) and not _restarted_again(change, state):
        return _undone(step, state)
    if state.observed is not None and state.observed < state.generation:
        return _awaited(state, "its controller to see the change")
    if change.replicas is not None:
        return _scaled(change.replicas, state, now)
    return pods_replaced(change, state, now)


def stall_of(state: RolloutState) -> Stall | None:
    """What keeps the rollout from getting on, that which nobody waits out first."""
    return min(state.stalls, key=lambda stall: stall.kind not in HOPELESS, default=None)


def _undone(step: Step, state: RolloutState) -> Refuted:
    owner = state.owner
    change = {StepKind.RESTART: "The restart", StepKind.SCALE_TO_ZERO: "The scale"}.get(step.kind, "The image")
    by = f" {owner.name} owns it ({clean(owner.evidence, 100)})." if owner is not None else " Somebody else wrote it since."
    remedy = "Change it in Git." if owner is not None and owner.undoes_pin else "Find out who did, then plan again."
    return Refuted(f"{change} of {clean(step.target, 100)} was undone.{by}", remedy)


def _scaled(replicas: int, state: RolloutState, now: datetime) -> Verdict:
    if state.running is None:
        return _awaited(state, "its pods to be read")
    pods = max((image.alive for image in state.running), default=0)
    if pods > replicas or (state.replicas or 0) > replicas:
        return _awaited(state, f"{_pods(pods or state.replicas or 0)} to end")
    return Proof(ProofKind.PODS, "No pod runs." if not replicas else f"{_pods(replicas)} run.", now, str(replicas))


def pods_replaced(goal: RolloutGoal, state: RolloutState, now: datetime) -> Verdict:
    """Whether every pod runs what it is to run, whoever saw to that."""
    if state.running is None:
        return _awaited(state, "its pods to be read")
    running = [image for image in state.running if image.container in goal.digests and image.alive]
    old = [image for image in running if image.digest not in goal.digests[image.container]]
    if old:
        return _awaited(state, _left(old))
    settled = state.settled
    if settled is False:
        return _awaited(state, "its controller to finish")
    if not goal.digests:
        return _awaited(state, "the digest that it is to run to be known")
    return _all_there(goal, running, state, now)


def _all_there(goal: RolloutGoal, running: list[RunningImage], state: RolloutState, now: datetime) -> Verdict:
    """No pod runs another image: but are there as many as there should be, and ready?"""
    by_container = [sum(image.alive for image in running if image.container == name) for name in goal.digests]
    pods = min(by_container)
    if state.key.kind != "CronJob":
        unready = sum(image.alive - image.ready for image in running)
        if unready:
            return _awaited(state, f"{_pods(unready)} to be ready")
        if state.desired is None and not pods:
            return _awaited(state, "its pods to be seen")
        if pods < (state.desired or 0):
            return _awaited(state, f"{_pods((state.desired or 0) - pods)} to start")
    digests = ", ".join(sorted({short(image.digest) for image in running}))
    most = max(by_container)
    words = f"{'Its pod runs' if most == 1 else f'All {most} pods run'} {digests}."
    words = words if running else "No pod runs; the next one takes the new image."
    return Proof(ProofKind.PODS, words, now, digests)


def _left(old: list[RunningImage]) -> str:
    unpulled = sum(image.alive for image in old if not image.digest)
    count = sum(image.alive for image in old) - unpulled
    parts = [f"{_pods(count)} of the old image to be replaced" if count else "", f"{_pods(unpulled)} to pull" if unpulled else ""]
    return " and ".join(filter(None, parts))


def _pods(number: int) -> str:
    return plural(number, "pod")


def _awaited(state: RolloutState, words: str) -> Awaited:
    stall = stall_of(state)
    reason = f"{words}. {full_stop(stall.sentence)} {stall.remedy}".rstrip() if stall is not None else words
    return Awaited(reason)


def moment(text: str) -> datetime | None:
    """When an object says that it was restarted, in whole seconds of UTC; None when it says nothing that can be read.

    kubectl writes the time of whoever restarts it, with their zone.
    """
    try:
        parsed = datetime.fromisoformat(text)
        return parsed.replace(microsecond=0, tzinfo=parsed.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
