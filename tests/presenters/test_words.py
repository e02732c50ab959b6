"""Header, progress, detail and what is copied: the words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from tests.estates import NOW, Builder, company, loading, sick
from tui.domain.common.trust import State
from tui.domain.facts.events import Denial, SourceId, SourceKind, SourceState
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import EMPTY, ImageKey, Snapshot
from tui.presenters.copying import name_to_copy, reference_to_copy
from tui.presenters.detail import detail_lines, tab_at, tab_line
from tui.presenters.glyphs import UNICODE
from tui.presenters.header import HEIGHT, Position, header_lines
from tui.presenters.keys import RowSubject
from tui.presenters.sources import denial_lines, notice_lines, progress_lines, source_lines
from tui.presenters.tabs.lineage import LINEAGE as LINEAGE_TAB
from tui.presenters.tabs.overview import OVERVIEW
from tui.presenters.tabs.running import RUNNING
from tui.presenters.tabs.spec import SectionContext, TabSpec
from tui.presenters.tabs.table import TABS
from tui.presenters.views.findings import brief
from tui.presenters.views.table import LINEAGE, VIEWS
from tui.presenters.words import brief_digests
from widgets.rows import TextLine
from widgets.text import width_of

PLACE = Position(VIEWS, LINEAGE, "is:running", 7, 2)


def said(lines: Sequence[TextLine]) -> str:
    return "\n".join("".join(span.text for span in (*line.left, *line.right)) for line in lines)


def subject(snapshot: Snapshot, repository: str) -> RowSubject:
    return RowSubject(image=next(key for key in snapshot.images if key.repository == repository))


@pytest.mark.parametrize("width", [80, 100, 110, 120, 160, 200])
def test_the_header_has_its_height_and_the_counts_are_never_cut(width: int) -> None:
    lines = header_lines(company(), PLACE, NOW, width, UNICODE)
    assert len(lines) == HEIGHT
    for line in lines:
        assert sum(width_of(span.text) for span in (*line.left, *line.right)) <= width
    assert "✘ 2" in said(lines)
    assert "is:running   7 of 12   2 cannot tell" in said(lines)


def test_before_anything_is_known_the_header_says_so() -> None:
    assert " starting " in said(header_lines(EMPTY, Position(VIEWS, LINEAGE), NOW, 160, UNICODE))
    assert " loading " in said(header_lines(loading(), Position(VIEWS, LINEAGE), NOW, 160, UNICODE))
    assert " not read " in said(header_lines(sick(), Position(VIEWS, LINEAGE), NOW, 160, UNICODE))


def test_one_warning_is_one_and_what_is_wrong_with_a_source_is_named() -> None:
    snapshot = company()
    one = msgspec.structs.replace(snapshot.summary, images={State.WARN: 1, State.FAIL: 2})
    (first, *others) = snapshot.sources
    lost = msgspec.structs.replace(first, state=SourceState.OFF, lost=True, auth_failed=True)
    limited = msgspec.structs.replace(first, state=SourceState.PARTIAL, throttled=True)
    words = {"access refused": lost, "too many requests (429)": limited}
    for told, health in words.items():
        text = said(header_lines(replace(snapshot, summary=one, sources=(health, *others)), PLACE, NOW, 200, UNICODE))
        assert told in text
        assert "1 warning  " in text


def test_the_two_chips_that_are_shown_are_of_the_worst_sources() -> None:
    snapshot = company()
    model = next(health for health in snapshot.sources if health.kind is SourceKind.REGISTRY)
    partial = [
        msgspec.structs.replace(
            model, id=SourceId(SourceKind.REGISTRY, f"{name}.io"), state=SourceState.PARTIAL, error="", throttled=True
        )
        for name in "abc"
    ]
    zulu = SourceId(SourceKind.REGISTRY, "zulu.io")
    failed = msgspec.structs.replace(model, id=zulu, state=SourceState.FAILED, error="it does not answer")
    text = said(header_lines(replace(snapshot, sources=(*partial, failed)), PLACE, NOW, 240, UNICODE))
    assert text.index("zulu.io") < text.index("a.io too many requests") < text.index("+2")
    assert "b.io" not in text


def test_progress_has_a_line_for_each_source_with_counts_and_waits() -> None:
    text = said(progress_lines(loading(), 120, UNICODE))
    assert "12,000 / 15,000" in text
    assert "38 req/s · waiting 4 s: throttled" in text
    assert "connecting" in text
    narrow = next(line for line in said(progress_lines(loading(), 80, UNICODE)).splitlines() if "210 / 640" in line)
    assert narrow.index(" · waiting") < 70
    assert progress_lines(company(), 120, UNICODE) == []


def test_progress_has_one_line_where_rows_need_the_others() -> None:
    (line,) = said(progress_lines(loading(), 80, UNICODE, low=True)).splitlines()
    assert line.startswith(" loading ")
    assert "sources · waiting 4 s: throttled" in line
    assert "12,000 / 15,000" in line


def test_nothing_to_show_says_what_is_missing_and_the_next_step() -> None:
    assert "Ask for the ClusterRole view on prod-weu." in said(notice_lines(sick(), 80, ""))
    assert "Nothing that was read matches ns:x" in said(notice_lines(company(), 80, "ns:x"))
    assert "Nothing that has been read yet matches ns:x" in said(notice_lines(loading(), 80, "ns:x"))
    assert "still loading" in said(notice_lines(loading(), 80, "ns:x"))
    assert "Reading the estate" in said(notice_lines(EMPTY, 80, "ns:x"))
    assert "Reading the estate" in said(notice_lines(EMPTY, 80, ""))


def test_nothing_found_is_not_nothing_there_when_some_cannot_be_told() -> None:
    text = said(notice_lines(company(), 80, "cve:CVE-2026-1", ("12 images",)))
    assert "Nothing is known to match cve:CVE-2026-1" in text
    assert "Of 12 images the answer is not known" in text


def test_an_empty_estate_names_who_answered() -> None:
    well = tuple(health for health in company().sources if health.state is SourceState.OK)
    text = said(notice_lines(Builder().freeze(*well), 200, ""))
    assert "2 clusters and 2 registries answered" in text
    assert "Name a context with --context" in said(notice_lines(Builder().freeze(), 80, ""))


def test_what_has_one_cause_and_one_remedy_is_said_once() -> None:
    denials = [Denial(kind, f"list {kind}", "Ask for view.") for kind in ("pods", "jobs")]
    failures = [Denial(kind, reason="It timed out.", remedy="Wait.") for kind in ("nodes", "cronjobs")]
    lines = [said([line]).strip() for line in denial_lines([*denials, *failures], 100, 2)]
    assert lines == [
        "may not read pods, jobs: missing right list pods, list jobs",
        "Ask for view.",
        "could not read nodes, cronjobs: It timed out.",
        "Wait.",
    ]


def test_sources_are_listed_sick_first() -> None:
    lines = source_lines(company(), NOW, 120)
    assert lines[0].left[0].text.strip() == "registry/legacy.azurecr.io"
    assert "as ops@contoso" in said(lines)


NAMES, BRIEF = [tab.name for tab in TABS], [tab.brief or tab.name for tab in TABS]
IN_FULL, AT_ALL = len(" " + "  ".join(NAMES)), len(" " + " ".join(BRIEF))
"""The widths from which on every tab has its name, and a name."""


@pytest.mark.parametrize("width", range(20, IN_FULL + 6))
def test_the_tab_that_is_shown_is_named_whole_in_any_width(width: int) -> None:
    for at, tab in enumerate(TABS):
        line = tab_line(tab, width)
        text = "".join(span.text for span in line.left)
        assert len(text.rstrip()) <= width
        assert tab.name in text if width >= IN_FULL else (tab.brief or tab.name) in text
        cut = (TABS[0].name not in text) + (TABS[-1].name not in text)
        assert text.count("…") == cut
        assert cut == 0 or width < AT_ALL, at
        for cell, name in ((text.index(other), other) for other in text.split() if other != "…"):
            clicked = tab_at(tab, cell, width)
            assert clicked is not None
            assert name in (clicked.name, clicked.brief)


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.id)
@pytest.mark.parametrize("width", [40, 58, 80, 160])
def test_every_section_of_every_row_fits_its_width(tab: TabSpec, width: int) -> None:
    snapshot = company()
    subjects = [RowSubject(image=key) for key in (*snapshot.images, *snapshot.bases)]
    subjects += [RowSubject(workload=key) for key in snapshot.workloads]
    subjects += [
        RowSubject(cluster="prod-weu"),
        RowSubject(cluster="prod-weu", namespace="shop"),
        RowSubject(unreadable=True),
        RowSubject(),
    ]
    for each in subjects:
        for line in detail_lines(each, tab, SectionContext(snapshot, NOW, UNICODE, width)):
            assert sum(width_of(span.text) for span in line.right) <= width


def test_the_overview_gives_every_check_its_reason_source_age_and_remedy() -> None:
    snapshot = company()
    text = said(detail_lines(subject(snapshot, "payments-api"), OVERVIEW, SectionContext(snapshot, NOW, UNICODE, 120)))
    for words in (
        "NOT TRUSTED",
        "another image has this name now",
        "→ Pin the digest, or roll back.",
        "layers 4s",
        "not asked: signature",
    ):
        assert words in text


def test_the_detail_says_how_an_image_is_used() -> None:
    snapshot = company()
    told = {
        key.repository: said(detail_lines(RowSubject(image=key), OVERVIEW, SectionContext(snapshot, NOW, UNICODE, 120)))
        for key in snapshot.images
    }
    assert "runs in 2 workloads · declared by 2 workloads" in told["payments-api"]
    assert "base of " in told["base/python"]


def test_the_lineage_says_what_proves_each_step() -> None:
    snapshot = company()
    text = said(detail_lines(subject(snapshot, "payments-api"), LINEAGE_TAB, SectionContext(snapshot, NOW, UNICODE, 120)))
    assert "proven by 7 layers" in text
    assert "diff_ids begin with the base's whole chain" in text
    assert "prod-neu  payments  Deployment/api" in text


def test_running_lists_pods_with_node_digest_and_drift() -> None:
    snapshot = company()
    text = said(detail_lines(subject(snapshot, "payments-api"), RUNNING, SectionContext(snapshot, NOW, UNICODE, 120)))
    assert "the tag moved while pods were replaced" in text
    assert "api-7d4b9c-00003" in text


def test_copies_names_that_other_tools_take() -> None:
    snapshot = company()
    image = subject(snapshot, "library/alpine")
    assert name_to_copy(image, snapshot) == "docker.io/library/alpine:3.16"
    assert reference_to_copy(image, snapshot).startswith("docker.io/library/alpine@sha256:")
    workload = RowSubject(workload=ObjectKey("prod-weu", "payments", "Deployment", "api"))
    assert name_to_copy(workload, snapshot) == "deployment/api"
    assert "payments-api@sha256:" in reference_to_copy(workload, snapshot)
    assert reference_to_copy(RowSubject(image=ImageKey("x", "y", "")), snapshot) == ""


def test_what_is_not_renewed_any_more_does_not_look_live() -> None:
    stopped = header_lines(company(), PLACE._replace(stopped=True), NOW, 160, UNICODE)
    assert " stopped " in said(stopped)
    assert " live " not in said(stopped)


def test_the_clock_of_what_is_live_has_no_second_hand() -> None:
    begun, later = (header_lines(company(), PLACE, NOW + timedelta(seconds=passed), 160, UNICODE) for passed in (1, 59))
    assert begun == later
    assert " live " in said(begun)
    assert "<1m ago" in said(begun)
    assert "90s ago" in said(header_lines(company(), PLACE, NOW + timedelta(seconds=90), 160, UNICODE))


def test_digests_in_sentences_are_short() -> None:
    digest = "sha256:" + "a1" * 32
    assert brief_digests(f"notation sign x@{digest}.") == f"notation sign x@{digest[:19]}."


def test_the_first_step_of_a_remedy_is_whole() -> None:
    assert brief("Sign it: notation sign x, or cosign sign.") == "Sign it"
    assert brief("If this signer is right, add its root to a store.") == "Add its root to a store"
    assert brief("Update to 1.12.0, then rebuild.") == "Update to 1.12.0"
    assert brief("") == ""
