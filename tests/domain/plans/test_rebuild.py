"""The plan of rebuilds: the fewest that clear the selected, a base before what derives from it, and nothing for what is clean."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.estates import ACR, NOW
from tests.domain.plans.kit import behind, current, image, job, key, moved, outdated, row, run, workload, world
from tests.laws import examples
from tui.domain.facts.build import BuilderKind, Job
from tui.domain.plans.needs import Condition, condition
from tui.domain.plans.plan import Plan, Step, StepKind
from tui.domain.plans.rebuilding import rebuild
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot, Workload

DEBIAN_OLD, DEBIAN = key("library/debian@1", "docker.io"), key("library/debian@2", "docker.io")
PYTHON = key("base/python@1")
PYTHON_NEW = key("base/python@2")
API, WEB = key("shop/api@1"), key("shop/web@1")


def plan_for(snapshot: Snapshot, *selection: ImageKey) -> Plan:
    """The plan of rebuilds for these."""
    return rebuild(snapshot, selection, query="base:outdated", now=NOW)


def shape(plan: Plan) -> list[tuple[str, str, int]]:
    """Kind, what is changed, and wave of each step."""
    return [(str(step.kind), _name(step), step.wave) for step in plan.steps]


def _name(step: Step) -> str:
    if step.workload is not None:
        return step.workload.name
    return " ".join(each.repository for each in (step.image, *step.also) if each is not None)


STALE_PYTHON = moved(DEBIAN_OLD, DEBIAN, "12")
CHAIN = (
    image(DEBIAN_OLD, used=False),
    image(DEBIAN, "12", used=False),
    image(PYTHON, "1", base=STALE_PYTHON, used=False),
    image(API, "1", base=behind(PYTHON, STALE_PYTHON)),
    image(WEB, "1", base=behind(PYTHON, STALE_PYTHON)),
)
BUILDERS = (job("python", "base/python:1"), job("api", "shop/api:1"), job("web", "shop/web:1"))
RUNNING = (workload("api", API), workload("web", WEB))


def test_a_base_comes_before_what_derives_from_it_and_then_what_runs_it() -> None:
    plan = plan_for(world(CHAIN, RUNNING, BUILDERS), DEBIAN_OLD)
    assert shape(plan) == [
        ("rebuild", "base/python", 1),
        ("rebuild", "shop/api", 2),
        ("rebuild", "shop/web", 2),
        ("restart", "api", 3),
        ("restart", "web", 3),
    ]
    assert plan.ready == plan.steps


def test_selecting_one_image_rebuilds_that_and_what_it_needs_alone() -> None:
    assert [name for _, name, _ in shape(plan_for(world(CHAIN, RUNNING, BUILDERS), API))] == ["base/python", "shop/api", "api"]


def test_the_new_build_of_a_base_selects_what_stands_on_an_older_one() -> None:
    images = (image(PYTHON, used=False), image(PYTHON_NEW, "1", used=False), image(API, "1", base=moved(PYTHON, PYTHON_NEW)))
    plan = plan_for(world(images, RUNNING[:1], BUILDERS), PYTHON_NEW)
    assert shape(plan) == [("rebuild", "shop/api", 1), ("restart", "api", 2)]
    assert any("base/python:1 is built on the newest build" in note for note in plan.notes)


def test_what_is_rebuilt_already_is_only_rolled_out() -> None:
    new = key("shop/api@2")
    images = (
        image(PYTHON, used=False), image(PYTHON_NEW, "1", used=False),
        image(API, base=moved(PYTHON, PYTHON_NEW)), image(new, "1", base=current(PYTHON_NEW)),
    )  # fmt: skip
    plan = plan_for(world(images, [workload("api", API, declared=new)], BUILDERS), PYTHON_NEW)
    assert shape(plan) == [("restart", "api", 1)]
    assert "is there already and is built on the newest build" in plan.steps[0].why


def test_nothing_is_done_for_what_is_clean_or_left_behind() -> None:
    images = (
        image(PYTHON, "1", used=False),
        image(API, "1", base=current(PYTHON)),
        image(WEB, base=moved(PYTHON, PYTHON_NEW), used=False),
    )
    plan = plan_for(world(images, RUNNING[:1], BUILDERS), API, WEB)
    assert plan.steps == ()
    assert len(plan.notes) == 2


def test_an_unknown_base_is_said_and_planned_only_if_it_was_asked_for() -> None:
    unknown = msgspec.structs.replace(image(API, "1"), root=False)
    plan = plan_for(world([unknown], RUNNING[:1], BUILDERS), API)
    assert shape(plan) == [("rebuild", "shop/api", 1), ("restart", "api", 2)]
    assert "is not known" in plan.unknown[0]


def test_a_tag_that_does_not_move_is_blocked_with_what_helps() -> None:
    images = (image(PYTHON, "3.12.1", used=False), image(API, "1", base=outdated(PYTHON, "3.12.1", "3.12.4")))
    (step, restart) = plan_for(world(images, RUNNING[:1], BUILDERS), API).steps
    assert "3.12.4" in step.blocked
    assert "FROM" in step.remedy
    assert restart.needs == (step.id,)


def test_a_base_that_only_its_publisher_can_rebuild_is_waited_for() -> None:
    node = key("library/node@1", "docker.io")
    lower = moved(DEBIAN_OLD, DEBIAN, "12")
    images = (*CHAIN[:2], image(node, "1", base=lower, used=False), image(API, "1", base=behind(node, lower)))
    (step, _) = plan_for(world(images, RUNNING[:1], BUILDERS), API).steps
    assert "only its publisher can rebuild it" in step.blocked


def test_nobody_known_to_build_it_is_said_with_the_line_that_would_tell() -> None:
    jenkins = job("folder/api", kind=BuilderKind.JENKINS, builder="ci")
    images = (image(PYTHON, used=False), image(PYTHON_NEW, "1", used=False), image(API, "1", base=moved(PYTHON, PYTHON_NEW)))
    step = plan_for(world(images, (), [jenkins]), API).steps[0]
    assert step.blocked == "No job is known to build it."
    assert 'in [builder.ci]: images."contoso.azurecr.io/shop/api" = "folder/api"' in step.remedy
    alone = plan_for(world(images), API).steps[0]
    assert 'in [builder.NAME]: images."contoso.azurecr.io/shop/api" = "JOB"' in alone.remedy


def test_a_disabled_job_blocks_what_needs_it() -> None:
    off = msgspec.structs.replace(BUILDERS[0], disabled="the task is disabled")
    plan = plan_for(world(CHAIN, RUNNING, (off, *BUILDERS[1:])), DEBIAN_OLD)
    assert plan.steps[0].blocked == "The task is disabled."
    assert plan.ready == ()


def test_one_run_that_builds_several_images_is_one_step() -> None:
    both = job("shop", "shop/api:1", "shop/web:1")
    plan = plan_for(world(CHAIN, RUNNING, (BUILDERS[0], both)), DEBIAN_OLD)
    assert [name for _, name, _ in shape(plan)] == ["base/python", "shop/api shop/web", "api", "web"]


def test_the_time_is_the_median_of_runs_that_went_well() -> None:
    api = BUILDERS[1]
    runs = [run(api, str(number), API, seconds=seconds) for number, seconds in enumerate((10, 30, 500))]
    plan = plan_for(world(CHAIN, RUNNING, BUILDERS, runs), API)
    assert [step.seconds for step in plan.steps] == [None, 30.0, None]


@pytest.mark.parametrize(
    ("place", "kinds", "blocked"),
    [
        pytest.param(workload("api", API), ["restart"], False, id="the tag floats"),
        pytest.param(workload("api", API, pin=True), ["pin"], False, id="its digest is written"),
        pytest.param(workload("api", API, tag="2"), ["pin"], False, id="another tag than the job pushes"),
        pytest.param(workload("api", API, policy="IfNotPresent"), ["pin"], False, id="nodes start what they hold"),
        pytest.param(workload("api", API, policy="IfNotPresent", managed_by="Argo CD"), ["restart"], False, id="Argo CD, by tag"),
        pytest.param(workload("api", API, pin=True, managed_by="Argo CD"), ["pin"], True, id="Argo CD, by digest"),
        pytest.param(workload("api", API, kind="CronJob"), [], False, id="a CronJob starts with it by itself"),
        pytest.param(workload("api", API, kind="CronJob", pin=True), ["pin"], False, id="a CronJob by digest"),
        pytest.param(workload("api", API, kind="Pod"), ["restart"], True, id="a bare pod"),
        pytest.param(workload("api", API, pods=0), [], False, id="scaled to zero"),
    ],
)
def test_how_a_workload_takes_the_new_image(place: object, kinds: list[str], blocked: bool) -> None:
    plan = plan_for(world(CHAIN, [place], BUILDERS), API)  # type: ignore[list-item]
    steps = [step for step in plan.steps if step.kind is not StepKind.REBUILD]
    assert [str(step.kind) for step in steps] == kinds
    assert [bool(step.blocked) for step in steps] == [blocked] * len(steps)
    assert all(step.remedy for step in steps if step.blocked)


@pytest.mark.parametrize(("pin", "suspended"), [(True, False), (False, False), (True, True)])
def test_a_cron_job_between_two_of_its_jobs_is_not_forgotten(pin: bool, suspended: bool) -> None:
    """Nothing of it runs, and its next Job starts what it names: `users` has those that run alone."""
    nightly = msgspec.structs.replace(workload("nightly", API, kind="CronJob", pin=pin, pods=0), suspended=suspended)
    snapshot = replace(world(CHAIN, [workload("api", API), nightly], BUILDERS), users={API: (workload("api", API).key,)})
    plan = plan_for(snapshot, API)
    pinned = [step.target for step in plan.steps if step.kind is StepKind.PIN]
    assert pinned == (["CronJob shop/nightly in prod"] if pin else [])
    told = "CronJob shop/nightly in prod takes the new image when it starts next."
    assert (told in plan.notes) == (not pin)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "Rollout"])
@pytest.mark.parametrize(
    ("place", "kinds"),
    [
        ({"pin": True}, [StepKind.PIN]),
        ({"policy": "IfNotPresent"}, [StepKind.PIN]),
        ({}, []),
    ],
)
def test_what_is_scaled_to_zero_starts_the_new_image_too(kind: str, place: dict[str, Any], kinds: list[StepKind]) -> None:
    """It runs nothing, and starts what it names when somebody scales it up: a digest that is written there stays the old one."""
    idle = without_pods(workload("batch", API, kind=kind, pods=0, **place))
    snapshot = replace(world(CHAIN, [workload("api", API), idle], BUILDERS), users={API: (workload("api", API).key,)})
    plan = plan_for(snapshot, API)
    assert [step.kind for step in plan.steps if step.workload == idle.key] == kinds
    told = f"{kind} shop/batch in prod has no pods: it takes the new image when it starts."
    assert (told in plan.notes) == (not kinds)


def without_pods(idle: Workload) -> Workload:
    """A workload of which no pod ever ran: what its name means is all that is known."""
    return msgspec.structs.replace(idle, containers=(msgspec.structs.replace(idle.containers[0], runs=(), digests=()),))


def test_a_pin_that_git_owns_comes_with_the_patch_for_git() -> None:
    plan = plan_for(world(CHAIN, [workload("api", API, pin=True, managed_by="Flux")], BUILDERS), API)
    patch = plan.steps[-1].remedy
    assert 'kind: "Deployment"' in patch
    assert f'image: "{ACR}/shop/api@DIGEST-OF-THE-NEW-BUILD"' in patch


def test_the_forecast_says_what_goes_what_stays_and_what_nobody_can_tell() -> None:
    rows = [
        row("CVE-1", rebuild=True), row("CVE-2", fixed=""), row("CVE-3", from_base=False, rebuild=False),
        row("CVE-4", rebuild=False), row("CVE-5"), row("CVE-1", rebuild=False, from_base=False),
    ]  # fmt: skip
    images = (*CHAIN[:3], msgspec.structs.replace(CHAIN[3], vulnerabilities=tuple(rows)))
    told = plan_for(world(images, RUNNING[:1], BUILDERS), API).forecast
    assert told is not None
    assert told.removed == ("outdated base",)
    assert [(each.finding, each.reason) for each in told.staying] == [
        ("CVE-1", "own package"), ("CVE-3", "own package"), ("CVE-4", "base not fixed yet"), ("CVE-2", "no fix known"),
    ]  # fmt: skip
    assert [each.finding for each in told.unknown] == ["CVE-5", "not scanned"]


@pytest.mark.parametrize("query", ["CVE-2026-90131", "cve:cve-2026-90131 ns:shop", "(cve:2026-90131)", "cve:CVE-2026-9013"])
@pytest.mark.parametrize("goes", [True, False, None], ids=["goes", "stays", "cannot be told"])
def test_what_was_asked_for_comes_first_in_the_forecast(query: str, goes: bool | None) -> None:
    names = [f"CVE-2005-100{number}" for number in range(5)] + ["CVE-2026-90131"]
    rows = [row(name, rebuild=goes) for name in names]
    images = (*CHAIN[:3], msgspec.structs.replace(CHAIN[3], vulnerabilities=tuple(rows)))
    told = rebuild(world(images, RUNNING[:1], BUILDERS), [API], query=query, now=NOW).forecast
    assert told is not None
    findings = {
        True: told.removed,
        False: [staying.finding for staying in told.staying],
        None: [unknown.finding for unknown in told.unknown],
    }
    assert findings[goes][0] == "CVE-2026-90131"


@pytest.mark.parametrize("query", ["base:node:22", "22", "base:debian", "", "shop/api:1.22.17"])
def test_a_version_is_no_name_of_a_vulnerability(query: str) -> None:
    rows = [row("CVE-2005-1", rebuild=False), row("CVE-2022-22", rebuild=False)]
    images = (*CHAIN[:3], msgspec.structs.replace(CHAIN[3], vulnerabilities=tuple(rows)))
    told = rebuild(world(images, RUNNING[:1], BUILDERS), [API], query=query, now=NOW).forecast
    assert told is not None
    assert [each.finding for each in told.staying] == ["CVE-2005-1", "CVE-2022-22"]


def test_what_cannot_be_carried_out_removes_nothing() -> None:
    images = (*CHAIN[:3], msgspec.structs.replace(CHAIN[3], vulnerabilities=(row("CVE-1", rebuild=True),)))
    told = plan_for(world(images, RUNNING[:1]), API).forecast
    assert told is not None
    assert told.removed == ()


# ---- what matters

OLD = key("shop/api@0")
WITH_OLD = (*CHAIN, image(OLD, "0", base=behind(PYTHON, STALE_PYTHON), used=False))


def test_what_nothing_runs_is_left_out_and_counted() -> None:
    kept = key("shop/web@0")
    images = (*WITH_OLD, image(kept, "0", base=behind(PYTHON, STALE_PYTHON)))
    back = msgspec.structs.replace(RUNNING[1], rollback=(kept,))
    plan = plan_for(world(images, (RUNNING[0], back), BUILDERS), DEBIAN_OLD)
    assert [name for _, name, _ in shape(plan)] == ["base/python", "shop/api", "shop/web", "api", "web"]
    assert "2 old images that nothing runs were left out, 1 of them kept to go back to." in plan.notes


def test_what_would_run_is_no_old_image() -> None:
    idle = workload("api", API, pods=0)
    plan = plan_for(world(CHAIN, [idle], BUILDERS), DEBIAN_OLD)
    assert [name for _, name, _ in shape(plan)] == ["base/python", "shop/api"]


def test_an_old_image_is_rebuilt_where_nothing_else_was_selected() -> None:
    old = job("old", "shop/api:0")
    snapshot = world(WITH_OLD, RUNNING, (BUILDERS[0], old))
    assert [name for _, name, _ in shape(plan_for(snapshot, OLD))] == ["base/python", "shop/api"]
    beside = plan_for(snapshot, OLD, WEB)
    assert [name for _, name, _ in shape(beside)] == ["base/python", "shop/web", "web"]
    assert "1 old image that nothing runs was left out." in beside.notes


def test_a_base_under_another_tag_than_the_one_that_moved_is_not_rebuilt() -> None:
    old, new = key("base/python@old"), key("base/python@new")
    images = (
        *CHAIN[:2], image(old, "3.12.10", base=STALE_PYTHON, used=False), image(new, "3.12.11", "3.12", base=current(DEBIAN)),
        image(API, "1", base=outdated(old, "3.12.10", f"3.12@{new.digest}")),
    )  # fmt: skip
    plan = plan_for(world(images, RUNNING[:1], BUILDERS), DEBIAN_OLD)
    assert [name for _, name, _ in shape(plan)] == ["shop/api", "api"]


def test_a_tag_that_its_job_pushes_no_more_is_told() -> None:
    later = job("api", "shop/api:2", "shop/api:stable")
    step, restart = plan_for(world(CHAIN[:4], RUNNING[:1], [later], [run(later, "7", API)]), API).steps[-2:]
    assert step.blocked == "Its job pushes 2, stable now, not this tag."
    assert "name 2, and roll that out" in step.remedy
    assert restart.needs == (step.id,)
    alone = plan_for(world(WITH_OLD, (), [*BUILDERS, later], [run(later, "7", OLD)]), OLD)
    assert alone.steps == ()
    assert alone.notes == (f"The job of {ACR}/shop/api:0 pushes 2, stable now, not this tag.",)


def test_a_tag_that_a_run_fills_in_may_be_any() -> None:
    numbered = job("api", "shop/api:{{.Run.ID}}")
    plan = plan_for(world(CHAIN[:4], RUNNING[:1], [BUILDERS[0], numbered], [run(numbered, "7", API)]), API)
    assert plan.ready == plan.steps


def test_a_job_is_run_once_for_all_that_it_builds() -> None:
    other = key("shop/api@0")
    images = (*CHAIN[:4], image(other, "1-old", base=behind(PYTHON, STALE_PYTHON)))
    open_job = job("api", "shop/api:")
    places = [RUNNING[0], workload("old", other, tag="1-old")]
    plan = plan_for(world(images, places, [BUILDERS[0], open_job]), API, other)
    rebuilds = [step for step in plan.steps if step.kind is StepKind.REBUILD]
    assert [step.job.job for step in rebuilds if step.job] == ["python", "api"]
    assert {rebuilds[1].image, *rebuilds[1].also} == {API, other}


def test_a_job_that_builds_a_base_and_what_stands_on_it_is_run_once() -> None:
    both = job("both", "base/python:1", "shop/api:1")
    plan = plan_for(world(CHAIN[:4], RUNNING[:1], [both]), API)
    assert shape(plan) == [("rebuild", "base/python shop/api", 1), ("restart", "api", 2)]


def test_a_job_is_run_again_for_what_stands_on_what_comes_in_between() -> None:
    node = key("base/node@1")
    images = (*CHAIN[:3], image(node, "1", base=behind(PYTHON, STALE_PYTHON)), image(API, "1", base=behind(node, STALE_PYTHON)))
    ours = [job("both", "base/python:1", "shop/api:1"), job("node", "base/node:1")]
    plan = plan_for(world(images, RUNNING[:1], ours), API)
    assert [(name, wave) for _, name, wave in shape(plan)] == [
        ("base/python", 1), ("base/node", 2), ("shop/api", 3), ("api", 4),
    ]  # fmt: skip
    assert len({step.id for step in plan.steps}) == 4


# ---- laws

HOSTILE = st.text(st.sampled_from("a$`';\"\\ \n\x1b\u202e-|&"), min_size=1, max_size=12)


@st.composite
def estates(draw: st.DrawFn) -> Snapshot:
    """Images on images, in a forest: each stands on an earlier one, on its newest build or on an old one, or on nothing."""
    count = draw(st.integers(1, 9))
    images: list[Image] = []
    for number in range(count):
        name = key(f"r{number}@1", "docker.io" if number == 0 else ACR)
        base = None
        if number:
            lower = images[draw(st.integers(0, number - 1))]
            stale = lower.base is not None and lower.base.state.value == "outdated"
            choice = draw(st.sampled_from(["current", "moved"]))
            new = key(f"{lower.key.repository}@2", lower.key.registry)
            if choice == "moved":
                base = moved(lower.key, new)
            else:
                base = behind(lower.key, lower.base) if stale and lower.base else current(lower.key)
        images.append(image(name, "1", base=base, used=draw(st.booleans())))
    known = [job(f"job{number}", f"r{number}:1") for number in range(1, count) if draw(st.booleans())]
    running = [workload(f"w{number}", each.key) for number, each in enumerate(images) if each.in_use]
    return world(images, running, known)


def cleared_by(snapshot: Snapshot, steps: tuple[Step, ...], start: ImageKey) -> bool:
    """Whether an image stands on rebuilt or clean images alone once these steps are done."""
    rebuilt = {each for step in steps for each in (step.image, *step.also) if each and step.kind is StepKind.REBUILD}
    node = snapshot.images.get(start)
    if node is None or node.base is None:
        return True
    if start in rebuilt:
        below = node.base.base
        lower = snapshot.images.get(below)
        moved_on = node.base.newest.startswith("1@") and not (lower and lower.base and lower.base.newest == node.base.newest)
        return moved_on or below.registry == "docker.io" or cleared_by(snapshot, steps, below)
    return condition(node) is Condition.CLEAN


def on_top(snapshot: Snapshot, selection: list[ImageKey]) -> set[ImageKey]:
    """All that stands on these."""
    above = {child for name in selection for child in snapshot.derived.get(name, ())}
    return above | on_top(snapshot, sorted(above)) if above else above


@examples(150)
@given(estates(), st.data())
def test_a_plan_is_topological_minimal_and_does_nothing_for_what_is_clean(snapshot: Snapshot, data: st.DataObject) -> None:
    selection = data.draw(st.lists(st.sampled_from(sorted(snapshot.images)), unique=True))
    plan = plan_for(snapshot, *selection)
    done: set[str] = set()
    waves = {step.id: step.wave for step in plan.steps}
    for step in plan.steps:
        assert set(step.needs) <= done
        assert all(waves[need] < step.wave for need in step.needs)
        done.add(step.id)
    rebuilds = tuple(step for step in plan.steps if step.kind is StepKind.REBUILD)
    for step in rebuilds:
        assert step.image is not None
        assert condition(snapshot.images[step.image]) is not Condition.CLEAN
    used = [name for name in snapshot.images if snapshot.users.get(name)]
    above = on_top(snapshot, selection)
    about_old = not any(name in used for name in selection) and not any(
        name in used and condition(snapshot.images[name]) is Condition.NEEDED for name in above
    )
    chosen = [name for name in selection if about_old or name in used]
    wanted = [name for name in chosen if condition(snapshot.images[name]) is Condition.NEEDED and name.registry == ACR]
    assert all(cleared_by(snapshot, rebuilds, name) for name in wanted)
    targets = [name for name in (*wanted, *used) if any(step.image == name for step in rebuilds)]
    for step in rebuilds:
        others = tuple(each for each in rebuilds if each is not step)
        assert any(not cleared_by(snapshot, others, name) for name in targets)


@examples(60)
@given(estates(), st.data())
def test_a_plan_is_the_same_whatever_the_order_of_the_selection(snapshot: Snapshot, data: st.DataObject) -> None:
    selection = data.draw(st.permutations(sorted(snapshot.images)))
    one, other = plan_for(snapshot, *selection), plan_for(snapshot, *sorted(snapshot.images))
    assert {step.id: step for step in one.steps} == {step.id: step for step in other.steps}
    assert [step.wave for step in one.steps] == [step.wave for step in other.steps]


@examples(100)
@given(HOSTILE, HOSTILE, HOSTILE, st.sampled_from(BuilderKind))
def test_hostile_names_stay_one_word_of_a_shell(name: str, tag: str, place: str, kind: BuilderKind) -> None:
    api = ImageKey(ACR, f"shop/{name}", API.digest)
    built: Job = job(name, f"shop/{name}:{tag}", kind=kind)
    images = (*CHAIN[:3], image(api, tag, base=behind(PYTHON, STALE_PYTHON)))
    runs = [workload(place, api, tag=tag), workload(place + "x", api, pin=True)]
    plan = plan_for(world(images, runs, (BUILDERS[0], built)), api)
    for step in plan.steps:
        for command in step.commands:
            assert "\n" not in command
            assert "\x1b" not in command
            assert shlex.split(command)[0] in ("az", "gh", "curl", "kubectl", "DIGEST=$(az")
            bare = re.sub(r"'[^']*'|\"'\"", "", command)
            for own in ('"$JENKINS_USER:$JENKINS_TOKEN"', '"$JENKINS_URL"', '"$DIGEST"'):
                bare = bare.replace(own, "")
            bare = re.sub(r"^DIGEST=\$\((.*)\)$", r"\1", bare)
            assert re.fullmatch(r"[\w@%+=:,./ \ufffd-]*", bare), command


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        (BuilderKind.GITHUB_ACTIONS, "--ref release --raw-field CHANNEL=stable"),
        (BuilderKind.AZURE_PIPELINES, "--branch release --parameters CHANNEL=stable"),
    ],
)
def test_what_the_settings_have_a_job_run_with_stands_in_its_step_and_no_secret_does(kind: BuilderKind, command: str) -> None:
    given_by = (("CHANNEL", "stable"), ("TOKEN", "token=ghp_0123456789abcdefghijklmnopqrstuvwxyz"))
    built = msgspec.structs.replace(
        job("shop/api/build.yml", "shop/api:1", kind=kind, builder="ci"), ref="release", configured=given_by
    )
    step = next(step for step in plan_for(world(CHAIN, RUNNING[:1], [BUILDERS[0], built]), API).steps if step.job == built.key)
    assert step.parameters == (("CHANNEL", "stable"),)
    assert "branch release, with CHANNEL=stable, TOKEN." in step.what
    assert command in step.commands[0]
    assert "ghp_" not in str(step)
