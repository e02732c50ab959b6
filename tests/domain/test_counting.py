"""One counting rule: how images are used, and that whatever shows a number of pods shows the same one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.answers.kit import answered
from tests.domain.world import NOW, A, World, digest, image, running, waiting, workload
from tests.laws import examples
from tui.domain.checks.containers import workload_states
from tui.domain.common.trust import CheckName, State, worst
from tui.domain.facts.events import SourceId, SourceKind, SourceState
from tui.domain.facts.workload import ContainerType, OwnerRef, PodContainer, Resource, TemplateContainer
from tui.domain.policy.policy import Policy
from tui.domain.policy.rules import Rules
from tui.domain.policy.scopes import Scope
from tui.domain.query.finding import START, FindingGrouping
from tui.domain.query.findings import find
from tui.domain.query.language import Trait
from tui.domain.query.query import Selection, parse_query
from tui.domain.snapshot.snapshot import ImageKey, PodGroup, PodRef, Snapshot
from tui.domain.workloads.counting import UseKind, crews_of, pods_found, pods_of, running_images, users_of
from tui.domain.workloads.pods_under import pods_under
from tui.presenters.glyphs import UNICODE
from tui.presenters.keys import IMAGELESS
from tui.presenters.running import running_of
from tui.presenters.totals import ALL, VisibleRows
from tui.presenters.views.lineage import LineageModel
from tui.presenters.views.workloads import WorkloadModel
from tui.reports.document import Document
from tui.reports.wire import report_of
from widgets.rows import RowKey

API, BASE, OTHER = f"{A}/app/api:1", f"{A}/base/os:1", f"{A}/app/other:1"
CONTENTS = {BASE: "a", API: "ab", OTHER: "ac", f"{A}/app/api:0": "ad"}


def published() -> World:
    """A base, two images on it, an old build, and a cluster that answers."""
    world = World()
    tags: dict[str, dict[str, str]] = {}
    for name, content in CONTENTS.items():
        repository, _, tag = name.rpartition(":")
        tags.setdefault(repository, {})[tag] = world.manifest(repository, content, tag)
    for repository, named in tags.items():
        world.list_tags(repository, named)
    world.health(SourceId(SourceKind.CLUSTER, "lab"))
    return world


def at(name: str) -> str:
    """The imageID of what a name means."""
    return f"{name.rpartition(':')[0]}@{digest(f'manifest {CONTENTS[name]} linux/amd64 ')}"


def key_of(snapshot: Snapshot, name: str) -> ImageKey:
    """The image that a name means."""
    return image(snapshot, at(name).partition("@")[2]).key


def names(snapshot: Snapshot, text: str) -> tuple[set[str], set[str], int]:
    """The repositories with tags and the workloads that a query finds, and how many cannot be told."""
    found = parse_query(text).images(snapshot, NOW)
    tags = {f"{key.repository}:{snapshot.images[key].tags[0]}" for key in found.images}
    return tags, {key.name for key in found.workloads}, found.undecided


def used() -> World:
    """One of each use: running, scheduled, suspended, scaled to zero, kept for rollback, ended, used by nothing."""
    world = published()
    world.run("shop/api", API, at(API), at(API))
    owner = _same_owner(world, "api")
    old = TemplateContainer("main", ContainerType.CONTAINER, f"{A}/app/api:0")
    world.controller("shop/ReplicaSet/api-old", Resource.REPLICASETS, old, owner=owner, desired=0, revision="1")
    nightly = TemplateContainer("main", ContainerType.CONTAINER, OTHER)
    world.controller("jobs/CronJob/nightly", Resource.CRONJOBS, nightly)
    world.controller("jobs/CronJob/never", Resource.CRONJOBS, nightly, suspended=True)
    world.deployment("shop/zero", OTHER, desired=0)
    return world


def _same_owner(world: World, name: str) -> OwnerRef:
    found = [each for event in world.events for each in getattr(event, "controllers", ()) if each.name == name]
    return OwnerRef("apps/v1", "Deployment", name, found[0].uid)


@pytest.mark.parametrize(
    ("query", "images", "workloads"),
    [
        ("is:running", {"app/api:1"}, {"api"}),
        ("is:declared", {"app/api:1", "app/other:1"}, {"api", "nightly", "never", "zero"}),
        ("is:declared -is:running", {"app/other:1"}, {"nightly", "never", "zero"}),
        ("is:scheduled", {"app/other:1"}, {"nightly"}),
        ("is:scaled-to-zero", {"app/other:1"}, {"zero"}),
        ("is:suspended", {"app/other:1"}, {"never"}),
        ("is:rollback", {"app/api:0"}, {"api"}),
        ("is:rollback ns:shop", {"app/api:0"}, {"api"}),
        ("is:rollback ns:jobs", set(), set()),
        ("is:unused", {"base/os:1"}, set()),
        ("-is:rollback repo:app/api", {"app/api:1"}, {"api"}),
        ("ns:shop", {"app/api:1", "app/other:1"}, {"api", "zero"}),
        ("repo:app/api", {"app/api:0", "app/api:1"}, {"api"}),
    ],
)
def test_each_use_has_its_word(query: str, images: set[str], workloads: set[str]) -> None:
    assert names(used().snapshot(), query) == (images, workloads, 0)


def test_the_users_of_an_image_are_those_that_its_words_find() -> None:
    snapshot = used().snapshot()
    for key in snapshot.images:
        for use in UseKind:
            text = f"is:{use} digest:{key.digest}"
            found = parse_query(text).images(snapshot, NOW).workloads
            assert set(users_of(key, snapshot).get(use, ())) == found, text


def test_a_daemon_set_without_nodes_is_not_scaled_to_zero() -> None:
    world = published()
    template = TemplateContainer("main", ContainerType.CONTAINER, API)
    world.controller("shop/DaemonSet/agent", Resource.DAEMONSETS, template, desired=0)
    snapshot = world.snapshot()
    assert names(snapshot, "is:scaled-to-zero") == (set(), set(), 0)
    assert "scaled to zero" not in workload(snapshot, "agent").containers[0].drift_reason


def test_every_use_is_a_word_of_the_query_language() -> None:
    assert set(UseKind) <= set(Trait)


def test_what_a_moved_tag_means_is_declared_and_what_its_pods_run_is_running() -> None:
    world = published()
    world.run("shop/api", API, at(f"{A}/app/api:0"))
    snapshot = world.snapshot()
    assert names(snapshot, "is:running") == ({"app/api:0"}, {"api"}, 0)
    assert names(snapshot, "is:declared") == ({"app/api:1"}, {"api"}, 0)


@pytest.mark.parametrize(("state", "kind"), [(SourceState.FAILED, SourceKind.CLUSTER), (SourceState.OFF, SourceKind.CLUSTER)])
@pytest.mark.parametrize("query", ["is:running", "is:unused", "is:rollback", "is:declared", "ns:shop", "is:stuck", "drift:moved"])
def test_what_runs_cannot_be_told_where_no_cluster_answers(state: SourceState, kind: SourceKind, query: str) -> None:
    world = published()
    world.health(SourceId(SourceKind.CLUSTER, "lab"), state, kind)
    assert names(world.snapshot(), query) == (set(), set(), len(CONTENTS))


def test_a_pod_that_has_ended_counts_nowhere() -> None:
    world = published()
    job = world.controller("jobs/Job/once", Resource.JOBS, TemplateContainer("main", ContainerType.CONTAINER, API))
    world.pod("jobs/once-1", running(API, at(API)), owner=job, phase="Succeeded")
    snapshot = world.snapshot()
    once, ran = workload(snapshot, "once"), snapshot.images[key_of(snapshot, API)]
    assert (once.pods, once.containers[0].pods, ran.pods, snapshot.summary.pods) == (0, 0, 0, 0)
    assert once.containers[0].runs == (ran.key,)
    assert names(snapshot, "is:running") == (set(), set(), 0)
    assert names(snapshot, "is:declared") == ({"app/api:1"}, {"once"}, 0)
    assert ran.in_use


def test_a_pod_of_three_containers_is_one_pod_of_their_image_and_of_the_base_below() -> None:
    world = published()
    containers = [running(name, at(name), container) for container, name in (("a", API), ("b", API), ("c", OTHER))]
    for number in range(4):
        world.pod(f"shop/api-{number}", *containers, owner=world.controller("shop/StatefulSet/api", Resource.STATEFULSETS))
    snapshot = world.snapshot()
    under = pods_under(snapshot)
    assert [under[key_of(snapshot, name)] for name in (API, OTHER, BASE)] == [4, 4, 4]


@pytest.mark.parametrize(
    ("pods", "crews"),
    [
        ([], []),
        ([("p", "", "Pending")], [("", 1)]),
        ([("p", "a", "Running"), ("p", "b", "Running"), ("q", "a", "Running")], [("a", 1), ("ab", 1)]),
        ([("p", "a", "Failed"), ("q", "a", "Unknown")], [("a", 1)]),
    ],
)
def test_pods_are_put_together_by_what_they_run(pods: list[tuple[str, str, str]], crews: list[tuple[str, int]]) -> None:
    refs = [PodRef(name, "", phase, "", None, runs=_key(runs) if runs else None) for name, runs, phase in pods]
    assert crews_of([[ref] for ref in refs]) == tuple(PodGroup(tuple(map(_key, letters)), number) for letters, number in crews)


def _key(letter: str) -> ImageKey:
    return ImageKey(A, "app", letter)


# ---- the law: whatever shows a number shows the same one

PHASES = st.sampled_from(["Running", "Running", "Running", "Pending", "Succeeded", "Failed"])
PARTS = st.lists(st.sampled_from([API, OTHER, BASE, f"{A}/app/api:0"]), min_size=1, max_size=3)
QUERIES = (
    *("", "ns:shop", "-ns:shop", "api", "base:os", "is:running", "is:declared", "is:rollback", "-is:running", "is:unused"),
    *("repo:base/os", "repo:app/api", "is:stuck", "verdict:unknown", "kind:deploy api"),
)


@st.composite
def estates(draw: st.DrawFn, policy: Policy | None = None) -> Snapshot:
    """Workloads of several containers whose pods run, wait, and have ended, some in the middle of a rollout."""
    world = published()
    for number in range(draw(st.integers(0, 3))):
        namespace, parts = draw(st.sampled_from(["shop", "jobs"])), draw(PARTS)
        template = [TemplateContainer(f"c{at}", ContainerType.CONTAINER, name) for at, name in enumerate(parts)]
        place, desired = f"{namespace}/Deployment/w{number}", draw(st.integers(0, 2))
        owner = world.controller(place, Resource.DEPLOYMENTS, *template, desired=desired)
        for pod in range(draw(st.integers(0, 3))):
            inside = [draw(_started(f"c{at}", name)) for at, name in enumerate(parts)]
            world.pod(f"{namespace}/w{number}-{pod}", *inside, owner=owner, phase=draw(PHASES))
    return world.snapshot(policy)


@st.composite
def _started(draw: st.DrawFn, name: str, means: str) -> PodContainer:
    runs = draw(st.sampled_from([means, means, f"{A}/app/api:0", ""]))
    return running(means, at(runs), name) if runs else waiting(means, name=name)


def _rows(model: LineageModel | WorkloadModel, keys: Iterable[RowKey]) -> Iterable[tuple[RowKey, int]]:
    for key in keys:
        shown = "".join(span.text for span in model.row(key).cells[4])
        yield key, int(shown.replace(",", "") or 0)
        yield from _rows(model, model.children(key))


@examples(60)
@given(estates(), st.sampled_from(QUERIES))
def test_the_same_pods_are_counted_the_same_everywhere(snapshot: Snapshot, text: str) -> None:
    chosen = parse_query(text).images(snapshot, NOW)
    total = pods_found(snapshot, chosen.images, chosen.workloads, chosen.idle)
    _report_agrees(snapshot, chosen, total)
    _trees_agree(snapshot, chosen if text else None, total)
    if not text:
        assert total == snapshot.summary.pods == sum(each.pods for each in snapshot.workloads.values())


def _report_agrees(snapshot: Snapshot, chosen: Selection, total: int) -> None:
    report = report_of(Document(snapshot, chosen))
    assert report.summary.pods == total
    for row in report.images:
        assert row.pods == pods_found(snapshot, {ImageKey(row.registry, row.repository, row.digest)}, chosen.workloads)
    assert json.dumps([row.digest for row in report.images])


def _trees_agree(snapshot: Snapshot, chosen: Selection | None, total: int) -> None:
    shown = ALL if chosen is None else VisibleRows(chosen.images, chosen.workloads, chosen.idle)
    places = WorkloadModel(snapshot, NOW, UNICODE, shown)
    rows = dict(_rows(places, places.roots()))
    by_depth = Counter({depth: sum(pods for key, pods in rows.items() if len(key) == depth) for depth in (1, 2, 3)})
    assert set(by_depth.values()) <= {total}
    lineage = LineageModel(snapshot, NOW, UNICODE, shown)
    under = pods_under(snapshot, shown.images, shown.workloads)
    for key, pods in _rows(lineage, lineage.roots()):
        if isinstance(key[-1], ImageKey):
            assert pods == under.get(key[-1], 0)
        elif key[-1] in snapshot.workloads:
            workload = snapshot.workloads[key[-1]]  # type: ignore[index]
            if key[-2] == IMAGELESS:
                assert pods == shown.pods(workload)
                continue
            assert isinstance(key[-2], ImageKey)
            assert pods == len(lineage.children(key)) == pods_of(workload, {key[-2]})


@examples(60)
@given(estates())
def test_what_runs_is_the_same_in_header_query_report_and_band(snapshot: Snapshot) -> None:
    runs = running_images(snapshot)
    assert parse_query("is:running").images(snapshot, NOW).images == runs
    assert {key for key, each in snapshot.images.items() if each.pods} == runs == set(snapshot.users)
    assert running_of(snapshot).images == len(runs)
    for key, each in snapshot.images.items():
        assert each.pods == pods_found(snapshot, {key}, None)
        users = {place for place, found in snapshot.workloads.items() if pods_of(found, {key})}
        assert set(snapshot.users.get(key, ())) == users
    extent = answered(snapshot, "is:running").extent
    assert extent.images == extent.running == runs
    assert extent.pods == pods_found(snapshot, runs, None)
    unused = parse_query("is:unused").images(snapshot, NOW).images
    others = {*runs, *parse_query("is:declared").images(snapshot, NOW).images}
    assert unused.isdisjoint(others)
    assert {key for key, each in snapshot.images.items() if not each.in_use} == unused


@examples(60)
@given(estates(), st.sampled_from(list(FindingGrouping)))
def test_a_finding_counts_each_pod_once_and_none_that_is_not_there(snapshot: Snapshot, grouping: FindingGrouping) -> None:
    for found in find(snapshot, grouping):
        assert found.pods == sum(found.spread)
        for place, pods in zip(found.workloads, found.spread, strict=True):
            assert pods <= snapshot.workloads[place].pods


@examples(40)
@given(estates())
@pytest.mark.parametrize("check", [CheckName.REGISTRY, CheckName.BASE, CheckName.AGE])
def test_findings_are_of_the_images_workloads_and_pods_that_a_query_for_their_check_finds(
    check: CheckName, snapshot: Snapshot
) -> None:
    for state in (State.FAIL, State.WARN, State.UNKNOWN):
        chosen = parse_query(f"check:{check}={state}").images(snapshot, NOW)
        found = [each for each in find(snapshot) if each.check == check and each.state is state]
        assert {key for each in found for key in each.images} == chosen.images
        containers = {key: snapshot.workloads[key].containers for key in chosen.workloads}
        known = {key for key, held in containers.items() if any(chosen.images.intersection(each.images) for each in held)}
        assert {key for each in found for key in each.workloads} == known  # the others' image is not known: of them all is
        if len(found) == 1:
            assert found[0].pods == pods_found(snapshot, chosen.images, chosen.workloads)


STRICT = Policy("strict", Rules(off=(CheckName.SIGNATURE,)), (Scope("shop", (("max_age", 1),), namespaces=("shop",)),))


@examples(40)
@given(estates(STRICT) | estates())
def test_a_verdict_is_that_of_the_checks_which_its_badge_counts(snapshot: Snapshot) -> None:
    for each in snapshot.workloads.values():
        assert each.verdict is worst(workload_states(each, snapshot.images))


@examples(60)
@given(estates())
def test_what_does_not_start_fails_wherever_it_is_judged(snapshot: Snapshot) -> None:
    stuck = parse_query("is:stuck").images(snapshot, NOW).workloads
    assert stuck == {key for found in find(snapshot) if found.check == START for key in found.workloads}
    assert all(snapshot.workloads[key].verdict is State.FAIL for key in stuck)
    assert stuck <= parse_query("verdict:fail is:stuck").images(snapshot, NOW).workloads


@pytest.mark.parametrize("kind", [ContainerType.CONTAINER, ContainerType.VOLUME])
@pytest.mark.parametrize("image_id", ["", "rocket://abc"])
def test_a_pod_whose_node_does_not_say_what_it_runs_counts_for_what_its_name_means(kind: ContainerType, image_id: str) -> None:
    world = published()
    world.pod("x/web", PodContainer("main", kind, API, image_id, state="" if kind is ContainerType.VOLUME else "running"))
    snapshot = world.snapshot()
    shown = image(snapshot, key_of(snapshot, API).digest)
    assert (shown.pods, shown.in_use) == (1, True)
    said = next(check for check in shown.checks if check.name is CheckName.IDENTITY)
    assert said.state is State.UNKNOWN
    assert "Nothing that is known runs it" not in said.reason
    assert workload(snapshot, "web").verdict is not State.PASS
    assert workload(snapshot, "web").containers[0].digests == ()


def test_a_pod_that_waits_runs_nothing_yet() -> None:
    world = published()
    world.pod("x/web", waiting(API, "ContainerCreating"))
    snapshot = world.snapshot()
    assert image(snapshot, key_of(snapshot, API).digest).pods == 0
