"""`-o json`: one document of the schema `trustree/report/v1`."""

from __future__ import annotations

from collections.abc import Iterator

from tui.reports.document import Document, Format, ReportScope
from tui.reports.encoding import encode
from tui.reports.wire import report_of

__all__ = ["FORMAT"]


def _render(document: Document) -> Iterator[bytes]:
    yield encode(report_of(document))
    yield b"\n"


FORMAT = Format(ReportScope.ALL, _render)
