"""`-o prometheus`: the text exposition format 0.0.4, for the textfile collector of node_exporter or a push gateway."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tui.domain.common.text import clean
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.scan import Severity
from tui.reports.document import Document, Format, ReportScope
from tui.reports.wire import Counts, source_row, summary_row, verdict_of

__all__ = ["FORMAT"]

Labels = Mapping[str, str]
Sample = tuple[Labels, float]


def _render(document: Document) -> Iterator[bytes]:
    for name, text, samples in _metrics(document):
        yield f"# HELP trustree_{name} {text}\n# TYPE trustree_{name} gauge\n".encode()
        for labels, value in samples:
            yield f"trustree_{name}{_labels(labels)} {value:.17g}\n".encode()


def _metrics(document: Document) -> Iterator[tuple[str, str, Iterable[Sample]]]:
    snapshot, summary = document.snapshot, summary_row(document)
    yield "as_of_timestamp_seconds", "When the estate was looked at.", [({}, snapshot.as_of.timestamp())]
    yield (
        "complete",
        "1 when every source that was asked has answered in full, and the answer covers the query.",
        [({}, float(document.complete))],
    )
    yield "images", "Images by verdict.", _counts(summary.images)
    yield "workloads", "Workloads by verdict.", _counts(summary.workloads)
    yield "pods", "Pods of the workloads.", [({}, summary.pods)]
    yield "checks", "Answers about images, by check and state.", _checks(document)
    yield "vulnerabilities", "Vulnerabilities in images that count, by severity and whether a fix is known.", _found(document)
    yield "image_pods", "Pods that run an image, with its verdict.", _images(document)
    sources = [source_row(source) for source in snapshot.sources]
    yield (
        "source_ok",
        "1 when a source has answered whole.",
        [({"source": row.name, "kind": row.kind, "state": row.state}, float(row.state == "ok")) for row in sources],
    )
    yield (
        "source_as_of_timestamp_seconds",
        "When a source last answered.",
        [({"source": row.name, "kind": row.kind}, row.as_of.timestamp()) for row in sources if row.as_of is not None],
    )


def _counts(counts: Counts) -> list[Sample]:
    pairs = (("pass", counts.passed), ("warn", counts.warn), ("fail", counts.fail), ("unknown", counts.unknown))
    return [({"verdict": verdict}, number) for verdict, number in pairs]


def _checks(document: Document) -> list[Sample]:
    numbers = Counter((check.name, check.state) for image in document.images() for check in image.checks)
    return [({"check": name, "state": state}, numbers[name, state]) for name in CheckName for state in State]


def _found(document: Document) -> list[Sample]:
    rows = (row for image in document.images() for row in image.vulnerabilities if row.vex is None)
    counts = Counter((row.severity, bool(row.fixed)) for row in rows)
    return [
        ({"severity": severity, "fixable": str(fixable).lower()}, counts[severity, fixable])
        for severity in Severity
        for fixable in (True, False)
    ]


def _images(document: Document) -> Iterator[Sample]:
    for image in document.images():
        key = image.key
        tag = image.tags[0] if image.tags else ""
        names = {"registry": key.registry, "repository": key.repository, "tag": tag, "digest": key.digest}
        yield {**names, "verdict": verdict_of(image.verdict)}, document.pods_of_image(image)


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(text: str) -> str:
    """A label's value: backslash, quote and line feed are escaped; `clean` leaves no line feed."""
    return clean(text).replace("\\", "\\\\").replace('"', '\\"')


FORMAT = Format(ReportScope.ALL, _render)
