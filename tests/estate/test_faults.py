"""Each fault while the program is open, against stub servers and with the clock compressed: told, not believed, over when mended.

What takes seconds outside takes hundredths here: the pulses, and how long something counts that nobody confirms.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from tests.sources.cluster.apiserver import PODS, ApiServer, failure, page, pod, write_kubeconfig
from tests.sources.cluster.follow import options as cluster_options
from tests.sources.registry.servers import FakeRegistry
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.asking import AuthMode, RegistryKind
from tui.domain.facts.events import SourceHealth, SourceState
from tui.domain.facts.freshness import Limits
from tui.domain.policy.policy import built_in
from tui.domain.snapshot.snapshot import Snapshot
from tui.estate import estate as whole
from tui.estate.estate import Estate
from tui.sources.cluster import ClusterSource
from tui.sources.kit.credentials import Credentials
from tui.sources.ports import DemandSource
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.source import RegistrySource

HOST = "registry.test"
PATIENCE = 20.0
PULSE, PULSE_TIMEOUT = 0.05, 0.3


class Stubs:
    """A cluster that runs one image of a registry; what each answers instead, None for what it holds."""

    def __init__(self) -> None:
        self.cluster, self.registry = ApiServer(), FakeRegistry(auth="basic")
        self.digest = self.registry.image("shop", "1")
        self.of_cluster: int | None = None
        self.of_registry: int | None = None
        self.headers: dict[str, str] = {}
        self.cluster_melted, self.registry_melted = asyncio.Event(), asyncio.Event()
        self.cluster_melted.set()
        self.registry_melted.set()
        running = pod("web")
        running["spec"]["containers"][0]["image"] = f"{HOST}/shop:1"
        running["status"]["containerStatuses"][0]["imageID"] = f"{HOST}/shop@{self.digest}"
        self._listed = page([running])
        self.cluster.lists(PODS, self._pods)
        self.cluster.gate = lambda _: failure(self.of_cluster, "Broken") if self.of_cluster else None
        self.registry.fault = self._fault

    async def _pods(self, request: web.Request) -> web.StreamResponse:
        await self.cluster_melted.wait()
        return await self._listed(request)

    async def _fault(self, _: web.Request) -> web.StreamResponse | None:
        await self.registry_melted.wait()
        return web.Response(status=self.of_registry, headers=self.headers) if self.of_registry else None


class Watched:
    """An estate and what it shows."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._moved = asyncio.Event()
        estate.subscribe(lambda _: self._moved.set())

    async def until(self, holds: Callable[[Snapshot], bool]) -> Snapshot:
        async with asyncio.timeout(PATIENCE):
            while not holds(self._estate.snapshot):
                self._moved.clear()
                await self._moved.wait()
        return self._estate.snapshot


def identity(snapshot: Snapshot) -> Check:
    """Whether what runs is what its name says."""
    (workload,) = snapshot.workloads.values()
    return next(check for check in workload.containers[0].checks if check.name is CheckName.IDENTITY)


def is_green(snapshot: Snapshot) -> bool:
    return bool(snapshot.workloads) and identity(snapshot).state is State.PASS


def is_unknown(snapshot: Snapshot) -> bool:
    return identity(snapshot).state is State.UNKNOWN


def health(snapshot: Snapshot, name: str) -> SourceHealth:
    return next(each for each in snapshot.sources if str(each.id).startswith(name))


@asynccontextmanager
async def watching(stubs: Stubs, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    """The estate of these stubs, once what runs is green."""
    monkeypatch.setattr(whole, "BREATH", 0.0)
    async with stubs.cluster.running(), stubs.registry:
        path = write_kubeconfig(folder, stubs.cluster.url)
        made = RegistryOptions(
            host=HOST,
            kind=RegistryKind.OCI,
            endpoint=stubs.registry.url,
            refresh=0.05,
            request_timeout=5.0,
            auth=AuthMode.BASIC,
            username="ops",
            password="secret",
            pulse=PULSE,
            pulse_timeout=PULSE_TIMEOUT,
        )

        def source_of(registry: str) -> DemandSource | None:
            return RegistrySource(made, Credentials()) if registry == HOST else None

        policy = msgspec.structs.replace(built_in(), limits=Limits(cluster=1, registry=1))
        estate = Estate([ClusterSource(cluster_options(path, pulse=PULSE, pulse_timeout=PULSE_TIMEOUT))], source_of, policy)
        async with estate.running():
            seen = Watched(estate)
            await seen.until(is_green)
            yield seen


def break_cluster(status: int) -> Callable[[Stubs], None]:
    return lambda stubs: setattr(stubs, "of_cluster", status)


def break_registry(status: int, **headers: str) -> Callable[[Stubs], None]:
    def apply(stubs: Stubs) -> None:
        stubs.of_registry, stubs.headers = status, {name.replace("_", "-"): value for name, value in headers.items()}

    return apply


def mend(stubs: Stubs) -> None:
    stubs.of_cluster = stubs.of_registry = None
    stubs.cluster_melted.set()
    stubs.registry_melted.set()


FAULTS: list[Any] = [
    pytest.param(lambda stubs: stubs.cluster_melted.clear(), "cluster/", "has not answered for", id="apiserver-hang"),
    pytest.param(break_cluster(503), "cluster/", "failed with 503", id="apiserver-error"),
    pytest.param(break_cluster(401), "cluster/", "does not accept the sign-in", id="token"),
    pytest.param(break_cluster(403), "cluster/", "No right to", id="right"),
    pytest.param(lambda stubs: stubs.registry_melted.clear(), "registry/", "has not answered for", id="registry-hang"),
    pytest.param(break_registry(500), "registry/", "500", id="registry-error"),
    pytest.param(
        break_registry(429, Retry_After="1"), "registry/", "refuses: too many requests (429), waiting 1 s", id="registry-throttle"
    ),
]


@pytest.mark.parametrize(("fault", "source", "words"), FAULTS)
async def test_a_fault_is_told_and_nothing_stays_green_until_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Stubs], None], source: str, words: str
) -> None:
    stubs = Stubs()
    async with watching(stubs, tmp_path, monkeypatch) as seen:
        fault(stubs)
        broken = await seen.until(is_unknown)
        assert not broken.complete
        told = await seen.until(lambda snapshot: health(snapshot, source).state is SourceState.FAILED)
        sick = health(told, source)
        assert words in sick.error
        assert not sick.live
        mend(stubs)
        await seen.until(is_green)
        await seen.until(lambda snapshot: health(snapshot, source).state is SourceState.OK)


async def test_a_tag_that_is_moved_is_told_and_leaves_nothing_when_it_is_moved_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubs = Stubs()
    async with watching(stubs, tmp_path, monkeypatch) as seen:
        stranger = stubs.registry.image("shop", "1", layers=("b",))
        await seen.until(lambda snapshot: identity(snapshot).state is State.FAIL)
        stubs.registry.tags["shop"]["1"] = stubs.digest
        after = await seen.until(is_green)
        assert stranger not in {key.digest for key in after.images}


async def test_what_runs_and_is_deleted_is_told_and_forgotten_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubs = Stubs()
    async with watching(stubs, tmp_path, monkeypatch) as seen:
        kept = stubs.registry.manifests["shop"].pop(stubs.digest)
        del stubs.registry.tags["shop"]["1"]
        await seen.until(lambda snapshot: identity(snapshot).state is State.FAIL)
        stubs.registry.manifests["shop"][stubs.digest] = kept
        stubs.registry.tags["shop"]["1"] = stubs.digest
        await seen.until(is_green)
