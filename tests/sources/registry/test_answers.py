"""What is an answer of a registry and what is not, and which failures its health counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiohttp import web

from tests.sources.registry.helpers import HOST, Collector, basic, demand, options, source
from tests.sources.registry.servers import INDEX, FakeRegistry
from tests.sources.registry.test_faults import client_of, only, said
from tui.domain.facts.events import AbsenceKind, LookupFailed, ReferrersListed, SourceState, TagResolved
from tui.errors import Forbidden, ForeignAnswer
from tui.sources.registry.faults import RouteNotFound

Answer = Callable[[web.Request], web.StreamResponse]
PAGE = "<!DOCTYPE html><title>Sign in</title>"


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: web.Response(status=303, headers={"Location": "https://pages.invalid/x%2Freferrers"}),
        lambda _: web.Response(status=404, text="404 page not found\n"),
        lambda _: web.Response(status=404, text=PAGE, content_type="text/html"),
        lambda _: web.Response(text=PAGE, content_type="text/html"),
        lambda _: web.json_response({}),
        lambda _: web.json_response({"manifests": []}),
        said(405, "UNSUPPORTED"),
        said(404, "UNSUPPORTED"),
        said(400, "UNSUPPORTED"),
        lambda _: web.Response(status=406),
        lambda _: web.Response(status=501),
    ],
    ids=["303", "404-text", "404-page", "page", "no-index", "no-type", "405", "404-code", "400", "406", "501"],
)
async def test_each_way_to_lack_the_referrers_api_leads_to_the_tags(answer: Answer) -> None:
    async with FakeRegistry() as server:
        digest = server.image("app", "1")
        server.index("app", digest.replace(":", "-"), [])
        server.fault = only("/referrers/", answer)
        client = await client_of(options(server))
        with pytest.raises(RouteNotFound):
            _ = [page async for page in client.referrers("app", digest)]
        await client.close()
        registry = source(options(server, catalog=False, refresh=60.0))
        registry.want((demand("app", "1", referrers=True),))
        async with Collector(registry) as seen:
            await seen.idle()
        assert [event.error for event in seen.of(ReferrersListed)] == [""]
        assert f"GET /v2/app/manifests/{digest.replace(':', '-')}" in server.paths()


@pytest.mark.parametrize(("status", "words"), [(500, "failed with 500"), (403, "not signed in"), (302, "circle")])
async def test_a_referrers_api_that_fails_leaves_it_unknown_and_the_tags_are_tried(status: int, words: str) -> None:
    async with FakeRegistry() as server:
        digest = server.image("app", "1")
        server.index("app", digest.replace(":", "-"), [])
        answer = web.Response if status != 302 else lambda **_: web.Response(status=302, headers={"Location": "referrers/"})
        server.fault = only("/referrers/", lambda _: answer(status=status))
        registry = source(options(server, catalog=False, refresh=60.0))
        registry.want((demand("app", "1", referrers=True),))
        async with Collector(registry) as seen:
            await seen.until(lambda: seen.of(ReferrersListed))
            await seen.until(lambda: seen.health.state is SourceState.PARTIAL)
        assert words in seen.of(ReferrersListed)[0].error
        assert f"GET /v2/app/manifests/{digest.replace(':', '-')}" in server.paths()


async def test_after_a_refusal_the_tags_are_not_asked_for_one_by_one() -> None:
    async with FakeRegistry() as server:
        digest = server.image("app", "1")
        server.fault = only("sha256-", said(403, "DENIED"))
        client = await client_of(options(server))
        registry = source(options(server, catalog=False, refresh=60.0))
        server.tags["app"] |= {f"{digest.replace(':', '-')}{end}": digest for end in ("", ".sig", ".att", ".sbom")}
        registry.want((demand("app", "1", referrers=True),))
        async with Collector(registry) as seen:
            await seen.until(lambda: seen.of(ReferrersListed))
        await client.close()
        assert len([path for path in server.paths() if "sha256-" in path]) == 1


@pytest.mark.parametrize("status", [200, 404])
async def test_an_answer_of_an_ingress_says_nothing_of_an_image_that_is_known(status: int) -> None:
    async with FakeRegistry() as server:
        server.image("app", "1")
        registry = source(options(server, catalog=False))
        registry.want((demand("app", "1"),))
        async with Collector(registry) as seen:
            await seen.until(lambda: seen.of(TagResolved))
            server.fault = only("/manifests/", lambda _: web.Response(status=status, text="default backend"))
            await seen.until(lambda: seen.of(LookupFailed))
            await seen.until(lambda: seen.health.state is SourceState.PARTIAL)
        kind = seen.of(LookupFailed)[0].kind
        assert kind in (AbsenceKind.UNTRUSTED, AbsenceKind.OTHER_BYTES)


async def test_a_head_without_a_digest_proves_nothing() -> None:
    async with FakeRegistry() as server:
        digest = server.image("app", "1")
        server.fault = only("/manifests/", lambda _: web.Response(text=PAGE, content_type="text/html"))
        client = await client_of(options(server))
        with pytest.raises(ForeignAnswer):
            await client.head("app", digest)
        await client.close()


async def test_a_host_that_content_is_led_to_may_refuse_it_and_no_sign_in_follows() -> None:
    async with FakeRegistry(auth="basic") as server, FakeRegistry() as storage:
        server.image("app", "1")
        challenge = {"WWW-Authenticate": 'Basic realm="storage"'}
        storage.fault = only("/", lambda _: web.Response(status=401, headers=challenge))
        location = storage.url.replace("127.0.0.1", "localhost") + "/data"
        server.fault = only("/blobs/", lambda _: web.Response(status=307, headers={"Location": location}))
        client = await client_of(basic(server))
        with pytest.raises(Forbidden) as caught:
            await client.blob("app", next(iter(server.blobs)))
        await client.close()
        assert "leads to localhost" in caught.value.headline
        assert [given for _, _, given in storage.requests] == [""]


def blocked(server: FakeRegistry, part: str, answer: Answer) -> None:
    """Refuse what holds a text in its path."""
    server.fault = only(part, answer)


@pytest.mark.parametrize("survey", [False, True], ids=["what-runs", "all-of-it"])
@pytest.mark.parametrize(
    ("part", "answer"),
    [
        ("/v2/app/manifests/", said(403, "DENIED")),
        ("/v2/app/manifests/", said(401, "UNAUTHORIZED")),
        ("/v2/app/manifests/", lambda _: web.Response(body=b"other")),
        ("/blobs/", said(403, "DENIED")),
        ("/blobs/", lambda _: web.Response(body=b"other")),
        ("/blobs/", said(404, "BLOB_UNKNOWN")),
    ],
    ids=["manifest-403", "manifest-401", "manifest-lies", "blob-403", "blob-lies", "blob-lost"],
)
async def test_every_failed_read_is_counted_whoever_met_it(survey: bool, part: str, answer: Answer) -> None:
    async with FakeRegistry() as server:
        server.image("app", "1")
        server.image("good", "1", layers=("b",))
        blocked(server, part, answer)
        registry = source(options(server, catalog=survey))
        if not survey:
            registry.want((demand("app", "1"), demand("good", "1")))
        async with Collector(registry) as seen:
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.PARTIAL)
        assert f"{HOST}/app" in {denial.what for denial in seen.health.denials}


async def test_what_one_reading_is_refused_another_does_not_allow() -> None:
    async with FakeRegistry(acr=True) as server:
        server.image("app", "1")
        server.fault = only("/v2/app/manifests/1", said(403, "DENIED"))
        registry = source(options(server))
        registry.want((demand("app", "1"), demand("app", server.tags["app"]["1"])))
        async with Collector(registry) as seen:
            await seen.idle()
            await seen.until(lambda: not seen.source.idle or seen.health.state is SourceState.PARTIAL)
            server.fault = None
            await seen.until(lambda: seen.health.state is SourceState.OK)


async def test_a_lost_platform_is_counted() -> None:
    async with FakeRegistry() as server:
        server.multiarch("app", "1")
        lost = next(digest for digest, (kind, _) in server.manifests["app"].items() if kind != INDEX)
        del server.manifests["app"][lost]
        registry = source(options(server, catalog=False))
        registry.want((demand("app", "1"),))
        async with Collector(registry) as seen:
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.PARTIAL)
        assert [each.reference for each in seen.of(LookupFailed)][:1] == [lost]
