"""The ACR emulator answers as the recorded service did: status, header names, JSON keys and types, reply by reply."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest

from tests.demo.serving import Answer, Asker, asking
from tests.recordings import ORIGINS, Exchange, exchanges
from tui.demo.content import DOCKER, Image, Index, Platform, Recipe, Step
from tui.demo.registry.acr import AzureRegistry
from tui.demo.registry_contents import RegistryContents

HOST = "fake_url.azurecr.io"
NOW = datetime(2026, 5, 19, 18, 31, 44, 961124, UTC)
FILES = (
    "client.list_repository_names",
    "client.list_repository_names_by_page",
    "client.get_repository_properties",
    "client.list_tag_properties",
    "client.list_tag_properties_order_descending",
    "client.list_registry_artifacts",
    "client.list_registry_artifacts_by_page",
    "client.get_tag_properties",
    "client.get_manifest_properties",
    "client.get_manifest_properties_does_not_exist",
    "client.get_tag_properties_does_not_exist",
    "client.delete_tag_does_not_exist",
    "client.incorrect_authentication_scope",
    "anonymous.list_repository_names_by_page",
    "anonymous.get_manifest_properties",
    "anonymous.list_tag_properties",
    "anonymous.delete_tag",
)
# What a proxy between adds or drops, and how a body is framed, is not the service's word.
UNIMPORTANT = {"date", "connection", "content-length", "transfer-encoding", "server", "strict-transport-security", "vary"}
LATER = {"x-ms-correlation-request-id"}  # not kept in the recordings
# Optional members, which the real service leaves out for one image and gives for the next (azure.md 1.4).
OPTIONAL = {"tags", "architecture", "os", "configMediaType", "references", "quarantineState"}
_TARGET = re.compile(r"/acr/v1/(?P<name>[^?]+?)(?:/_(?P<what>tags|manifests)(?:/(?P<reference>[^?]+))?)?(?:\?.*)?")


def filled(recorded: list[Exchange]) -> RegistryContents:
    """A registry that has what the recorded one had: each repository that was found, with a multi-platform image."""
    images = [_image(architecture) for architecture in ("amd64", "arm64")]
    index = Index(images, {})
    shelf = RegistryContents(HOST)
    for exchange in recorded:
        match = _TARGET.fullmatch(exchange.path)
        _listed(shelf, exchange, images[0])
        if match is None or match["name"] == "_catalog" or "does_not_exist" in exchange.path or exchange.status == 404:
            continue
        repository = shelf.repository(unquote(match["name"]), NOW)
        for stored in (*(image.stored for image in images), index.stored):
            repository.put(stored, NOW)
        for tag in ("v1", "latest", unquote(match["reference"] or "v2") if match["what"] == "tags" else "v2"):
            repository.tag(tag, index.stored.digest, NOW)
    if not recorded:
        for number in range(4):
            shelf.repository(f"library/more-{number}", NOW)
    return shelf


def _listed(shelf: RegistryContents, exchange: Exchange, image: Image) -> None:
    """What a recorded list named is there under its own name, so that recorded marks of pages are met."""
    found = json.loads(exchange.body) if exchange.body.startswith("{") else {}
    for name in found.get("repositories", ()):
        shelf.repository(name, NOW)
    for row in found.get("manifests", ()):
        shelf.repository(found["imageName"], NOW).put(replace(image.stored, digest=row["digest"]), NOW)


def _image(architecture: str) -> Image:
    steps = (Step("ADD rootfs", NOW, f"rootfs {architecture}", 2_000_000),)
    return Image(Recipe(Platform(architecture), steps, NOW, dialect=DOCKER))


class Replay:
    """Sends what was recorded, with our own tokens and digests in place of theirs."""

    def __init__(self, asker: Asker, shelf: RegistryContents) -> None:
        self._ask, self._shelf = asker, shelf
        self._refresh = self._access = self._link = ""

    async def send(self, exchange: Exchange) -> Answer:
        """One exchange."""
        if exchange.path.startswith("/oauth2/"):
            return await self._token(exchange)
        authorization = f"Bearer {self._access}"
        if exchange.status == 401 and exchange.method != "DELETE":
            self._access = ""
            authorization = "Bearer none"
        return await self._ask(self._path(exchange), exchange.method, Authorization=authorization)

    async def _token(self, exchange: Exchange) -> Answer:
        form = exchange.sent.replace("access_token=REDACTED", "access_token=entra")
        form = form.replace("refresh_token=REDACTED", f"refresh_token={self._refresh}")
        answer = await self._ask(exchange.path, exchange.method, form)
        self._refresh = str(answer.json.get("refresh_token", self._refresh))
        self._access = str(answer.json.get("access_token", self._access))
        return answer

    def _path(self, exchange: Exchange) -> str:
        match = _TARGET.fullmatch(exchange.path)
        digest = re.search(r"(?<!last=)sha256%3A[0-9a-f]{64}", exchange.path)
        if match is None or digest is None or exchange.status == 404 or exchange.path.endswith("a" * 10):
            return exchange.path
        ours = self._shelf.repositories[unquote(match["name"])].tags["v1"].digest
        return exchange.path.replace(digest[0], ours.replace(":", "%3A"))


def shape(value: object, *, place: str = "") -> set[str]:
    """Every key with the type of its value, lists folded into one member."""
    match value:
        case dict():
            return {found for key, one in value.items() if key not in OPTIONAL for found in shape(one, place=f"{place}.{key}")}
        case list():
            return {found for one in value for found in shape(one, place=f"{place}[]")} or {f"{place}[]"}
        case _:
            return {f"{place}: {type(value).__name__}"}


def members(body: str) -> object:
    """The body as JSON, or as text where the service sends text."""
    try:
        return json.loads(body)
    except ValueError:
        return body


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("name", FILES)
async def test_every_recorded_reply_has_its_like(name: str, origin: str) -> None:
    recorded = exchanges(f"data-plane/{name}.yaml", origin)
    shelf = filled(recorded)
    anonymous = name.startswith("anonymous")
    actions = ("pull", "metadata_read") if anonymous else ("pull", "metadata_read", "delete")
    registry = AzureRegistry(shelf, lambda token: token == "entra", actions=actions, anonymous=anonymous)
    async with asking(registry.handle) as asker:
        replay = Replay(asker, shelf)
        for exchange in recorded:
            answer = await replay.send(exchange)
            said = f"{exchange.method} {exchange.path} -> {answer.status} {answer.body[:200]}"
            assert answer.status == exchange.status, said
            wanted = {header for header in exchange.headers if header not in UNIMPORTANT and header != "link"}
            assert wanted <= set(answer.headers), said
            assert set(answer.headers) - wanted - UNIMPORTANT - LATER <= {"link"}, said
            assert answer.headers["content-type"] == exchange.headers["content-type"]
            if exchange.body:
                assert shape(members(answer.body)) == shape(members(exchange.body)), said


@pytest.mark.parametrize("origin", ORIGINS)
async def test_a_link_has_the_recorded_form(origin: str) -> None:
    pages = exchanges("data-plane/client.list_repository_names_by_page.yaml", origin)
    (recorded, *_) = [one for one in pages if "link" in one.headers]
    shelf = filled([])
    registry = AzureRegistry(shelf, lambda token: True, anonymous=True)
    async with asking(registry.handle) as asker:
        token = await asker("/oauth2/token", "POST", f"grant_type=password&service={HOST}&scope=registry%3Acatalog%3A%2A")
        answer = await asker("/acr/v1/_catalog?n=2", Authorization=f"Bearer {token.json['access_token']}")
    form = re.sub(r"last=[^&]+", "last=X", recorded.headers["link"])
    assert re.sub(r"last=[^&]+", "last=X", answer.headers["link"]) == form


@pytest.mark.parametrize("origin", ORIGINS)
async def test_the_root_challenges_without_a_scope(origin: str) -> None:
    """Recorded by azure-cli-extensions (test_acrquery): detail is null and no scope is named."""
    sent = exchanges("data-plane/password_auth_and_metadata_query.yaml", origin)
    recorded = next(one for one in sent if one.path == "/v2/")
    registry = AzureRegistry(filled([]), lambda token: True)
    async with asking(registry.handle) as asker:
        answer = await asker("/v2/")
    assert answer.status == recorded.status == 401
    assert shape(answer.json) == shape(json.loads(recorded.body))
    assert "scope=" not in answer.headers["www-authenticate"]
    assert "scope=" not in recorded.headers["www-authenticate"]
