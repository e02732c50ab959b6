"""Where tokens of Entra ID go: to registries that are ours or named, in the cloud that they are of, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from tests.sources.registry.helpers import Collector, Entra, options, source
from tests.sources.registry.servers import FakeRegistry
from tests.sources.scanners.servers import Answer, Service
from tests.tried import tried
from tui.domain.facts.asking import AuthMode
from tui.domain.facts.demand import Demand, Priority
from tui.domain.facts.events import Owner, SourceState
from tui.domain.facts.image import RepositoryName
from tui.sources.azure.graph import PATH, GraphOptions, ResourceGraph
from tui.sources.azure.registries import QUERY, OwnRegistries
from tui.sources.kit.clouds import CLOUDS, PUBLIC, Cloud, cloud_of_registry, cloud_of_sign_in
from tui.sources.kit.credentials import Credentials
from tui.sources.registry.source import RegistrySource

HOST = "contoso.azurecr.io"
CHINA = CLOUDS[1]


def rows(*hosts: str | int | None, more: str = "false") -> Answer:
    """An answer of Resource Graph (the form of the recordings)."""

    async def answer(_: web.Request) -> web.StreamResponse:
        data = [{"id": f"/r/{number}", "loginServer": host} for number, host in enumerate(hosts)]
        return web.json_response({"totalRecords": len(data), "count": len(data), "data": data, "resultTruncated": more})

    return answer


async def forbidden(_: web.Request) -> web.StreamResponse:
    """An identity without any right on Resource Manager."""
    return web.json_response({"error": {"code": "AuthorizationFailed", "message": "no"}}, status=403)


@asynccontextmanager
async def asked(answer: Answer, entra: Entra, cloud: Cloud = PUBLIC) -> AsyncIterator[tuple[Service, Credentials]]:
    """Resource Graph that answers so, and what there is to sign in with."""
    service = Service()
    service.on(PATH.partition("?")[0], answer)
    async with service.running():
        graph = ResourceGraph(entra, GraphOptions(endpoint=service.url, first_wait=0.01))
        yield service, Credentials(entra=entra, owners=OwnRegistries(graph, lambda: 0.0), cloud=cloud)


def registry_of(server: FakeRegistry, credentials: Credentials, host: str = HOST, **changes: object) -> RegistrySource:
    """The source of an Azure registry that only a pod names."""
    given = options(server, **{"host": host, "named_by_operator": False, "catalog": False, **changes})
    registry = source(given, credentials)
    registry.want((Demand(RepositoryName(host, "app"), "1", Priority.RUNNING),))
    return registry


@pytest.mark.parametrize(
    ("answer", "owner", "exchanges", "words"),
    [
        pytest.param(rows("Contoso.azurecr.io", None), Owner.OURS, 1, "is listed by Azure Resource Graph for ops", id="ours"),
        pytest.param(rows("fabrikam.azurecr.io"), Owner.FOREIGN, 0, "is not among the registries", id="another's"),
        pytest.param(rows(), Owner.FOREIGN, 0, "is not among the registries", id="none is ours"),
        pytest.param(forbidden, Owner.UNKNOWN, 1, "could not be asked: Azure Resource Graph: no right", id="no right to ask"),
        pytest.param(rows("a.azurecr.io", more="true"), Owner.UNKNOWN, 1, "leaves out some", id="cut"),
        pytest.param(rows("a.azurecr.io", 7), Owner.UNKNOWN, 1, "describes a registry in an unknown form", id="one is odd"),
        pytest.param(rows(7, HOST), Owner.OURS, 1, "is listed by Azure Resource Graph for ops", id="ours beside an odd one"),
    ],
)
async def test_a_token_goes_where_a_registry_is_ours_and_only_that_makes_it_ours(
    answer: Answer, owner: Owner, exchanges: int, words: str
) -> None:
    entra = Entra()
    async with FakeRegistry(auth="bearer", acr=True) as server, asked(answer, entra) as (service, credentials):
        server.image("app", "1")
        async with Collector(registry_of(server, credentials)) as seen:
            await seen.until(lambda: seen.source.idle and seen.health.state is SourceState.OK)
            health = seen.health
        assert server.paths("/oauth2/exchange") == ["POST /oauth2/exchange"] * exchanges
        assert health.ownership.owner is owner
        assert words in health.ownership.basis
        assert health.identity == ("ops@contoso.test (az login)" if exchanges else "")
        if owner is Owner.FOREIGN:
            assert health.sign_in_error.startswith(f"{HOST} is not among")
            assert not [header for _, _, header in server.requests if "entra-token" in header]
        assert len(service.bodies) == 1
        assert json.loads(service.bodies[0])["query"] == QUERY


async def test_what_is_refused_to_a_stranger_names_the_flag_that_signs_in() -> None:
    entra = Entra()
    async with FakeRegistry(auth="bearer", acr=True) as server, asked(rows(), entra) as (_, credentials):
        server.image("app", "1")
        server.denied.add("app")
        async with Collector(registry_of(server, credentials)) as seen:
            await seen.until(lambda: seen.health.state is SourceState.FAILED)
            assert f"--registry {HOST}" in seen.health.remedy
            assert seen.health.auth_failed
            assert not [denial for denial in seen.health.denials if denial.right]


async def test_what_the_operator_names_is_signed_in_to_without_asking() -> None:
    entra = Entra()
    async with FakeRegistry(auth="bearer", acr=True) as server, asked(rows(), entra) as (service, credentials):
        server.image("app", "1")
        async with Collector(registry_of(server, credentials, named_by_operator=True)) as seen:
            await seen.until(lambda: seen.health.identity)
            assert seen.health.ownership.owner is Owner.OURS
        assert not service.bodies
        assert server.paths("/oauth2/exchange") == ["POST /oauth2/exchange"]


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("auth", [AuthMode.AUTO, AuthMode.ENTRA])
@pytest.mark.parametrize(
    ("host", "cloud"),
    [
        ("contoso.azurecr.cn", PUBLIC),
        ("contoso.azurecr.us", PUBLIC),
        ("contoso.azurecr.io", CHINA),
        ("contoso.azurecr.us:443", CHINA),
    ],
)
async def test_a_token_of_one_cloud_never_goes_to_another(host: str, cloud: Cloud, auth: AuthMode, named: bool) -> None:
    entra = Entra()
    async with FakeRegistry(auth="bearer", acr=True) as server, asked(forbidden, entra, cloud) as (_, credentials):
        server.image("app", "1")
        async with Collector(registry_of(server, credentials, host, named_by_operator=named, auth=auth)) as seen:
            await seen.until(lambda: seen.health.sign_in_error or seen.health.error)
            said = f"{seen.health.sign_in_error}{seen.health.error}"
        assert f"tokens of {cloud.name} are not sent there" in said
        assert not server.paths("/oauth2/exchange")


@pytest.mark.parametrize(
    ("authority", "name", "resource_manager"),
    [
        ("", "Azure", "https://management.azure.com"),
        ("login.microsoftonline.com", "Azure", "https://management.azure.com"),
        ("https://login.chinacloudapi.cn/", "Azure China", "https://management.chinacloudapi.cn"),
        ("https://LOGIN.microsoftonline.us", "Azure US Government", "https://management.usgovcloudapi.net"),
        ("https://login.private.test:8443", "the cloud of login.private.test", ""),
        ("https://login.microsoftonline.com.evil.test", "the cloud of login.microsoftonline.com.evil.test", ""),
    ],
)
def test_the_authority_tells_the_cloud(authority: str, name: str, resource_manager: str) -> None:
    found = cloud_of_sign_in({"AZURE_AUTHORITY_HOST": authority})
    assert (found.name, found.resource_manager) == (name, resource_manager)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("a.azurecr.io", "Azure"),
        ("A.azurecr.CN", "Azure China"),
        ("a.azurecr.us:443", "Azure US Government"),
        ("a.azurecr.io.evil.test", None),
        ("registry.test", None),
    ],
)
def test_the_name_of_a_registry_tells_its_cloud(host: str, name: str | None) -> None:
    found = cloud_of_registry(host)
    assert (found.name if found else None) == name


@pytest.mark.parametrize("named", [False, True])
async def test_an_authority_of_ones_own_signs_in_where_that_is_said(named: bool) -> None:
    entra, own = Entra(), cloud_of_sign_in({"AZURE_AUTHORITY_HOST": "login.private.test"})
    async with FakeRegistry(auth="bearer", acr=True) as server, asked(forbidden, entra, own) as (_, credentials):
        server.image("app", "1")
        async with Collector(registry_of(server, credentials, named_by_operator=named)) as seen:
            await seen.until(lambda: seen.health.identity or seen.health.sign_in_error)
        assert bool(server.paths("/oauth2/exchange")) is named


@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_a_wrong_password_is_sent_once_for_everything_that_runs(auth: str) -> None:
    async with FakeRegistry(auth=auth) as server:
        for number in range(20):
            server.image(f"app{number}", "1")
        given = options(server, auth=AuthMode.BASIC, username="ops", password="wrong", catalog=False)
        registry = source(given)
        registry.want(tuple(Demand(RepositoryName(given.host, f"app{n}"), "1", Priority.RUNNING) for n in range(20)))
        async with Collector(registry) as seen:
            await seen.until(lambda: seen.health.state is SourceState.FAILED and seen.source.idle)
            assert seen.health.auth_failed
            assert "refused the sign-in" in seen.health.error
            assert not [denial for denial in seen.health.denials if denial.right]
        assert len([header for _, _, header in server.requests if header]) == 1


async def test_a_refused_password_is_sent_again_after_growing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.sources.registry.session.SIGN_IN_AGAIN", 0.05)
    async with FakeRegistry(auth="basic") as server:
        server.image("app", "1")
        registry = source(options(server, auth=AuthMode.BASIC, username="ops", password="later", catalog=False))
        registry.want((Demand(RepositoryName(options(server).host, "app"), "1", Priority.RUNNING),))
        async with Collector(registry) as seen:
            await seen.until(lambda: seen.health.state is SourceState.FAILED)
            server.users["ops"] = "later"
            await seen.until(lambda: seen.health.identity == "ops")


@pytest.mark.parametrize("auth", ["basic", "bearer"])
@pytest.mark.parametrize("mode", [AuthMode.BASIC, AuthMode.AUTO])
async def test_doctor_calls_no_refused_password_a_sign_in(auth: str, mode: AuthMode) -> None:
    async with FakeRegistry(auth=auth) as server:
        server.image("app", "1")
        found = {line.what: line for line in await tried(_registry(server, mode, "wrong").diagnose())}
        assert found["sign-in"].state == "denied"
        assert "refused the sign-in" in found["sign-in"].detail
        assert not found["sign-in"].right
        good = {line.what: line for line in await tried(_registry(server, mode, "secret").diagnose())}
        assert (good["sign-in"].state, good["sign-in"].detail) == ("ok", "as ops")


def _registry(server: FakeRegistry, mode: AuthMode, password: str) -> RegistrySource:
    return source(options(server, auth=mode, username="ops", password=password))


async def test_doctor_says_that_nobody_is_signed_in_where_no_login_is_set_up() -> None:
    async with FakeRegistry(auth="bearer") as server:
        server.image("app", "1")
        found = {line.what: line for line in await tried(source(options(server)).diagnose())}
        assert (found["sign-in"].state, found["sign-in"].detail) == ("ok", "nobody: no login is set up for this registry")


async def test_a_token_that_may_pull_and_not_list_lacks_the_right_to_list() -> None:
    async with FakeRegistry(auth="bearer", acr=True) as server:
        server.image("app", "1")

        async def no_lists(request: web.Request) -> web.StreamResponse | None:
            if not request.path.startswith("/acr/v1/app"):
                return None
            body = {"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]}
            return web.json_response(body, status=403)

        server.fault = no_lists
        registry = source(options(server), Credentials(entra=Entra()))
        found = {line.what: line for line in await tried(registry.diagnose())}
        assert (found["tags"].state, found["tags"].right) == ("denied", "metadata/read on app")
        assert "needs metadata/read in its scope map" in found["tags"].remedy
