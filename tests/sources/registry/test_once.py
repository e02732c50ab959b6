"""A command that ends when it has its answer: nothing is looked at again, and the rest of a registry is read on demand."""

from __future__ import annotations

from tests.sources.registry.helpers import Collector, demand, options, source
from tests.sources.registry.servers import FakeRegistry
from tui.domain.facts.events import CatalogListed, ManifestRead, SourceState, TagsListed
from tui.sources.ports import SurveyedSource


async def test_nothing_is_looked_at_again() -> None:
    """Looks are 0.05 s apart here; health is told every 0.25 s, so that several would have come before its second word."""
    async with FakeRegistry() as server:
        server.image("app", "1")
        registry = source(options(server, once=True))
        async with Collector(registry) as seen:
            registry.want((demand("app", "1", referrers=True),))
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.OK)
            asked = len(server.requests)
            registry.want((demand("app", "gone"),))
            await seen.until(lambda: any("/gone" in path for path in server.paths()))
            await seen.idle()
        assert not [path for path in server.paths("/v2/app/manifests/1") if path.startswith("HEAD")]
        assert [path for path in server.paths()[asked:] if "/gone" not in path and not path.endswith("/v2/")] == []


async def test_the_rest_is_read_when_somebody_asks_about_it() -> None:
    async with FakeRegistry() as server:
        server.image("app", "1", layers=("a",))
        server.image("other", "1", layers=("b",))
        registry = source(options(server, once=True))
        assert isinstance(registry, SurveyedSource)
        async with Collector(registry) as seen:
            registry.want((demand("app", "1"),))
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.OK)
            assert (seen.health.surveyed, seen.of(CatalogListed), seen.of(TagsListed)) == (False, [], [])
            registry.survey()
            assert not registry.idle
            await seen.until(lambda: registry.idle and seen.health.surveyed)
            assert seen.health.state is SourceState.OK
        assert {event.name.repository for event in seen.of(ManifestRead)} == {"app", "other"}


async def test_one_that_is_only_met_is_never_walked_through() -> None:
    async with FakeRegistry() as server:
        server.image("app", "1")
        registry = source(options(server, once=True, catalog=False))
        async with Collector(registry) as seen:
            registry.survey()
            registry.want((demand("app", "1"),))
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.OK)
            assert seen.health.surveyed
        assert seen.of(CatalogListed) == []
