"""What has changed since a plan was made, held against the object by what its conditions name."""

from __future__ import annotations

import msgspec
import pytest

from tests.actions.plans import plan_of, rebuild, restart
from tui.actions.recheck import compared, differences, reopened
from tui.domain.facts.rights import Right, RightState
from tui.domain.facts.rollout import RolloutState
from tui.domain.facts.workload import ContainerType, ObjectKey, TemplateContainer
from tui.domain.plans.plan import Forecast, Precondition, Step, StepKind, image_condition
from tui.domain.plans.redeploying import image_seen
from tui.domain.snapshot.snapshot import Container

KEY = ObjectKey("prod", "shop", "CronJob", "settle")
INIT, MAIN, SIDE = (
    TemplateContainer("migrate", ContainerType.INIT, "r.example/migrate:1"),
    TemplateContainer("main", ContainerType.CONTAINER, "r.example/web:1"),
    TemplateContainer(
        "proxy-of-a-name-that-is-as-long-as-names-of-containers-may-be-1", ContainerType.SIDECAR, "r.example/proxy:1"
    ),
)
TWIN = msgspec.structs.replace(SIDE, name=f"{SIDE.name[:-1]}2", image="r.example/proxy:2")
STATE = RolloutState(key=KEY, uid="u", api_version="batch/v1", resource_version="7", containers=(INIT, SIDE, MAIN))


def step(*containers: TemplateContainer) -> Step:
    conditions = tuple(
        image_seen(KEY, Container(seen.name, seen.type, seen.image, place=("containers", 0))) for seen in containers
    )
    return Step(id="s", kind=StepKind.PIN, target="t", what="", why="", workload=KEY, preconditions=conditions)


def test_a_condition_points_to_the_image_that_it_is_about() -> None:
    assert step(MAIN).preconditions == (
        Precondition("the image of container main", "r.example/web:1", "/spec/jobTemplate/spec/template/spec/containers/0/image"),
    )
    unknown = image_seen(KEY, Container("main", ContainerType.CONTAINER, "r.example/web:1"))
    assert unknown.path == "", "where it stands is not known"


@pytest.mark.parametrize("order", [(INIT, SIDE, MAIN), (MAIN, SIDE, INIT), (TWIN, INIT, MAIN, SIDE)])
def test_another_order_is_no_difference(order: tuple[TemplateContainer, ...]) -> None:
    state = msgspec.structs.replace(STATE, containers=order)
    assert differences(step(INIT, MAIN, SIDE), state) == ()


def test_another_image_under_the_name_is_a_difference_wherever_it_stands() -> None:
    new = msgspec.structs.replace(INIT, image="r.example/migrate:2")
    state = msgspec.structs.replace(STATE, containers=(MAIN, new))
    assert differences(step(INIT, MAIN, SIDE), state) == (
        "The image of container migrate was r.example/migrate:1 and is r.example/migrate:2 now.",
        f"T{image_condition(SIDE.name)[1:]} was r.example/proxy:1 and is gone now.",
    )


@pytest.mark.parametrize(
    "edited",
    [
        {"needs": ()},
        {"target": "Deployment test/toy"},
        {"undo": "kubectl delete namespace shop"},
        {"commands": ("true",)},
        {"containers": ("other",)},
    ],
)
def test_whatever_a_file_says_of_a_step_otherwise_is_a_difference(edited: dict[str, object]) -> None:
    plan = plan_of(rebuild("api"), restart("web", needs=("api",), image="api"))
    other = msgspec.structs.replace(plan, steps=(plan.steps[0], msgspec.structs.replace(plan.steps[1], **edited)))
    assert compared(plan, plan) == ()
    assert len(compared(other, plan)) == 1


@pytest.mark.parametrize(
    ("edited", "words"),
    [
        ({"what": "Does nothing."}, "what it does: the plan says “Does nothing.”; now it would say “Restart web.”."),
        ({"why": "It was agreed."}, "why: the plan says “It was agreed.”; now it would say “It runs what was built before.”."),
        ({"leaves": ("Production.",)}, "what it leaves alone: the plan says “Production.”; now it would say nothing."),
        ({"warnings": ("All is well.\x1b[2J",)}, "its warnings: the plan says “All is well."),
        ({"blocked": "Not yet."}, "could not be done when the plan was made, and can be done now."),
    ],
)
def test_whatever_a_file_tells_of_a_step_is_held_against_what_is_so_now(edited: dict[str, object], words: str) -> None:
    """Who opens it reads these sentences and agrees by them; of a plan of our own they may change while everything is read."""
    plan = plan_of(restart("web"))
    other = msgspec.structs.replace(plan, steps=(msgspec.structs.replace(plan.steps[0], **edited),))
    (difference,) = compared(other, plan, words=True)
    assert difference.startswith("restart of prod/web")
    assert words in difference
    assert "\x1b" not in difference
    assert compared(other, plan) == ()
    assert compared(plan, plan, words=True) == ()


def test_what_only_today_can_tell_of_a_plan_is_not_taken_from_its_file() -> None:
    held, missing = (Right("patch", "prod", state) for state in (RightState.HELD, RightState.MISSING))
    today = plan_of(msgspec.structs.replace(restart("web"), rights=(missing,), blocked="The right is missing.", seconds=60.0))
    today = msgspec.structs.replace(today, id="p2", forecast=Forecast(), notes=("Nothing else.",), unknown=("The base.",))
    lie = msgspec.structs.replace(restart("web"), rights=(held,), seconds=1.0)
    saved = msgspec.structs.replace(plan_of(lie), forecast=Forecast(("CVE-1",)), notes=("All is well.",))
    plan = reopened(saved, today)
    assert plan.id == saved.id
    assert (plan.steps, plan.forecast, plan.notes, plan.unknown) == (today.steps, today.forecast, today.notes, today.unknown)
