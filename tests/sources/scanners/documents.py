"""Small documents in the formats that scanners write, as their own schemas have them."""

from __future__ import annotations

import base64
import json
from typing import Any

DIGEST = "sha256:" + "a" * 64
CONFIG = "sha256:" + "c" * 64
ENCODED = DIGEST.replace(":", "%3A")
HOST = "contoso.azurecr.io"
NAME = f"{HOST}/shop/web"
IMAGE = f"pkg:oci/web@{ENCODED}?repository_url={HOST}/shop/web"


def trivy(**more: Any) -> dict[str, Any]:
    """aquasecurity/trivy, `--format json`."""
    found = {
        "VulnerabilityID": "CVE-2026-1",
        "VendorIDs": ["DSA-1-1"],
        "PkgName": "zlib1g",
        "InstalledVersion": "1:1.2.13",
        "FixedVersion": "1:1.3",
        "Severity": "CRITICAL",
        "Title": "zlib: overflow",
        "PrimaryURL": "https://avd.aquasec.com/nvd/cve-2026-1",
        "Layer": {"Digest": "sha256:" + "1" * 64, "DiffID": "sha256:" + "2" * 64},
        "CVSS": {"nvd": {"V3Score": 9.8}, "redhat": {"V3Score": 7.0}},
    }
    return {
        "SchemaVersion": 2,
        "CreatedAt": "2026-11-25T10:00:00.123456789Z",
        "ArtifactName": f"{NAME}:v1",
        "ArtifactType": "container_image",
        "Metadata": {
            "OS": {"Family": "debian", "Name": "12.11", "EOSL": False},
            "ImageID": CONFIG,
            "RepoTags": [f"{NAME}:v1"],
            "RepoDigests": [f"{NAME}@{DIGEST}"],
        },
        "Results": [
            {"Target": "web (debian 12.11)", "Class": "os-pkgs", "Vulnerabilities": [found]},
            {"Target": "app/package.json", "Class": "lang-pkgs"},
        ],
    } | more


def grype() -> dict[str, Any]:
    """anchore/grype, `-o json`."""
    return {
        "matches": [
            {
                "vulnerability": {
                    "id": "GHSA-aaaa-bbbb-cccc",
                    "dataSource": "https://github.com/advisories/GHSA-aaaa-bbbb-cccc",
                    "severity": "High",
                    "fix": {"versions": ["4.17.21"], "state": "fixed"},
                    "cvss": [{"version": "3.1", "metrics": {"baseScore": 7.2}}],
                },
                "relatedVulnerabilities": [{"id": "CVE-2026-2"}],
                "artifact": {
                    "name": "lodash",
                    "version": "4.17.20",
                    "locations": [{"path": "/app/package.json", "layerID": CONFIG}],
                },
            }
        ],
        "source": {
            "type": "image",
            "target": {"userInput": f"{NAME}:v1", "imageID": CONFIG, "manifestDigest": DIGEST, "tags": [], "repoDigests": []},
        },
        "distro": {"name": "debian", "version": "12"},
        "descriptor": {"name": "grype", "version": "0.90.0", "timestamp": "2026-11-25T10:00:00Z"},
    }


