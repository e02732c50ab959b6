"""Which job builds an image: what runs say they pushed, what jobs say they push, and what the settings name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain import estates as e
from tests.domain.joining import builds_of
from tests.domain.world import trusting
from tests.laws import examples
from tui.domain.assemble.assemble import Assembler
from tui.domain.builds.attribution import attributions
from tui.domain.builds.tags import tag_matches
from tui.domain.facts.build import BuilderKind, BuiltImage, Job, JobKey, Run, RunState
from tui.domain.facts.build_events import (
    BuildersConfigured,
    ConfiguredJob,
    JobsCompleted,
    JobsSeen,
    RunsSeen,
    builder_source,
)
from tui.domain.facts.events import Event, HealthChanged, SourceHealth, SourceState
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.inventory.inventory import Inventory
from tui.domain.facts.patterns import parse_pattern
from tui.domain.facts.source_health import is_complete
from tui.domain.snapshot.snapshot import Attribution, AttributionBasis, Confidence, Image, ImageKey

KIND = BuilderKind.ACR_TASKS
ACR = "contoso.azurecr.io"
API = RepositoryName(ACR, "shop/api")
NEW, OLD = "sha256:" + "a" * 64, "sha256:" + "b" * 64
SOURCE = builder_source(KIND, ACR)
ONE, OTHER = (JobKey(KIND, ACR, name) for name in ("one", "other"))


def image(digest: str = NEW, *tags: str, listed: bool = True) -> Image:
    """An image of the repository, with these tags."""
    return Image(ImageKey(ACR, API.repository, digest), (digest,), tags, tags_listed=listed)


def job(key: JobKey, *tags: str) -> Job:
    """A job that says that it pushes these tags."""
    return Job(key, key.job, images=tuple(BuiltImage(API, tag) for tag in tags))


def run(id: str, key: JobKey | None, digest: str, tag: str = "1", state: RunState = RunState.SUCCEEDED, hour: int = 0) -> Run:
    """A run that pushed a digest under a tag."""
    created = e.NOW + timedelta(hours=hour)
    return Run(KIND, ACR, id, state, key, created=created, images=(BuiltImage(API, tag, digest),))


def basis_of(builders: tuple[Attribution, ...]) -> list[tuple[str, str]]:
    """Job and basis, in order."""
    return [(each.job.job if each.job else "", str(each.basis)) for each in builders]


@pytest.mark.parametrize(
    ("subject", "jobs", "runs", "said"),
    [
        pytest.param(image(NEW), [job(ONE)], [run("1", ONE, NEW)], [("one", "run")], id="a run pushed the digest"),
        pytest.param(image(NEW, "1"), [job(ONE, "1")], [], [("one", "images")], id="the job pushes the tag"),
        pytest.param(image(NEW, "1"), [job(ONE, "{{.Run.ID}}-x")], [], [], id="the job pushes other tags"),
        pytest.param(image(NEW, "ca7-x"), [job(ONE, "{{.Run.ID}}-x")], [], [("one", "images")], id="a tag that a run fills in"),
        pytest.param(image(NEW, "ca7"), [job(ONE, "$(Build.BuildId)")], [], [("one", "repository")], id="any tag at all"),
        pytest.param(image(NEW, "1"), [job(ONE, "")], [], [("one", "repository")], id="the job tells no tag"),
        pytest.param(image(OLD), [job(ONE, "1")], [run("1", ONE, NEW)], [("one", "repository")], id="what the tag left behind"),
        pytest.param(image(OLD, "1"), [job(ONE, "1")], [run("1", ONE, NEW)], [], id="somebody else pushed the tag since"),
        pytest.param(image(NEW, "2"), [job(ONE, "1")], [], [], id="another tag"),
        pytest.param(
            image(NEW, "1"), [job(ONE, "1"), job(OTHER, "1")], [run("1", OTHER, NEW)],
            [("other", "run"), ("one", "images")], id="what a run says comes first",
        ),
        pytest.param(image(NEW), [], [run("1", None, NEW)], [("", "run")], id="a quick run has no job"),
        pytest.param(
            image(OLD, "1"), [job(ONE, "1")], [run("1", ONE, OLD, hour=1), run("2", ONE, NEW, hour=0)],
            [("one", "run")], id="the newest run counts",
        ),
        pytest.param(
            image(OLD, "1"), [job(ONE, "1")], [run("1", ONE, NEW, state=RunState.FAILED)],
            [("one", "images")], id="a run that failed moved no tag",
        ),
    ],
)  # fmt: skip
def test_names_the_jobs_that_build_an_image(
    subject: Image, jobs: list[Job], runs: list[Run], said: list[tuple[str, str]]
) -> None:
    assert basis_of(attributions(subject, jobs, runs)) == said


@pytest.mark.parametrize(
    ("pattern", "tag", "matches"),
    [
        ("1.8", "1.8", True), ("1.8", "1x8", False), ("{{.Run.ID}}", "ca1", False), ("v{{.Run.ID}}", "vca1", True),
        ("v${{ github.sha }}", "v0a", True), ("v$(Build.BuildId)", "v7", True), ("v${BUILD_NUMBER}", "v7", True),
        ("v$BUILD_NUMBER", "v7", True), ("v%BUILD_NUMBER%", "v7", True), ("v$ID", "v", False), ("v$ID", "w1", False),
        ("a$A$B$C$D$E$F", "abcdefgh", False),
    ],
)  # fmt: skip
def test_matches_tags_that_a_run_fills_in(pattern: str, tag: str, matches: bool) -> None:
    assert tag_matches(pattern, tag) is matches


RUNS = st.lists(
    st.builds(
        run,
        st.sampled_from("12345"),
        st.sampled_from([ONE, OTHER, None]),
        st.sampled_from([NEW, OLD]),
        st.sampled_from(["1", "2"]),
        st.sampled_from(RunState),
        st.integers(0, 3),
    ),
    max_size=5,
    unique_by=lambda each: each.id,
)
JOBS = st.lists(
    st.builds(lambda key, tags: job(key, *tags), st.sampled_from([ONE, OTHER]), st.lists(st.sampled_from(["1", "2", ""]))),
    max_size=2,
    unique_by=lambda each: each.key,
)
IMAGES = st.builds(
    lambda digest, tags, listed: image(digest, *tags, listed=listed),
    st.sampled_from([NEW, OLD]),
    st.lists(st.sampled_from(["1", "2"]), unique=True),
    st.booleans(),
)


@examples(200)
@given(IMAGES, JOBS, RUNS)
def test_a_digest_that_a_run_pushed_is_certain_and_first(subject: Image, jobs: list[Job], runs: list[Run]) -> None:
    builders = attributions(subject, jobs, runs)
    pushers = {each.job for each in runs if each.images and each.images[0].digest == subject.key.digest}
    certain = [each for each in builders if each.confidence is Confidence.CERTAIN]
    assert {each.job for each in certain} == pushers
    assert builders[: len(certain)] == tuple(certain)


@examples(200)
@given(IMAGES, JOBS, RUNS)
def test_a_tag_that_somebody_else_pushed_since_says_nothing(subject: Image, jobs: list[Job], runs: list[Run]) -> None:
    for each in attributions(subject, jobs, runs):
        pushed = [
            built.digest
            for found in sorted(runs, key=lambda item: (item.created, item.id), reverse=True)
            for built in found.images or ()
            if found.job == each.job and built.tag in subject.tags and found.state is RunState.SUCCEEDED
        ]
        if each.basis is AttributionBasis.IMAGES and pushed:
            assert pushed[0] == subject.key.digest


@examples(100)
@given(IMAGES, JOBS, RUNS, st.randoms(use_true_random=False))
def test_the_order_of_what_is_said_does_not_matter(subject: Image, jobs: list[Job], runs: list[Run], order: object) -> None:
    again_jobs, again_runs = list(reversed(jobs)), list(reversed(runs))
    assert attributions(subject, jobs, runs) == attributions(subject, again_jobs, again_runs)


def applied(*events: Event) -> Inventory:
    """An inventory that has heard these."""
    inventory = Inventory()
    for event in events:
        inventory.apply(event)
    return inventory


def test_only_a_finished_list_of_jobs_removes_one() -> None:
    events: list[Event] = [
        JobsSeen(SOURCE, 1, (job(ONE), job(OTHER))),
        JobsCompleted(SOURCE, 1),
        JobsSeen(SOURCE, 2, (job(ONE),)),
    ]
    assert set(builds_of(applied(*events).freeze().builds, {}).jobs) == {ONE, OTHER}
    events.append(JobsCompleted(SOURCE, 2))
    assert set(builds_of(applied(*events).freeze().builds, {}).jobs) == {ONE}


def test_a_run_that_ended_does_not_begin_again_and_the_newest_word_counts() -> None:
    ended = run("1", ONE, NEW)
    events: list[Event] = [
        RunsSeen(SOURCE, (run("1", ONE, NEW, state=RunState.QUEUED),), e.NOW),
        RunsSeen(SOURCE, (ended,), e.NOW + timedelta(minutes=1)),
        RunsSeen(SOURCE, (run("1", ONE, NEW, state=RunState.RUNNING),), e.NOW + timedelta(minutes=2)),
    ]
    for order in (events, events[::-1]):
        assert builds_of(applied(*order).freeze().builds, {}).runs == {ONE: (ended,)}


def test_a_repeated_word_changes_nothing_and_only_its_own_group_changes() -> None:
    inventory = applied(JobsSeen(SOURCE, 1, (job(ONE),)))
    before = inventory.freeze()
    inventory.apply(JobsSeen(SOURCE, 1, (job(ONE),)))
    assert inventory.freeze().builds is before.builds
    inventory.apply(RunsSeen(SOURCE, (run("1", ONE, NEW),), e.NOW))
    after = inventory.freeze()
    assert after.builds is not before.builds
    assert (after.images, after.cluster, after.trust) == (before.images, before.cluster, before.trust)


def test_the_settings_name_a_job_by_the_closest_pattern() -> None:
    entries = (ConfiguredJob(parse_pattern(f"{ACR}/shop"), ONE), ConfiguredJob(parse_pattern(f"{ACR}/shop/api"), OTHER))
    facts = applied(BuildersConfigured(entries)).freeze().builds
    subject = image(NEW, "1")
    found = builds_of(facts, {subject.key: subject}).builders[subject.key]
    assert [(each.job, each.basis, each.job_seen) for each in found] == [(OTHER, AttributionBasis.CONFIGURED, False)]


def test_jobs_runs_and_builders_stand_in_the_snapshot() -> None:
    facts = applied(JobsSeen(SOURCE, 1, (job(ONE),)), RunsSeen(SOURCE, (run("1", ONE, NEW),), e.NOW)).freeze()
    snapshot = Assembler().assemble(facts, trusting((ACR,)), e.NOW)
    assert set(snapshot.jobs) == {ONE}
    assert [each.id for each in snapshot.runs[ONE]] == ["1"]


def test_a_builder_that_fails_makes_no_answer_about_images_incomplete() -> None:
    cluster = SourceHealth(e.SOURCES[0].id, SourceState.OK, e.NOW)
    failed = SourceHealth(SOURCE, SourceState.FAILED, error="It does not answer.")
    assert is_complete(applied(HealthChanged(cluster), HealthChanged(failed)).freeze().health)
    assert not is_complete(applied(HealthChanged(failed)).freeze().health)
