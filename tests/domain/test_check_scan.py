"""The check `scan`: recent, whole, below the thresholds; everything else is unknown and says why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.domain.scan_kit import CVE, LATELY, report, set_up, statement, tell, vulnerability
from tests.domain.world import NOW, World, check, image, name_of
from tui.domain.assemble.assemble import Assembler
from tui.domain.common.source_id import sources_text
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.events import ScansSeen, SourceId, SourceKind, SourceState
from tui.domain.facts.scan import Exploitability, ScanReport, Severity
from tui.domain.policy.policy import Policy, built_in
from tui.domain.policy.rules import Rules, Unfixed
from tui.domain.policy.waivers import PolicyException
from tui.domain.snapshot.snapshot import Snapshot

APP = "a.azurecr.io/app"


def verdict(*reports: ScanReport, rules: Rules | None = None, scanners: tuple[str, ...] = ("Trivy",)) -> Check:
    """The check of one image with reports on `APP`."""
    world = World()
    app = world.manifest(APP, "app", "1")
    set_up(world, *scanners)
    tell(world, *(on(app, each) for each in reports))
    return check(image(world.snapshot(Policy("test", rules or Rules())), app), CheckName.SCAN)


def on(app: str, each: ScanReport) -> ScanReport:
    """A report that was made for no digest, on this one."""
    return report(app, scanner=each.scanner, at=each.scanned_at, **{name: getattr(each, name) for name in _FIELDS})


_FIELDS = ("vulnerabilities", "counts", "complete", "reason", "vex", "os", "end_of_life", "scanned", "database_made")


def saying(*found: Any, **more: Any) -> ScanReport:
    """What some scanner says."""
    return report("", *found, **more)


def test_without_a_scanner_nothing_is_asked() -> None:
    answer = verdict(scanners=())
    assert (answer.state, answer.reason) == (State.OFF, "No scanner is set up, and the policy does not ask for one.")


def test_a_policy_that_asks_for_scans_is_not_met_without_a_scanner() -> None:
    answer = verdict(scanners=(), rules=Rules(scan_missing=State.FAIL, origins=(("scan_missing", "test"),)))
    assert (answer.state, answer.brief) == (State.FAIL, "not scanned")


def test_no_report_is_unknown() -> None:
    answer = verdict()
    assert (answer.state, answer.reason) == (State.UNKNOWN, "trivy has no report on it.")


def test_no_report_may_fail() -> None:
    assert verdict(rules=Rules(scan_missing=State.FAIL)).state is State.FAIL


@pytest.mark.parametrize("state", [SourceState.LOADING, SourceState.PARTIAL, SourceState.FAILED])
def test_no_report_of_a_scanner_that_was_not_heard_out_is_unknown_whatever_the_policy(state: SourceState) -> None:
    world = World()
    app = world.manifest(APP, "app", "1")
    set_up(world, "Trivy", state=state, error="HTTP 403")
    answer = check(image(world.snapshot(Policy("test", Rules(scan_missing=State.FAIL))), app), CheckName.SCAN)
    assert answer.state is State.UNKNOWN
    assert "trivy" in answer.reason


def test_clean_and_recent_passes() -> None:
    answer = verdict(saying())
    assert (answer.state, sources_text(answer.sources), answer.as_of) == (State.PASS, "scanner/trivy", LATELY)
    assert answer.reason == "No vulnerability counts that is high or worse. Scanned by Trivy."


@pytest.mark.parametrize(
    ("severity", "state"),
    [
        ("critical", State.FAIL),
        ("high", State.WARN),
        ("medium", State.PASS),
        ("negligible", State.PASS),
        ("unknown", State.UNKNOWN),
    ],
)
def test_thresholds(severity: str, state: State) -> None:
    assert verdict(saying(vulnerability(severity=severity))).state is state


def test_what_fails_is_named_with_what_mends_it() -> None:
    answer = verdict(saying(vulnerability(), vulnerability("CVE-2026-0002", "high")))
    assert (answer.state, answer.brief) == (State.FAIL, "1 critical")
    assert answer.reason == f"It has 1 critical vulnerability: {CVE}. Scanned by Trivy."
    assert answer.remedy == "Update openssl to 3.1, then rebuild."
    assert answer.rule == "scan.fail_on = critical (built in)"


@pytest.mark.parametrize(
    ("unfixed", "state"), [(Unfixed.COUNT, State.FAIL), (Unfixed.WARN, State.WARN), (Unfixed.IGNORE, State.PASS)]
)
def test_what_cannot_be_mended_counts_as_the_policy_says(unfixed: Unfixed, state: State) -> None:
    assert verdict(saying(vulnerability(fixed="")), rules=Rules(scan_unfixed=unfixed)).state is state


@pytest.mark.parametrize(
    ("found", "brief"),
    [
        (saying(at=NOW - timedelta(days=8)), "scan too old"),
        (saying(at=None), "scan of unknown age"),
        (saying(complete=False, reason="out of memory"), "scan failed"),
        (saying(complete=False, vulnerabilities=None), "scan failed"),
    ],
    ids=["old", "undated", "failed", "failed without a word"],
)
def test_clean_but_not_to_be_believed_is_unknown(found: ScanReport, brief: str) -> None:
    answer = verdict(found)
    assert (answer.state, answer.brief) == (State.UNKNOWN, brief)


def test_age_is_not_asked_where_the_policy_says_so() -> None:
    assert verdict(saying(at=NOW - timedelta(days=800)), rules=Rules(scan_max_age=0)).state is State.PASS


def test_a_scan_knows_no_more_than_the_database_that_it_looked_into() -> None:
    old = NOW - timedelta(days=30)
    answer = verdict(saying(database_made=old))
    assert (answer.state, answer.brief) == (State.UNKNOWN, "database too old")
    assert f"Trivy looked into a database of {old:%Y-%m-%d}, more than 7 days old." in answer.reason
    assert verdict(saying(database_made=NOW - timedelta(days=5))).state is State.PASS
    assert verdict(saying(database_made=old), rules=Rules(scan_max_age=0)).state is State.PASS
    assert verdict(saying(database_made=old), saying(scanner="Grype")).state is State.PASS
    assert verdict(saying(vulnerability(), database_made=old)).state is State.FAIL


def test_what_an_old_or_failed_report_found_is_there_all_the_same() -> None:
    assert verdict(saying(vulnerability(), at=NOW - timedelta(days=800))).state is State.FAIL
    assert verdict(saying(vulnerability(), complete=False)).state is State.FAIL
    assert verdict(saying(vulnerability(severity="high"), complete=False)).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("counts", "unfixed", "state"),
    [
        ({}, Unfixed.COUNT, State.PASS),
        ({Severity.CRITICAL: 0, Severity.LOW: 3}, Unfixed.COUNT, State.PASS),
        ({Severity.CRITICAL: 2}, Unfixed.COUNT, State.FAIL),
        ({Severity.HIGH: 2}, Unfixed.COUNT, State.WARN),
        ({Severity.UNKNOWN: 1}, Unfixed.COUNT, State.UNKNOWN),
        ({Severity.CRITICAL: 2}, Unfixed.IGNORE, State.UNKNOWN),
    ],
)
def test_numbers_alone(counts: dict[Severity, int], unfixed: Unfixed, state: State) -> None:
    found = saying(vulnerabilities=None, counts=counts)
    assert verdict(found, rules=Rules(scan_unfixed=unfixed)).state is state


def test_the_stricter_of_two_scanners_decides() -> None:
    answer = verdict(saying(), saying(vulnerability(), scanner="Aqua"), scanners=("Trivy", "Aqua"))
    assert (answer.state, sources_text(answer.sources)) == (State.FAIL, "scanner/aqua, scanner/trivy")
    assert answer.reason.endswith("Scanned by Aqua and Trivy. The scanners disagree.")


def test_a_scanner_that_one_report_names_with_its_version_is_one() -> None:
    answer = verdict(
        *(saying(scanner=name) for name in ("Trivy", "Trivy 0.67.2", "Aqua")), scanners=("Trivy", "Trivy 0.67.2", "Aqua")
    )
    assert answer.reason.endswith("Scanned by Aqua and Trivy 0.67.2.")


def test_nobody_of_several_has_a_report() -> None:
    answer = verdict(scanners=("Aqua", "Grype", "Trivy"))
    assert (answer.state, answer.reason) == (State.UNKNOWN, "None of the 3 scanners that are set up has a report on it.")


def test_one_fresh_report_is_enough() -> None:
    old = saying(scanner="Aqua", at=datetime(2020, 1, 1, tzinfo=NOW.tzinfo))
    assert verdict(saying(), old, scanners=("Trivy", "Aqua")).state is State.PASS


def test_a_statement_takes_it_out_of_the_count_and_its_author_is_named() -> None:
    vex = (statement(Exploitability.NOT_AFFECTED, "Product Security"),)
    answer = verdict(saying(vulnerability(), vex=vex))
    assert (answer.state, answer.reason.endswith("1 not counted: stated not to apply by Product Security.")) == (State.PASS, True)


def test_a_statement_alone_is_no_scan() -> None:
    answer = verdict(saying(vulnerabilities=None, vex=(statement(Exploitability.NOT_AFFECTED),)))
    assert (answer.state, answer.brief) == (State.UNKNOWN, "not scanned")


def test_a_report_by_name_says_so() -> None:
    world = World()
    app = world.manifest(APP, "app", "1")
    set_up(world, "Trivy")
    name = image(world.snapshot(), app).name
    tell(world, report("", name=name, tag="1"))
    assert "by its tag only" in check(image(world.snapshot(), app), CheckName.SCAN).reason


@pytest.mark.parametrize(
    ("found", "pushed", "state"),
    [
        ((), None, State.UNKNOWN),
        ((), NOW - timedelta(days=3), State.PASS),
        ((vulnerability(),), None, State.FAIL),
        ((vulnerability(),), NOW - timedelta(days=3), State.FAIL),
    ],
)
def test_that_a_report_by_name_finds_nothing_counts_only_where_it_is_known_since_when_the_tag_names_the_image(
    found: tuple[Any, ...], pushed: datetime | None, state: State
) -> None:
    """Registries other than Azure's tell no times of pushes; an image may be built long before its tag comes to name it."""
    world = World()
    app = world.manifest(APP, "app", "1")
    set_up(world, "Trivy")
    if pushed is not None:
        world.list_manifests(APP, app, pushed=pushed)
    tell(world, report("", *found, name=name_of(APP), tag="1"))
    answer = check(image(world.snapshot(), app), CheckName.SCAN)
    assert (answer.state, "may be about an earlier image" in answer.reason) == (state, state is State.UNKNOWN)


