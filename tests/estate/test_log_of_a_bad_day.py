"""A day on which much goes wrong, read afterwards from the log alone; and nothing secret of it is written down."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from tests.sources.cluster.apiserver import PODS, ApiServer, cut, event, failure, hang, lines, page, pod, status, write_kubeconfig
from tests.sources.cluster.follow import options as cluster_options
from tests.sources.registry.servers import FakeRegistry
from tui.cli.log import CONTINUED, OURS, start_log
from tui.domain.facts.asking import AuthMode, RegistryKind
from tui.domain.facts.demand import Demand, Priority
from tui.domain.facts.image import RepositoryName
from tui.estate.pump import Pump
from tui.sources.cluster import ClusterSource
from tui.sources.kit.credentials import Credentials
from tui.sources.ports import DemandSource
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.source import RegistrySource

HOST = "registry.test"
PATIENCE = 30.0
PASSWORD = "registry-pa55-word"
OLD_TOKEN, NEW_TOKEN = "cluster-t0ken-old", "cluster-t0ken-new"
SIGNATURE, COOKIE = "s1gnature-of-a-link", "c00kie-of-a-proxy"
FORGED = "\n2031-01-01 00:00:00,000 CRITICAL trustree: forged\r2031-01-01 00:00:00,000 CRITICAL trustree: forged"
RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?:DEBUG|INFO|WARNING|ERROR) tui\.[\w.]+: ")


class Lines(logging.Handler):
    """What the log holds after each line."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path, self._moved = path, asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """A line was written; the one to the file before this one."""
        self._moved.set()

    @property
    def text(self) -> str:
        return self._path.read_text()

    async def until(self, holds: Callable[[str], bool]) -> None:
        """Wait until the log says something."""
        async with asyncio.timeout(PATIENCE):
            while not holds(self.text):
                self._moved.clear()
                await self._moved.wait()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Lines]:
    """The log of this test at its fullest."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    path = tmp_path / "log" / "trustree.log"
    start_log("debug", path)
    written = Lines(path)
    root.addHandler(written)
    yield written
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.NOTSET)


