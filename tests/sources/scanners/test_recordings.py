"""Real outputs of scanners, and what has their shape, each read whole: counts are those of the raw files, by other means."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.recordings import ORIGINS, document
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.scan import ScanReport, Severity
from tui.sources.scanners.findings import Pool
from tui.sources.scanners.formats.detect import read_document
from tui.sources.scanners.formats.drafts import ReportOrigin
from tui.sources.scanners.formats.twistlock import read_images

SOURCE = SourceId(SourceKind.SCANNER, "test")


class Document:
    """What a scanner wrote, or what has its shape; `recorded` tells which."""

    def __init__(self, origin: str) -> None:
        self.recorded = origin == "recording"
        self._origin = origin
        self._bodies: dict[str, bytes] = {}

    def body(self, name: str) -> bytes:
        """The bytes."""
        if name not in self._bodies:
            self._bodies[name] = document(f"scanners/{name}", self._origin)
        return self._bodies[name]

    def raw(self, name: str) -> Any:
        """What the standard library reads."""
        return json.loads(self.body(name))

    def reports(self, name: str) -> list[ScanReport]:
        """What we read."""
        return read_document(ReportOrigin(SOURCE, name, Pool()), self.body(name))


@pytest.fixture(params=ORIGINS)
def source(request: pytest.FixtureRequest) -> Document:
    """A document of each origin."""
    return Document(request.param)


def by_severity(words: list[str]) -> dict[Severity, int]:
    """How often each severity is written, by the standard library alone."""
    return {Severity(word.lower()): number for word, number in Counter(words).items()}


def test_aqua_has_99_rows_of_one_image(source: Document) -> None:
    (report,) = source.reports("aqua/over_api_v2.json")
    rows = source.raw("aqua/over_api_v2.json")["result"]
    assert len(rows) == 99
    assert report.counts == by_severity([row["aqua_severity"] for row in rows])
    assert report.counts[Severity.CRITICAL] == 15
    assert report.vulnerabilities is not None
    assert Counter((v.id, v.package, v.installed, v.path) for v in report.vulnerabilities) == Counter(
        (row["name"], row["resource"]["name"], row["resource"]["version"], row["resource"].get("path", "")) for row in rows
    )
    if source.recorded:
        assert report.digest == "sha256:827f44e0b2f5efd4320f7fad94c5da411cc1cdd284000a7da0769392e78692cc"
        assert (report.name, report.tag, report.os, report.complete) == (None, "latest", "debian 11.10", True)
        assert report.scanned_at == datetime(2025, 3, 6, tzinfo=UTC)
        first = report.vulnerabilities[0]
        assert (first.id, first.severity, first.cvss, first.fixed) == ("CVE-2018-3745", Severity.CRITICAL, 9.1, "8.4.0")


def test_an_empty_answer_of_aqua_says_nothing_of_any_image(source: Document) -> None:
    assert source.reports("aqua/over_api_v2_empty.json") == []


def test_defenders_finding_has_the_severity_of_the_vulnerability_and_is_counted_though_exempt(source: Document) -> None:
    (report,) = source.reports("defender/subassessment_registry_mdvm.json")
    assert report.complete
    assert report.name is not None
    assert report.digest.startswith("sha256:")
    assert report.vulnerabilities is not None
    (found,) = report.vulnerabilities
    assert (found.severity, found.cvss is not None, found.fixed) == (Severity.HIGH, True, "")
    assert found.exemption.startswith("not applicable in Defender (Exempt: ")
    if source.recorded:
        assert report.digest == "sha256:4af8e6f002401a965bbe753a381af308b40d8947fad2b9e1f6a369aa81abee59"
        assert report.name == RepositoryName("ptebic.azurecr.io", "public/azureml/aifx/stable-ubuntu2004-cu117-py39-torch200")
        assert report.scanned_at == datetime(2023, 9, 12, 13, 36, 15, 77279, UTC)
        assert (found.id, found.cvss) == ("CVE-2022-42969", 7.5)
        assert (found.package, found.installed) == ("py", "1.11.0.0")
        assert report.os == "ubuntu_linux_20.04"
        assert found.exemption == "not applicable in Defender (Exempt: Disabled parent assessment)"


def test_a_vulnerability_report_has_its_summary_and_every_entry(source: Document) -> None:
    (report,) = source.reports("trivy-operator/vulnerabilityreport_many.json")
    wire = source.raw("trivy-operator/vulnerabilityreport_many.json")["report"]
    entries = wire["vulnerabilities"]
    assert len(entries) == 41
    assert report.counts == by_severity([each["severity"] for each in entries])
    assert report.counts == {Severity.CRITICAL: 2, Severity.HIGH: 3, Severity.MEDIUM: 25, Severity.LOW: 11}
    assert report.vulnerabilities is not None
    assert [(v.id, v.package, v.installed, v.fixed) for v in report.vulnerabilities] == [
        (each["vulnerabilityID"], each["resource"], each["installedVersion"], each["fixedVersion"]) for each in entries
    ]
    assert report.complete
    if source.recorded:
        assert (report.name, report.tag, report.digest) == (RepositoryName("docker.io", "library/nginx"), "alpine", "")
        assert report.scanned_at == datetime(2023, 3, 23, 16, 23, 1, tzinfo=UTC)
        assert (report.scanner, report.namespace, report.complete) == ("Trivy 0.38.2", "default", True)


def test_the_vulnerability_reports_among_all_kinds_of_the_operator(source: Document) -> None:
    objects = source.raw("trivy-operator/all_reports_in_dict.json")["vulnerabilityreports.aquasecurity.github.io"]
    listed = json.dumps({"kind": "List", "items": objects}).encode()
    (report,) = read_document(ReportOrigin(SOURCE, "all", Pool()), listed)
    assert report.vulnerabilities is not None
    assert len(report.vulnerabilities) == len(objects[0]["report"]["vulnerabilities"])


def test_prisma_says_60_and_lists_2_so_the_report_is_not_whole(source: Document) -> None:
    """The recording was shortened by whoever published it; a list shorter than its count is what a cut answer looks like."""
    (report,) = source.reports("twistlock/api_v1_images_full.json")
    assert report.vulnerabilities is not None
    if source.recorded:
        assert next((v.id, v.severity, v.fixed) for v in report.vulnerabilities) == ("CVE-2018-20679", Severity.HIGH, "1.30.1-r5")
    assert report.counts == {Severity.CRITICAL: 12, Severity.HIGH: 28, Severity.MEDIUM: 20}
    assert (report.complete, report.reason) == (False, "the report counts 60 vulnerabilities and lists 2")
    if source.recorded:
        assert report.digest == "sha256:0bfa24a116efb99c51076ee3801ee8de80e5998a0f85522599c7036dea8a67f1"
        assert (report.name, report.tag) == (RepositoryName("docker.io", "demisto/python"), "1.3-alpine")
        assert report.scanned_at == datetime(2021, 12, 14, 14, 19, 36, 91000, UTC)


def test_the_compact_form_of_prisma_has_counts_alone(source: Document) -> None:
    (report,) = read_images(SOURCE, "images", source.body("twistlock/api_v1_images_compact.json"), Pool())
    assert report.vulnerabilities is None
    assert sum(report.counts.values()) == 60
    assert report.complete


def test_twistcli_names_the_config_of_the_image_and_its_five_vulnerabilities(source: Document) -> None:
    (report,) = source.reports("twistlock/twistcli_many_vulns.json")
    entries = source.raw("twistlock/twistcli_many_vulns.json")["results"][0]["vulnerabilities"]
    assert report.vulnerabilities is not None
    assert [v.id for v in report.vulnerabilities] == [each["id"] for each in entries]
    assert len(entries) == 5
    if source.recorded:
        assert report.digest == "sha256:f4c0503d26c8da0a04e6190c9d4f2a30f38958852b9fb80bcd2b819a7571e7f7"
    assert report.counts == by_severity([each["severity"] for each in entries])
    if source.recorded:
        assert (report.scanner, report.os, report.complete) == ("twistcli", "Debian GNU/Linux 9 (stretch)", True)
