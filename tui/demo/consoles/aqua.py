"""An Aqua Enterprise console (recordings, scanners/aqua; terraform-provider-aquasec client/)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from urllib.parse import unquote
from zlib import crc32

from tui.demo.content import Json
from tui.demo.estate.images import CONTOSO, FABRIKAM
from tui.demo.http import Reply, Request, json_reply
from tui.demo.moments import kube_time
from tui.demo.registry.tokens import jwt
from tui.demo.vulnerabilities.findings import PackageVulnerability
from tui.demo.vulnerabilities.images import Scanned, ScannedImages

__all__ = ["AquaConsole"]

# What the console calls the registries that it was given.
NAMES = {FABRIKAM: "Fabrikam ACR", CONTOSO: "Contoso ACR"}
FAILED = frozenset({"edge/gatebox"})
LOOKED_AT = 100.0  # days
_FORMATS = {"python-pkg": "python", "node-pkg": "npm", "jar": "java", "nuget": "nuget", "gobinary": "go"}
_SEVERITIES = ("critical", "high", "medium", "low", "negligible")


class AquaConsole:
    """Knows the carrier's images, and those that take payments."""

    def __init__(self, images: ScannedImages, now: datetime, user: str, password: str) -> None:
        self._images, self._now = images, now
        self._user, self._password = user, password
        self._tokens: set[str] = set()

    async def handle(self, request: Request) -> Reply:
        """One request."""
        if request.path == "/api/v1/login":
            return self._login(request)
        if request.headers.get("authorization", "").partition(" ")[2] not in self._tokens:
            return json_reply({"message": "Unauthorized", "code": 401}, 401)
        match request.path:
            case "/api/v2/images":
                return self._listed(request, [self._image(image) for image in self._matching(request, "name")])
            case "/api/v2/risks/vulnerabilities":
                return self._vulnerabilities(request)
            case path if path.startswith("/api/v2/images/"):
                return self._one(path.removeprefix("/api/v2/images/"))
            case _:
                return json_reply({"message": "Not Found", "code": 404}, 404)

    def _login(self, request: Request) -> Reply:
        try:
            credentials = json.loads(request.body)
            right = (credentials["id"], credentials["password"]) == (self._user, self._password)
        except (ValueError, KeyError, TypeError):
            return json_reply({"message": "Invalid request body", "code": 400}, 400)
        if not right:
            return json_reply({"message": "Invalid user or password", "code": 401}, 401)
        token = jwt({"aud": "aqua", "sub": self._user, "jti": secrets.token_hex(8)})
        self._tokens.add(token)
        return json_reply({"token": token, "user": {"id": self._user, "type": "User", "roles": ["auditor"]}})

    @cached_property
    def _all(self) -> list[Scanned]:
        images = self._images.of(NAMES, LOOKED_AT)
        return [image for image in images if image.host == FABRIKAM or image.repository.startswith("payments/")]

    def _matching(self, request: Request, name: str) -> list[Scanned]:
        registry = request.query.get("registry", "") or request.query.get("registry_name", "")
        asked_name = request.query.get(name, "")
        return [
            image
            for image in self._all
            if registry in ("", NAMES[image.host]) and asked_name in ("", image.repository, f"{image.repository}:{image.tag}")
        ]

    def _one(self, path: str) -> Reply:
        registry, _, reference = unquote(path).partition("/")
        repository, _, tag = reference.rpartition("/")
        for image in self._all:
            if (NAMES[image.host], image.repository, image.tag) == (registry, repository, tag):
                return json_reply(self._image(image))
        return json_reply({"message": "no such image", "code": 404}, 404)

    def _vulnerabilities(self, request: Request) -> Reply:
        """Rows of all images, or of one; a scan that failed has none."""
        rows: list[Json] = []
        for image in self._matching(request, "image_name"):
            if image.repository not in FAILED:
                rows += [_row(image, finding, self._scanned(image)) for finding in image.findings]
        reply = _page(request, rows)
        query: Json = {"show_negligible": True, "use_cvss3": True, "include_vpatch_info": True}
        query |= {"image_name": request.query.get("image_name", ""), "registry_name": request.query.get("registry_name", "")}
        query |= {"page": reply["page"], "page_size": reply["pagesize"], "columns_name": "legacy_columns", "first_found_date": ""}
        flags: Json = {"more_data_all_pages": 0, "is_estimated_count": False, "is_partial_data": False}
        return json_reply({**reply, "query": {**query, "image_name_exact_match": True}, **flags})

    def _listed(self, request: Request, rows: Sequence[Json]) -> Reply:
        return json_reply(_page(request, rows))

    def _scanned(self, image: Scanned) -> datetime:
        return self._now - timedelta(hours=2 + crc32(image.digest.encode()) % 30)

    def _image(self, image: Scanned) -> Json:
        failed = image.repository in FAILED
        counts = [sum(finding.flaw.nvd == severity for finding in image.findings) * (not failed) for severity in _SEVERITIES]
        entry: Json = {"registry": NAMES[image.host], "registry_type": "ACR", "name": f"{image.repository}:{image.tag}"}
        entry |= {"repository": image.repository, "tag": image.tag, "digest": image.digest, "vulns_found": sum(counts)}
        entry |= {f"{name}_vulns": count for name, count in zip(("crit", "high", "med", "low", "neg"), counts, strict=True)}
        entry |= {"os": image.platform.family, "os_version": image.platform.version, "scan_date": kube_time(self._scanned(image))}
        words = "failed pulling image: unexpected status code 401 Unauthorized"
        entry |= {"scan_status": "failed" if failed else "finished", "scan_error": words if failed else ""}
        entry |= {"disallowed": bool(counts[0]), "newer_image_exists": False, "partial_results": False}
        return {**entry, "metadata": {"repo_digests": [f"{image.host}/{image.repository}@{image.digest}"]}}


