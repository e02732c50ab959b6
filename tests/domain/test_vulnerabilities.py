"""Several scanners on one image: one row a vulnerability and package, the stricter decides, disagreement is said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.scan_kit import CVE, LATELY, report, statement, vulnerability
from tests.domain.world import digest
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.facts.scan import NOBODY, Exploitability, ScanReport, Severity, Vex
from tui.domain.scans.vulnerabilities import is_meant, merge, severity_of

IMAGE = digest("image")
NOT_AFFECTED, AFFECTED, FIXED = Exploitability.NOT_AFFECTED, Exploitability.AFFECTED, Exploitability.FIXED


def test_one_row_for_each_vulnerability_and_package() -> None:
    both = report(IMAGE, vulnerability(), vulnerability(package="libssl3"), vulnerability("CVE-2026-2", "low"))
    found = merge((both, report(IMAGE, vulnerability(), scanner="Aqua")))
    assert [(row.id, row.package) for row in found.rows] == [(CVE, "libssl3"), (CVE, "openssl"), ("CVE-2026-2", "openssl")]
    assert found.rows[1].sources == (SourceId(SourceKind.SCANNER, "aqua"), SourceId(SourceKind.SCANNER, "trivy"))


def test_the_stricter_scanner_decides_and_the_other_is_heard() -> None:
    found = merge(
        (
            report(IMAGE, vulnerability(severity="high", fixed="3.1")),
            report(IMAGE, vulnerability(severity="critical", fixed="3.2"), scanner="Aqua"),
            report(IMAGE, scanner="Defender"),
        )
    ).rows
    assert [(row.severity, row.fixed) for row in found] == [(Severity.CRITICAL, "3.2")]
    assert found[0].disagreement == (
        "Aqua says critical, Trivy says high; fixed in 3.1 (Trivy) or 3.2 (Aqua); Defender does not report it."
    )


def test_scanners_that_agree_are_not_said_to_differ() -> None:
    found = merge((report(IMAGE, vulnerability()), report(IMAGE, vulnerability(), scanner="Aqua"))).rows
    assert [row.disagreement for row in found] == [""]


@pytest.mark.parametrize(
    "silent",
    [
        report(IMAGE, scanner="Aqua", complete=False, reason="timed out"),
        report(IMAGE, scanner="Aqua", vulnerabilities=None, counts={Severity.HIGH: 1}),
        report(IMAGE, scanner="Aqua", vulnerabilities=None, vex=(Vex("CVE-1", NOT_AFFECTED, "x"),)),
    ],
    ids=["failed", "numbers only", "a statement"],
)
def test_who_did_not_look_well_does_not_disagree(silent: ScanReport) -> None:
    assert merge((report(IMAGE, vulnerability()), silent)).rows[0].disagreement == ""


def test_another_name_for_the_same_vulnerability_is_the_same_row_under_its_cve() -> None:
    found = merge(
        (
            report(IMAGE, vulnerability("GHSA-aaaa-bbbb-cccc", aliases=(CVE,))),
            report(IMAGE, vulnerability(CVE), scanner="Aqua"),
        )
    )
    assert [(row.id, row.aliases) for row in found.rows] == [(CVE, ("GHSA-aaaa-bbbb-cccc",))]
    assert ("GHSA-aaaa-bbbb-cccc", "openssl") in found.by_name


def test_an_advisory_on_several_vulnerabilities_makes_them_no_single_one() -> None:
    """Trivy's `VendorIDs`: a DSA, RHSA or USN names every CVE that an update mends."""
    other = "CVE-2026-0002"
    both = (vulnerability(CVE, "low", aliases=("DSA-1-1",)), vulnerability(other, aliases=("DSA-1-1",)))
    rows = merge((report(IMAGE, *both),)).rows
    assert [(row.id, row.severity, row.aliases) for row in rows] == [
        (other, Severity.CRITICAL, ("DSA-1-1",)),
        (CVE, Severity.LOW, ("DSA-1-1",)),
    ]
    said = report(IMAGE, vulnerabilities=None, vex=(statement(NOT_AFFECTED),), scanner="OpenVEX")
    assert [row.id for row in merge((report(IMAGE, *both), said)).rows if row.vex is None] == [other]
    of_all = report(IMAGE, vulnerabilities=None, vex=(statement(NOT_AFFECTED, id="DSA-1-1"),), scanner="OpenVEX")
    assert [row.id for row in merge((report(IMAGE, *both), of_all)).rows if row.vex is None] == []


