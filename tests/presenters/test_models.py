"""The rows of both views: order, counts, words, filters."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from tests.estates import NOW, Builder, company, huge
from tui.domain.common.trust import State
from tui.domain.facts.events import SourceState
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.presenters.glyphs import UNICODE, mix
from tui.presenters.keys import IMAGELESS, UNREADABLE, ClusterPart, lineage_key, subject_of, workload_key
from tui.presenters.totals import ALL, VisibleRows, lineage_totals
from tui.presenters.views.building import build_view
from tui.presenters.views.lineage import LineageModel
from tui.presenters.views.spec import Filter
from tui.presenters.views.subtrees import subtrees_of
from tui.presenters.views.table import LINEAGE, VIEWS
from tui.presenters.views.workloads import WorkloadModel
from widgets.rows import Cell, RowKey, TreeModel


def text(cell: Cell) -> str:
    return "".join(span.text for span in cell)


def named(model: TreeModel, key: RowKey) -> list[str]:
    return [text(cell) for cell in model.row(key).cells]


def find(snapshot: Snapshot, repository: str) -> ImageKey:
    return next(key for key in snapshot.images if key.repository == repository)


def every_key(model: TreeModel) -> list[RowKey]:
    keys, stack = [], list(model.roots())
    while stack:
        key = stack.pop()
        keys.append(key)
        children = model.children(key)
        assert model.has_children(key) == bool(children)
        assert all(child[:-1] == key for child in children)
        stack.extend(children)
    return keys


def test_roots_are_worst_and_widest_first_and_the_unreadable_last() -> None:
    model = LineageModel(company(), NOW, UNICODE)
    names = [named(model, key)[0] for key in model.roots()]
    assert names == [
        "mcr.microsoft.com/debian:12-slim",
        "alpine:3.16",
        "base not known: 2 repositories share 4 layers",
        UNREADABLE,
    ]


def test_nothing_is_called_unreadable_while_it_may_still_be_read() -> None:
    now = company()
    first = msgspec.structs.replace(now.sources[0], state=SourceState.LOADING)
    model = LineageModel(replace(now, sources=(first, *now.sources[1:])), NOW, UNICODE)
    assert [named(model, key)[:2] for key in model.roots()][-2:] == [
        ["base not known: 2 repositories share 4 layers", "not read yet"],
        ["not read yet", named(model, (UNREADABLE,))[1]],
    ]


def test_a_row_says_what_is_wrong_and_sums_what_is_below() -> None:
    model = LineageModel(company(), NOW, UNICODE)
    assert named(model, model.roots()[0]) == ["mcr.microsoft.com/debian:12-slim", "moved 3d", "▄" * 8, "8", "154", "3d"]
    assert model.row(model.roots()[0]).glyph == ("✘", "fail")


def test_what_is_fine_has_an_empty_state() -> None:
    snapshot = company()
    model = LineageModel(snapshot, NOW, UNICODE)
    key = lineage_key(subject_of((find(snapshot, "risk-engine"),)), snapshot)
    assert key is not None
    assert named(model, key)[1] == ""


def test_every_row_of_both_views_can_be_reached_and_drawn() -> None:
    snapshot = company()
    for model in (LineageModel(snapshot, NOW, UNICODE), WorkloadModel(snapshot, NOW, UNICODE)):
        keys = every_key(model)
        assert len(keys) == len(set(keys))
        assert all(len(model.row(key).cells) == len(model.columns()) for key in keys)
    images = {key[-1] for key in every_key(LineageModel(snapshot, NOW, UNICODE)) if isinstance(key[-1], ImageKey)}
    assert images == {*snapshot.images, *snapshot.bases}


@pytest.mark.parametrize("query", ["", "payments", "verdict:fail"])
def test_every_row_is_found_again_by_what_it_is(query: str) -> None:
    snapshot = company()
    for view in VIEWS:
        model = build_view(view, snapshot, Filter(query), NOW, UNICODE).model
        for key in every_key(model):
            assert model.find(model.identity(key)) == key
        assert model.find(("nothing of this",)) is None


def test_workloads_are_cluster_namespace_workload_container_image_base() -> None:
    snapshot = company()
    model = WorkloadModel(snapshot, NOW, UNICODE)
    key = workload_key(subject_of((find(snapshot, "payments-api"),)), snapshot)
    assert key is not None
    assert [type(part).__name__ for part in key] == ["ClusterPart", "NamespacePart", "ObjectKey", "ContainerPart", "ImageKey"]
    base = model.children(key)[0]
    assert named(model, base)[0] == "on base/python:3.12"
    assert named(model, model.children(base)[0])[0] == "on debian:12-slim"


def test_a_cluster_that_answers_nothing_still_has_a_row() -> None:
    model = WorkloadModel(Builder().freeze(*company().sources), NOW, UNICODE)
    assert list(model.roots()) == [(ClusterPart("prod-neu"),), (ClusterPart("prod-weu"),)]
    assert model.row(model.roots()[0]).glyph.text == "?"


def test_a_filter_keeps_what_leads_to_its_matches_and_counts_only_these() -> None:
    snapshot = company()
    wanted = find(snapshot, "shop-web")
    model = LineageModel(snapshot, NOW, UNICODE, VisibleRows(frozenset({wanted}), frozenset(snapshot.users[wanted])))
    keys = [key for key in every_key(model) if isinstance(key[-1], ImageKey)]
    assert [named(model, key)[0] for key in keys] == ["mcr.microsoft.com/debian:12-slim", "base/node:22", "shop-web:3.4.0"]
    assert named(model, keys[0])[3:5] == ["1", "64"]


def test_faults_only_leaves_out_what_is_trusted() -> None:
    built = build_view(LINEAGE, company(), Filter(faults=True), NOW, UNICODE)
    assert built.matched == 7
    shown = {key[-1] for key in every_key(built.model)}
    assert find(company(), "risk-engine") not in shown


def test_a_bar_fills_its_width_and_shows_everything_that_is_there() -> None:
    for counts in ((1, 0, 0, 1000), (0, 0, 0, 1), (5, 5, 5, 5), (1, 1, 1, 100_000), (3, 0, 7, 0)):
        bar = mix(counts, 8, "▄")
        assert sum(len(span.text) for span in bar) == 8
        assert len(bar) == sum(count > 0 for count in counts)
    assert mix((0, 0, 0, 0), 8, "▄") == ()


def test_lineage_that_goes_in_a_circle_does_not_hang() -> None:
    build = Builder()
    one = build.image("one:1")
    two = build.image("two:1", on=one)
    link = build.images[two].base
    assert link is not None
    build.images[one] = msgspec.structs.replace(build.images[one], base=msgspec.structs.replace(link, base=two))
    totals = lineage_totals(build.freeze(), ALL)
    assert set(totals) == {one, two}


def test_many_images_have_their_totals_made_once() -> None:
    snapshot = huge(2000)
    model = LineageModel(snapshot, NOW, UNICODE)
    assert sum(int(named(model, key)[3].replace(",", "")) for key in model.roots()) == 2000
    assert snapshot.summary.images[State.WARN] == 600


def stuck(snapshot: Snapshot) -> tuple[Snapshot, ObjectKey]:
    """An estate in which the pods of one more workload do not start, so that it runs no image."""
    [workload] = [*snapshot.workloads.values()][:1]
    key = ObjectKey(workload.key.cluster, workload.key.namespace, workload.key.kind, "stuck")
    container = msgspec.structs.replace(
        workload.containers[0], runs=(), declared=None, digests=(), trouble="cannot pull: no such tag.", pods=2, pod_refs=()
    )
    other = msgspec.structs.replace(workload, key=key, containers=(container,), pods=2, verdict=State.FAIL, crews=())
    return replace(snapshot, workloads={**snapshot.workloads, key: other}), key


def test_a_workload_that_runs_no_known_image_has_a_row_in_the_lineage_too() -> None:
    snapshot, key = stuck(company())
    model = LineageModel(snapshot, NOW, UNICODE)
    assert model.roots()[-1] == (IMAGELESS,)
    assert named(model, (IMAGELESS,))[0] == "1 workload that runs no image that is known"
    assert model.children((IMAGELESS,)) == [(IMAGELESS, key)]
    assert "stuck" in named(model, (IMAGELESS, key))[0]
    assert "no such tag" in named(model, (IMAGELESS, key))[1]
    assert model.find(model.identity((IMAGELESS, key))) == (IMAGELESS, key)
    assert lineage_key(subject_of((key,)), snapshot) == (IMAGELESS, key)


@pytest.mark.parametrize(("kind", "asked"), [("CronJob", "is:scheduled"), ("Deployment", "is:scaled-to-zero")])
def test_what_has_no_pods_stands_under_the_image_that_it_names(kind: str, asked: str) -> None:
    """Whoever asks for what is scheduled sees it where its image is, and not among what runs no image that is known."""
    snapshot = company()
    [workload, *_] = [*snapshot.workloads.values()]
    key = ObjectKey(workload.key.cluster, workload.key.namespace, kind, "idle")
    image = workload.containers[0].runs[0]
    container = msgspec.structs.replace(workload.containers[0], runs=(), declared=image, digests=(), pods=0, pod_refs=())
    idle = msgspec.structs.replace(workload, key=key, containers=(container,), pods=0, desired=0, crews=())
    snapshot = replace(snapshot, workloads={**snapshot.workloads, key: idle})
    model = build_view(LINEAGE, snapshot, Filter(asked), NOW, UNICODE).model
    assert (IMAGELESS,) not in model.roots()
    place = model.find((IMAGELESS, key))
    assert place is not None
    assert place[-2:] == (image, key)
    assert place[-1] in [child[-1] for child in model.children(place[:-1])]
    assert "idle" in named(model, place)[0]
    assert model.find((image, key)) == place
    unfiltered = LineageModel(snapshot, NOW, UNICODE)
    assert unfiltered.find((IMAGELESS, key)) is None
    assert (IMAGELESS,) not in unfiltered.roots()


def test_a_filter_that_finds_workloads_shows_those_without_an_image() -> None:
    snapshot, key = stuck(company())
    built = build_view(LINEAGE, snapshot, Filter("is:stuck"), NOW, UNICODE)
    assert (IMAGELESS, key) in [row for row in every_key(built.model) if built.model.is_hit(row)]
    assert (IMAGELESS,) in built.unfold


def test_subtrees_are_counted_again_when_what_they_follow_from_has_changed_and_only_then() -> None:
    snapshot = company()
    before = subtrees_of(snapshot, ALL)
    [key, workload] = next((key, workload) for key, workload in snapshot.workloads.items() if workload.crews)
    image = workload.crews[0].images[0]
    started_again = msgspec.structs.replace(workload, containers=tuple(map(msgspec.structs.replace, workload.containers)))
    same = replace(snapshot, number=2, workloads={**snapshot.workloads, key: started_again})
    assert subtrees_of(same, ALL) is before
    crew = msgspec.structs.replace(workload.crews[0], pods=workload.crews[0].pods + 3)
    grown = msgspec.structs.replace(workload, crews=(crew, *workload.crews[1:]))
    more = subtrees_of(replace(snapshot, workloads={**snapshot.workloads, key: grown}), ALL)
    assert more.totals[image].pods == before.totals[image].pods + 3
    failing = msgspec.structs.replace(snapshot.images[image], verdict=State.FAIL)
    others = subtrees_of(replace(snapshot, images={**snapshot.images, image: failing}), ALL)
    assert others.totals[image].fail > 0
    assert subtrees_of(snapshot, VisibleRows(images=frozenset({image}))).totals[image].items == 1
    assert subtrees_of(snapshot, ALL) == before