def sarif(tool: str = "Trivy") -> dict[str, Any]:
    """SARIF as Trivy writes it."""
    message = "Package: zlib1g\nInstalled Version: 1.2\nVulnerability CVE-2026-1\nSeverity: HIGH\nFixed Version: 1.3\nLink: x"
    rule = {
        "id": "CVE-2026-1",
        "shortDescription": {"text": "zlib: overflow"},
        "helpUri": "https://avd.aquasec.com/nvd/cve-2026-1",
        "properties": {"security-severity": "7.5", "tags": ["vulnerability", "security", "HIGH"]},
    }
    result = {"ruleId": "CVE-2026-1", "ruleIndex": 0, "level": "error", "message": {"text": message}}
    properties = {"imageName": f"{NAME}:v1", "imageID": CONFIG, "repoDigests": [f"{NAME}@{DIGEST}"], "repoTags": [f"{NAME}:v1"]}
    driver = {"name": tool, "version": "0.67", "rules": [rule]}
    return {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": [result], "properties": properties}]}


def cyclonedx(**more: Any) -> dict[str, Any]:
    """CycloneDX 1.6 with vulnerabilities, as Trivy writes it."""
    purl = f"pkg:oci/web@{ENCODED}?arch=amd64&repository_url={HOST}%2Fshop%2Fweb"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {
            "timestamp": "2026-11-25T10:00:00+00:00",
            "tools": {"components": [{"name": "trivy", "version": "0.67"}]},
            "component": {"bom-ref": purl, "type": "container", "name": f"{NAME}:v1", "purl": purl},
        },
        "components": [{"bom-ref": "pkg:deb/debian/zlib1g@1.2", "name": "zlib1g", "version": "1.2"}],
        "vulnerabilities": [
            {
                "id": "CVE-2026-1",
                "ratings": [{"score": 7.5, "severity": "high"}, {"severity": "critical"}],
                "recommendation": "Upgrade zlib1g to version 1.3",
                "affects": [{"ref": "pkg:deb/debian/zlib1g@1.2"}],
            }
        ],
    } | more


def cyclonedx_vex() -> dict[str, Any]:
    """CycloneDX VEX: statements without components."""
    document = cyclonedx(metadata={"timestamp": "2026-11-25T10:00:00Z", "authors": [{"name": "Contoso PSIRT"}]})
    del document["components"]
    analysis = {"state": "not_affected", "justification": "code_not_reachable"}
    document["vulnerabilities"] = [{"id": "CVE-2026-1", "affects": [{"ref": "pkg:deb/debian/zlib1g@1.2"}], "analysis": analysis}]
    return document


def openvex(product: Any = IMAGE, **more: Any) -> dict[str, Any]:
    """OpenVEX 0.2.0."""
    statement = {
        "vulnerability": {"name": "CVE-2026-1"},
        "products": [{"@id": product, "subcomponents": [{"@id": "pkg:deb/debian/zlib1g@1.2"}]}],
        "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
    }
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://contoso.example/vex/1",
        "author": "Contoso PSIRT",
        "timestamp": "2026-11-25T10:00:00Z",
        "version": 1,
        "statements": [statement | more],
    }


def statement(predicate_type: str, predicate: Any, digest: str = DIGEST) -> dict[str, Any]:
    """An in-toto statement v1."""
    algorithm, _, value = digest.partition(":")
    subject = [{"name": NAME, "digest": {algorithm: value}}]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subject,
        "predicateType": predicate_type,
        "predicate": predicate,
    }


def cosign_vuln(digest: str = DIGEST) -> dict[str, Any]:
    """cosign's vulnerability attestation around Trivy's report."""
    scanner = {"uri": "pkg:github/aquasecurity/trivy@0.67", "version": "0.67", "result": trivy()}
    metadata = {"scanStartedOn": "2026-11-25T10:00:00Z", "scanFinishedOn": "2026-11-25T10:00:05Z"}
    return statement("https://cosign.sigstore.dev/attestation/vuln/v1", {"scanner": scanner, "metadata": metadata}, digest)


def intoto_vulns() -> dict[str, Any]:
    """in-toto's own vulnerability predicate."""
    result = [{"id": "CVE-2026-3", "severity": [{"method": "nvd", "score": "medium"}, {"method": "cvss_score", "score": "5.2"}]}]
    scanner = {"uri": "pkg:github/anchore/grype", "version": "0.90", "result": result}
    return statement(
        "https://in-toto.io/attestation/vulns/v0.1", {"scanner": scanner, "metadata": {"scanFinishedOn": "2026-11-25T10:00:05Z"}}
    )


def envelope(payload: Any) -> dict[str, Any]:
    """A DSSE envelope with a signature that nobody looks at."""
    encoded = base64.b64encode(json.dumps(payload).encode()).decode()
    return {"payloadType": "application/vnd.in-toto+json", "payload": encoded, "signatures": [{"sig": "AAAA"}]}


def bundle(payload: Any) -> dict[str, Any]:
    """A Sigstore bundle around an envelope."""
    return {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": envelope(payload)}
