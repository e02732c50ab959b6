"""What is known of plans that are carried out, on disk: replaced as a whole and safe before anything is sent.

One file a plan, and a lock beside it, held while somebody carries the plan out: a second process is told who does.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec

from tui.actions.transitions import StepRecord, unproven
from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.text import clean
from tui.domain.plans.plan import Plan
from tui.errors import TrustreeError, UsageError
from tui.private_files import in_the_way, make_private, open_private, read_regular, sync_directory, write_private

__all__ = ["Execution", "PlanHeld", "StateFault", "StateFile", "StateFiles"]

SCHEMA = "trustree/execution/v1"
LARGEST = 64 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class StateFault(TrustreeError):
    """The state of a plan cannot be written or read: nothing more is sent."""


class PlanHeld(TrustreeError):
    """Another process carries out this plan."""


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """A plan and how far each of its steps is. `ended` is when nothing was left to do, None while there is."""

    schema: str = SCHEMA
    plan: Plan
    begun: datetime
    operator: str = ""
    ended: datetime | None = None
    steps: dict[str, StepRecord] = {}


class StateFiles:
    """The plans that were begun on this machine, by this user."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @contextmanager
    def claimed(self, plan: str, who: str) -> Iterator[StateFile]:
        """The file of a plan, which is nobody else's while the context lasts. Raises PlanHeld, StateFault and UsageError."""
        if not _NAME.fullmatch(plan):
            raise UsageError(f"“{clean(plan, 60)}” cannot be the id of a plan.", "Ids have letters, digits, points and dashes.")
        file = self._directory / f"{plan}.lock"
        try:
            make_private(self._directory)
            descriptor = open_private(str(file), os.O_RDWR)
        except OSError as error:
            raise _fault(file, "written", error) from error
        state = StateFile(self._directory / f"{plan}.json")
        try:
            _take(descriptor, plan, who)
            try:
                yield state
            finally:
                if not state.exists:  # it was never begun: nothing is left of having asked for it
                    with suppress(OSError):
                        file.unlink()
        finally:
            os.close(descriptor)

    def read(self, plan: str, who: str) -> Execution | None:
        """What is known of a plan that nobody carries out; None when it was never begun, and nothing is made for it then. Raises
        as `claimed` does."""
        if _NAME.fullmatch(plan) and not StateFile(self._directory / f"{plan}.json").exists:
            return None
        with self.claimed(plan, who) as file:
            return file.read()

    def unfinished(self) -> tuple[Execution, ...]:
        """The plans that were begun and not brought to an end, the last one first; what cannot be read is left out."""
        executions = []
        with suppress(OSError):
            for path in self._directory.glob("*.json"):
                with suppress(StateFault):
                    execution = StateFile(path).read()
                    if execution is not None and execution.ended is None:
                        executions.append(execution)
        return tuple(sorted(executions, key=lambda execution: execution.begun, reverse=True))


class StateFile:
    """The state of one plan. Raises StateFault."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether there is one, readable or not."""
        return os.path.lexists(self.path)

    def read(self) -> Execution | None:
        """What is known of the plan; None when it was never begun."""
        try:
            body = read_regular(self.path, LARGEST)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _fault(self.path, "read", error) from error
        try:
            execution = from_json(body, Execution)
        except DECODING as error:
            raise _unreadable(self.path) from error
        if not _is_whole(execution):
            raise _unreadable(self.path)
        return execution

    def write(self, execution: Execution) -> None:
        """Replace the file as a whole, and wait until the disk has it."""
        part = self.path.with_name(self.path.name + ".part")
        try:
            write_private(part, msgspec.json.encode(execution))
            part.replace(self.path)
            sync_directory(self.path.parent)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise _fault(self.path, "written", error) from error

    def discard(self) -> None:
        """Forget a plan of which nothing was sent and nothing will be."""
        with suppress(OSError):
            self.path.unlink()


def _is_whole(execution: Execution) -> bool:
    """Whether a file says of each step how far it is, and nothing is done that is not proven."""
    steps = {step.id for step in execution.plan.steps}
    if execution.schema != SCHEMA or not steps or set(execution.steps) != steps or not execution.plan.is_ordered:
        return False
    return not any(unproven(record.stage, record) for record in execution.steps.values())


def _take(descriptor: int, plan: str, who: str) -> None:
    """Hold the lock and say in it who does. Raises PlanHeld, StateFault."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink == 0:  # whoever held it has just taken the file away: another one may be held by now
            raise PlanHeld(f"Plan {plan} was just claimed by another process.", "Try again.")
    except BlockingIOError as error:
        holder = clean(os.pread(descriptor, 300, 0).decode(errors="replace").strip(), 200) or "another process"
        raise PlanHeld(f"Plan {plan} is being carried out by {holder}.", "Wait until that has ended.") from error
    with suppress(OSError):  # the name is only for the others: the lock holds without it
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, clean(who, 200).encode(errors="replace"), 0)


def _fault(path: Path, verb: str, error: OSError) -> StateFault:
    return StateFault(
        f"The state of the plan, {path}, cannot be {verb}: {error.strerror or 'the system refuses it'}. Nothing is sent.",
        f"Move {path if path.parent.is_dir() else path.parent} away, where nothing is unfinished."
        if in_the_way(error)
        else f"Free some space in {path.parent}, or change its owner to you.",
    )


def _unreadable(path: Path) -> StateFault:
    return StateFault(
        f"The state of the plan, {path}, is damaged or of another version: what was sent is not known. Nothing is sent.",
        "The audit log beside it says what was sent. Look it up at the builders, then make a new plan.",
    )
