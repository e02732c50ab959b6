"""Laws of the join and of what is judged of it, for any small estate: order, repetition, what is unrelated, more evidence."""

from __future__ import annotations

import random
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.world import AMD, ARM, NOW, A, B, World, digest, running, trusting, waiting
from tests.laws import examples
from tui.domain.assemble.assemble import Assembler
from tui.domain.common.trust import Check, CheckName, State, roll_up, worst
from tui.domain.facts.events import AbsenceKind, ConfigRead, Event, ManifestRead, TagResolved
from tui.domain.facts.inventory.inventory import Inventory
from tui.domain.facts.workload import Resource
from tui.domain.snapshot.diff import same_content
from tui.domain.snapshot.snapshot import Drift, Snapshot

CONTENTS = ("a", "ab", "abc", "xy")
NAMES = (f"{A}/base", f"{A}/app", f"{B}/lib")
TAGS = ("1", "2")
REFERENCES = (*(f"{name}:{tag}" for name in NAMES for tag in TAGS), f"{A}/app@{digest('manifest abc linux/amd64 ')}", f"{A}/BAD")
BASE_NAME = "org.opencontainers.image.base.name"
_REGISTRY = (TagResolved, ManifestRead, ConfigRead)
PICKS = st.randoms(use_true_random=False)
"""Choices that Hypothesis makes: what breaks a law becomes as small as it can."""
FAILURES = (AbsenceKind.DENIED, AbsenceKind.MANIFEST_UNKNOWN, AbsenceKind.THROTTLED)


def ids(content: str, name: str) -> tuple[str, ...]:
    """What nodes may report for a content."""
    manifest, config = digest(f"manifest {content} {AMD} "), digest(f"config {content} {AMD}")
    return f"{name}@{manifest}", f"{name}@{digest('elsewhere')}", config, ""


def publish(world: World, pick: random.Random, tags: Iterable[str], name: str) -> None:
    """An image or an index of some content, under these tags."""
    says = {BASE_NAME: f"{A}/base:1"} if pick.random() < 0.4 else {}
    if pick.random() < 0.3:
        inside = {AMD: pick.choice(CONTENTS), ARM: pick.choice(CONTENTS)}
        world.index(name, inside[AMD], *tags, contents=inside)
    else:
        world.manifest(name, pick.choice(CONTENTS), *tags, says=says, salt=pick.choice(["", "copy"]))


