"""A question gets the same numbers wherever it is asked: of the band, the rows, the detail, each format, `report` and `check`.

The command line reads no more than a question needs, the explorer has everything. Both read one demo in which nothing happens.
"""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from tests.cli.asking import BY_NEED, IN_PART, OF_THE_REST, QUESTIONS, REBUILT, Asked
from tests.cli.fronts import (
    answer_of,
    checked,
    document,
    found_problems,
    numbers_of,
    pods_in_detail,
    printed,
    said_by_fronts,
    words_of,
)
from tui.actions.planning import planned
from tui.cli.output import Exit
from tui.domain.answers.scorecard import Scope, scorecard
from tui.domain.facts.events import SourceState
from tui.domain.plans.plan import Action, Plan
from tui.domain.query.query import parse_query
from tui.domain.query.reach import Reach, reach_of
from tui.domain.snapshot.snapshot import Snapshot
from tui.domain.snapshot.unread import unread_registries
from tui.presenters.answers.table import answer_sentences
from tui.presenters.glyphs import UNICODE
from tui.presenters.heading import heading
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.spec import SectionContext
from tui.reports import Document

pytestmark = pytest.mark.xdist_group("embedded estate")


def reported(asked: Asked, text: str) -> Document:
    """What `report` prints."""
    read = asked.read[text]
    return document(read.snapshot, read.selection, text)


def steps(plan: Plan) -> list[tuple[str, str, str]]:
    """What a plan does and what it cannot do."""
    return sorted((step.kind.value, step.target, step.blocked) for step in plan.steps)


@pytest.mark.parametrize("text", QUESTIONS)
def test_what_runs_is_counted_alike(text: str, asked: Asked) -> None:
    band, report = answer_of(asked.shown[text], text), reported(asked, text).answer
    assert report is not None
    ours, theirs = band.extent, report.extent
    assert (theirs.workloads, theirs.pods, theirs.clusters) == (ours.workloads, ours.pods, ours.clusters)
    assert theirs.running == ours.running
    assert (theirs.undecided_running, theirs.unplaced, report.owners) == (ours.undecided_running, ours.unplaced, band.owners)
    assert theirs.images == (ours.running if theirs.only_running else ours.images)


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_sentence_is_the_same_or_says_that_it_is_not_known(text: str, asked: Asked) -> None:
    band, report = answer_of(asked.shown[text], text), reported(asked, text).answer
    assert report is not None
    if report.mending.unread or report.extent.only_running:
        assert not report.mending.steps
        fixes = [sentence.words for sentence in answer_sentences(report) if sentence.label == "fix"]
        assert not report.mending.unread or any("not planned" in words or "pin" in words for words in fixes) or not fixes
        return
    assert not asked.read[text].whole.sources or not unread_registries(asked.read[text].whole) or not band.mending.steps
    # Why it is not known may be known better by whoever was asked something else before.
    ours, theirs = ([line for line in answer_sentences(answer) if line.label != "unknown"] for answer in (band, report))
    assert theirs == ours
    assert (report.mending, report.extent.undecided) == (band.mending, band.extent.undecided)


@pytest.mark.parametrize("text", [*OF_THE_REST, *BY_NEED[-1:]])
def test_what_mends_it_is_read_and_planned_alike(text: str, asked: Asked) -> None:
    read, answer = asked.read[text], reported(asked, text).answer
    assert answer is not None
    assert not answer.mending.unread
    assert reach_of(parse_query(text).terms) is not Reach.RUNS
    plans = [
        planned(Action.REBUILD, snapshot, parse_query(text).images(snapshot, snapshot.as_of).images, (), text, snapshot.as_of)
        for snapshot in (read.snapshot, asked.shown[text])
    ]
    assert steps(plans[0]) == steps(plans[1])


@pytest.mark.parametrize("text", REBUILT)
def test_the_command_that_rebuilds_plans_what_the_explorer_plans(text: str, asked: Asked) -> None:
    ours, theirs = asked.plans[text]
    assert steps(ours) == steps(theirs)


@pytest.mark.parametrize("text", QUESTIONS)
def test_every_front_says_the_same_of_one_estate(text: str, asked: Asked) -> None:
    read = asked.read[text]
    said = said_by_fronts(read.snapshot, read.selection, text)
    assert set(said.values()) == {said["json"]}, said


def test_no_sentence_counts_what_is_not_there(asked: Asked) -> None:
    answers = [answer_of(asked.shown[text], text) for text in QUESTIONS] + [answer_of(asked.refused, text) for text in QUESTIONS]
    words = [sentence.words for answer in answers for sentence in answer_sentences(answer)]
    assert not [
        line for line in words if re.search(r"\b0 (?:teams|not|copies)\b|not 0\b|pushed, when|^[^:]*: mostly [^,]*$", line)
    ]
    [first, *_] = answer_sentences(answer_of(asked.loaded, "-is:running"))
    assert first.words.endswith("run none of them.")


@pytest.mark.parametrize("text", QUESTIONS)
def test_every_format_has_the_sentences_of_the_answer(text: str, asked: Asked) -> None:
    report = reported(asked, text)
    assert report.answer is not None
    sentences = answer_sentences(report.answer)
    member = json.loads(printed(report, "json"))["answer"]
    assert [sentence["words"] for sentence in member["sentences"]] == [sentence.words for sentence in sentences]
    assert json.loads(printed(report, "jsonl").splitlines()[0])["answer"] == member
    markdown = printed(report, "markdown")
    assert all(f"- **{sentence.label}** " in markdown for sentence in sentences)
    plain = printed(report, "plain").splitlines()
    assert [line.partition(":")[0] for line in plain[: len(sentences)]] == [sentence.label.capitalize() for sentence in sentences]


