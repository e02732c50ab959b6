"""Checks on indexes: what is known of one platform says nothing of another, and the worst platform decides."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from tests.domain.scan_kit import LATELY, report, set_up, statement, tell, vulnerability
from tests.domain.world import AMD, ARM, A, World, check, image
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.events import ClaimsRead, ConfigRead, ScansSeen, SourceId, SourceKind
from tui.domain.facts.image import Claim, ClaimKind, HistoryEntry, Platform
from tui.domain.facts.scan import Exploitability, Severity
from tui.domain.policy.policy import Policy, Rules

APP = f"{A}/app"
OLD = LATELY - timedelta(days=400)
RULES = Rules(scan_fail_on=Severity.HIGH, scan_max_age=30, scan_missing=State.FAIL)


def named_digests(world: World, index: str) -> dict[str, str]:
    """The digests of an index, of its platforms and of their configs, by short names."""
    digests = dict(zip(("index", "amd", "arm"), image(world.snapshot(), index).digests, strict=True))
    facts = world.inventory().freeze().images
    configs = {name: facts.manifests[digests[name]].config for name in ("amd", "arm")}
    return digests | {f"{name} config": config.digest for name, config in configs.items() if config is not None}


def scanned(*reports: str, rules: Rules = RULES) -> Check:
    """The check `scan` of an index of two platforms; a report is `WHAT` with `old` or `bad` before it."""
    world = World()
    set_up(world, "Trivy")
    index = world.index(APP, "x", "1")
    digests = named_digests(world, index)
    for number, each in enumerate(reports):
        what = each.removeprefix("old ").removeprefix("bad ")
        found = (vulnerability(),) if each.startswith("bad") else ()
        at = OLD if each.startswith("old") else LATELY
        tell(world, report(digests[what], *found, scanner=f"Scanner{number}", at=at))
    return check(image(world.snapshot(Policy("test", rules)), index), CheckName.SCAN)


@pytest.mark.parametrize(
    ("reports", "state", "words"),
    [
        (("index",), State.PASS, ""),
        (("amd", "arm"), State.PASS, ""),
        (("amd config", "arm config"), State.PASS, ""),
        (("amd", "arm config"), State.PASS, ""),
        (("amd",), State.UNKNOWN, "No report is about linux/arm64, which it could run."),
        (("arm config",), State.UNKNOWN, "No report is about linux/amd64"),
        (("amd", "old arm"), State.UNKNOWN, "linux/arm64: The newest report is of"),
        (("old index", "amd"), State.UNKNOWN, "linux/arm64: The newest report is of"),
        (("old index", "amd", "arm"), State.PASS, ""),
        (("amd", "bad arm"), State.FAIL, "1 critical"),
        (("bad amd",), State.FAIL, "1 critical"),
    ],
    ids=str,
)
def test_a_scan_of_one_platform_is_none_of_another(reports: tuple[str, ...], state: State, words: str) -> None:
    found = scanned(*reports)
    assert (found.state, words in found.reason) == (state, True), found.reason


@pytest.mark.parametrize(
    ("reports", "state", "words"),
    [
        ((("amd config", ""),), State.UNKNOWN, "No report is about linux/arm64"),
        ((("", "amd64"),), State.UNKNOWN, "No report is about linux/arm64"),
        ((("amd", ""),), State.UNKNOWN, "No report is about linux/arm64"),
        ((("arm config", "amd64"),), State.UNKNOWN, "No report is about linux/amd64"),
        ((("amd config", ""), ("arm config", "")), State.PASS, ""),
        ((("", "amd64"), ("", "arm64")), State.PASS, ""),
        ((("index", ""),), State.PASS, ""),
        ((("", "s390x"),), State.PASS, ""),
    ],
    ids=str,
)
def test_a_scan_that_names_the_index_is_about_the_platform_that_it_looked_at(
    reports: tuple[tuple[str, str], ...], state: State, words: str
) -> None:
    """Trivy and Grype name what the reference resolved to, and look at one platform of it."""
    world = World()
    set_up(world, "Trivy")
    index = world.index(APP, "x", "1")
    digests = named_digests(world, index)
    scans = [
        report(index, key=str(number), config=digests.get(config, ""), architecture=architecture)
        for number, (config, architecture) in enumerate(reports)
    ]
    world.tell(ScansSeen(scans[0].source, 1, tuple(scans)))
    found = check(image(world.snapshot(Policy("test", RULES)), index), CheckName.SCAN)
    assert (found.state, words in found.reason) == (state, True), found.reason


def test_a_scan_that_names_an_index_and_its_platform_is_about_that_platform_wherever_it_is() -> None:
    world = World()
    index = world.index(APP, "x", "1")
    alone = world.manifest("b.example.com/app", "x", "arm", platform=ARM, salt="alone")
    tell(world, report(index, vulnerability(), config=named_digests(world, index)["arm config"]))
    snapshot = world.snapshot()
    assert [len(image(snapshot, digest).vulnerabilities) for digest in (index, alone)] == [1, 1]


@pytest.mark.parametrize(
    ("about", "state"),
    [
        ((("index", ""),), State.PASS),
        ((("amd", ""),), State.FAIL),
        ((("index", "amd64"),), State.FAIL),
        ((("index", "s390x"),), State.FAIL),
        ((("amd", ""), ("arm", "")), State.PASS),
        ((("index", "amd64"), ("index", "arm64")), State.PASS),
        ((("amd", ""), ("index", "arm64")), State.PASS),
    ],
    ids=str,
)
def test_a_statement_about_one_platform_clears_nothing_of_another(about: tuple[tuple[str, str], ...], state: State) -> None:
    """purl-spec, `oci`: `arch` is the platform that a package URL is about."""
    world = World()
    set_up(world, "Trivy", "Vex")
    index = world.index(APP, "x", "1")
    digests = named_digests(world, index)
    tell(world, report(index, vulnerability()))
    named = (msgspec.structs.replace(report(digests[what], scanner="Vex"), architecture=of) for what, of in about)
    cleared = (statement(Exploitability.NOT_AFFECTED),)
    statements = [
        msgspec.structs.replace(each, key=str(number), vulnerabilities=None, vex=cleared) for number, each in enumerate(named)
    ]
    world.tell(ScansSeen(statements[0].source, 1, tuple(statements)))
    assert check(image(world.snapshot(Policy("test", RULES)), index), CheckName.SCAN).state is state


def test_a_policy_that_asks_for_no_scan_asks_for_none_of_a_platform() -> None:
    rules = Rules(scan_fail_on=Severity.HIGH, scan_max_age=30, scan_missing=State.OFF)
    assert scanned("amd", rules=rules).state is State.PASS


DEBIAN = "# debian.sh --arch 'amd64' out/ '{}' '@1733097600'"  # docker-library/repo-info


@pytest.mark.parametrize(
    ("releases", "state"),
    [
        ({AMD: "trixie", ARM: "trixie"}, State.PASS),
        ({AMD: "trixie", ARM: "buster"}, State.FAIL),
        ({AMD: "buster", ARM: "trixie"}, State.FAIL),
    ],
    ids=str,
)
def test_the_platform_whose_system_ended_first_decides(releases: dict[Platform, str], state: State) -> None:
    world = World()
    index = world.index(APP, "x", "1")
    world.events = [
        ConfigRead(msgspec.structs.replace(each.config, history=(HistoryEntry(DEBIAN.format(releases[each.config.platform])),)))
        if isinstance(each, ConfigRead)
        else each
        for each in world.events
    ]
    found = check(image(world.snapshot(), index), CheckName.BASE)
    assert (found.state, "has had no fixes since" in found.reason) == (state, state is State.FAIL), found.reason


def test_scratch_is_said_of_every_platform_or_of_none() -> None:
    world = World()
    index = world.index(APP, "x", "1")
    amd, arm = image(world.snapshot(), index).digests[1:]
    world.tell(ClaimsRead(SourceId(SourceKind.SIGNATURES, "test"), amd, (Claim(ClaimKind.PROVENANCE, scratch=True),)))
    assert check(image(world.snapshot(), index), CheckName.BASE).state is not State.PASS
    world.tell(ClaimsRead(SourceId(SourceKind.SIGNATURES, "test"), arm, (Claim(ClaimKind.PROVENANCE, scratch=True),)))
    assert check(image(world.snapshot(), index), CheckName.BASE).state is State.PASS
