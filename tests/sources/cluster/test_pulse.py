"""A server that falls silent, or takes a right or a token away, is told although its watches stay open; what mends, clears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.sources.cluster.apiserver import (
    NAMESPACES,
    PODS,
    ApiServer,
    bookmark,
    failure,
    hang,
    lines,
    page,
    pod,
    write_kubeconfig,
)
from tests.sources.cluster.follow import PATIENCE, options
from tui.domain.facts.events import Event, HealthChanged, ListCompleted, SourceHealth, SourceState
from tui.domain.facts.workload import Resource
from tui.sources.cluster import ClusterSource

QUICK = {"pulse": 0.05, "pulse_timeout": 0.2}


class Reading:
    """Reads a source in the background; `health` waits for one that is as wanted."""

    def __init__(self, source: ClusterSource) -> None:
        self.events: list[Event] = []
        self._source = source
        self._moved = asyncio.Event()

    async def run(self) -> None:
        async with aclosing(self._source.events()) as stream:
            async for event in stream:
                self.events.append(event)
                self._moved.set()

    @property
    def last(self) -> SourceHealth | None:
        return next((event.health for event in reversed(self.events) if isinstance(event, HealthChanged)), None)

    async def health(self, wanted: Callable[[SourceHealth], bool]) -> SourceHealth:
        async with asyncio.timeout(PATIENCE):
            while (last := self.last) is None or not wanted(last):
                self._moved.clear()
                await self._moved.wait()
        return last

    def lists(self) -> int:
        return sum(isinstance(event, ListCompleted) and event.resource is Resource.PODS for event in self.events)


@asynccontextmanager
async def reading(folder: Path, server: ApiServer, **more: Any) -> AsyncIterator[Reading]:
    found = Reading(ClusterSource(options(write_kubeconfig(folder, server.url), **(QUICK | more))))
    task = asyncio.create_task(found.run())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.wait([task])


def is_pulse(request: web.Request) -> bool:
    return request.query.get("limit") == "1"


def live(health: SourceHealth) -> bool:
    return health.live and health.state is SourceState.OK


def failed(health: SourceHealth) -> bool:
    return health.state is SourceState.FAILED


class Freezer:
    """Answers as it is told to, or not at all while it is frozen."""

    def __init__(self) -> None:
        self.melted = asyncio.Event()
        self.melted.set()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        await self.melted.wait()
        return await page([pod("a")])(request)


async def test_a_frozen_server_is_told_and_comes_back_without_a_new_list(tmp_path: Path) -> None:
    server, freezer = ApiServer(), Freezer()
    server.lists(PODS, freezer)
    async with server.running(), reading(tmp_path, server) as seen:
        await seen.health(live)
        freezer.melted.clear()
        frozen = await seen.health(failed)
        assert "takes connections but has not answered for 0.2 s" in frozen.error
        assert "No answer since" in frozen.error
        assert not frozen.live
        assert frozen.as_of is not None
        freezer.melted.set()
        after = await seen.health(live)
        assert after.as_of is not None
        assert after.as_of > frozen.as_of
        assert (after.error, seen.lists()) == ("", 1)


async def test_a_quiet_cluster_stays_confirmed(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([pod("a")]))
    async with server.running(), reading(tmp_path, server) as seen:
        first = await seen.health(live)
        await seen.health(lambda health: live(health) and health.as_of > first.as_of)  # type: ignore[operator]
        assert seen.lists() == 1


async def test_one_fault_of_the_server_passes_and_several_are_told(tmp_path: Path) -> None:
    server, faults = ApiServer(), [500]
    server.lists(PODS, page([pod("a")]))
    server.gate = lambda request: failure(faults.pop(), "InternalError") if is_pulse(request) and faults else None
    async with server.running(), reading(tmp_path, server) as seen:
        await seen.health(live)
        await seen.health(lambda _: not faults)
        assert not any(isinstance(event, HealthChanged) and failed(event.health) for event in seen.events)
        faults += [500] * 1000
        assert "failed with 500" in (await seen.health(failed)).error
        faults.clear()
        await seen.health(live)


async def test_a_server_that_asks_for_fewer_requests_is_there(tmp_path: Path) -> None:
    server, asked, enough = ApiServer(), list[web.Request](), asyncio.Event()
    server.lists(PODS, page([pod("a")]))

    def slow_down(request: web.Request) -> web.Response | None:
        if is_pulse(request):
            asked.append(request)
            if len(asked) > 3:
                enough.set()
            return failure(429, "TooManyRequests") if refusing else None
        return None

    refusing: list[bool] = []

    server.gate = slow_down
    async with server.running(), reading(tmp_path, server) as seen:
        await seen.health(live)
        refusing.append(True)
        async with asyncio.timeout(PATIENCE):
            await enough.wait()
        told = await seen.health(lambda health: health.throttled)
        assert (told.state, told.live) == (SourceState.PARTIAL, False)
        assert "refuses: too many requests (429)" in told.denials[0].reason
        refusing.clear()
        await seen.health(lambda health: live(health) and not health.throttled)
        assert not any(isinstance(event, HealthChanged) and failed(event.health) for event in seen.events)


async def test_a_right_that_is_taken_away_is_told_although_the_watch_goes_on_and_given_back_is_used(tmp_path: Path) -> None:
    server, denied = ApiServer(), set[str]()
    pods = {scope: f"{NAMESPACES}/{scope}/pods" for scope in ("shop", "pay")}
    for scope, listed in pods.items():
        server.lists(listed, page([pod("a", namespace=scope)]))
        server.watches(listed, lines(bookmark("11")))

    def refuse(request: web.Request) -> web.Response | None:
        refused = any(f"/namespaces/{name}/" in request.path for name in denied)
        return failure(403, "Forbidden") if refused else None

    server.gate = refuse
    async with server.running(), reading(tmp_path, server, namespaces=("shop", "pay")) as seen:
        await seen.health(lambda health: health.live)
        denied.add("shop")
        lost = await seen.health(lambda health: bool(health.lost_scopes))
        assert [scope for scope, _ in lost.lost_scopes] == ["shop"]
        assert "pods in namespace shop" in lost.lost_scopes[0][1]
        assert lost.state is SourceState.PARTIAL
        denied.clear()
        await seen.health(lambda health: live(health) and not health.lost_scopes)


async def test_a_token_that_is_refused_is_told_although_the_watch_goes_on(tmp_path: Path) -> None:
    server, refused = ApiServer(), [False]
    server.lists(PODS, page([pod("a")]))
    server.gate = lambda _: failure(401, "Unauthorized") if refused[0] else None
    async with server.running(), reading(tmp_path, server) as seen:
        await seen.health(live)
        refused[0] = True
        told = await seen.health(failed)
        assert "does not accept the sign-in" in told.error
        assert told.auth_failed
        refused[0] = False
        await seen.health(live)


async def test_who_waits_for_a_server_that_was_away_does_not_wait_longer_than_it_is(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([pod("a")]))
    server.watches(PODS, lines(bookmark("11"), then="cut"), hang())
    async with server.running(), reading(tmp_path, server, backoff=3600.0, backoff_most=3600.0) as seen:
        await seen.health(lambda health: bool(health.progress))  # the watch was cut, and the next is an hour away
        # The pulse answers: the hour is not waited out, else the test would end by its patience.
        await seen.health(live)
