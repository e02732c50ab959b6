"""A lock on a whole repository counts for each tag and manifest in it; where it cannot be read, theirs are not known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from tests.sources.registry.helpers import Collector, demand, options, source
from tests.sources.registry.servers import UNLOCKED, FakeRegistry
from tui.domain.facts.events import ManifestsListed, TagsListed
from tui.domain.facts.image import Locks

LOCKED = {**UNLOCKED, "writeEnabled": False}


class WithAttributes(FakeRegistry):
    """Its lists have the attributes of each row, as those of ACR do."""

    def _tag(self, repository: str, name: str) -> dict[str, object]:
        return {**super()._tag(repository, name), "changeableAttributes": self.locks.get(name, UNLOCKED)}

    def _row(self, repository: str, digest: str) -> dict[str, object]:
        return {**super()._row(repository, digest), "changeableAttributes": self.locks.get(digest, UNLOCKED)}


async def listed(server: FakeRegistry) -> list[Locks | None]:
    """The locks of every tag and manifest that is listed."""
    registry = source(options(server, catalog=False, refresh=60.0))
    async with Collector(registry) as seen:
        registry.want((demand("app", "1", history=True),))
        await seen.idle()
        tags = [row.locks for event in seen.of(TagsListed) for row in event.tags]
        return tags + [row.locks for event in seen.of(ManifestsListed) for row in event.manifests]


async def test_it_counts_for_every_tag_and_manifest_and_is_asked_for_once() -> None:
    async with WithAttributes(acr=True) as server:
        server.image("app", "1")
        server.locks["app"] = LOCKED
        locks = await listed(server)
        assert len(locks) > 1
        assert all(lock is not None and lock.delete and not lock.write for lock in locks)
        assert len([path for path in server.paths("/acr/v1/app") if path.endswith("/acr/v1/app")]) == 1


async def test_what_is_locked_itself_needs_no_lock_of_its_repository() -> None:
    async with WithAttributes(acr=True) as server:
        digest = server.image("app", "1")
        server.locks |= {"1": LOCKED, digest: LOCKED}
        assert all(lock is not None and not lock.write for lock in await listed(server))
        assert not [path for path in server.paths("/acr/v1/app") if path.endswith("/acr/v1/app")]


def answering(status: int) -> Callable[[web.Request], Awaitable[web.StreamResponse | None]]:
    async def fault(request: web.Request) -> web.StreamResponse | None:
        errors = [{"code": "NAME_UNKNOWN" if status == 404 else "UNKNOWN", "message": "no", "detail": None}]
        return web.json_response({"errors": errors}, status=status) if request.path == "/acr/v1/app" else None

    return fault


@pytest.mark.parametrize(("status", "locks"), [(404, Locks()), (403, None), (400, None)])
async def test_what_cannot_be_read_is_not_known(status: int, locks: Locks | None) -> None:
    async with WithAttributes(acr=True) as server:
        server.image("app", "1")
        server.fault = answering(status)
        assert set(await listed(server)) == {locks}


async def test_it_is_not_asked_for_where_a_list_only_says_what_tags_name() -> None:
    async with WithAttributes(acr=True) as server:
        server.image("app", "1")
        registry = source(options(server, catalog=False, refresh=60.0))
        async with Collector(registry) as seen:
            registry.want((demand("app", "1", referrers=True),))
            await seen.idle()
        assert server.paths("/acr/v1/app/_tags")
        assert not [path for path in server.paths("/acr/v1/app") if path.endswith("/acr/v1/app")]
