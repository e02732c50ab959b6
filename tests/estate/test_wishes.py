"""What the store asks registries for, and when: once; before the snapshot is judged, save the first, for which nobody waits."""

from __future__ import annotations

import asyncio

from tests.domain.world import NOW, A, World, trusting
from tui.domain.facts.events import HealthChanged, SourceHealth, SourceId, SourceKind, SourceState
from tui.estate.store import Store, Wishes


async def test_wishes_go_out_before_a_snapshot_but_the_first_and_not_twice() -> None:
    world, told = World(), list[str]()
    world.deployment("shop/web", f"{A}/app:1")
    store = Store(trusting((A,)), lambda: NOW)

    def asked(wishes: Wishes) -> None:
        demands, _ = wishes
        told.append(f"asked for {', '.join(sorted(demand.reference for demand in demands))}")

    store.on_demand(asked)
    store.subscribe(lambda snapshot: told.append(f"{len(snapshot.workloads)} workloads"))
    running = asyncio.create_task(store.run())
    for event in world.events:
        store.apply(event)
    await store.turned(store.version)
    world.deployment("shop/api", f"{A}/api:2")
    for event in world.events:
        store.apply(event)
    await store.turned(store.version)
    # Nothing that wishes follow from.
    store.apply(HealthChanged(SourceHealth(SourceId(SourceKind.CLUSTER, "c"), SourceState.OK, objects=7)))
    await store.turned(store.version)
    running.cancel()
    await asyncio.wait([running])
    assert told == ["1 workloads", "asked for 1", "asked for 1, 2", "2 workloads", "2 workloads"]
