"""What front ends act by: plans made, begun, watched, cancelled and taken up again. It outlives the screens that show it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import msgspec

from tui.actions.audit import AuditLog, Operator
from tui.actions.board import board_of
from tui.actions.clock import Clock, SystemClock
from tui.actions.dossier import with_identities
from tui.actions.ledger import Ledger
from tui.actions.outside import Limits, LiveEstate, Outside, RightsAsked
from tui.actions.permissions import Permissions
from tui.actions.plan_files import save_plan
from tui.actions.planning import LONGEST, planned, with_rights
from tui.actions.recheck import Confirm, compared, reopened
from tui.actions.run import PlanRun
from tui.actions.start import begin
from tui.actions.state import Execution, StateFiles
from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.board import Board, BoardRow
from tui.domain.plans.plan import Action, Plan
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.errors import PlanChanged, TrustreeError, UsageError
from tui.reports.plans import plan_pieces

__all__ = ["Actions", "Ask", "Planner", "Reach"]

_log = logging.getLogger(__name__)
TOGETHER = 0.1
"""Seconds in which what moves is told together."""
AHEAD = timedelta(minutes=5)
"""By so much the clock of the machine that made a plan may differ from ours."""
Planner = Callable[[Snapshot], Plan]
"""Makes the plan of one question from what is known."""
Reach = Callable[[Plan], AbstractAsyncContextManager[Outside]]
"""Opens the ports by which a plan is carried out."""
Ask = Callable[[Plan], AbstractAsyncContextManager[RightsAsked]]
"""Opens what can be asked for the rights that a plan needs, and can change nothing."""


class _Carried(msgspec.Struct):
    """A plan that was begun here; `failure` is what kept it from being begun."""

    run: PlanRun
    task: asyncio.Task[None]
    failure: TrustreeError | None = None


class Actions:
    """Acts on one estate. `directory` is where the audit log and the state of plans lie."""

    def __init__(
        self,
        estate: LiveEstate,
        reach: Reach,
        permissions: Permissions,
        directory: Path,
        operator: Callable[[], Operator],
        limits: Limits | None = None,
        clock: Clock | None = None,
        ask: Ask | None = None,
    ) -> None:
        self._estate, self._reach, self._ask, self.permissions = estate, reach, ask, permissions
        self._limits, self._clock, self._operator = limits or Limits(), clock or SystemClock(), operator
        self._directory, self._files = directory, StateFiles(directory / "plans")
        self._begun: dict[str, _Carried] = {}
        self._planners: dict[str, Planner] = {}
        self._reopened: set[str] = set()
        self._listeners: list[Callable[[Board], None]] = []
        self._unfinished: tuple[Execution, ...] = ()
        self._telling: asyncio.TimerHandle | None = None
        self._group: asyncio.TaskGroup | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Actions]:
        """Plans may be carried out while the context lasts; what is not done by then is left, and taken up again later."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                yield self
            finally:
                self._group = None
                for carried in self._begun.values():
                    carried.task.cancel()

    # ---- plans

    @property
    def can_write(self) -> bool:
        """Whether anything may be changed."""
        return self.permissions.any

    async def plan(
        self,
        action: Action,
        images: Collection[ImageKey],
        workloads: Collection[ObjectKey],
        query: str,
        unknown: Collection[str] = (),
    ) -> Plan:
        """What would be done about these, which the operator calls `query`, and the rights that it needs as far as they can be
        asked for; `unknown` says what else the query may mean. Nothing is changed."""
        return await self._made(self._planner(action, images, workloads, query, unknown))

    async def plan_again(self, plan: Plan) -> Plan:
        """The plan of the same question as it is now. Nothing is changed."""
        planner = self._planners.get(plan.id)
        return plan if planner is None else await self._made(planner)

    async def _made(self, planner: Planner) -> Plan:
        plan = await asyncio.to_thread(planner, self._estate.snapshot)
        if self._ask is not None and plan.ready:
            async with self._ask(plan) as asked_of:
                plan = await with_rights(plan, asked_of)
                if plan.action is Action.CONTAIN:
                    plan = await with_identities(plan, asked_of, LONGEST)
        self._planners[plan.id] = planner
        return plan

    async def reopen(
        self, plan: Plan, images: Collection[ImageKey], workloads: Collection[ObjectKey], unknown: Collection[str] = ()
    ) -> Plan:
        """A plan that was made elsewhere, about what its query finds now: it is held against what is, and so is what it says of
        itself. Nothing is changed."""
        planner = self._planner(plan.action, images, workloads, plan.query, unknown)
        self._planners[plan.id] = planner
        self._reopened.add(plan.id)
        return reopened(plan, await self._made(planner))

    def _planner(
        self,
        action: Action,
        images: Collection[ImageKey],
        workloads: Collection[ObjectKey],
        query: str,
        unknown: Collection[str],
    ) -> Planner:
        def plan(snapshot: Snapshot) -> Plan:
            made = planned(action, snapshot, images, workloads, query, self._clock.now())
            return msgspec.structs.replace(made, unknown=tuple(dict.fromkeys((*unknown, *made.unknown))))

        return plan

    def protected(self, plan: Plan) -> tuple[str, ...]:
        """The protected clusters that a plan changes, whose names are to be typed."""
        return self.permissions.protected_in(plan)

    def markdown(self, plan: Plan) -> str:
        """A plan as it is put into a ticket."""
        return b"".join(plan_pieces(plan, "markdown", unicode=True)).decode()

    def save(self, plan: Plan) -> Path:
        """Save a plan as a file, which may be carried out by somebody else. Raises UsageError."""
        return save_plan(plan, self._directory / "plans" / "saved" / f"{plan.id}.json")

    async def differences(self, plan: Plan) -> tuple[str, ...]:
        """What a plan made now would do otherwise; the estate is read again first where its facts are old."""
        planner = self._planners.get(plan.id)
        if planner is None:
            return ()
        if (self._clock.now() - self._estate.snapshot.as_of).total_seconds() > self._limits.facts_age:
            self._estate.refresh()
            await self._estate.settled(self._limits.refresh)
        today = await asyncio.to_thread(planner, self._estate.snapshot)
        return compared(plan, today, words=plan.id in self._reopened)

    # ---- carrying out

    async def begin(
        self, plan: Plan, confirmed: Collection[str] = (), confirm: Confirm | None = None, *, accepted: Collection[str] = ()
    ) -> None:
        """Begin to carry a plan out; it goes on by itself. `confirmed` are the names of protected clusters that were typed.

        Raises UsageError when that is not allowed, PlanChanged when a plan made now would do something that is not `accepted`,
        PlanHeld when somebody else carries it out, StateFault when nothing can be kept. Then nothing was sent.
        """
        self.permissions.check(plan, confirmed)
        if not plan.ready:
            raise UsageError("The plan has no step that can be carried out.", "The plan says what keeps each step.")
        if plan.made - self._clock.now() > AHEAD:
            raise UsageError(
                f"The plan was made at {plan.made:%Y-%m-%d %H:%M} UTC, which is yet to come: nobody knows what has run since.",
                "Set the clocks of both machines, then make a new plan.",
            )
        changed = tuple(words for words in await self.differences(plan) if words not in accepted)
        if changed:
            raise PlanChanged(changed)
        await self._start(plan, confirm)

    async def resume(self, plan: str, confirmed: Collection[str] | None = None, confirm: Confirm | None = None) -> None:
        """Take up a plan again that was begun and not ended, of which names were typed then. Raises as `begin` does."""
        execution = self.execution(plan)
        if execution.ended is not None:
            raise UsageError(f"Plan {plan} has ended at {execution.ended:%Y-%m-%d %H:%M} UTC.", "Make a new plan.")
        names = self.permissions.protected_in(execution.plan) if confirmed is None else confirmed
        self.permissions.check(execution.plan, names)
        await self._start(execution.plan, confirm)

    def execution(self, plan: str) -> Execution:
        """What is on disk of a plan. Raises UsageError when it was never begun, StateFault."""
        execution = self._files.read(plan, self._operator().user)
        if execution is None:
            raise UsageError(f"No plan {plan} was started here.", "`trustree info` says where plans are kept.")
        return execution

    def look_for_unfinished(self) -> None:
        """Show on the board what was begun, here or by another process, and not ended."""
        self._unfinished = tuple(execution for execution in self._files.unfinished() if execution.plan.id not in self._begun)
        self._tell()

    async def finished(self, plan: str) -> Board:
        """Wait until nothing is left to do of a plan that was begun here. Raises what kept it from being begun."""
        carried = self._begun[plan]
        await asyncio.wait([carried.task])
        if carried.failure is not None:
            raise carried.failure
        return carried.run.board

    async def _start(self, plan: Plan, confirm: Confirm | None) -> None:
        if self._group is None:
            raise UsageError("Plans can no longer be carried out: the program is ending.")
        operator = self._operator()
        who = f"{operator.user} on {operator.host}, process {operator.process}"
        async with AsyncExitStack() as stack:
            file = stack.enter_context(self._files.claimed(plan.id, who))
            execution = begin(file, plan, self._clock.now(), operator.user)
            outside = await stack.enter_async_context(self._reach(plan))
            audit = AuditLog(self._directory, operator, self._clock.now)
            run = PlanRun(Ledger(execution, file, audit, self._clock), outside, confirm)
            run.subscribe(self._tell_soon)
            await run.open()
            claim = stack.pop_all()
        task = self._group.create_task(self._carry(run, claim), name=f"plan {plan.id}")
        self._begun[plan.id] = _Carried(run, task)
        self._unfinished = tuple(unfinished for unfinished in self._unfinished if unfinished.plan.id != plan.id)
        self._tell()

    async def _carry(self, run: PlanRun, claim: AsyncExitStack) -> None:
        async with claim:
            try:
                await run.carry_out()
            except TrustreeError as error:
                _log.warning("plan %s: %s", run.plan.id, error.headline)
                self._begun[run.plan.id].failure = error
        self._tell()

    # ---- watching

    @property
    def board(self) -> Board:
        """How everything stands that was begun, the last plan first."""
        boards = [carried.run.board for carried in reversed(self._begun.values())]
        boards += [board_of(execution, self._clock.now(), running=False) for execution in self._unfinished]
        return Board(
            tuple(plan for board in boards for plan in board.plans), tuple(row for board in boards for row in board.rows)
        )

    @property
    def busy(self) -> bool:
        """Whether anything is being carried out."""
        return any(not carried.task.done() for carried in self._begun.values())

    def subscribe(self, listener: Callable[[Board], None]) -> Callable[[], None]:
        """Hear on the loop of every new board, at most some in a second; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def log(self, row: BoardRow) -> AsyncGenerator[str, None]:
        """The log of a row's run as it grows; it ends at once while there is no run."""
        carried = self._begun.get(row.plan)
        lines = carried.run.log(row.steps[0]) if carried is not None and row.steps else None
        if lines is not None:
            async with aclosing(lines):
                async for line in lines:
                    yield line

    async def cancel(self, row: BoardRow) -> None:
        """Ask the builder to end what it runs for a row, or let its steps not be begun."""
        carried = self._begun.get(row.plan)
        if carried is not None:
            for step in row.steps:
                await carried.run.cancel(step)

    async def stop(self) -> None:
        """Begin no further step of any plan; what runs is followed on."""
        for carried in self._begun.values():
            if not carried.task.done():
                await carried.run.stop()

    async def cancel_runs(self) -> None:
        """Ask the builders to end everything that they run for plans of ours."""
        for carried in self._begun.values():
            if not carried.task.done():
                await carried.run.cancel_runs()

    def _tell_soon(self) -> None:
        """Many rows may move in one moment: they are told together."""
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TOGETHER, self._tell)

    def _tell(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        board = self.board if self._listeners else Board()
        for listener in tuple(self._listeners):
            listener(board)
