"""An ACR of some size listed: requests for each page, and exchanges of the Entra token for each 3 hours of its life."""

from __future__ import annotations

import asyncio
import time

from tests.bench.results import Result
from tests.sources.registry.helpers import Entra, options
from tests.sources.registry.servers import FakeRegistry, digest_of
from tui.sources.kit.credentials import Credentials
from tui.sources.registry.acr_lists import AcrLists
from tui.sources.registry.client import RegistryClient

__all__ = ["run"]

REPOSITORIES = 60
MANIFESTS = 500
BATCH = 20
PAGE = 100
MOST_REQUESTS = 1.05


def run() -> list[Result]:
    """Requests a page over catalog, tags and manifests, and exchanges on a clock that runs for 12 hours."""
    return [asyncio.run(_requests()), asyncio.run(_exchanges())]


async def _requests() -> Result:
    async with FakeRegistry(acr=True, auth="bearer", page=PAGE) as server:
        _fill(server)
        client = RegistryClient(options(server, requests_per_minute={}, concurrency=12), Credentials(entra=Entra()))
        await client.ping()
        started = time.perf_counter()
        pages, rows = await _walk(client)
        seconds = time.perf_counter() - started
        await client.close()
        requests = len(server.requests)
    figure = requests / pages
    details: dict[str, str | int | float | bool] = {
        "pages": pages,
        "rows": rows,
        "requests": requests,
        "of them sign-in": client.auth.tokens + client.auth.exchanges + 1,
        "seconds": round(seconds, 2),
    }
    return Result("acr-pages", round(figure, 3), "requests/page", f"<= {MOST_REQUESTS}", figure <= MOST_REQUESTS, details)


def _fill(server: FakeRegistry) -> None:
    for number in range(REPOSITORIES):
        name = f"team-{number % 7}/app-{number:03}"
        digests = [digest_of(f"{number}/{at}".encode()) for at in range(MANIFESTS)]
        server.manifests[name] = dict.fromkeys(digests, ("application/vnd.oci.image.manifest.v1+json", b"{}"))
        server.tags[name] = {f"v{at}": digest for at, digest in enumerate(digests)}


async def _walk(client: RegistryClient) -> tuple[int, int]:
    lists = AcrLists(client)
    names: list[str] = []
    pages = rows = 0
    async for page in lists.catalog():
        names.extend(page)
        pages += 1
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        await client.auth.prefetch([client.repository_scope(name) for name in batch])
        for name in batch:
            async for tags in lists.tags(name):
                pages, rows = pages + 1, rows + len(tags)
            async for manifests in lists.manifests(name):
                pages, rows = pages + 1, rows + len(manifests)
    return pages, rows


async def _exchanges() -> Result:
    """Twelve hours in steps of ten minutes; refresh tokens live 3 h 15 min, access tokens 75 min (azure.md 1.1)."""
    now = [time.time()]
    async with FakeRegistry(acr=True, auth="bearer", clock=lambda: now[0]) as server:
        server.image("team/app", "1")
        client = RegistryClient(options(server), Credentials(entra=Entra()), clock=lambda: now[0])
        await client.ping()
        hours, steps = 12, 72
        for _ in range(steps):
            await client.manifest("team/app", "1")
            now[0] += hours * 3600 / steps
        await client.close()
    figure = client.auth.exchanges / (hours / 3)
    details: dict[str, str | int | float | bool] = {
        "hours": hours,
        "exchanges": client.auth.exchanges,
        "tokens": client.auth.tokens,
    }
    return Result("acr-pages/exchanges", round(figure, 3), "exchanges/3h", "<= 1", figure <= 1.0, details)
