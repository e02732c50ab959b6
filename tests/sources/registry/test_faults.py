"""Bad days of a registry: each gets a clear sentence with a next step, and nothing secret goes where it should not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from tests.sources.registry.helpers import Collector, Entra, basic, demand, options, source
from tests.sources.registry.servers import FakeRegistry, digest_of, jwt
from tui.domain.facts.asking import AuthMode
from tui.domain.facts.events import (
    AbsenceKind,
    CatalogListed,
    HealthChanged,
    LookupFailed,
    ManifestRead,
    SourceState,
    TagResolved,
)
from tui.errors import (
    AuthenticationFailed,
    Forbidden,
    ForeignAnswer,
    NotFound,
    OtherBytes,
    ServerFault,
    SourceError,
    Throttled,
    Unreachable,
    UntrustedPayload,
)
from tui.sources.kit.credentials import Credentials, Login
from tui.sources.registry.acr_lists import AcrLists
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.faults import RepositoryNotFound, RouteNotFound
from tui.sources.registry.names import next_link
from tui.sources.registry.options import RegistryOptions

Answer = Callable[[web.Request], web.StreamResponse]


def only(path: str, answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse | None]]:
    """A fault on paths that contain a text."""

    async def fault(request: web.Request) -> web.StreamResponse | None:
        return answer(request) if path in request.raw_path else None

    return fault


def said(status: int, code: str = "", **headers: str) -> Answer:
    """A refusal in the registry's own words."""
    body = {"errors": [{"code": code, "message": "no", "detail": None}]}
    return lambda _: web.json_response(
        body, status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


async def client_of(here: RegistryOptions, credentials: Credentials | None = None) -> RegistryClient:
    client = RegistryClient(here, credentials or Credentials())
    await client.ping()
    return client


async def failing(server: FakeRegistry, here: RegistryOptions | None = None, reference: str = "1") -> SourceError:
    """What reading a manifest raises."""
    client = RegistryClient(here or options(server), Credentials())

    async def read() -> None:
        await client.ping()
        await client.manifest("app", reference)

    try:
        with pytest.raises(SourceError) as caught:
            await read()
        assert caught.value.headline
        assert caught.value.remedy
        return caught.value
    finally:
        await client.close()


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        # Codes and bodies: azure.md 1.8, from recordings.
        (said(404, "NAME_UNKNOWN"), RepositoryNotFound, "no such repository"),
        (said(404, "MANIFEST_UNKNOWN"), NotFound, "does not have"),
        (said(404, "TAG_UNKNOWN"), NotFound, "does not have"),
        (lambda _: web.Response(status=404, text="404 page not found\n"), RouteNotFound, "knows no such path"),
        (said(405, "UNSUPPORTED"), RouteNotFound, "405"),
        (said(403, "DENIED", X_Ms_Correlation_Request_Id="abc-1"), AuthenticationFailed, "not signed in"),
        (said(500, X_Ms_Correlation_Request_Id="abc-2"), ServerFault, "abc-2"),
        (said(429, "TOOMANYREQUESTS", Retry_After="0"), Throttled, "too many requests"),
        (said(418), UntrustedPayload, "418"),
        (said(404, "NOT_FOUND"), NotFound, "does not have"),
        (lambda _: web.Response(status=404, text="default backend - 404"), ForeignAnswer, "not in the form of a registry"),
        (lambda _: web.json_response({"message": "no Route matched"}, status=404), ForeignAnswer, "not in the form"),
        (lambda _: web.json_response({"errors": [{"status": 404}]}, status=404), ForeignAnswer, "not in the form"),
        (lambda _: web.json_response([], status=404), ForeignAnswer, "not in the form"),
        (lambda _: web.Response(body=b"<html>sign in</html>", content_type="text/html"), ForeignAnswer, "web page"),
        (lambda _: web.Response(body=b"other bytes"), OtherBytes, "answered with other bytes"),
    ],
)
async def test_each_refusal_has_its_own_words(answer: Answer, kind: type[SourceError], words: str) -> None:
    async with FakeRegistry() as server:
        digest = server.image("app", "1")
        server.fault = only("/manifests/", answer)
        error = await failing(server, reference=digest)
        assert isinstance(error, kind)
        assert words in error.headline


async def test_403_on_the_root_is_the_firewall() -> None:
    async with FakeRegistry() as server:
        server.fault = only("/v2/", said(403, "DENIED"))
        error = await failing(server)
        assert isinstance(error, Forbidden)
        assert "network address" in error.headline


