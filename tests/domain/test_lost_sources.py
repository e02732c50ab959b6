"""Turning off any one source turns exactly its facts to unknown, with the reason, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.scan_kit import report, set_up, tell, vulnerability
from tests.domain.world import NOW, World, name_of, running
from tui.domain.assemble.assemble import Assembler
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.admission import Constraint, Enforcement
from tui.domain.facts.events import (
    AbsenceKind,
    ConstraintsListed,
    SignaturesVerified,
    SourceHealth,
    SourceId,
    SourceKind,
    SourceState,
)
from tui.domain.facts.facts import Facts
from tui.domain.facts.signature import Outcome, SignatureSystem, Verdict
from tui.domain.policy.policy import built_in
from tui.domain.snapshot.snapshot import Container, Image, Snapshot

A, B = "a.azurecr.io", "b.example.com"
ERROR = "the line is cut"
BASE_TITLE, BASE_DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"


@cache
def facts() -> Facts:
    """Two clusters, two registries, two scanners, signatures and gates, with good and bad of everything."""
    world = World()
    for cluster in ("lab", "weu"):
        world.health(SourceId(SourceKind.CLUSTER, cluster))
        world.health(SourceId(SourceKind.ADMISSION, cluster))
        gate = Constraint(cluster, "K8sAllowedRepos", "ours", Enforcement.DENY, 0, audited=NOW, images=r"^a\.")
        world.tell(ConstraintsListed(SourceId(SourceKind.ADMISSION, cluster), cluster, (gate,), NOW))
        world.node("n1", cluster=cluster)
    world.health(SourceId(SourceKind.REGISTRY, A), identity="somebody")
    world.health(SourceId(SourceKind.REGISTRY, B))
    world.health(SourceId(SourceKind.SIGNATURES))
    set_up(world, "Trivy", "Aqua")
    _fill(world)
    return world.inventory().freeze()


def _fill(world: World) -> None:
    old = world.manifest(f"{A}/base", "old", "12", layers="d", days=40)
    world.manifest(f"{A}/base", "new", "12", layers="e", days=2)
    says = {BASE_TITLE: f"{A}/base:12", BASE_DIGEST: old}
    shop = world.manifest(f"{A}/shop", "shop", "1", layers="ds", says=says)
    moved = world.manifest(f"{A}/moved", "m1", "1", layers="dm", says=says)
    world.manifest(f"{A}/moved", "m2", "1", layers="dn", says=says)
    outside = world.manifest(f"{B}/tool", "tool", "1", layers="do", says=says)
    own = world.manifest(f"{B}/own", "own", "1", layers="xyz")
    for name, found in ((f"{A}/shop", shop), (f"{A}/moved", moved), (f"{B}/tool", outside), (f"{B}/own", own)):
        world.tell(SignaturesVerified(SourceId(SourceKind.SIGNATURES), name_of(name), found, _signed(name), NOW))
    world.run("shop/shop", f"{A}/shop:1", f"{A}/shop@{shop}")
    world.run("shop/moved", f"{A}/moved:1", f"{A}/moved@{moved}")
    world.run("shop/tool", f"{B}/tool:1", f"{B}/tool@{outside}")
    world.pod("far/own", running(f"{B}/own:1", f"{B}/own@{own}"), cluster="weu")
    world.pod("far/shop", running(f"{A}/shop:1", f"{A}/shop@{shop}"), cluster="weu")
    tell(world, report(shop), report(moved, vulnerability()), report(own, at=NOW - timedelta(days=90)))
    tell(world, report(shop, scanner="Aqua"), report(outside, vulnerability(severity="high"), scanner="Aqua", os="centos 7"))


def _signed(name: str) -> tuple[Outcome, ...]:
    return () if name.startswith(B) else (Outcome(SignatureSystem.NOTATION, Verdict.VALID, "", signer="CN=us"),)


SOURCES = sorted(facts().health)


def snapshot(*lost: SourceId) -> Snapshot:
    """The estate when these sources do not answer any more."""
    known = facts()
    health = {name: _failing(each) if name in lost else each for name, each in known.health.items()}
    turned = Facts(known.cluster, known.images, health, known.health_version + len(lost), known.trust)
    return Assembler().assemble(turned, built_in(), NOW)


def _failing(health: SourceHealth) -> SourceHealth:
    return msgspec.structs.replace(health, state=SourceState.FAILED, error=ERROR)


class Asked(NamedTuple):
    """One check of one thing, and the sources that its answer stands on."""

    thing: str
    check: Check
    sources: frozenset[SourceId]


def asked(found: Snapshot) -> dict[tuple[str, CheckName], Asked]:
    everything = [*_of_images(found), *_of_containers(found)]
    return {(each.thing, each.check.name): each for each in everything}


def _of_images(found: Snapshot) -> Iterator[Asked]:
    for key, image in found.images.items():
        users = [container for workload in found.workloads.values() for container in workload.containers if key in container.runs]
        clusters = {user.cluster for user in found.users.get(key, ())}
        for check in image.checks:
            yield Asked(str(key), check, frozenset(_stands_on(check.name, image, users, clusters)))


def _of_containers(found: Snapshot) -> Iterator[Asked]:
    for key, workload in found.workloads.items():
        for container in workload.containers:
            images = [found.images[image] for image in container.runs]
            for check in container.checks:
                sources = {each for image in images for each in _stands_on(check.name, image, [container], {key.cluster})}
                yield Asked(f"{key} {container.name}", check, frozenset(sources))


def _stands_on(name: CheckName, image: Image, users: list[Container], clusters: set[str]) -> Iterator[SourceId]:
    match name:
        case CheckName.REGISTRY:
            yield from (SourceId(SourceKind.REGISTRY, image.key.registry),) if image.key.registry == A else ()
        case CheckName.SIGNATURE:
            yield from (SourceId(SourceKind.SIGNATURES), SourceId(SourceKind.REGISTRY, image.key.registry))
        case CheckName.SCAN:
            # that nobody has a report stands on everybody
            yield from [each.source for each in image.scans] or (each for each in SOURCES if each.kind is SourceKind.SCANNER)
        case CheckName.BASE:
            yield from (SourceId(SourceKind.REGISTRY, image.base.base.registry),) if image.base is not None else ()
            yield from (each.source for each in image.scans if each.os)
        case CheckName.IDENTITY:
            yield from (SourceId(SourceKind.REGISTRY, each.name_of.registry) for each in users if each.name_of is not None)
            yield from (SourceId(SourceKind.CLUSTER, cluster) for cluster in clusters)
        case CheckName.ADMISSION:
            yield from (SourceId(kind, cluster) for cluster in clusters for kind in (SourceKind.ADMISSION, SourceKind.CLUSTER))
        case CheckName.AGE:
            pass  # when an image was built is in the image, and does not change


def _answer(check: Check) -> Check:
    """A check without its advice, where that stands on more than the answer: what mends a scan is also the base's to say."""
    return msgspec.structs.replace(check, remedy="") if check.name is CheckName.SCAN else check


