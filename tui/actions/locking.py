"""A lock of what a registry holds: read, changed once on condition of what was seen, and read back."""

from __future__ import annotations

from tui.actions.audit import AuditEvent
from tui.actions.ledger import Ledger
from tui.actions.outside import Outside
from tui.actions.planning import lock_target
from tui.actions.sending import Answer, deny_for_missing, deny_or_fail, send
from tui.actions.transitions import Proof, ProofKind, Signal, Stage
from tui.domain.common.text import full_stop
from tui.domain.facts.image import Locks
from tui.domain.facts.rights import RightState
from tui.domain.plans.plan import Step, StepKind
from tui.errors import SourceError
from tui.sources.acting_ports import LockTarget, RegistryLocks

__all__ = ["Locking"]


class Locking:
    """One lock of a plan; each method carries it through one stage."""

    def __init__(self, step: Step, ledger: Ledger, outside: Outside) -> None:
        self._step, self._ledger, self._outside = step, ledger, outside
        self._seen: Locks | None = None

    async def carry(self, stage: Stage) -> None:
        """Carry it through a stage in which it is."""
        match stage:
            case Stage.SENDING:
                await self._look_up()
            case Stage.RECHECKED if self._seen is not None:
                await self._send(self._seen)
            case _:
                await self._recheck()

    @property
    def _locks(self) -> RegistryLocks | None:
        key = self._step.image
        return self._outside.locks.get(key.registry) if key is not None else None

    @property
    def _target(self) -> LockTarget:
        target = lock_target(self._step)
        assert target is not None  # else there are no locks for it
        return target

    def _is_done(self, locks: Locks) -> bool:
        return not locks.read if self._step.kind is StepKind.DISABLE_READ else not locks.delete and not locks.write

    def _wanted(self, locks: Locks) -> Locks:
        return locks.unreadable if self._step.kind is StepKind.DISABLE_READ else locks.locked

    async def _fail(self, sentence: str, remedy: str = "") -> None:
        await self._ledger.move(self._step, Signal.FAIL, sentence=sentence, remedy=remedy)

    async def _recheck(self) -> None:
        step, port = self._step, self._locks
        if port is None:
            await self._fail(step.blocked or "Its registry cannot be changed from here. Nothing was sent.", step.remedy)
            return
        try:
            locks = await port.read(self._target)
            missing = [right for right in await port.rights(self._target) if right.state is RightState.MISSING]
        except SourceError as error:
            await deny_or_fail(self._ledger, step, error)
            return
        if self._is_done(locks):
            words = "Somebody else has seen to it already; nothing was sent."
            self._ledger.note(step, words, adopted=True)
            await self._ledger.answered(AuditEvent.ADOPTED, step, words)
            await self._applied(locks)
            return
        if missing:
            await deny_for_missing(self._ledger, step, missing)
            return
        self._seen = locks
        await self._ledger.move(step, Signal.CHECKED, sentence="It was checked again.", before=_words(locks))

    async def _send(self, planned: Locks) -> None:
        port, target = self._locks, self._target
        self._seen = None
        if port is None:
            await self._fail("Its registry cannot be changed from here. Nothing was sent.")
            return
        call = port.change
        sent = await send(
            self._ledger,
            self._outside.clock,
            self._step,
            lambda: call(target, planned, self._wanted(planned)),
            lambda locks: (_words(locks), ()),
        )
        if sent.answer is Answer.DONE:
            await self._read_back("The registry has taken the change, but does not show it.")

    async def _look_up(self) -> None:
        await self._read_back("No answer came, and it is not known whether the change was made.")

    async def _read_back(self, otherwise: str) -> None:
        """What the registry says afterwards is the proof, not that it took the change."""
        port, limits, clock = self._locks, self._outside.limits, self._outside.clock
        end, problem = clock.monotonic() + limits.look_up, ""
        while port is not None:
            try:
                locks, problem = await port.read(self._target), ""
            except SourceError as error:
                problem = full_stop(error.headline)
            else:
                if self._is_done(locks):
                    await self._applied(locks)
                    return
            if clock.monotonic() >= end:
                break
            self._ledger.note(self._step, f"Waits for the registry to show the change. {problem}".rstrip())
            await clock.sleep(limits.look)
        await self._ledger.answered(AuditEvent.NOT_FOUND, self._step, f"{otherwise} {problem}".rstrip())
        remedy = "Look at the attributes of it in the registry, then make a new plan."
        await self._ledger.move(self._step, Signal.LOSE, sentence=f"{otherwise} {problem}".rstrip(), remedy=remedy)

    async def _applied(self, locks: Locks) -> None:
        record = self._ledger[self._step]
        proof = Proof(ProofKind.LOCK, f"The registry says: {_words(locks)}.", self._outside.clock.now(), _words(locks))
        await self._ledger.answered(AuditEvent.FOUND, self._step, proof.words)
        await self._ledger.move(self._step, Signal.PROVEN_LOCK, proofs=(*record.proofs, proof), sentence=proof.words)


def _words(locks: Locks) -> str:
    states = (("delete", locks.delete), ("write", locks.write), ("read", locks.read), ("list", locks.list))
    return ", ".join(f"{name} {'on' if allowed else 'off'}" for name, allowed in states)