@pytest.mark.parametrize(
    ("found", "own", "beside", "state"),
    [
        ((), True, False, State.PASS),
        ((), False, False, State.UNKNOWN),
        ((), False, True, State.PASS),
        ((vulnerability(),), False, False, State.FAIL),
    ],
)
def test_a_report_with_the_configuration_of_another_image_proves_nothing_of_this_one(
    found: tuple[Any, ...], own: bool, beside: bool, state: State
) -> None:
    """Trivy and Grype tell the configuration that they looked at; a wrapper may say that it is about anything."""
    world = World()
    app, other = world.manifest(APP, "app", "1"), world.manifest(APP, "other", "2")
    set_up(world, "Trivy")
    config = image(world.snapshot(), app if own else other).config_digests[0]
    tell(world, report(app, *found, config=config))
    if beside:
        tell(world, report(app, scanner="Grype"))
    answer = check(image(world.snapshot(), app), CheckName.SCAN)
    assert (answer.state, "which is another image's" in answer.reason) == (state, state is State.UNKNOWN)


def test_a_report_of_tomorrow_takes_the_place_of_none() -> None:
    """A scanner whose clock is wrong, or whoever wants one to look so, has the last word no longer than till it is looked at."""
    world = World()
    app = world.manifest(APP, "app", "1")
    bad, clean = report(app, vulnerability(), key="now"), report(app, key="later", at=NOW + timedelta(days=300))
    world.tell(ScansSeen(bad.source, 1, (bad, clean)))
    for max_age in (30, 0):
        rules = Rules(scan_max_age=max_age)
        answer = check(image(world.snapshot(Policy("test", rules)), app), CheckName.SCAN)
        assert (answer.state, CVE in answer.reason) == (State.FAIL, True)
        answer = verdict(saying(at=NOW + timedelta(days=300)), rules=rules)
        assert (answer.state, "still to come" in answer.reason) == (State.UNKNOWN, True)


