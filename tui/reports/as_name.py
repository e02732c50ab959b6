"""`-o name`: one name to a line, for `xargs` and `while read`."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.common.text import clean
from tui.domain.common.trust import State
from tui.domain.snapshot.snapshot import Workload
from tui.reports.document import Document, Format, ReportScope

__all__ = ["FORMAT"]


def _render(document: Document) -> Iterator[bytes]:
    for name in _names(document):
        yield f"{clean(name)}\n".encode(errors="replace")


def _names(document: Document) -> Iterator[str]:
    match document.view:
        case ReportScope.ALL | ReportScope.IMAGES | ReportScope.LINEAGE:
            yield from (image.key.reference for image in document.images())
        case ReportScope.WORKLOADS:
            yield from map(_workload, document.workloads())
        case ReportScope.FINDINGS:
            yield from (image.key.reference for image in document.images() if image.verdict is not State.PASS)
            yield from (_workload(item) for item in document.workloads() if item.verdict is not State.PASS)
        case ReportScope.SOURCES:
            yield from (str(source.id) for source in document.snapshot.sources)


def _workload(workload: Workload) -> str:
    key = workload.key
    return "/".join(part for part in (key.cluster, key.namespace, key.kind.lower(), key.name) if part)


FORMAT = Format(ReportScope.IMAGES, _render)
