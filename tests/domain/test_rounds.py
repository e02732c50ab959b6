"""Whatever is said, in whatever order, the snapshot that is brought up to date is the one that would be made at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.scan_kit import report, set_up, tell, vulnerability
from tests.domain.test_core_laws import CONTENTS, PICKS, occupy
from tests.domain.test_lineage_parts import CLAIMED, NAMES, tell_something
from tests.domain.world import AMD, NOW, A, B, World, digest, name_of, trusting
from tests.laws import examples
from tui.domain.assemble.assemble import Assembler
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.build import BuilderKind, BuiltImage, Job, JobKey, Run, RunState
from tui.domain.facts.build_events import (
    BuildersConfigured,
    ConfiguredJob,
    JobsCompleted,
    JobsSeen,
    RunsSeen,
    builder_source,
)
from tui.domain.facts.events import (
    ControllersSeen,
    Event,
    ListCompleted,
    ObjectGone,
    PodsSeen,
    ReferrersListed,
    SignaturesVerified,
    SourceId,
    SourceKind,
    SourceState,
)
from tui.domain.facts.facts import Facts
from tui.domain.facts.inventory.inventory import Inventory
from tui.domain.facts.patterns import parse_pattern
from tui.domain.facts.signature import Outcome, SignatureSystem, Verdict
from tui.domain.facts.workload import Resource
from tui.domain.policy.policy import Policy
from tui.domain.policy.rules import Rules
from tui.domain.policy.scopes import Scope
from tui.domain.policy.waivers import PolicyException
from tui.domain.query.findings import find
from tui.domain.query.problems import ProblemCount
from tui.domain.snapshot.diff import same_content

BUILDER = BuilderKind.ACR_TASKS


def accepted() -> Iterator[PolicyException]:
    """What is accepted of a content, of a vulnerability and at a place; two of three end between two rounds."""
    soon, late = NOW + timedelta(hours=1), NOW + timedelta(days=9)
    contents = tuple(digest(f"manifest {content} {AMD} ") for content in CONTENTS)
    yield PolicyException("1", "so it is", "ops", soon, (CheckName.IDENTITY,), digests=contents[:1])
    yield PolicyException("2", "so it is", "ops", late, cves=(vulnerability().id,), digests=contents[1:3])
    yield PolicyException("3", "so it is", "ops", soon, (CheckName.SIGNATURE,), (vulnerability().id,), namespaces=("x",))


POLICIES = (
    trusting((A,)),
    Policy("strict", Rules(max_age=1)),
    Policy("soft", Rules(off=(CheckName.AGE,))),
    Policy("scoped", Rules(), (Scope("x", (("max_age", 1),), namespaces=("x",)),)),
    Policy("scanned there", Rules(), (Scope("x", (("scan_missing", State.FAIL), ("scan_max_age", 1)), namespaces=("x",)),)),
    Policy("scanned", Rules(scan_missing=State.FAIL, scan_max_age=15)),
    Policy("accepting", Rules(), exceptions=tuple(accepted())),
)


def of_anything(world: World, pick: random.Random) -> None:
    """A word of any source."""
    manifests = [digest(f"manifest {content} {AMD} ") for content in CONTENTS]
    match pick.randint(0, 14):
        case 0:
            occupy(world, pick)
        case 5:
            world.node(pick.choice(("n1", "hidden")), pick.choice(("amd64", "arm64")))
        case 6:
            world.configure(f"{A}/*", pick.choice(CLAIMED[:4]))
        case 7:
            at = world.clock - timedelta(hours=pick.choice((0, 3)))
            world.tell(ReferrersListed(SourceId(SourceKind.REGISTRY, A), name_of(NAMES[0]), pick.choice(manifests), (), at))
        case 1:
            verdict = pick.choice((Verdict.VALID, Verdict.INVALID))
            outcome = Outcome(SignatureSystem.NOTATION, verdict, "so it is", signer="CN=release")
            subject = pick.choice(manifests)
            world.tell(
                SignaturesVerified(SourceId(SourceKind.SIGNATURES), name_of(pick.choice(NAMES)), subject, (outcome,), world.clock)
            )
        case 2:
            host = pick.choice((A, B))
            state = pick.choice((SourceState.OK, SourceState.FAILED, SourceState.LOADING))
            error = pick.choice(("gone", "refused")) if state is SourceState.FAILED else ""
            world.health(SourceId(SourceKind.REGISTRY, host), state, error=error, surveyed=pick.random() < 0.7)
        case 3:
            world.health(SourceId(SourceKind.CLUSTER, "lab"), pick.choice((SourceState.OK, SourceState.FAILED)))
        case 4:
            set_up(world, "Trivy")
            tell(world, report(pick.choice(manifests), vulnerability(), at=NOW - timedelta(days=pick.randint(1, 20))))
        case 8 | 9:
            world.tell(of_builders(world, pick))
        case _:
            tell_something(world, pick)


def of_builders(world: World, pick: random.Random) -> Event:
    """A word of a builder: its jobs, its runs, that its list is whole, or what the settings say of it."""
    source = builder_source(BUILDER, A)
    key = JobKey(BUILDER, A, pick.choice(("one", "two")))
    name, tag = name_of(pick.choice(NAMES)), pick.choice(("1", "2", "", "*"))
    generation = pick.randint(1, 3)
    match pick.randint(0, 6):
        case 0:
            return JobsCompleted(source, generation)
        case 1:
            return BuildersConfigured((ConfiguredJob(parse_pattern(str(name)), key),))
        case 2 | 3:
            return JobsSeen(source, generation, (Job(key, key.job, images=(BuiltImage(name, tag),)),))
        case _:
            content = digest(f"manifest {pick.choice(CONTENTS)} {AMD} ")
            pushed = BuiltImage(name, tag, pick.choice((content, "")))
            job, state = pick.choice((key, None)), pick.choice((RunState.SUCCEEDED, RunState.FAILED))
            created = world.clock - timedelta(hours=pick.randint(0, 3))
            run = Run(BUILDER, A, str(pick.randint(1, 5)), state, job, created=created, images=pick.choice(((pushed,), (), None)))
            return RunsSeen(source, (run,), world.clock)


def goes(events: list[Event], pick: random.Random) -> Event | None:
    """An object that was seen is gone, or its list is complete."""
    seen = [event for event in events if isinstance(event, PodsSeen | ControllersSeen)]
    if not seen:
        return None
    event = pick.choice(seen)
    if isinstance(event, PodsSeen):
        return ObjectGone(event.source, Resource.PODS, event.pods[0].uid)
    if pick.random() < 0.2:
        return ListCompleted(event.source, event.resource, "", 1)
    return ObjectGone(event.source, event.resource, event.controllers[0].uid)


@examples(60)
@given(PICKS, st.integers(1, 20))
def test_what_is_kept_never_shows_in_any_field(pick: random.Random, number: int) -> None:
    world, inventory, assembler, problems = World(), Inventory(), Assembler(), ProblemCount()
    world.health(SourceId(SourceKind.SIGNATURES))
    occupy(world, pick)
    told: list[Event] = []
    policy = POLICIES[0]
    for _ in range(number):
        of_anything(world, pick)
        gone = goes(told, pick) if pick.random() < 0.3 else None
        for event in (*world.events, *([gone] if gone is not None else [])):
            inventory.apply(event)
            told.append(event)
        world.events.clear()
        policy = pick.choice(POLICIES) if pick.random() < 0.2 else policy
        facts = inventory.freeze()
        now = NOW + timedelta(hours=pick.choice((0, 0, 0, 2)))
        kept, fresh = assembler.assemble(facts, policy, now), Assembler().assemble(facts, policy, now)
        if pick.random() < 0.2:
            assembler.settle()
        assert same_content(replace(kept, number=fresh.number), fresh)
        assert assembler.demands(facts) == Assembler().demands(facts)
        assert assembler.artifacts(facts) == Assembler().artifacts(facts)
        assert list(kept.images) == list(fresh.images)
        assert list(kept.workloads) == list(fresh.workloads)
        assert problems.of(kept) == len(find(kept))
        assert (kept.summary, kept.complete, kept.sources) == (fresh.summary, fresh.complete, fresh.sources)


def facts_of(world: World) -> Facts:
    """All that is told of it."""
    inventory = Inventory()
    for event in world.events:
        inventory.apply(event)
    return inventory.freeze()


def test_rules_of_a_place_reach_what_only_waits_there() -> None:
    """No pod runs it, so that no workload is judged otherwise: the image is, by the place where it would run."""
    world, assembler = World(), Assembler()
    world.manifest(f"{A}/app", "abc", "1")
    world.deployment("x/w", f"{A}/app:1", 0)
    facts = facts_of(world)
    assembler.assemble(facts, Policy("nobody asks", Rules()), NOW)
    for policy in (*POLICIES, POLICIES[0]):
        kept, fresh = assembler.assemble(facts, policy, NOW), Assembler().assemble(facts, policy, NOW)
        assert kept.images == fresh.images


def test_rules_of_a_place_reach_in_time_what_only_waits_there() -> None:
    """It is fine by its repository's rules all the time, and grows too old for those of the place."""
    world, assembler = World(), Assembler()
    world.manifest(f"{A}/app", "abc", "1")
    world.deployment("x/w", f"{A}/app:1", 0)
    facts, policy = facts_of(world), Policy("scoped", Rules(), (Scope("x", (("max_age", 11),), namespaces=("x",)),))
    states = set[State]()
    for hours in range(0, 49, 8):
        now = NOW + timedelta(hours=hours)
        kept, fresh = assembler.assemble(facts, policy, now), Assembler().assemble(facts, policy, now)
        assert kept.images == fresh.images
        states.update(check.state for image in kept.images.values() for check in image.checks if check.name is CheckName.AGE)
    assert len(states) > 1


def test_the_reason_for_a_silence_is_always_the_newest() -> None:
    """Of signatures too, though nobody says anything of these: what is attached was listed later, or it fails otherwise now."""
    world, assembler, registry = World(), Assembler(), SourceId(SourceKind.REGISTRY, A)
    signed = world.manifest(f"{A}/app", "abc", "1")
    world.tell(SignaturesVerified(SourceId(SourceKind.SIGNATURES), name_of(f"{A}/app"), signed, (), world.clock))
    words = set[str]()
    for error, hours in (("gone", 3), ("refused", 3), ("refused", 2)):
        world.tell(ReferrersListed(registry, name_of(f"{A}/app"), signed, (), NOW - timedelta(hours=hours)))
        world.clock = NOW - timedelta(minutes=5)  # since then nothing has come
        world.health(registry, SourceState.FAILED, error=error)
        facts = facts_of(world)
        kept, fresh = assembler.assemble(facts, POLICIES[0], NOW), Assembler().assemble(facts, POLICIES[0], NOW)
        assert kept.images == fresh.images
        words.update(verified.error for image in kept.images.values() for verified in image.signatures)
    assert len(words) == 3
