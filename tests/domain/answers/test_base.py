"""S2: a base is compromised; what is built on it, what has its old layers, what runs, and what mends itself."""

from __future__ import annotations

from tests.domain.answers.kit import answered
from tests.domain.world import A, World
from tui.domain.answers.base import BlastRadius
from tui.domain.answers.mending import MendingKind
from tui.domain.plans.plan import StepKind
from tui.domain.plans.rebuilding import rebuild
from tui.domain.plans.why_not import Outlooks
from tui.domain.query.query import parse_query
from tui.domain.snapshot.snapshot import Snapshot


def estate() -> World:
    """`debian:12` was rebuilt; `node` stands on its old build, `web` on `node`; `tool` on today's; `other` on something else.

    `mirror` has the content of the old build under another name, and `copy` stands there.
    """
    world = World()
    old = world.manifest(f"{A}/debian", "debian before", "12", layers="d", days=40)
    new = world.manifest(f"{A}/debian", "debian today", "12", layers="e", days=2)
    on_old = _on(f"{A}/debian:12", old)
    node = world.manifest(f"{A}/node", "node", "22", layers="dn", says=on_old, days=30)
    world.manifest(f"{A}/web", "web", "1", layers="dnw", says=_on(f"{A}/node:22", node), days=20)
    world.manifest(f"{A}/tool", "tool", "1", layers="et", says=_on(f"{A}/debian:12", new), days=1)
    world.manifest(f"{A}/other", "other", "1", layers="o")
    for name in ("web", "tool", "other"):
        digest = next(key.digest for key in world.snapshot().images if key.repository == name)
        world.run(f"shop/{name}", f"{A}/{name}:1", f"{A}/{name}@{digest}")
    return world


def _on(name: str, digest: str) -> dict[str, str]:
    return {"org.opencontainers.image.base.name": name, "org.opencontainers.image.base.digest": digest}


def radius_of(snapshot: Snapshot, text: str) -> BlastRadius:
    details = answered(snapshot, text).details
    assert isinstance(details, BlastRadius)
    return details


def test_what_is_built_on_it_and_how() -> None:
    answer = answered(estate().snapshot(), "base:debian")
    radius = radius_of(estate().snapshot(), "base:debian")
    assert sorted(key.repository for key in answer.extent.images) == ["node", "tool", "web"]
    assert sorted(key.repository for key in answer.extent.running) == ["tool", "web"]
    assert (radius.direct, radius.through) == (2, 1)


def test_old_layers_count_also_where_the_image_between_is_current() -> None:
    radius = radius_of(estate().snapshot(), "base:debian")
    assert (radius.outdated, radius.outdated_running, radius.untold) == (2, 1, 0)


def test_of_what_no_job_is_known_to_build_it_is_not_known_whether_it_rebuilds_by_itself() -> None:
    assert radius_of(estate().snapshot(), "base:debian").alone == ((Outlooks.UNKNOWN, 2),)


def test_what_mends_it_is_what_the_plan_of_the_same_images_does() -> None:
    snapshot = estate().snapshot()
    answer = answered(snapshot, "base:debian")
    plan = rebuild(snapshot, parse_query("base:debian").images(snapshot, snapshot.as_of).images, query="", now=snapshot.as_of)
    rebuilt = {key for step in plan.steps if step.kind is StepKind.REBUILD for key in (step.image, *step.also)}
    assert answer.mending.rebuilt == rebuilt
    workloads = {step.workload for step in plan.steps if step.workload is not None}
    stages = {stage.kind: stage for stage in answer.mending.steps}
    assert set(stages[MendingKind.WORKLOADS].workloads) == workloads
    assert stages[MendingKind.BASES].bases == (f"{A}/node:22",)


def test_the_same_layers_under_another_name_are_told() -> None:
    world = estate()
    world.manifest(f"{A}/mirror/deb", "debian before", "12", layers="d", days=40)
    radius = radius_of(world.snapshot(), "base:a.azurecr.io/debian")
    assert [name for name, _ in radius.shared] == [f"{A}/mirror/deb"]


def test_a_base_that_nothing_stands_on() -> None:
    answer = answered(estate().snapshot(), "base:alpine")
    assert answer.extent.is_empty
    assert answer.mending.steps == ()
