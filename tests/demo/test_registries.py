"""The registries beyond what is recorded: rights per repository, blobs on another host, passwords, referrers, the identity.

Facts: ABAC registries refuse by granting no action; blobs are redirected (307) to storage that refuses foreign credentials;
distribution v3 answers referrers with 404 in plain text; azure-identity asks App Service's form of the endpoint.
"""

from __future__ import annotations

import base64
import json
from urllib.parse import urlsplit

import pytest

from tests.demo.serving import Asker, asking
from tests.demo.test_content import company
from tui.demo.identity import ManagedIdentity
from tui.demo.registry.acr import AzureRegistry
from tui.demo.registry.plain import OpenRegistry, PasswordRegistry, Storage

CONTOSO, LEGACY, MCR = "contoso.azurecr.io", "legacy.contoso.example", "mcr.microsoft.com"


async def token(ask: Asker, *scopes: str) -> str:
    """An Authorization header for scopes."""
    form = f"grant_type=access_token&service={CONTOSO}&access_token=entra"
    refresh = (await ask("/oauth2/exchange", "POST", form)).json["refresh_token"]
    wanted = "".join(f"&scope={scope}" for scope in scopes)
    form = f"grant_type=refresh_token&service={CONTOSO}{wanted}&refresh_token={refresh}"
    return f"Bearer {(await ask('/oauth2/token', 'POST', form)).json['access_token']}"


def contoso(denied: tuple[str, ...] = (), catalog: bool = True) -> AzureRegistry:
    """Contoso's registry."""
    return AzureRegistry(company().yard.shelf(CONTOSO), lambda given: given == "entra", denied=denied, catalog=catalog)


async def test_a_repository_without_a_role_gets_a_token_that_is_good_for_nothing() -> None:
    async with asking(contoso(("vendor/",)).handle) as ask:
        held = await token(ask, "repository:vendor/chat:metadata_read,pull", "repository:payments/api:metadata_read,pull")
        refused = await ask("/acr/v1/vendor/chat/_tags", Authorization=held)
        granted = await ask("/acr/v1/payments/api/_tags", Authorization=held)
    assert (refused.status, granted.status) == (401, 200)


async def test_roles_per_repository_do_not_open_the_catalog() -> None:
    async with asking(contoso(catalog=False).handle) as ask:
        assert (await ask("/acr/v1/_catalog", Authorization=await token(ask, "registry:catalog:*"))).status == 401


async def test_a_token_of_one_repository_opens_no_other() -> None:
    async with asking(contoso().handle) as ask:
        held = await token(ask, "repository:payments/api:pull")
        assert (await ask("/v2/payments/api/manifests/1.14.2", Authorization=held)).status == 200
        assert (await ask("/v2/payments/worker/manifests/stable", Authorization=held)).status == 401
        assert (await ask("/v2/payments/api/tags/list", Authorization=held)).status == 401


async def test_pages_are_capped_and_linked_until_all_is_seen() -> None:
    async with asking(contoso().handle) as ask:
        held = await token(ask, "registry:catalog:*")
        path, seen = "/acr/v1/_catalog?n=20", list[object]()
        while path:
            answer = await ask(path, Authorization=held)
            names = answer.json["repositories"]
            assert isinstance(names, list)
            assert len(names) <= 20
            seen += names
            link = answer.headers.get("link", "")
            path = link[1 : link.index(">")] if link else ""
    assert seen == sorted(company().yard.shelf(CONTOSO).repositories)


async def test_blobs_lie_on_storage_that_refuses_the_credentials_of_the_registry() -> None:
    registry, shelf = contoso(), company().yard.shelf(CONTOSO)
    async with asking(Storage([shelf]).handle) as storage, asking(registry.handle) as ask:
        registry.distribution.storage = storage.base
        digest, body = next(iter(shelf.repositories["payments/api"].blobs.items()))
        held = await token(ask, "repository:payments/api:pull")
        sent = await ask(f"/v2/payments/api/blobs/{digest}", Authorization=held)
        where = urlsplit(sent.headers["location"])
        assert sent.status == 307
        plain = await storage(f"{where.path}?{where.query}")
        handed = await storage(f"{where.path}?{where.query}", Authorization=held)
        unsigned = await storage(where.path)
    assert (plain.status, plain.body.encode()) == (200, body)
    assert (handed.status, unsigned.status) == (400, 404)


async def test_referrers_are_found_and_filtered_by_the_api() -> None:
    image = company().yard.newest(f"{CONTOSO}/payments/api")
    async with asking(contoso().handle) as ask:
        held = await token(ask, "repository:payments/api:pull,metadata_read")
        everything = await ask(f"/v2/payments/api/referrers/{image.digest}", Authorization=held)
        none = await ask(f"/v2/payments/api/referrers/{image.digest}?artifactType=application%2Fx", Authorization=held)
    kinds = [one.get("artifactType") for one in json.loads(everything.body)["manifests"]]
    assert "application/spdx+json" in kinds
    assert None in kinds  # a signature whose kind is its config's media type: ACR leaves it out (Azure/acr#784)
    assert none.json["manifests"] == []
    assert none.headers["oci-filters-applied"] == "artifactType"


async def test_the_old_registry_wants_a_password_and_knows_the_tag_schema_only() -> None:
    held = "Basic " + base64.b64encode(b"svc:secret").decode()
    image = company().yard.newest(f"{LEGACY}/erp/server")
    async with asking(PasswordRegistry(company().yard.shelf(LEGACY), "svc", "secret").handle) as ask:
        stranger = await ask("/v2/")
        api = await ask(f"/v2/erp/server/referrers/{image.digest}", Authorization=held)
        schema = await ask(f"/v2/erp/server/manifests/{image.digest.replace(':', '-')}", Authorization=held)
    assert stranger.status == 401
    assert stranger.headers["www-authenticate"].startswith("Basic realm=")
    assert (api.status, api.body, api.headers["content-type"][:10]) == (404, "404 page not found\n", "text/plain")
    assert schema.json["mediaType"] == "application/vnd.oci.image.index.v1+json"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v2/dotnet/aspnet/manifests/10.0", 200, ""),
        ("/v2/dotnet/aspnet/manifests/9.9", 404, "MANIFEST_UNKNOWN"),
        ("/v2/dotnet/none/manifests/8.0", 404, "NAME_UNKNOWN"),
        ("/v2/_catalog", 404, "page not found"),
    ],
)
async def test_the_open_registry_needs_no_sign_in_and_has_no_catalog(path: str, status: int, code: str) -> None:
    async with asking(OpenRegistry(company().yard.shelf(MCR)).handle) as ask:
        answer = await ask(path)
        head = await ask(path, "HEAD")
    assert (answer.status, head.status) == (status, status)
    assert code in answer.body
    assert head.body == ""


async def test_the_identity_answers_only_who_knows_its_secret() -> None:
    identity = ManagedIdentity()
    path = "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fcontainerregistry.azure.net"
    async with asking(identity.handle) as ask:
        stranger = await ask(path)
        known = await ask(path, **{"X-IDENTITY-HEADER": identity.secret})
    assert stranger.status == 401
    assert set(known.json) == {"access_token", "expires_on", "resource", "token_type"}
    assert identity.issued(str(known.json["access_token"]))
    assert not identity.issued("another")
