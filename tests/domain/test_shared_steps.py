"""What clears a finding: one image's step is never told as if it fitted all, and the steps of all are counted."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.estates import Builder, check
from tests.laws import examples
from tui.domain.common.trust import CheckName, State
from tui.domain.lineage.base_steps import Rebuild, in_order, rebuilt_on
from tui.domain.query.finding import Finding
from tui.domain.query.findings import find
from tui.domain.snapshot.snapshot import ImageKey
from tui.presenters.views.findings import brief

PYTHON, NODE, JAVA = "r.example/base/python:3.12", "r.example/base/node:22", "r.example/base/java:21"


def on(base: str, digest: str = "") -> str:
    """The step of an image that is to be rebuilt on its base."""
    return in_order([], f"{base} (sha256:{digest} in place of sha256:000000000000)" if digest else base)


def told(steps: Mapping[str, str]) -> Finding:
    """The finding of images of whom each has a step of its own."""
    build = Builder()
    keys = {name: build.image(name, check(CheckName.AGE, State.FAIL, "old", "too old")) for name in steps}
    for name, key in keys.items():
        checks = (msgspec.structs.replace(build.images[key].checks[0], remedy=_own(steps[name], key)),)
        build.images[key] = msgspec.structs.replace(build.images[key], checks=checks)
    [found] = find(build.freeze())
    return found


def _own(step: str, key: ImageKey) -> str:
    return step.replace("ITS", f"{key.name}@{key.digest}")


@pytest.mark.parametrize(
    ("steps", "fix"),
    [
        (["Rebuild it."] * 3, "Rebuild it."),
        (["", ""], ""),
        (["Find out who pushed it. Then sign ITS."] * 3, "Find out who pushed it. Then sign IMAGE@DIGEST."),
        ([on(PYTHON, "aa"), on(PYTHON, "ab")], f"Rebuild each on the newest build of {PYTHON}."),
        (
            [on(PYTHON), on(PYTHON, "ab"), on(NODE)],
            f"Rebuild each on the newest build of its base: {PYTHON} (2 images) and {NODE} (1).",
        ),
        (
            [on(PYTHON)] * 3 + [on(NODE)] * 2 + [on(JAVA)],
            f"Rebuild each on the newest build of its base: {PYTHON} (3 images), {NODE} (2) and 1 more base.",
        ),
        (["Move from a to b."] * 3 + ["Rebuild it.", on(NODE)], "For 3 of 5 images: move from a to b. 2 others: see each."),
        (["Move away.", "Move away.", "Rebuild it."], "For 2 of 3 images: move away. For contoso.azurecr.io/p2:1: rebuild it."),
        (["Find out. Pin a.", "Find out. Pin a.", "Find out."], "Find out. For 2 of 3 images: pin a."),
        (["Move away.", "Move away.", ""], "For 2 of 3 images: move away. For 1 image no step is known."),
    ],
)
def test_a_step_says_for_how_many_it_is(steps: list[str], fix: str) -> None:
    names = {f"p{at}:1": step for at, step in enumerate(steps)}
    assert told(names).fix == fix


@given(st.lists(st.sampled_from(["Move to a.", "Rebuild it.", on(PYTHON), on(NODE), ""]), min_size=1, max_size=8))
@examples(60)
def test_no_step_is_told_to_all_that_is_not_the_step_of_all(steps: list[str]) -> None:
    fix = told({f"p{at}:1": step for at, step in enumerate(steps)}).fix
    if len(set(steps)) == 1:
        assert fix == steps[0]
    else:
        assert not any(step and fix.startswith(step) for step in set(steps) - {""}), fix
        assert "For " in fix or "its base" in fix


def test_the_base_of_a_step_is_read_as_it_was_written() -> None:
    assert rebuilt_on(in_order([], PYTHON)) == PYTHON
    assert rebuilt_on(in_order([], f"the newest build of {PYTHON} (sha256:ab in place of sha256:cd)")) == PYTHON
    assert rebuilt_on(in_order([], f"{PYTHON} (sha256:ab)")) == PYTHON
    assert not rebuilt_on(in_order([Rebuild("r.example/a:1", PYTHON)], "r.example/a:1"))
    assert not rebuilt_on("Rebuild it on a build of r.example/a that a tag names.")
    assert not rebuilt_on(f"{in_order([], PYTHON)} Move to Python 3.14.")


def test_the_short_form_of_a_step_keeps_for_whom_it_is() -> None:
    assert brief("For 3 of 5 images: move from a to b. 2 others: see each.") == "Move (3 of 5) from a to b"
    assert brief("For r.example:5000/p:1: rebuild it.") == "Rebuild one of them"
    assert (
        brief("For 42 of 74 images: rebuild each on the newest build of a. For b: c.")
        == "Rebuild 42 of 74 on the newest build of a"
    )
    assert brief("For 1,200 of 2,000: have it scanned, or the index.") == "Have 1,200 of 2,000 scanned"
    assert brief("For shop/api: do not run it: find out why.") == "Do not run one of them"
    assert brief("For 2 of 3: do not restart the workload.") == "Do not (2 of 3) restart the workload"
    assert (
        brief("For 2 of 3 images: if it follows 22, rebuild it on r.example/b:1; then more.") == "Rebuild 2 of 3 on r.example/b:1"
    )
    assert brief("For shop/api: K8sAllowedRepos own does not allow it.") == "One of them: K8sAllowedRepos own does not allow it"


@given(
    st.sampled_from(("Update go to 1.24.6, then rebuild.", "Sign it again.", "Find out who pushed it.", on(NODE))),
    st.integers(1, 9),
    st.integers(10, 99),
)
def test_the_short_form_of_a_step_begins_with_its_verb(step: str, some: int, of: int) -> None:
    verb = step.split(" ")[0]
    told = brief(f"For {some} of {of} images: {step[:1].lower()}{step[1:]}")
    assert told.startswith(verb)
    assert f"{some} of {of}" in told[: len(verb) + 30]


def test_what_differs_in_a_number_is_not_named_for_all() -> None:
    build = Builder()
    for name, days in (("a:1", 40), ("b:1", 50), ("c:1", 40)):
        build.image(name, check(CheckName.AGE, State.FAIL, "old", f"{days} days old"))
    [found] = find(build.freeze())
    assert found.what == "40 days old, and 1 like it"


def test_workloads_without_pods_are_among_those_that_have_a_problem() -> None:
    build = Builder()
    image = build.image("a:1", check(CheckName.AGE, State.FAIL, "old", "old"))
    build.run("prod/shop/Deployment/a", image, 2)
    snapshot = build.freeze()
    [(key, workload)] = snapshot.workloads.items()
    idle = msgspec.structs.replace(workload.containers[0], runs=(), declared=image, pods=0, pod_refs=())
    other = msgspec.structs.replace(key, kind="CronJob", name="nightly")
    cron = msgspec.structs.replace(workload, key=other, containers=(idle,), pods=0, crews=())
    [found] = find(dataclasses.replace(snapshot, workloads={key: workload, other: cron}))
    assert (found.workloads, found.pods, found.spread) == ((key, other), 2, (2, 0))
