"""The tab of runs: who builds an image, how that went, and whether it will be rebuilt by itself, at 80 columns."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from tests.domain.estates import ACR, NOW
from tests.domain.plans.kit import behind, current, image, job, key, moved, run, workload, world
from tests.estates import AskNoCluster
from tui.domain.facts.build import BaseDependency, BaseTrigger, BuilderKind, BuiltImage, Job, Run, RunCause, RunState
from tui.domain.facts.build_claim import BuildClaim, ClaimedBy
from tui.domain.facts.image import RepositoryName
from tui.domain.plans.following import followers
from tui.domain.plans.why_not import Outlooks
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.presenters.glyphs import UNICODE
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.runs import RUNS, last_failure
from tui.presenters.tabs.spec import SectionContext

BASE, PYTHON, API, WEB = key("base/debian@1"), key("base/python@1"), key("shop/api@1"), key("shop/web@1")


def following(name: str, pushes: str, base: ImageKey, **more: object) -> Job:
    """A task that follows a base."""
    followed = (BaseDependency(base.name, "1"),)
    return msgspec.structs.replace(job(name, pushes), bases=followed, trigger=BaseTrigger.ON, **more)


def text_of(snapshot: Snapshot, about: ImageKey) -> str:
    """The tab as it is read at 80 columns; no line is wider."""
    lines = RUNS.lines(RowSubject(image=about), SectionContext(snapshot, NOW, UNICODE, 80))
    texts = [tuple("".join(span.text for span in cell) for cell in (line.left, line.right)) for line in lines]
    assert all(len(left + right) <= 80 for left, right in texts)
    return "\n".join(f"{left} {right}" for left, right in texts)


def flat(text: str) -> str:
    """Without line breaks."""
    return " ".join(text.split())


CHAIN = (
    image(BASE, "1", used=False),
    image(PYTHON, "1", base=current(BASE), used=False),
    image(API, "1", base=current(PYTHON)),
    image(WEB, "1", base=current(PYTHON)),
)
RUNNING = (workload("api", API), workload("web", WEB))


def test_the_job_what_proves_it_and_its_runs_are_shown() -> None:
    task = following("api", "shop/api:1", PYTHON, agent_pool="pool1", hindrances=("the agent pool pool1 has no machines",))
    tagged = BuiltImage(RepositoryName(ACR, "shop/api"), "1", API.digest)
    runs = [
        run(task, "ca1", cause=RunCause.BASE_IMAGE, images=(tagged,)),
        run(task, "ca2", state=RunState.FAILED, hour=-2, detail="failed to push: denied"),
        run(task, "ca3", state=RunState.QUEUED, hour=-1, images=None),
    ]
    text = flat(text_of(world(CHAIN, RUNNING, [task], runs), API))
    assert "ACR task api contoso.azurecr.io certain Run ca1 pushed this digest." in text
    assert "base image trigger on · agent pool pool1 pushes shop/api:1" in text
    assert "◉ ca3 queued" in text
    assert "✘ ca2 failed 60s 119m failed to push: denied." in text
    assert "✔ ca1 succeeded by its base image 60s 8h pushed shop/api:1" in text
    assert text.index("ca3") < text.index("ca2")
    assert "Will be rebuilt automatically: no. the agent pool pool1 has no machines." in text


def test_what_follows_its_base_will_be_rebuilt_and_what_does_not_says_what_mends_it() -> None:
    off = msgspec.structs.replace(following("web", "shop/web:1", PYTHON), trigger=BaseTrigger.OFF)
    snapshot = world(CHAIN, RUNNING, [following("api", "shop/api:1", PYTHON), off])
    assert "Will be rebuilt automatically: yes." in text_of(snapshot, API)
    text = flat(text_of(snapshot, WEB))
    assert "Will be rebuilt automatically: no. The base image trigger of ACR task web is off. → Switch it on:" in text


def test_what_the_image_says_itself_is_shown_with_who_vouches_for_it() -> None:
    claims = (
        BuildClaim(ClaimedBy.PROVENANCE, "", BuilderKind.GITHUB_ACTIONS, "GitHub Actions", "github.com", "contoso/shop/api.yml"),
        BuildClaim(ClaimedBy.LABEL, "ci.url", BuilderKind.JENKINS, "Jenkins", "ci.example", "shop/api", revision="4f1d2ab"),
    )
    api = msgspec.structs.replace(CHAIN[2], built_by=claims)
    text = flat(text_of(world((*CHAIN[:2], api), RUNNING), API))
    assert "The image itself says signatures not checked" in text
    assert "provenance: the GitHub workflow contoso/shop/api.yml at github.com" in text
    assert "label ci.url: the Jenkins job shop/api at ci.example, commit 4f1d2ab" in text
    assert "These contradict each other: who built it is not known by them." in text


def test_who_signed_an_attestation_is_shown_or_why_that_is_not_proven() -> None:
    verified = BuildClaim(
        ClaimedBy.ATTESTATION, "", BuilderKind.GITHUB_ACTIONS, "", "github.com", "contoso/shop/api.yml", signer="release.pub"
    )
    doubted = msgspec.structs.replace(verified, signer="", doubt="no configured key verifies this signature")
    unread = BuildClaim(ClaimedBy.ATTESTATION, doubt="it cannot be read: the registry does not answer")
    api = msgspec.structs.replace(CHAIN[2], built_by=(verified, doubted, unread))
    text = flat(text_of(world((*CHAIN[:2], api), RUNNING), API))
    assert "attestation: the GitHub workflow contoso/shop/api.yml at github.com signed by release.pub, verified" in text
    assert "contoso/shop/api.yml at github.com not verified: no configured key verifies this signature." in text
    assert "attestation: what it says is not known not verified: it cannot be read: the registry does not answer." in text
    assert "signatures not checked" not in text


def test_what_nobody_is_known_to_build_cannot_be_told_and_the_line_is_named() -> None:
    text = flat(text_of(world(CHAIN, RUNNING), API))
    assert "unknown. No job is known to build it. → Name the job in the settings" in text


def test_a_tag_that_its_job_pushes_no_more_will_not_be_rebuilt() -> None:
    task = following("api", "shop/api:2", PYTHON)
    text = flat(text_of(world(CHAIN, RUNNING, [task], [run(task, "ca1", API)]), API))
    assert "no. ACR task api pushes 2 now, not this tag. → Let what runs it name 2" in text


def test_what_an_outdated_image_waits_for_is_said() -> None:
    stale = moved(BASE, key("base/debian@2"))
    images = (image(BASE, used=False), image(PYTHON, "1", base=stale, used=False), image(API, "1", base=behind(PYTHON, stale)))
    task = following("api", "shop/api:1", PYTHON)
    text = flat(text_of(world(images, RUNNING[:1], [task], [run(task, "ca2", state=RunState.RUNNING, hour=-1)]), API))
    assert "Why it has not been rebuilt It is being rebuilt: run ca2 is going on. → Wait for it." in text


def test_of_what_stands_on_a_base_it_is_counted_what_comes_by_itself() -> None:
    jobs = [
        following("python", "base/python:1", BASE),
        following("api", "shop/api:1", PYTHON),
        job("w", kind=BuilderKind.JENKINS),
    ]
    snapshot = world(CHAIN, RUNNING, jobs)
    assert followers(snapshot, BASE) == {API: Outlooks.YES, WEB: Outlooks.UNKNOWN}
    text = flat(text_of(snapshot, BASE))
    assert "Of 2 running images that are built on it, 1 will be rebuilt automatically, 0 will not, 1 unknown." in text
    assert "? shop/web:1 No job is known to build it." in text


def test_what_stands_on_something_that_is_not_rebuilt_does_not_come_by_itself() -> None:
    off = msgspec.structs.replace(following("python", "base/python:1", BASE), trigger=BaseTrigger.OFF)
    snapshot = world(CHAIN, RUNNING, [off, following("api", "shop/api:1", PYTHON), following("web", "shop/web:1", PYTHON)])
    assert set(followers(snapshot, BASE).values()) == {Outlooks.NO}
    assert set(followers(snapshot, PYTHON).values()) == {Outlooks.YES}


def test_a_base_under_another_of_its_tags_is_followed() -> None:
    images = (image(PYTHON, "1", "1.2.3", used=False), image(API, "1", base=current(PYTHON, "1.2.3")))
    assert "yes." in text_of(world(images, RUNNING[:1], [following("api", "shop/api:1", PYTHON)]), API)


class Logs(AskNoCluster):
    """Answers with a log; what else is asked for is a mistake."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        self.asked: list[str] = []

    async def run_log(self, run: Run, most: int) -> Sequence[str]:
        """The last lines."""
        self.asked.append(run.id)
        return self.lines[-most:]

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """Nobody asks for one here."""
        raise AssertionError

    configuration = manifest


