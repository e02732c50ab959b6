"""Attributes of one repository or manifest of an ACR, by the package, over our own connection.

The answers have the form of the recordings client.get_repository_properties and client.get_manifest_properties.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web

from tests.sources.registry.helpers import Entra, options
from tests.sources.registry.servers import TIME, UNLOCKED, FakeRegistry
from tests.sources.registry.test_faults import only
from tui.domain.facts.image import Locks, RepositoryName
from tui.errors import Forbidden, NotFound, ServerFault, SourceError, Throttled, UntrustedPayload
from tui.sources.acting_ports import LockTarget
from tui.sources.kit.credentials import Credentials
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.locks import AcrLocks, lock_words

ROOT = Path(__file__).resolve().parents[3]
LOCKED = {**UNLOCKED, "deleteEnabled": False, "writeEnabled": False}


async def of_repository(server: FakeRegistry, repository: str = "team/app") -> Locks:
    client = RegistryClient(options(server), Credentials(entra=Entra()))
    try:
        return await AcrLocks(client).read(LockTarget(RepositoryName(client.options.host, repository)))
    finally:
        await client.close()


async def test_what_is_locked_is_told_of_a_repository_and_of_a_manifest() -> None:
    async with FakeRegistry(acr=True, auth="bearer") as server:
        digest = server.image("team/app", "1")
        server.locks = {"team/app": {**UNLOCKED, "deleteEnabled": False}, digest: LOCKED}
        client = RegistryClient(options(server), Credentials(entra=Entra()))
        locks, name = AcrLocks(client), RepositoryName(client.options.host, "team/app")
        repository, manifest = await locks.read(LockTarget(name)), await locks.read(LockTarget(name, digest))
        await client.close()
    assert (repository, manifest) == (Locks(delete=False, write=True), Locks(delete=False, write=False))
    assert (lock_words(repository), lock_words(manifest)) == (
        "is locked: it cannot be deleted",
        "is locked: it cannot be deleted or overwritten",
    )
    asked = [(method, path) for method, path, _ in server.requests if path.startswith("/acr/")]
    assert asked[-2:] == [
        ("GET", "/acr/v1/team%2Fapp?api-version=2021-07-01"),
        ("GET", f"/acr/v1/team%2Fapp/_manifests/{quote(digest, safe='')}?api-version=2021-07-01"),
    ]
    # One token serves both: the package signs nobody in.
    assert len(server.paths("/oauth2/token")) == 1


@pytest.mark.parametrize(("status", "error"), [(403, Forbidden), (404, NotFound), (429, Throttled), (500, ServerFault)])
async def test_a_refusal_is_one_of_our_errors(status: int, error: type[Exception]) -> None:
    async with FakeRegistry(acr=True, auth="bearer") as server:
        server.image("team/app", "1")

        async def refuse(request: web.Request) -> web.StreamResponse | None:
            if "/acr/v1/" not in request.path or "Authorization" not in request.headers:
                return None
            body = {"errors": [{"code": "NAME_UNKNOWN" if status == 404 else "DENIED", "message": "no"}]}
            return web.json_response(body, status=status, headers={"Retry-After": "300"})

        server.fault = refuse
        with pytest.raises(error):
            await of_repository(server)


async def test_no_credential_follows_a_redirect() -> None:
    async with FakeRegistry() as other, FakeRegistry(acr=True, auth="bearer") as server:
        server.image("team/app", "1")
        location = {"Location": f"{other.url}/acr/v1/team%2Fapp"}
        server.fault = only("/acr/v1/", lambda _: web.Response(status=307, headers=location))
        with pytest.raises(SourceError):
            await of_repository(server)
    assert not any(authorization for _, _, authorization in other.requests)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"changeableAttributes": null}',
        '{"changeableAttributes": {"deleteEnabled": "no"}}',
        json.dumps({"changeableAttributes": UNLOCKED, "createdTime": 7}),
        json.dumps({"changeableAttributes": UNLOCKED, "createdTime": "yesterday"}),
        '{"changeableAttributes": {}, "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
        "\ud800",
    ],
)
async def test_an_answer_of_another_form_says_nothing(body: str) -> None:
    async with FakeRegistry(acr=True) as server:
        server.image("team/app", "1")
        content = body.encode("utf-8", "surrogatepass")
        server.fault = only("/acr/v1/", lambda _: web.Response(body=content, content_type="application/json"))
        with pytest.raises(UntrustedPayload):
            await of_repository(server)


async def test_an_attribute_that_is_not_told_is_not_locked_as_in_lists() -> None:
    async with FakeRegistry(acr=True) as server:
        server.image("team/app", "1")
        body = {"changeableAttributes": {"writeEnabled": False, "teleportEnabled": False}, "createdTime": TIME}
        server.fault = only("/acr/v1/", lambda _: web.json_response(body))
        assert await of_repository(server) == Locks(delete=True, write=False)


async def test_the_package_writes_no_dump_of_its_exchanges(caplog: pytest.LogCaptureFixture) -> None:
    async with FakeRegistry(acr=True, auth="bearer") as server:
        server.image("team/app", "1")
        with caplog.at_level(logging.DEBUG):
            await of_repository(server)
    assert not [record for record in caplog.records if record.name.startswith("azure.")]


def test_nothing_but_a_question_for_attributes_loads_the_package() -> None:
    code = (
        "import sys, tui.sources.registry.source, tui.sources.registry.diagnose, tui.sources.registry.locks\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'azure'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
