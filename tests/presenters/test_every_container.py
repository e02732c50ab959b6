"""Of a workload every container's image is shown, under the containers that run it: not the first's alone."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from tests.estates import NOW, company
from tui.domain.facts.workload import ContainerType, ObjectKey
from tui.domain.snapshot.snapshot import Container, ImageKey, Snapshot
from tui.presenters.glyphs import UNICODE
from tui.presenters.keys import ContainerPart, RowSubject
from tui.presenters.tabs.layers import LAYERS
from tui.presenters.tabs.lineage import LINEAGE
from tui.presenters.tabs.lines import MOST_IMAGES
from tui.presenters.tabs.overview import OVERVIEW
from tui.presenters.tabs.runs import RUNS
from tui.presenters.tabs.signatures import SIGNATURES
from tui.presenters.tabs.spec import SectionContext, TabSpec
from tui.presenters.tabs.vulnerabilities import VULNERABILITIES
from widgets.rows import JoinedLines, LazyLines, Span, TextLine

API = ObjectKey("prod-weu", "payments", "Deployment", "api")


def find(snapshot: Snapshot, repository: str) -> ImageKey:
    return next(key for key in snapshot.images if key.repository == repository)


def crowded(*more: tuple[str, ContainerType, ImageKey | None]) -> Snapshot:
    """The company, where the workload has more containers."""
    snapshot = company()
    workload = snapshot.workloads[API]
    others = tuple(Container(name, type, name, runs=(image,) if image else ()) for name, type, image in more)
    return replace(
        snapshot,
        workloads={**snapshot.workloads, API: msgspec.structs.replace(workload, containers=(*workload.containers, *others))},
    )


def said(tab: TabSpec, subject: RowSubject, snapshot: Snapshot) -> str:
    lines = tab.lines(subject, SectionContext(snapshot, NOW, UNICODE, 100))
    return "\n".join("".join(span.text for span in (*line.left, *line.right)) for line in lines)


@pytest.fixture
def snapshot() -> Snapshot:
    now = company()
    return crowded(
        ("migrate", ContainerType.INIT, find(now, "risk-engine")),
        ("proxy", ContainerType.SIDECAR, find(now, "shop-web")),
        ("debugger", ContainerType.EPHEMERAL, None),
    )


def test_the_lineage_has_the_chain_of_every_container(snapshot: Snapshot) -> None:
    for tab in (LINEAGE, OVERVIEW):
        text = said(tab, RowSubject(workload=API), snapshot)
        for words in (
            "container api",
            "init container migrate",
            "risk-engine:5.0.3",
            "sidecar proxy",
            "base/node:22",
            "ephemeral container debugger",
            "What it runs is not known",
        ):
            assert words in text


@pytest.mark.parametrize("tab", [VULNERABILITIES, SIGNATURES, RUNS], ids=lambda tab: tab.id)
def test_what_is_told_of_images_is_told_of_every_container(tab: TabSpec, snapshot: Snapshot) -> None:
    text = said(tab, RowSubject(workload=API), snapshot)
    titles = ("container api", "init container migrate", "sidecar proxy", "ephemeral container debugger")
    assert [text.index(title) for title in titles] == sorted(text.index(title) for title in titles)
    assert "No image that could be read." in text.partition("debugger")[2]


def test_one_image_has_no_title() -> None:
    now = company()
    alike = crowded(("again", ContainerType.INIT, find(now, "payments-api")))
    assert "container" not in said(LINEAGE, RowSubject(workload=API), alike)


def test_a_row_of_one_container_is_about_that_one(snapshot: Snapshot) -> None:
    subject = RowSubject(workload=API, container=ContainerPart(ContainerType.INIT, "migrate"))
    assert "risk-engine" in said(LINEAGE, subject, snapshot)
    assert "payments-api" not in said(LINEAGE, subject, snapshot)


def test_under_an_image_its_own_stands_first(snapshot: Snapshot) -> None:
    text = said(LINEAGE, RowSubject(workload=API, image=find(snapshot, "shop-web")), snapshot)
    assert text.index("sidecar proxy") < text.index("container api")


def test_documents_say_whose_they_are(snapshot: Snapshot) -> None:
    assert "These are those of payments-api:1.8.2; the 3 others have their own rows." in said(
        LAYERS, RowSubject(workload=API), snapshot
    )


def test_of_very_many_images_the_first_are_shown_and_the_others_counted() -> None:
    snapshot = company()
    images = [msgspec.structs.replace(find(snapshot, "shop-web"), digest=f"sha256:{number:064}") for number in range(20)]
    many = crowded(*((f"job{number}", ContainerType.INIT, key) for number, key in enumerate(images)))
    left = len(images) + 1 - MOST_IMAGES
    assert left > 1
    assert f"{left} more images of this workload" in said(LINEAGE, RowSubject(workload=API), many)


def test_joined_lines_are_those_of_their_sections() -> None:
    def line(text: str) -> TextLine:
        return TextLine((Span(text),))

    lazy = LazyLines([line("head")], ["a", "b"], line)
    joined = JoinedLines([[line("first")], [], lazy, [line("last")]])
    texts = [part.left[0].text for part in joined]
    assert texts == ["first", "head", "a", "b", "last"]
    assert [part.left[0].text for part in joined[1:4]] == ["head", "a", "b"]
    assert joined[-1] == line("last")
    with pytest.raises(IndexError):
        joined[5]
