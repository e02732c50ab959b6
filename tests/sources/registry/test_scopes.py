"""After a refusal it is not asked on and on: one question for a repository, whose answer counts for all its images."""

from __future__ import annotations

import pytest

from tests.sources.registry.helpers import Collector, Entra, demand, options, source
from tests.sources.registry.servers import FakeRegistry
from tests.sources.registry.test_faults import client_of, only, said
from tui.domain.facts.events import AbsenceKind, LookupFailed, ManifestRead, SourceState
from tui.errors import AuthenticationFailed, Forbidden
from tui.sources.kit.credentials import Credentials
from tui.sources.registry.scopes import HELD

IMAGES = 20


def _filled(server: FakeRegistry) -> dict[str, list[str]]:
    names = ("hidden", "secret", "open")
    return {name: [server.image(name, f"{number}", layers=(name, f"{number}")) for number in range(IMAGES)] for name in names}


@pytest.mark.parametrize("acr", [False, True])
async def test_a_refused_repository_is_asked_for_once_and_not_for_each_image(acr: bool) -> None:
    async with FakeRegistry(acr=acr, auth="bearer") as server:
        digests = _filled(server)
        server.denied |= {"hidden", "secret"}
        credentials = Credentials(entra=Entra()) if acr else Credentials()
        registry = source(options(server, catalog=False, refresh=60.0), credentials)
        for name, contents in digests.items():
            registry.want(tuple(demand(name, f"{number}", referrers=True, history=True) for number in range(IMAGES)))
            registry.want(tuple(demand(name, digest, referrers=True) for digest in contents))
        async with Collector(registry) as seen:
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.PARTIAL)
        refused = [event for event in seen.of(LookupFailed) if event.name.repository != "open"]
        assert {event.kind for event in refused} == {AbsenceKind.DENIED}
        assert len({(event.name, event.reference) for event in refused}) == 4 * IMAGES
        assert any(HELD in event.remedy for event in refused) or not acr
        assert len({event.manifest.digest for event in seen.of(ManifestRead)}) == IMAGES
        for name in server.denied:
            # A list and a manifest, each with the token for many repositories and then with one of its own.
            assert len(asked := [path for path in server.paths() if f"/{name}/" in path]) <= 4, asked
        assert len([path for path in server.paths() if "token" in path]) <= 3 * len(digests) + 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_token_service_that_refuses_a_repository_is_asked_once_for_it(status: int) -> None:
    async with FakeRegistry(auth="bearer") as server:
        digests = [server.image("hidden", f"{number}", layers=(f"{number}",)) for number in range(IMAGES)]
        server.fault = only("/token", said(status, "DENIED"))
        registry = source(options(server, catalog=False, refresh=60.0))
        async with Collector(registry) as seen:
            registry.want(tuple(demand("hidden", digest, referrers=True) for digest in digests))
            await seen.until(lambda: len(seen.of(LookupFailed)) >= IMAGES)
        assert len([path for path in server.paths() if "/token" in path]) <= 3
        assert not server.paths("/v2/hidden/")


@pytest.mark.parametrize("acr", [False, True])
async def test_one_image_that_is_refused_takes_no_other_with_it(acr: bool) -> None:
    async with FakeRegistry(acr=acr) as server:
        digests = [server.image("app", f"{number}", layers=(f"{number}",)) for number in range(IMAGES)]
        server.fault = only(digests[0], said(403, "DENIED"))
        registry = source(options(server, catalog=False, refresh=60.0))
        async with Collector(registry) as seen:
            registry.want(tuple(demand("app", digest) for digest in digests))
            await seen.idle()
        assert {event.manifest.digest for event in seen.of(ManifestRead)} == set(digests[1:])
        assert [event.reference for event in seen.of(LookupFailed)] == [digests[0]]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_ends_with_the_next_look(status: int) -> None:
    async with FakeRegistry() as server:
        digests = [server.image("app", f"{number}", layers=(f"{number}",)) for number in range(IMAGES)]
        server.fault = only("/v2/app/", said(status, "DENIED"))
        registry = source(options(server, catalog=False))
        async with Collector(registry) as seen:
            registry.want(tuple(demand("app", digest) for digest in digests))
            await seen.until(lambda: len(seen.of(LookupFailed)) >= IMAGES)
            server.fault = None
            await seen.until(lambda: {event.manifest.digest for event in seen.of(ManifestRead)} == set(digests))


async def test_a_repository_that_answered_is_not_taken_for_refused_by_a_few_refusals() -> None:
    async with FakeRegistry() as server:
        digests = [server.image("app", f"{number}", layers=(f"{number}",)) for number in range(8)]
        client = await client_of(options(server, refresh=60.0))
        await client.manifest("app", digests[0])
        server.fault = only("/v2/app/", said(403, "DENIED"))
        for digest in digests[1:]:
            with pytest.raises((Forbidden, AuthenticationFailed)):
                await client.manifest("app", digest)
        await client.close()
        assert len(server.paths("/v2/app/manifests/")) == 1 + 5
