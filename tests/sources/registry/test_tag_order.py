"""Of a long list of names the newest are asked for, each form of tags by its own numbers; the rest stays unknown."""

from __future__ import annotations

from tests.sources.registry.helpers import Collector, demand, options, source
from tests.sources.registry.servers import FakeRegistry
from tui.domain.facts.events import TagsListed
from tui.sources.registry.reading import MAX_HEADS
from tui.sources.registry.tag_order import newest_first


def test_numbers_order_the_tags_of_one_form_and_forms_take_turns() -> None:
    tags = ["1.2", "1.10", "1.9-alpine", "1.10-alpine", "latest", "1.9"]
    assert newest_first(tags) == ["1.10", "1.10-alpine", "latest", "1.9", "1.9-alpine", "1.2"]
    assert newest_first([]) == []


async def test_of_many_tags_the_newest_are_read_and_the_list_is_not_whole() -> None:
    async with FakeRegistry() as server:
        server.page = 1_000
        digest = server.image("app", "1.0")
        server.tags["app"] = {f"1.{number}": digest for number in range(MAX_HEADS + 50)}
        registry = source(options(server, catalog=False, refresh=60.0))
        registry.want((demand("app", digest, history=True),))
        async with Collector(registry) as seen:
            await seen.until(lambda: seen.of(TagsListed) and registry.idle)
        (listed,) = seen.of(TagsListed)
        assert {tag.name for tag in listed.tags} == {f"1.{number}" for number in range(50, MAX_HEADS + 50)}
        assert not listed.complete