def test_a_database_of_tomorrow_is_of_no_known_age() -> None:
    answer = verdict(saying(database_made=NOW + timedelta(days=300)))
    assert (answer.state, answer.brief) == (State.UNKNOWN, "database of unknown age")


def test_a_report_that_was_of_tomorrow_counts_when_its_day_has_come() -> None:
    world = World()
    app = world.manifest(APP, "app", "1")
    set_up(world, "Trivy")
    source = SourceId(SourceKind.SCANNER, "trivy")
    later = report(app, key="later", at=NOW + timedelta(days=2))
    world.tell(ScansSeen(source, 1, (report(app, vulnerability(), key="now"), later)))
    facts, assembler = world.inventory().freeze(), Assembler()
    states = [
        check(image(assembler.assemble(facts, built_in(), NOW + timedelta(days=days)), app), CheckName.SCAN).state
        for days in (0, 3, 0)
    ]
    assert states == [State.FAIL, State.PASS, State.FAIL]


def test_a_statement_of_tomorrow_takes_the_place_of_none() -> None:
    ahead = statement(Exploitability.NOT_AFFECTED, at=NOW + timedelta(days=300))
    assert verdict(saying(vulnerability(), vex=(ahead, statement(Exploitability.AFFECTED)))).state is State.FAIL
    assert verdict(saying(vulnerability(), vex=(ahead,))).state is State.PASS


