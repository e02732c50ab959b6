"""What did not change is not judged again, and what did change is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.scan_kit import report, set_up, tell, vulnerability
from tests.domain.test_core_laws import worlds
from tests.domain.world import NOW, A, World, digest, name_of, trusting
from tests.laws import examples
from tui.domain.assemble.assemble import Assembler
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.events import ObjectGone, PodsSeen, SignaturesVerified, SourceId, SourceKind
from tui.domain.facts.inventory.inventory import Inventory
from tui.domain.facts.patterns import parse_pattern
from tui.domain.facts.scan import Severity
from tui.domain.facts.signature import Outcome, SignatureSystem, Verdict
from tui.domain.facts.workload import Resource
from tui.domain.policy.policy import Policy
from tui.domain.policy.rules import SETTINGS, Rules, Unfixed
from tui.domain.policy.scopes import Scope
from tui.domain.policy.waivers import PolicyException
from tui.domain.snapshot.diff import same_content
from tui.domain.snapshot.snapshot import Snapshot


def test_only_what_changed_is_judged_again() -> None:
    world, assembler = World(), Assembler()
    inventory = world.inventory()

    def now() -> Snapshot:
        for event in world.events:
            inventory.apply(event)
        world.events.clear()
        return assembler.assemble(inventory.freeze(), trusting((A,)), NOW)

    world.manifest(f"{A}/app", "a", "1")
    world.manifest(f"{A}/web", "w", "1")
    before = now()
    world.manifest(f"{A}/web", "v", "1")
    after = now()
    assert [key.repository for key, image in after.images.items() if before.images.get(key) is image] == ["app"]
    fresh = Assembler().assemble(inventory.freeze(), trusting((A,)), NOW)
    assert after.images == fresh.images


# ---- another policy


TRUST = (parse_pattern(A),)
OTHER: dict[str, object] = {
    "off": (CheckName.AGE, CheckName.IDENTITY),
    "trusted": (parse_pattern(f"{A}/web"),),
    "trust_signed_in": False,
    "signers": ("CN=other",),
    "scan_fail_on": Severity.LOW,
    "scan_warn_on": None,
    "scan_unfixed": Unfixed.IGNORE,
    "scan_max_age": 1,
    "base_grace": 0,
    "warn_age": 1,
    "max_age": 2,
    "exceptions": (PolicyException("x", "we know", "ops", NOW + timedelta(days=9), tuple(CheckName), ("CVE-2026-0001",)),),
    "expired": (PolicyException("y", "we knew", "ops", NOW - timedelta(days=9), tuple(CheckName), ("CVE-2026-0001",)),),
}
"""Another value for each setting; the rest are states."""


def of_all_kinds() -> World:
    """Images old and new, signed rightly and wrongly, scanned or not, on bases that moved, in two namespaces."""
    world = World()
    world.node("n1")
    world.health(SourceId(SourceKind.SIGNATURES))
    set_up(world, "Trivy")
    old = world.manifest(f"{A}/base", "b", "1", days=400)
    for number, (name, content) in enumerate(((f"{A}/app", "ba"), (f"{A}/web", "bw"), ("x.example.org/tool", "t"))):
        found = world.manifest(name, content, "1", days=100 * number + 1)
        verdict = Verdict.VALID if number else Verdict.INVALID
        outcome = Outcome(SignatureSystem.NOTATION, verdict, "so it is", signer="CN=release")
        world.tell(
            SignaturesVerified(
                SourceId(SourceKind.SIGNATURES), name_of(name), found, (outcome,) if number < 2 else (), world.clock
            )
        )
        if number < 2:
            at = NOW - timedelta(days=2 + 20 * number)
            tell(world, report(found, vulnerability(), vulnerability("CVE-2026-2", "medium", fixed=""), at=at))
        world.run(f"team{number}/run", f"{name}:1", f"{name}@{found}")
    world.run("team0/moved", f"{A}/app:1", f"{A}/app@{digest('another')}")
    world.run("team1/mixed", f"{A}/base:1", f"{A}/base@{old}", f"{A}/base@{digest('other')}")
    world.manifest(f"{A}/base", "c", "1", days=3)
    return world


def policies() -> Iterator[Policy]:
    """One for each setting that says something else, each written somewhere else, and all of it in one namespace only."""
    usual = Rules(trusted=TRUST)
    yield Policy("usual", usual)
    for field in usual.__struct_fields__:
        if field == "origins":
            continue
        state = State.PASS if getattr(usual, field) is State.WARN else State.WARN
        value = OTHER.get(field, state)
        yield Policy(field, msgspec.structs.replace(usual, **{field: value}))
        if field in SETTINGS:
            yield Policy(f"{field} elsewhere", msgspec.structs.replace(usual, origins=((field, "scope prod"),)))
            yield Policy(f"{field} in part", usual, (Scope("team", ((field, value),), namespaces=("team0",)),))


def test_another_policy_judges_as_if_there_had_been_no_other_before() -> None:
    """For every setting: an answer that is not asked for again is the one that asking would give."""
    facts, assembler = of_all_kinds().inventory().freeze(), Assembler()
    for policy in policies():
        for now in (NOW, NOW + timedelta(hours=2)) if policy.name == "usual" else (NOW,):
            kept, fresh = assembler.assemble(facts, policy, now), Assembler().assemble(facts, policy, now)
            assert (kept.images, kept.workloads, kept.summary) == (fresh.images, fresh.workloads, fresh.summary), policy.name


def test_what_a_policy_does_not_change_stays_the_very_same() -> None:
    facts, assembler = of_all_kinds().inventory().freeze(), Assembler()
    before = assembler.assemble(facts, Policy("one", Rules(trusted=TRUST)), NOW)
    after = assembler.assemble(facts, Policy("other name", Rules(trusted=TRUST)), NOW)
    assert all(after.images[key] is image for key, image in before.images.items())
    assert all(after.workloads[key] is found for key, found in before.workloads.items())


# ---- a pod


def test_a_pod_judges_only_its_own_workload_again() -> None:
    world, assembler, policy = of_all_kinds(), Assembler(), Policy("one", Rules(trusted=TRUST))
    inventory = world.inventory()
    before = assembler.assemble(inventory.freeze(), policy, NOW)
    seen = next(each for each in world.events if isinstance(each, PodsSeen))
    inventory.apply(msgspec.structs.replace(seen, pods=(msgspec.structs.replace(seen.pods[0], phase="Failed"),)))
    after = assembler.assemble(inventory.freeze(), policy, NOW)
    changed = [key for key, found in after.workloads.items() if found is not before.workloads[key]]
    assert [(key.namespace, key.name) for key in changed] == [("team0", "run")]
    fresh = Assembler().assemble(inventory.freeze(), policy, NOW)
    assert (after.images, after.workloads, after.users) == (fresh.images, fresh.workloads, fresh.users)


@examples(25)
@given(worlds(), st.randoms(use_true_random=False))
def test_every_snapshot_on_the_way_is_what_would_be_made_at_once(world: World, pick: random.Random) -> None:
    """Whatever comes, goes or is judged by another policy: what is kept never shows."""
    inventory, assembler = Inventory(), Assembler()
    choices = (trusting((A,)), Policy("strict", Rules(max_age=1)), Policy("soft", Rules(off=(CheckName.AGE,))))
    for event in world.events:
        inventory.apply(event)
        if isinstance(event, PodsSeen) and pick.random() < 0.3:
            inventory.apply(ObjectGone(event.source, Resource.PODS, event.pods[0].uid))
        if pick.random() < 0.2:
            policy, facts = pick.choice(choices), inventory.freeze()
            kept, fresh = assembler.assemble(facts, policy, NOW), Assembler().assemble(facts, policy, NOW)
            assert same_content(replace(kept, number=fresh.number), fresh)
