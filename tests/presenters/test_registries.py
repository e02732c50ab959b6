"""The view of registries: what each holds, whether it is used, and what is attached."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from tests.estates import NOW, Builder, company, digest
from tui.domain.facts.events import SourceHealth, SourceState
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot
from tui.presenters.glyphs import UNICODE
from tui.presenters.keys import RowSubject, subject_of
from tui.presenters.tabs.spec import SectionContext
from tui.presenters.totals import VisibleRows
from tui.presenters.views.registries import RegistryModel, registry_key
from widgets.rows import Cell, RowKey


def text(cell: Cell) -> str:
    return "".join(span.text for span in cell)


def texts(model: RegistryModel, key: RowKey) -> list[str]:
    return [text(cell) for cell in model.row(key).cells]


def every_key(model: RegistryModel) -> list[RowKey]:
    keys, stack = [], list(model.roots())
    while stack:
        keys.append(stack.pop())
        children = model.children(keys[-1])
        assert all(child[:-1] == keys[-1] for child in children)
        assert model.has_children(keys[-1]) == bool(children)
        stack += children
    return keys


def with_image(snapshot: Snapshot, key: ImageKey, **changes: object) -> Snapshot:
    image = msgspec.structs.replace(snapshot.images[key], **changes)
    return replace(snapshot, images={**snapshot.images, key: image})


def some(snapshot: Snapshot) -> Image:
    return next(image for image in snapshot.images.values() if image.in_use and image.tags)


def detail(model: RegistryModel, key: RowKey) -> str:
    lines = model.detail(subject_of(key), SectionContext(model.snapshot, NOW, UNICODE, 70))
    assert lines is not None
    return "\n".join(text(line.left) for line in lines)


def test_every_image_is_in_its_repository_and_every_row_is_drawn_and_found_again() -> None:
    snapshot = company()
    model = RegistryModel(snapshot, NOW, UNICODE)
    keys = every_key(model)
    assert {key[-1] for key in keys if isinstance(key[-1], ImageKey)} == set(snapshot.images)
    for key in keys:
        cells = model.row(key).cells
        assert len(cells) == len(model.columns())
        if any(isinstance(part, ImageKey) for part in key):
            assert model.find(model.identity(key)) == key


def test_the_counts_are_those_of_the_snapshot() -> None:
    snapshot = company()
    model = RegistryModel(snapshot, NOW, UNICODE)
    imgs = [title.title for title in model.columns()].index("imgs")
    assert sum(int(texts(model, key)[imgs] or 0) for key in model.roots()) == len(snapshot.images)


@pytest.mark.parametrize(
    ("heard", "words", "role"),
    [(SourceState.OK, "not in use", "dim"), (SourceState.PARTIAL, "use not known", "unknown")],
)
def test_what_runs_nowhere_is_unused_only_where_all_clusters_have_told(heard: SourceState, words: str, role: str) -> None:
    snapshot = company()
    idle = next(key for key, image in snapshot.images.items() if image.in_use)
    snapshot = with_image(snapshot, idle, in_use=False, pods=0)
    sources = tuple(_with_state(source, heard) for source in snapshot.sources)
    model = RegistryModel(replace(snapshot, sources=sources), NOW, UNICODE)
    key = registry_key(RowSubject(image=idle), snapshot)
    assert key is not None
    state = model.row(key).cells[1]
    assert (state[0].text, state[0].style) == (words, role)


def _with_state(source: SourceHealth, state: SourceState) -> SourceHealth:
    return msgspec.structs.replace(source, state=state, denials=(), error="")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tags": (), "tags_listed": True}, "untagged · in use"),
        ({"tags": (), "tags_listed": False}, "tags not read · in use"),
        ({"gone": True}, "gone from the registry · in use"),
    ],
)
def test_the_state_says_what_is_not_as_it_should_be(changes: dict[str, object], words: str) -> None:
    snapshot = company()
    image = some(snapshot)
    snapshot = with_image(snapshot, image.key, **changes)
    key = registry_key(RowSubject(image=image.key), snapshot)
    assert key is not None
    assert texts(RegistryModel(snapshot, NOW, UNICODE), key)[1].startswith(words)


def test_of_many_tags_the_first_are_named_and_the_rest_counted() -> None:
    snapshot = company()
    image = some(snapshot)
    snapshot = with_image(snapshot, image.key, tags=("1", "2", "3", "4", "5"))
    key = registry_key(RowSubject(image=image.key), snapshot)
    assert key is not None
    assert texts(RegistryModel(snapshot, NOW, UNICODE), key)[0] == "1, 2, 3 +2"


def test_a_filter_leaves_nothing_else() -> None:
    snapshot = company()
    image = some(snapshot)
    model = RegistryModel(snapshot, NOW, UNICODE, VisibleRows(frozenset({image.key}), frozenset()))
    assert [key[-1] for key in every_key(model) if isinstance(key[-1], ImageKey)] == [image.key]
    assert list(model.matches()) == [key for key in every_key(model) if len(key) < 3]
    assert model.images_shown == 1


def test_a_registry_and_a_repository_say_how_much_of_them_is_used() -> None:
    snapshot = company()
    image = some(snapshot)
    model = RegistryModel(with_image(snapshot, image.key, tags=(), tags_listed=True), NOW, UNICODE)
    key = registry_key(RowSubject(image=image.key), model.snapshot)
    assert key is not None
    registry, repository = detail(model, key[:1]), detail(model, key[:2])
    assert f"{image.key.registry}  registry" in registry
    assert "in use." in registry
    assert "without a tag" in repository
    assert f"{image.key.repository}  repository" in repository
    assert model.detail(subject_of(key), SectionContext(model.snapshot, NOW, UNICODE, 70)) is None


def test_a_registry_of_which_nothing_was_read_has_a_row_and_says_why() -> None:
    [source] = [source for source in company().sources if str(source.id).startswith("registry/")][:1]
    refused = msgspec.structs.replace(source, state=SourceState.FAILED, error="It does not answer")
    model = RegistryModel(Builder().freeze(refused), NOW, UNICODE)
    [key] = model.roots()
    assert "It does not answer" in texts(model, key)[1]
    assert "It does not answer." in detail(model, key)


def test_a_workload_is_shown_at_what_it_runs() -> None:
    snapshot = company()
    workload = next(owner for owner in snapshot.workloads.values() if owner.containers and owner.containers[0].images)
    key = registry_key(RowSubject(workload=workload.key), snapshot)
    assert key is not None
    assert key[-1] == workload.containers[0].images[0]
    assert registry_key(RowSubject(image=ImageKey("r", "s", digest("none"))), snapshot) is None
