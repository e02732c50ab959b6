"""`-o csv`: RFC 4180, a row for each image, workload container, problem or source; safe to open as a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from tui.domain.common.trust import Check
from tui.presenters.spreadsheet import cell_of
from tui.reports.document import Document, Format, ReportScope
from tui.reports.problems import problems
from tui.reports.wire import source_row, verdict_of

__all__ = ["FORMAT"]

Row = Sequence[object]


def _render(document: Document) -> Iterator[bytes]:
    for row in _rows(document):
        line = io.StringIO()
        csv.writer(line, lineterminator="\r\n").writerow([cell_of(value) for value in row])
        yield line.getvalue().encode(errors="replace")


def _rows(document: Document) -> Iterator[Row]:
    match document.view:
        case ReportScope.ALL | ReportScope.IMAGES | ReportScope.LINEAGE:
            return _images(document)
        case ReportScope.WORKLOADS:
            return _workloads(document)
        case ReportScope.FINDINGS:
            return _findings(document)
        case ReportScope.SOURCES:
            return _sources(document)


def _images(document: Document) -> Iterator[Row]:
    yield (
        *("verdict", "registry", "repository", "digest", "tags", "in_use", "pods", "created", "pushed", "size", "base"),
        *("base_digest", "base_state", "vulnerabilities", "why"),
    )
    for image in document.images():
        key, link = image.key, image.base
        base = str(link.base.name) if link is not None and link.base.registry else ""
        yield (
            *(verdict_of(image.verdict), key.registry, key.repository, key.digest, " ".join(image.tags)),
            *(str(image.in_use).lower(), document.pods_of_image(image), image.created, image.pushed, image.size),
            *(base, link.base.digest if link else "", link.state.value if link else ""),
            *(sum(row.vex is None for row in image.vulnerabilities), _why(image.checks)),
        )


def _workloads(document: Document) -> Iterator[Row]:
    yield (
        *("verdict", "cluster", "namespace", "kind", "name", "container", "type", "image", "digests", "pods", "drift"),
        *("managed_by", "team", "why"),
    )
    for workload in document.workloads():
        key = workload.key
        for item in workload.containers:
            yield (
                *(verdict_of(item.verdict), key.cluster, key.namespace, key.kind, key.name, item.name, item.type.value),
                *(item.image, " ".join(item.digests), document.pods_in(item, workload), item.drift.value),
                *(workload.managed_by, workload.team),
                " ".join(filter(None, (item.trouble, _why(item.checks)))),
            )


def _findings(document: Document) -> Iterator[Row]:
    yield "state", "check", "where", "pods", "reason", "remedy", "rule", "source", "accepted"
    for problem in problems(document):
        yield (
            *(
                problem.state.value,
                problem.check,
                problem.place,
                problem.pods,
                problem.reason,
                problem.remedy,
                problem.rule,
                problem.source,
            ),
            problem.accepted,
        )


def _sources(document: Document) -> Iterator[Row]:
    yield "state", "source", "kind", "as_of", "objects", "requests", "error"
    for source in document.snapshot.sources:
        row = source_row(source)
        yield row.state, row.name, row.kind, row.as_of, row.objects, row.requests, row.error


def _why(checks: Iterable[Check]) -> str:
    return " ".join(f"{check.name}: {check.reason}" for check in checks if check.state.is_flaw)


FORMAT = Format(ReportScope.IMAGES, _render)
