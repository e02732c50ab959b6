"""What each front says to a question, as numbers: the band, the rows of the views, the detail, and every format of a report."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from tests.estates import HandEstate
from tui.cli.check import CheckOptions, check
from tui.cli.output import Exit
from tui.cli.reading import Opener, OpenEstate
from tui.domain.answers.answer import Answer
from tui.domain.answers.context import AnswerIndex
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.query import Selection, parse_query
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.presenters.glyphs import UNICODE
from tui.presenters.keys import subject_of
from tui.presenters.tabs.running import running_section
from tui.presenters.tabs.spec import SectionContext
from tui.presenters.views.building import BuiltRows, build_view
from tui.presenters.views.spec import Filter, ViewModel, ViewSpec
from tui.presenters.views.table import FINDINGS, LINEAGE, WORKLOADS
from tui.reports import Document, ReportScope, TextStyle, format_named
from tui.settings.settings import Settings
from widgets.rows import RowKey, TextLine

__all__ = [
    "Numbers",
    "answer_of",
    "checked",
    "document",
    "found_problems",
    "numbers_of",
    "pods_in_detail",
    "printed",
    "rows_of",
    "said_by_fronts",
    "words_of",
]

PODS = -2
"""The place of the column of pods in the two views that count them."""


class Numbers(NamedTuple):
    """How many images, workloads and pods a question finds, and of how many images the answer is not known."""

    images: int
    workloads: int
    pods: int
    undecided: int


def numbers_of(answer: Answer) -> Numbers:
    """The numbers of a band."""
    extent = answer.extent
    return Numbers(len(extent.images), len(extent.workloads), extent.pods, extent.undecided)


def shown(view: ViewSpec, snapshot: Snapshot, text: str, index: AnswerIndex | None = None) -> BuiltRows:
    """A view under a filter."""
    return build_view(view, snapshot, Filter(text), snapshot.as_of, UNICODE, index)


def answer_of(snapshot: Snapshot, text: str, index: AnswerIndex | None = None) -> Answer:
    """The band of the explorer."""
    answer = shown(LINEAGE, snapshot, text, index).answer
    assert answer is not None
    return answer


def rows_of(model: ViewModel) -> Iterator[RowKey]:
    """Every row of a view, unfolded to the last."""
    left = [*model.roots()]
    while left:
        key = left.pop()
        yield key
        left += model.children(key)


def document(snapshot: Snapshot, selection: Selection, text: str, view: str = "", width: int = 0) -> Document:
    """What a command prints."""
    return Document(snapshot, selection, ReportScope(view or "all"), TextStyle(width), parse_query(text))


def printed(document: Document, form: str) -> str:
    """A report in one of the formats."""
    return b"".join(format_named(form).render(document)).decode()


def said_by_fronts(snapshot: Snapshot, selection: Selection, text: str, index: AnswerIndex | None = None) -> dict[str, Numbers]:
    """The numbers of each front, all asked of one snapshot; those of a band that counts what runs alone have more images."""
    made = document(snapshot, selection, text)
    answer = made.answer
    assert answer is not None
    report = json.loads(printed(made, "json"))
    summary = report["summary"]
    images, workloads = len(report["images"]), len(report["workloads"])
    said = {
        "json": Numbers(images, workloads, summary["pods"], summary["undecided"]),
        "summary": Numbers(sum(summary["images"].values()), sum(summary["workloads"].values()), *_pods_and_open(summary)),
        "rows": _rows(snapshot, text, index),
        "table": _table(snapshot, selection, text),
        "plain": _plain(snapshot, selection, text),
    }
    if not answer.extent.only_running:
        said["band"] = numbers_of(answer)
        member = report["answer"]
        said["answer"] = Numbers(member["images"], member["workloads"], member["pods"], member["undecided"])
    return said


def _pods_and_open(summary: dict[str, int]) -> tuple[int, int]:
    return summary["pods"], summary["undecided"]


def _rows(snapshot: Snapshot, text: str, index: AnswerIndex | None) -> Numbers:
    """What stands in the rows of the views: images by lineage, workloads and their pods by place."""
    lineage, places = shown(LINEAGE, snapshot, text, index), shown(WORKLOADS, snapshot, text, index)
    images = {key[-1] for key in rows_of(lineage.model) if isinstance(key[-1], ImageKey) and lineage.model.is_hit(key)}
    rows = [key for key in rows_of(places.model) if isinstance(key[-1], ObjectKey)]
    pods = [_number(places.model, key) for key in places.model.roots()]
    assert sum(_number(places.model, key) for key in rows) == sum(pods)
    assert len(rows) == len(set(rows))
    return Numbers(len(images), len(rows), sum(pods), lineage.undecided)


def _number(model: ViewModel, key: RowKey) -> int:
    return int("".join(span.text for span in model.row(key).cells[PODS]).replace(",", "") or 0)


def _table(snapshot: Snapshot, selection: Selection, text: str) -> Numbers:
    """What the tables have: a line for each image, and for each workload with its pods; and what is said below them."""
    images, workloads = (
        printed(document(snapshot, selection, text, view), "table").splitlines() for view in ("images", "workloads")
    )
    below = "\n".join(workloads[workloads.index("") :])
    pods = _first(r"; ([\d,]+) pods?\b", below)
    assert _first(r"^([\d,]+) images?:", below) == images.index("") - 1
    assert _first(r"^([\d,]+) workloads?:", below) == workloads.index("") - 1
    return Numbers(images.index("") - 1, workloads.index("") - 1, pods, _first(r"^([\d,]+) images? could not", below))


def _plain(snapshot: Snapshot, selection: Selection, text: str) -> Numbers:
    """What the sentences say: each image and each workload by its place among all, then the sums."""
    images, workloads = (printed(document(snapshot, selection, text, view), "plain") for view in ("images", "workloads"))
    numbers = Numbers(
        len(re.findall(r"^Image [\d,]+ of [\d,]+:", images, re.M)),
        len(re.findall(r"^Workload [\d,]+ of [\d,]+:", workloads, re.M)),
        _first(r"^([\d,]+) pods?\.$", workloads),
        _first(r"^([\d,]+) images? could not", workloads),
    )
    assert _first(r"^([\d,]+) images?: ", workloads) == numbers.images
    assert _first(r"^([\d,]+) workloads?: ", workloads) == numbers.workloads
    return numbers


def _first(pattern: str, text: str) -> int:
    match = re.search(pattern, text, re.M)
    return int(match.group(1).replace(",", "")) if match else 0


def words_of(lines: Sequence[TextLine]) -> str:
    """What lines say."""
    return "\n".join("".join(span.text for span in (*line.left, *line.right)) for line in lines)


def pods_in_detail(snapshot: Snapshot, image: ImageKey) -> dict[ObjectKey, int]:
    """The pods that the detail of an image counts, by workload."""
    look = SectionContext(snapshot, snapshot.as_of, UNICODE, 120)
    return {
        user: _first(r"([\d,]+) pods? $", words_of(running_section(subject_of((image, user)), look)[:1]))
        for user in snapshot.users.get(image, ())
    }


def found_problems(snapshot: Snapshot, text: str) -> list[tuple[str, int, int, int]]:
    """The rows of the view of findings: what is wrong, and how many images, workloads and pods have it."""
    model = shown(FINDINGS, snapshot, text).model
    cells = [["".join(span.text for span in cell) for cell in model.row(key).cells] for key in model.roots()]
    return [(what, *(int(number.replace(",", "")) for number in numbers)) for what, _, *numbers, _, _ in cells]  # type: ignore[misc]


class _Still(HandEstate):
    """An estate that has been read, and of which nothing else is asked."""

    async def settled(self, timeout: float) -> bool:
        """It is."""
        return True

    def survey(self) -> None:
        """Nothing more is read."""

    def read_tasks(self) -> None:
        """Nothing more is read."""


def still(snapshot: Snapshot) -> Opener:
    """Opens an estate that has been read."""

    @asynccontextmanager
    async def opened(_: Settings) -> AsyncIterator[OpenEstate]:
        yield _Still(snapshot)

    return opened


def checked(settings: Settings, snapshot: Snapshot, text: str, **options: object) -> tuple[Exit, dict[str, Any]]:
    """How `check` ends, and what it prints as JSON."""
    pieces: list[bytes] = []
    code = check(settings, parse_query(text), CheckOptions("json", **options), still(snapshot), pieces.extend)  # type: ignore[arg-type]
    return code, json.loads(b"".join(pieces))
