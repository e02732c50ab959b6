"""A cluster that two contexts name is one cluster: its pods, its gate and its reports are counted once."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.world import NOW, World, running
from tui.domain.assemble.assemble import Assembler
from tui.domain.assemble.same_cluster import doubles, without_doubles
from tui.domain.facts.events import SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.facts import Facts
from tui.domain.policy.policy import built_in

IMAGE = "a.azurecr.io/app:1"
STATES = [SourceState.OK, SourceState.PARTIAL, SourceState.LOADING, SourceState.FAILED]


def source(name: str, *known_by: str, state: SourceState = SourceState.OK) -> SourceHealth:
    return SourceHealth(SourceId(SourceKind.CLUSTER, name), state, as_of=NOW, known_by=known_by)


def found(*sources: SourceHealth) -> dict[str, str]:
    return {str(twin): str(first) for twin, first in doubles({each.id: each for each in sources}).items()}


def test_clusters_are_the_same_by_address_or_by_uid() -> None:
    admin, viewer = source("admin", "https://a", "uid 1"), source("viewer", "https://a")
    private, other = source("private", "https://b", "uid 1"), source("other", "https://c", "uid 2")
    assert found(admin, viewer, private, other) == {"cluster/viewer": "cluster/admin", "cluster/private": "cluster/admin"}


def test_what_is_not_known_by_anything_is_itself() -> None:
    assert found(source("a"), source("b")) == {}


def test_the_source_that_reads_most_counts() -> None:
    assert found(source("a", "x", state=SourceState.PARTIAL), source("b", "x")) == {"cluster/a": "cluster/b"}
    assert found(source("a", "x", state=SourceState.FAILED), source("b", "x", state=SourceState.LOADING)) == {
        "cluster/a": "cluster/b"
    }


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(STATES)), max_size=6))
def test_of_each_cluster_exactly_one_source_is_left(given: list[tuple[str, SourceState]]) -> None:
    sources = [source(str(number), known, state=state) for number, (known, state) in enumerate(given)]
    left = [each for each in sources if str(each.id) not in found(*sources)]
    assert sorted(each.known_by[0] for each in left) == sorted({known for known, _ in given})


def twice() -> Facts:
    """One cluster under two names, its gate read twice as well."""
    world = World()
    for name in ("admin", "viewer"):
        for number in range(3):
            world.pod(f"x/web-{number}", running(IMAGE, ""), cluster=name)
        world.health(SourceId(SourceKind.CLUSTER, name))
        world.health(SourceId(SourceKind.ADMISSION, name))
    known = world.inventory().freeze()
    health = {
        id: msgspec.structs.replace(each, known_by=("uid 1",))
        if each.kind is SourceKind.CLUSTER
        else msgspec.structs.replace(each, through=SourceId(SourceKind.CLUSTER, id.name))
        for id, each in known.health.items()
    }
    return Facts(known.cluster, known.images, health, known.health_version, known.trust)


def test_pods_are_counted_once_and_the_other_context_says_why() -> None:
    snapshot = Assembler().assemble(twice(), built_in(), NOW)
    assert snapshot.summary.pods == 3
    assert {key.cluster for key in snapshot.workloads} == {"admin"}
    states = {str(each.id): (each.state, each.error) for each in snapshot.sources}
    assert states["cluster/viewer"] == (SourceState.OFF, "It is the same cluster as admin, which is read already.")
    assert states["admission/viewer"][0] is SourceState.OFF


def test_the_other_source_takes_over_when_the_first_is_lost() -> None:
    assembler, known = Assembler(), twice()
    assembler.assemble(known, built_in(), NOW)
    lost = msgspec.structs.replace(known.health[SourceId(SourceKind.CLUSTER, "admin")], state=SourceState.FAILED)
    after = Facts(
        known.cluster,
        known.images,
        {**known.health, SourceId(SourceKind.CLUSTER, "admin"): lost},
        known.health_version + 1,
        known.trust,
    )
    snapshot = assembler.assemble(after, built_in(), NOW)
    assert {key.cluster for key in snapshot.workloads} == {"viewer"}
    assert snapshot.summary.pods == 3


def test_nothing_is_made_anew_where_no_cluster_is_read_twice() -> None:
    known = World().inventory().freeze()
    assert without_doubles(known) is known


def test_a_context_that_is_lost_says_so_though_another_reads_its_cluster() -> None:
    known = twice()
    refused = msgspec.structs.replace(
        known.health[SourceId(SourceKind.CLUSTER, "viewer")],
        state=SourceState.FAILED,
        error="It does not accept the sign-in.",
        auth_failed=True,
    )
    narrowed = msgspec.structs.replace(
        known.health[SourceId(SourceKind.CLUSTER, "viewer")],
        state=SourceState.PARTIAL,
        lost_scopes=(("shop", "No right to list pods."),),
    )
    for lost, words in ((refused, "It does not accept the sign-in."), (narrowed, "No right to list pods.")):
        facts = Facts(known.cluster, known.images, {**known.health, lost.id: lost}, known.health_version + 1, known.trust)
        found = without_doubles(facts).health[lost.id]
        assert (found.state, found.lost) == (SourceState.OFF, True)
        assert found.error == f"{words} It is the same cluster as admin, which is read already."
    part = msgspec.structs.replace(known.health[SourceId(SourceKind.CLUSTER, "admin")], state=SourceState.PARTIAL)
    health = {**known.health, refused.id: refused, part.id: part}
    facts = Facts(known.cluster, known.images, health, known.health_version + 1, known.trust)
    assert without_doubles(facts).health[refused.id] == refused
