"""A name that means another image than what runs: what was before and is now, who runs what, who pushed it, what an undo does."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from tests.domain.answers.kit import answered
from tests.domain.world import NOW, A, World, digest, name_of, running
from tui.domain.answers.comparing import Alike, compare, compare_configurations
from tui.domain.answers.mix import Mix
from tui.domain.answers.moves import Move, Moves, moves_among
from tui.domain.answers.restarting import RestartOutcome, restarts_of, roulette_of
from tui.domain.common.trust import State
from tui.domain.facts.build import BuilderKind, BuiltImage, Job, JobKey, Run, RunState
from tui.domain.facts.build_events import JobsSeen, RunsSeen, builder_source
from tui.domain.facts.events import SourceId, SourceKind, TagsListed
from tui.domain.facts.image import Tag
from tui.domain.facts.workload import ContainerType, Resource, TemplateContainer
from tui.domain.snapshot.snapshot import BaseLink, Basis, Confidence, ImageKey, Snapshot

APP = f"{A}/shop/api"
NAME = f"{APP}:1"


def key(found: str) -> ImageKey:
    return ImageKey(A, "shop/api", found)


def moved_world(policy: str = "IfNotPresent") -> tuple[World, str, str]:
    """Three pods run what the tag named before, one runs what it names now."""
    world = World()
    old = world.manifest(APP, "old", "1")
    new = world.manifest(APP, "new", "1")
    rows = (Tag("1", new, updated=NOW - timedelta(days=3)),)
    world.tell(TagsListed(SourceId(SourceKind.REGISTRY, A), name_of(APP), rows, True, world.clock))
    owner = world.deployment("shop/api", NAME, 4)
    for number, found in enumerate((old, old, old, new)):
        body = msgspec.structs.replace(running(NAME, f"{APP}@{found}"), pull_policy=policy)
        world.pod(f"shop/api-{number}", body, owner=owner)
    return world, old, new


def the_move(snapshot: Snapshot) -> Move:
    (move,) = moves_among(snapshot, snapshot.workloads).moves
    return move


def test_what_ran_before_and_now_and_which_pods_still_run_what() -> None:
    world, old, new = moved_world()
    move = the_move(world.snapshot())
    assert (move.current, move.before, move.tag) == (key(new), (key(old),), "1")
    assert move.pods == ((key(old), 3), (key(new), 1))
    assert move.stale_pods == 3
    assert move.moved == NOW - timedelta(days=3)
    assert (move.push.run, move.push.builder_asked) == (None, False)


def test_who_pushed_it_is_told_by_the_run_of_a_builder_alone() -> None:
    world, _, new = moved_world()
    job = JobKey(BuilderKind.ACR_TASKS, A, "tasks/api")
    source = builder_source(BuilderKind.ACR_TASKS, A)
    image = BuiltImage(name_of(APP), "1", new)
    world.tell(JobsSeen(source, 1, (Job(job, "api", images=(BuiltImage(name_of(APP), "1"),)),)))
    run = Run(BuilderKind.ACR_TASKS, A, "cf7", RunState.SUCCEEDED, job, finished=NOW, images=(image,))
    world.tell(RunsSeen(source, (run,), world.clock))
    push = the_move(world.snapshot()).push
    assert push.run is not None
    assert (push.run.id, push.job, push.builder_asked) == ("cf7", "api", True)


def test_an_undo_does_not_help_where_the_older_version_has_the_same_tag() -> None:
    world, _, _ = moved_world()
    snapshot = world.snapshot()
    (workload,) = snapshot.workloads
    assert the_move(snapshot).undo.useless == (workload,)


def test_an_undo_goes_to_another_build_under_another_tag() -> None:
    world = World()
    older, old, new = world.manifest(APP, "older", "0"), world.manifest(APP, "old", "1"), world.manifest(APP, "new", "1")
    template = TemplateContainer("main", ContainerType.CONTAINER, NAME)
    top = world.controller("shop/Deployment/api", Resource.DEPLOYMENTS, template, desired=1, revision="2")
    owners = []
    for revision, tag, desired in (("1", "0", 0), ("2", "1", 1)):
        template = TemplateContainer("main", ContainerType.CONTAINER, f"{APP}:{tag}")
        place = f"shop/ReplicaSet/api-{revision}"
        owners.append(world.controller(place, Resource.REPLICASETS, template, owner=top, desired=desired, revision=revision))
    world.pod("shop/api-2-0", running(NAME, f"{APP}@{old}"), owner=owners[1])
    move = the_move(world.snapshot())
    assert [found for _, found in move.undo.helps] == [key(older)]
    assert move.current == key(new)


def test_a_restart_brings_the_new_one_and_a_node_may_hide_it() -> None:
    for policy, hidden in (("IfNotPresent", True), ("Always", False)):
        world, _, new = moved_world(policy)
        snapshot = world.snapshot()
        (restart,) = restarts_of(snapshot, snapshot.workloads)
        assert (restart.outcome, restart.becomes, restart.hidden) == (RestartOutcome.CHANGES, key(new), hidden)


def test_a_restart_fails_where_the_tag_is_gone_and_is_the_same_where_it_did_not_move() -> None:
    world = World()
    found = world.manifest(APP, "a", "1", "2")
    world.fail(APP, "2")
    world.run("shop/gone", f"{APP}:2", f"{APP}@{found}")
    world.run("shop/fine", NAME, f"{APP}@{found}")
    world.run("shop/unread", f"{A}/other:1", f"{A}/other@{digest('x')}")
    snapshot = world.snapshot()
    roulette = roulette_of(restarts_of(snapshot, snapshot.workloads))
    assert [key.name for key in roulette.fails] == ["gone"]
    assert [key.name for key in roulette.unknown] == ["unread"]
    assert roulette.changes == ()
    assert roulette.failing_pods == 1


def test_what_ran_is_gone_and_the_tag_names_something_so_that_a_restart_changes_it() -> None:
    world, old, new = moved_world()
    world.purge(APP, old)
    snapshot = world.snapshot()
    (restart,) = restarts_of(snapshot, snapshot.workloads)
    assert restart.outcome in (RestartOutcome.CHANGES,)
    assert the_move(snapshot).lost == (key(old),)
    assert new


def test_a_name_that_few_images_have_is_answered_by_what_moved_under_it() -> None:
    world, *_ = moved_world()
    snapshot = world.snapshot()
    assert isinstance(answered(snapshot, "drift:mixed").details, Moves)
    assert isinstance(answered(snapshot, "shop/api").details, Moves)
    world = World()
    found = world.manifest(APP, "a", "1")
    world.run("shop/api", NAME, f"{APP}@{found}")
    assert isinstance(answered(world.snapshot(), "shop/api").details, Mix)


OLD = b'{"rootfs":{"diff_ids":["a","b","c"]},"config":{"User":"app","Labels":{"v":"1","team":"x"},"Env":["A=1"],"Cmd":["run"]}}'
NEW = b'{"rootfs":{"diff_ids":["a","d"]},"config":{"Labels":{"v":"2","team":"x"},"Env":["A=1","B=2"],"Cmd":["run"]}}'


def test_two_configurations_side_by_side() -> None:
    rows = {row.what: row for row in compare_configurations(OLD, NEW)}
    assert (rows["layers"].before, rows["layers"].after) == ("3, the first 1 shared", "2, 1 of its own")
    assert (rows["user"].before, rows["user"].after) == ("app", "root")
    assert (rows["label v"].before, rows["label v"].after) == ("1", "2")
    assert (rows["environment B"].before, rows["environment B"].after) == ("none", "2")
    assert rows["command"].alike is Alike.SAME
    assert "label team" not in rows
    assert compare_configurations(b"[]", NEW) == ()
    assert compare_configurations(b"{}", NEW) == ()  # that of something else than an image
    assert compare_configurations(b"\xff", NEW) == ()


def test_what_differs_beyond_what_is_shown_is_not_the_same() -> None:
    long = "x" * 2_000
    old, new = (
        msgspec.json.encode({"rootfs": {"diff_ids": ["a"]}, "config": {"Entrypoint": [long, last], "Env": [f"A={long}{last}"]}})
        for last in "ab"
    )
    rows = {row.what: row for row in compare_configurations(old, new)}
    assert rows["entrypoint"].alike is rows["environment A"].alike is Alike.DIFFERENT
    assert all(len(row.before) <= 300 for row in rows.values())


def test_what_is_not_known_of_both_is_not_the_same() -> None:
    world, old, new = moved_world()
    snapshot = world.snapshot()
    before, after = (
        msgspec.structs.replace(snapshot.images[key(found)], checks=(), verdict=State.UNKNOWN) for found in (old, new)
    )
    rows = {row.what: row.alike for row in compare(before, after, snapshot)}
    assert rows["verdict"] is rows["signature"] is rows["scan"] is Alike.UNKNOWN


def test_bases_whose_digests_begin_alike_are_not_the_same() -> None:
    world, old, _ = moved_world()
    snapshot = world.snapshot()
    ends = ("a", "b")
    links = (BaseLink(ImageKey(A, "base", f"sha256:{'0' * 63}{end}"), Basis.LAYERS, Confidence.CERTAIN, tag="1") for end in ends)
    before, after = (msgspec.structs.replace(snapshot.images[key(old)], base=link) for link in links)
    assert {row.what: row.alike for row in compare(before, after, snapshot)}["base"] is Alike.DIFFERENT
