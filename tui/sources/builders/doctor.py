"""Lines of `doctor` on builders: what can be read, and the rights to act, which who only looks does not need."""

from __future__ import annotations

from tui.domain.common.text import clean
from tui.domain.facts.diagnosis import Diagnosis
from tui.domain.facts.rights import Right, RightState
from tui.errors import AuthenticationFailed, Forbidden, SourceError

__all__ = ["read_line", "right_line"]


def read_line(name: str, error: SourceError) -> Diagnosis:
    """Something that cannot be read."""
    right = error.right if isinstance(error, Forbidden) else ""
    state = "denied" if isinstance(error, Forbidden | AuthenticationFailed) else "failed"
    return Diagnosis(name, state, error.headline, right, error.remedy)


def right_line(right: Right) -> Diagnosis:
    """A right to act: one that is missing, or that nobody tells of, is no fault of what is read."""
    name = f"{right.name}, {clean(right.on, 100)}"
    match right.state:
        case RightState.HELD:
            return Diagnosis(name, "ok", right.reason)
        case RightState.MISSING:
            return Diagnosis(name, "off", right.reason, right.name, right.remedy)
        case RightState.UNKNOWN:
            return Diagnosis(name, "off", f"unknown: {right.reason}" if right.reason else "unknown", remedy=right.remedy)
