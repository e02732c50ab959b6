"""A second run on the content that the first one kept: only what can have changed is asked for."""

from __future__ import annotations

import json

import pytest

from tests.sources.registry.helpers import Collector, demand, options
from tests.sources.registry.servers import CONFIG, INDEX, FakeRegistry, digest_of
from tests.sources.registry.test_faults import only, said
from tui.domain.facts.asking import AuthMode
from tui.domain.facts.events import ConfigRead, LookupFailed, ManifestRead, ReferrersListed
from tui.errors import UntrustedPayload
from tui.sources.kit.credentials import Credentials
from tui.sources.ports import ContentStore
from tui.sources.registry.content import MemoryStore, keep_manifest
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.parse import ManifestBody
from tui.sources.registry.source import RegistrySource


class CountingStore(MemoryStore):
    """A store that remembers what was taken from it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    async def get(self, digest: str) -> bytes | None:
        content = await super().get(digest)
        self.found += [digest] if content is not None else []
        return content


class TamperedStore(MemoryStore):
    """A store that somebody changed."""

    async def get(self, digest: str) -> bytes | None:
        return b"{}"


async def run(given: RegistryOptions, store: ContentStore, reference: str) -> Collector:
    """One run of the source until everything was answered."""
    source = RegistrySource(given, Credentials(), store=store)
    async with Collector(source) as collector:
        source.want((demand("app", reference),))
        await collector.until(lambda: source.idle and (collector.of(ConfigRead) or collector.of(LookupFailed)))
    return collector


def bodies(server: FakeRegistry) -> list[str]:
    """The paths of content that was sent."""
    return [
        path for method, path, _ in server.requests if method == "GET" and ("/blobs/" in path or "/manifests/sha256:" in path)
    ]


async def test_a_second_run_is_sent_no_content_again() -> None:
    async with FakeRegistry() as server:
        server.multiarch("app", "1")
        store = CountingStore()
        first = await run(options(server), store, "1")
        assert bodies(server)
        server.requests.clear()
        second = await run(options(server), store, "1")
        assert not bodies(server)
    assert {read.manifest.digest for read in second.of(ManifestRead)} == {read.manifest.digest for read in first.of(ManifestRead)}
    assert {read.config.digest for read in second.of(ConfigRead)} == {read.config.digest for read in first.of(ConfigRead)}
    assert store.found


async def test_a_second_run_asks_an_acr_for_all_platforms_of_an_image_by_one_page() -> None:
    async with FakeRegistry(acr=True) as server:
        server.multiarch("app", "1")
        store = CountingStore()
        first = await run(options(server, catalog=False), store, "1")
        assert not server.paths("/acr/v1/app/_manifests")
        server.requests.clear()
        second = await run(options(server, catalog=False), store, "1")
        assert not [path for path in server.paths("/v2/app/manifests/") if "sha256:" in path and path.startswith("GET")]
        assert not [path for path in server.paths() if path.startswith("HEAD") and "sha256:" in path]
        assert len(server.paths("/acr/v1/app/_manifests")) == 1
    assert {read.manifest.digest for read in second.of(ManifestRead)} == {read.manifest.digest for read in first.of(ManifestRead)}


async def test_a_second_run_is_not_sent_again_what_a_list_of_tags_says_that_a_tag_of_cosign_names() -> None:
    async with FakeRegistry(acr=True) as server:
        tag = f"{server.image('app', '1').replace(':', '-')}.sig"
        layer = {"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", **server.blob(b"payload")}
        empty = {"mediaType": "application/vnd.oci.empty.v1+json", **server.blob(b"{}")}
        first = server.put("app", {"config": empty, "layers": [layer]}, tag)
        store = CountingStore()
        assert await attached(options(server, catalog=False), store) == {first}
        assert server.paths(f"/v2/app/manifests/{tag}")
        server.requests.clear()
        assert await attached(options(server, catalog=False), store) == {first}
        assert not server.paths(f"/v2/app/manifests/{tag}")
        other = {"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", **server.blob(b"another")}
        second = server.put("app", {"config": empty, "layers": [layer, other]}, tag)
        assert await attached(options(server, catalog=False), store) == {second}


async def attached(given: RegistryOptions, store: ContentStore) -> set[str]:
    """The digests of what a run finds attached."""
    source = RegistrySource(given, Credentials(), store=store)
    async with Collector(source) as collector:
        source.want((demand("app", "1", referrers=True),))
        await collector.until(lambda: source.idle and bool(collector.of(ReferrersListed)))
    (listed,) = collector.of(ReferrersListed)
    return {referrer.descriptor.digest for referrer in listed.referrers}


@pytest.mark.parametrize("is_list_refused", [False, True])
async def test_a_platform_that_an_acr_does_not_list_is_asked_for(is_list_refused: bool) -> None:
    async with FakeRegistry(acr=True) as server:
        server.multiarch("app", "1")
        store = CountingStore()
        await run(options(server, catalog=False), store, "1")
        lost = next(digest for digest, (kind, _) in server.manifests["app"].items() if kind != INDEX)
        del server.manifests["app"][lost]
        server.fault = only("_manifests", said(403, "DENIED")) if is_list_refused else None
        second = await run(options(server, catalog=False), store, "1")
    assert lost not in {read.manifest.digest for read in second.of(ManifestRead)}
    assert {failed.reference for failed in second.of(LookupFailed)} == {lost}


async def test_what_is_gone_is_gone_whatever_was_kept() -> None:
    async with FakeRegistry() as server:
        digest = server.image("app", "1")
        store = CountingStore()
        await run(options(server), store, digest)
        del server.manifests["app"][digest]
        second = await run(options(server), store, digest)
    assert not second.of(ManifestRead)
    assert [failed.kind for failed in second.of(LookupFailed)]


async def test_what_somebody_else_read_is_not_shown_to_who_may_not() -> None:
    async with FakeRegistry(auth="basic") as server:
        digest = server.image("app", "1")
        allowed = options(server, auth=AuthMode.BASIC, username="ops", password="secret")
        store = CountingStore()
        await run(allowed, store, digest)
        store.found.clear()
        server.denied.add("app")
        second = await run(allowed, store, digest)
    assert not second.of(ManifestRead)
    assert not second.of(ConfigRead)
    assert second.of(LookupFailed)


async def test_a_store_that_was_changed_is_not_believed() -> None:
    async with FakeRegistry() as server:
        server.image("app", "1")
        first = await run(options(server), MemoryStore(), "1")
        second = await run(options(server), TamperedStore(), "1")
    assert {read.config.digest for read in second.of(ConfigRead)} == {read.config.digest for read in first.of(ConfigRead)}


async def test_a_manifest_that_does_not_say_what_it_is_is_not_kept() -> None:
    store = MemoryStore()
    for body in ({"schemaVersion": 2, "config": {"mediaType": CONFIG}}, {"schemaVersion": 2, "mediaType": ""}):
        content = json.dumps(body).encode()
        keep_manifest(store, ManifestBody(digest_of(content), content, "application/vnd.oci.image.manifest.v1+json"))
        assert await store.get(digest_of(content)) is None


async def test_what_the_registry_calls_something_else_is_not_kept_and_taken_the_next_time() -> None:
    content = b'{"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]}'
    store, digest = MemoryStore(), digest_of(content)
    with pytest.raises(UntrustedPayload, match="says that it is application"):
        keep_manifest(store, ManifestBody(digest, content, INDEX))
    assert await store.get(digest) is None