def test_the_estate_has_something_to_lose() -> None:
    states = {(name, each.check.state) for (_, name), each in asked(snapshot()).items()}
    for name in CheckName:
        assert {(name, State.PASS), (name, State.FAIL), (name, State.WARN)} & states, name


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_each_source_takes_with_it_what_stands_on_it_and_nothing_else(source: SourceId) -> None:
    before, after = asked(snapshot()), asked(snapshot(source))
    assert before.keys() == after.keys()
    fell = 0
    for place, was in before.items():
        now = after[place].check
        if was.check.state is State.OFF or source not in was.sources:
            assert _answer(now) == _answer(was.check), place
        elif was.check.state is not State.UNKNOWN:
            assert now.state is State.UNKNOWN or (now.state is State.FAIL and was.check.state is State.FAIL), place
            assert ERROR in now.reason, place
            fell += now.state is State.UNKNOWN
    assert fell, f"nothing stood on {source}"


@given(st.sets(st.sampled_from(SOURCES)))
def test_losing_sources_never_makes_anything_look_better(lost: set[SourceId]) -> None:
    before, after = asked(snapshot()), asked(snapshot(*lost))
    for place, was in before.items():
        now = after[place].check.state
        assert now in (was.check.state, State.UNKNOWN), place
        assert now is not State.OFF or was.check.state is State.OFF, place


@given(st.sets(st.sampled_from(SOURCES)))
def test_nothing_leaves_the_tree_when_sources_are_lost(lost: set[SourceId]) -> None:
    before, after = snapshot(), snapshot(*lost)
    assert (before.images.keys(), before.workloads.keys()) == (after.images.keys(), after.workloads.keys())
    assert after.complete is (before.complete and not lost)


@pytest.mark.parametrize("told", [False, True])
def test_what_is_scaled_to_zero_is_not_fine_while_nothing_is_known_of_its_image(told: bool) -> None:
    world = World()
    world.health(SourceId(SourceKind.CLUSTER, "lab"))
    world.health(SourceId(SourceKind.REGISTRY, A), state=SourceState.FAILED, error=ERROR)
    if told:
        world.fail(f"{A}/shop", "1", AbsenceKind.UNREACHABLE, ERROR)
    world.deployment("x/export", f"{A}/shop:1", 0)
    [workload] = world.snapshot().workloads.values()
    (check,) = (each for each in workload.containers[0].checks if each.name is CheckName.IDENTITY)
    assert workload.verdict is State.UNKNOWN
    assert (check.state, ERROR in check.reason, bool(check.brief)) == (State.UNKNOWN, True, True)
