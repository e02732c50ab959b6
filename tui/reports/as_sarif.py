"""`-o sarif`: SARIF 2.1.0, for code scanning and for whoever collects findings.

Each check that does not pass is a result at the image or the container that it is about, and so is each vulnerability of an
image. What is unknown has the kind `open`: it was asked, and could not be told (SARIF 3.27.9). What a dated exception accepts
is suppressed (3.27.23). Sources that failed are notifications of the invocation (3.20.21).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal
from urllib.parse import quote

import msgspec

from tui import __version__
from tui.domain.common.text import full_stop
from tui.domain.common.trust import State
from tui.domain.facts.events import SourceHealth, SourceState
from tui.domain.facts.scan import ImageVulnerability, Severity
from tui.domain.snapshot.snapshot import Image
from tui.presenters.health import next_step
from tui.reports.document import Document, Format, ReportScope
from tui.reports.encoding import encode
from tui.reports.problems import QUESTIONS, Problem, problems
from tui.reports.wire import source_row

__all__ = ["FORMAT"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
Level = Literal["none", "note", "warning", "error"]


class Part(msgspec.Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """A part of the log."""


class Text(Part, frozen=True):
    """A message."""

    text: str


class Artifact(Part, frozen=True):
    """An image as a relative reference."""

    uri: str


class Physical(Part, frozen=True):
    """Where an image lies."""

    artifact_location: Artifact


class Logical(Part, frozen=True):
    """The image or the container by its full name."""

    fully_qualified_name: str
    kind: str


class Location(Part, frozen=True):
    """Where a result is."""

    logical_locations: list[Logical]
    physical_location: Physical | None = None


class Suppression(Part, frozen=True):
    """A dated exception."""

    kind: Literal["external"]
    status: Literal["accepted"]
    justification: str


class Configuration(Part, frozen=True):
    """The level of a rule."""

    level: Level


class Rule(Part, frozen=True):
    """A check, or a vulnerability."""

    id: str
    short_description: Text
    default_configuration: Configuration | None = None
    help_uri: str | None = None
    properties: dict[str, object] | None = None


class Result(Part, frozen=True):
    """One finding."""

    rule_id: str
    rule_index: int
    message: Text
    locations: list[Location]
    partial_fingerprints: dict[str, str]
    level: Level
    kind: Literal["fail", "open"] | None = None
    suppressions: list[Suppression] | None = None
    properties: dict[str, object] | None = None


class Notification(Part, frozen=True):
    """A source that could not be read whole."""

    message: Text
    level: Level


class Invocation(Part, frozen=True):
    """How whole the facts are."""

    execution_successful: bool
    end_time_utc: datetime
    tool_execution_notifications: list[Notification]


class Driver(Part, frozen=True):
    """The program."""

    name: str
    version: str
    rules: list[Rule]


class Tool(Part, frozen=True):
    """The program and what extends it."""

    driver: Driver


class Run(Part, frozen=True):
    """One report."""

    tool: Tool
    invocations: list[Invocation]
    results: list[Result]


class Log(Part, frozen=True):
    """The file."""

    schema: str = msgspec.field(name="$schema")
    version: Literal["2.1.0"] = msgspec.field()
    runs: list[Run] = msgspec.field()


def _render(document: Document) -> Iterator[bytes]:
    rules = _Rules()
    results = [_problem(problem, rules) for problem in problems(document)]
    results += [_vulnerability(image, row, rules) for image in document.images() for row in image.vulnerabilities]
    snapshot = document.snapshot
    notes = [_notification(source) for source in snapshot.sources if source.state not in (SourceState.OK, SourceState.OFF)]
    run = Run(
        Tool(Driver("trustree", __version__, rules.all())),
        [Invocation(document.complete, snapshot.as_of, notes)],
        results,
    )
    yield encode(Log(SCHEMA, "2.1.0", [run]))
    yield b"\n"


class _Rules:
    """The rules that results refer to, each once, by their number."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, Rule]] = {}

    def number(self, rule: Rule) -> int:
        """The number of a rule."""
        return self._found.setdefault(rule.id, (len(self._found), rule))[0]

    def all(self) -> list[Rule]:
        """Every rule, in the order of their numbers."""
        return [rule for _, rule in self._found.values()]


