"""What a report is made from, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property

import msgspec

from tui.domain.answers.answer import Answer
from tui.domain.answers.context import AnswerContext, AnswerIndex
from tui.domain.answers.question import question_of
from tui.domain.answers.table import answer
from tui.domain.common.text import clean
from tui.domain.common.trust import State
from tui.domain.query.finding import Finding
from tui.domain.query.findings import find
from tui.domain.query.findings_asked import find_asked
from tui.domain.query.language import Key, Term
from tui.domain.query.query import EVERYTHING, Query, Selection
from tui.domain.query.subject import asked_vulnerability
from tui.domain.snapshot.snapshot import Container, Image, ImageKey, Snapshot, Workload
from tui.domain.workloads.counting import pods_by_image, pods_found, pods_in, pods_of

__all__ = ["Document", "Format", "ReportScope", "TextStyle"]


class ReportScope(StrEnum):
    """What a report is about; ALL is for formats that hold everything."""

    ALL = "all"
    IMAGES = "images"
    WORKLOADS = "workloads"
    LINEAGE = "lineage"
    FINDINGS = "findings"
    SOURCES = "sources"


class TextStyle(msgspec.Struct, frozen=True):
    """How text may look: cells to a line (0: as many as needed), colours, and signs outside of ASCII."""

    width: int = 0
    colour: bool = False
    unicode: bool = True


class Document(msgspec.Struct, frozen=True, dict=True):
    """A snapshot, what of it was asked for, the view, and the query that asked."""

    snapshot: Snapshot
    selection: Selection
    view: ReportScope = ReportScope.ALL
    look: TextStyle = TextStyle()
    query: Query = EVERYTHING

    @property
    def complete(self) -> bool:
        """Whether nothing that was asked is missing: of sources, and of what the query asks."""
        return self.snapshot.complete and self.selection.told

    @cached_property
    def answer(self) -> Answer | None:
        """What the query means for the estate; None where nothing was asked."""
        question = question_of(self.query.terms)
        if question is None:
            return None
        return answer(AnswerContext(self._index, question, self.selection, self.snapshot.as_of))

    @cached_property
    def _index(self) -> AnswerIndex:
        return AnswerIndex(self.snapshot)

    def images(self) -> Sequence[Image]:
        """The images of the report, worst first, then by the pods that run them."""
        chosen = (image for key, image in self.snapshot.images.items() if key in self.selection.images)
        return sorted(chosen, key=lambda image: (-severity(image.verdict), -self.pods_of_image(image), image.key))

    def workloads(self) -> Sequence[Workload]:
        """The workloads of the report, worst first, then by their pods."""
        chosen = (workload for key, workload in self.snapshot.workloads.items() if key in self.selection.workloads)
        return sorted(chosen, key=lambda workload: (-severity(workload.verdict), -self.pods_of_workload(workload), workload.key))

    def findings(self) -> Sequence[Finding]:
        """The findings of what the report is about, and those whose own text has the words of the query."""
        if not self.query.terms:
            return find(self.snapshot, images=self.selection.images, workloads=self.selection.workloads)

        def search(terms: tuple[Term, ...]) -> Sequence[Finding]:
            chosen = Query(terms).images(self._index, self.snapshot.as_of)
            return find(self.snapshot, images=chosen.images, workloads=chosen.workloads)

        return find_asked(self.query.terms, search)

    @property
    def remark(self) -> str:
        """What the findings that are listed are, where the answer is about a vulnerability alone; else empty."""
        term = asked_vulnerability(self.query.terms) if self.view is ReportScope.FINDINGS else None
        if term is None:
            return ""
        name = clean(term.value, 100)
        having, alone = (name, name) if term.key is Key.CVE else (f"a vulnerable {name}", "that package")
        return f"Listed is every problem of the images in which {having} was found; the answer counts {alone} alone."

    def pods(self) -> int:
        """How many pods there are of what the report is about."""
        chosen = self.selection
        return pods_found(self.snapshot, chosen.images, chosen.workloads, chosen.idle)

    def pods_of_image(self, image: Image) -> int:
        """How many pods of the workloads that the report is about run an image."""
        return self._pods_by_image.get(image.key, 0)

    @cached_property
    def _pods_by_image(self) -> Mapping[ImageKey, int]:
        return pods_by_image(self.snapshot, self.selection.workloads)

    def pods_of_workload(self, workload: Workload) -> int:
        """How many pods of a workload the report is about."""
        return pods_of(workload, self.selection.images, idle=workload.key in self.selection.idle)

    def pods_in(self, container: Container, workload: Workload) -> int:
        """How many pods of a container of a workload the report is about."""
        return pods_in(container, self.selection.images, idle=workload.key in self.selection.idle)


class Format(msgspec.Struct, frozen=True):
    """A way to write a report; `view` is what it shows when no view is asked for.

    One that is `read_by_people` shows the rows that a query finds then; programs get the same rows whatever is asked.
    """

    view: ReportScope
    render: Callable[[Document], Iterator[bytes]]
    read_by_people: bool = False


def severity(state: State) -> int:
    """Worst is highest; what nobody judged is unknown."""
    return (State.UNKNOWN if state is State.OFF else state).severity
