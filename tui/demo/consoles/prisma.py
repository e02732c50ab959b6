"""A Prisma Cloud Compute (Twistlock) console (recordings, scanners/twistlock; pan.dev openapi-specs/compute)."""

from __future__ import annotations

import json
import secrets
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property

from tui.demo.content import Json
from tui.demo.estate.cluster_builder import ClusterObjects
from tui.demo.estate.images import CONTOSO, LEGACY
from tui.demo.http import Reply, Request, json_reply
from tui.demo.moments import nano_time
from tui.demo.registry.tokens import jwt
from tui.demo.vulnerabilities.findings import PackageVulnerability
from tui.demo.vulnerabilities.images import Scanned, ScannedImages

__all__ = ["PrismaConsole"]

MOST = 50
RATE, WINDOW = 30, 30.0
WATCHED = frozenset({"legacy", "checkout", "vendor"})
OLD = frozenset({"erp/reports"})  # its host has not been scanned since the summer
OLD_DAYS = 120
FAILED = frozenset({"vendor/chat"})
_FAULT = "failed to scan image: failed to extract layer: no space left on device"


class PrismaConsole:
    """Knows what runs in three namespaces, and the old registry."""

    def __init__(self, images: ScannedImages, estates: list[ClusterObjects], now: datetime, user: str, password: str) -> None:
        self._images, self._estates, self._now = images, estates, now
        self._user, self._password = user, password
        self._tokens: set[str] = set()
        self._left, self._until = RATE, 0.0

    async def handle(self, request: Request) -> Reply:
        """One request."""
        if request.path == "/api/v1/authenticate" and request.method == "POST":
            return self._authenticate(request)
        if request.headers.get("authorization", "").partition(" ")[2] not in self._tokens:
            return json_reply({"err": "unauthorized"}, 401)
        match request.path:
            case "/api/v1/images":
                return self._limited() or self._page(request, self._deployed)
            case "/api/v1/registry":
                return self._limited() or self._page(request, self._registry)
            case _:
                return Reply(404, b"404 page not found\n", media_type="text/plain; charset=utf-8")

    def _authenticate(self, request: Request) -> Reply:
        try:
            credentials = json.loads(request.body)
            right = (credentials["username"], credentials["password"]) == (self._user, self._password)
        except (ValueError, KeyError, TypeError):
            return json_reply({"err": "bad request"}, 400)
        if not right:
            return json_reply({"err": "invalid credentials"}, 401)
        token = jwt({"user": self._user, "role": "auditor", "exp": int(time.time()) + 1800, "jti": secrets.token_hex(8)})
        self._tokens.add(token)
        return json_reply({"token": token})

    def _limited(self) -> Reply | None:
        """30 requests in 30 seconds, on each of the two lists; here they share."""
        now = time.monotonic()
        if now >= self._until:
            self._left, self._until = RATE, now + WINDOW
        self._left -= 1
        return json_reply({"err": "rate limit exceeded"}, 429, (("Retry-After", "5"),)) if self._left < 0 else None

    def _page(self, request: Request, rows: list[Json]) -> Reply:
        """An empty page is `null`."""
        limit = min(int(request.query.get("limit", "") or MOST), MOST)
        start = int(request.query.get("offset", "") or 0)
        page = rows[start : start + limit]
        if request.query.get("compact") == "true":
            page = [{**row, "vulnerabilities": None, "complianceIssues": None} for row in page]
        return json_reply(page or None, headers=(("Total-Count", str(len(rows))),))

    @cached_property
    def _deployed(self) -> list[Json]:
        by_digest: dict[str, tuple[Scanned, list[str]]] = {}
        for estate in self._estates:
            for pod in estate.pods:
                if pod.namespace in WATCHED and pod.containers[0].image_id:
                    image = self._images.running(pod.containers[0].box.image, pod.containers[0].image_id)
                    if image.host in (CONTOSO, LEGACY):
                        by_digest.setdefault(image.digest, (image, []))[1].append(f"{estate.name} {pod.namespace} {pod.node}")
        return [self._image(image, places) for image, places in by_digest.values()]

    @cached_property
    def _registry(self) -> list[Json]:
        return [self._image(image, []) for image in self._images.of((LEGACY,), 1e9)]

    def _image(self, scanned: Scanned, places: Iterable[str]) -> Json:
        moment = self._now - (timedelta(days=OLD_DAYS) if scanned.repository in OLD else timedelta(hours=7))
        failed = scanned.repository in FAILED
        findings = () if failed else scanned.findings
        where = [place.split(" ") for place in dict.fromkeys(places)]
        counts = _distribution([finding.flaw.severity for finding in findings])
        tag: Json = {"registry": scanned.host, "repo": scanned.repository, "tag": scanned.tag}
        system = f"{scanned.platform.family} {scanned.platform.version}"
        image: Json = {"_id": scanned.manifest, "id": scanned.manifest, "type": "image" if where else "registry", "hostname": ""}
        image |= {"repoTag": tag, "tags": [tag], "repoDigests": [f"{scanned.host}/{scanned.repository}@{scanned.digest}"]}
        image |= {
            "scanTime": nano_time(moment),
            "firstScanTime": nano_time(moment - timedelta(days=30)),
            "scanVersion": "34.04.145",
        }
        image |= {"creationTime": nano_time(moment - timedelta(days=40)), "scanID": 0, "err": _FAULT if failed else ""}
        image |= {"distro": system, "osDistro": scanned.platform.family, "osDistroVersion": scanned.platform.version}
        image |= {"osDistroRelease": scanned.platform.version, "packageManager": True}
        image |= {"topLayer": scanned.manifest, "layers": None}
        image |= {"vulnerabilities": [_vulnerability(finding, moment) for finding in findings] or None}
        image |= {"vulnerabilitiesCount": len(findings), "vulnerabilityDistribution": counts, "vulnerabilityRiskScore": 0}
        none = _distribution([])
        image |= {"complianceIssues": None, "complianceIssuesCount": 0, "complianceDistribution": none, "complianceRiskScore": 0}
        image |= {"packages": None, "files": [], "applications": None, "binaries": None, "startupBinaries": None, "Secrets": []}
        image |= {
            "clusters": sorted({cluster for cluster, _, _ in where}),
            "namespaces": sorted({space for _, space, _ in where}),
        }
        image |= {"hosts": {node: {"modified": nano_time(moment)} for _, _, node in where}, "trustStatus": "trusted"}
        image |= {
            "instances": [{**tag, "image": scanned.reference, "host": node, "modified": nano_time(moment)} for *_, node in where]
        }
        image |= {"collections": ["All"], "allCompliance": {}, "riskFactors": {}, "appEmbedded": False, "history": None}
        image |= {"image": {"created": nano_time(moment - timedelta(days=40))}, "wildFireUsage": None}
        image |= {"installedProducts": {"osDistro": system, "hasPackageManager": True}}
        image |= {"cloudMetadata": {"provider": "azure", "region": "westeurope"}}
        return {**image, "firewallProtection": {"supported": False, "enabled": False}}


def _distribution(severities: list[str]) -> Json:
    counts = Counter(severities)
    return {**{name: counts[name] for name in ("critical", "high", "medium", "low")}, "total": len(severities)}


def _vulnerability(finding: PackageVulnerability, moment: datetime) -> Json:
    flaw, package = finding.flaw, finding.package
    row: Json = {"cve": flaw.id, "severity": flaw.severity, "cvss": flaw.score, "id": 46, "type": "image", "title": ""}
    row |= {"status": f"fixed in {flaw.fixed}" if flaw.fixed else "affected", "packageName": package.name}
    row |= {"packageVersion": finding.installed, "link": f"https://nvd.nist.gov/vuln/detail/{flaw.id}", "text": ""}
    row |= {"description": flaw.title, "discovered": nano_time(moment), "published": 1_786_500_000, "fixDate": ""}
    row |= {"layerTime": 1_786_500_000, "riskFactors": {"Has fix": {}} if flaw.fixed else {}, "applicableRules": None}
    row |= {"vecStr": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "exploit": "", "cause": "", "cri": False}
    return {**row, "functionLayer": "", "templates": None, "twistlock": False}
