"""What a document says of a part only: statements on packages and versions, runs that did not come to their end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sources.scanners import documents as written
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.facts.scan import ScanReport, Severity
from tui.sources.scanners.findings import Pool
from tui.sources.scanners.formats.detect import read_document
from tui.sources.scanners.formats.drafts import ReportOrigin


def read(document: Any) -> list[ScanReport]:
    body = json.dumps(document).encode()
    return read_document(ReportOrigin(SourceId(SourceKind.SCANNER, "test"), "key", Pool()), body)


@pytest.mark.parametrize(
    ("subcomponents", "packages"),
    [
        ([], [""]),
        (None, [""]),
        (["pkg:deb/debian/zlib1g@1.2"], ["zlib1g"]),
        ([{"@id": "zlib1g"}], ["zlib1g"]),
        ([{}], []),
        ([{"@id": ""}], []),
        ([""], []),
        ([{"identifiers": {"cpe23": "cpe:2.3:a:zlib:zlib:1.2:*:*:*:*:*:*:*"}}], []),
        ([{"identifiers": {"cpe23": "cpe:2.3:a:zlib:zlib:1.2:*:*:*:*:*:*:*"}}, {"@id": "pkg:deb/debian/zlib1g@1.2"}], ["zlib1g"]),
    ],
)
def test_a_statement_on_parts_clears_none_that_it_names_in_another_way(subcomponents: Any, packages: list[str]) -> None:
    """openvex/spec: with subcomponents a statement is about these, not about all of the product."""
    products = [{"@id": written.IMAGE, "subcomponents": subcomponents}]
    (report,) = read(written.openvex(products=products))
    assert [vex.package for vex in report.vex] == packages


@pytest.mark.parametrize(
    ("state", "reference", "versions", "stated"),
    [
        ("not_affected", "pkg:deb/debian/zlib1g@1.2", None, ["1.2"]),
        ("not_affected", "pkg:deb/debian/zlib1g", [], [""]),
        ("not_affected", "pkg:deb/debian/zlib1g", [{"version": "1"}, {"version": "2", "status": "unaffected"}], ["1", "2"]),
        ("not_affected", "pkg:deb/debian/zlib1g", [{"version": "1.2", "status": "affected"}], []),
        ("not_affected", "pkg:deb/debian/zlib1g", [{"version": "1.2", "status": "unknown"}], []),
        ("resolved", "pkg:deb/debian/zlib1g", [{"range": "vers:deb/<1.2", "status": "unaffected"}], []),
        ("resolved", "pkg:deb/debian/zlib1g@1.2", [{"version": "1.3"}], []),
        ("exploitable", "pkg:deb/debian/zlib1g", [{"range": "vers:deb/<1.2", "status": "affected"}], [""]),
    ],
)
def test_a_statement_on_versions_clears_these_alone(state: str, reference: str, versions: Any, stated: list[str]) -> None:
    """CycloneDX 1.4 to 1.6, `vulnerabilities[].affects[].versions`."""
    document = written.cyclonedx_vex()
    document["vulnerabilities"][0] |= {
        "analysis": {"state": state, "justification": "x"},
        "affects": [{"ref": reference, "versions": versions}],
    }
    assert [vex.version for report in read(document) for vex in report.vex] == stated


@pytest.mark.parametrize(
    ("invocation", "complete"),
    [
        ({"executionSuccessful": True, "exitCode": 1}, True),
        ({"executionSuccessful": True, "toolExecutionNotifications": [{"level": "warning", "message": {"text": "x"}}]}, True),
        ({"executionSuccessful": True, "toolExecutionNotifications": [{"level": "error", "message": {"text": "x"}}]}, False),
        ({"executionSuccessful": True, "toolConfigurationNotifications": [{"level": "error"}]}, False),
        ({"executionSuccessful": True, "exitSignalName": "SIGKILL"}, False),
        ({"processStartFailureMessage": "no such file"}, False),
        ({"executionSuccessful": False}, False),
    ],
)
def test_a_run_that_did_not_come_to_its_end_is_not_whole(invocation: dict[str, Any], complete: bool) -> None:
    """SARIF 2.1.0, sections 3.20.9 to 3.20.22; an error means that the analysis is incomplete (3.58.6)."""
    document = written.sarif("grype")
    document["runs"][0]["invocations"] = [{"endTimeUtc": "2026-11-25T10:00:00Z", **invocation}]
    (report,) = read(document)
    assert report.complete is complete


def test_the_rule_of_an_extension_is_none_of_the_driver() -> None:
    """SARIF 2.1.0, section 3.52.7: what stands at that place among the driver's rules is something else."""
    document = written.sarif()
    run = document["runs"][0]
    run["tool"]["driver"]["rules"][0]["properties"] = {"security-severity": "1.0", "tags": ["LOW"]}
    run["results"] = [{"rule": {"index": 0, "toolComponent": {"index": 0}}, "message": {"text": "Package: zlib1g"}}]
    (report,) = read(document)
    assert (report.complete, Severity.LOW in report.counts) == (False, False)
