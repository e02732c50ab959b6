"""`-o plain`: sentences, one fact to a line, for screen readers: no columns, no signs, no colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from textwrap import fill
from typing import TypeVar

from tui.domain.checks.containers import image_checks
from tui.domain.common.text import capitalized, full_stop
from tui.domain.common.trust import Check, State
from tui.domain.facts.events import SourceHealth
from tui.domain.query.finding import Finding
from tui.domain.snapshot.snapshot import Container, Image, Workload
from tui.presenters.answers.sentences import spelled
from tui.presenters.answers.table import answer_sentences
from tui.presenters.health import next_step
from tui.presenters.untold import untold
from tui.presenters.words import brief_digests, count, plural, short_hex
from tui.reports.columns import plain
from tui.reports.document import Document, Format, ReportScope, TextStyle
from tui.reports.problems import bad, full_name
from tui.reports.wire import source_row, summary_row

__all__ = ["FORMAT", "answer_lines", "row_sentences", "spoken", "summary_sentences"]

_Item = TypeVar("_Item")
_VERDICT = {
    State.PASS: "is trusted",
    State.WARN: "is trusted, with a warning",
    State.FAIL: "is not trusted",
}
_ENDS = {State.FAIL: "fails", State.WARN: "warns", State.PASS: "passes"}
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))
_SIGNS = str.maketrans({"→": "to", "·": ",", "…": "...", "✔": "", "✘": "", "▲": "", "●": "", "–": "-", "—": "-"})


def _render(document: Document) -> Iterator[bytes]:
    for sentence in (*answer_lines(document), *_rows(document), *summary_sentences(document)):
        yield f"{spoken(sentence, document.look)}\n".encode(errors="replace")


def spoken(sentence: str, look: TextStyle) -> str:
    """A sentence without anything that is drawn and not said; where lines have a width it is broken between words."""
    words = " ".join(plain(brief_digests(sentence), unicode=True).translate(_SIGNS).replace(" ,", ",").split())
    words = words if look.unicode else plain(words, unicode=False)
    return fill(words, look.width, break_long_words=False, break_on_hyphens=False) if look.width else words


def answer_lines(document: Document) -> Iterator[str]:
    """What the query means for the estate."""
    for sentence in answer_sentences(document.answer) if document.answer is not None else ():
        yield full_stop(f"{sentence.label.capitalize()}: {spelled(sentence.words)}")


def _rows(document: Document) -> Iterator[str]:
    for row in row_sentences(document):
        yield from row


def row_sentences(document: Document) -> Iterator[Sequence[str]]:
    """The rows of the report's view, worst first, each as its sentences."""
    now = document.snapshot.as_of
    match document.view:
        case ReportScope.ALL | ReportScope.IMAGES | ReportScope.LINEAGE:
            for place, image in _counted(document.images()):
                yield list(_image(f"Image {place}", image, document.pods_of_image(image), now))
        case ReportScope.WORKLOADS:
            for place, workload in _counted(document.workloads()):
                yield list(_workload(f"Workload {place}", workload, document))
        case ReportScope.FINDINGS:
            if document.remark:
                yield [document.remark]
            for place, finding in _counted(document.findings()):
                yield list(_finding(f"Problem {place}", finding))
        case ReportScope.SOURCES:
            for place, source in _counted(document.snapshot.sources):
                yield list(_source(f"Source {place}", source, now))


def _counted(items: Sequence[_Item]) -> Iterator[tuple[str, _Item]]:
    for number, item in enumerate(items, 1):
        yield f"{count(number)} of {count(len(items))}", item


def _image(place: str, image: Image, pods: int, now: datetime) -> Iterator[str]:
    yield f"{place}: {full_name(image)} {_verdict(image.verdict)}."
    yield f"{_pods(pods)} it." if pods else "No pod runs it."
    yield f"Its digest begins with {short_hex(image.key.digest)}." if image.key.digest else "Its digest is not known."
    built = image.created or image.pushed
    if built is not None:
        yield f"It was {'built' if image.created else 'pushed'} {_ago(built, now)}."
    if image.absent:
        yield _sentence(image.absent)
    yield from _checks(bad(image.checks))


