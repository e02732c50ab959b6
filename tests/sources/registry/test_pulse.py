"""A registry that fails, is silent or asks for patience told, not believed, and over when it is mended."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from tests.sources.registry.helpers import Collector, basic, demand, options, source
from tests.sources.registry.servers import FakeRegistry
from tui.domain.facts.asking import AuthMode
from tui.domain.facts.events import AbsenceKind, HealthChanged, LookupFailed, SourceState, TagResolved


class Mood:
    """What the registry answers to everything, None for what it holds; `only` limits that to paths with this text."""

    def __init__(self, only: str = "/v2/") -> None:
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.only = only
        self.melted = asyncio.Event()
        self.melted.set()

    async def __call__(self, request: web.Request) -> web.StreamResponse | None:
        await self.melted.wait()
        if self.status is None or self.only not in request.path_qs:
            return None
        return web.Response(status=self.status, headers=self.headers)


def served(server: FakeRegistry, mood: Mood) -> Collector:
    """A source that runs `shop:1`, looks often, and is asked often whether it is there."""
    server.fault = mood
    found = source(basic(server, pulse=0.05, pulse_timeout=0.3))
    found.want((demand("shop", "1"),))
    return Collector(found)


async def test_a_registry_that_fails_at_everything_is_told_and_comes_back() -> None:
    async with FakeRegistry(auth="basic") as server:
        server.image("shop", "1")
        mood = Mood()
        async with served(server, mood) as seen:
            await seen.until(lambda: seen.health.live)
            mood.status = 500
            await seen.until(lambda: seen.health.state is SourceState.FAILED)
            assert "500" in seen.health.error
            before = len(seen.of(TagResolved))
            mood.status = None
            await seen.until(lambda: seen.health.state is SourceState.OK and not seen.health.error)
            failed = seen.of(LookupFailed)
            await seen.until(lambda: not failed or len(seen.of(TagResolved)) > before)


async def test_a_frozen_registry_is_told_by_what_it_does_and_comes_back() -> None:
    async with FakeRegistry(auth="basic") as server:
        server.image("shop", "1")
        mood = Mood()
        async with served(server, mood) as seen:
            await seen.until(lambda: seen.health.live)
            mood.melted.clear()
            await seen.until(lambda: seen.health.state is SourceState.FAILED)
            assert "takes requests but has not answered for 0.3 s" in seen.health.error
            mood.melted.set()
            await seen.until(lambda: seen.health.state is SourceState.OK)


async def test_a_registry_that_asks_for_patience_is_there_and_confirms_nothing_meanwhile() -> None:
    async with FakeRegistry(auth="basic") as server:
        server.image("shop", "1")
        mood = Mood()
        async with served(server, mood) as seen:
            await seen.until(lambda: seen.health.live)
            mood.status, mood.headers = 429, {"Retry-After": "1"}
            await seen.until(lambda: seen.health.state is SourceState.PARTIAL)
            assert any("refuses: too many requests (429), waiting 1 s" in denial.reason for denial in seen.health.denials)
            confirmed = seen.health.as_of
            mood.status = None
            await seen.until(lambda: seen.health.state is SourceState.OK)
            assert confirmed is not None
            assert seen.health.as_of is not None
            assert seen.health.as_of > confirmed
            assert not any(event.health.state is SourceState.FAILED for event in seen.of(HealthChanged))


async def test_one_repository_that_cannot_be_looked_at_again_is_not_known_any_more() -> None:
    async with FakeRegistry(auth="basic") as server:
        server.image("shop", "1")
        server.image("other", "1")
        mood = Mood("/v2/shop/")
        async with served(server, mood) as seen:
            seen.source.want((demand("other", "1"),))
            await seen.until(lambda: seen.health.live)
            mood.status = 500
            await seen.until(lambda: seen.of(LookupFailed))
            assert {(event.name.repository, event.kind) for event in seen.of(LookupFailed)} == {("shop", AbsenceKind.FAILED)}
            assert seen.health.state is SourceState.PARTIAL
            told = len(seen.of(TagResolved))
            mood.status = None
            await seen.until(lambda: len(seen.of(TagResolved)) > told and seen.health.state is SourceState.OK)


async def test_a_signature_that_is_removed_is_noticed_at_the_next_search() -> None:
    async with FakeRegistry(auth="basic") as server:
        image = server.image("shop", "1")
        mood = Mood()
        server.fault = mood
        found = source(basic(server))
        found.want((demand("shop", image, referrers=True),))
        async with Collector(found) as seen:
            await seen.until(lambda: seen.health.live)
            searches = sum("/referrers/" in path for _, path, _ in server.requests)
            # Twenty looks of a tenth of a second each.
            await seen.until(lambda: sum("/referrers/" in path for _, path, _ in server.requests) > searches)


def unhurried(server: FakeRegistry, mood: Mood) -> Collector:
    """A source that reads what exists and what is gone, and looks again so seldom that nothing but a recovery reads anew."""
    server.image("shop", "1")
    server.image("gone", "2")
    server.fault = mood
    made = options if server.auth == "bearer" else basic
    found = source(
        made(server, pulse=0.4, refresh=3600.0, auth=AuthMode.ANONYMOUS if server.auth == "bearer" else AuthMode.BASIC)
    )
    found.want((demand("shop", "1", referrers=True, history=True), demand("gone", "1")))
    return Collector(found)


@pytest.mark.parametrize(
    ("auth", "only"),
    [("basic", "/manifests/"), ("basic", "/referrers/"), ("basic", "/tags/list"), ("bearer", "scope=repository")],
)
async def test_what_failed_in_passing_is_read_at_once_when_it_can_be_and_what_is_gone_as_well(auth: str, only: str) -> None:
    """The registry says all the time that it is there: that its token service or a part of it works again shows in a reading."""
    async with FakeRegistry(auth=auth) as server:
        mood = Mood(only)
        mood.status = 503
        async with unhurried(server, mood) as seen:
            await seen.until(lambda: seen.health.state in (SourceState.PARTIAL, SourceState.FAILED))
            mood.status = None
            await seen.until(lambda: seen.health.state is SourceState.OK)
            assert seen.of(TagResolved)
            gone = [event.kind for event in seen.of(LookupFailed) if event.name.repository == "gone"]
            assert gone[-1] is AbsenceKind.MANIFEST_UNKNOWN


async def test_a_pause_ends_early_when_the_registry_answers_again() -> None:
    async with FakeRegistry(auth="basic") as server:
        mood = Mood()
        async with unhurried(server, mood) as seen:
            await seen.until(lambda: seen.health.live)
            mood.status, mood.headers = 429, {"Retry-After": "600"}
            await seen.until(lambda: seen.health.throttled)
            assert seen.health.denials[0].reason.endswith("refuses: too many requests (429), waiting 600 s")
            assert not seen.health.live
            mood.status = None
            await seen.until(lambda: seen.health.state is SourceState.OK)
            assert not seen.health.throttled
            assert [progress.waiting for progress in seen.health.progress if progress.waiting] == []
