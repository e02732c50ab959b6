"""The one rule of age: what no answer has confirmed for too long is unknown, whoever told it, and says since when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_lost_sources import asked, facts
from tests.domain.world import NOW
from tui.domain.assemble.assemble import Assembler
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.events import Denial, ReferrersListed, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.facts import Facts, ImageFacts
from tui.domain.facts.freshness import Freshness, Limits, confirmed_sources
from tui.domain.policy.policy import Policy, built_in
from tui.domain.snapshot.snapshot import Snapshot

AT = datetime(2026, 11, 24, 10, 42, tzinfo=UTC)
KINDS = [
    (SourceKind.CLUSTER, Limits().cluster),
    (SourceKind.REGISTRY, Limits().registry),
    (SourceKind.SCANNER, Limits().scan),
    (SourceKind.ADMISSION, Limits().admission),
]


def source(kind: SourceKind = SourceKind.CLUSTER, **more: object) -> SourceHealth:
    given = {"id": SourceId(kind, "x"), "state": SourceState.OK, "as_of": AT, "live": True, "every": 5.0} | more
    return SourceHealth(**given)  # type: ignore[arg-type]


USUAL = Limits()


def after(seconds: float, *sources: SourceHealth, limits: Limits = USUAL) -> dict[SourceId, SourceHealth]:
    return confirmed_sources({each.id: each for each in sources}, limits, AT + timedelta(seconds=seconds))


@pytest.mark.parametrize(("kind", "limit"), KINDS)
def test_a_source_of_each_kind_counts_until_its_limit_and_not_beyond(kind: SourceKind, limit: int) -> None:
    known = source(kind)
    assert after(limit - 1, known)[known.id] is known
    late = after(limit, known)[known.id]
    assert (late.state, late.live, late.stale, late.as_of) == (SourceState.FAILED, False, True, AT)
    assert late.error.startswith("Not confirmed since 10:42 UTC: ")
    assert late.remedy


@pytest.mark.parametrize("state", [SourceState.FAILED, SourceState.OFF])
def test_what_has_failed_or_is_off_keeps_its_own_words(state: SourceState) -> None:
    known = source(state=state, error="why")
    assert after(10_000, known)[known.id] is known


def test_the_reason_that_is_known_is_kept() -> None:
    told = source(SourceKind.REGISTRY, state=SourceState.PARTIAL, denials=(Denial("shop", reason="It asks for fewer requests."),))
    assert after(61, told)[told.id].error == "Not confirmed since 10:42 UTC: It asks for fewer requests."


@pytest.mark.parametrize(
    "more", [{"every": 0.0}, {"as_of": None}, {"id": SourceId(SourceKind.SIGNATURES)}, {"id": SourceId(SourceKind.POLICY)}]
)
def test_what_is_not_asked_again_does_not_age_by_itself(more: dict[str, object]) -> None:
    known = msgspec.structs.replace(source(), **more)
    assert after(10_000, known)[known.id] is known


def test_a_limit_below_what_a_source_can_keep_is_stretched() -> None:
    known = source(SourceKind.SCANNER, every=900.0)
    limits = Limits(scan=10)
    assert after(1800, known, limits=limits)[known.id] is known
    assert after(2250, known, limits=limits)[known.id].stale


def test_what_reads_by_a_lost_source_is_lost_with_it() -> None:
    cluster = source(state=SourceState.FAILED, error="The line is cut.", remedy="Mend it.")
    gate = source(SourceKind.ADMISSION, through=cluster.id)
    other = source(SourceKind.SCANNER, through=SourceId(SourceKind.CLUSTER, "other"))
    found = after(1, cluster, gate, other)
    assert found[other.id] is other
    assert found[gate.id].state is SourceState.FAILED
    assert "read through x, which cannot be read. The line is cut." in found[gate.id].error
    assert found[gate.id].remedy == "Mend it."


@given(st.integers(0, 4000), st.integers(0, 4000))
def test_time_alone_never_makes_anything_count_again(first: int, more: int) -> None:
    known = [source(kind) for kind, _ in KINDS]
    before, later = after(first, *known), after(first + more, *known)
    assert all(later[name].stale for name, each in before.items() if each.stale)


# ---- the estate


def aged(known: Facts, **as_of: datetime) -> Facts:
    """Every source asked again each 5 seconds, and confirmed now unless told otherwise."""
    health = {
        id: msgspec.structs.replace(each, every=5.0, as_of=as_of.get(str(id).replace("/", "_").replace(".", "_"), NOW))
        for id, each in known.health.items()
    }
    return Facts(known.cluster, known.images, health, known.health_version, known.trust)


def judged(known: Facts, now: datetime = NOW, policy: Policy | None = None) -> Snapshot:
    return Assembler().assemble(known, policy or built_in(), now)


def test_a_registry_that_has_confirmed_nothing_lately_takes_its_greens_with_it() -> None:
    fresh = asked(judged(aged(facts())))
    old = aged(facts(), registry_a_azurecr_io=NOW - timedelta(minutes=5))
    late = asked(judged(old))
    names = {CheckName.IDENTITY, CheckName.BASE, CheckName.SIGNATURE}
    of_it = [
        place
        for place, each in fresh.items()
        if SourceId(SourceKind.REGISTRY, "a.azurecr.io") in each.sources and place[1] in names
    ]
    assert {fresh[place].check.state for place in of_it} >= {State.PASS}
    for place in of_it:
        assert late[place].check.state is not State.PASS, place
        if late[place].check.state is State.UNKNOWN and fresh[place].check.state is State.PASS:
            assert "ot confirmed since" in late[place].check.reason, place
    assert not judged(old).complete


def test_the_limit_is_the_policys() -> None:
    old = aged(facts(), registry_a_azurecr_io=NOW - timedelta(minutes=5))
    patient = msgspec.structs.replace(built_in(), limits=Limits(registry=600))
    assert judged(old, policy=patient).complete == judged(aged(facts())).complete


def test_a_cluster_that_is_silent_takes_its_gate_and_what_runs_with_it() -> None:
    known = aged(facts(), cluster_lab=NOW - timedelta(minutes=2))
    health = {
        id: msgspec.structs.replace(each, through=SourceId(SourceKind.CLUSTER, id.name))
        if id.kind is SourceKind.ADMISSION
        else each
        for id, each in known.health.items()
    }
    found = judged(Facts(known.cluster, known.images, health, known.health_version, known.trust))
    for key, workload in found.workloads.items():
        for container in workload.containers:
            states = {check.name: check.state for check in container.checks}
            lost = key.cluster == "lab"
            assert (states[CheckName.IDENTITY] is State.UNKNOWN) >= lost
            assert (states[CheckName.ADMISSION] is State.UNKNOWN) == lost


def searched(at: datetime) -> Facts:
    """What is attached to everything that has signatures was listed at this time."""
    known = aged(facts())
    listed = {
        name: {subject: ReferrersListed(SourceId(SourceKind.REGISTRY, "x"), name, subject, (), at) for subject in subjects}
        for name, subjects in known.trust.signatures.items()
    }
    images = ImageFacts(**{field: getattr(known.images, field) for field in ImageFacts.__slots__} | {"referrers": listed})
    return Facts(known.cluster, images, known.health, known.health_version, known.trust)


def test_signatures_that_are_not_looked_for_again_are_unknown_with_the_time() -> None:
    fresh, late = judged(searched(NOW - timedelta(minutes=14))), judged(searched(NOW - timedelta(minutes=15)))
    signed = [
        key for key, image in fresh.images.items() if ("signature", State.PASS) in [(c.name, c.state) for c in image.checks]
    ]
    assert signed
    for key in signed:
        check = next(check for check in late.images[key].checks if check.name is CheckName.SIGNATURE)
        assert check.state is State.UNKNOWN
        assert f"not confirmed since {NOW - timedelta(minutes=15):%H:%M} UTC" in check.reason


def test_the_next_limit_is_known_and_nothing_that_stays_is_made_anew() -> None:
    rule, known = Freshness(), aged(facts())
    first = rule.of(known, Limits(), NOW)
    assert rule.due == NOW + timedelta(seconds=60)
    assert first.trust is rule.of(known, Limits(), NOW + timedelta(seconds=59)).trust
    rule.of(known, Limits(), NOW + timedelta(seconds=60))
    assert rule.due == NOW + timedelta(seconds=300)
