"""Checks, their states and the roll-up. Unknown never looks like fine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.common.source_id import SourceId

__all__ = ["BAD_FIRST", "Check", "CheckName", "State", "roll_up", "worst"]


class State(StrEnum):
    """How a check ends. OFF: the policy does not ask, or nothing can answer yet; it never counts."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    OFF = "off"

    # As a text, which it is: that of an enumeration is computed anew each time that a member is looked up.
    __hash__ = str.__hash__

    @property
    def severity(self) -> int:
        """Worst is highest: fail > unknown > warn > pass > off."""
        return _SEVERITY[self]

    @property
    def is_flaw(self) -> bool:
        """Whether somebody has to look: what is not known is no better than what is wrong."""
        return self not in (State.PASS, State.OFF)

    @property
    def is_wrong(self) -> bool:
        """Whether something is known to be wrong: what can be waived, or accepted."""
        return self in (State.FAIL, State.WARN)


BAD_FIRST = (State.FAIL, State.UNKNOWN, State.WARN, State.PASS)
"""What counts, in the order in which numbers of it are told: worst first."""
_SEVERITY = {State.OFF: 0, State.PASS: 1, State.WARN: 2, State.UNKNOWN: 3, State.FAIL: 4}


class CheckName(StrEnum):
    """The seven questions."""

    REGISTRY = "registry"
    SIGNATURE = "signature"
    SCAN = "scan"
    BASE = "base"
    IDENTITY = "identity"
    AGE = "age"
    ADMISSION = "admission"

    __hash__ = str.__hash__


class Check(msgspec.Struct, frozen=True, gc=False):
    """One question about one image or container, answered.

    `reason` is a plain sentence; `sources` are where the facts came from; `rule` the policy rule that decided;
    `brief` a few words for a tree row (`unsigned`, `moved 3d`), empty when fine; `remedy` what would change the answer;
    `accepted` the exceptions of the policy that turned a failure into a warning. `weights` say what a vulnerability counts by its
    severity and whether a fix is known, `excepted` are the identifiers (in capitals) that the policy accepts.
    """

    name: CheckName
    state: State
    reason: str
    sources: tuple[SourceId, ...] = ()
    as_of: datetime | None = None
    rule: str = ""
    brief: str = ""
    remedy: str = ""
    accepted: str = ""
    weights: tuple[tuple[str, bool, State], ...] = ()
    excepted: frozenset[str] = frozenset()


def worst(states: Iterable[State]) -> State:
    """The worst of the states; UNKNOWN when there is none, or none that counts: nothing known is not fine."""
    worst_state = max(states, key=_SEVERITY.__getitem__, default=State.UNKNOWN)
    return State.UNKNOWN if worst_state is State.OFF else worst_state


def roll_up(checks: Iterable[Check]) -> State:
    """The verdict of a set of checks."""
    return worst([check.state for check in checks])
