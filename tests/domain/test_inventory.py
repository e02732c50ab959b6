"""The tables of facts: list cycles and their generations, and the newest word of registries whatever came first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_core_laws import worlds
from tests.domain.world import NOW, A, World, digest, name_of
from tests.laws import examples
from tui.domain.common.memo import Successor, changed_keys
from tui.domain.facts.events import (
    AbsenceKind,
    ControllersSeen,
    Event,
    HealthChanged,
    ListCompleted,
    LookupFailed,
    ManifestsListed,
    ObjectGone,
    PodsSeen,
    SourceHealth,
    SourceId,
    SourceKind,
    SourceState,
    TagResolved,
    TagsListed,
)
from tui.domain.facts.image import ManifestListing, Tag
from tui.domain.facts.inventory.images import MAX_SPANS
from tui.domain.facts.inventory.inventory import Inventory
from tui.domain.facts.inventory.objects import ObjectTable
from tui.domain.facts.workload import Controller, Pod, Resource

SOURCE = SourceId(SourceKind.CLUSTER, "lab")
REPOSITORY = name_of(f"{A}/app")


def seen(generation: int, *pods: str, scope: str = "") -> PodsSeen:
    """Pods at `namespace/name`, whose names are their uids."""
    found = tuple(Pod("lab", place.split("/")[0], place.split("/")[1], place.split("/")[1]) for place in pods)
    return PodsSeen(SOURCE, scope, generation, found)


def done(generation: int, scope: str = "", resource: Resource = Resource.PODS) -> ListCompleted:
    """A list cycle is complete."""
    return ListCompleted(SOURCE, resource, scope, generation)


def applied(*events: Event) -> Inventory:
    """An inventory that has heard these."""
    found = Inventory()
    for event in events:
        found.apply(event)
    return found


def pods_after(*events: Event) -> set[str]:
    """The uids of the pods that are left."""
    return set(applied(*events).freeze().cluster.pods.get(SOURCE, {}))


GONE_B = ObjectGone(SOURCE, Resource.PODS, "b")


@pytest.mark.parametrize(
    ("events", "left"),
    [
        pytest.param([seen(1, "x/a"), seen(1, "x/b"), done(1)], "a b", id="all pages of a cycle are kept"),
        pytest.param([seen(1, "x/a", "x/b"), done(1), seen(2, "x/a")], "a b", id="an unfinished cycle removes nothing"),
        pytest.param([seen(1, "x/a", "x/b"), done(1), seen(2, "x/a"), done(2)], "a", id="a finished cycle removes"),
        pytest.param([seen(1, "x/a"), done(1), done(2)], "", id="an empty list removes all"),
        pytest.param([seen(2, "x/a"), done(2), seen(1, "x/b")], "a", id="late results of an older generation are dropped"),
        pytest.param([seen(2, "x/a"), done(1)], "a", id="a late end of an older cycle removes nothing"),
        pytest.param([seen(1, "x/a"), seen(2, "x/b"), seen(1, "x/c"), done(2)], "b", id="older pages amid a newer cycle"),
        pytest.param([seen(1, "x/a"), done(1), seen(1, "x/b"), seen(2, "x/a"), done(2)], "a", id="what a watch added can go"),
        pytest.param([seen(1, "x/a", "x/b"), done(1), GONE_B], "a", id="a watch says that it was deleted"),
        pytest.param([seen(1, "x/b"), GONE_B, seen(1, "x/b")], "b", id="a deleted one may come again"),
        pytest.param(
            [seen(1, "x/a", scope="x"), seen(1, "y/b", scope="y"), done(1, "x"), done(1, "y"), done(2, "x")],
            "b",
            id="the list of a namespace removes only there",
        ),
        pytest.param([seen(1, "y/b"), done(1), seen(2, "x/a", scope="x"), done(2, "x")], "a b", id="a namespace after the whole"),
        pytest.param([seen(1, "x/a", scope="x"), done(1, "x"), seen(1, "y/b"), done(1)], "b", id="the whole after a namespace"),
        pytest.param([seen(5, "x/a", scope="x"), seen(1, "y/b", scope="y"), done(1, "y")], "a b", id="each scope counts alone"),
    ],
)
def test_only_a_finished_list_removes_what_it_did_not_see(events: list[Event], left: str) -> None:
    assert pods_after(*events) == set(left.split())


def test_a_source_removes_nothing_of_another() -> None:
    other = PodsSeen(SourceId(SourceKind.CLUSTER, "other"), "", 1, (Pod("other", "x", "o", "o"),))
    facts = applied(other, seen(1, "x/a"), done(2), HealthChanged(SourceHealth(SOURCE, SourceState.FAILED)))
    assert set(facts.freeze().cluster.pods[SourceId(SourceKind.CLUSTER, "other")]) == {"o"}


def test_losing_a_source_removes_nothing() -> None:
    lost = HealthChanged(SourceHealth(SOURCE, SourceState.FAILED, error="down"))
    assert pods_after(seen(1, "x/a"), done(1), lost) == {"a"}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_listed_controller_takes_the_place_of_one_that_was_only_met_as_an_owner(order: tuple[int, int]) -> None:
    met = Controller("lab", "x", "Deployment", "web", "u", readable=False)
    listed = Controller("lab", "x", "Deployment", "web", "u", desired=3)
    events = [
        ControllersSeen(SOURCE, Resource.OTHER, "", 1, (met,)),
        ControllersSeen(SOURCE, Resource.DEPLOYMENTS, "", 1, (listed,)),
    ]
    facts = applied(*(events[number] for number in order)).freeze()
    assert facts.cluster.controllers[SOURCE]["u"] is listed


def test_freezing_again_copies_only_what_changed() -> None:
    inventory = applied(seen(1, "x/a"))
    first = inventory.freeze()
    inventory.apply(TagResolved(SourceId(SourceKind.REGISTRY, A), REPOSITORY, "1", digest("one"), NOW))
    second = inventory.freeze()
    assert second.cluster is first.cluster
    assert second.trust is first.trust
    assert second.images is not first.images
    assert not first.images.tags


def test_what_was_frozen_does_not_change_any_more() -> None:
    inventory = applied(seen(1, "x/a"))
    first = inventory.freeze()
    inventory.apply(GONE_B)
    inventory.apply(ObjectGone(SOURCE, Resource.PODS, "a"))
    assert set(first.cluster.pods[SOURCE]) == {"a"}


def test_the_same_health_again_is_no_news() -> None:
    health = SourceHealth(SOURCE, SourceState.OK, NOW)
    inventory = applied(HealthChanged(health))
    first = inventory.freeze()
    inventory.apply(HealthChanged(SourceHealth(SOURCE, SourceState.OK, NOW)))
    assert inventory.freeze().health_version == first.health_version


# ---- registries


def resolved(text: str, minutes: float, tag: str = "1") -> TagResolved:
    """The tag named a digest some minutes after NOW."""
    return TagResolved(SourceId(SourceKind.REGISTRY, A), REPOSITORY, tag, digest(text), NOW + timedelta(minutes=minutes))


def listed(minutes: float, complete: bool = True, **tags: str) -> TagsListed:
    """A list of tags, read some minutes after NOW."""
    at = NOW + timedelta(minutes=minutes)
    rows = tuple(Tag(tag.removeprefix("v"), digest(text), updated=at) for tag, text in tags.items())
    return TagsListed(SourceId(SourceKind.REGISTRY, A), REPOSITORY, rows, complete, at)


@pytest.mark.parametrize(
    ("events", "now", "earlier"),
    [
        pytest.param([resolved("old", 0), resolved("new", 1)], "new", ["old"], id="the newer word"),
        pytest.param([resolved("new", 1), resolved("old", 0)], "new", ["old"], id="the newer word, whenever it comes"),
        pytest.param([resolved("a", 0), resolved("b", 1), resolved("a", 2)], "a", ["b"], id="moved and moved back"),
        pytest.param([listed(0, v1="old"), resolved("new", 1)], "new", ["old"], id="a list, then asked for"),
        pytest.param([resolved("new", 1), listed(0, v1="old")], "new", ["old"], id="a late, older list"),
    ],
)
def test_a_tag_names_what_it_was_last_said_to_name(events: list[Event], now: str, earlier: list[str]) -> None:
    record = applied(*events).freeze().images.tags[REPOSITORY]["1"]
    assert record.digest == digest(now)
    assert record.earlier == tuple(digest(text) for text in earlier)


def test_two_digests_at_the_same_moment_are_told_apart_without_regard_to_order() -> None:
    one, other = resolved("a", 0), resolved("b", 0)
    there = applied(one, other).freeze().images.tags[REPOSITORY]["1"].digest
    back = applied(other, one).freeze().images.tags[REPOSITORY]["1"].digest
    assert there == back


def test_a_tag_that_moves_all_day_is_remembered_in_bounds() -> None:
    record = applied(*(resolved(str(number), number) for number in range(3 * MAX_SPANS))).freeze().images.tags[REPOSITORY]["1"]
    assert len(record.spans) == MAX_SPANS
    assert record.digest == digest(str(3 * MAX_SPANS - 1))


def test_when_a_tag_moved_is_known_only_when_the_registry_tells_or_we_saw_it() -> None:
    assert applied(resolved("a", 0)).freeze().images.tags[REPOSITORY]["1"].moved is None
    watched = applied(resolved("a", 0), resolved("b", 5)).freeze().images.tags[REPOSITORY]["1"]
    assert watched.moved == NOW + timedelta(minutes=5)
    told = applied(listed(0, v1="a")).freeze().images.tags[REPOSITORY]["1"]
    assert told.moved == NOW


def manifests(minutes: float, *texts: str, complete: bool = True) -> ManifestsListed:
    """A list of manifests."""
    rows = tuple(ManifestListing(digest(text)) for text in texts)
    return ManifestsListed(SourceId(SourceKind.REGISTRY, A), REPOSITORY, rows, complete, NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("events", "rows"),
    [
        pytest.param([manifests(0, "a"), manifests(1, "a", "b")], "a b", id="the newer list"),
        pytest.param([manifests(1, "a", "b"), manifests(0, "a")], "a b", id="the newer list, whenever it comes"),
        pytest.param([manifests(0, "a", "b"), manifests(1, "a", complete=False)], "a b", id="a partial list replaces no whole"),
        pytest.param([manifests(0, "a", complete=False), manifests(1, "a", "b")], "a b", id="a whole list replaces a partial"),
        pytest.param([manifests(1, "a", complete=False), manifests(0, "a", "b")], "a b", id="even an older whole list"),
    ],
)
def test_a_partial_list_never_hides_a_whole_one(events: list[Event], rows: str) -> None:
    found = applied(*events).freeze().images.listings[REPOSITORY]
    assert {row.digest for row in found.manifests} == {digest(text) for text in rows.split()}


def test_only_a_whole_list_of_tags_is_remembered_as_one() -> None:
    assert not applied(listed(0, complete=False, v1="a")).freeze().images.tag_lists
    assert applied(listed(0, v1="a")).freeze().images.tag_lists == {REPOSITORY: NOW}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_newest_failure_counts(order: tuple[int, int]) -> None:
    failures = [
        LookupFailed(SourceId(SourceKind.REGISTRY, A), REPOSITORY, "1", AbsenceKind.UNREACHABLE, "time-out", NOW),
        LookupFailed(
            SourceId(SourceKind.REGISTRY, A), REPOSITORY, "1", AbsenceKind.DENIED, "refused", NOW + timedelta(minutes=1)
        ),
    ]
    facts = applied(*(failures[number] for number in order)).freeze()
    assert facts.images.failed[REPOSITORY]["1"].kind is AbsenceKind.DENIED


def test_a_manifest_is_held_since_it_was_last_read() -> None:
    world = World()
    found = world.manifest(f"{A}/app", "abc")
    later = world.clock
    world.manifest(f"{A}/app", "abc")
    assert world.inventory().freeze().images.last_seen[REPOSITORY][found] > later


@examples(30)
@given(worlds())
def test_what_was_said_before_changes_no_version_and_copies_nothing(world: World) -> None:
    inventory = world.inventory()
    before = inventory.freeze()
    for event in world.events:
        # An object that is gone and seen again is there again.
        if not isinstance(event, ObjectGone):
            inventory.apply(event)
    after = inventory.freeze()
    assert after.cluster is before.cluster
    assert after.images is before.images
    assert after.trust is before.trust


@examples(100)
@given(st.data())
def test_a_table_knows_what_differs_from_the_one_before_it(data: st.DataObject) -> None:
    """Whatever is seen, is gone or completed between two looks, and whichever of the earlier tables it is compared with."""
    table: ObjectTable[str] = ObjectTable()
    uids = [str(number) for number in range(8)]
    frozen = [table.freeze()]
    for generation in range(data.draw(st.integers(1, 12))):
        for _ in range(data.draw(st.integers(0, 3))):
            uid, value = data.draw(st.sampled_from(uids)), data.draw(st.sampled_from("abc"))
            if data.draw(st.booleans()):
                table.see("", generation, [(uid, value)])
            else:
                table.drop(uid)
        if data.draw(st.integers(0, 5)) == 0:
            table.complete("", generation)
        frozen.append(table.freeze())
        for before in frozen:
            differing = {uid for uid in uids if before.get(uid) is not frozen[-1].get(uid)}
            changed = changed_keys(before, frozen[-1])
            assert differing <= changed
            assert len(changed) <= len(uids)


def test_one_object_among_many_is_known_without_a_look_at_the_others() -> None:
    table: ObjectTable[str] = ObjectTable()
    table.see("", 1, [(str(number), "a") for number in range(100)])
    before = table.freeze()
    table.see("", 1, [("7", "b")])
    after = table.freeze()
    assert isinstance(after, Successor)
    assert after.since(before) == {"7"}
    assert after.since({}) is None
    assert before["7"] == "a"
