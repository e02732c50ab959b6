"""`-o junit`: JUnit XML, for the test view of a pipeline: a suite for each image and workload, a case for each check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from tui.domain.common.text import clean
from tui.domain.common.trust import Check, State
from tui.domain.snapshot.snapshot import Image, Workload
from tui.reports.document import Document, Format, ReportScope
from tui.reports.problems import START, workload_place

__all__ = ["FORMAT"]

Case = tuple[str, State, str]
"""Its name, how it ended, and what is to be said of it."""


def _render(document: Document) -> Iterator[bytes]:
    suites = [(image.key.reference, list(_image(image))) for image in document.images()]
    suites += [(_name(workload), list(_workload(workload))) for workload in document.workloads()]
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n'
    counted = Counter(state for _, cases in suites for _, state, _ in cases)
    timestamp = f"{document.snapshot.as_of:%Y-%m-%dT%H:%M:%S}"
    yield f"<testsuites name={_attribute('trustree')} {_numbers(counted)}>\n".encode()
    for name, cases in suites:
        counts = _numbers(Counter(state for _, state, _ in cases))
        yield f"  <testsuite name={_attribute(name)} timestamp={_attribute(timestamp)} {counts}>\n".encode()
        for case in cases:
            yield _case(name, case).encode()
        yield b"  </testsuite>\n"
    yield b"</testsuites>\n"


def _image(image: Image) -> Iterator[Case]:
    yield from map(_of_check, image.checks)
    if not image.checks:
        yield "known", State.UNKNOWN, image.absent or "Nothing is known of it."


def _workload(workload: Workload) -> Iterator[Case]:
    for container in workload.containers:
        for check in container.checks:
            name, state, message = _of_check(check)
            yield f"{container.name}: {name}", state, message
        trouble = container.trouble
        yield (
            f"{container.name}: {START}",
            State.FAIL if trouble else State.PASS,
            trouble or "Nothing keeps its pods from starting.",
        )


def _of_check(check: Check) -> Case:
    rule = f"Rule: {check.rule}" if check.rule else ""
    return check.name, check.state, " ".join(filter(None, (check.reason, check.remedy, rule)))


def _name(workload: Workload) -> str:
    return workload_place(workload, workload.containers[0]).rpartition("/")[0] if workload.containers else workload.key.name


def _case(suite: str, case: Case) -> str:
    name, state, reason = case
    head = f"    <testcase classname={_attribute(suite)} name={_attribute(name)}"
    text = escape(clean(reason))
    match state:
        case State.FAIL:
            return f"{head}><failure message={_attribute(reason)}>{text}</failure></testcase>\n"
        case State.UNKNOWN:
            return f"{head}><error message={_attribute(reason)}>{text}</error></testcase>\n"
        case State.OFF:
            return f"{head}><skipped message={_attribute(reason)}/></testcase>\n"
        case State.WARN:
            return f"{head}><system-out>warning: {text}</system-out></testcase>\n"
        case State.PASS:
            return f"{head}/>\n"


def _numbers(counts: Counter[State]) -> str:
    return (
        f'tests="{counts.total()}" failures="{counts[State.FAIL]}" errors="{counts[State.UNKNOWN]}" skipped="{counts[State.OFF]}"'
    )


def _attribute(text: str) -> str:
    return quoteattr(clean(text))  # no control character is left, which XML 1.0 could not hold


FORMAT = Format(ReportScope.ALL, _render)
