"""`-o table`: aligned text for people, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tui.domain.checks.containers import image_checks
from tui.domain.common.text import full_stop
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.snapshot.snapshot import Drift, ImageKey, Snapshot, Workload
from tui.presenters.glyphs import ASCII, UNICODE
from tui.presenters.health import next_step
from tui.presenters.totals import VisibleRows, lineage_totals
from tui.presenters.untold import untold
from tui.presenters.words import VERDICTS, age, count, plural, short_hex
from tui.reports.columns import Cell, Gives, Head, lines, plain
from tui.reports.document import Document, Format, ReportScope
from tui.reports.problems import bad, full_name
from tui.reports.wire import source_row, summary_row

__all__ = ["COLOURS", "FORMAT", "footer_lines", "table_of"]

COLOURS = {State.PASS: "32", State.WARN: "33", State.FAIL: "31", State.UNKNOWN: "35", State.OFF: "35"}
DEEPEST = 64
NARROW, WIDER = 90, 110
"""From which widths of a line on columns are shown that are not the answer."""
Table = tuple[Sequence[Head], Sequence[Sequence[Cell]]]


def _render(document: Document) -> Iterator[bytes]:
    look = document.look
    heads, rows = table_of(document)
    for line in (*lines(heads, rows, look.width, look.colour, look.unicode), "", *footer_lines(document)):
        yield f"{line}\n".encode(errors="replace")


def table_of(document: Document) -> Table:
    """The columns and rows of the report's view."""
    match document.view:
        case ReportScope.ALL | ReportScope.IMAGES:
            return _images(document)
        case ReportScope.WORKLOADS:
            return _workloads(document)
        case ReportScope.LINEAGE:
            return _lineage(document)
        case ReportScope.FINDINGS:
            return _findings(document)
        case ReportScope.SOURCES:
            return _sources(document)


def _images(document: Document) -> Table:
    heads = (
        Head("VERDICT"),
        Head("IMAGE", gives=Gives.NAME),
        Head("DIGEST", from_width=WIDER),
        Head("AGE", right=True, from_width=NARROW),
        Head("PODS", right=True),
        Head("WHY", gives=Gives.REASONS),
    )
    now = document.snapshot.as_of
    rows = [
        (
            _verdict(image.verdict, document),
            Cell(full_name(image)),
            Cell(short_hex(image.key.digest)),
            Cell(age(image.created or image.pushed, now)),
            Cell(count(document.pods_of_image(image))),
            Cell(_why(image.checks)),
        )
        for image in document.images()
    ]
    return heads, rows


def _workloads(document: Document) -> Table:
    heads = (
        Head("VERDICT"),
        Head("CLUSTER", gives=Gives.NAME),
        Head("NAMESPACE", gives=Gives.NAME),
        Head("WORKLOAD", gives=Gives.NAME),
        Head("PODS", right=True),
        Head("IMAGES", right=True, from_width=WIDER),
        Head("DRIFT", from_width=WIDER),
        Head("WHY", gives=Gives.REASONS),
    )
    rows = [
        (
            _verdict(workload.verdict, document),
            Cell(workload.key.cluster),
            Cell(workload.key.namespace),
            Cell(f"{workload.key.kind}/{workload.key.name}"),
            Cell(count(document.pods_of_workload(workload))),
            Cell(count(len({key for item in workload.containers for key in item.runs}))),
            Cell(_drift(workload)),
            Cell(_workload_why(workload, document.snapshot)),
        )
        for workload in document.workloads()
    ]
    return heads, rows


def _lineage(document: Document) -> Table:
    heads = (
        Head("VERDICT"),
        Head("IMAGE", gives=Gives.NAME),
        Head("DIGEST", from_width=WIDER),
        Head("BASIS", from_width=NARROW),
        Head("BASE"),
        Head("PODS", right=True),
    )
    return heads, list(_tree(document))


def _tree(document: Document) -> Iterator[Sequence[Cell]]:
    """Base before derived, indented, worst and widest first; only what the query found and the bases that lead to it."""
    snapshot = document.snapshot
    chosen = document.selection
    totals = lineage_totals(snapshot, VisibleRows(chosen.images, chosen.workloads, chosen.idle))
    drawn: set[ImageKey] = set()
    for start in (*sorted((root for root in snapshot.roots if root in totals), key=lambda key: totals[key].rank), *totals):
        stack = [(start, 0)]
        while stack:
            key, depth = stack.pop()
            if key in drawn:
                continue
            drawn.add(key)
            yield _node(key, depth, totals[key].pods, document)
            below = sorted(
                (child for child in snapshot.derived.get(key, ()) if child in totals), key=lambda key: totals[key].rank
            )
            stack.extend((child, depth + 1) for child in reversed(below))


