"""The one way by which anything outside is changed: written down, sent once, and its answer written down.

1. Nothing is sent when sending has ended: the operator stopped, or disk or audit log refuse.
2. State and audit log have it on disk, with the mark that stands for this send alone.
3. It is sent, once.
4. What was answered is on disk. No answer is no reason to send again: it is looked up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from tui.actions.audit import AuditEvent, AuditFault
from tui.actions.clock import Clock
from tui.actions.ledger import Ledger
from tui.actions.state import StateFault
from tui.actions.transitions import Signal
from tui.domain.common.text import clean, full_stop, listed
from tui.domain.facts.rights import Right
from tui.domain.plans.plan import Step
from tui.errors import AuthenticationFailed, Changed, Forbidden, OutcomeUnknown, SourceError, Throttled, TrustreeError
from tui.sources.kit.request_ids import collected_ids

__all__ = ["MOST_TRIES", "Answer", "Sent", "deny_for_missing", "deny_or_fail", "mark_of", "send"]

T = TypeVar("T")
MOST_TRIES = 5
"""How often a send that was refused for being one of too many is made anew: nothing came of those before."""
PATIENCE = 30.0


class Answer(StrEnum):
    """What became of a send. REFUSED: surely not done, and the step is told so; AGAIN: surely not done, and worth another try;
    LEFT: nothing was sent, and it is left for later."""

    DONE = "done"
    REFUSED = "refused"
    AGAIN = "again"
    LEFT = "left"
    UNANSWERED = "unanswered"


class Sent(msgspec.Struct, Generic[T]):
    """What became of a send, and what was answered."""

    answer: Answer
    value: T | None = None


def mark_of(plan: str, step: str) -> str:
    """What stands for this step of this plan alone, for whoever carries it out."""
    return hashlib.sha256(f"{plan}\n{step}".encode()).hexdigest()[:16]


async def send(
    ledger: Ledger,
    clock: Clock,
    step: Step,
    call: Callable[[], Awaitable[T]],
    describe: Callable[[T], tuple[str, tuple[str, ...]]],
) -> Sent[T]:
    """Send once. `describe` gives what was answered in words, and the ids of requests."""
    if ledger.fault is not None:
        return _left(ledger, step, ledger.fault)
    try:
        await ledger.about_to_send(step, mark_of(ledger.execution.plan.id, step.id), clock.now())
    except (StateFault, AuditFault) as fault:
        return _left(ledger, step, fault)
    with collected_ids() as ids:
        try:
            value = await call()
        except OutcomeUnknown as error:
            await ledger.answered(AuditEvent.UNANSWERED, step, error.headline, tuple(ids))
            return Sent(Answer.UNANSWERED)
        except SourceError as error:
            await ledger.answered(AuditEvent.REFUSED, step, error.headline, tuple(ids))
            return Sent(await _refused(ledger, clock, step, error))
    words, requests = describe(value)
    await ledger.answered(AuditEvent.DONE, step, words, (*requests, *ids))
    return Sent(Answer.DONE, value)


def _left(ledger: Ledger, step: Step, fault: TrustreeError) -> Sent[T]:
    """A step that disk or audit log keep from being sent stays in the plan: when they have room again it can be resumed."""
    ledger.note(step, f"It was not sent. {fault.headline}", remedy=fault.remedy)
    return Sent(Answer.LEFT)


async def _refused(ledger: Ledger, clock: Clock, step: Step, error: SourceError) -> Answer:
    tries = ledger[step].tries + 1
    if isinstance(error, Throttled) and tries < MOST_TRIES:
        await ledger.move(step, Signal.NOT_SENT, tries=tries, sentence=full_stop(error.headline))
        await clock.sleep(error.retry_after if error.retry_after is not None else PATIENCE)
        return Answer.AGAIN
    await deny_or_fail(ledger, step, error)
    return Answer.REFUSED


async def deny_for_missing(ledger: Ledger, step: Step, missing: Sequence[Right]) -> None:
    """End a step of which nothing was sent, as these rights are missing."""
    names = listed([clean(f"{right.name} on {right.on}", 160) for right in missing])
    await ledger.move(step, Signal.DENY, sentence=f"The right is missing: {names}. Nothing was sent.", remedy=missing[0].remedy)


async def deny_or_fail(ledger: Ledger, step: Step, error: SourceError) -> None:
    """End a step of which surely nothing was done, by what kept it."""
    match error:
        case Forbidden() | AuthenticationFailed():
            signal = Signal.DENY
        case Changed():
            signal = Signal.CHANGE
        case _:
            signal = Signal.FAIL
    differences = error.differences if isinstance(error, Changed) else ()
    further = [full_stop(words) for words in differences if words not in error.headline]
    nothing = () if "nothing was changed" in error.headline.lower() else ("Nothing was changed.",)
    sentence = " ".join((full_stop(error.headline), *further, *nothing))
    await ledger.move(step, signal, sentence=sentence, remedy=error.remedy)
