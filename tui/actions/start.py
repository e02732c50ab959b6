"""How carrying out begins: what is on disk of a plan is carried on, what was ended is not begun again."""

from __future__ import annotations

from datetime import datetime

from tui.actions.recheck import substance
from tui.actions.state import Execution, StateFile
from tui.actions.transitions import StepRecord
from tui.domain.plans.plan import Plan
from tui.errors import UsageError

__all__ = ["begin"]


def begin(file: StateFile, plan: Plan, now: datetime, operator: str) -> Execution:
    """The execution of a plan, as far as it was carried out already. Raises StateFault, and UsageError when it has ended or when
    another plan has its id."""
    execution = file.read()
    if execution is None:
        return Execution(plan=plan, begun=now, operator=operator, steps={step.id: StepRecord(since=now) for step in plan.steps})
    if execution.plan.action is not plan.action or _substances(execution.plan) != _substances(plan):
        raise UsageError(f"Another plan with the id {plan.id} was started already.", "Make a new plan.")
    if execution.ended is not None:
        raise UsageError(
            f"Plan {plan.id} was carried out already; it ended at {execution.ended:%Y-%m-%d %H:%M} UTC.", "Make a new plan."
        )
    return execution


def _substances(plan: Plan) -> list[tuple[object, ...]]:
    """What the plan does: an edited file may have the id of another plan, and what was shown and allowed is carried out."""
    return [(step.id, *substance(step)) for step in plan.steps]
