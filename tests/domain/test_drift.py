"""Whether what runs is what its name says, case by case.

What `imageID` holds: containerd `container_status.go` (the first repository digest of the config on that node, else the
config's digest), CRI-O `oci/container.go` ("some repo digest", or 64 bare digits), cri-dockerd (`docker-pullable://`,
`docker://`); an empty one has not started. The traps are false alarms that other tools were seen to give: dockge#13,
drydock#669, Pulse#1689, cri-o#9925.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.domain.world import AMD, ARM, A, B, World, container, digest, running, waiting
from tui.domain.facts.events import AbsenceKind, SourceId, SourceKind, SourceState
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.workload import Resource, TemplateContainer
from tui.domain.snapshot.snapshot import Drift

APP, TAG = f"{A}/app", f"{A}/app:1"
Case = Callable[[World], None]
CASES: list[object] = []


def case(drift: Drift, *words: str) -> Callable[[Case], Case]:
    """A world whose workload `web` must be found to drift so; `words` are in the reason."""

    def register(make: Case) -> Case:
        CASES.append(pytest.param(make, drift, words, id=make.__name__))
        return make

    return register


def at(name: str, found: str) -> str:
    """`imageID` as containerd and CRI-O report it."""
    return f"{name}@{found}"


# ---- the same


@case(Drift.SAME, "names what runs")
def the_tag_names_what_runs(world: World) -> None:
    world.run("x/web", TAG, at(APP, world.manifest(APP, "new", "1")))


@case(Drift.SAME, "names what runs")
def dockershim_reports_a_pullable_name(world: World) -> None:
    world.run("x/web", TAG, f"docker-pullable://{APP}@{world.manifest(APP, 'new', '1')}")


@case(Drift.SAME, "same content")
def an_image_that_was_built_on_the_node_is_reported_by_its_config(world: World) -> None:
    world.manifest(APP, "new", "1")
    world.run("x/web", TAG, digest(f"config new {AMD}"))


@case(Drift.SAME, "same content")
def cri_o_reports_64_bare_digits_after_a_restart(world: World) -> None:
    world.manifest(APP, "new", "1")
    world.run("x/web", TAG, digest(f"config new {AMD}").removeprefix("sha256:"))


@case(Drift.SAME, "same content")
def docker_reports_a_config(world: World) -> None:
    world.manifest(APP, "new", "1")
    world.run("x/web", TAG, f"docker://{digest(f'config new {AMD}')}")


@case(Drift.SAME, "same content for linux/amd64")
def only_another_platform_was_pushed_again(world: World) -> None:
    old = world.index(APP, "new", "1")
    world.index(APP, "new", "1", contents={ARM: "newer"})
    world.run("x/web", TAG, at(APP, old))


@case(Drift.SAME, "same content")
def an_attestation_was_added_later(world: World) -> None:
    old = world.index(APP, "new", "1")
    world.index(APP, "new", "1", attested=True)
    world.run("x/web", TAG, at(APP, old))


@case(Drift.SAME, "same content")
def the_node_reports_the_platform_manifest_and_the_tag_names_the_index(world: World) -> None:
    world.index(APP, "new", "1")
    world.run("x/web", TAG, at(APP, digest(f"manifest new {AMD} ")))


@case(Drift.SAME, "same content")
def the_node_reports_an_index_and_the_tag_names_the_manifest(world: World) -> None:
    index = world.index(APP, "new")
    world.tag(APP, digest(f"manifest new {AMD} "), "1")
    world.run("x/web", TAG, at(APP, index))


@case(Drift.SAME, "same content")
def a_copy_was_compressed_anew(world: World) -> None:
    old = world.manifest(APP, "new", "1")
    world.manifest(APP, "new", "1", salt="zstd")
    world.run("x/web", TAG, at(APP, old))


@case(Drift.SAME, "same content")
def the_node_has_the_content_under_a_smaller_name(world: World) -> None:
    world.manifest(APP, "new", "1", salt="copy")
    world.run("x/web", TAG, at(f"{B}/a", world.manifest(f"{B}/a", "new")))


@case(Drift.SAME, "names what runs")
def a_cache_rule_serves_it_under_another_repository(world: World) -> None:
    found = world.manifest(APP, "new", "1")
    world.run("x/web", TAG, at(f"{A}/cached/app", found))


@case(Drift.SAME, "names what runs")
def the_name_in_the_status_is_not_that_of_the_spec(world: World) -> None:
    found = world.manifest(APP, "new", "1")
    world.manifest(f"{A}/zoo", "zoo", "9")
    owner = world.deployment("x/web", TAG)
    seen = running(TAG, at(APP, found))
    world.pod("x/web-0", type(seen)("main", seen.type, TAG, seen.image_id, f"{A}/zoo:9", "running"), owner=owner)


@case(Drift.SAME, "names what runs")
def an_index_is_the_same_although_no_node_can_be_read(world: World) -> None:
    world.run("x/web", TAG, at(APP, world.index(APP, "new", "1")), node="hidden")


@case(Drift.SAME, "pinned", "runs it")
def a_pin_holds(world: World) -> None:
    found = world.manifest(APP, "new")
    world.run("x/web", at(APP, found), at(APP, found))


@case(Drift.SAME, "pinned", "names another image by now")
def a_pin_holds_while_the_tag_beside_it_moved_on(world: World) -> None:
    found = world.manifest(APP, "new", "1")
    world.manifest(APP, "newer", "1")
    world.run("x/web", at(TAG, found), at(APP, found))


@case(Drift.SAME, "pinned")
def a_pin_to_an_index_is_reported_as_its_manifest(world: World) -> None:
    index = world.index(APP, "new")
    world.run("x/web", at(APP, index), at(APP, digest(f"manifest new {AMD} ")))


# ---- moved


@case(Drift.MOVED, "names", "still has")
def the_tag_moved_and_the_old_build_is_still_there(world: World) -> None:
    old = world.manifest(APP, "old", "1")
    world.manifest(APP, "new", "1")
    world.run("x/web", TAG, at(APP, old))


@case(Drift.MOVED, "names", "since")
def when_the_tag_moved_is_said(world: World) -> None:
    old = world.manifest(APP, "old", "1")
    world.manifest(APP, "new", "1")
    world.run("x/web", TAG, at(APP, old))


@case(Drift.MOVED, "names")
def the_tag_moved_and_the_node_reports_a_config(world: World) -> None:
    world.manifest(APP, "old", "1")
    world.manifest(APP, "new", "1")
    world.run("x/web", TAG, digest(f"config old {AMD}"))


@case(Drift.MOVED, "under the name b.example.com/a")
def what_runs_is_known_under_another_name_only(world: World) -> None:
    world.manifest(APP, "new", "1")
    world.run("x/web", TAG, at(f"{B}/a", world.manifest(f"{B}/a", "other")))


@case(Drift.MOVED, "replaced by another of the same name")
def what_runs_was_never_in_the_repository(world: World) -> None:
    world.manifest(APP, "new", "1")
    world.run("x/web", TAG, digest("config smuggled"))


@case(Drift.MOVED, "pinned", "other content")
def a_pin_does_not_hold(world: World) -> None:
    found, other = world.manifest(APP, "new"), world.manifest(APP, "other")
    world.run("x/web", at(APP, found), at(APP, other))


# ---- gone


@case(Drift.GONE, "not in a.azurecr.io/app any more")
def the_tag_moved_and_what_runs_was_purged(world: World) -> None:
    old = world.manifest(APP, "old", "1")
    world.manifest(APP, "new", "1")
    world.purge(APP, old)
    world.run("x/web", TAG, at(APP, old))


@case(Drift.GONE, "not in a.azurecr.io/app any more")
def a_whole_list_does_not_show_what_runs(world: World) -> None:
    world.list_manifests(APP, world.manifest(APP, "new", "1"))
    world.run("x/web", TAG, at(APP, digest("never seen")))


@case(Drift.GONE, "does not have the tag 1", "still there")
def the_tag_was_deleted_and_what_runs_is_there(world: World) -> None:
    found = world.manifest(APP, "old", "1")
    world.fail(APP, "1")
    world.run("x/web", TAG, at(APP, found))


@case(Drift.GONE, "does not have the tag 1", "not there any more either")
def the_tag_and_what_runs_were_deleted(world: World) -> None:
    found = world.manifest(APP, "old", "1")
    world.purge(APP, found, "1")
    world.run("x/web", TAG, at(APP, found))


@case(Drift.GONE, "does not have the tag 1")
def a_whole_list_of_tags_does_not_show_the_tag(world: World) -> None:
    found = world.manifest(APP, "old", "1")
    world.list_tags(APP, {"2": found})
    world.run("x/web", TAG, at(APP, found))


@case(Drift.GONE, "pinned", "does not have")
def a_pinned_digest_was_purged(world: World) -> None:
    found = world.manifest(APP, "old")
    world.purge(APP, found)
    world.run("x/web", at(APP, found), at(APP, found))


@case(Drift.GONE, "nothing for linux/amd64")
def the_platform_of_the_node_was_dropped(world: World) -> None:
    old = world.index(APP, "old", "1")
    world.index(APP, "new", "1", platforms=(ARM,))
    world.run("x/web", TAG, at(APP, old))


# ---- not known


@case(Drift.UNKNOWN, "has not been read yet")
def nothing_was_read_yet(world: World) -> None:
    world.run("x/web", TAG, at(APP, digest("any")))


@case(Drift.UNKNOWN, "not known", "denied")
def the_registry_refuses(world: World) -> None:
    world.fail(APP, "1", AbsenceKind.DENIED, "denied")
    world.run("x/web", TAG, at(APP, digest("any")))


@case(Drift.UNKNOWN, "not known", "down")
def the_registry_does_not_answer_any_more(world: World) -> None:
    world.run("x/web", TAG, at(APP, world.manifest(APP, "new", "1")))
    world.health(SourceId(SourceKind.REGISTRY, A), SourceState.FAILED, error="down")


@case(Drift.UNKNOWN, "whether they are the same is not known")
def what_runs_was_not_read(world: World) -> None:
    world.manifest(APP, "new", "1")
    world.fail(APP, digest("other"), AbsenceKind.THROTTLED, "too many requests")
    world.run("x/web", TAG, at(APP, digest("other")))


@case(Drift.UNKNOWN, "whether they are the same is not known")
def a_partial_list_does_not_prove_a_purge(world: World) -> None:
    world.list_manifests(APP, world.manifest(APP, "new", "1"), complete=False)
    world.run("x/web", TAG, at(APP, digest("never seen")))


@case(Drift.UNKNOWN, "whether they are the same is not known")
def another_registry_does_not_prove_a_purge(world: World) -> None:
    world.manifest(APP, "new", "1")
    world.purge(f"{B}/a", digest("stale"))
    world.run("x/web", TAG, at(f"{B}/a", digest("stale")))


@case(Drift.SAME, "names an index of which what runs is a platform")
def one_platform_of_an_index_on_a_node_that_cannot_be_read(world: World) -> None:
    world.index(APP, "new", "1")
    world.run("x/web", TAG, at(APP, digest(f"manifest new {AMD} ")), node="hidden")


@case(Drift.SAME, "names an index of which what runs is a platform")
def the_config_of_a_platform_on_a_node_that_cannot_be_read(world: World) -> None:
    world.index(APP, "new", "1")
    world.run("x/web", TAG, digest(f"config new {AMD}"), node="hidden")


@case(Drift.SAME, "It is pinned to")
def a_platform_of_the_index_that_it_is_pinned_to_on_a_node_that_cannot_be_read(world: World) -> None:
    index = world.index(APP, "new", "1")
    world.run("x/web", f"{APP}@{index}", at(APP, digest(f"manifest new {AMD} ")), node="hidden")


@case(Drift.MOVED, "what runs is")
def a_platform_of_an_index_that_the_tag_names_no_more_on_a_node_that_cannot_be_read(world: World) -> None:
    world.index(APP, "old", "1")
    world.index(APP, "new", "1")
    world.run("x/web", TAG, at(APP, digest(f"manifest old {AMD} ")), node="hidden")


@case(Drift.UNKNOWN, "the platform of its node decides, and nodes may not be read")
def an_index_of_which_the_tag_names_only_a_part_on_a_node_that_cannot_be_read(world: World) -> None:
    whole = world.index(APP, "new", "1")
    world.index(APP, "new", "1", platforms=(ARM,))
    world.run("x/web", TAG, at(APP, whole), node="hidden")


@case(Drift.SAME, "names what runs")
def a_name_that_the_runtime_made_up_says_nothing(world: World) -> None:
    found = world.manifest(APP, "new", "1")
    world.run("x/web", TAG, at("docker.io/library/import-2023-08-30", found))


@case(Drift.UNKNOWN, "has not started")
def nothing_started(world: World) -> None:
    world.manifest(APP, "new", "1")
    owner = world.deployment("x/web", TAG)
    world.pod("x/web-0", waiting(TAG, "ContainerCreating"), owner=owner)


@case(Drift.UNKNOWN, "what runs is not known yet")
def it_runs_and_its_node_does_not_say_what(world: World) -> None:
    world.manifest(APP, "new", "1")
    world.run("x/web", TAG, "")


@case(Drift.UNKNOWN, "what runs is not known yet")
def one_of_its_pods_runs_and_its_node_does_not_say_what(world: World) -> None:
    found = world.manifest(APP, "new", "1")
    world.run("x/web", TAG, at(APP, found), "")


@case(Drift.UNKNOWN, "a form that says nothing", "rocket://abc")
def a_runtime_reports_what_nobody_understands(world: World) -> None:
    world.manifest(APP, "new", "1")
    world.run("x/web", TAG, "rocket://abc")


@case(Drift.UNKNOWN, "not an image reference")
def the_name_is_none(world: World) -> None:
    world.run("x/web", f"{A}/App:1", at(APP, digest("any")))


# ---- several pods


@case(Drift.MIXED, "run 2 images", "1 run", "which the name means now", "n1")
def pods_of_one_name_run_two_images(world: World) -> None:
    old, new = world.manifest(APP, "old", "1"), world.manifest(APP, "new", "1")
    world.run("x/web", TAG, at(APP, old), at(APP, new))


@case(Drift.SAME, "same content")
def pods_of_one_content_under_two_digests(world: World) -> None:
    old, new = world.manifest(APP, "new", "1"), world.manifest(APP, "new", "1", salt="copy")
    world.run("x/web", TAG, at(APP, old), at(APP, new))


@case(Drift.SAME, "names what runs")
def pods_on_two_platforms_run_their_own(world: World) -> None:
    world.node("n2", "arm64")
    found = world.index(APP, "new", "1")
    owner = world.deployment("x/web", TAG)
    for node in ("n1", "n2"):
        world.pod(f"x/web-{node}", running(TAG, at(APP, found)), owner=owner, node=node)


@case(Drift.SAME, "A rollout is under way", "1 still run a.azurecr.io/app:0")
def a_rollout_is_no_drift(world: World) -> None:
    old, new = world.manifest(APP, "old", "0"), world.manifest(APP, "new", "1")
    owner = world.deployment("x/web", TAG)
    world.pod("x/web-0", running(f"{A}/app:0", at(APP, old)), owner=owner, age=2)
    world.pod("x/web-1", running(TAG, at(APP, new)), owner=owner, age=1)


@case(Drift.SAME, "names what runs")
def pods_that_have_ended_do_not_count_beside_living_ones(world: World) -> None:
    old, new = world.manifest(APP, "old", "1"), world.manifest(APP, "new", "1")
    owner = world.deployment("x/web", TAG)
    world.pod("x/web-0", running(TAG, at(APP, old)), owner=owner, phase="Failed")
    world.pod("x/web-1", running(TAG, at(APP, new)), owner=owner)


@case(Drift.MOVED, "names")
def pods_that_have_not_started_do_not_hide_one_that_drifted(world: World) -> None:
    old = world.manifest(APP, "old", "1")
    world.manifest(APP, "new", "1")
    owner = world.deployment("x/web", TAG)
    world.pod("x/web-0", running(TAG, at(APP, old)), owner=owner)
    world.pod("x/web-1", waiting(TAG, "ContainerCreating"), owner=owner)


# ---- no pods


@case(Drift.UNKNOWN, "scaled to zero", "nothing runs")
def scaled_to_zero(world: World) -> None:
    world.manifest(APP, "new", "1")
    world.deployment("x/web", TAG, 0)


@case(Drift.GONE, "scaled to zero", "could not start")
def scaled_to_zero_and_its_tag_was_purged(world: World) -> None:
    world.fail(APP, "1")
    world.deployment("x/web", TAG, 0)


@case(Drift.GONE, "suspended", "could not start")
def a_suspended_job_whose_tag_was_purged(world: World) -> None:
    world.fail(APP, "1")
    template = TemplateContainer("main", running(TAG, "").type, TAG)
    world.controller("x/CronJob/web", Resource.CRONJOBS, template, suspended=True)


@pytest.mark.parametrize(("make", "drift", "words"), CASES)
def test_drift(make: Case, drift: Drift, words: tuple[str, ...]) -> None:
    world = World()
    world.node("n1")
    make(world)
    found = container(world.snapshot(), "web")
    assert found.drift is drift, found.drift_reason
    assert [word for word in words if word not in found.drift_reason] == [], found.drift_reason
    assert found.drift_reason.endswith((".", "!"))


def test_what_runs_is_the_image_of_its_name_rather_than_a_copy_elsewhere() -> None:
    world = World()
    world.node("n1")
    world.manifest(f"{B}/a", "new", "1")
    mine = world.manifest(APP, "new", "1", salt="mine")
    world.run("x/web", TAG, at(f"{B}/a", digest(f"manifest new {AMD} ")))
    found = container(world.snapshot(), "web")
    assert [key.digest for key in found.runs] == [mine]
    assert found.runs == (found.declared,)


def test_what_runs_and_is_in_no_registry_is_named_as_the_node_names_it() -> None:
    world = World()
    world.node("n1")
    world.run("x/web", TAG, at(f"{B}/a", digest("lost")))
    (key,) = container(world.snapshot(), "web").runs
    assert (key.name, key.digest) == (RepositoryName(B, "a"), digest("lost"))


def test_nodes_of_a_mixed_workload_are_named() -> None:
    """Pulled before the tag moved with IfNotPresent: the drift is one of nodes, so they are what must be said."""
    world = World()
    old, new = world.manifest(APP, "old", "1"), world.manifest(APP, "new", "1")
    owner = world.deployment("x/web", TAG)
    for node, found in (("n1", old), ("n2", old), ("n3", new)):
        world.node(node)
        world.pod(f"x/web-{node}", running(TAG, at(APP, found)), owner=owner, node=node)
    reason = container(world.snapshot(), "web").drift_reason
    assert "2 run" in reason
    assert "on n1, n2" in reason
    assert "which the name means now on n3" in reason
