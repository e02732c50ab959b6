"""A walk through a registry on its bad days: what fails is given up, one repository at most, and named."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from tests.sources.registry.helpers import HOST, Collector, basic, options, source
from tests.sources.registry.servers import FakeRegistry
from tests.sources.registry.test_faults import only, said
from tui.domain.facts.events import CatalogListed, ManifestRead, SourceState, TagsListed

NAMES = ("a", "b", "c", "d")


def filled(server: FakeRegistry) -> None:
    """A few repositories with an image each."""
    for name in NAMES:
        server.image(name, "1", layers=(name,))


def cut(path: str, times: int) -> Callable[[web.Request], Awaitable[web.StreamResponse | None]]:
    """A fault that cuts the connection so many times."""
    left = [times]

    async def fault(request: web.Request) -> web.StreamResponse | None:
        if path not in request.raw_path or not left[0]:
            return None
        left[0] -= 1
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return fault


async def test_a_connection_that_is_cut_once_or_twice_is_not_noticed() -> None:
    async with FakeRegistry() as server:
        filled(server)
        server.fault = cut("/v2/b/", 2)
        async with Collector(source(options(server))) as seen:
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.OK)
        assert {event.name.repository for event in seen.of(ManifestRead)} == set(NAMES)


async def test_one_repository_that_is_always_cut_is_given_up_and_named_and_the_others_are_read() -> None:
    async with FakeRegistry() as server:
        filled(server)
        server.fault = cut("/v2/b/", 1_000_000)
        async with Collector(source(options(server))) as seen:
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.PARTIAL)
            assert [denial.what for denial in seen.health.denials] == [f"{HOST}/b"]
        assert {event.name.repository for event in seen.of(TagsListed)} == set(NAMES) - {"b"}


async def test_one_repository_that_hangs_is_given_up_and_named_and_the_others_are_read() -> None:
    async def hang(request: web.Request) -> web.StreamResponse | None:
        if "/v2/b/" in request.raw_path:
            await asyncio.Event().wait()
        return None

    async with FakeRegistry() as server:
        filled(server)
        server.fault = hang
        async with Collector(source(options(server, request_timeout=0.3))) as seen:
            await seen.idle()
            await seen.until(lambda: {event.name.repository for event in seen.of(TagsListed)} == set(NAMES) - {"b"})
            assert [denial.what for denial in seen.health.denials] == [f"{HOST}/b"]
            assert "did not answer" in seen.health.denials[0].reason


async def test_a_catalog_whose_second_page_fails_is_used_as_far_as_it_was_read() -> None:
    async with FakeRegistry(page=2) as server:
        filled(server)
        server.fault = only("last=", said(500))
        async with Collector(source(options(server))) as seen:
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.PARTIAL)
        assert {event.name.repository for event in seen.of(ManifestRead)} == {"a", "b"}


async def test_a_registry_that_refuses_everything_is_not_asked_for_everything() -> None:
    async with FakeRegistry(auth="basic") as server:
        for number in range(200):
            server.image(f"app{number}", "1")
        server.fault = only("/tags/list", said(403, "DENIED"))
        async with Collector(source(basic(server))) as seen:
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.PARTIAL)
            assert "one after the other" in " ".join(denial.reason for denial in seen.health.denials)
        assert Counter("/tags/list" in path for path in server.paths())[True] <= 80


async def test_what_could_not_be_read_is_read_by_a_later_walk() -> None:
    async with FakeRegistry() as server:
        filled(server)
        registry = source(options(server))
        server.fault = only("/blobs/", said(500))
        async with Collector(registry) as seen:
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.PARTIAL)
            server.fault = None
            assert registry._session is not None
            await registry._session._survey.run()
            await seen.until(lambda: seen.health.state is SourceState.OK)


async def test_names_are_counted_as_they_come_and_what_is_cut_is_said() -> None:
    names = [f"r{number}" for number in range(60_000)]
    async with FakeRegistry() as server:
        server.fault = only("_catalog", lambda _: web.json_response({"repositories": names}))
        registry = source(options(server, rest_limit=10))
        async with Collector(registry) as seen:
            await seen.until(lambda: seen.of(CatalogListed))
            await seen.until(lambda: seen.health.denials)
        (listed,) = seen.of(CatalogListed)
        assert (len(listed.repositories), listed.complete) == (50_000, False)
        assert "first 50,000" in seen.health.denials[0].reason


@pytest.mark.parametrize("path", ["last=", "/manifests/2"])
async def test_a_repository_of_which_a_part_is_refused_is_read_for_the_rest(path: str) -> None:
    """A page of its tags or a single tag: what else it holds is an image all the same, and that it is not all is said."""
    async with FakeRegistry(page=1) as server:
        server.image("a", "1", layers=("one",))
        server.image("a", "2", layers=("two",))
        server.fault = only(path, said(403, "DENIED"))
        async with Collector(source(options(server))) as seen:
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.PARTIAL)
        (listed, *_) = [event for event in seen.of(TagsListed) if event.name.repository == "a"]
        assert ([tag.name for tag in listed.tags], listed.complete) == (["1"], False)
        assert seen.of(ManifestRead)
