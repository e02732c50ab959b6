"""How a part of the estate stands: the same numbers as the header, the rows and the query language give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from tests.domain import estates as e
from tests.estates import NOW, company, huge
from tui.domain.answers.scorecard import Scope, scopes_of, scorecard
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.events import SignaturesVerified
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.scan import ScanReport
from tui.domain.facts.signature import Outcome, SignatureSystem, Verdict
from tui.domain.query.query import parse_query
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot, Workload
from tui.domain.workloads.counting import running_images
from tui.domain.workloads.pods_under import pods_under
from tui.presenters.running import running_of

ESTATES: dict[str, Callable[[], Snapshot]] = {"company": company, "small": e.estate, "huge": lambda: huge(300)}


@pytest.fixture(params=ESTATES, ids=list(ESTATES))
def snapshot(request: pytest.FixtureRequest) -> Snapshot:
    return ESTATES[request.param]()


def test_of_everything_the_numbers_are_the_headers(snapshot: Snapshot) -> None:
    card, running = scorecard(snapshot, Scope()), running_of(snapshot)
    assert (card.images, card.checks) == (running.images, running.checks)
    assert card.workloads == {state: number for state, number in snapshot.summary.workloads.items() if number}


def query_of(scope: Scope) -> str:
    words = {"ctx": scope.cluster, "ns": scope.namespace, "team": scope.team}
    return " ".join(f'{key}:"{value}"' for key, value in words.items() if value)


def test_of_a_place_the_numbers_are_those_of_a_query(snapshot: Snapshot) -> None:
    for scope, workloads in scopes_of(snapshot):
        card = scorecard(snapshot, scope)
        found = parse_query(query_of(scope)).images(snapshot, NOW)
        assert workloads == found.workloads
        assert sum(card.workloads.values()) == len(found.workloads)
        running = parse_query(f"{query_of(scope)} is:running").images(snapshot, NOW)
        assert card.images == len(running.images)
        assert card.verdicts == Counter(snapshot.images[key].verdict for key in running.images)


def test_each_check_is_counted_once_for_each_image(snapshot: Snapshot) -> None:
    card = scorecard(snapshot, Scope())
    assert all(sum(counts.values()) <= card.images for counts in card.checks.values())
    assert sum(card.verdicts.values()) == card.images


def test_under_a_base_counts_what_runs_and_stands_on_it(snapshot: Snapshot) -> None:
    for base in (*snapshot.bases, *snapshot.derived):
        under = {key for key in running_images(snapshot) if base in _chain(key, snapshot)}
        card = scorecard(snapshot, Scope(base=base))
        assert card.images == len(under & snapshot.images.keys())
        assert card.pods == pods_under(snapshot).get(base, 0)


def _chain(key: ImageKey, snapshot: Snapshot) -> list[ImageKey]:
    chain = [key]
    while (node := snapshot.images.get(chain[-1]) or snapshot.bases.get(chain[-1])) is not None and node.base is not None:
        chain.append(node.base.base)
    return chain


def covered(image: Image) -> tuple[int, int, int, int]:
    snapshot = e.estate()
    alone = replace(snapshot, images={**snapshot.images, e.API: image}, workloads={e.WEB: _only_api(snapshot)})
    card = scorecard(alone, Scope())
    assert card.images == 1
    return (card.scanned.covered, card.scanned.unknown, card.signed.covered, card.signed.unknown)


def _only_api(snapshot: Snapshot) -> Workload:
    workload = snapshot.workloads[e.WEB]
    crews = tuple(msgspec.structs.replace(crew, images=(e.API,)) for crew in workload.crews if e.API in crew.images)
    return msgspec.structs.replace(workload, crews=crews)


REPORT = ScanReport(SourceId(SourceKind.SCANNER, "trivy"), "Trivy", "1", e.NOW, digest=e.API.digest)
OUTCOME = Outcome(SignatureSystem.NOTATION, Verdict.VALID, "ok")
ACCEPTED = SignaturesVerified(
    SourceId(SourceKind.SIGNATURES), RepositoryName(e.ACR, "payments/api"), e.API.digest, (OUTCOME,), e.NOW
)


@pytest.mark.parametrize(
    ("scan", "reports", "gap", "expected"),
    [
        (State.PASS, (REPORT,), "", (1, 0)),
        (State.FAIL, (REPORT,), "", (1, 0)),
        (State.UNKNOWN, (REPORT,), "The newest report is too old.", (0, 1)),
        (State.UNKNOWN, (), "", (0, 1)),
        (State.FAIL, (), "", (0, 0)),
    ],
)
def test_scanned_is_what_has_a_whole_and_recent_report(
    scan: State, reports: tuple[ScanReport, ...], gap: str, expected: tuple[int, int]
) -> None:
    image = msgspec.structs.replace(
        e.estate().images[e.API], checks=(e.check(CheckName.SCAN, scan),), scans=reports, scan_gap=gap
    )
    assert covered(image)[:2] == expected


@pytest.mark.parametrize(
    ("signature", "signatures", "expected"),
    [
        (State.PASS, (), (1, 0)),
        (State.WARN, (ACCEPTED,), (1, 0)),
        (State.WARN, (), (0, 0)),
        (State.FAIL, (ACCEPTED,), (0, 0)),
        (State.UNKNOWN, (ACCEPTED,), (0, 1)),
        (State.OFF, (ACCEPTED,), (1, 0)),
        (State.OFF, (), (0, 0)),
    ],
)
def test_signed_is_what_has_an_accepted_signature(
    signature: State, signatures: tuple[SignaturesVerified, ...], expected: tuple[int, int]
) -> None:
    checks = (e.check(CheckName.SIGNATURE, signature),)
    image = msgspec.structs.replace(e.estate().images[e.API], checks=checks, signatures=signatures)
    assert covered(image)[2:] == expected


def test_the_worst_come_first_and_what_is_fine_is_none_of_them() -> None:
    snapshot = company()
    card = scorecard(snapshot, Scope())
    severities = [snapshot.images[key].verdict.severity for key, _ in card.worst]
    assert severities == sorted(severities, reverse=True)
    assert len(card.worst) <= 5
    assert len(card.findings) <= 5 <= card.problems
    assert not [key for key, _ in card.worst if snapshot.images[key].verdict is State.PASS]