def test_a_name_for_two_vulnerabilities_is_cleared_by_no_statement_on_one() -> None:
    found = report(IMAGE, vulnerability("GHSA-aaaa-bbbb-cccc", aliases=(CVE, "CVE-2026-0002")))
    said = report(IMAGE, vulnerabilities=None, vex=(statement(NOT_AFFECTED),), scanner="OpenVEX")
    assert [row.vex for row in merge((found, said)).rows] == [None]


@pytest.mark.parametrize(
    ("id", "aliases", "names", "meant"),
    [
        ("CVE-1", (), {"CVE-1"}, True),
        ("CVE-1", ("GHSA-1",), {"GHSA-1"}, True),
        ("GHSA-1", ("CVE-1",), {"CVE-1"}, True),
        ("GHSA-1", ("CVE-1", "CVE-2"), {"CVE-1"}, False),
        ("GHSA-1", ("CVE-1", "CVE-2"), {"CVE-1", "CVE-2"}, True),
        ("CVE-1", ("CVE-2",), {"CVE-1"}, True),
        ("CVE-1", ("CVE-2",), {"CVE-2"}, False),
        ("CVE-1", ("DSA-1",), {"DSA-1"}, True),
        ("CVE-1", (), {"CVE-2"}, False),
        ("X", ("Y",), set(), False),
    ],
)
def test_which_names_mean_a_vulnerability(id: str, aliases: tuple[str, ...], names: set[str], meant: bool) -> None:
    assert is_meant(id, aliases, names) is meant


def test_a_package_in_two_versions_shows_both() -> None:
    found = merge((report(IMAGE, vulnerability(installed="1.0"), vulnerability(installed="2.0")),)).rows
    assert [row.installed for row in found] == ["1.0, 2.0"]


@pytest.mark.parametrize(
    ("word", "score", "meant"),
    [
        ("unknown", 9.8, "critical"),
        ("unknown", 7.0, "high"),
        ("unknown", 4.0, "medium"),
        ("unknown", 0.1, "low"),
        ("unknown", 0.0, "unknown"),
        ("unknown", 99.0, "unknown"),
        ("unknown", None, "unknown"),
        ("low", 9.8, "low"),
    ],
)
def test_a_score_stands_in_for_a_missing_word(word: str, score: float | None, meant: str) -> None:
    """CVSS v3.1 specification, section 5."""
    assert severity_of(vulnerability(severity=word, cvss=score)) == Severity(meant)


def test_an_unknown_severity_gives_way_to_a_known_one_only() -> None:
    known = report(IMAGE, vulnerability(severity="medium"))
    unknown = report(IMAGE, vulnerability(severity="unknown"), scanner="Aqua")
    assert merge((known, unknown)).rows[0].severity is Severity.MEDIUM
    assert merge((unknown,)).rows[0].severity is Severity.UNKNOWN


@pytest.mark.parametrize(
    ("statements", "author"),
    [
        ((statement(NOT_AFFECTED),), "Security"),
        ((statement(FIXED, package="openssl"),), "Security"),
        ((statement(NOT_AFFECTED, package="pkg:deb/debian/openssl@3.0?arch=amd64"),), "Security"),
        ((statement(NOT_AFFECTED, package="curl"),), ""),
        ((statement(NOT_AFFECTED, id="CVE-2026-2"),), ""),
        ((statement(AFFECTED),), ""),
        ((statement(Exploitability.UNDER_INVESTIGATION),), ""),
        ((statement(AFFECTED, at=LATELY - timedelta(days=1)), statement(NOT_AFFECTED)), "Security"),
        ((statement(NOT_AFFECTED, at=LATELY - timedelta(days=1)), statement(AFFECTED)), ""),
        ((statement(NOT_AFFECTED, at=None), statement(AFFECTED, at=None)), ""),
        ((statement(NOT_AFFECTED), statement(AFFECTED, "Vendor", at=LATELY - timedelta(days=9))), ""),
    ],
    ids=str,
)
def test_a_statement_counts_when_nobody_contradicts_it(statements: tuple[Vex, ...], author: str) -> None:
    said = report(IMAGE, vulnerabilities=None, vex=statements, scanner="OpenVEX")
    found = merge((report(IMAGE, vulnerability()), said)).rows[0]
    assert (found.vex.author if found.vex is not None else "") == author