def _problem(problem: Problem, rules: _Rules) -> Result:
    name = f"trustree/{problem.check}"
    number = rules.number(Rule(name, Text(QUESTIONS[problem.check]), Configuration("error")))
    message = " ".join(filter(None, (problem.reason, problem.remedy)))
    accepted = [Suppression("external", "accepted", problem.reason)] if problem.accepted else None
    level, kind = _LEVELS[problem.state]
    return Result(
        name,
        number,
        Text(message),
        [_location(problem.place, image=problem.image)],
        _fingerprints((name,), problem.place, problem.lasting),
        level,
        kind,
        accepted,
        {"state": problem.state.value, "rule": problem.rule, "source": problem.source, "pods": problem.pods},
    )


_LEVELS: dict[State, tuple[Level, Literal["fail", "open"] | None]] = {
    State.FAIL: ("error", None),
    State.WARN: ("warning", None),
    State.UNKNOWN: ("none", "open"),  # 3.27.9: whatever is not of the kind `fail` has no level
    State.PASS: ("none", None),
    State.OFF: ("none", None),
}


def _vulnerability(image: Image, row: ImageVulnerability, rules: _Rules) -> Result:
    level, score = _SEVERITIES[row.severity]
    score = f"{row.cvss:.1f}" if row.cvss is not None else score
    properties = {"security-severity": score, "tags": ["security", "vulnerability"]}
    url = row.url if row.url.startswith(("https://", "http://")) else ""
    rule = Rule(row.id, Text(row.title or f"Vulnerability {row.id}"), Configuration(level), _uri(url) or None, dict(properties))
    place = image.key.reference
    origin = (
        "" if row.from_base is None else f" It comes from the base {row.base}." if row.from_base else " It is the image's own."
    )
    fix = f"fixed in {row.fixed}" if row.fixed else "no fix is known"
    cleared = row.vex
    return Result(
        row.id,
        rules.number(rule),
        Text(f"{row.id} ({row.severity}) in {row.package} {row.installed}: {fix}.{origin}"),
        [_location(place, image=True)],
        _fingerprints((row.id, row.package), place, str(image.name)),
        level,
        None,
        [Suppression("external", "accepted", f"{cleared.status} by {cleared.author}")] if cleared is not None else None,
        {"severity": row.severity.value, "package": row.package, "installed": row.installed, "fixed": row.fixed},
    )


# The figures that GitHub's code scanning sorts by where a scanner gives no score: the middle of each band of CVSS 3.
_SEVERITIES: dict[Severity, tuple[Level, str]] = {
    Severity.CRITICAL: ("error", "9.5"),
    Severity.HIGH: ("error", "8.0"),
    Severity.MEDIUM: ("warning", "5.5"),
    Severity.LOW: ("note", "2.0"),
    Severity.NEGLIGIBLE: ("note", "0.1"),
    Severity.UNKNOWN: ("warning", "8.0"),
}


def _location(place: str, *, image: bool) -> Location:
    physical = Physical(Artifact(_reference(place))) if image else None
    return Location([Logical(place, "image" if image else "container")], physical)


def _reference(place: str) -> str:
    """A relative reference: a port or a digest must not look like a scheme (RFC 3986 4.2)."""
    return quote(place, safe="/@", errors="replace")


def _uri(url: str) -> str:
    return quote(url, safe="/:?#[]@!$&'()*+,;=%~", errors="replace")


def _fingerprints(names: Iterable[str], place: str, lasting: str) -> dict[str, str]:
    """`artifact` tells builds apart, `problem` stays the same from build to build."""
    return {"artifact/v1": _hash((*names, place)), "problem/v1": _hash((*names, lasting))}


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\x00".join(parts).encode(errors="surrogatepass")).hexdigest()


def _notification(source: SourceHealth) -> Notification:
    row = source_row(source)
    message = " ".join(filter(None, (full_stop(f"{row.name} is {row.state}: {row.error}"), next_step(source))))
    return Notification(Text(message), "error" if row.state == "failed" else "warning")


FORMAT = Format(ReportScope.ALL, _render)