async def test_a_refusal_that_names_the_clients_address_is_the_firewall_too() -> None:
    async with FakeRegistry() as server:
        body = {"errors": [{"code": "DENIED", "message": "client with IP '1.2.3.4' is not allowed access"}]}
        server.fault = only("/manifests/", lambda _: web.json_response(body, status=403))
        assert "network address" in (await failing(server)).headline


async def test_401_that_stays_401_after_a_fresh_token_is_a_missing_right() -> None:
    # azure.md 1.1: the token endpoint answers 200 with fewer actions, the call is 401 again.
    async with FakeRegistry(auth="bearer", acr=True) as server:
        server.image("app", "1")
        server.denied.add("app")
        client = await client_of(options(server), Credentials(entra=Entra()))
        with pytest.raises(Forbidden) as caught:
            await client.manifest("app", "1")
        await client.close()
        assert caught.value.right == "content/read on app"
        assert "AcrPull" in caught.value.remedy
        assert server.paths("/oauth2/token") == ["POST /oauth2/token"]
        assert server.paths("/v2/app") == ["GET /v2/app/manifests/1"]


async def test_401_without_anybody_signed_in_asks_for_a_sign_in() -> None:
    async with FakeRegistry(auth="basic") as server:
        server.image("app", "1")
        error = await failing(server)
        assert isinstance(error, AuthenticationFailed)
        assert "docker login" in error.remedy


@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_a_wrong_password_is_said_and_not_shown(auth: str) -> None:
    async with FakeRegistry(auth=auth) as server:
        server.image("app", "1")
        registry = source(basic(server, password="hunter2", catalog=False))
        registry.want((demand("app", "1"),))
        async with Collector(registry) as seen:
            await seen.until(lambda: seen.of(LookupFailed))
        assert seen.of(LookupFailed)[0].kind is AbsenceKind.DENIED
        assert "hunter2" not in repr(seen.events)


async def test_a_token_that_expires_is_renewed_before_its_end() -> None:
    now = [1_000_000.0]
    async with FakeRegistry(auth="bearer") as server:
        server.image("app", "1")

        async def issue(request: web.Request) -> web.StreamResponse | None:
            if request.path != "/oauth2/token":
                return None
            return web.json_response(
                {"token": jwt(exp=now[0] + 300, access=[{"type": "repository", "name": "app", "actions": ["pull"]}])}
            )

        server.fault = issue
        client = RegistryClient(basic(server), Credentials(), clock=lambda: now[0])
        await client.ping()
        for step in (0.0, 200.0, 71.0, 200.0):
            now[0] += step
            await client.manifest("app", "1")
        await client.close()
        assert client.auth.tokens == 2
        assert not [path for path in server.paths("/v2/app") if path != "GET /v2/app/manifests/1"]
        assert len(server.paths("/v2/app")) == 4


async def test_many_who_want_the_same_scope_ask_for_one_token() -> None:
    async with FakeRegistry(auth="bearer") as server:
        server.image("app", "1")
        client = await client_of(basic(server))
        await asyncio.gather(*(client.manifest("app", "1") for _ in range(10)))
        await client.close()
        assert client.auth.tokens == 1


async def test_one_exchange_serves_every_scope_and_a_batch_of_scopes_one_token() -> None:
    async with FakeRegistry(auth="bearer", acr=True) as server:
        for name in ("a", "b", "c"):
            server.image(name, "1")
        client = await client_of(options(server), Credentials(entra=Entra()))
        await client.auth.prefetch([client.repository_scope(name) for name in ("a", "b")])
        for name in ("a", "b", "c"):
            await client.manifest(name, "1")
        await client.close()
        assert (client.auth.exchanges, client.auth.tokens) == (1, 2)


async def test_a_token_service_that_honours_one_of_many_scopes_is_asked_one_by_one() -> None:
    async with FakeRegistry(auth="bearer") as server:
        server.image("a", "1")

        async def first_only(request: web.Request) -> web.StreamResponse | None:
            if request.path != "/oauth2/token":
                return None
            name = request.query.getall("scope")[0].split(":")[1]
            return web.json_response({"token": jwt(exp=4e9, access=[{"type": "repository", "name": name, "actions": ["pull"]}])})

        server.fault = first_only
        server.image("b", "1")
        client = await client_of(basic(server))
        await client.auth.prefetch([client.repository_scope(name) for name in ("a", "b")])
        await client.manifest("b", "1")
        await client.close()
        assert client.auth.tokens == 2


