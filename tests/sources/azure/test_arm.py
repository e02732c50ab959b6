"""Azure Resource Manager on real sockets: pages, sign-ins, waits, budgets, long operations, and clusters of AKS."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from tests.sources.scanners.servers import Entra, Service, cut, page, send
from tui.errors import (
    AuthenticationFailed,
    Forbidden,
    NotFound,
    OutcomeUnknown,
    SourceError,
    Throttled,
    Unreachable,
    UntrustedPayload,
)
from tui.sources.azure.aks import AksAccess, all_clusters
from tui.sources.azure.arm import ArmClient, ArmOptions
from tui.sources.azure.graph import GraphOptions, ResourceGraph
from tui.sources.azure.resources import AzureResources
from tui.sources.cluster.execplugin import ExecPlugin
from tui.sources.cluster.managed import AKS_SERVER, managed_context, minted
from tui.sources.resource_ports import ArmRequest

PATH = "/subscriptions/s/things"
LIST = ArmRequest(f"{PATH}?api-version=1", "list things", "Microsoft.Things/read", "Ask for the role Reader.")
CHANGE = ArmRequest(f"{PATH}/do?api-version=1", "do it", "Microsoft.Things/do/action", "Ask for more.", {"a": 1})
GRAPH = "/providers/Microsoft.ResourceGraph/resources"
DENIED = {"error": {"code": "AuthorizationFailed", "message": "The client 'x' does not have authorization."}}
# Recorded: a 429 of Resource Manager names its wait in its text alone.
BUSY = {
    "error": {"code": "SubscriptionRequestsThrottled", "message": "Number of requests ... Please try again after '0' seconds."}
}


@asynccontextmanager
async def client(service: Service, entra: Entra | None = None) -> AsyncIterator[ArmClient]:
    async with service.running():
        arm = ArmClient(entra or Entra(), ArmOptions(endpoint=service.url, first_wait=0.0))
        try:
            yield arm
        finally:
            await arm.close()


async def every(arm: ArmClient) -> list[bytes]:
    return [bytes(raw) async for values in arm.pages(LIST) for raw in values]


def linked(values: list[int], link: str) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"value": values, "nextLink": link.replace("HERE", f"http://{request.host}")})

    return answer


async def test_pages_are_followed_at_the_same_host() -> None:
    service = Service()
    service.on(PATH, linked([1], f"HERE{PATH}?api-version=1&$skiptoken=a%2Fb"), send({"value": [2], "nextLink": None}))
    async with client(service) as arm:
        assert await every(arm) == [b"1", b"2"]
    assert service.asked(PATH) == [{"api-version": "1"}, {"api-version": "1", "$skiptoken": "a/b"}]


@pytest.mark.parametrize("link", [f"{PATH}?page=2", f"HERE{PATH}?page=2"])
@pytest.mark.parametrize("empty", [[], None])
async def test_the_next_page_may_be_named_by_its_path_and_may_be_empty(link: str, empty: object) -> None:
    service = Service()
    service.on(PATH, linked([1], link), send({"value": empty}))
    async with client(service) as arm:
        assert await every(arm) == [b"1"]
    assert service.asked(PATH) == [{"api-version": "1"}, {"page": "2"}]


@pytest.mark.parametrize("host", ["management.azure.com", "management.azure.com:443", "MANAGEMENT.azure.com"])
def test_the_port_of_https_names_the_same_host(host: str) -> None:
    # Providers of Azure write the port into nextLink, and into the addresses of operations.
    arm = ArmClient(Entra(), ArmOptions())
    assert arm._path_of(f"https://{host}{PATH}?page=2") == f"{PATH}?page=2"
    with pytest.raises(UntrustedPayload):
        arm._path_of(f"http://{host}{PATH}?page=2")


@pytest.mark.parametrize(
    "link",
    ["//elsewhere.example/x", "https://elsewhere.example/x", "HERE.example/x", f"HERE{PATH}?api-version=1", "http://[::1", "x"],
)
async def test_links_that_lead_elsewhere_or_in_a_circle_end_the_reading(link: str) -> None:
    service = Service()
    service.on(PATH, linked([1], link))
    async with client(service) as arm:
        with pytest.raises(UntrustedPayload):
            await every(arm)
    assert len(service.asked(PATH)) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (send(DENIED, 403), Forbidden),
        (send({"error": {"code": "ResourceNotFound", "message": "It was not found."}, "status": "Failed"}, 404), NotFound),
        (send({}, 401), AuthenticationFailed),
        (page(), AuthenticationFailed),
        (send({"values": []}), UntrustedPayload),
        (send({"error": {"code": "x", "message": "Please try again after '999' seconds."}}, 429), Throttled),
    ],
)
async def test_every_refusal_is_an_error_of_its_own(answer: Any, error: type[SourceError]) -> None:
    service = Service()
    service.on(PATH, answer)
    async with client(service) as arm:
        with pytest.raises(error) as raised:
            await every(arm)
    if isinstance(raised.value, Forbidden):
        assert (raised.value.right, raised.value.remedy) == (LIST.right, LIST.ask_for)


async def test_what_may_pass_is_asked_again_after_the_wait_that_is_told() -> None:
    service = Service()
    service.on(PATH, send(BUSY, 429), send({}, 503, {"Retry-After": "0"}), cut(), send({"value": [1]}))
    async with client(service) as arm:
        assert await every(arm) == [b"1"]


async def test_an_expired_token_is_got_anew() -> None:
    service, entra = Service(), Entra(renews=True)
    service.on(PATH, send({}, 401), send({"value": []}))
    async with client(service, entra) as arm:
        assert await every(arm) == []
        assert arm.identity
    assert entra.refused == ["entra-token"]
    assert set(entra.scopes) == {"https://management.azure.com/.default"}


@pytest.mark.parametrize("scope", ["subscription", "subscription-global", "tenant"])
async def test_few_reads_left_are_left_to_others(monkeypatch: pytest.MonkeyPatch, scope: str) -> None:
    waits: list[float] = []

    async def rest(seconds: float) -> None:
        waits.append(seconds)

    service = Service()
    left = {"x-ms-ratelimit-remaining-subscription-reads": "249", f"x-ms-ratelimit-remaining-{scope}-reads": "3"}
    service.on(PATH, send({"value": []}, headers=left))
    async with client(service) as arm:
        await every(arm)
        with monkeypatch.context() as patched:
            patched.setattr("tui.sources.azure.arm.asyncio.sleep", rest)
            await every(arm)
    assert len([seconds for seconds in waits if 0 < seconds <= 1.0]) == 1


async def test_rows_that_are_null_and_pages_without_rows_are_passed_over() -> None:
    """The specifications do not require `value`, and no list says that it holds no `null`."""
    service = Service()

    async def first(request: web.Request) -> web.StreamResponse:
        return web.json_response({"nextLink": f"http://{request.host}{PATH}?page=2", "count": 0})

    service.on(PATH, first, linked([], f"HERE{PATH}?page=3"), send({"value": [None, {"a": None}, 3], "nextLink": ""}))
    async with client(service) as arm:
        assert await every(arm) == [b'{"a": null}', b"3"]


@pytest.mark.parametrize("body", [{}, {"error": None}, {"value": {}}, {"value": "x"}, [], None, {"value": [], "nextLink": 5}])
async def test_what_is_no_list_is_not_an_empty_one(body: object) -> None:
    service = Service()
    service.on(PATH, send(body))
    async with client(service) as arm:
        with pytest.raises(UntrustedPayload, match="something other than a list"):
            await every(arm)


def accepted_at(operation: str, location: str = "", wait: str = "0") -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        here = f"http://{request.host}"
        headers = {"Azure-AsyncOperation": here + operation} if operation else {}
        headers |= {"Location": here + location} if location else {}
        return web.Response(status=202, headers={**headers, "Retry-After": wait})

    return answer


async def test_an_operation_lasts_until_its_status_says_that_it_has_ended() -> None:
    """learn.microsoft.com, async-operations: the address is told once, every state but three goes on, the result is elsewhere."""
    service = Service()
    service.on(f"{PATH}/do", accepted_at("/op?t=a%2Fb", "/result"))
    states = [{"status": "InProgress"}, {"status": "Updating"}, {}, {"status": None}, {"status": "SUCCEEDED"}]
    service.on("/op", *map(send, states))
    service.on("/result", send({"properties": {"runId": "r1"}}))
    async with client(service) as arm:
        assert await arm.change(CHANGE) == b'{"properties": {"runId": "r1"}}'
    assert len(service.asked("/op")) == len(states)
    assert [method for method, _, _ in service.seen] == ["POST", *["GET"] * 6]


async def test_an_operation_that_is_moved_on_without_an_address_is_asked_again_where_it_was() -> None:
    service = Service()
    service.on(f"{PATH}/do", accepted_at("", "/place"))

    async def going_on(_: web.Request) -> web.StreamResponse:
        return web.Response(status=202, headers={"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"})

    service.on("/place", going_on, going_on, send({"properties": {}}))
    async with client(service) as arm:
        assert await arm.change(CHANGE) == b'{"properties": {}}'
    assert len(service.asked("/place")) == 3


@pytest.mark.parametrize("status", ["Failed", "canceled"])
async def test_an_operation_that_ended_otherwise_is_no_success(status: str) -> None:
    service = Service()
    service.on(f"{PATH}/do", accepted_at("/op", "/result"))
    service.on("/op", send({"status": status, "error": {"code": "x", "message": "y"}}))
    async with client(service) as arm:
        with pytest.raises(SourceError, match=f"ended as {status.lower()}"):
            await arm.change(CHANGE)
    assert service.asked("/result") == []


async def test_an_operation_at_another_host_gets_no_token_and_its_outcome_is_unknown() -> None:
    service = Service()

    async def elsewhere(_: web.Request) -> web.StreamResponse:
        return web.Response(status=202, headers={"Location": "https://evil.example/op", "Retry-After": "0"})

    service.on(f"{PATH}/do", elsewhere)
    async with client(service) as arm:
        with pytest.raises(OutcomeUnknown, match="leads to another host"):
            await arm.change(CHANGE)


TASKS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r/tasks"


def of_another_cloud(supported: str, body: object = None, code: str = "NoRegisteredProviderFound") -> Any:
    """Azure Resource Manager of a cloud or a region that knows only some versions (learn.microsoft.com: error codes)."""

    async def answer(request: web.Request) -> web.StreamResponse:
        version = request.query["api-version"]
        if version in supported.split(", "):
            return web.json_response(body or {"value": [version]})
        message = (
            f"No registered resource provider found for location 'chinaeast2' and API version '{version}' for type "
            f"'registries/tasks'. The supported api-versions are '{supported}'. The supported locations are 'chinaeast2'."
        )
        if code == "InvalidApiVersionParameter":
            message = f"The api-version '{version}' is invalid. The supported versions are '{supported}'."
        return web.json_response({"error": {"code": code, "message": message}}, status=400)

    return answer


@pytest.mark.parametrize("code", ["NoRegisteredProviderFound", "InvalidApiVersionParameter"])
async def test_a_cloud_that_does_not_know_a_version_is_asked_for_the_newest_that_it_does(code: str) -> None:
    service, asked = Service(), "2025-03-01-preview"
    service.on(TASKS, of_another_cloud("2018-09-01, 2019-04-01, 2019-06-01-preview", code=code))
    service.on(f"{TASKS}/a/do", of_another_cloud("2019-04-01", {"properties": {}}, code))
    async with client(service) as arm:
        for _ in range(2):
            pages = arm.pages(ArmRequest(f"{TASKS}?api-version={asked}&$top=5", "list tasks"))
            assert [bytes(row) async for page in pages for row in page] == [b'"2019-06-01-preview"']
        change = ArmRequest(f"{TASKS}/a/do?api-version={asked}", "do it", body={"a": 1})
        assert await arm.change(change) == b'{"properties": {}}'
    versions = [query["api-version"] for _, _, query in service.seen]
    assert versions == [asked, "2019-06-01-preview", "2019-06-01-preview", asked, "2019-04-01"]
    assert service.asked(TASKS)[-1]["$top"] == "5"


@pytest.mark.parametrize("supported", ["2018-09-01", "2099-01-01", "", "2025-03-01-preview2"])
async def test_a_cloud_that_knows_no_form_of_ours_says_so(supported: str) -> None:
    service = Service()
    service.on(TASKS, of_another_cloud(supported))
    request = ArmRequest(f"{TASKS}?api-version=2025-03-01-preview", "list tasks")
    async with client(service) as arm:
        with pytest.raises(SourceError, match="No registered resource provider found"):
            await arm.read(request)
        with pytest.raises(SourceError, match="No registered resource provider found"):
            await arm.change(request)
    assert len(service.seen) == 2


async def test_a_server_that_never_has_what_it_says_it_has_is_asked_a_few_times() -> None:
    service, words = Service(), "The supported api-versions are '2019-06-01-preview, 2019-04-01'."
    service.on(TASKS, send({"error": {"code": "NoRegisteredProviderFound", "message": words}}, 400))
    async with client(service) as arm:
        with pytest.raises(SourceError, match="supported api-versions"):
            await arm.read(ArmRequest(f"{TASKS}?api-version=2025-03-01-preview", "list tasks"))
    assert [query["api-version"] for query in service.asked(TASKS)] == ["2025-03-01-preview", "2019-06-01-preview", "2019-04-01"]


async def test_a_long_operation_is_followed_by_its_newest_address() -> None:
    service = Service()

    def accepted(status: int, body: Any, where: str) -> Any:
        async def answer(request: web.Request) -> web.StreamResponse:
            return web.json_response(body, status=status, headers={"Location": f"http://{request.host}/op?n={where}"})

        return answer

    service.on(f"{PATH}/do", accepted(202, "", "1"))
    service.on("/op", accepted(202, {"status": "Accepted"}, "2"), send({"status": "Succeeded"}))
    async with client(service) as arm:
        assert b"Succeeded" in await arm.change(CHANGE)
    assert [query["n"] for query in service.asked("/op")] == ["1", "2"]


@pytest.mark.parametrize("answer", [send({"status": "Failed"}), send({}, 500), send({}, 404), cut()])
async def test_an_operation_that_fails_or_cannot_be_followed(answer: Any) -> None:
    service = Service()

    async def accepted(request: web.Request) -> web.StreamResponse:
        return web.Response(status=202, headers={"Azure-AsyncOperation": f"http://{request.host}/op"})

    service.on(f"{PATH}/do", accepted)
    service.on("/op", answer)
    async with client(service) as arm:
        with pytest.raises(SourceError) as raised:
            await arm.change(CHANGE)
    assert len(service.asked(f"{PATH}/do")) == 1
    failed = isinstance(raised.value, OutcomeUnknown)
    assert failed is ("ended as failed" not in raised.value.headline)


# ---- clusters


def row(name: str, group: str = "rg", subscription: str = "s1", power: str = "Running") -> dict[str, str]:
    place = f"/subscriptions/{subscription}/resourceGroups/{group}"
    return {
        "id": f"{place}/providers/Microsoft.ContainerService/managedClusters/{name}",
        "name": name,
        "resourceGroup": group,
        "subscriptionId": subscription,
        "power": power,
    }


CLUSTERS = [row("one"), row("two"), row("two", subscription="s2"), row("off", power="Stopped")]
KUBECONFIG = """
apiVersion: v1
current-context: one
clusters: [{name: one, cluster: {server: "https://one.example", certificate-authority: /etc/passwd}}]
contexts: [{name: one, context: {cluster: one, user: u}}]
users: [{name: u, user: {tokenFile: /etc/passwd, exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: kubelogin}}}]
"""


@asynccontextmanager
async def aks(wanted: str, service: Service) -> AsyncIterator[tuple[AksAccess, Entra]]:
    entra = Entra()
    answer = {"totalRecords": len(CLUSTERS), "count": len(CLUSTERS), "data": CLUSTERS, "resultTruncated": "false"}
    service.on(GRAPH, send(answer))
    async with client(service, entra) as arm:
        graph = ResourceGraph(entra, GraphOptions(endpoint=service.url, first_wait=0.0))
        yield AksAccess(wanted, arm, AzureResources(graph, lambda: 0.0), entra, lambda: 1.0), entra


async def test_a_cluster_is_signed_in_to_without_kubelogin() -> None:
    service = Service()
    path = f"{CLUSTERS[0]['id']}/listClusterUserCredential"
    service.on(path, send({"kubeconfigs": [{"name": "clusterUser", "value": base64.b64encode(KUBECONFIG.encode()).decode()}]}))
    async with aks("RG/One", service) as (cluster, entra):
        kubeconfig, context = await managed_context(cluster)
        await managed_context(cluster)
        plugin = ExecPlugin(
            "/usr/local/bin/kubelogin", "v1beta1", ["get-token", "--server-id", "6dae42f8-4368-4678-94ff-3960e28e3630"]
        )
        credential = await minted(cluster, plugin)
    assert context == "one"
    assert credential.token == "entra-token"
    assert credential.expiration_timestamp is not None
    assert entra.scopes[-1] == f"{AKS_SERVER}/.default"
    assert service.asked(path) == [{"api-version": "2024-09-01", "format": "exec"}]
    # What a cloud hands over leads to no file of this machine.
    assert "certificate-authority" not in kubeconfig.entry("clusters", "one")
    assert "tokenFile" not in kubeconfig.entry("users", "u")


async def test_no_other_program_is_run_for_a_managed_cluster() -> None:
    async with aks("rg/one", Service()) as (cluster, entra):
        with pytest.raises(AuthenticationFailed):
            await minted(cluster, ExecPlugin("/bin/sh", "v1beta1", ["-c", "true"]))
    assert not entra.scopes


@pytest.mark.parametrize(
    ("wanted", "error"), [("rg/none", NotFound), ("rg/two", SourceError), ("s9/rg/one", NotFound), ("rg/off", Unreachable)]
)
async def test_a_cluster_that_is_not_there_or_not_one_is_said(wanted: str, error: type[SourceError]) -> None:
    async with aks(wanted, Service()) as (cluster, _):
        with pytest.raises(error):
            await cluster.kubeconfig()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (send(DENIED, 403), Forbidden),
        (send({"kubeconfigs": []}), UntrustedPayload),
        (send({"kubeconfigs": [{"value": "%"}]}), UntrustedPayload),
    ],
)
async def test_a_credential_that_is_refused_or_none(answer: Any, error: type[SourceError]) -> None:
    service = Service()
    service.on(f"{CLUSTERS[2]['id']}/listClusterUserCredential", answer)
    async with aks("s2/rg/two", service) as (cluster, _):
        with pytest.raises(error):
            await cluster.kubeconfig()


async def test_a_cluster_that_two_pages_have_is_one_cluster() -> None:
    """Ids differ in case between answers (recorded), and a row moves over the border of two pages."""
    service, again = Service(), {**CLUSTERS[0], "id": str(CLUSTERS[0]["id"]).upper()}
    page_one = {"totalRecords": 3, "count": 1, "data": [CLUSTERS[0], None], "resultTruncated": "true", "$skipToken": "x"}
    service.on(GRAPH, send(page_one), send({"totalRecords": 3, "count": 1, "data": [again], "resultTruncated": "false"}))
    async with service.running():
        graph = ResourceGraph(Entra(), GraphOptions(endpoint=service.url))
        clusters = await AzureResources(graph, lambda: 0.0).clusters()
    assert [cluster.name for cluster in clusters] == [CLUSTERS[0]["name"]]


async def test_every_cluster_of_the_subscriptions_has_its_own_name() -> None:
    service = Service()
    async with aks("rg/one", service), asyncio.timeout(20):
        graph = ResourceGraph(Entra(), GraphOptions(endpoint=service.url))
        assert await all_clusters(AzureResources(graph, lambda: 0.0)) == ("s1/rg/one", "s1/rg/two", "s2/rg/two", "s1/rg/off")


@pytest.mark.parametrize(
    ("odd", "names"),
    [
        ({**CLUSTERS[1], "power": 7}, ["one", "two"]),
        ({**CLUSTERS[1], "name": {}, "resourceGroup": []}, ["one", "two"]),
        ({"id": CLUSTERS[1]["id"]}, ["one", "two"]),
    ],
)
async def test_a_row_of_which_only_the_id_is_understood_hides_no_other_and_is_there(odd: object, names: list[str]) -> None:
    service = Service()
    service.on(GRAPH, send({"totalRecords": 2, "count": 2, "data": [CLUSTERS[0], odd], "resultTruncated": "false"}))
    async with service.running():
        graph = ResourceGraph(Entra(), GraphOptions(endpoint=service.url))
        clusters = await AzureResources(graph, lambda: 0.0).clusters()
    assert [cluster.name.lower() for cluster in clusters] == names
    assert (clusters[1].resource_group.lower(), clusters[1].subscription_id.lower()) == ("rg", "s1")


async def test_a_registry_whose_address_cannot_be_read_may_be_the_one_that_is_looked_for() -> None:
    """Whoever looks for another one finds it; that it is not there is not said while one of them is not understood."""
    service = Service()
    place = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries"
    rows = [{"id": f"{place}/odd", "loginServer": 7}, {"id": f"{place}/good", "loginServer": "good.azurecr.io"}]
    service.on(GRAPH, send({"totalRecords": 2, "count": 2, "data": rows, "resultTruncated": "false"}))
    async with service.running():
        resources = AzureResources(ResourceGraph(Entra(), GraphOptions(endpoint=service.url)), lambda: 0.0)
        assert await resources.resource_id("good.azurecr.io") == f"{place}/good"
        with pytest.raises(UntrustedPayload, match="describes the registry odd in an unknown form"):
            await resources.resource_id("other.azurecr.io")