# ---- exceptions

UNTIL = NOW + timedelta(days=10)
EXCEPTION = PolicyException("EX-1", "not reachable", "Platform", UNTIL, cves=(CVE,))


def test_an_exception_makes_it_a_warning_that_names_who_answers_for_it() -> None:
    answer = verdict(saying(vulnerability()), rules=Rules(exceptions=(EXCEPTION,)))
    assert (answer.state, answer.accepted) == (State.WARN, "EX-1")
    assert "Platform: not reachable (EX-1)" in answer.reason


def test_an_exception_accepts_nothing_else() -> None:
    found = saying(vulnerability(), vulnerability("CVE-2026-0002"))
    answer = verdict(found, rules=Rules(exceptions=(EXCEPTION,)))
    assert (answer.state, answer.accepted) == (State.FAIL, "")
    assert "CVE-2026-0002" in answer.reason
    assert "1 not counted: accepted by EX-1." in answer.reason


def test_an_exception_for_another_digest_is_none() -> None:
    other = PolicyException("EX-2", "why", "who", UNTIL, cves=(CVE,), digests=("sha256:0",))
    assert verdict(saying(vulnerability()), rules=Rules(exceptions=(other,))).state is State.FAIL


def test_an_expired_exception_counts_for_nothing_and_says_so() -> None:
    answer = verdict(saying(vulnerability()), rules=Rules(expired=(EXCEPTION,)))
    assert (answer.state, "EX-1" in answer.reason) == (State.FAIL, True)


# ---- a scanner is lost


def lost(*reports: ScanReport) -> Check:
    world = World()
    app = world.manifest(APP, "app", "1")
    set_up(world, "Aqua")
    set_up(world, "Trivy", state=SourceState.FAILED, error="HTTP 503")
    tell(world, *(on(app, each) for each in reports))
    return check(image(world.snapshot(), app), CheckName.SCAN)


def test_what_a_lost_scanner_said_is_not_known_any_more() -> None:
    for found in (saying(), saying(vulnerability())):
        answer = lost(found)
        assert (answer.state, "HTTP 503" in answer.reason, answer.brief) == (State.UNKNOWN, True, "scanner lost")


def test_another_scanner_still_fails_what_it_fails() -> None:
    assert lost(saying(), saying(vulnerability(), scanner="Aqua")).state is State.FAIL


