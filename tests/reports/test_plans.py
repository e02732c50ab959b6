"""Plans as documents: what was saved is opened as it was, and what is no plan is refused."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given

from tests.domain.plans.kit import world
from tests.domain.plans.test_rebuild import BUILDERS, CHAIN, DEBIAN_OLD, RUNNING, estates, plan_for
from tests.laws import examples
from tui.domain.plans.plan import Plan
from tui.domain.snapshot.snapshot import Snapshot
from tui.errors import UsageError
from tui.reports.plans import plan_from, plan_pieces

PLAN = plan_for(world(CHAIN, RUNNING, BUILDERS), DEBIAN_OLD)


def saved(plan: Plan) -> bytes:
    """A plan as it is saved."""
    return b"".join(plan_pieces(plan, "json", unicode=True))


@examples(40)
@given(estates())
def test_a_saved_plan_is_opened_as_it_was(snapshot: Snapshot) -> None:
    plan = plan_for(snapshot, *sorted(snapshot.images))
    assert plan_from(saved(plan), "plan.json") == plan


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b'{"schema": "trustree/plan/v1"}', b"\xff", b"[" * 100_000, saved(PLAN).replace(b"/v1", b"/v9")],
)
def test_what_is_no_plan_is_refused(document: bytes) -> None:
    with pytest.raises(UsageError):
        plan_from(document, "plan.json")


def test_steps_out_of_order_are_refused() -> None:
    turned = msgspec.structs.replace(PLAN, steps=PLAN.steps[::-1])
    with pytest.raises(UsageError, match="order"):
        plan_from(saved(turned), "plan.json")
