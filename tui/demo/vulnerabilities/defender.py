"""Findings of Defender for Containers as Resource Graph stores them: sub-assessments of two generations of recommendations.

Shape: azure-rest-api-specs, example of Microsoft.Security subAssessments (recordings, scanners/defender).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from zlib import crc32

from tui.demo.azure.resources import CLUSTERS, REGISTRIES, TENANT, Resource
from tui.demo.content import OCI, Json
from tui.demo.estate.cluster_builder import ClusterObjects
from tui.demo.estate.images import CONTOSO, FABRIKAM
from tui.demo.moments import acr_time
from tui.demo.vulnerabilities.findings import PackageVulnerability
from tui.demo.vulnerabilities.images import Scanned, ScannedImages

__all__ = ["finding_rows"]

# Fabrikam's subscription still has the recommendations that are on their way out.
_REGISTRY_KEYS = {CONTOSO: "33422d8f-ab1e-42be-bc9a-38685bb567b9", FABRIKAM: "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"}
_RUNNING_KEY = "e9acaf48-d2cf-45a3-a6e7-3caa2ef769e0"
LOOKED_AT = 100.0  # days
# Scanned no more since their pulls stopped, or never because the push came too late; and one that is exempt.
MISSED = frozenset({"ml/ranker", "platform/scanner"})
# Not in its data, though others report them.
UNKNOWN = frozenset({"CVE-2026-90131", "CVE-2026-90411"})
EXEMPT = frozenset({"CVE-2019-1010022"})
STATUS = {"critical": "High", "high": "High", "medium": "Medium", "low": "Low"}


def finding_rows(images: ScannedImages, estates: list[ClusterObjects], now: datetime) -> Iterator[Json]:
    """The table `securityresources`, as far as it is about images."""
    for image in images.of(_REGISTRY_KEYS, 1e9):
        if image.repository not in MISSED and _is_in_use(image):
            for finding in image.findings:
                if finding.flaw.id not in UNKNOWN:
                    yield _in_registry(image, finding, now)
    for estate in estates:
        yield from _running(images, estate, now)


def _is_in_use(image: Scanned) -> bool:
    """Images that are neither new nor pulled are no longer scanned; builds pull bases of any age."""
    age = image.published.age if image.published else 0.0
    return age <= LOOKED_AT or image.repository.startswith("base/")


def _in_registry(image: Scanned, finding: PackageVulnerability, now: datetime) -> Json:
    registry, key = REGISTRIES[image.host], _REGISTRY_KEYS[image.host]
    about: Json = {"id": f"/repositories/{image.repository}/images/{image.manifest}", "source": "Azure"}
    if image.host == CONTOSO:
        about |= {"ResourceType": "acr.containerimage", "ResourceProvider": "Azure", "ResourceName": image.repository}
    assessed = now - timedelta(hours=3 + crc32(image.digest.encode()) % 19)
    return _row(registry, key, image, finding, assessed, about, {})


def _running(images: ScannedImages, estate: ClusterObjects, now: datetime) -> Iterator[Json]:
    """Running images that lie in no registry of ours."""
    cluster, digests = CLUSTERS[estate.name], set[str]()
    for pod in estate.pods:
        for container in pod.containers:
            image = images.running(container.box.image, container.image_id) if container.image_id else None
            if image is None or image.host in (*REGISTRIES, "legacy.contoso.example") or image.digest in digests:
                continue
            digests.add(image.digest)
            owner = pod.owner.kind if pod.owner else "Pod"
            where: Json = {"namespace": pod.namespace, "clusterResourceId": cluster.id, "clusterName": cluster.name}
            where |= {"controllerKind": owner, "controllerName": pod.owner.name if pod.owner else pod.name}
            where |= {"containerName": container.box.name, "podName": pod.name, "clusterKind": "AKS", "cloud": "Azure"}
            for finding in image.findings:
                about: Json = {"id": cluster.id, "source": "Azure", "ResourceType": "k8s.container"}
                extra: Json = {"kubernetesDetails": where}
                yield _row(cluster, _RUNNING_KEY, image, finding, now - timedelta(hours=5), about, extra)


def _row(
    resource: Resource, key: str, image: Scanned, finding: PackageVulnerability, assessed: datetime, about: Json, extra: Json
) -> Json:
    mark = hashlib.sha256(f"{image.manifest}{finding.flaw.id}{finding.package.name}{resource.name}".encode()).hexdigest()
    name = f"{mark[:8]}-{mark[8:12]}-{mark[12:16]}-{mark[16:20]}-{mark[20:32]}"
    place = f"{resource.id}/providers/Microsoft.Security/assessments/{key}/subassessments/{name}"
    row: Json = {"id": place, "name": name, "type": "microsoft.security/assessments/subassessments", "tenantId": TENANT}
    row |= {"kind": "", "location": "global", "resourceGroup": resource.group, "subscriptionId": resource.subscription}
    row |= {"managedBy": "", "sku": None, "plan": None, "properties": _properties(image, finding, assessed, about, extra)}
    return {**row, "tags": None, "identity": None, "zones": None, "extendedLocation": None}


def _properties(image: Scanned, finding: PackageVulnerability, assessed: datetime, about: Json, extra: Json) -> Json:
    exempt: Json = {"description": "Disabled by an exemption", "code": "NotApplicable", "cause": "Exempt"}
    status: Json = exempt if finding.flaw.id in EXEMPT else {"code": "Unhealthy"}
    data: Json = {"assessedResourceType": "AzureContainerRegistryVulnerability", "vulnerabilityDetails": _details(finding)}
    data |= {
        "artifactDetails": _artifact(image, assessed),
        "softwareDetails": _software(image, finding),
        "cvssV30Score": finding.flaw.score,
    }
    return {
        "id": finding.flaw.id,
        "additionalData": {**data, **extra},
        "description": finding.flaw.title,
        "displayName": finding.flaw.id,
        "resourceDetails": about,
        "timeGenerated": acr_time(assessed),
        "remediation": f"Update {finding.package.name} to {finding.flaw.fixed}"
        if finding.flaw.fixed
        else "No remediation exists",
        "status": {**status, "severity": STATUS[finding.flaw.nvd]},
    }


def _details(finding: PackageVulnerability) -> Json:
    exploit: Json = {"exploitStepsPublished": False, "exploitStepsVerified": False, "isInExploitKit": False}
    vector = "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    return {
        "severity": finding.flaw.nvd.capitalize(),
        "exploitabilityAssessment": {**exploit, "exploitUris": [], "types": ["Remote"]},
        "lastModifiedDate": "2026-10-28T00:00:00Z",
        "publishedDate": "2026-08-12T09:15:00Z",
        "workarounds": [],
        "references": [{"title": finding.flaw.id, "link": f"https://nvd.nist.gov/vuln/detail/{finding.flaw.id}"}],
        "weaknesses": {"cwe": [{"id": "CWE-787"}]},
        "cveId": finding.flaw.id,
        "cvss": {"2.0": None, "3.0": {"cvssVectorString": vector, "base": finding.flaw.score}},
        "cpe": {"vendor": finding.package.name, "product": finding.package.name, "part": "Applications", "version": "*"},
    }


def _artifact(image: Scanned, assessed: datetime) -> Json:
    media = image.published.images["amd64"].stored.media_type if image.published else OCI.manifest
    return {
        "lastPushedToRegistryUTC": acr_time(assessed - timedelta(days=3)),
        "repositoryName": image.repository,
        "registryHost": image.host,
        "artifactType": "ContainerImage",
        "mediaType": media,
        "digest": image.manifest,
        "tags": [image.tag],
    }


def _software(image: Scanned, finding: PackageVulnerability) -> Json:
    system = f"{image.platform.family}_linux_{image.platform.version}"
    return {
        "category": "OS" if finding.is_system else "Language",
        "language": "" if finding.is_system else finding.package.ecosystem,
        "fixedVersion": finding.flaw.fixed,
        "version": finding.installed,
        "vendor": image.platform.family if finding.is_system else finding.package.name,
        "packageName": finding.package.name,
        "osDetails": {"osPlatform": "linux", "osVersion": system},
        "fixStatus": "FixAvailable" if finding.flaw.fixed else "NoFixAvailable",
        "evidence": [],
    }
