"""The scorecard of a cluster, a namespace, a team or a base, as it is read."""

from __future__ import annotations

import msgspec
import pytest

from tests.estates import NOW, company
from tui.domain.answers.scorecard import Coverage, Scope, Scorecard, scorecard
from tui.domain.common.trust import CheckName, State
from tui.domain.query.finding import FindingGrouping
from tui.domain.query.findings import find
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.glyphs import UNICODE
from tui.presenters.keys import RowSubject
from tui.presenters.running import running_of, running_parts
from tui.presenters.tabs.overview import OVERVIEW
from tui.presenters.tabs.scorecard import scorecard_lines
from tui.presenters.tabs.spec import SectionContext
from tui.presenters.views.findings import finding_lines
from widgets.rows import TextLine
from widgets.text import width_of


def context(snapshot: Snapshot, width: int = 80, card: Scorecard | None = None) -> SectionContext:
    counted = (lambda scope: card) if card is not None else (lambda scope: scorecard(snapshot, scope))
    return SectionContext(snapshot, NOW, UNICODE, width, scorecard=counted)


def said(lines: list[TextLine]) -> str:
    return "\n".join("".join(span.text for span in (*line.left, *line.right)) for line in lines)


def test_the_numbers_are_those_of_the_header() -> None:
    snapshot = company()
    text = said(scorecard_lines(Scope(), context(snapshot)))
    running = running_of(snapshot)
    header = "".join(span.text for _, cell in running_parts(running, 300, UNICODE) for span in cell)
    for name, counts in running.checks.items():
        for state, number in counts.items():
            if state is not State.OFF and name.value in header:
                line = next(line for line in text.splitlines() if line.startswith(f" {name.value}"))
                assert f"{UNICODE.states[state]} {number}" in line


def test_a_share_is_never_rounded_up_to_all() -> None:
    snapshot = company()
    card = scorecard(snapshot, Scope())
    almost = msgspec.structs.replace(card, images=1000, scanned=Coverage(999, 1), signed=Coverage(1000, 0))
    text = said(scorecard_lines(Scope(), context(snapshot, card=almost)))
    assert "99% scanned (1 unknown, not counted) · 100% signed" in text


def test_what_the_policy_does_not_ask_says_so() -> None:
    snapshot = company()
    text = said(scorecard_lines(Scope(), context(snapshot)))
    assert f" {CheckName.SIGNATURE.value:<11}not asked" in text


def test_nothing_is_said_of_what_is_not_counted_yet() -> None:
    snapshot = company()
    look = context(snapshot)._replace(scorecard=lambda scope: None)
    assert said(scorecard_lines(Scope("prod-weu"), look)) == " Counting what runs here."
    assert "No image that is known runs here" in said(scorecard_lines(Scope("elsewhere"), context(snapshot)))


@pytest.mark.parametrize("width", [40, 58, 80, 160])
def test_every_line_fits(width: int) -> None:
    snapshot = company()
    for scope in (Scope(), Scope("prod-weu"), Scope("prod-weu", "shop")):
        for line in scorecard_lines(scope, context(snapshot, width)):
            assert sum(width_of(span.text) for span in line.right) <= width
            if not line.right:
                assert sum(width_of(span.text) for span in line.left) <= width


def test_places_bases_and_teams_have_one() -> None:
    snapshot = company()
    base = next(key for key in snapshot.images if key.repository == "base/python")
    for subject in (RowSubject(cluster="prod-weu"), RowSubject(cluster="prod-weu", namespace="shop"), RowSubject(image=base)):
        assert "running" in said(list(OVERVIEW.lines(subject, context(snapshot))))
    [unknown, *_] = snapshot.bases
    assert "running" in said(list(OVERVIEW.lines(RowSubject(image=unknown), context(snapshot))))
    finding = msgspec.structs.replace(
        find(snapshot)[0], key=msgspec.structs.replace(find(snapshot, FindingGrouping.TEAM)[0].key, group=("pay",))
    )
    assert "here" in said(finding_lines(finding, context(snapshot)))


def test_an_image_that_is_no_base_has_none() -> None:
    snapshot = company()
    image = next(key for key in snapshot.images if key.repository == "payments-api")
    assert "running" not in said(list(OVERVIEW.lines(RowSubject(image=image), context(snapshot))))