async def test_an_identity_token_of_docker_is_posted() -> None:
    async with FakeRegistry(auth="bearer") as server:
        server.image("app", "1")

        class Docker:
            async def login(self, host: str) -> Login:
                return Login(identity_token="idt", source="helper")

        client = await client_of(options(server), Credentials(docker=Docker()))
        await client.manifest("app", "1")
        await client.close()
        assert server.paths("/oauth2/token") == ["POST /oauth2/token"]


async def test_a_stale_docker_login_gives_way_to_anonymous_reading() -> None:
    async with FakeRegistry(auth="bearer") as server:
        server.image("app", "1")

        class Docker:
            async def login(self, host: str) -> Login:
                return Login("ops", "expired", source="docker config")

        registry = source(options(server, catalog=False), Credentials(docker=Docker()))
        registry.want((demand("app", "1"),))
        async with Collector(registry) as seen:
            await seen.until(lambda: seen.of(TagResolved))
            await seen.until(lambda: "refused the sign-in" in seen.health.sign_in_error)


async def test_throttling_is_waited_out_and_shown() -> None:
    left = [1]
    async with FakeRegistry() as server:
        server.image("app", "1")

        async def once(request: web.Request) -> web.StreamResponse | None:
            if "/manifests/" in request.path and left[0]:
                left[0] -= 1
                return web.Response(status=429, headers={"Retry-After": "1"})
            return None

        server.fault = once
        registry = source(options(server, catalog=False))
        registry.want((demand("app", "1"),))
        async with Collector(registry) as seen:
            await seen.until(
                lambda: any(
                    part.waiting_reason == "throttled" for event in seen.of(HealthChanged) for part in event.health.progress
                )
            )
            await seen.until(lambda: seen.of(TagResolved))
        assert not seen.of(LookupFailed)


async def test_a_server_error_that_passes_is_not_noticed() -> None:
    left = [2]
    async with FakeRegistry() as server:
        server.image("app", "1")

        async def twice(request: web.Request) -> web.StreamResponse | None:
            if "/manifests/" in request.path and left[0]:
                left[0] -= 1
                return web.Response(status=502)
            return None

        server.fault = twice
        client = await client_of(options(server))
        await client.manifest("app", "1")
        await client.close()


async def test_a_digest_that_lies_is_untrusted_and_never_read() -> None:
    async with FakeRegistry() as server:
        digest = server.image("app", "1")
        other = json.dumps({"schemaVersion": 2, "layers": [], "config": None}).encode()
        server.fault = only("/manifests/", lambda _: web.Response(body=other, headers={"Docker-Content-Digest": digest}))
        registry = source(options(server, catalog=False))
        registry.want((demand("app", digest), demand("app", "1")))
        async with Collector(registry) as seen:
            await seen.idle()
        assert {one.kind for one in seen.of(LookupFailed)} == {AbsenceKind.OTHER_BYTES}
        assert "does not match its digest" in seen.of(LookupFailed)[0].reason
        assert seen.health.state is SourceState.PARTIAL


async def test_a_digest_that_lied_is_asked_again_although_a_tag_leads_to_its_content() -> None:
    async with FakeRegistry() as server:
        digest = server.image("app", "1")
        server.fault = only(digest, lambda _: web.Response(body=b"{}", headers={"Docker-Content-Digest": digest}))
        registry = source(options(server, catalog=False, refresh=0.05))
        registry.want((demand("app", digest),))
        async with Collector(registry) as seen:
            await seen.until(lambda: seen.of(LookupFailed))
            registry.want((demand("app", "1"),))
            await seen.until(lambda: seen.of(TagResolved))
            assert [one.reference for one in seen.of(ManifestRead)] == ["1"]
            server.fault = None
            await seen.until(lambda: len(seen.of(ManifestRead)) > 1)
        assert {one.kind for one in seen.of(LookupFailed)} == {AbsenceKind.OTHER_BYTES}
        assert seen.of(ManifestRead)[-1].reference == ""


