"""Reports of every format: what they say of which image, and what a damaged one says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.scanners import documents as written
from tests.sources.scanners.documents import CONFIG, DIGEST, HOST, IMAGE
from tui.domain.image import RepositoryName
from tui.domain.scan import Exploitability, ScanReport, Severity
from tui.errors import UntrustedPayload
from tui.sources.scanners.findings import MAX_FINDINGS, Pool
from tui.sources.scanners.formats.detect import read_document
from tui.sources.scanners.formats.drafts import Reading

WEB = RepositoryName(HOST, "shop/web")
AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def read(document: Any) -> list[ScanReport]:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_document(Reading("scanner/test", "key", Pool()), body)


def only(document: Any) -> ScanReport:
    (report,) = read(document)
    return report


def found(report: ScanReport) -> list[tuple[str, Severity, str, str, str]]:
    """The vulnerabilities, shortly."""
    assert report.vulnerabilities is not None
    return [(each.id, each.severity, each.package, each.installed, each.fixed) for each in report.vulnerabilities]


# ---- scans


def test_trivy() -> None:
    report = only(written.trivy())
    assert found(report) == [("CVE-2026-1", Severity.CRITICAL, "zlib1g", "1:1.2.13", "1:1.3")]
    assert (report.name, report.tag, report.digest, report.os) == (WEB, "v1", DIGEST, "debian 12.11")
    assert report.at == datetime(2026, 11, 25, 10, 0, 0, 123456, UTC)
    assert report.vulnerabilities is not None
    (one,) = report.vulnerabilities
    assert (one.cvss, one.layer, one.aliases) == (9.8, "sha256:" + "1" * 64, ("DSA-1-1",))


def test_trivy_of_an_image_that_was_never_pushed_names_the_config() -> None:
    report = only(written.trivy(Metadata={"ImageID": CONFIG, "RepoTags": ["web:dev"]}))
    assert (report.digest, report.tag) == (CONFIG, "dev")


def test_trivy_of_an_archive_names_nothing() -> None:
    report = only(written.trivy(ArtifactName="/tmp/image.tar", Metadata={}))
    assert (report.name, report.digest, report.complete) == (None, "", True)


def test_grype() -> None:
    report = only(written.grype())
    assert found(report) == [("GHSA-aaaa-bbbb-cccc", Severity.HIGH, "lodash", "4.17.20", "4.17.21")]
    assert report.vulnerabilities is not None
    assert report.vulnerabilities[0].aliases == ("CVE-2026-2",)
    assert (report.name, report.tag, report.at, report.os) == (WEB, "v1", AT, "debian 12")


def test_sarif() -> None:
    report = only(written.sarif())
    assert found(report) == [("CVE-2026-1", Severity.HIGH, "zlib1g", "1.2", "1.3")]
    assert (report.name, report.digest, report.scanner) == (WEB, DIGEST, "Trivy")


def test_sarif_of_a_tool_that_does_not_scan_images_says_nothing_least_of_all_when_it_is_empty() -> None:
    document = written.sarif("Semgrep")
    document["runs"][0]["results"] = []
    report = only(document)
    assert (report.complete, report.vulnerabilities) == (False, None)
    assert "Semgrep is no scan of an image's packages" in report.reason


def test_cyclonedx_with_vulnerabilities_is_a_scan() -> None:
    report = only(written.cyclonedx())
    assert found(report) == [("CVE-2026-1", Severity.CRITICAL, "zlib1g", "1.2", "1.3")]
    assert (report.name, report.digest, report.at, report.scanner) == (WEB, DIGEST, AT, "trivy")


def test_a_bill_of_materials_without_vulnerabilities_is_no_scan() -> None:
    document = written.cyclonedx()
    del document["vulnerabilities"]
    assert read(document) == []
    assert only(written.cyclonedx(vulnerabilities=[])).vulnerabilities == ()


def test_cosigns_attestation_holds_trivys_report() -> None:
    for document in (written.cosign_vuln(), written.envelope(written.cosign_vuln()), written.bundle(written.cosign_vuln())):
        report = only(document)
        assert found(report) == [("CVE-2026-1", Severity.CRITICAL, "zlib1g", "1:1.2.13", "1:1.3")]
        assert report.digest == DIGEST


def test_intotos_attestation() -> None:
    report = only(written.intoto_vulns())
    assert found(report) == [("CVE-2026-3", Severity.MEDIUM, "", "", "")]
    assert (report.scanner, report.digest) == ("pkg:github/anchore/grype 0.90", DIGEST)


def test_an_attestation_whose_content_is_about_another_image_says_nothing() -> None:
    report = only(written.cosign_vuln(digest="sha256:" + "b" * 64))
    assert (report.digest, report.vulnerabilities, report.complete) == ("sha256:" + "b" * 64, None, False)


def test_attestations_about_other_things_are_no_reports() -> None:
    assert read(written.statement("https://slsa.dev/provenance/v1", {"buildDefinition": {}})) == []
    assert read({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "messageSignature": {}}) == []


def test_defender_as_csv_whatever_the_columns_are_called() -> None:
    lines = ["\ufeffImage Digest,CVE ID,Severity,Package Name,Registry Host,Repository Name,Fixed Version"]
    lines += [f'{DIGEST},CVE-2026-1,Critical,"zlib, the one",{HOST},shop/web,1.3', f"{DIGEST},CVE-2026-2,Low,x,{HOST},shop/web,"]
    report = only("\r\n".join(lines).encode())
    assert found(report) == [
        ("CVE-2026-1", Severity.CRITICAL, "zlib, the one", "", "1.3"),
        ("CVE-2026-2", Severity.LOW, "x", "", ""),
    ]
    assert (report.name, report.digest) == (WEB, DIGEST)


def test_defender_as_az_graph_prints_it() -> None:
    row = {"id": "/x", "digest": DIGEST, "cve": "CVE-2026-1", "severity": "High", "code": "Unhealthy"}
    for document in ([row], {"count": 1, "data": [row]}):
        assert found(only(document))[0][:2] == ("CVE-2026-1", Severity.HIGH)


# ---- statements


def test_openvex_says_who_states_it_and_that_nobody_verified_it() -> None:
    report = only(written.openvex())
    (vex,) = report.vex
    assert (vex.id, vex.status, vex.package) == ("CVE-2026-1", Exploitability.NOT_AFFECTED, "zlib1g")
    assert vex.author == "Contoso PSIRT (unsigned)"
    assert (report.vulnerabilities, report.counts, report.is_scan) == (None, {}, False)
    assert (report.name, report.digest) == (WEB, DIGEST)


def test_cyclonedx_vex_alone_is_no_scan() -> None:
    report = only(written.cyclonedx_vex())
    (vex,) = report.vex
    assert (vex.status, vex.package, vex.justification) == (Exploitability.NOT_AFFECTED, "zlib1g", "code_not_reachable")
    assert vex.author == "Contoso PSIRT (unsigned)"
    assert report.vulnerabilities is None


@pytest.mark.parametrize("product", ["https://contoso.example/other", "", "web", {"@id": 7}])
def test_a_statement_about_something_else_clears_nothing(product: Any) -> None:
    assert all(not report.vex for report in read(written.openvex(product)))


@pytest.mark.parametrize(
    ("more", "statements"),
    [
        ({"status": "certainly_fine"}, 0),
        ({"vulnerability": "CVE-2026-1"}, 1),
        ({"vulnerability": {"@id": "https://nvd.nist.gov/vuln/detail/CVE-2026-1"}}, 1),
        ({"vulnerability": {}}, 0),
        ({"products": [IMAGE]}, 1),
        ({"products": ["pkg:deb/debian/zlib1g@1.2"]}, 1),
        ({"products": []}, 1),
    ],
)
def test_forms_of_openvex(more: dict[str, Any], statements: int) -> None:
    assert sum(len(report.vex) for report in read(written.openvex(**more))) == statements


# ---- damage

WRITERS: tuple[Callable[[], Any], ...] = (
    written.trivy,
    written.grype,
    written.sarif,
    written.cyclonedx,
    written.cyclonedx_vex,
    written.openvex,
    written.cosign_vuln,
    written.intoto_vulns,
    lambda: written.bundle(written.cosign_vuln()),
)


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"<html>", b"\x00\x01", b"[" * 10_000, b"{}", b"[]", b"[1]", b'{"a": 1}', b"a,b\n1,2\n"]
)
def test_what_is_no_report_is_said_with_the_formats_that_are(body: bytes) -> None:
    with pytest.raises(UntrustedPayload) as caught:
        read(body)
    assert caught.value.headline
    assert caught.value.remedy


def test_a_cut_report_names_line_and_column() -> None:
    body = json.dumps(written.trivy(), indent=1).encode()[:300]
    with pytest.raises(UntrustedPayload, match=r"it is not JSON: .* at line 1\d, column \d+|truncated"):
        read(body)


def test_a_wrong_shape_names_its_path() -> None:
    with pytest.raises(UntrustedPayload, match=r"it looks like Trivy, but .*\$\.Results"):
        read(written.trivy(Results=7))


def test_a_missing_column_of_a_csv_is_named() -> None:
    with pytest.raises(UntrustedPayload, match="line 1: there is no column for digest"):
        read(b"cve,severity\nCVE-1,High\n")


def test_a_part_that_cannot_be_read_makes_the_report_incomplete() -> None:
    results = written.trivy()["Results"]
    damaged: tuple[Any, ...] = (
        {"Vulnerabilities": 7},
        {"Vulnerabilities": [{"VulnerabilityID": 7}]},
        {"Vulnerabilities": [{}]},
        7,
    )
    for broken in damaged:
        report = only(written.trivy(Results=[*results, broken]))
        assert not report.complete
        assert len(found(report)) == 1


def test_more_vulnerabilities_than_are_kept_are_said() -> None:
    entries = [{"VulnerabilityID": f"CVE-{number}", "Severity": "LOW"} for number in range(MAX_FINDINGS + 5)]
    report = only(written.trivy(Results=[{"Vulnerabilities": entries}]))
    assert report.vulnerabilities is not None
    assert len(report.vulnerabilities) == MAX_FINDINGS
    assert report.counts == {Severity.LOW: MAX_FINDINGS + 5}
    assert not report.complete


@given(st.sampled_from(WRITERS), st.data())
def test_damage_raises_only_our_error_and_never_lets_a_sign_through(writer: Callable[[], Any], data: st.DataObject) -> None:
    """Any one value of a document replaced by any other: a report or a sentence."""
    document = writer()
    places = list(_places(document))
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = data.draw(st.sampled_from([None, 7, -1.5, True, [], {}, "", "\x1b[31m\u202e", "x" * 100_000, [[7]], {"a": {}}]))
    try:
        said = [repr(report) for report in read(document)]
    except UntrustedPayload as error:
        said = [error.headline, error.remedy]
    assert not any("\\x1b" in repr(each) or "\\u202e" in repr(each) for each in said)


def _places(value: Any) -> Any:
    """Every container with each of its keys."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from _places(inner)


@given(st.sampled_from(WRITERS), st.data())
def test_cut_documents_raise_only_our_error(writer: Callable[[], Any], data: st.DataObject) -> None:
    body = json.dumps(writer()).encode()
    with pytest.raises(UntrustedPayload):
        read(body[: data.draw(st.integers(0, len(body) - 1))])
