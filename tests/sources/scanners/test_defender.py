"""Defender by Resource Graph on a real socket: pages, quota, refusals, and what may not be taken for clean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.recordings import ORIGINS, exchanges
from tests.sources.scanners.servers import Entra, Service, Told, cut, page, send, told
from tests.tried import tried
from tui.domain.facts.events import SourceState
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.scan import Severity
from tui.errors import AuthenticationFailed
from tui.sources.azure.graph import GraphOptions, ResourceGraph
from tui.sources.kit import webapi
from tui.sources.scanners.defender import DefenderOptions, DefenderSource
from tui.sources.scanners.rounds import Pace

PATH = "/providers/Microsoft.ResourceGraph/resources"
FAST = Pace(refresh=0.0, retry=0.0, retry_most=0.0, retry_denied=0.0)
WEB, API = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def row(number: int, digest: str = WEB, **more: Any) -> dict[str, Any]:
    """A projected row."""
    return {
        "id": f"/subscriptions/s/{number:04}",
        "digest": digest,
        "repo": "shop/web",
        "host": "contoso.azurecr.io",
        "cve": f"CVE-2026-{number:04}",
        "severity": "High",
        "score": 7.5,
        "package": "zlib",
        "version": "1.2",
        "fixed": "",
        "code": "Unhealthy",
        "timeGenerated": "2026-11-25T01:02:03.1234567Z",
    } | more


def rows(*found: Any, token: str = "", total: int = 0, truncated: str = "false") -> dict[str, Any]:
    """An answer of Resource Graph (the form of the recordings: `resultTruncated` is a text)."""
    answer = {"totalRecords": total or len(found), "count": len(found), "data": list(found), "facets": []}
    return answer | {"resultTruncated": truncated} | ({"$skipToken": token} if token else {})


async def read(service: Service, entra: Entra | None = None, **options: Any) -> Told:
    graph = ResourceGraph(entra or Entra(), GraphOptions(endpoint=service.url, first_wait=0.0))
    chosen: dict[str, Any] = {"expected": True, "pace": FAST} | options
    return await told(DefenderSource(graph, DefenderOptions(**chosen)))


async def test_rows_of_an_image_are_gathered_over_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webapi, "WHOLE_SECOND", 0.0)
    service, entra = Service(), Entra()
    quota = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:00"}
    service.on(PATH, send(rows(row(1), row(2, API), token="next", total=3), headers=quota))
    service.on(PATH, send(rows(row(3, severity="Critical", cve="CVE-2026-9999"), total=3)))
    async with service.running():
        found = await read(service, entra)
    web = found.reports[f"contoso.azurecr.io/shop/web@{WEB}"]
    assert (web.name, web.digest) == (RepositoryName("contoso.azurecr.io", "shop/web"), WEB)
    assert web.counts == {Severity.HIGH: 1, Severity.CRITICAL: 1}
    assert web.complete
    assert len(found.reports) == 2
    assert (found.health.state, found.health.requests, found.completed) == (SourceState.OK, 2, True)
    assert found.health.identity == "ops@contoso.example (az login)"
    sent = [json.loads(body) for body in service.bodies]
    assert [each["options"].get("$skipToken") for each in sent] == [None, "next"]
    assert all("order by id" in each["query"] and "33422d8f-ab1e-42be-bc9a-38685bb567b9" in each["query"] for each in sent)
    assert all(each["Authorization"] == "Bearer entra-token" for each in service.headers)
    assert set(entra.scopes) == {"https://management.azure.com/.default"}


async def test_healthy_findings_are_no_vulnerabilities_but_say_that_the_image_was_scanned() -> None:
    service = Service()
    service.on(PATH, send(rows(row(1, code="Healthy"), row(2, API, code="NotApplicable"))))
    async with service.running():
        found = await read(service)
    assert {report.digest: report.vulnerabilities for report in found.reports.values()}[WEB] == ()
    assert found.reports[f"contoso.azurecr.io/shop/web@{API}"].counts == {Severity.HIGH: 1}


@pytest.mark.parametrize("origin", ORIGINS)
async def test_the_recorded_answers_of_resource_graph_are_understood(origin: str) -> None:
    """Their rows are of other resources: none names an image, so every report is withheld, not invented."""
    service = Service()
    recorded = exchanges("resource-graph/test_paged_query.yaml", origin)
    answers = [json.loads(each.body) for each in recorded if each.status == 200]
    service.on(PATH, *(send(answer) for answer in answers))
    async with service.running():
        found = await read(service)
    assert found.reports == {}
    assert found.health.state is SourceState.PARTIAL


async def test_nothing_to_be_read_is_a_fault_where_defender_is_named_and_said_where_it_is_not() -> None:
    service = Service()
    service.on(PATH, send(rows()))
    async with service.running():
        named, unnamed = await read(service), await read(service, expected=False)
    assert (named.health.state, unnamed.health.state) == (SourceState.FAILED, SourceState.OFF)
    assert "no finding" in named.health.error
    assert "Security Reader" in named.health.remedy


async def test_nobody_signed_in() -> None:
    service = Service()
    error = AuthenticationFailed("not signed in to Azure", "Run `az login`.")
    async with service.running():
        named, unnamed = await read(service, Entra(error)), await read(service, Entra(error), expected=False)
    assert (named.health.state, named.health.auth_failed, named.health.remedy) == (SourceState.FAILED, True, "Run `az login`.")
    assert unnamed.health.state is SourceState.OFF
    assert service.seen == []


REFUSED = {"error": {"code": "ExpiredAuthenticationToken", "message": "The access token expiry UTC time is earlier"}}


async def test_a_token_that_azure_refuses_is_got_anew_once() -> None:
    service, entra = Service(), Entra(renews=True)
    service.on(PATH, send(REFUSED, 401), send(rows(row(1))))
    async with service.running():
        found = await read(service, entra)
    assert (found.health.state, entra.refused) == (SourceState.OK, ["entra-token"])
    assert [each["Authorization"] for each in service.headers] == ["Bearer entra-token", "Bearer entra-token-1"]


@pytest.mark.parametrize("renews", [False, True])
async def test_azure_that_refuses_the_sign_in_is_never_not_asked(renews: bool) -> None:
    service = Service()
    service.on(PATH, send(REFUSED, 401))
    async with service.running():
        found = await read(service, Entra(renews=renews), expected=False)
    assert (found.health.state, found.health.auth_failed) == (SourceState.FAILED, True)
    assert len(service.seen) == (2 if renews else 1)


async def test_findings_that_vanish_altogether_are_a_fault_and_what_was_known_stays() -> None:
    service = Service()
    service.on(PATH, send(rows(row(1))), send(rows()))
    async with service.running():
        graph = ResourceGraph(Entra(), GraphOptions(endpoint=service.url, first_wait=0.0))
        found = await told(DefenderSource(graph, DefenderOptions(pace=FAST)), rounds=2)
    assert (found.health.state, len(found.reports)) == (SourceState.FAILED, 1)
    assert "no finding" in found.health.error


async def test_a_page_that_fails_leaves_what_was_read_but_says_that_it_is_not_whole() -> None:
    service = Service()
    service.on(PATH, send(rows(row(1), token="next")), send({"error": {"code": "InternalError", "message": "no"}}, 500))
    async with service.running():
        found = await read(service)
    assert not found.one.complete
    assert "not all findings could be read" in found.one.reason
    assert (found.health.state, found.completed) == (SourceState.PARTIAL, False)


async def test_limits_are_said() -> None:
    service = Service()
    service.on(PATH, send(rows(row(1), row(2), token="next", total=9)), send(rows(row(3), total=9)))
    truncated = Service()
    truncated.on(PATH, send(rows(row(1), truncated="true")))
    fewer = Service()
    fewer.on(PATH, send(rows(row(1), token="next", total=5)), send(rows(row(2), total=4)))
    async with service.running(), truncated.running(), fewer.running():
        capped, cut_off, short = await read(service, max_rows=2), await read(truncated), await read(fewer)
    assert (short.one.complete, "some of the findings: it counts 4" in short.one.reason) == (False, True)
    assert capped.one.reason == "only the first 2 of 9 findings were read"
    assert "leaves out some of the findings" in cut_off.one.reason
    assert not capped.one.complete
    assert not cut_off.one.complete


async def test_throttling_is_waited_for_as_the_quota_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webapi, "WHOLE_SECOND", 0.0)
    service = Service()
    service.on(PATH, send({"error": {"code": "RateLimiting"}}, 429, {"x-ms-user-quota-resets-after": "00:00:00"}))
    service.on(PATH, cut(), send({}, 503, {"Retry-After": "0"}), send(rows(row(1))))
    async with service.running():
        found = await read(service)
    assert (found.health.state, found.health.requests) == (SourceState.OK, 4)


@pytest.mark.parametrize(
    ("answer", "auth_failed", "words"),
    [
        (send({"error": {"code": "ExpiredAuthenticationToken", "message": "expired"}}, 401), True, "does not accept the sign-in"),
        (send({"error": {"code": "AuthorizationFailed", "message": "no"}}, 403), True, "no right"),
        (
            send({"error": {"code": "BadRequest", "message": "Please provide below info"}}, 400),
            False,
            "Please provide below info",
        ),
        (send({}, 404), False, "Azure Resource Graph does not know the request"),
        (send({}, 500, {"Retry-After": "0"}), False, "failed with 500"),
        (page(), True, "web page"),
        (send({"data": 7}), False, "something other than rows"),
        (send([]), False, "something other than rows"),
    ],
)
async def test_refusals_are_said_and_tried_again(answer: Any, auth_failed: bool, words: str) -> None:
    service = Service()
    service.on(PATH, answer)
    async with service.running():
        found = await read(service)
    assert found.health.state is SourceState.FAILED
    assert found.health.auth_failed is auth_failed
    assert words in found.health.error
    assert found.health.remedy
    assert not found.completed


async def test_a_broken_row_costs_its_own_image_only() -> None:
    service = Service()
    service.on(PATH, send(rows(row(1), row(2, API), row(3, API, severity=7))))
    async with service.running():
        found = await read(service)
    assert found.reports[f"contoso.azurecr.io/shop/web@{WEB}"].complete
    assert not found.reports[f"contoso.azurecr.io/shop/web@{API}"].complete
    assert found.health.state is SourceState.OK


@pytest.mark.parametrize("broken", [7, None, {"digest": 5}, {"id": "x"}, {"properties": {"additionalData": 1}}, "text"])
async def test_a_row_that_names_no_image_may_be_of_any(broken: Any) -> None:
    service = Service()
    service.on(PATH, send(rows(row(1), broken)))
    async with service.running():
        found = await read(service)
    assert not found.one.complete
    assert found.health.state is SourceState.PARTIAL


async def test_what_has_not_changed_is_said_with_the_same_report() -> None:
    service = Service()
    service.on(PATH, send(rows(row(1))))
    async with service.running():
        graph = ResourceGraph(Entra(), GraphOptions(endpoint=service.url))
        found = await told(DefenderSource(graph, DefenderOptions(pace=FAST)), rounds=2)
    seen = [event.reports[0] for event in found.events if hasattr(event, "reports")]
    assert len(seen) == 2
    assert seen[0] is seen[1]


async def test_doctor_tells_the_right_that_is_missing() -> None:
    service = Service()
    service.on(PATH, send(rows(row(1), total=12345)), send(rows()), send({}, 403))
    async with service.running():
        source = DefenderSource(ResourceGraph(Entra(), GraphOptions(endpoint=service.url)), DefenderOptions(expected=True))
        first, second, third = [(await tried(source.diagnose()))[0] for _ in range(3)]
    assert (first.state, first.detail) == ("ok", "12,345 findings")
    assert (second.state, second.right) == ("denied", "Microsoft.Security/*/read")
    assert third.state == "denied"
    unasked = DefenderSource(ResourceGraph(Entra(AuthenticationFailed("not signed in", "Run `az login`."))))
    assert [each.state for each in await tried(unasked.diagnose())] == ["off"]
