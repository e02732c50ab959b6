"""What could not be read says what makes it readable: no finding is without a next step."""

from __future__ import annotations

from tests.domain.world import A, World, digest
from tui.domain.checks.reading_steps import reading_step
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.common.trust import CheckName, State
from tui.domain.query.findings import find


def test_an_image_that_cannot_be_read_has_a_step_in_every_question() -> None:
    world = World()
    world.health(SourceId(SourceKind.CLUSTER, "lab"))
    world.run("shop/api", f"{A}/app/api:1", f"{A}/app/api@{digest('x')}")
    unknown = {each.check: each.fix for each in find(world.snapshot()) if each.state is State.UNKNOWN}
    for check in (CheckName.SIGNATURE, CheckName.BASE, CheckName.AGE, CheckName.IDENTITY):
        assert unknown[check] == f"Make {A} readable: trustree doctor says what is missing."


def test_a_registry_that_is_not_asked_can_be_asked() -> None:
    said = reading_step("quay.io", "the configuration says not to ask quay.io.")
    assert said == "Set ask = true in the settings of quay.io."
