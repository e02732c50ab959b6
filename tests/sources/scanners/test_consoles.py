"""Aqua's and Prisma Cloud's consoles on real sockets: sign-in, pages, refusals, and what may not be taken for clean.

Forms: aquasecurity/terraform-provider-aquasec `client/`, PaloAltoNetworks/pan.dev compute OpenAPI, and the recordings.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sources.scanners.servers import Service, Told, cut, page, send, told
from tests.tried import tried
from tui.domain.facts.events import SourceState
from tui.domain.facts.scan import Severity
from tui.sources.scanners.aqua import AquaSource
from tui.sources.scanners.console import ConsoleOptions
from tui.sources.scanners.prisma import PrismaSource
from tui.sources.scanners.rounds import Pace

FAST = Pace(refresh=0.0, retry=0.0, retry_most=0.0, retry_denied=0.0)
USER: dict[str, Any] = {"username": "ops", "password": "secret", "per_minute": 1e9, "first_wait": 0.0}
LOGIN, IMAGES, RISKS = "/api/v1/login", "/api/v2/images", "/api/v2/risks/vulnerabilities"
AUTHENTICATE, DEPLOYED, REGISTRY = "/api/v1/authenticate", "/api/v1/images", "/api/v1/registry"
DIGEST = "sha256:" + "a" * 64


def aqua_row(number: int, **more: Any) -> dict[str, Any]:
    resource = {"name": "zlib", "version": "1.2", "path": "/lib"}
    image = {"registry": "Docker Hub", "image_repository_name": "web", "image_name": "web:1", "image_digest": DIGEST}
    return {"name": f"CVE-2026-{number:04}", "aqua_severity": "high", "resource": resource, "aqua_score": 7.0} | image | more


def aqua_image(**more: Any) -> dict[str, Any]:
    place = {"registry": "Docker Hub", "repository": "web", "tag": "1", "digest": DIGEST}
    counts = {"vulns_found": 1, "crit_vulns": 0, "high_vulns": 1, "med_vulns": 0, "low_vulns": 0, "neg_vulns": 0}
    return place | counts | {"scan_status": "finished", "scan_date": "2026-11-25T00:00:00Z"} | more


def listed(*result: Any, count: int | None = None) -> dict[str, Any]:
    return {"count": len(result) if count is None else count, "page": 1, "pagesize": 200, "result": list(result)}


def aqua(images: Any, *risks: Any) -> Service:
    service = Service()
    service.on(LOGIN, send({"token": "t1"}))
    service.on(IMAGES, images)
    service.on(RISKS, *risks)
    return service


async def read_aqua(service: Service, rounds: int = 1, **more: Any) -> Told:
    async with service.running():
        return await told(AquaSource("aqua", ConsoleOptions(service.url, **USER | more), FAST), rounds)


def scan(number: int, **more: Any) -> dict[str, Any]:
    """A result of Prisma Cloud."""
    digest = f"sha256:{number:064x}"
    found = [{"cve": "CVE-2026-1", "severity": "important", "cvss": 8, "status": "fixed in 2.0", "packageName": "zlib"}]
    place = {"registry": "contoso.azurecr.io", "repo": "shop/web", "tag": f"v{number}"}
    basics = {"_id": f"id{number}", "repoTag": place, "repoDigests": [f"contoso.azurecr.io/shop/web@{digest}"], "err": ""}
    return basics | {"scanTime": "2026-11-25T00:00:00Z", "vulnerabilities": found, "vulnerabilitiesCount": 1} | more


def prisma(deployed: Any, registry: Any) -> Service:
    service = Service()
    service.on(AUTHENTICATE, send({"token": "t1"}))
    service.on(DEPLOYED, *(deployed if isinstance(deployed, tuple) else (deployed,)))
    service.on(REGISTRY, *(registry if isinstance(registry, tuple) else (registry,)))
    return service


async def read_prisma(service: Service, rounds: int = 1, **more: Any) -> Told:
    async with service.running():
        return await told(PrismaSource("prisma", ConsoleOptions(service.url, **USER | more), FAST), rounds)


# ---- Aqua


async def test_aqua_tells_counts_first_then_every_row_of_every_page() -> None:
    clean = aqua_image(repository="clean", digest="sha256:" + "c" * 64, high_vulns=0, vulns_found=0)
    service = aqua(send(listed(aqua_image(), clean)), send(listed(aqua_row(1), count=2)), send(listed(aqua_row(2), count=2)))
    found = await read_aqua(service)
    web, other = found.reports[f"Docker Hub/web@{DIGEST}"], found.reports["Docker Hub/clean@sha256:" + "c" * 64]
    assert web.vulnerabilities is not None
    assert [each.id for each in web.vulnerabilities] == ["CVE-2026-0001", "CVE-2026-0002"]
    assert web.counts == {Severity.HIGH: 2}
    assert (other.vulnerabilities, other.counts, other.complete) == ((), {}, True)
    assert (found.health.state, found.completed) == (SourceState.OK, True)
    assert [query["page"] for query in service.asked(RISKS)] == ["1", "2"]
    assert json.loads(service.bodies[0]) == {"id": "ops", "password": "secret"}


async def test_aquas_cloud_is_signed_in_to_elsewhere() -> None:
    service, cloud = aqua(send(listed(aqua_image())), send(listed(aqua_row(1)))), Service()
    cloud.on("/v2/signin", send({"status": 200, "data": {"token": "cloud-token"}}))
    async with cloud.running():
        found = await read_aqua(service, sign_in=cloud.url)
    assert found.health.state is SourceState.OK
    assert service.headers[-1]["Authorization"] == "Bearer cloud-token"
    assert json.loads(cloud.bodies[0]) == {"email": "ops", "password": "secret"}


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ({"scan_error": "cannot pull"}, "the scan failed: cannot pull"),
        ({"scan_status": "pending"}, "the scan is pending"),
        ({"partial_results": True}, "partial results"),
        ({"high_vulns": 5}, "counts 5 vulnerabilities and lists 1"),
    ],
)
async def test_an_image_that_aqua_did_not_scan_whole_is_not_clean(image: dict[str, Any], words: str) -> None:
    found = await read_aqua(aqua(send(listed(aqua_image(**image))), send(listed(aqua_row(1)))))
    assert not found.one.complete
    assert words in found.one.reason


async def test_without_the_list_of_images_only_what_has_rows_is_known() -> None:
    found = await read_aqua(aqua(send({"message": "denied"}, 403), send(listed(aqua_row(1)))))
    assert found.one.vulnerabilities is not None
    assert found.health.state is SourceState.PARTIAL
    assert "cannot be told apart from images never scanned" in found.health.error


@pytest.mark.parametrize(
    "broken",
    [send({}, 500, {"Retry-After": "0"}), cut(), page(), send(listed(count=9)), send({"result": 7})],
)
async def test_pages_of_aqua_that_fail_make_what_was_read_incomplete(broken: Any) -> None:
    found = await read_aqua(aqua(send(listed(aqua_image())), send(listed(aqua_row(1), count=9)), broken))
    assert not found.one.complete
    assert (found.health.state, found.completed) == (SourceState.PARTIAL, False)


async def test_a_broken_row_of_aqua_costs_its_image_only() -> None:
    other = "sha256:" + "b" * 64
    rows = (aqua_row(1), aqua_row(2, image_digest=other, name=7), aqua_row(3, image_digest=other))
    found = await read_aqua(aqua(send(listed()), send(listed(*rows))))
    assert found.reports[f"Docker Hub/web@{DIGEST}"].complete
    assert not found.reports[f"Docker Hub/web@{other}"].complete


async def test_partial_data_and_limits_of_aqua_are_said() -> None:
    partial = await read_aqua(aqua(send(listed(aqua_image())), send(listed(aqua_row(1)) | {"is_partial_data": True})))
    assert "is_partial_data" in partial.one.reason
    service = aqua(send(listed()), send(listed(aqua_row(1), count=9)))
    async with service.running():
        capped = await told(AquaSource("aqua", ConsoleOptions(service.url, **USER), FAST, max_rows=1))
    assert capped.one.reason == "only the first 1 of 9 vulnerabilities were read"


# ---- Prisma Cloud


async def test_prisma_pages_by_fifty_to_the_total_and_takes_null_for_empty() -> None:
    total = {"Total-Count": "70"}
    deployed = (send([scan(n) for n in range(50)], headers=total), send([scan(n) for n in range(50, 70)], headers=total))
    service = prisma(deployed, send(None, headers={"Total-Count": "0"}))
    found = await read_prisma(service)
    assert len(found.reports) == 70
    assert [query["offset"] for query in service.asked(DEPLOYED)] == ["0", "50"]
    assert (found.health.state, found.completed, found.health.objects) == (SourceState.OK, True, 70)
    report = found.reports["images/id3"]
    assert report.vulnerabilities is not None
    assert (report.vulnerabilities[0].severity, report.vulnerabilities[0].fixed) == (Severity.HIGH, "2.0")
    assert report.digest == f"sha256:{3:064x}"


async def test_a_token_that_ended_is_got_again_once() -> None:
    service = prisma((send({"err": "token expired"}, 401), send([scan(1)])), send(None))
    service.on(AUTHENTICATE, send({"token": "t2"}))
    found = await read_prisma(service, lifetime=0.0)
    assert found.health.state is SourceState.OK
    assert len(service.asked(AUTHENTICATE)) >= 2


async def test_a_wrong_password_is_tried_once_and_said() -> None:
    service = prisma(send(None), send(None))
    service._scripts[AUTHENTICATE].clear()
    service.on(AUTHENTICATE, send({"err": "invalid credentials"}, 401))
    found = await read_prisma(service)
    assert (found.health.state, found.health.auth_failed) == (SourceState.FAILED, True)
    assert "invalid credentials" in found.health.error
    assert len(service.seen) == 1


async def test_a_given_token_is_used_as_it_is_and_its_refusal_is_final() -> None:
    service = prisma(send({}, 401), send(None))
    found = await read_prisma(service, token="given", username="", password="")
    assert found.health.auth_failed
    assert service.headers[0]["Authorization"] == "Bearer given"
    assert not service.asked(AUTHENTICATE)


async def test_one_list_refused_does_not_hide_the_other() -> None:
    found = await read_prisma(prisma(send({"err": "no"}, 403), send([scan(1)])))
    assert list(found.reports) == ["registry/id1"]
    assert found.health.state is SourceState.PARTIAL
    assert found.health.denials[0].what == "read scans of deployed images"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (page(), "web page"),
        (send({}, 404), "does not know the request"),
        (send({}, 429, {"Retry-After": "0"}), "fewer requests"),
        (send({}, 500, {"Retry-After": "0"}), "failed with 500"),
        (cut(), "cut the connection"),
        (send({"a": 1}), "something other than scans"),
        (send([], headers={"Total-Count": "9"}), "ends its list"),
    ],
)
async def test_what_prisma_refuses_is_said(answer: Any, words: str) -> None:
    found = await read_prisma(prisma(answer, answer))
    assert found.health.state is SourceState.FAILED
    assert words in found.health.error
    assert not found.completed


@pytest.mark.parametrize("broken", [7, {"vulnerabilities": 7}, {"_id": 5}, {"repoTag": []}])
async def test_a_broken_result_of_prisma_costs_itself_only(broken: Any) -> None:
    found = await read_prisma(prisma(send([scan(1), broken]), send(None)))
    complete = {report.key: report.complete for report in found.reports.values()}
    assert complete.pop("images/id1") is True
    assert list(complete.values()) == [False]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"err": "failed to pull"}, "the scan failed: failed to pull"),
        ({"vulnerabilitiesCount": 3}, "counts 3 vulnerabilities and lists 1"),
        ({"vulnerabilities": None, "vulnerabilitiesCount": None}, "neither vulnerabilities nor counts"),
        ({"vulnerabilities": [{"severity": "high"}]}, "1 of 1 vulnerability in the report could not be read"),
    ],
)
async def test_a_scan_of_prisma_that_failed_is_not_clean(more: dict[str, Any], words: str) -> None:
    found = await read_prisma(prisma(send([scan(1, **more)]), send(None)))
    assert not found.one.complete
    assert words in found.one.reason


async def test_the_password_goes_nowhere_else() -> None:
    """A console that sends the sign-in on to another host does not get it followed."""
    service, thief = Service(), Service()
    async with thief.running(), service.running():
        elsewhere = {"Location": thief.url.replace("127.0.0.1", "localhost") + AUTHENTICATE}
        service.on(AUTHENTICATE, send({}, 307, elsewhere))
        found = await told(PrismaSource("prisma", ConsoleOptions(service.url, **USER), FAST))
    assert found.health.state is SourceState.FAILED
    assert thief.seen == []
    assert "secret" not in repr(ConsoleOptions("https://x", username="ops", password="secret", token="secret"))


async def test_doctor_tries_each_list() -> None:
    service = prisma(send([scan(1)], headers={"Total-Count": "1"}), send({"err": "no"}, 403))
    async with service.running():
        found = await tried(PrismaSource("prisma", ConsoleOptions(service.url, **USER), FAST).diagnose())
    assert [each.state for each in found] == ["ok", "denied"]
    service = aqua(send({}, 403), send(listed(aqua_row(1))))
    async with service.running():
        found = await tried(AquaSource("aqua", ConsoleOptions(service.url, **USER), FAST).diagnose())
    assert [each.state for each in found] == ["denied", "ok"]
