"""Scanners of the demo answer as recorded ones did: Resource Graph, Defender's findings, trivy-operator, Aqua, Prisma Cloud."""

from __future__ import annotations

import json

import pytest

from tests.demo.serving import Asker, asking
from tests.demo.test_cluster import ADMIN
from tests.demo.test_content import NOW, company
from tests.demo.test_registry_shapes import UNIMPORTANT, shape
from tests.recordings import ORIGINS, document, exchanges
from tui.demo.azure.graph import ResourceGraph
from tui.demo.azure.resources import resource_rows
from tui.demo.cluster.server import ApiServer
from tui.demo.consoles.aqua import AquaConsole
from tui.demo.consoles.prisma import PrismaConsole
from tui.demo.content import Json
from tui.demo.vulnerabilities.defender import finding_rows

GRAPH = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
REPORTS = "/apis/aquasecurity.github.io/v1alpha1/vulnerabilityreports"
# Parts of one recorded finding that others have not: what an exemption says, how many weaknesses, kinds of proof.
VARYING = (
    ".properties.status",
    "weaknesses",
    "exploitabilityAssessment",
    ".cpe.",
    "references",
    "assessmentKey",
    ".timeGenerated",
)


def graph(*, denied: bool = False) -> ResourceGraph:
    """Resource Graph over the default estate."""
    estates = [cluster.estate for cluster in company().clusters]
    tables = {"resources": resource_rows, "securityresources": lambda: finding_rows(company().scanned, estates, NOW)}
    return ResourceGraph(tables, lambda token: token == "entra", denied=denied)


async def ask_graph(ask: Asker, query: str, **options: object) -> tuple[int, Json]:
    """One query."""
    body = json.dumps({"query": query, "options": {f"${name}": value for name, value in options.items()}})
    answer = await ask(GRAPH, "POST", body, Authorization="Bearer entra")
    return answer.status, answer.json


def members(recorded: object) -> set[str]:
    """The shape without what differs from one object to the next."""
    return {one for one in shape(recorded) if not any(part in one for part in VARYING) and not one.endswith("[]")}


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(("name", "query"), [("test_paged_query", "resources | project id"), ("test_query_error", "")])
async def test_resource_graph_answers_as_recorded(name: str, query: str, origin: str) -> None:
    (recorded, *_) = exchanges(f"resource-graph/{name}.yaml", origin)
    sent = json.loads(recorded.sent)
    body = {**sent, "query": query or sent["query"], "subscriptions": [], "options": {**sent["options"], "$skip": 0}}
    async with asking(graph().handle) as ask:
        answer = await ask(recorded.path, "POST", json.dumps(body), Authorization="Bearer entra")
    assert answer.status == recorded.status
    assert set(recorded.headers) - UNIMPORTANT <= set(answer.headers)
    assert answer.headers["content-type"] == recorded.headers["content-type"]
    assert shape(answer.json) == shape(json.loads(recorded.body))


@pytest.mark.parametrize("rest", ["summarize count() by type", "where type == 'a'", "where toint(a) =~ '1'", "take 5", "count"])
async def test_resource_graph_refuses_what_the_emulator_does_not_know(rest: str) -> None:
    async with asking(graph().handle) as ask:
        status, _ = await ask_graph(ask, f"resources | {rest}")
    assert status == 400


async def test_resource_graph_pages_by_a_token_and_only_with_an_id() -> None:
    query = "securityresources | where type =~ 'Microsoft.Security/assessments/subassessments' | project id | order by id asc"
    async with asking(graph().handle) as ask:
        _, first = await ask_graph(ask, query, top=400)
        _, second = await ask_graph(ask, query, top=400, skipToken=first["$skipToken"])
        _, without = await ask_graph(ask, query.replace("project id", "project name"), top=10)
    assert isinstance(first["data"], list)
    assert isinstance(second["data"], list)
    ids = [row["id"] for row in (*first["data"], *second["data"])]
    assert len(set(ids)) == 800
    assert ids == sorted(ids)
    assert "$skipToken" not in without


async def test_resource_graph_has_a_quota_and_says_when_it_comes_back() -> None:
    async with asking(graph().handle) as ask:
        answers = [await ask(GRAPH, "POST", '{"query": "resources"}', Authorization="Bearer entra") for _ in range(16)]
    assert [answer.status for answer in answers] == [200] * 15 + [429]
    assert [int(answer.headers["x-ms-user-quota-remaining"]) for answer in answers] == [*range(14, -1, -1), 0]
    assert answers[-1].headers["x-ms-user-quota-resets-after"].startswith("00:00:0")


async def test_resource_graph_refuses_strangers_and_those_without_a_right() -> None:
    async with asking(graph(denied=True).handle) as ask:
        stranger = await ask(GRAPH, "POST", "{}")
        status, answer = await ask_graph(ask, "resources")
    assert stranger.status == 401
    assert stranger.headers["www-authenticate"].startswith("Bearer authorization_uri=")
    assert status == 403
    assert "AuthorizationFailed" in json.dumps(answer)


