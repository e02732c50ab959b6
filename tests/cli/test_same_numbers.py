"""A question put to the command line, which reads no more than it needs, gets the numbers that the loaded explorer has.

The demo is served once, and nothing happens in it meanwhile; commands open it as they do for an operator.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest import mock

import msgspec
import pytest
import pytest_asyncio

from tui.actions.planning import planned
from tui.cli.reading import looked
from tui.cli.report import Options, document_of
from tui.demo.running import Run
from tui.demo.scenarios import Scenario
from tui.domain.answers.answer import Answer
from tui.domain.plans.plan import Action, Plan
from tui.domain.query.query import parse_query
from tui.domain.query.reach import Reach, reach_of
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.answers.table import answer_sentences
from tui.presenters.glyphs import UNICODE
from tui.presenters.views.building import build_view
from tui.presenters.views.lineage import LINEAGE
from tui.presenters.views.spec import Filter
from tui.reports import Document, TextStyle, format_named
from tui.settings.load import load
from tui.settings.settings import Settings
from tui.wiring.parts import open_estate, open_to_act

pytestmark = [pytest.mark.xdist_group("embedded estate"), pytest.mark.asyncio(loop_scope="module")]
OF_WHAT_RUNS = (
    *("is:stuck", "drift:moved", "is:drifted", "ns:payments", "ctx:weu", "team:team-checkout", "is:rollback"),
    *("is:running -ns:payments", "payments", "repo:payments/*", "is:unsigned", "is:signed", "check:scan=fail", "sev:critical"),
)
"""Answered by what runs: the rest of the registries is left alone."""
OF_THE_REST = (
    *("cve:CVE-2026-90355", "cve:CVE-2026-90210 ns:payments", "pkg:openssl", "-pkg:openssl", "base:debian"),
    *("base:node is:running", "digest:sha256:ab", "is:outdated", "check:base=unknown", "is:at-risk"),
)
BY_NEED = ("-verdict:pass", "age>90d")
"""Answered by what runs at first; the rest is read as that does not tell. Each has an estate of its own."""
QUESTIONS = (*OF_WHAT_RUNS, *OF_THE_REST, *BY_NEED)
WAIT = 120.0


@asynccontextmanager
async def served(directory: Path) -> AsyncIterator[Settings]:
    """The demo, in which nothing happens."""
    run = Run(Scenario("a quiet day", lives=False), 1, directory)
    handshake = await run.start()
    environment = {str(name): str(value) for name, value in dict(handshake["environment"]).items()}  # type: ignore[call-overload]
    try:
        with mock.patch.dict(os.environ, {**environment, "XDG_STATE_HOME": str(directory / "state")}):
            yield msgspec.structs.replace(
                load({}, environment={}, path=str(handshake["config"])),
                kubeconfig=str(handshake["kubeconfig"]),
                contexts=("prod-weu", "prod-neu"),
                use_cache=False,
                azure=True,
            )
    finally:
        await run.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def settings(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Settings]:
    """How the quiet demo is reached."""
    async with served(tmp_path_factory.mktemp("demo")) as reached:
        yield reached


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded(settings: Settings) -> AsyncIterator[Snapshot]:
    """What the explorer has when everything is loaded."""
    async with open_estate(settings) as estate:
        assert await estate.settled(WAIT)
        yield estate.snapshot


async def reported(settings: Settings, texts: tuple[str, ...]) -> dict[str, Document]:
    """What `report` makes of each question; all are put to one estate, which is opened as for a command."""
    documents = {}
    async with open_estate(settings, once=True) as estate:
        for text in texts:
            query = parse_query(text)
            snapshot, selection = await looked(estate, query, WAIT, reach_of(query.terms), rewrites=False)
            documents[text] = document_of(query, snapshot, selection, Options("json"), TextStyle())
    return documents


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def documents(settings: Settings) -> dict[str, Document]:
    """The reports of every question; those that have the rest of the registries read are not put to the estate of the others."""
    documents = await reported(settings, OF_WHAT_RUNS) | await reported(settings, OF_THE_REST)
    for text in BY_NEED:
        documents |= await reported(settings, (text,))
    return documents


def shown(snapshot: Snapshot, text: str) -> Answer:
    """The band of the explorer."""
    answer = build_view(LINEAGE, snapshot, Filter(text), snapshot.as_of, UNICODE).answer
    assert answer is not None
    return answer


def steps(plan: Plan) -> list[tuple[str, str, str]]:
    """What a plan does and what it cannot do."""
    return sorted((step.kind.value, step.target, step.blocked) for step in plan.steps)


@pytest.mark.parametrize("text", QUESTIONS)
async def test_what_runs_is_counted_alike(text: str, loaded: Snapshot, documents: dict[str, Document]) -> None:
    band, report = shown(loaded, text), documents[text].answer
    assert report is not None
    ours, theirs = band.extent, report.extent
    assert (theirs.workloads, theirs.pods, theirs.clusters) == (ours.workloads, ours.pods, ours.clusters)
    assert theirs.running == ours.running
    assert (theirs.undecided_running, theirs.unplaced, report.owners) == (ours.undecided_running, ours.unplaced, band.owners)
    assert theirs.images == (ours.running if theirs.only_running else ours.images)


@pytest.mark.parametrize("text", QUESTIONS)
async def test_a_sentence_is_the_same_or_says_that_it_is_not_known(
    text: str, loaded: Snapshot, documents: dict[str, Document]
) -> None:
    band, report = shown(loaded, text), documents[text].answer
    assert report is not None
    if report.mending.is_unread or report.extent.only_running:
        assert not report.mending.steps
        fixes = [sentence.words for sentence in answer_sentences(report) if sentence.label == "fix"]
        assert not report.mending.is_unread or any("not known" in words or "pin" in words for words in fixes) or not fixes
        return
    assert answer_sentences(report) == answer_sentences(band)
    assert report.mending == band.mending


@pytest.mark.parametrize("text", [*OF_THE_REST, *BY_NEED])
async def test_what_mends_it_is_read_and_planned_alike(text: str, loaded: Snapshot, documents: dict[str, Document]) -> None:
    document = documents[text]
    answer = document.answer
    assert answer is not None
    assert not answer.mending.is_unread
    assert reach_of(parse_query(text).terms) is not Reach.RUNS
    plans = [
        planned(Action.REBUILD, snapshot, parse_query(text).images(snapshot, snapshot.as_of).images, (), text, snapshot.as_of)
        for snapshot in (document.snapshot, loaded)
    ]
    assert steps(plans[0]) == steps(plans[1])


async def test_the_command_that_rebuilds_plans_what_the_explorer_plans(settings: Settings, loaded: Snapshot) -> None:
    async with open_to_act(settings) as (estate, actions):
        for text in ("base:debian", "payments", "ns:payments", "cve:CVE-2026-90210", "team:team-checkout", "is:rollback"):
            query = parse_query(text)
            _, selection = await looked(estate, query, WAIT, reach_of(query.terms), rewrites=False)
            plan = await actions.plan(Action.REBUILD, selection.images, selection.workloads, text)
            images = query.images(loaded, loaded.as_of).images
            assert steps(plan) == steps(planned(Action.REBUILD, loaded, images, (), text, loaded.as_of)), text


@pytest.mark.parametrize("text", QUESTIONS)
async def test_every_format_has_the_numbers_of_the_answer(text: str, documents: dict[str, Document]) -> None:
    document = documents[text]
    answer = document.answer
    assert answer is not None
    report = json.loads(b"".join(format_named("json").render(document)))
    member = report["answer"]
    assert member["workloads"] == len(report["workloads"]) == len(answer.extent.workloads)
    assert member["pods"] == report["summary"]["pods"] == answer.extent.pods
    assert member["only_running"] == answer.extent.only_running
    assert member["only_running"] or member["images"] == len(report["images"]) == len(answer.extent.images)
    sentences = [sentence.words for sentence in answer_sentences(answer)]
    assert [sentence["words"] for sentence in member["sentences"]] == sentences
    head = json.loads(next(iter(b"".join(format_named("jsonl").render(document)).splitlines())))
    assert head["answer"] == member
    markdown = b"".join(format_named("markdown").render(document)).decode()
    assert all(f"- **{sentence.label}** " in markdown for sentence in answer_sentences(answer))
