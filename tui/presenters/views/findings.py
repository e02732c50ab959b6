"""The view of findings: one row per problem, worst and widest first; and what is known of one of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from heapq import nlargest
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from tui.domain.answers.scorecard import Scope
from tui.domain.common.memo import Memo, WeakMemo
from tui.domain.common.pace import paced
from tui.domain.common.text import capitalized
from tui.domain.common.trust import State
from tui.domain.query.finding import Finding, FindingGrouping, FindingKey
from tui.domain.query.findings import find
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot, Workload
from tui.domain.workloads.counting import pods_by_image
from tui.presenters.glyphs import ROLE, Glyphs
from tui.presenters.keys import RowSubject
from tui.presenters.phrases import image_name
from tui.presenters.tabs.scorecard import scorecard_lines
from tui.presenters.tabs.spec import SectionContext
from tui.presenters.views.narrowing import select, wanted_vulnerability
from tui.presenters.views.spec import Filter, RowsContext
from tui.presenters.words import age, brief_digests, count, plural
from widgets.rows import Column, FlatModel, Row, RowKey, Span, TextLine
from widgets.text import wrap

if TYPE_CHECKING:
    from tui.domain.query.language import Term

__all__ = ["FindingModel", "build", "finding_lines"]

MOST = 40
WIDE, WIDER, WIDEST, NEVER = 60, 88, 110, 10_000
_END = re.compile(r"[:,.;] |\.$| so that | to run ")
_ALGORITHM = re.compile(r"\bsha256:(?=[0-9a-f]{12}\b)")
_SOME = re.compile(r"For (?:(?P<number>\d[\d,]* of \d[\d,]*)(?: \w+)?|\S+): ")
_PRONOUNS = ("it", "each")
TITLES = {
    FindingGrouping.PROBLEM: "what is wrong",
    FindingGrouping.CVE: "vulnerability",
    FindingGrouping.BASE: "what is built on which base",
    FindingGrouping.CHECK: "which question",
    FindingGrouping.TEAM: "whose it is",
    FindingGrouping.REHEARSAL: "what the gates would refuse, if they denied",
}


class FindingModel(FlatModel):
    """Findings as rows of a tree without branches."""

    def __init__(
        self,
        snapshot: Snapshot,
        findings: Sequence[Finding],
        grouping: FindingGrouping,
        now: datetime,
        glyphs: Glyphs,
        title: str = "",
        note: str = "",
    ) -> None:
        self.snapshot = snapshot
        self.found = {finding.key: finding for finding in findings}
        self._grouping = grouping
        self._now = now
        self._glyphs = glyphs
        self._title, self._note = title, note
        self._dated = any(finding.since for finding in findings)
        self._roots: list[RowKey] = [(finding.key,) for finding in findings]

    def columns(self) -> Sequence[Column]:
        """What, the fix, how wide, since when where that is known of any, which check."""
        return (
            Column(self._title or TITLES[self._grouping], share=4, keeps_start=True),
            Column("what clears it", share=3, from_width=WIDE),
            Column("imgs", 5, right=True),
            Column("wklds", 5, right=True, from_width=WIDEST),
            Column("pods", 6, right=True),
            Column("since", 5, right=True, from_width=WIDER if self._dated else NEVER),
            Column("check", 10, from_width=WIDER),
        )

    def roots(self) -> Sequence[RowKey]:
        """Every problem."""
        return self._roots

    def find(self, identity: RowKey) -> RowKey | None:
        """The problem, if there still is one."""
        return identity if identity[0] in self.found else None

    @property
    def images_shown(self) -> int:
        """How many images the problems are about."""
        return len({image for finding in self.found.values() for image in finding.images})

    def detail(self, subject: RowSubject, context: SectionContext) -> Sequence[TextLine] | None:
        """The problem in full."""
        finding = self.found.get(subject.finding) if subject.finding else None
        return None if finding is None else finding_lines(finding, context, self._note)

    def narrowed_to(self, subject: RowSubject, chosen: Filter) -> Filter | None:
        """What has the problem."""
        finding = self.found.get(subject.finding) if subject.finding else None
        return None if finding is None else chosen._replace(finding=finding, query=self._query_within(finding, chosen.query))

    def _query_within(self, finding: Finding, query: str) -> str:
        """The query, unless it found the problem by the problem's own words: of what has the problem none says them."""
        if not query.strip():
            return query
        from tui.domain.query.query import parse_query

        selection = parse_query(query).images(self.snapshot, self._now)
        within = selection.images.intersection(finding.images) or selection.workloads.intersection(finding.workloads)
        return query if within else ""

    def is_hit(self, key: RowKey) -> bool:
        """Always."""
        return True

    def urgency(self, key: RowKey) -> int:
        """Nothing is unfolded."""
        return 0

    def matches(self) -> list[RowKey]:
        """Nothing is unfolded."""
        return []

    def row(self, key: RowKey) -> Row:
        """The cells of a problem."""
        part = key[-1]
        finding = self.found.get(part) if isinstance(part, FindingKey) else None
        if finding is None:
            return Row(Span(""), ((), (), (), (), (), (), ()))
        cells = (
            (Span(finding.what),),
            (Span(brief(_ALGORITHM.sub("", brief_digests(finding.fix))), "dim"),),
            (Span(count(len(finding.images))),),
            (Span(count(len(finding.workloads)), "dim"),),
            (Span(count(finding.pods), "" if finding.pods else "dim"),),
            (Span(age(finding.since, self._now) if finding.since else "", "dim"),),
            (Span(finding.check, "dim"),),
        )
        return Row(self._glyphs.of(finding.state), cells)


