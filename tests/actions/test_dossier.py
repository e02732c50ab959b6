"""What a containment says of whom the compromised pods act as, and of what nobody could be asked for."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.actions.plans import plan_of, restart
from tests.actions.world import World
from tui.actions.dossier import with_identities
from tui.domain.plans.containing import MOUNTS_UNREAD
from tui.domain.plans.plan import Action, StepKind


async def test_the_accounts_and_secrets_of_its_pods_are_named_and_what_was_not_read_is_said(tmp_path: Path) -> None:
    world = World(tmp_path)
    step = restart("stop", kind=StepKind.SCALE_TO_ZERO, image="api")
    assert step.workload is not None
    away = msgspec.structs.replace(
        step, id="away", target="Deployment prod/away", workload=msgspec.structs.replace(step.workload, cluster="x")
    )
    plan = msgspec.structs.replace(plan_of(step, away, action=Action.CONTAIN), unknown=(MOUNTS_UNREAD, "Other."))
    made = await with_identities(world.plan(plan), world.outside(), 5.0)
    assert [note for note in made.notes if "service account shop" in note and "database and tls" in note]
    assert made.unknown[0] == "Other."
    assert "away can read is not known" in made.unknown[1]
    assert MOUNTS_UNREAD not in made.unknown
