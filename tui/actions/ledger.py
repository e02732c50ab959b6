"""What is known of the steps while a plan is carried out: every move is on disk before anybody hears of it, every send audited.

When disk or audit log refuse, nothing more is sent; what runs already is followed on, and told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import msgspec

from tui.actions.audit import AuditEvent, AuditFault, AuditLine, AuditLog
from tui.actions.clock import Clock
from tui.actions.state import Execution, StateFault, StateFile
from tui.actions.transitions import Replaced, Signal, StepRecord, advance
from tui.domain.plans.plan import Step
from tui.errors import TrustreeError

__all__ = ["Blocking", "Ledger"]

_log = logging.getLogger(__name__)
Blocking = Callable[[Callable[[], None]], Awaitable[None]]
"""Runs what waits for the disk, without keeping the loop from anything."""


async def in_thread(work: Callable[[], None]) -> None:
    """In a thread."""
    await asyncio.to_thread(work)


class Ledger:
    """The records of a plan's steps, one writer. `fault` is why nothing may be sent any more, None while all is well."""

    def __init__(
        self, execution: Execution, file: StateFile, audit: AuditLog, clock: Clock, blocking: Blocking = in_thread
    ) -> None:
        self._execution, self._file, self._audit, self._clock, self._blocking = execution, file, audit, clock, blocking
        self._records = dict(execution.steps)
        self._writing = asyncio.Lock()
        self._listeners: list[Callable[[], None]] = []
        self.fault: TrustreeError | None = None

    @property
    def execution(self) -> Execution:
        """The plan and how far it is."""
        return msgspec.structs.replace(self._execution, steps=dict(self._records))

    @property
    def records(self) -> Mapping[str, StepRecord]:
        """How far each step is, by its id."""
        return self._records

    def __getitem__(self, step: Step) -> StepRecord:
        return self._records[step.id]

    def needed_by(self, step: Step) -> list[StepRecord]:
        """How far the steps are that a step needs, as far as the plan has them."""
        return [record for name in step.needs if (record := self._records.get(name)) is not None]

    def pushed_for(self, step: Step) -> list[Replaced]:
        """What the rebuilds that a step needs have pushed, and in place of what."""
        return [image for record in self.needed_by(step) for image in record.replaced if image.digest]

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` on the loop whenever something is known anew; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def note(self, step: Step, sentence: str, **changes: object) -> None:
        """Say what a step is at, which is not worth a write to the disk."""
        record = msgspec.structs.replace(self._records[step.id], sentence=sentence, **changes)
        if record != self._records[step.id]:
            self._records[step.id] = record
            self._tell()

    async def move(self, step: Step, signal: Signal, **changes: object) -> StepRecord:
        """The step after a signal. A disk that refuses is a fault that ends all sending, no reason to forget what is known."""
        record = self._take(step, signal, changes)
        try:
            await self._save()
        except StateFault as fault:
            self.fault = self.fault or fault
        await self._audit_end(step, record)
        return record

    async def about_to_send(self, step: Step, mark: str, at: datetime) -> None:
        """Put on disk that it is about to be sent: state first, then the audit log. Raises StateFault or AuditFault.

        Whoever is killed after this finds that it may have been sent, and looks it up.
        """
        before = self._records[step.id]
        self._take(step, Signal.SEND, {"mark": mark, "sent": at})
        try:
            await self._save()
            await self._record(AuditEvent.SENDING, step)
        except (StateFault, AuditFault) as fault:
            self.fault = self.fault or fault
            self._records[step.id] = before  # nothing was sent
            raise

    async def answered(self, event: AuditEvent, step: Step, outcome: str, requests: tuple[str, ...] = ()) -> None:
        """Write down what became of a send. That this cannot be written undoes nothing: it ends all further sending."""
        try:
            await self._record(event, step, outcome, requests)
        except AuditFault as fault:
            self.fault = self.fault or fault

    async def plan_event(self, event: AuditEvent, outcome: str = "") -> None:
        """Write down what happens to the plan as a whole. Raises AuditFault."""
        plan = self._execution.plan
        line = AuditLine(event=event, plan=plan.id, kind=plan.action.value, target=plan.query, outcome=outcome)
        try:
            await self._blocking(lambda: self._audit.record(line))
        except AuditFault as fault:
            self.fault = self.fault or fault
            raise

    async def end(self) -> None:
        """Nothing is left to do. Raises StateFault."""
        self._execution = msgspec.structs.replace(self._execution, ended=self._clock.now())
        await self._save()

    @property
    def is_kept(self) -> bool:
        """Whether the plan is on disk: it was begun, and can be resumed."""
        return self._file.exists

    def discard(self) -> None:
        """Keep nothing of a plan that could not be begun."""
        self._file.discard()

    async def save(self) -> None:
        """Write what is known now. Raises StateFault."""
        await self._save()

    def _take(self, step: Step, signal: Signal, changes: Mapping[str, object]) -> StepRecord:
        record = advance(self._records[step.id], signal, self._clock.now(), **changes)
        _log.info("plan %s: %s is %s: %s", self._execution.plan.id, step.id, record.stage, record.sentence)
        self._records[step.id] = record
        self._tell()
        return record

    async def _save(self) -> None:
        async with self._writing:
            execution = self.execution
            await self._blocking(lambda: self._file.write(execution))

    async def _audit_end(self, step: Step, record: StepRecord) -> None:
        if record.ended:
            await self.answered(AuditEvent.STEP_ENDED, step, f"{record.stage}: {record.sentence}")

    async def _record(self, event: AuditEvent, step: Step, outcome: str = "", requests: tuple[str, ...] = ()) -> None:
        line = AuditLine(
            event=event,
            plan=self._execution.plan.id,
            step=step.id,
            mark=self._records[step.id].mark,
            kind=step.kind.value,
            target=step.target,
            what=step.what,
            requests=requests,
            outcome=outcome,
        )
        await self._blocking(lambda: self._audit.record(line))

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
