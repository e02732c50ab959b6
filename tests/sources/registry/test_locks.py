"""Locks of an ACR: changed once, held against what was seen, looked up when the answer was lost.

Requests and answers have the form of the recording client.update_manifest_properties.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import pytest
from aiohttp import web

from tests.sources.registry.helpers import Entra, options
from tests.sources.registry.servers import UNLOCKED, FakeRegistry
from tui.domain.facts.image import Locks, RepositoryName
from tui.domain.facts.rights import RightState
from tui.errors import Changed, Forbidden, Inapplicable, OutcomeUnknown
from tui.sources.acting_ports import LockTarget
from tui.sources.kit.credentials import Credentials
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.locks import AcrLocks

REPOSITORY = LockTarget(RepositoryName("registry.test", "team/app"))
LOCKED = {**UNLOCKED, "deleteEnabled": False, "writeEnabled": False}


class Registry:
    """An ACR that takes changes; `status` answers them instead, `cut` ends the connection after they are done."""

    def __init__(self, *, acr: bool = True) -> None:
        self.server = FakeRegistry(acr=acr, auth="bearer")
        self.digest = self.server.image("team/app", "1")
        self.manifest = LockTarget(REPOSITORY.name, self.digest)
        self.changes: list[dict[str, bool]] = []
        self.status, self.cut, self.done = 200, False, True
        self.server.fault = self._patched

    async def _patched(self, request: web.Request) -> web.StreamResponse | None:
        if request.method != "PATCH" or "Authorization" not in request.headers:
            return None
        self.changes.append(await request.json())
        if self.status != 200:
            return web.json_response({"errors": [{"code": "DENIED", "message": "no"}]}, status=self.status)
        place = self.digest if "_manifests" in request.path else "team/app"
        if self.done:
            self.server.locks[place] = self.changes[-1]
        if self.cut:
            assert request.transport is not None
            request.transport.close()
        return None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[AcrLocks]:
        async with self.server:
            client = RegistryClient(options(self.server), Credentials(entra=Entra()))
            try:
                yield AcrLocks(client)
            finally:
                await client.close()


async def test_a_lock_is_one_change_of_all_attributes_and_is_undone_by_what_was_before() -> None:
    registry = Registry()
    async with registry.opened() as locks:
        before = await locks.read(registry.manifest)
        locked = await locks.change(registry.manifest, before, before.locked)
        hidden = await locks.change(registry.manifest, locked, locked.unreadable)
        assert await locks.change(registry.manifest, hidden, before) == before == Locks()
    assert (locked, hidden) == (Locks(delete=False, write=False), Locks(delete=False, write=False, read=False))
    assert registry.changes[0] == LOCKED
    assert registry.changes[2] == UNLOCKED
    patched = [path for method, path, _ in registry.server.requests if method == "PATCH"]
    assert {path.partition("?")[0] for path in patched} == {f"/acr/v1/team%2Fapp/_manifests/{quote(registry.digest, safe='')}"}


async def test_a_repository_is_locked_as_a_whole() -> None:
    registry = Registry()
    async with registry.opened() as locks:
        assert await locks.change(REPOSITORY, Locks(), Locks().unreadable) == Locks(read=False)
    assert registry.server.locks["team/app"]["readEnabled"] is False


async def test_what_is_as_wanted_is_not_sent() -> None:
    registry = Registry()
    registry.server.locks["team/app"] = LOCKED
    async with registry.opened() as locks:
        assert await locks.change(REPOSITORY, Locks(), Locks().locked) == Locks().locked
    assert registry.changes == []


async def test_what_somebody_else_changed_is_shown_and_left_alone() -> None:
    registry = Registry()
    registry.server.locks["team/app"] = {**UNLOCKED, "deleteEnabled": False}
    async with registry.opened() as locks:
        with pytest.raises(Changed) as error:
            await locks.change(REPOSITORY, Locks(), Locks().locked)
    assert error.value.differences == ("It cannot be deleted by now.",)
    assert registry.changes == []


@pytest.mark.parametrize(("done", "outcome"), [(True, None), (False, OutcomeUnknown)])
async def test_a_lost_answer_is_looked_up_and_never_sent_again(done: bool, outcome: type[Exception] | None) -> None:
    registry = Registry()
    registry.cut, registry.done = True, done
    async with registry.opened() as locks:
        if outcome is None:
            assert await locks.change(REPOSITORY, Locks(), Locks().locked) == Locks().locked
        else:
            with pytest.raises(outcome):
                await locks.change(REPOSITORY, Locks(), Locks().locked)
    assert len(registry.changes) == 1


@pytest.mark.parametrize(("status", "error"), [(403, Forbidden), (500, OutcomeUnknown), (503, OutcomeUnknown)])
async def test_a_refusal_says_that_nothing_was_done_and_a_fault_that_nobody_knows(status: int, error: type[Exception]) -> None:
    registry = Registry()
    registry.status = status
    async with registry.opened() as locks:
        with pytest.raises(error):
            await locks.change(REPOSITORY, Locks(), Locks().locked)
    assert len(registry.changes) == 1


async def test_the_right_is_told_without_a_change() -> None:
    registry = Registry()
    async with registry.opened() as locks:
        (right,) = await locks.rights(REPOSITORY)
    assert (right.name, right.state) == ("metadata/write", RightState.HELD)
    assert [method for method, _, _ in registry.server.requests if method not in ("GET", "POST")] == []


async def test_another_registry_says_that_it_has_no_locks() -> None:
    registry = Registry(acr=False)
    async with registry.opened() as locks:
        for attempt in (locks.read(REPOSITORY), locks.rights(REPOSITORY), locks.change(REPOSITORY, Locks(), Locks().locked)):
            with pytest.raises(Inapplicable, match="is not an Azure Container Registry"):
                await attempt