async def test_a_config_that_lies_loses_only_itself() -> None:
    async with FakeRegistry() as server:
        server.image("app", "1")
        server.fault = only("/blobs/", lambda _: web.Response(body=b"{}"))
        registry = source(options(server, catalog=False, refresh=60.0))
        registry.want((demand("app", "1"),))
        async with Collector(registry) as seen:
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.PARTIAL)
        assert len(seen.of(TagResolved)) == 1
        assert [one.kind for one in seen.of(LookupFailed)] == [AbsenceKind.OTHER_BYTES]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"manifests":' + b"[" * 200_000,
        b'{"manifests":[{"digest":"../../x"}]}',
        b'{"manifests":[],"layers":[]}',
        b"{}",
        b"\xff",
        b'{"config":{"digest":"sha256:%s"},"layers":[],"unknown":%s}' % (b"a" * 64, b"[" * 100_000 + b"]" * 100_000),
    ],
    ids=["cut", "wrong-shape", "deep", "no-digest", "two-things", "nothing", "not-utf8", "deep-elsewhere"],
)
async def test_hostile_manifests_are_untrusted(body: bytes) -> None:
    async with FakeRegistry() as server:
        server.image("app", "1")
        server.fault = only("/manifests/", lambda _: web.Response(body=body, headers={"Docker-Content-Digest": digest_of(body)}))
        registry = source(options(server, catalog=False, refresh=60.0))
        registry.want((demand("app", "1"),))
        async with Collector(registry) as seen:
            await seen.idle()
        assert [one.kind for one in seen.of(LookupFailed)] == [AbsenceKind.UNTRUSTED]


async def test_hostile_catalogs_leave_what_runs() -> None:
    async with FakeRegistry() as server:
        server.image("app", "1")
        server.fault = only("_catalog", lambda _: web.Response(body=b'{"repositories": 7}'))
        registry = source(options(server))
        registry.want((demand("app", "1"),))
        async with Collector(registry) as seen:
            await seen.idle()
        assert seen.of(TagResolved)
        assert seen.health.state is SourceState.PARTIAL
        assert [denial.what for denial in seen.health.denials] == ["the list of repositories"]


@pytest.mark.parametrize(("whole", "state"), [(False, SourceState.OK), (True, SourceState.PARTIAL)])
async def test_a_registry_without_a_catalog_is_whole_unless_all_of_it_was_asked_for(whole: bool, state: SourceState) -> None:
    async with FakeRegistry() as server:
        server.image("app", "1")
        server.fault = only("_catalog", said(404, "UNSUPPORTED"))
        registry = source(options(server, reads_all=whole))
        registry.want((demand("app", "1"),))
        async with Collector(registry) as seen:
            await seen.idle()
        assert (seen.health.state, len(seen.health.denials)) == (state, 1)


async def test_a_refused_sign_in_is_told_also_when_nothing_runs_from_there() -> None:
    async with FakeRegistry(auth="basic") as server, Collector(source(basic(server, password="wrong", reads_all=True))) as seen:
        await seen.idle()
        assert (seen.health.state, seen.health.auth_failed) == (SourceState.FAILED, True)


async def test_a_list_that_is_always_cut_does_not_keep_it_loading() -> None:
    async def cut(request: web.Request) -> web.StreamResponse | None:
        if "_catalog" not in request.path:
            return None
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with FakeRegistry() as server:
        server.image("app", "1")
        server.fault = cut
        registry = source(options(server))
        registry.want((demand("app", "1"),))
        async with Collector(registry) as seen:
            await seen.idle()
            await seen.until(lambda: seen.of(TagResolved) and seen.health.state is SourceState.PARTIAL)
            assert "cut the connection" in seen.health.denials[0].reason


async def test_names_that_nothing_can_be_pulled_by_are_not_asked_for() -> None:
    names = ["app", "../../admin", "a/b?x=1#f", "A/UP", "a\x1b[31mb", "", "x" * 300]
    async with FakeRegistry() as server:
        server.image("app", "1")
        server.fault = only("_catalog", lambda _: web.json_response({"repositories": names}))
        async with Collector(source(options(server))) as seen:
            await seen.idle()
        assert [list(event.repositories) for event in seen.of(CatalogListed)] == [["app"]]
        asked = {path.split("?")[0].split("/")[2] for _, path, _ in server.requests}
        assert asked == {"", "_catalog", "app"}


async def test_a_blob_on_another_host_is_fetched_without_credentials() -> None:
    async with FakeRegistry(auth="basic") as server, FakeRegistry() as storage:
        digest = server.image("app", "1")
        content = next(iter(server.blobs.values()))
        storage.fault = only("/data", lambda _: web.Response(body=content))
        location = storage.url.replace("127.0.0.1", "localhost") + "/data"
        server.fault = only("/blobs/", lambda _: web.Response(status=307, headers={"Location": location}))
        registry = source(basic(server, catalog=False))
        registry.want((demand("app", digest),))
        async with Collector(registry) as seen:
            await seen.idle()
        assert not seen.of(LookupFailed)
        assert storage.requests == [("GET", "/data", "")]


