"""Findings: what is put together, how wide, in which order, and that nothing which is not fine is left out."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import msgspec
import pytest

from tests.domain.scan_kit import report, set_up, tell, vulnerability
from tests.domain.world import A, World
from tests.estates import NOW, Builder, check, company
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.admission import Constraint, Enforcement, Gate
from tui.domain.facts.scan import Exploitability, ImageVulnerability, Severity, Vex, Vulnerability
from tui.domain.policy.policy import Policy
from tui.domain.policy.rules import Rules, Unfixed
from tui.domain.policy.waivers import PolicyException
from tui.domain.query.finding import START, Finding, FindingGrouping
from tui.domain.query.findings import find
from tui.domain.query.findings_asked import find_asked
from tui.domain.query.language import Term
from tui.domain.query.query import Query, parse_query
from tui.domain.snapshot.snapshot import Snapshot


def scanned() -> Snapshot:
    """Two images that carry one vulnerability of their base; the second has one more that somebody excused."""
    build = Builder()
    bad = check(CheckName.SCAN, State.FAIL, "1 critical", "1 critical")
    base = build.image("base/debian:12", days=3)
    ssl = ImageVulnerability("CVE-2026-1", Severity.CRITICAL, "openssl", "3.0.1", "3.0.2", from_base=True, base="base/debian:12")
    zlib = ImageVulnerability("CVE-2026-2", Severity.HIGH, "zlib", vex=Vex("CVE-2026-2", Exploitability.NOT_AFFECTED, "us"))
    for name, inside in (("api:1", (ssl,)), ("web:1", (ssl, zlib))):
        image = build.image(name, bad, on=base)
        build.images[image] = msgspec.structs.replace(build.images[image], vulnerabilities=inside)
        build.run(f"prod/shop/Deployment/{name[:3]}", image, 3)
    return build.freeze()


def test_one_row_for_each_problem_worst_and_widest_first() -> None:
    found = find(company())
    first = (CheckName.IDENTITY, CheckName.SIGNATURE, CheckName.REGISTRY, START)
    ranks = [(each.state.severity, each.check in first, each.pods) for each in found]
    assert ranks == sorted(ranks, reverse=True)
    assert len({each.key for each in found}) == len(found)


@pytest.mark.parametrize("grouping", FindingGrouping)
def test_every_row_names_something_that_is_there(grouping: FindingGrouping) -> None:
    snapshot = company()
    for each in find(snapshot, grouping):
        assert each.what
        assert set(each.images) <= set(snapshot.images)
        assert set(each.workloads) <= set(snapshot.workloads)
        assert each.images or each.workloads


def test_every_image_that_is_not_fine_is_in_some_row() -> None:
    snapshot = company()
    told = {key for each in find(snapshot) for key in each.images}
    assert {key for key, image in snapshot.images.items() if image.verdict is not State.PASS} <= told


def test_pods_that_cannot_start_are_a_problem_of_their_own() -> None:
    [stuck] = [each for each in find(company()) if each.check == START]
    assert "no tag 2.1 in contoso.azurecr.io" in stuck.what
    assert stuck.pods == 2


def test_a_vulnerability_is_one_row_with_where_it_runs_and_what_mends_it() -> None:
    [row] = find(scanned())
    assert row.what == "CVE-2026-1 critical openssl"
    assert row.fix == "Update openssl to 3.0.2 in base/debian:12, then rebuild this image."
    assert (len(row.images), len(row.workloads), row.pods, row.state) == (2, 2, 6, State.FAIL)


def test_one_vulnerability_in_several_packages_is_one_row() -> None:
    snapshot = scanned()
    images = dict(snapshot.images)
    for key, image in images.items():
        more = tuple(
            msgspec.structs.replace(each, package="libssl3") for each in image.vulnerabilities if each.package == "openssl"
        )
        images[key] = msgspec.structs.replace(image, vulnerabilities=(*image.vulnerabilities, *more))
    [row] = find(dataclasses.replace(snapshot, images=images))
    assert (row.what, row.packages) == ("CVE-2026-1 critical openssl +1", ("openssl", "libssl3"))
    assert (len(row.images), row.pods) == (2, 6)


def test_what_a_gate_would_refuse_if_it_denied() -> None:
    snapshot = scanned()
    only_noted = Constraint("prod", "K8sAllowedImages", "ours", Enforcement.DRYRUN, images="^ghcr.io/.*$", title="Allowed images")
    gates = {"prod": Gate(SourceId(SourceKind.ADMISSION, "prod"), (only_noted,))}
    [row] = find(dataclasses.replace(snapshot, gates=gates), FindingGrouping.REHEARSAL)
    assert (row.state, row.what) == (State.WARN, "Allowed images would refuse (prod)")
    assert (len(row.images), len(row.workloads), row.pods) == (2, 2, 6)
    assert "does not allow the image" in row.fix
    assert not find(snapshot, FindingGrouping.REHEARSAL)


def test_since_when_is_told_where_facts_tell() -> None:
    build = Builder()
    image = build.image("api:1", check(CheckName.REGISTRY, State.FAIL, "untrusted registry"))
    build.images[image] = msgspec.structs.replace(build.images[image], pushed=NOW)
    [row] = find(build.freeze())
    assert row.since == NOW


def test_by_vulnerability_what_was_excused_is_left_out() -> None:
    assert [each.what for each in find(scanned(), FindingGrouping.CVE)] == ["CVE-2026-1 critical openssl"]


def test_by_base_and_team() -> None:
    assert [each.what for each in find(scanned(), FindingGrouping.BASE)] == ["built on base/debian"]
    assert [each.what for each in find(scanned(), FindingGrouping.TEAM)] == ["no team named"]


def test_what_is_asked_for_only() -> None:
    snapshot = scanned()
    one = next(key for key in snapshot.images if key.repository == "api")
    [row] = find(snapshot, images={one}, workloads=set(snapshot.users[one]))
    assert (row.images, row.pods, row.spread) == ((one,), 3, (3,))
    [row] = find(snapshot, images={one}, workloads=set())
    assert (row.images, row.workloads, row.pods) == ((one,), (), 0)


def test_a_pod_with_two_containers_that_have_a_problem_is_one_pod() -> None:
    build = Builder()
    images = [build.image(name, check(CheckName.SIGNATURE, State.FAIL, "unsigned")) for name in ("api:1", "proxy:1")]
    build.run("prod/shop/Deployment/api", images[0], 3)
    snapshot = build.freeze()
    (key, workload), *_ = snapshot.workloads.items()
    sidecar = msgspec.structs.replace(workload.containers[0], name="proxy", runs=(images[1],), pods=3)
    refs = tuple(msgspec.structs.replace(pod, runs=images[1]) for pod in sidecar.pod_refs)
    sidecar = msgspec.structs.replace(sidecar, pod_refs=refs)
    both = msgspec.structs.replace(workload, containers=(*workload.containers, sidecar))
    [row] = find(dataclasses.replace(snapshot, workloads={key: both}))
    assert (len(row.images), row.pods) == (2, 3)


@pytest.mark.parametrize(
    ("text", "whats"),
    [
        ("openssl", {"CVE-2026-1 critical openssl"}),
        ("rebuild", {"CVE-2026-1 critical openssl"}),
        ("scan", {"CVE-2026-1 critical openssl"}),
        ("api", {"CVE-2026-1 critical openssl"}),
        ("openssl api", {"CVE-2026-1 critical openssl"}),
        ("openssl -critical", set()),
        ("-openssl", set()),
        ("openssl nowhere", set()),
        ("zlib", set()),
    ],
)
def test_a_word_matches_the_own_text_of_a_finding_or_what_it_is_about(text: str, whats: set[str]) -> None:
    assert {each.what for each in asked(text)} == whats


@pytest.mark.parametrize(("text", "repositories", "pods"), [("openssl", {"api", "web"}, 6), ("openssl api", {"api"}, 3)])
def test_a_word_of_its_own_text_narrows_no_finding_and_a_name_does(text: str, repositories: set[str], pods: int) -> None:
    [row] = asked(text)
    assert ({key.repository for key in row.images}, row.pods) == (repositories, pods)


def asked(text: str) -> list[Finding]:
    """The findings of `scanned` that a query is about."""
    snapshot = scanned()

    def search(terms: tuple[Term, ...]) -> list[Finding]:
        chosen = Query(terms).images(snapshot, NOW)
        return find(snapshot, images=chosen.images, workloads=chosen.workloads)

    return find_asked(parse_query(text).terms, search)


def judged(rules: Rules, *found: Vulnerability) -> dict[tuple[str, str], State]:
    """The findings of one scanned image that runs, by their grouping and first word, with their states."""
    world = World()
    digest = world.manifest(f"{A}/app", "a", "1")
    world.run("shop/app", f"{A}/app:1", f"{A}/app@{digest}")
    set_up(world, "trivy")
    tell(world, report(digest, *found))
    snapshot = world.snapshot(Policy("p", rules))
    rows = [each for grouping in (FindingGrouping.PROBLEM, FindingGrouping.CVE) for each in find(snapshot, grouping)]
    return {(each.key.grouping.value, each.what.split()[0]): each.state for each in rows if each.check == "scan"}


CRITICAL, HIGH, MEDIUM = (vulnerability(f"CVE-2026-000{at}", each) for at, each in enumerate(("critical", "high", "medium")))
UNFIXED = vulnerability("CVE-2026-0009", "critical", fixed="")


@pytest.mark.parametrize(
    ("rules", "found", "problems", "cves"),
    [
        (
            Rules(scan_fail_on=Severity.CRITICAL, scan_warn_on=Severity.HIGH),
            (CRITICAL, HIGH, MEDIUM),
            "fail warn -",
            "fail warn pass",
        ),
        (Rules(scan_fail_on=Severity.CRITICAL, scan_warn_on=None), (CRITICAL, HIGH), "fail -", "fail pass"),
        (Rules(scan_fail_on=Severity.MEDIUM, scan_warn_on=None), (CRITICAL, MEDIUM), "fail fail", "fail fail"),
        (Rules(scan_fail_on=None, scan_warn_on=Severity.HIGH), (CRITICAL, HIGH), "warn warn", "warn warn"),
        (Rules(scan_fail_on=Severity.HIGH, scan_unfixed=Unfixed.WARN), (UNFIXED, HIGH), "warn fail", "warn fail"),
        (Rules(scan_fail_on=Severity.HIGH, scan_unfixed=Unfixed.IGNORE), (UNFIXED, HIGH), "- fail", "pass fail"),
    ],
)
def test_the_state_of_a_vulnerability_is_what_the_policy_says_of_it(
    rules: Rules, found: tuple[Vulnerability, ...], problems: str, cves: str
) -> None:
    states = judged(rules, *found)
    assert " ".join(states.get(("problem", each.id), "-") for each in found) == problems
    assert " ".join(states[("cve", each.id)] for each in found) == cves


def test_what_an_exception_accepts_is_not_shown_as_failing() -> None:
    accepted = PolicyException("r-1", "mended in May", "us", NOW + timedelta(days=30), cves=(CRITICAL.id,))
    states = judged(Rules(scan_fail_on=Severity.HIGH, exceptions=(accepted,)), CRITICAL, HIGH)
    assert (states["problem", CRITICAL.id], states["problem", HIGH.id]) == (State.WARN, State.FAIL)
    assert states["cve", CRITICAL.id] is State.WARN


def test_what_is_not_what_it_should_be_stands_before_vulnerabilities_of_the_same_state() -> None:
    build = Builder()
    bad, unsigned = check(CheckName.SCAN, State.FAIL, "1 critical"), check(CheckName.SIGNATURE, State.FAIL, "unsigned")
    ssl = ImageVulnerability("CVE-2026-1", Severity.CRITICAL, "openssl", fixed="3.0.2")
    for name, said, pods in (("api:1", bad, 90), ("web:1", unsigned, 1)):
        image = build.image(name, said)
        build.images[image] = msgspec.structs.replace(build.images[image], vulnerabilities=(ssl,) if said is bad else ())
        build.run(f"prod/shop/Deployment/{name[:3]}", image, pods)
    assert [each.check for each in find(build.freeze())] == ["signature", "scan"]