@pytest.mark.parametrize(
    ("version", "installed", "clears"),
    [
        ("3.0", ("3.0",), True),
        ("3.0", ("1:3.0",), True),
        ("1:3.0", ("3.0",), True),
        ("v3.0", ("3.0",), True),
        ("2:3.0", ("1:3.0",), False),
        ("2.9", ("3.0",), False),
        ("3.0", ("",), False),
        ("3.0", ("3.0", ""), True),
        ("3.0", ("3.0", "2.9"), False),
        ("", ("3.0", "2.9"), True),
    ],
)
def test_a_statement_about_a_version_of_a_package_clears_that_version_alone(
    version: str, installed: tuple[str, ...], clears: bool
) -> None:
    stated = statement(NOT_AFFECTED, package="openssl", version=version)
    said = report(IMAGE, vulnerabilities=None, vex=(stated,), scanner="OpenVEX")
    rows = merge((report(IMAGE, *(vulnerability(installed=each) for each in installed)), said)).rows
    assert [row.vex is not None for row in rows] == [clears]


@pytest.mark.parametrize(
    ("stated", "package", "clears"),
    [
        ("PyYAML", "pyyaml", True),
        ("typing_extensions", "typing-extensions", True),
        ("org.apache.commons:commons-io", "commons-io", True),
        ("org.apache.commons:commons-io", "org.other:commons-io", False),
        ("github.com/org/module", "github.com/org/module", True),
        ("github.com/org/module", "module", False),
        ("github.com/org/module", "github.com/other/module", False),
        ("a:", "", False),
    ],
)
def test_names_of_packages_are_compared_as_scanners_write_them(stated: str, package: str, clears: bool) -> None:
    said = report(IMAGE, vulnerabilities=None, vex=(statement(NOT_AFFECTED, package=stated),), scanner="OpenVEX")
    assert [row.vex is not None for row in merge((report(IMAGE, vulnerability(package=package)), said)).rows] == [clears]


def test_a_statement_about_one_of_two_versions_contradicts() -> None:
    old = statement(NOT_AFFECTED, package="openssl", at=LATELY - timedelta(days=1))
    new = statement(AFFECTED, package="openssl", version="2.9")
    said = report(IMAGE, vulnerabilities=None, vex=(old, new), scanner="OpenVEX")
    assert merge((report(IMAGE, vulnerability(), vulnerability(installed="2.9")), said)).rows[0].vex is None
    assert merge((report(IMAGE, vulnerability()), said)).rows[0].vex is not None


@pytest.mark.parametrize(
    ("author", "cleared"), [("Security", True), (f"{NOBODY} (unsigned)", False)], ids=["the same", "nobody knows who"]
)
def test_two_documents_without_an_author_are_not_of_the_same(author: str, cleared: bool) -> None:
    """The last word of each author counts, and who names nobody may be anybody."""
    affected = report(IMAGE, vulnerabilities=None, vex=(statement(AFFECTED, author, at=LATELY - timedelta(days=1)),), key="a")
    later = report(IMAGE, vulnerabilities=None, vex=(statement(NOT_AFFECTED, author),), key="b")
    (row,) = merge((report(IMAGE, vulnerability()), affected, later)).rows
    assert (row.vex is not None) is cleared


REPORTS = st.lists(
    st.builds(
        lambda scanner, found: report(IMAGE, *found, scanner=scanner),
        st.sampled_from(["Trivy", "Aqua", "Defender"]),
        st.lists(
            st.builds(
                vulnerability,
                st.sampled_from(["CVE-2026-1", "CVE-2026-2", "GHSA-1"]),
                st.sampled_from(list(Severity)),
                st.sampled_from(["a", "b"]),
                aliases=st.sampled_from([(), ("CVE-2026-1",)]),
                fixed=st.sampled_from(["", "2"]),
            ),
            max_size=4,
        ),
    ),
    max_size=4,
    unique_by=lambda each: each.source,
)


@given(REPORTS, st.randoms(use_true_random=False))
def test_the_order_of_reports_does_not_matter(reports: list[ScanReport], random: object) -> None:
    shuffled = list(reports)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merge(tuple(reports)).rows == merge(tuple(shuffled)).rows


@given(REPORTS, REPORTS)
def test_another_scanner_only_makes_it_stricter(reports: list[ScanReport], others: list[ScanReport]) -> None:
    before = {(name, row.package): row for row in merge(tuple(reports)).rows for name in (row.id, *row.aliases)}
    more = [each for each in others if each.source not in {known.source for known in reports}]
    after = merge((*reports, *more)).by_name
    for place, row in before.items():
        assert after[place].severity.rank >= row.severity.rank or row.severity is Severity.UNKNOWN