@pytest.mark.parametrize("port_only", [False, True], ids=["other-host", "other-port"])
async def test_credentials_never_follow_a_redirect_of_a_manifest(port_only: bool) -> None:
    async with FakeRegistry(auth="basic") as server, FakeRegistry() as other:
        server.image("app", "1")
        target = other.url if port_only else other.url.replace("127.0.0.1", "localhost")
        location = f"{target}/v2/app/manifests/1"
        server.fault = only("/manifests/", lambda _: web.Response(status=307, headers={"Location": location}))
        client = await client_of(basic(server))
        other.image("app", "1")
        body = await client.manifest("app", "1")
        await client.close()
        assert body.digest == other.tags["app"]["1"]
        assert len(other.requests) == 1
        assert not [given for _, _, given in other.requests if given]


async def test_a_circle_of_redirects_ends() -> None:
    async with FakeRegistry() as server:
        server.fault = only("/manifests/", lambda request: web.Response(status=302, headers={"Location": request.path}))
        assert "circle" in (await failing(server)).headline
        assert len(server.paths("/v2/app")) == 6


async def test_a_challenge_that_points_elsewhere_gets_no_credentials() -> None:
    async with FakeRegistry(auth="bearer") as server, FakeRegistry() as thief:
        server.image("app", "1")
        server.realm = thief.url.replace("127.0.0.1", "localhost").replace("http", "https") + "/token"
        error = await failing(server, basic(server))
        assert isinstance(error, AuthenticationFailed)
        assert "another host" in error.headline
        assert "token_hosts" in error.remedy
        assert thief.requests == []


async def test_a_list_that_goes_on_elsewhere_is_not_followed() -> None:
    async with FakeRegistry() as server, FakeRegistry() as other:
        link = f'<{other.url}/v2/_catalog?last=x>; rel="next"'
        server.fault = only("_catalog", lambda _: web.json_response({"repositories": ["a"]}, headers={"Link": link}))
        client = await client_of(options(server))
        with pytest.raises(UntrustedPayload):
            _ = [page async for page in client.catalog()]
        await client.close()
        assert other.requests == []


async def test_a_list_that_repeats_itself_ends() -> None:
    async with FakeRegistry() as server:
        link = '</v2/_catalog?n=1000>; rel="next"'
        server.fault = only("_catalog", lambda _: web.json_response({"repositories": ["a"]}, headers={"Link": link}))
        client = await client_of(options(server))
        assert [page async for page in client.catalog()] == [("a",)]
        await client.close()


async def test_a_list_of_an_acr_that_repeats_itself_is_no_whole_list() -> None:
    async with FakeRegistry(acr=True) as server:
        link = '</acr/v1/app/_tags?n=1000>; rel="next"'
        server.fault = only("_tags", lambda _: web.json_response({"tags": []}, headers={"Link": link}))
        client = await client_of(options(server))
        lists = AcrLists(client)
        with pytest.raises(UntrustedPayload, match="repeats a page of the tags of app"):
            _ = [page async for page in lists.tags("app")]
        await client.close()


async def test_a_connection_cut_mid_body_is_unreachable_for_that_image_only() -> None:
    async with FakeRegistry() as server:
        server.image("app", "1")
        server.image("good", "1")

        async def cut(request: web.Request) -> web.StreamResponse | None:
            if "/v2/app/manifests" not in request.path:
                return None
            answer = web.StreamResponse(headers={"Content-Length": "1000"})
            await answer.prepare(request)
            await answer.write(b"{")
            assert request.transport is not None
            request.transport.abort()
            return answer

        server.fault = cut
        registry = source(options(server, catalog=False))
        registry.want((demand("app", "1"), demand("good", "1")))
        async with Collector(registry) as seen:
            await seen.until(lambda: seen.of(LookupFailed) and seen.of(TagResolved))
            assert seen.of(LookupFailed)[0].kind is AbsenceKind.UNREACHABLE
            assert "before its answer was complete" in seen.of(LookupFailed)[0].reason
            server.fault = None
            await seen.until(lambda: len(seen.of(TagResolved)) == 2)