@pytest.mark.parametrize("origin", ORIGINS)
def test_findings_of_defender_have_the_documented_shape_in_both_generations(origin: str) -> None:
    (recorded,) = json.loads(document("scanners/defender/subassessment_registry_mdvm.json", origin))
    rows = list(finding_rows(company().scanned, [cluster.estate for cluster in company().clusters], NOW))
    for host in ("contoso.azurecr.io", "fabrikam.azurecr.io"):
        row = next(one for one in rows if f'"{host}"' in json.dumps(one))
        assert members(recorded) <= members(row) | {one.replace("int", "float") for one in members(row)}
    keys = {str(row["id"]).split("/assessments/")[1].partition("/")[0] for row in rows}
    assert {"c0b7cfc6-3172-465a-b378-53c7ff2cc0d5", "33422d8f-ab1e-42be-bc9a-38685bb567b9"} < keys


@pytest.mark.parametrize("origin", ORIGINS)
async def test_reports_of_the_trivy_operator_have_the_recorded_members_and_more(origin: str) -> None:
    recorded = json.loads(document("scanners/trivy-operator/vulnerabilityreport_many.json", origin))
    server = ApiServer(company().clusters[0].store, lambda request: ADMIN)
    async with asking(server.handle) as ask:
        listed = (await ask(f"{REPORTS}?limit=5")).json
        assert isinstance(listed["items"], list)
        item = next(one for one in listed["items"] if one["report"]["vulnerabilities"])
        name = f"/apis/aquasecurity.github.io/v1alpha1/namespaces/{item['metadata']['namespace']}/vulnerabilityreports"
        alone = (await ask(f"{name}/{item['metadata']['name']}")).json
    assert shape(recorded) <= shape(alone) | {".report.vulnerabilities[].score: int"}
    assert alone["report"] == item["report"]
    counted = {key: value for key, value in item["report"]["summary"].items() if value}
    assert sum(counted.values()) == len(item["report"]["vulnerabilities"])


async def test_reports_are_to_be_had_as_a_table_or_by_metadata_alone() -> None:
    server = ApiServer(company().clusters[0].store, lambda request: ADMIN)
    group = "v=v1;g=meta.k8s.io,application/json"
    async with asking(server.handle) as ask:
        table = (await ask(f"{REPORTS}?limit=3", Accept=f"application/json;as=Table;{group}")).json
        partial = (await ask(f"{REPORTS}?limit=3", Accept=f"application/json;as=PartialObjectMetadataList;{group}")).json
    assert (table["kind"], partial["kind"]) == ("Table", "PartialObjectMetadataList")
    assert isinstance(table["columnDefinitions"], list)
    assert [one["name"] for one in table["columnDefinitions"]][:4] == ["Name", "Repository", "Tag", "Scanner"]
    assert isinstance(partial["items"], list)
    assert all("report" not in one for one in partial["items"])


@pytest.mark.parametrize("origin", ORIGINS)
async def test_aqua_rows_have_the_recorded_shape(origin: str) -> None:
    recorded = json.loads(document("scanners/aqua/over_api_v2.json", origin))
    console = AquaConsole(company().scanned, NOW, "user", "word")
    async with asking(console.handle) as ask:
        refused = await ask("/api/v1/login", "POST", json.dumps({"id": "user", "password": "no"}))
        token = (await ask("/api/v1/login", "POST", json.dumps({"id": "user", "password": "word"}))).json["token"]
        held = f"Bearer {token}"
        rows = (await ask("/api/v2/risks/vulnerabilities?page=1&pagesize=200", Authorization=held)).json
        images = (await ask("/api/v2/images?page=1&pagesize=200", Authorization=held)).json
        stranger = await ask("/api/v2/images")
    assert (refused.status, stranger.status) == (401, 401)
    assert shape({**recorded, "result": recorded["result"][:1]}) == shape({**rows, "result": as_list(rows["result"])[:1]})
    assert {one["scan_status"] for one in as_list(images["result"])} == {"finished", "failed"}


@pytest.mark.parametrize("origin", ORIGINS)
async def test_prisma_images_have_the_recorded_members(origin: str) -> None:
    (recorded,) = json.loads(document("scanners/twistlock/api_v1_images_full.json", origin))
    (compact,) = json.loads(document("scanners/twistlock/api_v1_images_compact.json", origin))
    console = PrismaConsole(company().scanned, [one.estate for one in company().clusters], NOW, "user", "word")
    async with asking(console.handle) as ask:
        token = (await ask("/api/v1/authenticate", "POST", json.dumps({"username": "user", "password": "word"}))).json["token"]
        held = f"Bearer {token}"
        images = await ask("/api/v1/images?limit=50&offset=0", Authorization=held)
        short = await ask("/api/v1/images?limit=1&offset=0&compact=true", Authorization=held)
        beyond = await ask("/api/v1/images?limit=50&offset=500", Authorization=held)
    whole = [one for one in json.loads(images.body) if one["vulnerabilities"]]
    assert set(recorded) <= set(whole[0])
    assert set(recorded["vulnerabilities"][0]) <= set(whole[0]["vulnerabilities"][0])
    assert json.loads(short.body)[0]["vulnerabilities"] is compact["vulnerabilities"] is None
    assert beyond.body == "null"
    assert int(images.headers["total-count"]) == len(json.loads(images.body))
    assert any(one["err"] for one in json.loads(images.body))


def as_list(value: object) -> list[Json]:
    """A list of objects."""
    assert isinstance(value, list)
    return value