def failed(*runs: Run, task: Job) -> Snapshot:
    """The chain, whose API has these runs."""
    return world(CHAIN, RUNNING, [task], list(runs))


TASK = following("api", "shop/api:1", PYTHON)


async def test_of_a_job_whose_newest_run_failed_the_log_is_read() -> None:
    snapshot = failed(run(TASK, "ca1", API), run(TASK, "ca2", state=RunState.FAILED, hour=-1), task=TASK)
    assert RUNS.inquiry is not None
    inquiry = RUNS.inquiry(RowSubject(image=API), snapshot)
    assert inquiry is not None
    assert inquiry.what == "the log of the run ca2"
    logs = Logs("step 1", f"{'x' * 100}\x1b[2J", "denied")
    lines = (await inquiry.ask(logs))(SectionContext(snapshot, NOW, UNICODE, 80))
    text = "\n".join("".join(span.text for span in (*line.left, *line.right)) for line in lines)
    assert logs.asked == ["ca2"]
    assert "Log of the run ca2, which failed" in text
    assert "3 lines" in text
    assert text.count("   denied") == 2  # the line that says why stands before the log, too
    assert "\x1b" not in text
    assert all(len("".join(span.text for span in line.left)) <= 80 for line in lines)


@pytest.mark.parametrize(
    "runs",
    [
        (),
        (run(TASK, "ca1", API),),
        (run(TASK, "ca1", state=RunState.FAILED, hour=-5), run(TASK, "ca2", API, hour=-1)),
        (run(TASK, "ca1", API), run(TASK, "ca2", state=RunState.RUNNING, hour=-1)),
        (run(TASK, "ca1", state=RunState.CANCELLED),),
    ],
    ids=["none", "well", "mended", "under way", "cancelled"],
)
def test_no_log_is_read_where_the_newest_run_did_not_fail(runs: tuple[Run, ...]) -> None:
    assert RUNS.inquiry is not None
    assert RUNS.inquiry(RowSubject(image=API), failed(*runs, task=TASK)) is None


def test_a_failure_is_told_though_a_run_is_going_on() -> None:
    snapshot = failed(
        run(TASK, "ca1", state=RunState.FAILED, hour=-5), run(TASK, "ca2", state=RunState.RUNNING, hour=-1), task=TASK
    )
    found = last_failure(RowSubject(image=API), snapshot)
    assert found is not None
    assert found.id == "ca1"
