"""Where a filter puts the cursor: on the workload that the answer speaks of, where workloads are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from tests.estates import NOW, company
from tests.presenters.test_models import named, stuck
from tui.domain.answers.pulls import Pulls
from tui.domain.common.trust import State
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.finding import START
from tui.domain.query.findings import find
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.presenters.glyphs import UNICODE
from tui.presenters.keys import IMAGELESS, PodPart
from tui.presenters.views.building import build_view
from tui.presenters.views.lineage import LineageModel
from tui.presenters.views.spec import Filter, ViewSpec
from tui.presenters.views.table import LINEAGE, REGISTRIES, WORKLOADS
from tui.ui.screens.laying import lay_out


def first_hit(snapshot: Snapshot, query: str, view: ViewSpec = LINEAGE) -> object:
    """The innermost part of the row that the cursor comes to."""
    hit = lay_out(build_view(view, snapshot, Filter(query), NOW, UNICODE), None, query, 20).first_hit
    return hit[-1] if hit is not None else None


@pytest.mark.parametrize("view", [LINEAGE, WORKLOADS])
@pytest.mark.parametrize("query", ["is:stuck", "stuck", "stuck is:stuck"])
def test_what_does_not_start_is_under_the_cursor(query: str, view: ViewSpec) -> None:
    snapshot, _ = stuck(company())
    hit = first_hit(snapshot, query, view)
    assert isinstance(hit, ObjectKey)
    assert any(container.trouble for container in snapshot.workloads[hit].containers)


@pytest.mark.parametrize("query", ["ns:payments", "kind:deploy", "team:*", "ctx:prod", "is:running", "-is:signed ns:payments"])
def test_workloads_that_are_asked_for_are_led_to_although_their_images_stand_above_them(query: str) -> None:
    snapshot = company()
    built = build_view(LINEAGE, snapshot, Filter(query), NOW, UNICODE)
    if built.model.roots():
        hit = first_hit(snapshot, query)
        assert isinstance(hit, ObjectKey)
        assert hit in built.answer.extent.workloads if built.answer is not None else False


@pytest.mark.parametrize(
    "query", ["payments-api", "base:debian", "is:signed ns:payments", "check:scan=fail is:running", "verdict:fail", "repo:base"]
)
def test_images_that_are_asked_for_are_led_to(query: str) -> None:
    snapshot = company()
    built = build_view(LINEAGE, snapshot, Filter(query), NOW, UNICODE)
    assert built.lead is None
    assert not built.model.roots() or isinstance(first_hit(snapshot, query), ImageKey)


def test_a_pod_that_is_asked_for_by_its_name_is_led_to() -> None:
    snapshot = company()
    built = build_view(LINEAGE, snapshot, Filter("is:running"), NOW, UNICODE)
    assert built.lead is not None
    [pod, *_] = built.model.children(built.lead)
    part = pod[-1]
    assert isinstance(part, PodPart)
    assert "-" in part.name
    assert first_hit(snapshot, part.name) == part
    assert isinstance(first_hit(snapshot, part.name[:-1]), ObjectKey)
    assert isinstance(first_hit(snapshot, part.name, WORKLOADS), ObjectKey)


def opened_finding(snapshot: Snapshot) -> Filter:
    """The problem that the pods of the workload that is `stuck` cannot start, opened."""
    return Filter(finding=next(finding for finding in find(snapshot) if finding.check == START and "no such tag" in finding.what))


@pytest.mark.parametrize("asked", [lambda _: Filter("is:stuck"), opened_finding], ids=["query", "finding"])
def test_what_does_not_start_stands_above_the_image_that_it_would_run(asked: Callable[[Snapshot], Filter]) -> None:
    """That image may be fine in every way: only the right to pull it is missing."""
    snapshot, key = stuck(company())
    innocent = next(image.key for image in snapshot.images.values() if image.verdict is State.PASS and not image.in_use)
    container = msgspec.structs.replace(snapshot.workloads[key].containers[0], declared=innocent)
    workload = msgspec.structs.replace(snapshot.workloads[key], containers=(container,))
    snapshot = replace(snapshot, workloads={**snapshot.workloads, key: workload})
    chosen = asked(snapshot)
    laid_out = lay_out(build_view(LINEAGE, snapshot, chosen, NOW, UNICODE), None, chosen.words, 20)
    assert next(iter(laid_out.outline.rows)) == (IMAGELESS,)
    assert laid_out.first_hit is not None
    assert laid_out.first_hit[0] == IMAGELESS
    answer = laid_out.built.answer
    assert answer is not None
    assert isinstance(answer.details, Pulls)


def test_a_view_without_rows_of_workloads_leads_to_its_images() -> None:
    assert isinstance(first_hit(company(), "ns:payments", REGISTRIES), ImageKey)


def test_the_row_that_the_answer_speaks_of_is_unfolded_to_however_much_else_is_found() -> None:
    built = build_view(LINEAGE, company(), Filter("is:running"), NOW, UNICODE)
    assert built.lead is not None
    assert list(built.unfold[: len(built.lead) - 1]) == [built.lead[:length] for length in range(1, len(built.lead))]


def test_workloads_none_of_whose_pods_is_there_run_nothing() -> None:
    snapshot, key = stuck(company())
    idle = msgspec.structs.replace(snapshot.workloads[key], pods=0)
    estate = replace(snapshot, workloads={**snapshot.workloads, key: idle})
    built = build_view(LINEAGE, estate, Filter("stuck"), NOW, UNICODE)
    assert isinstance(built.model, LineageModel)
    assert named(built.model, (IMAGELESS,))[0] == "1 workload that runs nothing now"
