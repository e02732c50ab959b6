"""The same question gets the same numbers of the band, the rows, `report`, `check` and the plan. The demo is loaded once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.cli.fakes import opener_of
from tui.actions.planning import planned
from tui.cli.check import CheckOptions, check
from tui.cli.report import Options, print_report
from tui.domain.answers.answer import Answer
from tui.domain.plans.plan import Action, StepKind
from tui.domain.query.query import parse_query
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.answers.lines import answer_lines
from tui.presenters.answers.table import answer_sentences
from tui.presenters.glyphs import UNICODE
from tui.presenters.totals import VisibleRows, lineage_totals
from tui.presenters.views.building import BuiltRows, build_view
from tui.presenters.views.spec import Filter
from tui.presenters.views.table import LINEAGE
from tui.settings.settings import Settings
from tui.wiring.opening import opened

pytestmark = [pytest.mark.xdist_group("embedded estate")]
QUESTIONS = (
    *(
        "cve:CVE-2026-90355",
        "cve:CVE-2026-90210 ns:payments",
        "cve:CVE-1999-0001",
        "pkg:openssl",
        "base:debian",
        "base:base/debian",
    ),
    *(
        "base:node is:running",
        "digest:sha256:ab",
        "repo:payments/*",
        "payments",
        "zzz",
        "is:stuck",
        "drift:moved",
        "is:outdated",
        "is:at-risk",
        "is:drifted",
    ),
    *("verdict:fail", "check:scan=fail", "check:signature=unknown", "team:team-checkout", "is:scaled-to-zero", "is:unused"),
    *("-is:running", "sev:critical ctx:weu", "is:signed age>90d"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def snapshot() -> AsyncIterator[Snapshot]:
    """The demo, loaded whole."""
    async with opened(Settings(demo="contoso")) as estate:
        assert await estate.settled(240)
        yield estate.snapshot


def band(snapshot: Snapshot, text: str) -> tuple[BuiltRows, Answer]:
    """The rows of a filter, and the answer above them."""
    built = build_view(LINEAGE, snapshot, Filter(text), snapshot.as_of, UNICODE)
    assert built.answer is not None
    return built, built.answer


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("text", QUESTIONS)
async def test_the_band_counts_what_the_rows_count(text: str, snapshot: Snapshot) -> None:
    built, answer = band(snapshot, text)
    extent = answer.extent
    assert (len(extent.images), extent.undecided, extent.unplaced) == (built.matched, built.undecided, built.unplaced)
    found = parse_query(text).images(snapshot, snapshot.as_of)
    assert (extent.images, extent.workloads) == (found.images, found.workloads)
    shown = VisibleRows(found.images, found.workloads, found.idle)
    assert extent.pods == sum(shown.pods(snapshot.workloads[key]) for key in found.workloads)
    assert len(extent.images) == sum(
        totals.items for key, totals in lineage_totals(snapshot, shown).items() if key in snapshot.roots
    )
    assert sum(reason.images for reason in extent.reasons) == extent.undecided
    assert sum(number for _, number in extent.clusters) == len(extent.workloads)
    owners = answer.owners
    assert sum(number for _, number in owners.teams) + owners.teamless == len(extent.workloads)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("text", QUESTIONS)
async def test_the_band_promises_what_the_plan_does(text: str, snapshot: Snapshot) -> None:
    answer = band(snapshot, text)[1]
    plan = planned(Action.REBUILD, snapshot, answer.extent.images, (), text, snapshot.as_of)
    rebuilt = {key for step in plan.steps if step.kind is StepKind.REBUILD for key in (step.image, *step.also)}
    workloads = {step.workload for step in plan.steps if step.workload is not None}
    assert answer.mending.rebuilt == rebuilt
    assert {key for stage in answer.mending.steps for key in stage.workloads} == workloads


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("text", QUESTIONS)
async def test_the_band_is_whole_at_80_columns(text: str, snapshot: Snapshot) -> None:
    answer = band(snapshot, text)[1]
    lines = answer_lines(answer, 80, UNICODE)
    assert 1 <= len(lines) <= 5, [" ".join(span.text for span in line.left) for line in lines]


@pytest.mark.parametrize("text", QUESTIONS)
def test_report_and_check_say_and_count_what_the_band_does(
    text: str, snapshot: Snapshot, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = band(snapshot, text)[1]
    sentences = [f"{sentence.label}: {sentence.words}" for sentence in answer_sentences(answer)]
    query, opener, settings = parse_query(text), opener_of(snapshot), Settings(demo="contoso")
    written: list[bytes] = []
    print_report(settings, query, Options("json"), opener, written.extend)
    assert capfd.readouterr().err.splitlines()[: len(sentences)] == sentences
    report = json.loads(b"".join(written))
    member, summary, extent = report["answer"], report["summary"], answer.extent
    assert [f"{sentence['label']}: {sentence['words']}" for sentence in member["sentences"]] == sentences
    assert member["images"] == sum(summary["images"].values()) == len(report["images"]) == len(extent.images)
    assert member["workloads"] == sum(summary["workloads"].values()) == len(report["workloads"]) == len(extent.workloads)
    assert member["pods"] == summary["pods"] == extent.pods
    assert member["undecided"] == summary["undecided"] == extent.undecided
    check(settings, query, CheckOptions("name"), opener, written.extend)
    assert capfd.readouterr().err.splitlines()[: len(sentences)] == sentences