def _page(request: Request, rows: Sequence[Json]) -> Json:
    page = max(1, _number(request.query.get("page", ""), 1))
    size = min(max(1, _number(request.query.get("pagesize", ""), 50)), 1000)
    start = (page - 1) * size
    return {"count": len(rows), "page": page, "pagesize": size, "result": list(rows[start : start + size])}


def _number(text: str, usual: int) -> int:
    return int(text) if text.isdigit() else usual


def _row(image: Scanned, finding: PackageVulnerability, scanned: datetime) -> Json:
    flaw, package = finding.flaw, finding.package
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    row: Json = {"name": flaw.id, "description": flaw.title, "publish_date": "2026-08-12", "modification_date": "2026-10-28"}
    row |= {"nvd_severity": flaw.nvd, "nvd_cvss2_score": flaw.score, "nvd_cvss2_vectors": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}
    row |= {"nvd_cvss3_severity": flaw.nvd, "nvd_cvss3_score": flaw.score, "nvd_cvss3_vectors": vector}
    row |= {"nvd_url": f"https://nvd.nist.gov/vuln/detail/{flaw.id}", "fix_version": flaw.fixed}
    row |= {"solution": f"Upgrade package {package.name} to version {flaw.fixed} or above." if flaw.fixed else ""}
    row |= {"aqua_score": flaw.score, "aqua_evaluated_score": 5, "aqua_severity": flaw.nvd, "aqua_vectors": vector}
    row |= {"aqua_scoring_system": "CVSS V3", "first_found_date": "2026-09-01", "last_found_date": f"{scanned:%Y-%m-%d}"}
    source = f"NVD CVSS V3 Score: {flaw.score}"
    row |= {"aqua_severity_classification": source, "aqua_score_classification": source, "temporal_vector": "E:X/RL:O/RC:C"}
    row |= {"publish_date_source": "nvd", "v_patch_status": "patch_available" if flaw.fixed else "patch_not_available"}
    row |= {"acknowledged_date": "1970-01-01T00:00:00Z", "ack_expiration_configured_at": "1970-01-01T00:00:00Z"}
    row["resource"] = {
        "type": "package",
        "format": package.ecosystem if finding.is_system else _FORMATS.get(package.ecosystem, ""),
        "path": "" if finding.is_system else f"/app/{package.name}",
        "name": package.name,
        "version": finding.installed,
        "cpe": f"pkg:/{package.ecosystem}:*:{package.name}:{finding.installed}",
        "licenses": ["MIT"],
    }
    mark = crc32(f"{image.digest}{flaw.id}{package.name}".encode())
    row |= {
        "vulnerability_id": mark % 90_000,
        "scan_resource_id": mark % 900_000,
        "image_uid": crc32(image.digest.encode()) % 9_000,
    }
    row |= {"registry": NAMES[image.host], "image_repository_name": image.repository}
    row |= {"image_name": f"{image.repository}:{image.tag}", "image_digest": image.digest}
    row |= {"os": image.platform.family, "os_version": image.platform.version, "permission": "Read"}
    return {**row, "cwe_info": [{"Id": "CWE-787", "name": "Out-of-bounds Write"}], "image_build_date": kube_time(scanned)}