def _workload(place: str, workload: Workload, document: Document) -> Iterator[str]:
    key = workload.key
    where = f" in the namespace {key.namespace}" if key.namespace else ""
    yield f"{place}: the {key.kind} {key.name}{where} of the cluster {key.cluster} {_verdict(workload.verdict)}."
    pods = document.pods_of_workload(workload)
    yield f"It has {plural(pods, 'pod')}." if pods else "It has no pods."
    for container in workload.containers:
        yield from _container(container, document)


def _container(container: Container, document: Document) -> Iterator[str]:
    yield f"Its container {container.name} has the image {container.image}."
    if container.trouble:
        yield _sentence(container.trouble)
    yield from _checks(bad([*container.checks, *image_checks(container, document.snapshot.images)]))


def _finding(place: str, finding: Finding) -> Iterator[str]:
    yield f"{place}: {full_stop(finding.what)}"
    numbers = (plural(len(finding.images), "image"), plural(len(finding.workloads), "workload"), plural(finding.pods, "pod"))
    yield f"It concerns {numbers[0]}, {numbers[1]} and {numbers[2]}."
    yield f"What clears it: {full_stop(finding.fix)}" if finding.fix else "Nothing that clears it is known."


def _source(place: str, source: SourceHealth, now: datetime) -> Iterator[str]:
    row = source_row(source)
    yield f"{place}: {row.name} is {'not asked' if row.state == 'off' else row.state}."
    yield f"It returned {plural(row.objects, 'object')}."
    if row.as_of is not None:
        yield f"It answered {_ago(row.as_of, now)}."
    yield from (_sentence(words) for words in (row.error, next_step(source)) if words)


def _checks(checks: Sequence[Check]) -> Iterator[str]:
    for check in checks:
        yield f"{check.name.value.capitalize()} {_ENDS.get(check.state, 'is not known')}: {full_stop(check.reason)}"
        if check.remedy:
            yield f"What clears it: {full_stop(check.remedy)}"


def _sentence(words: str) -> str:
    """Words with a capital and a full stop, unless they begin with a name."""
    first = words.partition(" ")[0]
    return full_stop(capitalized(words) if first.isalpha() else words)


def _verdict(state: State) -> str:
    return _VERDICT.get(state, "cannot be judged, as something is not known")


def _pods(pods: int) -> str:
    return f"{plural(pods, 'pod')} {'runs' if pods == 1 else 'run'}"


def _ago(since: datetime, now: datetime) -> str:
    """`3 days ago`, in one unit."""
    seconds = max(0, int((now - since).total_seconds()))
    for length, unit in _UNITS:
        if seconds >= 2 * length:
            return f"{plural(seconds // length, unit)} ago"
    return f"{plural(seconds, 'second')} ago"


def summary_sentences(document: Document) -> Iterator[str]:
    """How many of each verdict there are, what could not be told, what is missing, and as of when."""
    summary, snapshot = summary_row(document), document.snapshot
    for name, counts in (("image", summary.images), ("workload", summary.workloads)):
        total = counts.passed + counts.warn + counts.fail + counts.unknown
        ends = f"{count(counts.fail)} not trusted, {count(counts.unknown)} not known, {count(counts.warn)} with a warning"
        yield f"{plural(total, name)}: {ends}, {count(counts.passed)} trusted."
    yield f"{plural(summary.pods, 'pod')}."
    yield from (f"{words} could not be determined." for words in untold(document.selection))
    for source in (row for row in map(source_row, snapshot.sources) if row.state in ("partial", "failed")):
        yield f"The source {source.name} is {source.state}: {full_stop(source.error or '')}"
    completeness = "This is complete." if document.complete else "This is not complete."
    yield f"{completeness} It is as of {snapshot.as_of:%H:%M:%S} UTC on {snapshot.as_of:%Y-%m-%d}."


FORMAT = Format(ReportScope.IMAGES, _render, read_by_people=True)
