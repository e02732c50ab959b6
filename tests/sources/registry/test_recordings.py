"""Recorded exchanges of real ACRs, replayed on a socket: what they hold comes out as facts.

The recordings are azure-sdk-for-python's and azure-cli-extensions' own test data; their tokens are dummies.
The server answers by method, path and page.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from aiohttp import web

from tests.recordings import ORIGINS, exchanges, recording_names
from tests.recordings import Exchange as Recorded
from tests.sources.registry.helpers import Entra
from tests.sources.registry.servers import FakeRegistry, jwt
from tui.domain.facts.asking import AuthMode
from tui.errors import NotFound, SourceError
from tui.sources.kit.credentials import Credentials
from tui.sources.registry.acr_lists import AcrLists
from tui.sources.registry.challenge import parse_challenge
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.faults import RequestContext, RouteNotFound
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.request import Request

HOST = "fakeurl.azurecr.io"


class Exchange:
    """One recorded request and its answer, as a server sees it."""

    def __init__(self, recorded: Recorded) -> None:
        address = urlsplit(recorded.uri)
        self.method, self.path = recorded.method, unquote(address.path)
        self.query = unquote(address.query)
        self.status, self.headers, self.body = recorded.status, recorded.headers, recorded.body


def recorded(name: str, origin: str) -> list[Exchange]:
    """The exchanges of a file."""
    return [Exchange(each) for each in exchanges(f"data-plane/{name}.yaml", origin)]


class Replay(FakeRegistry):
    """Answers data calls as recorded; 401 to calls without a token, as each recording begins."""

    def __init__(self, name: str, origin: str) -> None:
        super().__init__(acr=True)
        self.exchanges = recorded(name, origin)
        self.refused = [one for one in self.exchanges if one.status == 401]
        self.fault = self._replay

    async def _replay(self, request: web.Request) -> web.StreamResponse:
        path = unquote(request.path)
        if path == "/v2/" or not (request.headers.get("Authorization") or path.startswith("/oauth2/")):
            challenge = f'Bearer realm="https://{HOST}/oauth2/token",service="{HOST}",error="invalid_token"'
            body = self.refused[0].body if self.refused else "{}"
            return web.Response(status=401, text=body, headers={"WWW-Authenticate": challenge})
        if path.startswith("/oauth2/"):
            return web.json_response({"refresh_token": jwt(exp=4e9), "access_token": jwt(exp=4e9)})
        return self._answer(request.method, path, request.query.get("last", ""))

    def _answer(self, method: str, path: str, last: str) -> web.Response:
        for one in self.exchanges:
            if (
                (one.method, one.path) == (method, path)
                and one.status != 401
                and (f"last={last}" in one.query if last else "last=" not in one.query)
            ):
                kept = {
                    name: value
                    for name, value in one.headers.items()
                    if name in ("content-type", "link", "docker-content-digest")
                }
                return web.Response(status=one.status, body=one.body.encode(), headers=kept)
        return web.Response(status=500, text=f"nothing recorded for {method} {path} after {last!r}")


@asynccontextmanager
async def replayed(name: str, origin: str) -> AsyncIterator[tuple[Replay, RegistryClient]]:
    """A client that believes to speak to the recorded host."""
    async with Replay(name, origin) as server:
        anonymous = name.startswith("anonymous")
        here = RegistryOptions(host=HOST, endpoint=server.url, auth=AuthMode.ANONYMOUS if anonymous else AuthMode.ENTRA)
        client = RegistryClient(here, Credentials(entra=Entra()))
        try:
            await client.ping()
            yield server, client
        finally:
            await client.close()


def rows_of(exchanges: list[Exchange], end: str, member: str) -> tuple[list[Any], int]:
    """The rows of all good answers on a path, and how many answers there were."""
    good = [one for one in exchanges if one.status == 200 and one.path.endswith(end)]
    return [row for one in good for row in yaml.safe_load(one.body)[member]], len(good)


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(
    "name", ["client.list_repository_names", "client.list_repository_names_by_page", "anonymous.list_repository_names_by_page"]
)
async def test_catalogs(name: str, origin: str) -> None:
    async with replayed(name, origin) as (server, client):
        found = [page async for page in AcrLists(client).catalog()]
        expected, answers = rows_of(server.exchanges, "/_catalog", "repositories")
        assert [repository for page in found for repository in page] == expected
        assert len(expected) > 1
        assert len(found) == len(server.paths("/acr/v1/_catalog")) == answers


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(
    ("name", "count", "answers"), [("client.list_registry_artifacts", 30, 1), ("client.list_registry_artifacts_by_page", 30, 15)]
)
async def test_manifest_lists(name: str, count: int, answers: int, origin: str) -> None:
    async with replayed(name, origin) as (server, client):
        rows = [row async for page in AcrLists(client).manifests("library/busybox") for row in page]
        expected, given = rows_of(server.exchanges, "/_manifests", "manifests")
        assert [row.digest for row in rows] == [one["digest"] for one in expected]
        assert (len(rows), given) == (count, answers)
        assert len(server.paths("/acr/v1/")) == answers
        assert all(row.pushed and row.updated and row.media_type for row in rows)
        assert all(row.locks is not None and row.locks.delete for row in rows)
        assert {row.os for row in rows} >= {"linux"}


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("name", ["client.list_tag_properties", "anonymous.list_tag_properties"])
async def test_tag_lists(name: str, origin: str) -> None:
    async with replayed(name, origin) as (server, client):
        expected, _ = rows_of(server.exchanges, "/_tags", "tags")
        repository = next(one.path for one in server.exchanges if one.path.endswith("/_tags"))
        repository = repository.removeprefix("/acr/v1/").removesuffix("/_tags")
        rows = [row async for page in AcrLists(client).tags(repository) for row in page]
        assert [(row.name, row.digest) for row in rows] == [(one["name"], one["digest"]) for one in expected]
        assert rows
        assert all(row.created is not None and not row.signed for row in rows)


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(
    ("name", "kind"),
    [("client.get_manifest_properties_does_not_exist", NotFound), ("client.get_tag_properties_does_not_exist", RouteNotFound)],
)
async def test_what_is_not_there(name: str, kind: type[SourceError], origin: str) -> None:
    async with replayed(name, origin) as (server, client):
        missing = next(one for one in server.exchanges if one.status == 404)
        with pytest.raises(SourceError) as caught:
            await client.fetch(Request(path=missing.path, context=RequestContext(HOST, "it"), scope="repository:x:pull"))
        assert type(caught.value) is kind


@pytest.mark.parametrize("origin", ORIGINS)
def test_every_recorded_challenge_is_understood(origin: str) -> None:
    seen = 0
    for name in recording_names("data-plane"):
        for one in recorded(name, origin):
            header = one.headers.get("www-authenticate")
            if one.status == 401 and header:
                challenge = parse_challenge(header)
                assert challenge is not None
                assert challenge.scheme == "bearer"
                assert challenge.realm.endswith("/oauth2/token")
                assert challenge.service
                seen += 1
    assert seen > 50
