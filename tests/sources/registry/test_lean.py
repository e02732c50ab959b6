"""Nothing is asked twice: lists of tags, manifests under several names, and tokens of many repositories."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.sources.registry.helpers import Collector, Entra, demand, options, source
from tests.sources.registry.servers import CONFIG, MANIFEST, FakeRegistry
from tui.domain.facts.demand import Priority
from tui.domain.facts.events import LookupFailed, ManifestRead, ManifestsListed, SourceState, TagResolved, TagsListed
from tui.sources.kit.credentials import Credentials
from tui.sources.registry.content import MemoryStore
from tui.sources.registry.parse import INTOTO, PREDICATE
from tui.sources.registry.source import RegistrySource


async def test_an_acr_lists_tags_once_for_names_digests_and_what_is_attached() -> None:
    async with FakeRegistry(acr=True) as server:
        digest = server.image("app", "1", layers=("a",))
        server.image("app", "2", layers=("b",))
        registry = source(options(server, catalog=False, refresh=60.0))
        async with Collector(registry) as seen:
            registry.want((demand("app", "1", referrers=True, history=True), demand("app", digest, referrers=True)))
            await seen.idle()
        assert Counter(path.partition("?")[0] for path in server.paths() if "tags" in path) == {"GET /acr/v1/app/_tags": 1}
        assert server.paths("/v2/app/manifests/") == [f"GET /v2/app/manifests/{digest}"]
        assert [(event.tag, event.digest) for event in seen.of(TagResolved)] == [("1", digest)]
        assert len(seen.of(TagsListed)) == 1


async def test_what_a_repository_holds_is_listed_once_however_many_ask_at_once() -> None:
    async with FakeRegistry(acr=True) as server:
        for number in range(6):
            server.image("app", f"{number}", layers=(f"{number}",))
        registry = source(options(server, catalog=False, refresh=60.0))
        registry.want(tuple(demand("app", f"{number}", history=True) for number in range(6)))
        async with Collector(registry) as seen:
            await seen.idle()
        assert len(server.paths("/acr/v1/app/_manifests")) == 1
        assert len(server.paths("/acr/v1/app/_tags")) == 1


async def test_a_tag_that_moved_is_read_anew_and_not_from_the_list() -> None:
    async with FakeRegistry(acr=True) as server:
        server.image("app", "1", layers=("a",))
        registry = source(options(server, catalog=False))
        async with Collector(registry) as seen:
            registry.want((demand("app", "1"),))
            await seen.until(lambda: seen.of(TagResolved))
            moved = server.image("app", "1", layers=("b",))
            await seen.until(lambda: seen.of(TagResolved)[-1].digest == moved)


async def test_a_list_that_is_refused_hides_no_tag() -> None:
    async with FakeRegistry(acr=True) as server:
        digest = server.image("app", "1")
        server.fault = None
        registry = source(options(server, catalog=False, refresh=60.0))
        server.tags["app"] = {}  # the list does not name it
        async with Collector(registry) as seen:
            registry.want((demand("app", digest),))
            registry.want((demand("app", "1"),))
            await seen.idle()
        assert {event.manifest.digest for event in seen.of(ManifestRead)} == {digest}
        assert "GET /v2/app/manifests/1" in server.paths()


@pytest.mark.parametrize("acr", [False, True])
async def test_a_tag_and_the_digest_that_it_names_are_one_request(acr: bool) -> None:
    async with FakeRegistry(acr=acr) as server:
        digest = server.multiarch("app", "1")
        registry = source(options(server, catalog=False, refresh=60.0))
        registry.want((demand("app", "1"), demand("app", digest)))
        async with Collector(registry) as seen:
            await seen.idle()
        assert len(server.paths("/v2/app/manifests/")) == 3  # the index and its two platforms


async def test_of_what_nothing_runs_each_manifest_is_one_request_by_its_tag() -> None:
    async with FakeRegistry() as server:
        for number in range(3):
            server.image("app", f"{number}", layers=(f"{number}",))
        async with Collector(source(options(server, refresh=60.0))) as seen:
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.OK)
        assert sorted(server.paths("/v2/app/manifests/")) == [f"GET /v2/app/manifests/{number}" for number in range(3)]
        assert len(server.paths("/v2/app/blobs/")) == 3


async def test_many_repositories_of_an_acr_are_read_by_few_tokens() -> None:
    async with FakeRegistry(acr=True, auth="bearer") as server:
        for number in range(45):
            server.image(f"app{number}", "1", layers=(f"{number}",))
        registry = source(options(server, catalog=False, refresh=60.0), Credentials(entra=Entra()))
        registry.want(tuple(demand(f"app{number}", "1", Priority.RUNNING) for number in range(45)))
        async with Collector(registry) as seen:
            await seen.idle()
        assert len(seen.of(TagResolved)) == 45
        assert len(server.paths("/oauth2/token")) <= 4


async def test_of_a_tag_that_is_not_there_nothing_more_is_asked_for_when_more_is_wanted_of_it() -> None:
    async with FakeRegistry(acr=True) as server:
        server.image("app", "1")
        registry = source(options(server, catalog=False, refresh=60.0))
        async with Collector(registry) as seen:
            registry.want((demand("app", "9"),))
            await seen.until(lambda: seen.of(LookupFailed) and registry.idle)
            registry.want((demand("app", "9", referrers=True, history=True),))
            assert registry.idle
            registry.want((demand("app", "1"),))
            await seen.until(lambda: seen.of(TagResolved) and registry.idle)
        assert server.paths("/v2/app/manifests/9") == ["GET /v2/app/manifests/9"]


async def test_a_tag_that_is_not_there_is_found_at_a_later_look() -> None:
    async with FakeRegistry(acr=True) as server:
        server.image("app", "1")
        registry = source(options(server, catalog=False))
        async with Collector(registry) as seen:
            registry.want((demand("app", "9"),))
            await seen.until(lambda: seen.of(LookupFailed))
            registry.want((demand("app", "9", history=True),))
            digest = server.image("app", "9", layers=("b",))
            await seen.until(lambda: seen.of(TagResolved) and seen.of(TagsListed))
        assert [event.digest for event in seen.of(TagResolved)] == [digest]


async def _listed(server: FakeRegistry, store: MemoryStore) -> list[tuple[int, bool]]:
    """How many manifests the history of a repository tells, and whether that is all."""
    registry = RegistrySource(options(server, catalog=False, refresh=60.0), Credentials(), store=store)
    registry.want((demand("app", "1", history=True),))
    async with Collector(registry) as seen:
        await seen.until(lambda: seen.of(ManifestsListed) and registry.idle)
    return [(len(listed.manifests), listed.complete) for listed in seen.of(ManifestsListed)]


async def test_the_page_that_says_which_platforms_are_there_is_the_list_of_a_small_repository() -> None:
    store = MemoryStore()
    async with FakeRegistry(acr=True) as server:
        server.multiarch("app", "1")
        for _ in range(2):
            server.requests.clear()
            assert await _listed(server, store) == [(3, True)]
            assert len(server.paths("/acr/v1/app/_manifests")) == 1


async def test_the_first_page_of_a_long_list_is_not_taken_for_all_of_it() -> None:
    store = MemoryStore()
    async with FakeRegistry(acr=True) as server:
        server.page = 2
        server.multiarch("app", "1")
        for _ in range(2):
            assert await _listed(server, store) == [(3, True)]


async def test_what_platforms_share_is_fetched_once() -> None:
    async with FakeRegistry() as server:
        provenance = server.blob(b'{"predicate": {}}')
        layer = {"mediaType": INTOTO, **provenance, "annotations": {PREDICATE: "https://slsa.dev/provenance/v0.2"}}
        children: list[dict[str, object]] = []
        for arch in ("amd64", "arm64"):
            image = server.image("app", arch=arch)
            config = {"mediaType": CONFIG, **server.blob(b'{"architecture": "unknown", "os": "unknown"}')}
            attestation = server.put("app", {"config": config, "layers": [layer], "annotations": {"of": arch}})
            children += [
                {"mediaType": MANIFEST, "digest": image, "size": 1, "platform": {"os": "linux", "architecture": arch}},
                {
                    "mediaType": MANIFEST,
                    "digest": attestation,
                    "size": 1,
                    "platform": {"os": "unknown", "architecture": "unknown"},
                    "annotations": {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image},
                },
            ]
        server.index("app", "1", children)
        registry = source(options(server, catalog=False, refresh=60.0))
        async with Collector(registry) as seen:
            registry.want((demand("app", "1"),))
            await seen.idle()
            assert len(server.paths(f"/v2/app/blobs/{provenance['digest']}")) == 1