def _node(key: ImageKey, depth: int, pods: int, document: Document) -> Sequence[Cell]:
    snapshot = document.snapshot
    image, unknown = snapshot.images.get(key), snapshot.bases.get(key)
    node = image or unknown
    link = node.base if node else None
    label = full_name(image) if image else unknown.label if unknown else str(key.repository)
    return (
        _verdict(image.verdict if image else State.UNKNOWN, document),
        Cell("  " * min(depth, DEEPEST) + label),
        Cell(short_hex(key.digest)),
        Cell(link.basis.value if link else ""),
        Cell(link.state.value if link else ""),
        Cell(count(pods)),
    )


def _findings(document: Document) -> Table:
    heads = (
        Head("STATE"),
        Head("CHECK", from_width=WIDER),
        Head("WHAT", gives=Gives.TITLE),
        Head("IMAGES", right=True),
        Head("WORKLOADS", right=True, from_width=WIDER),
        Head("PODS", right=True),
        Head("FIX", gives=Gives.SENTENCE),
    )
    rows = [
        (
            _verdict(finding.state, document),
            Cell(finding.check),
            Cell(finding.what),
            Cell(count(len(finding.images))),
            Cell(count(len(finding.workloads))),
            Cell(count(finding.pods)),
            Cell(finding.fix),
        )
        for finding in document.findings()
    ]
    return heads, rows


def _sources(document: Document) -> Table:
    heads = (
        Head("STATE"),
        Head("SOURCE", gives=Gives.NAME),
        Head("KIND", from_width=WIDER),
        Head("OBJECTS", right=True),
        Head("REQUESTS", right=True, from_width=WIDER),
        Head("AGE", right=True),
        Head("WHY", gives=Gives.SENTENCE),
    )
    colours = {"ok": "32", "partial": "33", "failed": "31", "off": ""}
    rows = []
    for source in document.snapshot.sources:
        row = source_row(source)
        why = " ".join(filter(None, (full_stop(row.error or ""), next_step(source))))
        numbers = (Cell(count(row.objects)), Cell(count(row.requests)), Cell(age(row.as_of, document.snapshot.as_of)))
        rows.append((Cell(row.state, colours[row.state]), Cell(row.name), Cell(row.kind), *numbers, Cell(why)))
    return heads, rows


def _verdict(state: State, document: Document) -> Cell:
    state = State.UNKNOWN if state is State.OFF else state
    glyphs = UNICODE if document.look.unicode else ASCII
    return Cell(f"{glyphs.states[state]} {VERDICTS[state]}", COLOURS[state])


def _why(checks: Iterable[Check]) -> str:
    return "; ".join(dict.fromkeys(check.brief or check.reason for check in bad(checks)))


def _drift(workload: Workload) -> str:
    order = (Drift.GONE, Drift.MIXED, Drift.MOVED, Drift.UNKNOWN, Drift.SAME)
    drifts = {container.drift for container in workload.containers}
    return next((drift.value for drift in order if drift in drifts), "")


def _workload_why(workload: Workload, snapshot: Snapshot) -> str:
    troubles = [container.trouble.removesuffix(".") for container in workload.containers if container.trouble]
    own = [
        check for item in workload.containers for check in item.checks if not (item.trouble and check.name is CheckName.IDENTITY)
    ]
    checks = [*own, *(check for item in workload.containers for check in image_checks(item, snapshot.images))]
    return "; ".join(dict.fromkeys([*troubles, *filter(None, [_why(checks)])]))


def footer_lines(document: Document) -> Iterator[str]:
    """What is said below the table: counts, what is missing, and as of when."""
    summary, snapshot = summary_row(document), document.snapshot
    if document.remark:
        yield plain(document.remark, document.look.unicode)
    for name, counts in (("image", summary.images), ("workload", summary.workloads)):
        total = counts.passed + counts.warn + counts.fail + counts.unknown
        words = f"{counts.fail:,} fail, {counts.unknown:,} unknown, {counts.warn:,} warn, {counts.passed:,} pass"
        yield f"{plural(total, name)}: {words}" + (f"; {plural(summary.pods, 'pod')}" if name == "workload" else "")
    yield from (f"{words} could not be determined" for words in untold(document.selection))
    for source in (row for row in map(source_row, snapshot.sources) if row.state in ("partial", "failed")):
        yield plain(f"{source.state}: {source.name}: {source.error}", document.look.unicode)
    yield f"as of {snapshot.as_of:%Y-%m-%d %H:%M:%S} UTC, {'complete' if document.complete else 'NOT COMPLETE'}"


FORMAT = Format(ReportScope.IMAGES, _render, read_by_people=True)