def brief(fix: str) -> str:
    """The first step of a remedy, its verb first, so that a narrow column keeps it: what comes after it stands in the detail.

    For how many of several it is belongs to the step: `Rebuild 42 of 74 on the newest build`.
    """
    some = _SOME.match(fix)
    step = fix[some.end() :] if some is not None else fix
    if step[:3].lower() == "if ":
        condition, _, then = step.partition(", ")
        step = capitalized(then) or condition
    first = _END.split(step, maxsplit=1)[0]
    return first if some is None else _fitting_some(first, some["number"] or "one of them")


def _fitting_some(step: str, some: str) -> str:
    """A step that fits `some` of those who have a problem, which is said in place of whom it is for, or after the verb."""
    words = step.split(" ")
    if not words[0][1:].islower():
        return f"{capitalized(some)}: {step}"  # it begins with a name: no step
    object_ = next((place for place, word in enumerate(words[:4]) if word in _PRONOUNS), 0)
    if object_:
        words[object_] = some
    else:
        words.insert(2 if words[1:2] == ["not"] else 1, f"({some})")
    return f"{words[0].capitalize()} {' '.join(words[1:])}"


def finding_lines(finding: Finding, context: SectionContext, note: str = "") -> list[TextLine]:
    """A problem in full: what, how wide, the fix, what else is listed where, then the images and the workloads that have it."""
    snapshot, now, glyphs, width = context.snapshot, context.now, context.glyphs, context.width
    role = ROLE[finding.state]
    words = {State.FAIL: "FAILS", State.WARN: "WARNING", State.PASS: "BELOW THE POLICY'S THRESHOLD"}.get(finding.state, "UNKNOWN")
    since = f"since {age(finding.since, now)}" if finding.since else ""
    facts = (plural(len(finding.images), "image"), plural(len(finding.workloads), "workload"), plural(finding.pods, "pod"), since)
    wide = glyphs.dot.join(fact for fact in facts if fact)
    badge = f" {glyphs.states[finding.state]} {words} "
    lines = [TextLine((Span(f" {part}", "bold"),)) for part in wrap(finding.what, width - 2)]
    first, *continuation = (wide,) if len(wide) < width - len(badge) - 3 else ("", *wrap(wide, width - 2))
    lines.append(TextLine((Span(" "), Span(badge, f"badge-{role}"), Span(f"  {first}", "dim"))))
    lines += [TextLine((Span(f" {part}", "dim"),)) for part in continuation]
    if finding.fix:
        fix = wrap(f"{glyphs.arrow}{brief_digests(finding.fix)}", width - 2)
        lines += [TextLine((Span(f" {part}", "accent"),)) for part in fix]
    lines += [TextLine((Span(f" {part}", "dim"),)) for part in wrap(note, width - 2)] if note else []
    lines.append(TextLine())
    lines += _of_team(finding, context)
    return [*lines, *_images(finding, snapshot, glyphs), TextLine(), *_workloads(finding, snapshot, glyphs)]


def _of_team(finding: Finding, context: SectionContext) -> list[TextLine]:
    """How all that a team runs stands, where the row is a team's."""
    [team, *_] = finding.key.group
    if finding.key.grouping is not FindingGrouping.TEAM or not team:
        return []
    return [*scorecard_lines(Scope(team=team), context), TextLine()]


