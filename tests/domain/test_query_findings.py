"""`cve:`, `pkg:` and `sev`: yes, no, and cannot be told, which is what an image without a good report is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.domain.scan_kit import report, set_up, statement, tell, vulnerability
from tests.domain.world import NOW, World
from tui.domain.facts.events import SourceState
from tui.domain.facts.scan import Exploitability, Severity
from tui.domain.query.index import QueryIndex
from tui.domain.query.query import parse_query
from tui.domain.snapshot.snapshot import Snapshot

HOST = "a.azurecr.io"


def estate(state: SourceState = SourceState.OK) -> Snapshot:
    """Images that differ in what was said of them."""
    world = World()
    set_up(world, "Trivy", state=state)
    digests = {name: world.manifest(f"{HOST}/{name}", name, "1") for name in _REPORTS}
    for name, more in _REPORTS.items():
        if more is not None:
            found, fields = more
            tell(world, report(digests[name], *found, **fields))  # type: ignore[arg-type]
    return world.snapshot()


_REPORTS: dict[str, tuple[tuple[object, ...], dict[str, object]] | None] = {
    "hit": ((vulnerability("CVE-2026-1234", "high", "libssl3", aliases=("GHSA-aaaa-bbbb-cccc",)),), {}),
    "longer": ((vulnerability("CVE-2026-12345", "low", "zlib"),), {}),
    "clean": ((), {}),
    "excused": (
        (vulnerability("CVE-2026-1234", "critical", "libssl3"),),
        {"vex": (statement(Exploitability.NOT_AFFECTED, id="CVE-2026-1234"),)},
    ),
    "ungraded": ((vulnerability("CVE-2026-9999", "unknown", "zlib"),), {}),
    "numbers": ((), {"vulnerabilities": None, "counts": {Severity.HIGH: 1}}),
    "old": ((), {"at": NOW - timedelta(days=90)}),
    "failed": ((), {"complete": False}),
    "unseen": None,
}


@pytest.mark.parametrize(
    ("text", "yes", "undecided"),
    [
        ("cve:CVE-2026-1234", "hit excused", "numbers old failed unseen"),
        ("cve:cve-2026-1234", "hit excused", "numbers old failed unseen"),
        ("cve:GHSA-aaaa-bbbb-cccc", "hit", "numbers old failed unseen"),
        ("cve:CVE-2026-12", "hit longer excused", "numbers old failed unseen"),
        ("cve:CVE-2026-1234*", "hit longer excused", "numbers old failed unseen"),
        ("cve:CVE-2026-4321", "", "numbers old failed unseen"),
        ("-cve:CVE-2026-1234", "longer clean ungraded", "numbers old failed unseen"),
        ("pkg:ssl", "hit excused", "numbers old failed unseen"),
        ("pkg:zlib", "longer ungraded", "numbers old failed unseen"),
        ("sev>=high", "hit numbers", "ungraded old failed unseen"),
        ("sev:low", "longer", "ungraded numbers old failed unseen"),
        ("sev<high", "longer", "ungraded numbers old failed unseen"),
        ("sev>medium -sev:high", "", "ungraded old failed unseen"),
        ("sev<=high", "hit longer numbers", "ungraded old failed unseen"),
    ],
)
def test_finds(text: str, yes: str, undecided: str) -> None:
    snapshot = estate()
    found = QueryIndex(snapshot).find(parse_query(text).terms, NOW)
    assert {key.repository for key in found.images} == set(yes.split())
    assert found.undecided == len(undecided.split())


def test_a_lost_scanner_leaves_open_what_it_did_not_find_and_keeps_what_it_found() -> None:
    snapshot = estate(SourceState.FAILED)
    found = QueryIndex(snapshot).find(parse_query("cve:CVE-2026-1234").terms, NOW)
    assert {key.repository for key in found.images} == {"hit", "excused"}
    assert found.undecided == len(_REPORTS) - 2
