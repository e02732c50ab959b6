"""The demo's registry can be locked: the client's changes are taken, shown, obeyed and undone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from tests.sources.registry.helpers import Entra
from tui.demo.content import Image, Platform, Recipe
from tui.demo.estate.images import CONTOSO
from tui.demo.estate.images_on_nodes import NodeImages
from tui.demo.estate.publisher import ImagePublisher
from tui.demo.http import Reply, Request, serve
from tui.demo.registry.acr import AzureRegistry
from tui.demo.registry_contents import RegistryContents
from tui.domain.facts.asking import RegistryKind
from tui.domain.facts.image import Locks, RepositoryName
from tui.domain.facts.rights import RightState
from tui.errors import Forbidden, NotFound
from tui.sources.acting_ports import LockTarget
from tui.sources.kit.credentials import Credentials
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.locks import AcrLocks
from tui.sources.registry.options import RegistryOptions

NAME = RepositoryName(CONTOSO, "team/app")
READS = ("pull", "metadata_read")


class Served:
    """A registry with one image, its client, and a node that pulls from it."""

    def __init__(self, yard: ImagePublisher, client: RegistryClient, digest: str) -> None:
        self.client, self.locks, self.node, self.digest = client, AcrLocks(client), NodeImages(yard), digest


@asynccontextmanager
async def served(*actions: str) -> AsyncIterator[Served]:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    yard = ImagePublisher(1, now)
    shelf: RegistryContents = yard.shelf(CONTOSO)
    repository = shelf.repository("team/app", now)
    stored = Image(Recipe(Platform("amd64"), (), now)).stored
    repository.put(stored, now)
    repository.tag("1", stored.digest, now)
    emulated = AzureRegistry(shelf, lambda token: True, actions=actions or (*READS, "metadata_write"))

    async def without_tls(request: Request) -> Reply:
        reply = await emulated.handle(request)
        reply.headers = tuple((name, value.replace('realm="https:', 'realm="http:')) for name, value in reply.headers)
        return reply

    server, port = await serve(without_tls, None)
    options = RegistryOptions(host=CONTOSO, kind=RegistryKind.ACR, endpoint=f"http://127.0.0.1:{port}", named_by_operator=True)
    client = RegistryClient(options, Credentials(entra=Entra()))
    try:
        yield Served(yard, client, stored.digest)
    finally:
        await client.close()
        server.close()


async def test_what_is_hidden_is_not_pulled_until_that_is_undone() -> None:
    async with served() as run:
        target, image = LockTarget(NAME, run.digest), f"{CONTOSO}/team/app:1"
        assert run.node.pulled(image).endswith(run.digest)
        before = await run.locks.read(target)
        assert await run.locks.change(target, before, before.locked.unreadable) == Locks(delete=False, write=False, read=False)
        with pytest.raises(LookupError, match="disallowed"):
            run.node.pulled(image)
        with pytest.raises(Forbidden, match="locked"):
            await run.client.manifest("team/app", run.digest)
        assert await run.locks.change(target, before.locked.unreadable, before) == before
        assert run.node.pulled(image).endswith(run.digest)


@pytest.mark.parametrize("reference", ["", "1"])
async def test_a_tag_and_a_repository_are_locked_by_themselves(reference: str) -> None:
    async with served() as run:
        target = LockTarget(NAME, reference)
        await run.locks.change(target, Locks(), Locks().locked)
        assert await run.locks.read(target) == Locks().locked
        assert await run.locks.read(LockTarget(NAME, run.digest)) == Locks()
        with pytest.raises(NotFound):
            await run.locks.read(LockTarget(NAME, "not-there"))


async def test_a_right_that_is_missing_is_told_before() -> None:
    async with served(*READS) as run:
        (right,) = await run.locks.rights(LockTarget(NAME))
        assert right.state is RightState.MISSING
        with pytest.raises(Forbidden):
            await run.locks.change(LockTarget(NAME), Locks(), Locks().locked)
    async with served() as run:
        (right,) = await run.locks.rights(LockTarget(NAME))
        assert right.state is RightState.HELD
