"""Snapshots from facts: the checks that follow from the join, the roll-up, what is complete, and what losing a source costs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.domain.world import (
    AMD,
    ARM,
    MANIFEST_TYPE,
    NOW,
    OURS,
    A,
    B,
    World,
    check,
    container,
    digest,
    image,
    trusting,
    workload,
)
from tui.domain.assemble.assemble import Assembler
from tui.domain.checks.checks import of_containers
from tui.domain.common.trust import Check, CheckName, State, roll_up, worst
from tui.domain.facts.events import (
    AbsenceKind,
    Denial,
    HealthChanged,
    Owner,
    Ownership,
    SourceHealth,
    SourceId,
    SourceKind,
    SourceState,
)
from tui.domain.facts.image import Descriptor, Manifest, ManifestKind
from tui.domain.policy.policy import Policy
from tui.domain.policy.rules import Rules
from tui.domain.snapshot.snapshot import Drift, Snapshot

APP, TAG = f"{A}/app", f"{A}/app:1"
BASE_NAME = "org.opencontainers.image.base.name"
OPEN = Policy("nobody is trusted", Rules())


def lab() -> World:
    """A small estate where all is well: two registries that answer, a cluster, a base and what is built on it."""
    world = World()
    world.node("n1")
    world.manifest(f"{A}/base", "ab", "1", days=20)
    app = world.manifest(APP, "abc", "1", says={BASE_NAME: f"{A}/base:1"})
    zoo = world.manifest(f"{B}/zoo", "zo", "1")
    world.run("x/web", TAG, f"{APP}@{app}", f"{APP}@{app}")
    world.run("y/zoo", f"{B}/zoo:1", f"{B}/zoo@{zoo}")
    world.health(SourceId(SourceKind.REGISTRY, A), identity="me")
    world.health(SourceId(SourceKind.REGISTRY, B))
    world.health(SourceId(SourceKind.CLUSTER, "lab"))
    return world


def states(snapshot: Snapshot, found: str) -> dict[CheckName, State]:
    """The checks of an image."""
    return {each.name: each.state for each in image(snapshot, found).checks}


# ---- registry


ELSEWHERE = Ownership(Owner.FOREIGN, "is not among the registries that Azure Resource Graph lists for me")
UNASKED = Ownership(Owner.UNKNOWN, "could not be asked: me may not read Azure Resource Graph")


def registry(state: SourceState, identity: str = "", ownership: Ownership = UNASKED, refused: str = "") -> SourceHealth:
    """How the registry of the image is doing."""
    name = SourceId(SourceKind.REGISTRY, A)
    return SourceHealth(name, state, identity=identity, ownership=ownership, sign_in_error=refused)


@pytest.mark.parametrize(
    ("health", "state", "words"),
    [
        pytest.param(registry(SourceState.OK, "me", OURS), State.PASS, "is listed by Azure Resource Graph, and me", id="ours"),
        pytest.param(registry(SourceState.PARTIAL, "me", OURS), State.PASS, "me is signed in to it", id="some refused"),
        pytest.param(registry(SourceState.LOADING, "me", OURS), State.PASS, "me is signed in to it", id="loading"),
        pytest.param(registry(SourceState.OK, "me", ELSEWHERE), State.FAIL, "but it is not ours", id="foreign, signed in"),
        pytest.param(registry(SourceState.OK, "me"), State.UNKNOWN, "does not make it ours", id="an exchange proves nothing"),
        pytest.param(registry(SourceState.OK, "", OURS), State.FAIL, "it is read anonymously", id="ours, nobody"),
        pytest.param(registry(SourceState.OK, "", OURS, "az: no"), State.UNKNOWN, "az: no", id="ours, sign-in failed"),
        pytest.param(registry(SourceState.OK, "", ELSEWHERE), State.FAIL, "is not ours", id="foreign"),
        pytest.param(registry(SourceState.OK, "", ELSEWHERE, "no"), State.FAIL, "is not ours", id="foreign, refused"),
        pytest.param(registry(SourceState.OK), State.FAIL, "Nobody is signed in", id="it answers strangers"),
        pytest.param(registry(SourceState.FAILED, "me", OURS), State.UNKNOWN, "", id="refused"),
        pytest.param(registry(SourceState.OFF), State.FAIL, "is not asked", id="not asked"),
        pytest.param(registry(SourceState.LOADING), State.UNKNOWN, "not answered yet", id="not answered yet"),
        pytest.param(registry(SourceState.FAILED), State.UNKNOWN, "", id="lost"),
        pytest.param(None, State.UNKNOWN, "", id="never heard of"),
    ],
)
def test_an_azure_registry_is_trusted_when_it_is_ours_and_signed_in_to(
    health: SourceHealth | None, state: State, words: str
) -> None:
    world = World()
    found = world.manifest(APP, "abc", "1")
    if health is not None:
        world.tell(HealthChanged(health))
    check = next(each for each in image(world.snapshot(OPEN), found).checks if each.name is CheckName.REGISTRY)
    assert check.state is state
    assert words in check.reason
    assert state is State.PASS or "me is signed in to it" not in check.reason


def test_being_signed_in_elsewhere_trusts_no_look_alike() -> None:
    world = World()
    found = world.manifest("a.azurecr.io.evil.example.org/app", "abc", "1")
    world.health(SourceId(SourceKind.REGISTRY, "a.azurecr.io.evil.example.org"), identity="me")
    assert states(world.snapshot(OPEN), found)[CheckName.REGISTRY] is State.FAIL


# ---- base and age


def test_a_base_that_was_rebuilt_is_outdated_and_says_so() -> None:
    world = lab()
    assert states(world.snapshot(), app_of(world))[CheckName.BASE] is State.PASS
    world.manifest(f"{A}/base", "xy", "1")
    found = check(image(world.snapshot(), app_of(world)), CheckName.BASE)
    assert found.state is State.WARN
    assert found.sources == (SourceId(SourceKind.REGISTRY, A),)


def app_of(world: World) -> str:
    """The digest of the build that the app runs."""
    return container(world.snapshot(), "web").runs[0].digest


@pytest.mark.parametrize(
    ("days", "state"), [(10, State.PASS), (89, State.PASS), (91, State.WARN), (366, State.FAIL), (365 * 56, State.UNKNOWN)]
)
def test_an_image_is_as_old_as_its_config_says(days: int, state: State) -> None:
    world = World()
    found = world.manifest(APP, "abc", "1", days=days)
    assert states(world.snapshot(), found)[CheckName.AGE] is state


def test_a_clock_that_was_reset_is_told_by_the_push() -> None:
    world = World()
    found = world.manifest(APP, "abc", "1", days=365 * 56)
    world.list_manifests(APP, found, pushed=NOW - timedelta(days=100))
    age = check(image(world.snapshot(), found), CheckName.AGE)
    assert age.state is State.WARN
    assert "set no time of its own" in age.reason


def test_an_image_that_says_it_is_still_to_be_built_is_of_no_known_age() -> None:
    world = World()
    found = world.manifest(APP, "abc", "1", days=-400)
    age = check(image(world.snapshot(), found), CheckName.AGE)
    assert age.state is State.UNKNOWN
    assert "which is still to come" in age.reason
    world.list_manifests(APP, found, pushed=NOW - timedelta(days=100))
    age = check(image(world.snapshot(), found), CheckName.AGE)
    assert age.state is State.WARN
    assert age.reason.startswith("The build set a time that is still to come; pushed on")


@pytest.mark.parametrize(
    ("arm", "pushed", "state", "words"),
    [
        (10, None, State.PASS, "Built on"),
        (365 * 56, None, State.UNKNOWN, "the builder of one of its platforms set a fixed time"),
        (-400, None, State.UNKNOWN, "the configuration of a platform says"),
        (365 * 56, 5, State.PASS, "Pushed on"),
        (-400, 100, State.WARN, "Pushed on"),
        (365 * 56, 400, State.FAIL, "Pushed on"),
        (400, None, State.FAIL, "Built on"),
    ],
)
def test_an_index_is_as_old_as_the_platform_whose_clock_tells_nothing(
    arm: int, pushed: int | None, state: State, words: str
) -> None:
    world = World()
    platforms = [world.manifest(f"{A}/app", "a", days=3), world.manifest(f"{A}/app", "b", platform=ARM, days=arm)]
    children = [Descriptor(MANIFEST_TYPE, child, 10, on) for child, on in zip(platforms, (AMD, ARM), strict=True)]
    index = digest("index")
    kind = "application/vnd.oci.image.index.v1+json"
    world.read(f"{A}/app", Manifest(index, ManifestKind.INDEX, kind, 10, children=tuple(children)))
    world.tag(f"{A}/app", index, "1")
    if pushed is not None:
        world.list_manifests(f"{A}/app", index, *platforms, pushed=NOW - timedelta(days=pushed))
    age = check(image(world.snapshot(), index), CheckName.AGE)
    assert (age.state, words in age.reason) == (state, True), age.reason


@pytest.mark.parametrize(("days", "state"), [(1, State.UNKNOWN), (100, State.UNKNOWN), (400, State.FAIL)])
def test_a_push_alone_proves_only_that_an_image_is_too_old(days: int, state: State) -> None:
    world = World()
    world.list_manifests(APP, digest("unread"), pushed=NOW - timedelta(days=days))
    world.list_tags(APP, {"1": digest("unread")})
    age = check(image(world.snapshot(), digest("unread")), CheckName.AGE)
    assert age.state is state
    assert "clock" not in age.reason


def test_the_oldest_platform_says_the_age() -> None:
    world = World()
    world.config("old", ARM, days=400)
    found = world.index(APP, "new", "1", contents={ARM: "old"})
    assert states(world.snapshot(), found)[CheckName.AGE] is State.FAIL


# ---- identity and the roll-up


@pytest.mark.parametrize(
    ("found", "rolled"),
    [
        ([], State.UNKNOWN),
        ([State.OFF], State.UNKNOWN),
        ([State.PASS, State.OFF], State.PASS),
        ([State.PASS, State.WARN], State.WARN),
        ([State.WARN, State.UNKNOWN, State.PASS], State.UNKNOWN),
        ([State.UNKNOWN, State.FAIL], State.FAIL),
    ],
)
def test_the_worst_counts_and_nothing_known_is_not_fine(found: list[State], rolled: State) -> None:
    assert worst(found) is rolled
    assert roll_up(Check(CheckName.AGE, state, "") for state in found) is rolled


def test_the_identity_of_an_image_is_the_worst_of_what_runs_it() -> None:
    good = Check(CheckName.IDENTITY, State.PASS, "good")
    bad = Check(CheckName.IDENTITY, State.FAIL, "bad")
    idle = Check(CheckName.IDENTITY, State.OFF, "idle")
    assert of_containers(CheckName.IDENTITY, (good, bad, idle)) is bad
    assert of_containers(CheckName.IDENTITY, (good, idle)) is good
    assert of_containers(CheckName.IDENTITY, (idle,)).state is State.OFF
    assert of_containers(CheckName.IDENTITY, ()).state is State.OFF


def test_a_workload_is_as_bad_as_its_worst_container_and_a_container_as_the_worst_of_its_images() -> None:
    world = lab()
    world.manifest(APP, "xyz", "1")
    snapshot = world.snapshot()
    web = workload(snapshot, "web")
    assert web.containers[0].drift is Drift.MOVED
    assert check(web.containers[0], CheckName.IDENTITY).state is State.FAIL
    assert web.verdict is State.FAIL
    assert workload(snapshot, "zoo").verdict is not State.PASS


def test_what_others_run_of_an_image_is_no_fault_of_one_that_runs_it_rightly() -> None:
    world = lab()
    app = app_of(world)
    world.run("z/pinned", f"{APP}@{app}", f"{APP}@{app}")
    world.manifest(APP, "xyz", "1")
    snapshot = world.snapshot()
    assert check(image(snapshot, app), CheckName.IDENTITY).state is State.FAIL
    assert check(container(snapshot, "pinned"), CheckName.IDENTITY).state is State.PASS
    assert container(snapshot, "pinned").verdict is not State.FAIL


# ---- losing a source


def checks_of(snapshot: Snapshot) -> dict[str, dict[CheckName, State]]:
    """Every check of every image and container."""
    found = {str(key.name): {c.name: c.state for c in each.checks} for key, each in snapshot.images.items()}
    for key, each in snapshot.workloads.items():
        found[key.name] = {c.name: c.state for c in each.containers[0].checks}
    return found


def lose(world: World, source: SourceId) -> Snapshot:
    """The snapshot after a source has failed."""
    health = SourceHealth(source, SourceState.FAILED, NOW - timedelta(minutes=9), error="time-out", remedy="Look there.")
    world.tell(HealthChanged(health))
    return world.snapshot()


def test_losing_a_cluster_makes_its_identities_unknown_and_nothing_else() -> None:
    world = lab()
    before, after = world.snapshot(), lose(world, SourceId(SourceKind.CLUSTER, "lab"))
    assert set(after.workloads) == set(before.workloads)
    assert set(after.images) == set(before.images)
    for name in ("web", "zoo"):
        found = container(after, name)
        identity = check(found, CheckName.IDENTITY)
        assert (found.drift, identity.state, identity.remedy) == (Drift.UNKNOWN, State.UNKNOWN, "Look there.")
        assert "has not been read since 2026-03-01 12:21 UTC: time-out." in identity.reason
        assert found.runs == container(before, name).runs
    was, now = checks_of(before), checks_of(after)
    changed = {(owner, name) for owner, found in was.items() for name in found if now[owner][name] is not found[name]}
    assert {name for _, name in changed} == {CheckName.IDENTITY}


def test_losing_a_registry_makes_what_it_says_unknown_and_nothing_of_the_other() -> None:
    world = lab()
    before, after = world.snapshot(), lose(world, SourceId(SourceKind.REGISTRY, A))
    assert set(after.images) == set(before.images)
    assert set(after.workloads) == set(before.workloads)
    assert after.derived == before.derived
    assert container(after, "web").drift is Drift.UNKNOWN
    assert check(container(after, "web"), CheckName.IDENTITY).state is State.UNKNOWN
    assert container(after, "zoo") == container(before, "zoo")
    was, now = checks_of(before), checks_of(after)
    for owner, found in was.items():
        for name, state in found.items():
            assert now[owner][name] in (state, State.UNKNOWN), (owner, name)
            if owner in (f"{B}/zoo", "zoo"):
                assert now[owner][name] is state, (owner, name)


def test_a_source_that_comes_back_restores_everything() -> None:
    world = lab()
    before = checks_of(world.snapshot())
    lose(world, SourceId(SourceKind.REGISTRY, A))
    lose(world, SourceId(SourceKind.CLUSTER, "lab"))
    world.health(SourceId(SourceKind.REGISTRY, A), identity="me")
    world.health(SourceId(SourceKind.CLUSTER, "lab"))
    assert checks_of(world.snapshot()) == before


# ---- complete


def test_complete_means_that_everything_asked_has_answered() -> None:
    world = lab()
    assert world.snapshot().complete
    world.run("x/new", f"{A}/new:1", f"{A}/new@{digest('new')}")
    assert not world.snapshot().complete
    world.fail(f"{A}/new", "1", AbsenceKind.DENIED)
    world.fail(f"{A}/new", digest("new"), AbsenceKind.DENIED)
    assert world.snapshot().complete


@pytest.mark.parametrize(
    ("state", "complete"),
    [
        (SourceState.OK, True),
        (SourceState.OFF, True),
        (SourceState.LOADING, False),
        (SourceState.PARTIAL, False),
        (SourceState.FAILED, False),
    ],
)
def test_a_source_that_has_not_answered_whole_makes_it_incomplete(state: SourceState, complete: bool) -> None:
    world = lab()
    world.health(SourceId(SourceKind.REGISTRY, "c.example.org"), state)
    assert world.snapshot().complete is complete


def test_nothing_at_all_is_not_complete() -> None:
    assert not World().snapshot().complete


# ---- what is kept from one snapshot to the next


def test_what_did_not_change_is_the_very_same_object() -> None:
    world = lab()
    inventory, assembler, policy = world.inventory(), Assembler(), trusting((A,))
    first = assembler.assemble(inventory.freeze(), policy, NOW)
    idle = {key: each for key, each in first.images.items() if not each.in_use}
    second = assembler.assemble(inventory.freeze(), policy, NOW + timedelta(seconds=20))
    assert second.number == first.number + 1
    assert all(second.images[key] is each for key, each in idle.items())
    assert dict(second.images) == dict(first.images)
    assert dict(second.workloads) == dict(first.workloads)


def test_another_policy_judges_again() -> None:
    inventory, assembler = lab().inventory(), Assembler()
    facts = inventory.freeze()
    before = assembler.assemble(facts, trusting((A,)), NOW)
    after = assembler.assemble(facts, trusting((A, B)), NOW)
    (zoo,) = (key for key in before.images if key.registry == B)
    assert check(before.images[zoo], CheckName.REGISTRY).state is State.FAIL
    assert check(after.images[zoo], CheckName.REGISTRY).state is State.PASS


def test_time_alone_makes_an_image_too_old() -> None:
    facts, assembler = lab().inventory().freeze(), Assembler()
    before = assembler.assemble(facts, trusting((A,)), NOW)
    after = assembler.assemble(facts, trusting((A,)), NOW + timedelta(days=300))
    (key,) = (key for key in before.images if key.registry == B)
    assert check(before.images[key], CheckName.AGE).state is State.PASS
    assert check(after.images[key], CheckName.AGE).state is State.WARN


def test_a_purged_image_that_nothing_needs_is_forgotten_and_one_that_runs_is_not() -> None:
    world = lab()
    spare = world.manifest(f"{A}/spare", "sp", "1")
    world.purge(f"{A}/spare", spare, "1")
    app = app_of(world)
    world.purge(APP, app, "1")
    shown = world.snapshot().images
    assert not [key for key in shown if key.repository == "spare"]
    (gone,) = (each for key, each in shown.items() if key.digest == app)
    assert "deleted or purged" in gone.absent
    assert gone.in_use
    assert gone.platforms == (AMD,)


def test_the_totals_count_every_image_workload_and_pod_once() -> None:
    snapshot = lab().snapshot()
    assert sum(snapshot.summary.images.values()) == len(snapshot.images)
    assert sum(snapshot.summary.workloads.values()) == len(snapshot.workloads) == 2
    assert snapshot.summary.pods == 3
    assert {key.name for keys in snapshot.users.values() for key in keys} == {"web", "zoo"}


def test_an_image_that_a_tag_has_left_behind_is_shown_only_while_it_is_needed_or_listed() -> None:
    """A tag that was moved and moved back leaves nothing: who starts afterwards would never have heard of the stranger."""
    world = lab()
    here = world.manifest(APP, "abc", "1", says={BASE_NAME: f"{A}/base:1"})
    stranger = world.manifest(APP, "stranger", "1")
    moved = world.snapshot()
    assert image(moved, stranger).key.digest == stranger
    world.tag(APP, here, "1")
    back = world.snapshot()
    assert stranger not in {key.digest for key in back.images}
    assert here in {key.digest for key in back.images}
    world.list_manifests(APP, here, stranger)
    assert stranger in {key.digest for key in world.snapshot().images}


def test_that_nodes_may_not_be_read_is_missing_only_where_a_question_needs_them() -> None:
    for is_open in (False, True):
        world = World()
        whole = world.index(f"{A}/app", "new", "1")
        if is_open:
            world.index(f"{A}/app", "new", "1", platforms=(ARM,))
        world.run("x/web", f"{A}/app:1", f"{A}/app@{whole}", node="hidden")
        denied = Denial("nodes", "list nodes", "Ask for nodes.", "No right to list nodes.")
        world.tell(HealthChanged(SourceHealth(SourceId(SourceKind.CLUSTER, "lab"), SourceState.OK, NOW, denials=(denied,))))
        world.health(SourceId(SourceKind.REGISTRY, A))
        snapshot = Assembler().assemble(world.inventory().freeze(), OPEN, NOW)
        (found,) = snapshot.workloads.values()
        assert (found.containers[0].drift is Drift.UNKNOWN) is is_open
        assert snapshot.complete is not is_open