def occupy(world: World, pick: random.Random) -> None:
    """Two nodes, of which one can be read, and some workloads."""
    world.node("n1")
    for number in range(pick.randint(1, 3)):
        image = pick.choice(REFERENCES)
        owner = world.deployment(f"x/w{number}", image, pick.choice([0, 2]))
        for pod in range(pick.randint(0, 2)):
            reported = pick.choice(ids(pick.choice(CONTENTS), pick.choice(NAMES)))
            found = running(image, reported) if reported else waiting(image)
            world.pod(f"x/w{number}-{pod}", found, owner=owner, node=pick.choice(["n1", "n1", "hidden"]))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Any small estate: tags that move, failures, lists, all at times that may be the same."""
    pick = draw(PICKS)
    world = World()
    occupy(world, pick)
    for _ in range(pick.randint(0, 6)):
        name = pick.choice(NAMES)
        publish(world, pick, pick.sample(TAGS, pick.randint(0, 2)), name)
        if pick.random() < 0.3:
            world.fail(name, pick.choice((*TAGS, digest("elsewhere"))), pick.choice(FAILURES))
        if pick.random() < 0.2:
            world.list_manifests(name, digest(f"manifest abc {AMD} "), complete=pick.random() < 0.5)
        if pick.random() < 0.5:
            world.clock = NOW  # two things are said at one moment
    return world


@st.composite
def steady_worlds(draw: st.DrawFn) -> World:
    """An estate in which nothing moves and nothing fails: every tag is said to name one thing, once."""
    pick = draw(PICKS)
    world = World()
    occupy(world, pick)
    for name in NAMES:
        for tag in TAGS:
            if pick.random() < 0.7:
                publish(world, pick, (tag,), name)
    return world


def assembled(events: Iterable[Event]) -> Snapshot:
    """The snapshot of these events."""
    inventory = Inventory()
    for event in events:
        inventory.apply(event)
    return Assembler().assemble(inventory.freeze(), trusting((A,)), NOW)


@examples(60)
@given(worlds(), st.data())
def test_the_order_of_what_is_said_does_not_matter(world: World, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(world.events))
    assert same_content(assembled(world.events), assembled(shuffled))


@examples(30)
@given(worlds())
def test_saying_everything_twice_says_nothing_new(world: World) -> None:
    assert same_content(assembled(world.events), assembled([*world.events, *world.events]))


@examples(30)
@given(worlds())
def test_assembling_step_by_step_ends_where_assembling_at_once_does(world: World) -> None:
    """What the assembler keeps from one snapshot to the next never shows."""
    inventory, assembler, policy = Inventory(), Assembler(), trusting((A,))
    for number, event in enumerate(world.events):
        inventory.apply(event)
        if number % 5 == 0:
            assembler.assemble(inventory.freeze(), policy, NOW)
    last = assembler.assemble(inventory.freeze(), policy, NOW)
    once = assembled(world.events)
    assert (last.images, last.workloads, last.bases, last.derived) == (once.images, once.workloads, once.bases, once.derived)


@examples(40)
@given(worlds())
def test_what_is_unrelated_changes_no_verdict(world: World) -> None:
    other = World()
    other.uids = 1000
    other.controller("z/DaemonSet/other", Resource.DAEMONSETS, cluster="other")
    other.manifest("other.example.org/other", "qrs", "1")
    other.pod("z/other", running("other.example.org/other:1", digest(f"config qrs {AMD}")), cluster="other")
    before, after = assembled(world.events), assembled([*world.events, *other.events])
    assert {key: after.images.get(key) for key in before.images} == dict(before.images)
    assert {key: after.workloads.get(key) for key in before.workloads} == dict(before.workloads)
    assert {key: after.derived.get(key) for key in before.derived} == dict(before.derived)


@examples(60)
@given(steady_worlds(), PICKS)
def test_more_evidence_only_turns_unknown_into_something(world: World, pick: random.Random) -> None:
    """With part of what registries say a container is what it is with all of that, or it is not known what it is."""
    registries = [event for event in world.events if isinstance(event, _REGISTRY)]
    heard = {id(event) for event in registries if pick.random() < 0.6}
    part = [event for event in world.events if not isinstance(event, _REGISTRY) or id(event) in heard]
    less, more = assembled(part), assembled(world.events)
    for key, workload in less.workloads.items():
        for one, other in zip(workload.containers, more.workloads[key].containers, strict=True):
            assert one.drift in (Drift.UNKNOWN, other.drift) or other.drift is Drift.MIXED
            assert one.drift is not Drift.SAME or other.drift is Drift.SAME
    for image in less.images:
        if image in more.images:
            _only_more_is_known(less.images[image].checks, more.images[image].checks)


def _only_more_is_known(less: Iterable[Check], more: Iterable[Check]) -> None:
    known = {check.name: check.state for check in more}
    for check in less:
        if check.name in (CheckName.REGISTRY, CheckName.AGE):
            assert check.state in (State.UNKNOWN, known[check.name])


_states = st.lists(st.sampled_from(list(State)), max_size=6)


@given(_states, st.data())
def test_the_roll_up_is_the_worst_in_any_order(states: list[State], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(states))
    found = worst(states)
    assert found is worst(shuffled)
    counting = [state for state in states if state is not State.OFF]
    assert found is (max(counting, key=lambda state: state.severity) if counting else State.UNKNOWN)
    assert roll_up(Check(CheckName.AGE, state, "") for state in states) is found


@given(_states, st.integers(0, 5), st.sampled_from(list(State)))
def test_the_roll_up_is_monotone(states: list[State], place: int, other: State) -> None:
    """Making one check worse never makes the whole better; with OFF the check does not count at all."""
    if place >= len(states) or State.OFF in (states[place], other):
        return
    changed = [*states[:place], other, *states[place + 1 :]]
    low, high = sorted((states, changed), key=lambda each: each[place].severity)
    assert worst(low).severity <= worst(high).severity


@examples(30)
@given(worlds())
def test_whatever_is_said_every_answer_has_a_reason_and_nothing_points_nowhere(world: World) -> None:
    snapshot = assembled(world.events)
    nodes = {*snapshot.images, *snapshot.bases}
    assert {image.base.base for image in snapshot.images.values() if image.base is not None} <= nodes
    assert {*snapshot.derived, *snapshot.roots, *(child for below in snapshot.derived.values() for child in below)} <= nodes
    for workload in snapshot.workloads.values():
        assert set(workload.rollback) <= set(snapshot.images)
        for container in workload.containers:
            assert set(container.runs) <= set(snapshot.images)
            assert container.declared is None or container.declared in snapshot.images
            assert container.drift_reason
            assert all(check.reason for check in container.checks)
            assert container.verdict.severity >= worst(check.state for check in container.checks).severity
    for image in snapshot.images.values():
        assert all(check.reason for check in image.checks)
        assert image.verdict is roll_up(image.checks)