class _Widest(NamedTuple):
    """What has a problem, with pods: as many as are listed, those with most pods first; and how many there are of each."""

    images: Sequence[tuple[Image, int]]
    workloads: Sequence[tuple[Workload, int]]
    image_count: int
    workload_count: int


_WIDEST: WeakMemo[Snapshot, Memo[_Widest]] = WeakMemo()


def _widest(finding: Finding, snapshot: Snapshot) -> _Widest:
    """Ranked once while the same row is shown: in a large estate it takes several frames."""
    return _WIDEST.get(snapshot, Memo).get(finding, lambda: _ranked(finding, snapshot))


def _ranked(finding: Finding, snapshot: Snapshot) -> _Widest:
    pods = pods_of_finding(finding, snapshot)
    images = [(snapshot.images[key], pods.get(key, 0)) for key in paced(finding.images) if key in snapshot.images]
    spread = zip(finding.workloads, finding.spread, strict=True)
    workloads = [(snapshot.workloads[key], number) for key, number in paced(spread) if key in snapshot.workloads]
    listed, listed_workloads = nlargest(MOST, images, key=itemgetter(1)), nlargest(MOST, workloads, key=itemgetter(1))
    return _Widest(listed, listed_workloads, len(images), len(workloads))


def pods_of_finding(finding: Finding, snapshot: Snapshot) -> Mapping[ImageKey, int]:
    """How many pods of what has the problem run each image."""
    return pods_by_image(snapshot, frozenset(finding.workloads))


def _images(finding: Finding, snapshot: Snapshot, glyphs: Glyphs) -> list[TextLine]:
    widest = _widest(finding, snapshot)
    lines = [
        TextLine(
            (Span(" "), glyphs.of(image.verdict), Span(f" {image_name(image)}"), Span(f"  {image.key.registry}", "dim")),
            (Span(f"{plural(pods, 'pod')} ", "dim"),),
        )
        for image, pods in widest.images
    ]
    return lines + _more(widest.image_count)


def _workloads(finding: Finding, snapshot: Snapshot, glyphs: Glyphs) -> list[TextLine]:
    widest = _widest(finding, snapshot)
    lines = [
        TextLine(
            (
                Span(" "),
                glyphs.of(workload.verdict),
                Span(f" {workload.key.cluster}  {workload.key.namespace}  ", "dim"),
                Span(f"{workload.key.kind}/{workload.key.name}"),
            ),
            (Span(f"{plural(pods, 'pod')} ", "dim"),),
        )
        for workload, pods in widest.workloads
    ]
    return lines + _more(widest.workload_count)


def _more(number: int) -> list[TextLine]:
    return (
        [TextLine((Span(f"   and {count(number - MOST)} more: Enter shows them in the tree", "dim"),))] if number > MOST else []
    )


def build(rows: RowsContext) -> FindingModel:
    """The rows of the view. Who asks for a vulnerability sees it, not all that is wrong beside it."""
    vulnerability = wanted_vulnerability(rows.chosen.query)
    grouping = FindingGrouping.CVE if vulnerability else rows.chosen.grouping
    findings = [finding for finding in _let_through(rows, grouping) if _names(finding, vulnerability)]
    for finding in findings[:1]:
        _widest(finding, rows.snapshot)  # what is shown first: ranked here, and not on the loop
    from tui.domain.plans.commands import command_line  # not before somebody looks for problems

    command = command_line("trustree", "check", rows.chosen.query.strip())
    note = f"Listed is what was asked for alone: {command} lists every problem of these images." if vulnerability else ""
    title = "only what was asked for" if vulnerability else ""
    return FindingModel(rows.snapshot, findings, grouping, rows.now, rows.glyphs, title, note)


def _let_through(rows: RowsContext, grouping: FindingGrouping) -> Sequence[Finding]:
    """The findings that a filter lets through: by what they are about, or by their own words."""
    if not rows.chosen.query.strip():
        return find(rows.snapshot, grouping, rows.shown.images, rows.shown.workloads)
    from tui.domain.query.findings_asked import find_asked  # not before somebody filters
    from tui.domain.query.query import Query, parse_query

    def search(terms: tuple[Term, ...]) -> Sequence[Finding]:
        shown, *_ = select(rows.snapshot, rows.chosen._replace(query=Query(terms).text), rows.now, rows.query_index)
        return find(rows.snapshot, grouping, shown.images, shown.workloads)

    return find_asked(parse_query(rows.chosen.query).terms, search)


def _names(finding: Finding, vulnerability: str) -> bool:
    return vulnerability in f"{finding.what} {' '.join(finding.packages)}".lower()
