"""`-o jsonl`: one object to a line, each with its `record` (report, source, image, workload), in the shapes of `-o json`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec

from tui.reports.answer_wire import AnswerRow
from tui.reports.document import Document, Format, ReportScope
from tui.reports.encoding import encode
from tui.reports.wire import ImageRow, SourceRow, SummaryRow, WorkloadRow, report_of

__all__ = ["FORMAT"]


class HeadLine(msgspec.Struct, frozen=True, tag_field="record", tag="report"):
    """The first line: what `-o json` has beside its lists."""

    schema: Literal["trustree/report/v1"]
    as_of: datetime
    complete: bool
    summary: SummaryRow
    answer: AnswerRow | msgspec.UnsetType = msgspec.UNSET


class SourceLine(SourceRow, frozen=True, tag_field="record", tag="source"):
    """A source."""


class ImageLine(ImageRow, frozen=True, tag_field="record", tag="image"):
    """An image."""


class WorkloadLine(WorkloadRow, frozen=True, tag_field="record", tag="workload"):
    """A workload."""


def _render(document: Document) -> Iterator[bytes]:
    report = report_of(document)
    yield encode(HeadLine(report.schema, report.as_of, report.complete, report.summary, report.answer)) + b"\n"
    for source in report.sources:
        yield encode(SourceLine(*msgspec.structs.astuple(source))) + b"\n"
    for image in report.images:
        yield encode(ImageLine(*msgspec.structs.astuple(image))) + b"\n"
    for workload in report.workloads:
        yield encode(WorkloadLine(*msgspec.structs.astuple(workload))) + b"\n"


FORMAT = Format(ReportScope.ALL, _render)
