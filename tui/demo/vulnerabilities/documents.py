"""Documents that hang on images: lists of what is in them, statements about vulnerabilities, reports of a pipeline's scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from tui.demo.content import Json
from tui.demo.moments import kube_time
from tui.demo.vulnerabilities.findings import PackageVulnerability
from tui.demo.vulnerabilities.images import Scanned

__all__ = ["cyclonedx", "cyclonedx_vex", "openvex", "sarif", "spdx"]

AUTHOR = "Contoso Product Security"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
_NAMESPACE = "https://sbom.contoso.example"


def _package_url(image: Scanned) -> str:
    """package-url of an OCI image (purl-spec types-doc/oci)."""
    name = image.repository.rpartition("/")[2]
    where = quote(f"{image.host}/{image.repository}", safe="")
    return f"pkg:oci/{name}@{quote(image.digest, safe='')}?repository_url={where}"


def _packages(image: Scanned) -> list[tuple[str, str, str]]:
    """Name, version and ecosystem of each package of which something is known."""
    by_name = {
        finding.package.name: (finding.package.name, finding.installed, finding.package.ecosystem) for finding in image.findings
    }
    return sorted(by_name.values())


def spdx(image: Scanned, moment: datetime) -> Json:
    """A list of packages (SPDX 2.3)."""
    packages: list[Json] = [
        {"SPDXID": f"SPDXRef-Package-{place}", "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION"}
        for place, (name, version, _) in enumerate(_packages(image))
    ]
    head: Json = {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": image.reference}
    creation = {"created": kube_time(moment), "creators": ["Tool: syft-1.33.0"]}
    return {**head, "documentNamespace": f"{_NAMESPACE}/{image.digest}", "creationInfo": creation, "packages": packages}


def cyclonedx(image: Scanned, moment: datetime) -> Json:
    """A list of components (CycloneDX 1.6)."""
    components: list[Json] = [
        {"bom-ref": f"{kind}/{name}", "type": "library", "name": name, "version": version}
        for name, version, kind in _packages(image)
    ]
    return {**_bom(image, moment), "components": components}


def _bom(image: Scanned, moment: datetime) -> Json:
    about = {"bom-ref": _package_url(image), "type": "container", "name": image.reference, "purl": _package_url(image)}
    metadata = {"timestamp": kube_time(moment), "authors": [{"name": AUTHOR}], "component": about}
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": metadata}


def cyclonedx_vex(image: Scanned, moment: datetime, states: Mapping[str, tuple[str, str]]) -> Json:
    """Statements about vulnerabilities: state and justification by number (CycloneDX 1.6, vulnerabilities.analysis)."""
    entries: list[Json] = [
        {
            "id": identity,
            "source": {"name": "NVD", "url": f"https://nvd.nist.gov/vuln/detail/{identity}"},
            "analysis": {"state": state, **({"justification": why} if why else {})},
            "affects": [{"ref": _package_url(image)}],
        }
        for identity, (state, why) in states.items()
    ]
    return {**_bom(image, moment), "vulnerabilities": entries}


def openvex(image: Scanned, moment: datetime, states: Mapping[str, tuple[str, str]]) -> Json:
    """Statements about vulnerabilities: status and justification by number (openvex/spec 0.2.0)."""
    statements: list[Json] = [
        {
            "vulnerability": {"name": identity},
            "products": [{"@id": _package_url(image)}],
            "status": status,
            **({"justification": why} if why else {}),
        }
        for identity, (status, why) in states.items()
    ]
    head: Json = {"@context": "https://openvex.dev/ns/v0.2.0", "@id": f"{_NAMESPACE}/vex/{image.digest[7:19]}"}
    return {**head, "author": AUTHOR, "timestamp": kube_time(moment), "version": 1, "statements": statements}


def sarif(image: Scanned, moment: datetime) -> Json:
    """A scan (SARIF 2.1.0 as `trivy image --format sarif` writes it)."""
    findings = image.findings
    rules: dict[str, Json] = {finding.flaw.id: _rule(finding) for finding in findings}
    driver = {"name": "Trivy", "version": "0.67.2", "fullName": "Trivy Vulnerability Scanner", "rules": list(rules.values())}
    driver["informationUri"] = "https://github.com/aquasecurity/trivy"
    names = {"imageName": image.reference, "repoTags": [image.reference], "imageID": image.manifest}
    run: Json = {
        "tool": {"driver": driver},
        "results": [_result(finding, list(rules)) for finding in findings],
        "columnKind": "utf16CodeUnits",
        "invocations": [{"executionSuccessful": True, "endTimeUtc": kube_time(moment)}],
        "properties": {**names, "repoDigests": [f"{image.host}/{image.repository}@{image.digest}"]},
    }
    return {"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [run]}


def _rule(finding: PackageVulnerability) -> Json:
    flaw = finding.flaw
    tags = ["vulnerability", "security", flaw.severity.upper()]
    return {
        "id": flaw.id,
        "name": "OsPackageVulnerability" if finding.is_system else "LanguageSpecificPackageVulnerability",
        "shortDescription": {"text": f"{finding.package.name}: {flaw.title}"},
        "helpUri": f"https://avd.aquasec.com/nvd/{flaw.id.lower()}",
        "defaultConfiguration": {"level": _LEVELS[flaw.severity]},
        "properties": {"precision": "very-high", "security-severity": str(flaw.score), "tags": tags},
    }


def _result(finding: PackageVulnerability, rules: Sequence[str]) -> Json:
    flaw = finding.flaw
    lines = [f"Package: {finding.package.name}", f"Installed Version: {finding.installed}", f"Vulnerability {flaw.id}"]
    lines += [f"Severity: {flaw.severity.upper()}", f"Fixed Version: {flaw.fixed}"]
    place = {"artifactLocation": {"uri": finding.package.name, "uriBaseId": "ROOTPATH"}, "region": {"startLine": 1}}
    return {
        "ruleId": flaw.id,
        "ruleIndex": rules.index(flaw.id),
        "level": _LEVELS[flaw.severity],
        "message": {"text": "\n".join(lines)},
        "locations": [{"physicalLocation": place}],
    }
