"""Carries a plan out: each step when all that it needs is done and proven, some side by side, and nothing twice.

Begin with `PlanRun.carry_out`. What is done in a stage of a step is in `rebuilding`, `redeploying` and `locking`; what may follow
what in `transitions`; how anything is sent in `sending`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from typing import Protocol

from tui.actions.audit import AuditEvent, AuditFault
from tui.actions.board import board_of, summary
from tui.actions.clock import ClockWatch
from tui.actions.ledger import Ledger
from tui.actions.locking import Locking
from tui.actions.outside import Outside
from tui.actions.rebuilding import Rebuilding
from tui.actions.recheck import Confirm
from tui.actions.redeploying import Redeploying
from tui.actions.state import StateFault
from tui.actions.transitions import ENDED, Signal, Stage
from tui.domain.common.text import clean, full_stop, listed
from tui.domain.plans.board import Board
from tui.domain.plans.gitops import NEW_DIGEST
from tui.domain.plans.plan import Plan, Step, StepKind

__all__ = ["PlanRun"]

_log = logging.getLogger(__name__)
_QUIET = frozenset({Stage.PUSHED, Stage.ON_BASE, Stage.COMPLETE, Stage.SIGNED})
"""Stages in which others are waited for, who do not mind how many wait."""


_BEGINNING = frozenset({Stage.PLANNED, Stage.RECHECKED, Stage.SENDING})
"""Stages in which it is not known yet which run is that of a step."""


class _Carried(Protocol):
    """A step that is carried through its stages, one after the other."""

    async def carry(self, stage: Stage) -> None:
        """Carry it through a stage in which it is."""
        ...


class PlanRun:
    """One plan that is carried out; it is run once, by `carry_out`, and told by `board` at any time.

    `confirm` is shown what has changed and asked whether to go on; without it nothing that has changed is sent.
    """

    def __init__(self, ledger: Ledger, outside: Outside, confirm: Confirm | None = None) -> None:
        self.ledger, self._outside, self._confirm = ledger, outside, confirm
        self._steps = {step.id: step for step in self.plan.steps}
        self._slots = asyncio.Semaphore(outside.limits.parallel)
        self._ended = {step.id: asyncio.Event() for step in self.plan.steps}
        self._carried: dict[str, _Carried] = {}
        self._watch = ClockWatch(outside.clock)
        self._refreshed_at = outside.clock.monotonic()
        self._refreshing = asyncio.Lock()
        self._stopped = self._running = False
        self._left_out: set[str] = set()
        self._turns: dict[object, asyncio.Lock] = {}

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.ledger.execution.plan

    @property
    def board(self) -> Board:
        """How far everything is, now."""
        now = self._outside.clock.now()
        return board_of(self.ledger.execution, now, running=self._running, fault=self.ledger.fault, stopped=self._stopped)

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` on the loop whenever the board says something new; the returned function ends that."""
        return self.ledger.subscribe(listener)

    async def open(self) -> None:
        """Write down that it begins, or goes on. Raises AuditFault or StateFault: then nothing may be sent."""
        resumed = any(record.begun is not None for record in self.ledger.records.values())
        is_kept = self.ledger.is_kept
        await self.ledger.save()
        try:
            await self.ledger.plan_event(AuditEvent.RESUMED if resumed else AuditEvent.BEGUN, self.plan.action.value)
        except AuditFault:
            if not is_kept:
                self.ledger.discard()
            raise

    async def carry_out(self) -> Board:
        """Carry the plan out, or on, after `open`; ends when nothing is left to do."""
        self._running = True
        try:
            async with asyncio.TaskGroup() as group:
                for step in self.plan.steps:
                    group.create_task(self._carry(step), name=f"step {step.id}")
        finally:
            self._running = False
        await self._end()
        return self.board

    async def _end(self) -> None:
        """Write down that nothing is left to do, unless something was left for later: that can be resumed."""
        try:
            if all(record.ended for record in self.ledger.records.values()):
                await self.ledger.end()
            else:
                await self.ledger.save()
            await self.ledger.plan_event(AuditEvent.ENDED, summary(self.board.rows))
        except (AuditFault, StateFault) as fault:
            _log.warning("the end of plan %s could not be written down: %s", self.plan.id, fault.headline)

    async def stop(self) -> None:
        """Begin no further step; what runs is followed on."""
        if not self._stopped:
            self._stopped = True
            await self.ledger.answered(AuditEvent.STOPPED, self.plan.steps[0], "No further step is started.")

    async def cancel(self, step: str) -> None:
        """Ask the builder to end what it runs for a step; one that was not begun is left out."""
        self._left_out.add(step)
        carried = self._carried.get(step)
        if isinstance(carried, Rebuilding):
            await carried.cancel()

    async def cancel_runs(self) -> None:
        """Ask the builders to end what they run for this plan."""
        for carried in tuple(self._carried.values()):
            if isinstance(carried, Rebuilding):
                await carried.cancel()

    def log(self, step: str) -> AsyncGenerator[str, None] | None:
        """The log of a step's run as it grows; None while there is none."""
        run = self.ledger.records[step].run
        builder = self._outside.builders.get((run.kind, run.builder)) if run is not None else None
        return builder.log(run) if run is not None and builder is not None else None

    async def _carry(self, step: Step) -> None:
        try:
            if not self.ledger[step].ended and await self._may_begin(step):
                await self._through(step)
        finally:
            self._ended[step.id].set()

    async def _may_begin(self, step: Step) -> bool:
        """Wait for what it needs; it is held when that did not succeed."""
        for need in step.needs:
            if need in self._ended:
                await self._ended[need].wait()
        if self.ledger[step].stage is not Stage.PLANNED:
            return True
        left = [need for need in step.needs if need in self._steps and not self.ledger.records[need].ended]
        if left:
            self.ledger.note(step, f"It was not started: it needs {self._names(left)}, which was left for later.")
            return False
        failed = [need for need in step.needs if need not in self._steps or not self.ledger.records[need].green]
        if failed:
            sentence = f"It was not started: it needs {self._names(failed)}, which did not succeed."
            await self.ledger.move(step, Signal.HOLD, sentence=sentence)
        elif step.blocked:
            signal = Signal.DENY if step.lacks_right else Signal.HOLD
            await self.ledger.move(step, signal, sentence=full_stop(step.blocked), remedy=self._remedy(step))
        return not failed and not step.blocked

    def _names(self, needs: list[str]) -> str:
        return listed([clean(self._steps[need].target if need in self._steps else need, 80) for need in needs[:3]])

    def _remedy(self, step: Step) -> str:
        """What would help; a patch for Git says the digest that was pushed for its image, once that is known."""
        digests = {image.digest for image in self.ledger.pushed_for(step) if image.key == step.image}
        return step.remedy.replace(NEW_DIGEST, digests.pop()) if len(digests) == 1 else step.remedy

    async def _through(self, step: Step) -> None:
        """Carry it from stage to stage until it has ended, or stopping leaves it for later.

        Two changes of one thing come one after the other: each is on condition of what was seen just before. Two runs of one
        job are only begun one after the other, so that it is known which is which.
        """
        carried = self._carried[step.id] = self._carrier(step)
        async with self._turns.setdefault(_subject(step), asyncio.Lock()):
            await self._by_stages(step, carried, _BEGINNING if step.kind is StepKind.REBUILD else frozenset(Stage) - ENDED)
        await self._by_stages(step, carried, frozenset(Stage) - ENDED)

    async def _by_stages(self, step: Step, carried: _Carried, stages: frozenset[Stage]) -> None:
        """Carry it on while it is in one of these stages."""
        while (record := self.ledger[step]).stage in stages:
            if record.stage in _QUIET:
                await carried.carry(record.stage)
                continue
            async with self._slots:
                if record.stage in (Stage.PLANNED, Stage.RECHECKED) and not await self._is_sendable(step):
                    return
                await carried.carry(record.stage)

    async def _is_sendable(self, step: Step) -> bool:
        """Whether it may be begun now: nobody has stopped, nothing refuses, and the facts are recent. What none of its own faults
        keeps from being sent is left in the plan, so that it can be resumed."""
        if step.id in self._left_out:
            await self.ledger.move(step, Signal.HOLD, sentence="It was not started: you left it out.")
            return False
        if self._stopped:
            self.ledger.note(step, "It was left when the plan was stopped.")
            return False
        if self.ledger.fault is not None:
            fault = self.ledger.fault
            self.ledger.note(step, f"It was not sent. {fault.headline}", remedy=fault.remedy)
            return False
        if await self._refresh():
            return True
        sentence = "The estate could not be read again, and what is known of it is too old to act on. Nothing was sent."
        self.ledger.note(step, sentence, remedy="`trustree doctor` says what cannot be read.")
        return False

    async def _refresh(self) -> bool:
        """Read the estate again where what is known of it is old, or the machine has slept; False when that did not work."""
        async with self._refreshing:
            limits, clock, estate = self._outside.limits, self._outside.clock, self._outside.estate
            jumped = self._watch.jumped()
            age = max(clock.monotonic() - self._refreshed_at, (clock.now() - estate.snapshot.as_of).total_seconds())
            if not jumped and age <= limits.facts_age:
                return True
            _log.info(
                "the estate is read again before anything is sent: its facts are %.0f s old, the clock jumped %.0f s", age, jumped
            )
            estate.refresh()
            is_settled = await estate.settled(limits.refresh)
            if is_settled:
                self._refreshed_at = clock.monotonic()
            return is_settled

    def _carrier(self, step: Step) -> _Carried:
        match step.kind:
            case StepKind.REBUILD:
                return Rebuilding(step, self.ledger, self._outside, self._steps)
            case StepKind.LOCK | StepKind.DISABLE_READ:
                return Locking(step, self.ledger, self._outside)
            case _:
                return Redeploying(step, self.ledger, self._outside, self._confirm)


def _subject(step: Step) -> object:
    """What a step changes: one job's runs, one workload, or one image in its registry."""
    return step.job or step.workload or step.image or step.id
