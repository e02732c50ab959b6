"""Sign-in to Entra ID: the chain that the environment asks for, with azure-identity against loopback servers."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path

import pytest
from aiohttp import web
from azure.core.exceptions import ClientAuthenticationError

from tests.sources.registry.servers import FakeRegistry
from tui.errors import AuthenticationFailed
from tui.sources.azure.credentials import REMEMBERED, EntraCredentials, choose

SCOPE = "https://containerregistry.azure.net/.default"
PRINCIPAL = {"AZURE_CLIENT_ID": "c", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_SECRET": "s"}


@pytest.mark.parametrize(
    ("environ", "az", "kinds"),
    [
        ({}, True, ["AzureCliCredential", "ManagedIdentityCredential"]),
        ({}, False, ["ManagedIdentityCredential"]),
        (PRINCIPAL, True, ["EnvironmentCredential", "AzureCliCredential", "ManagedIdentityCredential"]),
        ({**PRINCIPAL, "AZURE_CLIENT_SECRET": ""}, False, ["ManagedIdentityCredential"]),
        ({"IDENTITY_ENDPOINT": "http://x"}, True, ["ManagedIdentityCredential", "AzureCliCredential"]),
        (
            {"AZURE_CLIENT_ID": "c", "AZURE_TENANT_ID": "t", "AZURE_FEDERATED_TOKEN_FILE": "f"},
            False,
            ["WorkloadIdentityCredential", "ManagedIdentityCredential"],
        ),
        ({"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential", **PRINCIPAL}, False, ["AzureCliCredential"]),
        ({"AZURE_TOKEN_CREDENTIALS": "dev", **PRINCIPAL}, True, ["AzureCliCredential"]),
        ({"AZURE_TOKEN_CREDENTIALS": "prod"}, True, ["ManagedIdentityCredential"]),
    ],
)
def test_the_environment_chooses(environ: dict[str, str], az: bool, kinds: list[str]) -> None:
    found = choose(environ, lambda _: "/usr/bin/az" if az else None)
    assert [member.kind for member in found] == kinds


def test_an_authority_of_ones_own_is_not_looked_up_in_public() -> None:
    members = choose({**PRINCIPAL, "AZURE_AUTHORITY_HOST": "https://login.private.test"}, lambda _: None)
    assert members[0].arguments == {"disable_instance_discovery": True}


def entra(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, now: list[float]) -> EntraCredentials:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return EntraCredentials(environ, clock=lambda: now[0])


async def test_a_managed_identity_by_its_endpoint_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # Protocol of App Service identities: azure.md 1.11.
    now, claims = [1000.0], base64.urlsafe_b64encode(json.dumps({"appid": "app-1"}).encode()).rstrip(b"=").decode()
    async with FakeRegistry() as server:

        async def answer(request: web.Request) -> web.StreamResponse:
            assert request.headers["X-IDENTITY-HEADER"] == "x"
            assert request.query["resource"] == "https://containerregistry.azure.net"
            body = {"access_token": f"e30.{claims}.x", "expires_on": "4070908800", "resource": "r", "token_type": "Bearer"}
            return web.json_response(body)

        server.fault = answer
        where = {
            "IDENTITY_ENDPOINT": f"{server.url}/msi/token",
            "IDENTITY_HEADER": "x",
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        }
        credentials = entra(where, monkeypatch, now)
        first, second = await credentials.token(SCOPE), await credentials.token(SCOPE)
        assert first == second
        assert first.identity == "application app-1 (managed identity)"
        assert first.expires == 4070908800
        assert len(server.requests) == 1
        assert first.value not in repr(first)


async def test_az_is_asked_and_its_refusal_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "az"
    program.write_text("#!/bin/sh\necho 'ERROR: Please run az login to setup account.' >&2; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    now = [0.0]
    credentials = entra({"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"}, monkeypatch, now)
    with pytest.raises(AuthenticationFailed, match="az login") as caught:
        await credentials.token(SCOPE)
    assert "Run `az login`" in caught.value.remedy
    expires = {
        "accessToken": "tok",
        "expiresOn": "2099-01-01 00:00:00.000000",
        "expires_on": 4070908800,
        "subscription": "s",
        "tenant": "t",
    }
    program.write_text(f"#!/bin/sh\necho '{json.dumps({**expires, 'tokenType': 'Bearer'})}'\n")
    with pytest.raises(AuthenticationFailed, match="az login"):
        await credentials.token(SCOPE)
    now[0] += REMEMBERED
    found = await credentials.token(SCOPE)
    assert (found.value, found.identity) == ("tok", "az login")


async def test_a_slow_az_is_waited_for_once_by_all_and_its_refusal_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, calls = tmp_path / "az", tmp_path / "calls"
    program.write_text(f"#!/bin/sh\necho x >> {calls}\nsleep 0.2\necho 'ERROR: Please run az login' >&2; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    now = [0.0]
    credentials = entra({"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"}, monkeypatch, now)
    scopes = [SCOPE, "https://management.azure.com/.default"] * 5
    found = await asyncio.gather(*(credentials.token(scope) for scope in scopes), return_exceptions=True)
    assert all(isinstance(each, AuthenticationFailed) for each in found)
    assert calls.read_text().count("x") == 1
    now[0] += REMEMBERED
    with pytest.raises(AuthenticationFailed):
        await credentials.token(SCOPE)
    assert calls.read_text().count("x") == 2


async def test_a_machine_outside_azure_is_told_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    # A proxy may answer in place of the metadata service; azure-identity then complains of the content type.
    async def refuse(*_: object) -> object:
        raise ClientAuthenticationError('Unexpected content type "text/plain"')

    monkeypatch.setattr("azure.identity.aio.ManagedIdentityCredential.get_token", refuse)
    credentials = EntraCredentials({}, clock=lambda: 0.0, find_program=lambda _: None)
    with pytest.raises(AuthenticationFailed) as caught:
        await credentials.token(SCOPE)
    assert caught.value.headline == (
        "not signed in to Azure: AZURE_CLIENT_ID is not set; az is not installed; "
        'managed identity: this machine has none, Unexpected content type "text/plain"'
    )
    assert "--no-azure" in caught.value.remedy


async def test_no_way_at_all_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = entra({"AZURE_TOKEN_CREDENTIALS": "NoSuchCredential"}, monkeypatch, [0.0])
    with pytest.raises(AuthenticationFailed) as caught:
        await credentials.token(SCOPE)
    assert "AZURE_CLIENT_ID" in caught.value.remedy


@pytest.mark.parametrize(
    ("environ", "config", "said"),
    [
        ({}, "", ""),
        ({}, "[cloud]\nname = AzureCloud\n", ""),
        ({}, "[cloud]\nname = AzureChinaCloud\n", "login.chinacloudapi.cn"),
        ({"AZURE_CLOUD_NAME": "AzureUSGovernment"}, "", "login.microsoftonline.us"),
        ({"AZURE_AUTHORITY_HOST": "login.chinacloudapi.cn"}, "[cloud]\nname = AzureChinaCloud\n", ""),
        ({"AZURE_AUTHORITY_HOST": "https://login.chinacloudapi.cn"}, "", "login.microsoftonline.com"),
        ({"AZURE_AUTHORITY_HOST": "login.private.test"}, "", "login.microsoftonline.com"),
        ({"AZURE_AUTHORITY_HOST": "login.private.test"}, "[cloud]\nname = Private\n", ""),
        ({}, "no configuration", ""),
    ],
)
async def test_az_gives_no_token_of_another_cloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], config: str, said: str
) -> None:
    (tmp_path / "config").write_text(config)
    answer = {"accessToken": "tok", "expiresOn": "2099-01-01 00:00:00.000000", "expires_on": 4070908800, "tokenType": "Bearer"}
    program = tmp_path / "az"
    program.write_text(f"#!/bin/sh\necho x >> {tmp_path}/calls; echo '{json.dumps(answer)}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    given = {"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential", "AZURE_CONFIG_DIR": str(tmp_path), **environ}
    credentials = entra(given, monkeypatch, [0.0])
    if not said:
        assert (await credentials.token(SCOPE)).value == "tok"
    else:
        with pytest.raises(AuthenticationFailed, match=said):
            await credentials.token(SCOPE)
        assert not (tmp_path / "calls").exists()
