"""Reports of every format: what they say of which image, and what a damaged one says."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.scanners import documents as written
from tests.sources.scanners.documents import CONFIG, DIGEST, ENCODED, HOST, IMAGE
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.scan import Exploitability, ScanReport, Severity
from tui.errors import UntrustedPayload
from tui.sources.scanners.findings import MAX_FINDINGS, Pool
from tui.sources.scanners.formats.detect import read_document
from tui.sources.scanners.formats.drafts import ReportOrigin

WEB = RepositoryName(HOST, "shop/web")
AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def read(document: Any) -> list[ScanReport]:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_document(ReportOrigin(SourceId(SourceKind.SCANNER, "test"), "key", Pool()), body)


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
    assert report.scanned_at == datetime(2026, 11, 25, 10, 0, 0, 123456, UTC)
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
    assert (report.name, report.tag, report.scanned_at, report.os) == (WEB, "v1", AT, "debian 12")


def test_which_platform_was_scanned_is_kept() -> None:
    trivy = written.trivy()
    trivy["Metadata"]["ImageConfig"] = {"architecture": "arm64"}
    grype = written.grype()
    grype["source"]["target"] |= {"architecture": "arm64", "repoDigests": [f"{HOST}/shop/web@{DIGEST}"]}
    for document in (trivy, grype):
        report = only(document)
        assert (report.digest, report.config, report.architecture) == (DIGEST, CONFIG, "arm64")
    assert only(written.cyclonedx()).architecture == "amd64"


def test_sarif() -> None:
    report = only(written.sarif())
    assert found(report) == [("CVE-2026-1", Severity.HIGH, "zlib1g", "1.2", "1.3")]
    assert (report.name, report.digest, report.scanner) == (WEB, DIGEST, "Trivy")


def test_sarif_of_a_tool_that_does_not_scan_images_says_nothing_least_of_all_when_it_is_empty() -> None:
    document = written.sarif("Semgrep")
    document["runs"][0]["results"] = []
    report = only(document)
    assert (report.complete, report.vulnerabilities) == (False, None)
    assert report.reason == "the SARIF of Semgrep holds no scan of vulnerabilities"


def test_cyclonedx_with_vulnerabilities_is_a_scan() -> None:
    report = only(written.cyclonedx())
    assert found(report) == [("CVE-2026-1", Severity.CRITICAL, "zlib1g", "1.2", "1.3")]
    assert (report.name, report.digest, report.scanned_at, report.scanner) == (WEB, DIGEST, AT, "trivy")


def test_a_bill_of_materials_without_vulnerabilities_is_no_scan() -> None:
    document = written.cyclonedx()
    del document["vulnerabilities"]
    for bill in (document, written.cyclonedx(vulnerabilities=[])):
        report = only(bill)
        assert (report.vulnerabilities, report.is_scan) == (None, False)
        assert report.reason == "the bill of materials by trivy holds no scan of vulnerabilities"


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


# ---- documents without a scan

OS_RESULT = {"Target": "web (debian 12.11)", "Class": "os-pkgs", "Type": "debian"}
SECRETS = {"Target": "deploy.sh", "Class": "secret", "Secrets": [{"RuleID": "aws", "Severity": "CRITICAL"}]}


def sarif(tool: str = "Trivy", **more: Any) -> dict[str, Any]:
    document = written.sarif(tool)
    document["runs"][0] |= more
    return document


def vulns(kind: str, **scanner: Any) -> dict[str, Any]:
    return written.statement(kind, {"scanner": scanner, "metadata": {"scanFinishedOn": "2026-11-25T10:00:05Z"}})


def resource(kind: str, **report: Any) -> dict[str, Any]:
    """A resource of trivy-operator that counts nothing: all of them have this shape."""
    summary = {"criticalCount": 0, "highCount": 0, "mediumCount": 0, "lowCount": 0}
    artifact = {"repository": "shop/web", "tag": "v1", "digest": DIGEST}
    common = {"artifact": artifact, "registry": {"server": HOST}, "summary": summary, "scanner": {"name": "Trivy"}}
    heading = {"apiVersion": "aquasecurity.github.io/v1alpha1", "metadata": {"name": "web", "namespace": "shop"}}
    return heading | ({"kind": kind} if kind else {}) | {"report": common | report}


def defender_page(**more: Any) -> dict[str, Any]:
    """An answer of Resource Graph with one finding."""
    row = {"id": "/x", "digest": DIGEST, "cve": "CVE-2026-1", "severity": "Low", "code": "Unhealthy"}
    return {"count": 1, "data": [row]} | more


def grype(**descriptor: Any) -> dict[str, Any]:
    """What Grype writes when it finds nothing, with how it was told to look."""
    document = written.grype() | {"matches": []}
    document["descriptor"] |= descriptor
    return document


COSIGN, INTOTO = "https://cosign.sigstore.dev/attestation/vuln/v1", "https://in-toto.io/attestation/vulns/v0.1"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (written.trivy(Results=[SECRETS]), "Trivy's report of secrets alone holds no scan"),
        (written.trivy(Results=[{"Target": "Dockerfile", "Class": "config"}]), "misconfigurations alone holds no scan"),
        (written.trivy(Results=[{"Target": "x", "Class": "license"}, SECRETS]), "licences, secrets alone holds no scan"),
        (written.trivy(Results=[{"Target": "x", "Class": "custom"}]), "custom alone holds no scan"),
        (written.trivy(Results=[]), "without a result holds no scan"),
        (written.trivy(Results=None), "without a result holds no scan"),
        ({"SchemaVersion": 2}, "without a result holds no scan"),
        (written.grype() | {"matches": None}, "names nothing it looked at holds no scan"),
        ({"matches": []}, "names nothing it looked at holds no scan"),
        (written.cyclonedx(vulnerabilities=[]), "the bill of materials by trivy holds no scan"),
        (sarif(results=[]), "the SARIF of Trivy holds no scan"),
        (sarif("Prisma Cloud", results=[]), "the SARIF of Prisma Cloud holds no scan"),
        (sarif("Grype", results=None), "the SARIF of Grype holds no scan"),
        (sarif("Semgrep", results=[]), "the SARIF of Semgrep holds no scan"),
        (sarif("Semgrep"), "the SARIF of Semgrep holds no scan"),
        (sarif("ScoutSuite", results=[]), "the SARIF of ScoutSuite holds no scan"),
        (sarif("Scout Suite", results=[]), "the SARIF of Scout Suite holds no scan"),
        (sarif("ECLAIR", results=[]), "the SARIF of ECLAIR holds no scan"),
        (sarif("Wizardlint"), "the SARIF of Wizardlint holds no scan"),
        (sarif(results=[sarif()["runs"][0]["results"][0] | {"kind": "pass"}]), "the SARIF of Trivy holds no scan"),
        (sarif(results=[sarif()["runs"][0]["results"][0] | {"baselineState": "absent"}]), "the SARIF of Trivy holds no scan"),
        (resource("ExposedSecretReport", secrets=[]), "the ExposedSecretReport holds no scan"),
        (resource("", secrets=[]), "the report holds no scan"),
        (resource("ConfigAuditReport", checks=[]), "the ConfigAuditReport holds no scan"),
        (resource("SbomReport", components={"components": []}), "the SbomReport holds no scan"),
        ({"items": [resource("ExposedSecretReport", secrets=[])]}, "the ExposedSecretReport holds no scan"),
        (vulns(INTOTO), "the attestation without a scanner or a result holds no scan"),
        (vulns(INTOTO, result=[]), "the attestation without a scanner or a result holds no scan"),
        (vulns(COSIGN, uri="x"), "the attestation without a scanner or a result holds no scan"),
    ],
)
def test_a_document_without_a_scan_is_no_clean_scan(document: Any, reason: str) -> None:
    report = only(document)
    assert (report.vulnerabilities, report.counts, report.is_scan, report.complete) == (None, {}, False, False)
    assert reason in report.reason


def secret_sarif() -> dict[str, Any]:
    """What Trivy writes of a secret (`pkg/report/sarif.go`: the class is a tag of the rule)."""
    document = written.sarif()
    document["runs"][0]["tool"]["driver"]["rules"][0]["properties"]["tags"] = ["secret", "security", "CRITICAL"]
    return document


def test_secrets_in_sarif_are_no_vulnerabilities_and_no_scan() -> None:
    assert only(secret_sarif()).is_scan is False


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (written.trivy(Results=[{"Target": "app", "Class": "lang-pkgs"}]), r"operating system \(debian\) were not looked at"),
        (
            written.trivy(ArtifactName="nginx", ArtifactType="filesystem"),
            "it is about the filesystem nginx, which is not an image",
        ),
        (written.grype() | {"source": {"type": "directory", "target": "/src"}}, "it is about a directory, which is not an image"),
        (written.trivy(Metadata={"OS": {"Family": "none", "Name": ""}}, Results=[OS_RESULT]), "system was not recognised"),
        (written.grype() | {"matches": [], "distro": {"name": "", "version": ""}}, "system was not recognised"),
        (sarif(invocations=[{"executionSuccessful": False}]), "the run says that it did not succeed"),
        (
            sarif("Grype", results=[], externalPropertyFileReferences={"results": [{"location": {"uri": "more.sarif"}}]}),
            "its results lie in other files",
        ),
        (resource("VulnerabilityReport", vulnerabilities=[], os={"family": "none"}), "system was not recognised"),
        (resource("VulnerabilityReport", vulnerabilities=[], os={"family": "", "name": ""}), "recognised, and nothing was found"),
        (grype(configuration={"exclude": ["/usr/**"]}), r"Grype was told not to look at /usr/\*\*"),
        (grype(db={"status": {"built": "2026-11-25T04:00:00Z", "valid": False}}), "database of vulnerabilities was not valid"),
        (grype() | {"alertsByPackage": [{"alerts": [{"type": "distro-unknown"}]}]}, "does not know the distribution"),
        (defender_page(total_records=5000), "the file has 1 of 5,000 findings: it is one page of several"),
        (defender_page(skip_token="x"), "the file has 1 of more findings: it is one page of several"),
        (defender_page(**{"totalRecords": 1, "$skipToken": "x"}), "the file has 1 of more findings"),
        (vulns(COSIGN, uri="x", result={}), "holds cannot be read: it is JSON, but no report of a known scanner"),
        (vulns(COSIGN, uri="x", result=[]), "holds cannot be read"),
        (vulns(COSIGN, uri="x", result=written.statement(COSIGN, {})), "an in-toto statement inside another"),
        (vulns(COSIGN, uri="x", result=written.trivy(Results=7)), "it looks like Trivy, but"),
    ],
)
def test_a_scan_that_is_not_whole_says_why(document: Any, reason: str) -> None:
    report = only(document)
    assert report.is_scan
    assert not report.complete
    assert re.search(reason, report.reason)


def test_what_a_scanner_was_told_to_leave_out_is_shown_as_exempt() -> None:
    match = written.grype()["matches"][0]
    rules = [{"vulnerability": "GHSA-aaaa-bbbb-cccc", "reason": "not reachable"}]
    grype = written.grype() | {"matches": [], "ignoredMatches": [match | {"appliedIgnoreRules": rules}]}
    finding = written.trivy()["Results"][0]["Vulnerabilities"][0]
    told = {"Type": "vulnerability", "Status": "ignored", "Source": ".trivyignore", "Statement": "fine", "Finding": finding}
    trivy = written.trivy(Results=[OS_RESULT | {"ExperimentalModifiedFindings": [told, {"Type": "secret", "Finding": {}}]}])
    for document, exemption in (
        (grype, "Grype was told to leave it out (not reachable)"),
        (trivy, "Trivy was told to leave it out (ignored, .trivyignore: fine)"),
    ):
        report = only(document)
        assert report.complete
        assert report.vulnerabilities is not None
        assert [each.exemption for each in report.vulnerabilities] == [exemption]


@pytest.mark.parametrize(
    ("document", "known"),
    [
        (grype(db={"status": {"built": "2026-11-24T04:00:00Z", "valid": True}}), 24),
        (grype(db={"built": "2026-11-24T04:00:00Z", "schemaVersion": 5, "error": None}), 24),
        (grype(db={"status": {"built": 7}}), None),
        (grype(db=[], configuration=[]) | {"alertsByPackage": {}}, None),
        (vulns(COSIGN, result=grype(), db={"lastUpdate": "2026-11-23T04:00:00Z"}), 23),
        (vulns(INTOTO, uri="x", result=[], db={"lastUpdate": "2026-11-23T04:00:00Z"}), 23),
    ],
)
def test_what_a_scanner_says_of_its_database_is_kept(document: Any, known: int | None) -> None:
    report = only(document)
    assert (report.complete, report.vulnerabilities) == (True, ())
    assert report.database_made == (datetime(2026, 11, known, 4, 0, tzinfo=UTC) if known else None)


def rated(*ratings: dict[str, Any]) -> dict[str, Any]:
    document = written.cyclonedx()
    document["vulnerabilities"][0]["ratings"] = list(ratings)
    return document


def scored(*severity: dict[str, Any]) -> dict[str, Any]:
    return vulns(INTOTO, uri="x", result=[{"id": "CVE-2026-1", "severity": list(severity)}])


@pytest.mark.parametrize(
    ("document", "severity"),
    [
        (scored({"method": "nvd", "score": "3.0"}, {"method": "cvss_score", "score": "9.8"}), Severity.CRITICAL),
        (scored({"method": "epss", "score": "0.97"}), Severity.UNKNOWN),
        (rated({"method": "other", "source": {"name": "EPSS"}, "score": 0.97}), Severity.UNKNOWN),
        (rated({"method": "OWASP", "score": 3.0}, {"method": "SSVC", "score": 1}), Severity.UNKNOWN),
        (rated({"method": "other", "vector": "CVSS:4.0/AV:N", "score": 9.3}), Severity.CRITICAL),
        (rated({"severity": "none"}, {"severity": "unknown", "method": "CVSSv31", "score": 9.8}), Severity.CRITICAL),
        (rated({"severity": "low", "method": "CVSSv31", "score": 9.8}), Severity.LOW),
        (rated({"method": "CVSSv4", "vector": "CVSS:4.0/AV:N"}), Severity.UNKNOWN),
    ],
)
def test_only_scores_of_cvss_say_how_severe_something_is_and_the_worst_counts(document: Any, severity: Severity) -> None:
    assert [each[1] for each in found(only(document))] == [severity]


@pytest.mark.parametrize("reference", [{"ruleIndex": 0}, {"rule": {"index": 0}}, {"rule": {"id": "CVE-2026-1"}}])
def test_a_result_in_sarif_may_name_its_rule_by_its_place(reference: dict[str, Any]) -> None:
    result = {"message": written.sarif()["runs"][0]["results"][0]["message"]} | reference
    assert found(only(sarif(results=[result])))[0][:3] == ("CVE-2026-1", Severity.HIGH, "zlib1g")
    broken = only(sarif(results=[{"message": {"text": "x"}, "ruleIndex": 7}, result]))
    assert not broken.complete


def test_scans_that_found_nothing_are_scans() -> None:
    clean = written.trivy(Results=[OS_RESULT]), written.grype() | {"matches": []}, sarif("Grype", results=[])
    for report in map(only, (*clean, vulns(INTOTO, uri="pkg:github/anchore/grype", result=[]), vulns(COSIGN, result=clean[1]))):
        assert (report.vulnerabilities, report.complete, report.is_scan) == ((), True, True)


def test_a_report_in_a_wrapper_is_told_by_its_content() -> None:
    for inner in (written.grype(), written.sarif("Grype"), written.cyclonedx()):
        report = only(vulns(COSIGN, uri="pkg:github/aquasecurity/trivy", result=inner))
        assert report.scanner == only(inner).scanner
        assert found(report) == found(only(inner))


def test_a_bill_of_materials_with_statements_is_not_known_to_be_a_whole_scan() -> None:
    document = written.cyclonedx()
    document["vulnerabilities"][0]["analysis"] = {"state": "in_triage"}
    report = only(document)
    assert [each[0] for each in found(report)] == ["CVE-2026-1"]
    assert not report.complete


# ---- severities in SARIF


def rule(**more: Any) -> dict[str, Any]:
    return {"id": "CVE-2005-2541-tar", "properties": {"security-severity": "10.0"}} | more


@pytest.mark.parametrize(
    ("tool", "described", "result"),
    [
        ("Grype", rule(help={"text": "Vulnerability CVE-2005-2541\nSeverity: low\nPackage: tar\nVersion: 1.34"}), {}),
        ("Grype", rule(shortDescription={"text": "CVE-2005-2541 low vulnerability for tar package"}), {}),
        ("Grype", rule(), {"message": {"text": "A low vulnerability in deb package: tar, version 1.34 was found at: /x"}}),
        ("docker scout", rule(properties={"security-severity": "10.0", "cvssV3_severity": "LOW"}), {}),
        ("Snyk Container", rule(shortDescription={"text": "Low severity - CVE-2005-2541 vulnerability in tar"}), {}),
        ("Wiz", rule(), {"properties": {"severity": "LOW"}}),
        ("Trivy", rule(properties={"security-severity": "10.0", "tags": ["vulnerability", "security", "LOW"]}), {}),
        ("Trivy", rule(), {"message": {"text": "Package: tar\nSeverity: LOW\nFixed Version: "}}),
    ],
)
def test_the_severity_in_sarif_is_the_word_of_the_scanner_not_its_score(
    tool: str, described: dict[str, Any], result: dict[str, Any]
) -> None:
    document = written.sarif(tool)
    run = document["runs"][0]
    run["tool"]["driver"]["rules"] = [described]
    run["results"] = [{"ruleId": "CVE-2005-2541-tar", "message": {"text": "tar"}} | result]
    assert [(each[0], each[1]) for each in found(only(document))] == [("CVE-2005-2541", Severity.LOW)]


def test_grypes_help_names_package_and_version() -> None:
    help_ = {"text": "Vulnerability CVE-2005-2541\nSeverity: low\nPackage: tar\nVersion: 1.34\nFix Version: 1.35\nType: deb"}
    document = written.sarif("Grype")
    document["runs"][0]["tool"]["driver"]["rules"] = [rule(help=help_)]
    document["runs"][0]["results"] = [{"ruleId": "CVE-2005-2541-tar", "message": {"text": "The path /x reports tar at 1.34"}}]
    assert found(only(document)) == [("CVE-2005-2541", Severity.LOW, "tar", "1.34", "1.35")]


def stated(entry: dict[str, Any]) -> dict[str, Any]:
    """CycloneDX with a statement."""
    document = written.cyclonedx_vex()
    document["vulnerabilities"][0] |= entry
    return document


# ---- encodings


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_encodings_are_told_by_the_first_bytes(encoding: str) -> None:
    assert len(found(only(json.dumps(written.trivy()).encode(encoding)))) == 1
    assert len(found(only(f"digest,cve,severity\n{DIGEST},CVE-1,Low\n".encode(encoding)))) == 1


def test_an_encoding_that_is_not_read_is_named() -> None:
    with pytest.raises(UntrustedPayload, match="UTF-16-LE and is cut or damaged"):
        read(json.dumps(written.trivy()).encode("utf-16")[:-1])
    with pytest.raises(UntrustedPayload, match=r"not in UTF-8 \(line 2\)"):
        read('{\n"SchemaVersion": 2, "ArtifactName": "caf\u00e9"}'.encode("latin-1"))


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


@pytest.mark.parametrize("product", [f"{HOST}/shop/web:v1", f"{HOST}/shop/web:v1@{DIGEST}", f"{HOST}/shop/web@{DIGEST}"])
def test_a_product_named_by_a_plain_reference_is_that_image(product: str) -> None:
    (report,) = read(written.openvex(product))
    assert report.name == WEB
    assert len(report.vex) == 1


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
        ({"vulnerability": {"name": "GHSA-1", "aliases": ["CVE-2026-1", "GHSA-1"]}}, 2),
        ({"justification": None}, 0),
        ({"justification": None, "impact_statement": "it is never called"}, 1),
        ({"justification": None, "status": "under_investigation"}, 1),
    ],
)
def test_forms_of_openvex(more: dict[str, Any], statements: int) -> None:
    assert sum(len(report.vex) for report in read(written.openvex(**more))) == statements


@pytest.mark.parametrize(
    "document",
    [
        written.openvex() | {"statements": []},
        written.openvex(status="certainly_fine"),
        written.openvex(justification=None),
        written.openvex("https://contoso.example/other"),
        stated({"analysis": {"state": "certainly_fine"}}),
        stated({"analysis": {"detail": "looked at"}}),
        stated({"affects": [{"ref": "6f2c0a0e"}]}),
        stated({"affects": [{"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1"}]}),
    ],
)
def test_a_document_of_statements_without_one_that_counts_is_no_scan(document: Any) -> None:
    report = only(document)
    assert (report.is_scan, report.complete, report.vulnerabilities, report.vex) == (False, False, None, ())


LINK = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#"


@pytest.mark.parametrize(
    ("reference", "package", "version"),
    [
        ("pkg:deb/debian/zlib1g@1.2", "zlib1g", "1.2"),
        (f"{LINK}pkg:deb/debian/zlib1g@1.2", "zlib1g", "1.2"),
        (f"{LINK}pkg%3Adeb%2Fdebian%2Fzlib1g%401.2", "zlib1g", "1.2"),
        (IMAGE, "", ""),
    ],
)
def test_a_statement_of_cyclonedx_is_about_what_it_names_alone(reference: str, package: str, version: str) -> None:
    (vex,) = only(stated({"affects": [{"ref": reference}]})).vex
    assert (vex.package, vex.version) == (package, version)


@pytest.mark.parametrize(
    ("purl", "package", "version"),
    [
        ("pkg:golang/github.com/org/module@v1.2.3", "github.com/org/module", "v1.2.3"),
        ("pkg:npm/%40scope/name@1.0.0", "@scope/name", "1.0.0"),
        ("pkg:npm/lodash@4.17.20", "lodash", "4.17.20"),
        ("pkg:maven/org.apache.commons/commons-io@2.11?type=jar", "org.apache.commons:commons-io", "2.11"),
        ("pkg:deb/debian/zlib1g@1%3A1.2?arch=amd64", "zlib1g", "1:1.2"),
        ("pkg:pypi/pyyaml@6.0", "pyyaml", "6.0"),
    ],
)
def test_packages_are_named_as_scanners_name_them(purl: str, package: str, version: str) -> None:
    (report,) = read(written.openvex(products=[{"@id": IMAGE, "subcomponents": [{"@id": purl}]}]))
    assert [(vex.package, vex.version) for vex in report.vex] == [(package, version)]
    document = written.cyclonedx(components=[{"bom-ref": "x", "name": package.rpartition("/")[2], "version": "1", "purl": purl}])
    document["vulnerabilities"][0]["affects"] = [{"ref": "x"}]
    assert found(only(document))[0][2:4] == (package if ":" in package or "/" in package else package.rpartition("/")[2], "1")


def test_a_statement_of_cyclonedx_that_names_another_image_is_about_that() -> None:
    other = "sha256:" + "b" * 64
    document = stated({"affects": [{"ref": f"pkg:oci/other@{other.replace(':', '%3A')}"}]})
    assert [(report.digest, len(report.vex)) for report in read(document)] == [(other, 1)]


@pytest.mark.parametrize(
    ("product", "name", "tag"),
    [
        ("pkg:docker/cassandra@latest", RepositoryName("docker.io", "library/cassandra"), "latest"),
        ("pkg:docker/org/web@1.0", RepositoryName("docker.io", "org/web"), "1.0"),
        ("pkg:docker/org/web@1.0?repository_url=gcr.io", RepositoryName("gcr.io", "org/web"), "1.0"),
        (f"pkg:docker/org/web@{ENCODED}", RepositoryName("docker.io", "org/web"), ""),
        ("pkg:oci/web?tag=1", RepositoryName("", "web"), "1"),
        (f"pkg:oci/web@{ENCODED}", None, ""),
    ],
)
def test_package_urls_of_images_name_them(product: str, name: RepositoryName | None, tag: str) -> None:
    (report,) = read(written.openvex(product))
    assert (report.name, report.tag, report.digest) == (name, tag, DIGEST if ENCODED in product else "")


@pytest.mark.parametrize(
    ("product", "statements"),
    [
        (IMAGE, 1),
        ("pkg:oci/web", 1),
        (f"pkg:oci/web?repository_url={HOST}/shop/web", 1),
        ("pkg:oci/other", 0),
        ("pkg:docker/org/other@1.0", 0),
        (f"pkg:oci/other?repository_url={HOST}/shop/other", 0),
        (f"{HOST}/shop/other:v1", 0),
    ],
)
def test_statements_that_are_attested_are_about_the_subject_or_about_nothing(product: str, statements: int) -> None:
    (report,) = read(written.statement("https://openvex.dev/ns/v0.2.0", written.openvex(product)))
    assert (report.digest, len(report.vex), report.complete) == (DIGEST, statements, bool(statements))


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


@pytest.mark.parametrize(
    ("body", "headline"),
    [(b"", "the file is empty"), (b" \n", "the file is empty"), (gzip.compress(b"{}"), "it is compressed (gzip)")],
)
def test_what_a_file_is_instead_is_said(body: bytes, headline: str) -> None:
    with pytest.raises(UntrustedPayload) as caught:
        read(body)
    assert caught.value.headline == headline


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