class BadDay:
    """A cluster and a registry that go wrong, each fault once unless it is said to last."""

    def __init__(self, folder: Path) -> None:
        self.cluster, self.registry = ApiServer(), FakeRegistry(auth="bearer")
        self.registry.users = {"ops": PASSWORD}
        self.digest = self.registry.image("shop", "1")
        self.registry.image("closed", "1")
        self.registry.denied.add("closed")
        self.registry.fault = self._of_registry
        self._folder = folder
        self._once: set[str] = set()
        self.cluster.gate = self._of_cluster
        self.cluster.lists(PODS, page([pod("a")], version="10"), page([pod("a")], version="20"))
        gone = lines(event("ERROR", status(410, "Expired", "too old resource version: 10 (15)")))
        self.cluster.watches(PODS, gone, hang())

    def kubeconfig(self, token: str) -> Path:
        return write_kubeconfig(self._folder, self.cluster.url, {"token": token})

    def _first(self, what: str) -> bool:
        if what in self._once:
            return False
        self._once.add(what)
        return True

    def _of_cluster(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == f"Bearer {OLD_TOKEN}":
            self.kubeconfig(NEW_TOKEN)
            return failure(401, "Unauthorized")
        if request.path == "/api/v1/nodes":
            return failure(403, "Forbidden", f"nodes is forbidden to {request.headers['Authorization']}{FORGED}")
        if request.path == PODS and request.query.get("watch") != "true" and self._first("429 of the cluster"):
            return failure(429, "TooManyRequests", "slow down", {"Retry-After": "1"})
        return None

    async def _of_registry(self, request: web.Request) -> web.StreamResponse | None:
        if "/blobs/" in request.path and "sig" not in request.query:
            headers = {"Location": f"{request.path}?sv=1&sig={SIGNATURE}", "Set-Cookie": f"session={COOKIE}"}
            return web.Response(status=307, headers=headers)
        if request.path.startswith("/v2/shop/manifests/"):
            if self._first("429"):
                return web.Response(status=429, headers={"Retry-After": "1"})
            if self._first("cut"):
                return await cut(b"{")(request)
            if self._first("503"):
                return web.Response(status=503, text=f"Cookie: session={COOKIE}{FORGED}")
        return None

    @property
    def secrets(self) -> set[str]:
        """Everything of which nothing may be written down: what we send, what we are sent, and how it is written in headers."""
        sent = {given.partition(" ")[2] for _, _, given in self.registry.requests if given}
        basic = base64.b64encode(f"ops:{PASSWORD}".encode()).decode()
        return {PASSWORD, OLD_TOKEN, NEW_TOKEN, SIGNATURE, COOKIE, basic, *sent}


@asynccontextmanager
async def living(day: BadDay) -> AsyncIterator[Pump]:
    """A pump that runs the cluster and the registry of a day."""
    made = RegistryOptions(
        host=HOST,
        kind=RegistryKind.OCI,
        endpoint=day.registry.url,
        named_by_operator=True,
        auth=AuthMode.BASIC,
        username="ops",
        password=PASSWORD,
        refresh=0.05,
        pulse=0.05,
        pulse_timeout=1.0,
    )

    def factory(registry: str) -> DemandSource | None:
        return RegistrySource(made, Credentials()) if registry == HOST else None

    pump = Pump(lambda _: None, factory, lambda: datetime.now(UTC))
    source = ClusterSource(cluster_options(day.kubeconfig(OLD_TOKEN), pulse=0.05))
    running = asyncio.create_task(pump.run([source]))
    try:
        yield pump
    finally:
        running.cancel()
        await asyncio.wait({running})


def demands() -> tuple[Demand, ...]:
    """What runs: one image that can be read, and one that cannot."""
    return tuple(Demand(RepositoryName(HOST, name), "1", Priority.RUNNING) for name in ("shop", "closed"))


CLUSTER = (
    r"INFO tui.estate.story: cluster/test: connecting$",
    r"DEBUG tui.sources.http: GET http://127.0.0.1:\d+/\S+: 401 in \d+ ms, \d+ bytes",
    r"DEBUG .*: the sign-in has ended, or is not accepted any more \(401\)",
    r"DEBUG .*: test: signed in anew at 127.0.0.1:\d+",
    r"DEBUG .*: GET http://127.0.0.1:\d+/api/v1/pods\?limit=500: 429 in",
    r"DEBUG .*: cluster/test: pods: The API server .* too many requests \(429\); tried again within 1.0 s",
    r"DEBUG .*: cluster/test: pods: listed, 1 objects, 0 of them unreadable, version 10",
    r"DEBUG .*: GET http://127.0.0.1:\d+/api/v1/pods\?watch=true&resourceVersion=10&\S+: 200 in \d+ ms, and goes on",
    r"DEBUG .*: cluster/test: pods: the position is not known any more \(410\): listed again in",
    r"DEBUG .*: cluster/test: pods: listed, 1 objects, 0 of them unreadable, version 20",
)
DENIED = (
    r"DEBUG .*: GET http://127.0.0.1:\d+/api/v1/nodes\?limit=500: 403 in",
    r"INFO tui.estate.story: cluster/test: cannot read nodes \(the right: list nodes\): No right to list nodes",
)
REGISTRY = (
    r"INFO tui.estate.story: registry/registry.test: connecting at http://127.0.0.1:\d+$",
    r"DEBUG tui.sources.registry.signin: registry.test: signs in by basic as ops",
    r"DEBUG .*: a token for repository:shop:pull as ops, valid",
    r"DEBUG .*: registry.test: shop:1: answered 429 \(Retry-After: 1\); everybody waits 1.0 s",
    r"DEBUG .*: GET http://127.0.0.1:\d+/v2/shop/manifests/1: 200, then no answer after \d+ ms: ClientPayloadError",
    r"DEBUG .*: registry.test: shop:1: the connection was cut; asked again in",
    r"DEBUG .*: registry.test: shop:1: answered 503; asked again in",
    r"DEBUG .*: GET http://127.0.0.1:\d+/v2/shop/manifests/1: 200 in \d+ ms, \d+ bytes",
    r"DEBUG .*: GET http://127.0.0.1:\d+/v2/shop/blobs/\S+\?sv&sig: 200 in",
    r"INFO tui.estate.story: registry/registry.test: live in part at http://127.0.0.1:\d+ as ops",
    r"WARNING tui.estate.story: registry/registry.test: lost at .*: 127.0.0.1:\d+ cannot be connected to: Connection refused",
    r"INFO tui.estate.story: registry/registry.test: back, .*live in part",
)


def in_order(text: str, story: tuple[str, ...]) -> str:
    """The first line of a story that is not in the text after those before it; empty when all are."""
    at = 0
    for line in story:
        found = re.compile(line, re.MULTILINE).search(text, at)
        if found is None:
            return line
        at = found.end()
    return ""


async def test_the_log_of_a_bad_day_explains_it_and_holds_nothing_secret(tmp_path: Path, log: Lines) -> None:
    day = BadDay(tmp_path)
    async with day.cluster.running():
        await day.registry.start()
        port = int(day.registry.url.rpartition(":")[2])
        async with living(day) as pump:
            pump.route(demands())
            await log.until(lambda text: "registry/registry.test: live in part" in text)
            await day.registry.stop()
            await log.until(lambda text: "registry/registry.test: lost" in text)
            await day.registry.start(port=port)
            await log.until(lambda text: "registry/registry.test: back" in text)
            await log.until(lambda text: not any(in_order(text, story) for story in (CLUSTER, DENIED)))
        await day.registry.stop()
    text = log.text
    assert [in_order(text, story) for story in (CLUSTER, DENIED, REGISTRY)] == ["", "", ""]
    assert [secret for secret in day.secrets if secret in text] == []
    assert [line for line in text.splitlines() if not RECORD.match(line) and not line.startswith(CONTINUED)] == []