@pytest.mark.parametrize("text", QUESTIONS)
def test_check_counts_what_report_counts_and_ends_by_what_it_counts(text: str, asked: Asked) -> None:
    read = asked.read[text]
    code, printed_by_check = checked(asked.settings, read.whole, text)
    report = json.loads(printed(reported(asked, text), "json"))
    assert printed_by_check["summary"] == report["summary"]
    assert printed_by_check["answer"]["images"] == report["answer"]["images"]
    verdicts = Counter(report["summary"]["images"]) + Counter(report["summary"]["workloads"])
    assert (code is Exit.VIOLATED) == (verdicts["fail"] > 0)
    if not verdicts["fail"]:
        assert (code is Exit.UNSURE) == (not verdicts or verdicts["unknown"] > 0 or not report["complete"])


@pytest.mark.parametrize("text", ["verdict:fail", "ns:payments", "is:at-risk", "base:debian", "payments openssl"])
def test_findings_are_those_of_the_view(text: str, asked: Asked) -> None:
    selection = parse_query(text).images(asked.loaded, asked.loaded.as_of)
    findings = document(asked.loaded, selection, text).findings()
    counted = [(finding.what, len(finding.images), len(finding.workloads), finding.pods) for finding in findings]
    assert counted
    assert sorted(counted) == sorted(found_problems(asked.loaded, text))


def test_the_detail_of_an_image_counts_what_its_digest_finds(asked: Asked) -> None:
    look = SectionContext(asked.loaded, asked.loaded.as_of, UNICODE, 120)
    running = sorted({key for key, users in asked.loaded.users.items() if users and key in asked.loaded.images})
    assert running
    for key in running[::4]:
        extent = answer_of(asked.loaded, f"digest:{key.digest} is:running").extent
        pods = {user: number for user, number in pods_in_detail(asked.loaded, key).items() if number}
        if extent.images != {key}:
            continue  # another name of the same content
        assert (frozenset(pods), sum(pods.values())) == (extent.workloads, extent.pods)
        words = words_of(heading(RowSubject(image=key), look))
        assert f"runs in {len(extent.workloads)} workload" in words


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        (Scope("prod-weu"), "ctx:prod-weu"),
        (Scope("prod-neu", "payments"), "ctx:prod-neu ns:payments"),
        (Scope(team="team-checkout"), "team:team-checkout"),
    ],
)
def test_the_scorecard_of_a_place_counts_what_its_query_finds(scope: Scope, text: str, asked: Asked) -> None:
    card = scorecard(asked.loaded, scope)
    answer = answer_of(asked.loaded, text)
    assert (card.pods, sum(card.workloads.values())) == (answer.extent.pods, len(answer.extent.workloads))
    assert card.images == len(answer_of(asked.loaded, f"{text} is:running").extent.images)


@pytest.mark.parametrize("text", ["verdict:fail", "verdict:pass", "check:registry=fail", "ctx:neu verdict:fail", "is:faulty"])
def test_another_policy_changes_every_front_alike(text: str, asked: Asked) -> None:
    loaded, lean = asked.judged_anew
    for snapshot in asked.judged_anew:
        selection = parse_query(text).images(snapshot, snapshot.as_of)
        said = said_by_fronts(snapshot, selection, text)
        assert set(said.values()) == {said["json"]}, said
    assert answer_of(loaded, text).extent.workloads == answer_of(lean, text).extent.workloads
    assert numbers_of(answer_of(loaded, text)) != numbers_of(answer_of(asked.loaded, text))


@pytest.mark.parametrize("text", IN_PART)
def test_what_a_refused_cluster_and_registry_leave_is_counted_alike(text: str, asked: Asked) -> None:
    read = asked.refused_read[text]
    said = said_by_fronts(read.snapshot, read.selection, text)
    assert set(said.values()) == {said["json"]}, said
    band, report = answer_of(asked.refused, text), document(read.snapshot, read.selection, text).answer
    assert report is not None
    ours, theirs = band.extent, report.extent
    assert (theirs.workloads, theirs.pods, theirs.running) == (ours.workloads, ours.pods, ours.running)
    assert (theirs.undecided_running, theirs.unplaced) == (ours.undecided_running, ours.unplaced)
    assert theirs.images == (ours.running if theirs.only_running else ours.images)
    assert "prod-neu" in " ".join(theirs.lost)
    assert set(theirs.lost) <= set(ours.lost)


@pytest.mark.parametrize("text", IN_PART)
def test_nothing_ends_well_while_a_cluster_and_a_registry_are_refused(text: str, asked: Asked) -> None:
    code, report = checked(asked.settings, asked.refused_read[text].whole, text)
    assert not report["complete"]
    assert code in (Exit.VIOLATED, Exit.UNSURE)
    assert code is Exit.VIOLATED or "is:unused" in text or not _fails(report)
    assert _states(asked.refused)["prod-neu"] is SourceState.FAILED


def _fails(report: dict[str, object]) -> bool:
    summary = report["summary"]
    assert isinstance(summary, dict)
    return bool(summary["images"]["fail"] or summary["workloads"]["fail"])


def _states(snapshot: Snapshot) -> dict[str, SourceState]:
    return {source.id.name: source.state for source in snapshot.sources if source.id.kind == "cluster"}
