"""Trivy's words: reports of the operator in a cluster (trivy-operator pkg/apis/aquasecurity/v1alpha1), and its own JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tui.demo.content import Json
from tui.demo.estate.model import Controller
from tui.demo.moments import kube_time, nano_time
from tui.demo.vulnerabilities.findings import PackageVulnerability
from tui.demo.vulnerabilities.images import Scanned

__all__ = ["OperatorReport", "trivy_report", "write_report"]

_SEVERITIES = ("critical", "high", "medium", "low", "unknown", "none")
_SCANNER = {"name": "Trivy", "vendor": "Aqua Security", "version": "0.67.2"}
_PURL = {"deb": "pkg:deb/debian", "rpm": "pkg:rpm/redhat", "apk": "pkg:apk/alpine", "jar": "pkg:maven", "gobinary": "pkg:golang"}


@dataclass(frozen=True, slots=True)
class OperatorReport:
    """One VulnerabilityReport: of a container of a controller, at a moment."""

    controller: Controller
    container: str
    image: Scanned
    at: datetime
    uid: str

    @property
    def name(self) -> str:
        """As the operator names it: kind, name and container."""
        return f"{self.controller.kind.lower()}-{self.controller.name}-{self.container}"


def write_report(report: OperatorReport, version: str) -> Json:
    """aquasecurity.github.io/v1alpha1 VulnerabilityReport."""
    image, owner = report.image, report.controller.reference
    labels = {"kind": owner.kind, "name": owner.name, "namespace": report.controller.namespace}
    metadata: Json = {"name": report.name, "namespace": report.controller.namespace, "uid": report.uid, "generation": 1}
    metadata |= {"resourceVersion": version, "creationTimestamp": kube_time(report.at)}
    metadata["annotations"] = {"trivy-operator.aquasecurity.github.io/report-ttl": "24h0m0s"}
    metadata["labels"] = {
        "resource-spec-hash": report.uid[:8],
        "trivy-operator.container.name": report.container,
        **{f"trivy-operator.resource.{key}": value for key, value in labels.items()},
    }
    reference = {"apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "uid": owner.uid}
    metadata["ownerReferences"] = [{**reference, "controller": True, "blockOwnerDeletion": False}]
    server = "index.docker.io" if image.host == "docker.io" else image.host
    system: Json = {"family": image.platform.family, "name": image.platform.version}
    findings = image.findings
    body: Json = {
        "artifact": {"digest": image.digest, "repository": image.repository, "tag": image.tag},
        "os": {**system, "eosl": True} if image.platform.ended else system,
        "registry": {"server": server},
        "scanner": _SCANNER,
        "summary": _summary(findings),
        "updateTimestamp": kube_time(report.at),
        "vulnerabilities": [_row(finding, image) for finding in findings],
    }
    return {"metadata": metadata, "report": body}


def _summary(findings: Sequence[PackageVulnerability]) -> Json:
    counts = Counter(finding.flaw.severity for finding in findings)
    return {f"{severity}Count": counts[severity] for severity in _SEVERITIES}


def _row(finding: PackageVulnerability, image: Scanned) -> Json:
    flaw, package = finding.flaw, finding.package
    link = f"https://avd.aquasec.com/nvd/{flaw.id.lower()}"
    system = f"{image.reference} ({image.platform.family} {image.platform.version})"
    return {
        "class": "os-pkgs" if finding.is_system else "lang-pkgs",
        "fixedVersion": flaw.fixed,
        "installedVersion": finding.installed,
        "lastModifiedDate": "2026-10-28T14:15:00Z",
        "links": [],
        "packagePURL": f"{_PURL.get(package.ecosystem, 'pkg:generic')}/{package.name}@{finding.installed}",
        "packageType": image.platform.family if finding.is_system else package.ecosystem,
        "primaryLink": link,
        "publishedDate": "2026-08-12T09:15:00Z",
        "resource": package.name,
        "score": flaw.score,
        "severity": flaw.severity.upper(),
        "target": system if finding.is_system else "",
        "title": f"{package.name}: {flaw.title}",
        "vulnerabilityID": flaw.id,
    }


def trivy_report(image: Scanned, moment: datetime) -> Json:
    """What `trivy image --format json` prints (trivy pkg/types/report.go, schema version 2)."""
    system: Json = {"Family": image.platform.family, "Name": image.platform.version}
    metadata: Json = {"OS": system, "ImageID": image.manifest, "RepoTags": [image.reference]}
    metadata["RepoDigests"] = [f"{image.host}/{image.repository}@{image.digest}"]
    findings = image.findings
    head: Json = {"SchemaVersion": 2, "CreatedAt": nano_time(moment), "ArtifactName": image.reference}
    results = [
        _result(image, kind, [finding for finding in findings if _target(finding) == kind])
        for kind in sorted({_target(finding) for finding in findings})
    ]
    return {**head, "ArtifactType": "container_image", "Metadata": metadata, "Results": results}


def _target(finding: PackageVulnerability) -> str:
    return "os" if finding.is_system else finding.package.ecosystem


def _result(image: Scanned, kind: str, findings: Sequence[PackageVulnerability]) -> Json:
    system = kind == "os"
    target = f"{image.reference} ({image.platform.family} {image.platform.version})" if system else kind
    result: Json = {"Target": target, "Class": "os-pkgs" if system else "lang-pkgs"}
    result["Type"] = image.platform.family if system else kind
    return {**result, "Vulnerabilities": [_detail(finding) for finding in findings]}


def _detail(finding: PackageVulnerability) -> Json:
    flaw = finding.flaw
    row: Json = {"VulnerabilityID": flaw.id, "PkgName": finding.package.name, "InstalledVersion": finding.installed}
    row |= {"FixedVersion": flaw.fixed, "Status": "fixed"} if flaw.fixed else {"Status": "affected"}
    row |= {"PrimaryURL": f"https://avd.aquasec.com/nvd/{flaw.id.lower()}", "Title": f"{finding.package.name}: {flaw.title}"}
    return {**row, "Severity": flaw.severity.upper(), "CVSS": {"nvd": {"V3Score": flaw.score}}}