def test_another_scanner_still_knows_what_only_it_knew() -> None:
    assert lost(saying(scanner="Aqua")).state is State.PASS


# ---- what is no scan, exempt, of tomorrow


def other(what: str = "the bill of materials by trivy holds no scan of vulnerabilities") -> ScanReport:
    """A document that holds no scan."""
    return report("", vulnerabilities=None, complete=False, scanned=False, reason=what)


def test_a_document_without_a_scan_is_unknown_and_says_what_it_is() -> None:
    answer = verdict(other())
    assert (answer.state, answer.brief) == (State.UNKNOWN, "not scanned")
    assert answer.reason == "No scan of it is known: the bill of materials by trivy holds no scan of vulnerabilities."
    assert verdict(other(), rules=Rules(scan_missing=State.FAIL)).state is State.FAIL
    assert verdict(other(), rules=Rules(scan_missing=State.WARN)).state is State.UNKNOWN


def test_a_document_without_a_scan_takes_nothing_from_a_scan_beside_it() -> None:
    beside = report("", scanner="Syft", vulnerabilities=None, complete=False, scanned=False, reason="a bill of materials")
    assert verdict(saying(), beside).state is State.PASS


def test_what_a_console_exempts_counts_and_the_exemption_is_said() -> None:
    answer = verdict(saying(vulnerability(exemption="not applicable in Defender (Exempt: accepted until May)")))
    assert answer.state is State.FAIL
    assert "1 counted though exempt: not applicable in Defender (Exempt: accepted until May)." in answer.reason


def test_a_scan_of_the_day_after_tomorrow_is_of_no_known_age() -> None:
    assert verdict(saying(at=NOW + timedelta(hours=2))).state is State.PASS
    answer = verdict(saying(at=NOW + timedelta(days=2)))
    assert (answer.state, answer.brief) == (State.UNKNOWN, "scan of unknown age")
    assert "still to come" in answer.reason


# ---- statements and reports by name


def named(
    tag: str, *vex: Any, at: datetime | None = LATELY, key: str = "vex.json", repository: str = APP, **more: Any
) -> ScanReport:
    """What a file says of a name."""
    fields = {"vulnerabilities": None, **more}
    return ScanReport(
        SourceId(SourceKind.SCANNER, "files"), "OpenVEX", key, at, name=name_of(repository), tag=tag, vex=vex, **fields
    )


def estate(*reports: ScanReport) -> Snapshot:
    world = World()
    app = world.manifest(APP, "app", "1")
    set_up(world, "Trivy", "files")
    tell(world, report(app, vulnerability()), *reports)
    return world.snapshot()


@pytest.mark.parametrize("tag", ["1", ""])
def test_a_statement_by_name_is_heard_though_a_scan_names_the_digest(tag: str) -> None:
    cleared = estate(named(tag, statement(Exploitability.NOT_AFFECTED)))
    ((found,),) = [each.vulnerabilities for each in cleared.images.values()]
    assert found.vex is not None
    earlier = estate(named("1", statement(Exploitability.NOT_AFFECTED), at=NOW - timedelta(days=400)))
    ((found,),) = [each.vulnerabilities for each in earlier.images.values()]
    assert found.vex is None


def notes(snapshot: Snapshot) -> tuple[str, ...]:
    return next(each.remarks for each in snapshot.sources if each.id == SourceId(SourceKind.SCANNER, "files"))


def test_a_report_that_names_no_image_of_the_estate_is_said_with_what_it_names() -> None:
    assert notes(estate(named("1", statement(Exploitability.FIXED)))) == ()
    (note,) = notes(estate(named("2", statement(Exploitability.FIXED), key="a.json", repository="b.example.com/other")))
    assert note == "a.json is about b.example.com/other:2, which is not an image of the estate: it is not used."
    assert len(notes(estate(*(named(f"v{number}", key=f"{number}.json") for number in range(9))))) == 6


def test_nothing_is_called_unused_while_something_still_loads() -> None:
    world = World()
    world.manifest(APP, "app", "1")
    set_up(world, "files")
    set_up(world, "Trivy", state=SourceState.LOADING)
    tell(world, named("2"))
    assert notes(world.snapshot()) == ()
