"""Lines of `doctor` on builders: the rights to act, which who only looks does not need."""

from __future__ import annotations

from tui.domain.common.text import clean
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.domain.facts.rights import Right, RightState

__all__ = ["right_line"]


def right_line(right: Right) -> Diagnosis:
    """A right to act: one that is missing, or that nobody tells of, is no fault of what is read."""
    name = f"{right.name}, {clean(right.on, 100)}"
    match right.state:
        case RightState.HELD:
            return Diagnosis(name, Tried.OK, right.reason)
        case RightState.MISSING:
            return Diagnosis(name, Tried.OFF, right.reason, right.name, right.remedy)
        case RightState.UNKNOWN:
            return Diagnosis(name, Tried.OFF, f"unknown: {right.reason}" if right.reason else "unknown", remedy=right.remedy)