async def test_a_body_that_never_ends_is_cut_by_size() -> None:
    async with FakeRegistry() as server:

        async def endless(request: web.Request) -> web.StreamResponse | None:
            if "/manifests/" not in request.path:
                return None
            answer = web.StreamResponse()
            await answer.prepare(request)
            try:
                while True:
                    await answer.write(b" " * (1 << 20))
            except ConnectionError:
                return answer

        server.fault = endless
        error = await failing(server)
        assert isinstance(error, UntrustedPayload)
        assert "more than 4 MiB" in error.headline


async def test_a_body_that_drips_is_cut_by_time() -> None:
    async with FakeRegistry() as server:
        released = asyncio.Event()

        async def drip(request: web.Request) -> web.StreamResponse | None:
            if "/manifests/" not in request.path:
                return None
            answer = web.StreamResponse()
            await answer.prepare(request)
            await answer.write(b"{")
            await released.wait()
            return answer

        server.fault = drip
        error = await failing(server, options(server, request_timeout=0.2))
        released.set()
        assert isinstance(error, Unreachable)
        assert "within 0.2 s" in error.headline


@pytest.mark.parametrize(
    ("header", "target"),
    [
        (
            '</acr/v1/_catalog?last=library%2Fbusybox&n=2&orderby=>; rel="next"',
            "/acr/v1/_catalog?last=library%2Fbusybox&n=2&orderby=",
        ),
        ('</a>; rel="prev", </b?x=1,2>; rel=next', "/b?x=1,2"),
        ("</a>; rel=prev", ""),
        ("", ""),
        ("<<<<>>>>; rel=next", ""),
    ],
)
def test_links_to_the_next_page(header: str, target: str) -> None:
    assert next_link(header) == target


async def test_text_of_a_registry_does_not_reach_the_terminal_raw() -> None:
    async with FakeRegistry() as server:
        body = {"errors": [{"code": "X", "message": "\x1b[31mred\u202e"}]}
        server.fault = only("/manifests/", lambda _: web.json_response(body, status=403))
        error = await failing(server)
        assert "\x1b" not in error.headline
        assert "\u202e" not in error.headline


def test_options_never_show_the_password() -> None:
    here = RegistryOptions(host="x.test", auth=AuthMode.BASIC, username="u", password="hunter2")
    assert "hunter2" not in repr(here)
    assert "hunter2" not in f"{here} {Login('u', 'hunter2')}"


async def test_nobody_signed_in_where_all_is_closed_is_a_failed_sign_in_and_says_what_was_tried() -> None:
    async with FakeRegistry(auth="bearer") as server:
        server.image("app", "1")
        server.denied.add("app")

        class Docker:
            async def login(self, host: str) -> Login:
                return Login("ops", "expired", source="docker config")

        registry = source(options(server, catalog=False), Credentials(docker=Docker()))
        registry.want((demand("app", "1"),))
        async with Collector(registry) as seen:
            await seen.idle()
        assert (seen.health.state, seen.health.auth_failed) == (SourceState.FAILED, True)
        assert "refused the sign-in" in seen.health.error


async def test_a_refresh_token_that_was_revoked_is_exchanged_anew_once() -> None:
    now = [1_000_000.0]
    async with FakeRegistry(auth="bearer", acr=True, clock=lambda: now[0]) as server:
        server.image("a", "1")
        server.image("b", "1")
        client = RegistryClient(options(server), Credentials(entra=Entra()), clock=lambda: now[0])
        await client.ping()
        await client.manifest("a", "1")
        now[0] += 600
        left = [1]

        async def revoked(request: web.Request) -> web.StreamResponse | None:
            if request.path == "/oauth2/token" and left[0]:
                left[0] -= 1
                return web.Response(status=401)
            return None

        server.fault = revoked
        await client.manifest("b", "1")
        await client.close()
        assert client.auth.exchanges == 2


async def test_a_registry_that_echoes_the_sign_in_does_not_get_it_shown() -> None:
    async with FakeRegistry(auth="basic") as server:

        def echo(request: web.Request) -> web.StreamResponse:
            words = f"cannot handle Authorization: {request.headers.get('Authorization', '')}"
            return web.json_response({"errors": [{"code": "UNKNOWN", "message": words}]}, status=500)

        server.fault = only("/manifests/", echo)
        client = await client_of(basic(server))
        with pytest.raises(ServerFault) as caught:
            await client.manifest("app", "1")
        await client.close()
    assert "cannot handle Authorization: [hidden]" in caught.value.headline
