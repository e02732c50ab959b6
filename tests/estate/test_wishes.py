"""What the store asks registries for, and when: before the snapshot that the wishes came up with is judged, and once."""

from __future__ import annotations

import asyncio

from tests.domain.world import NOW, A, World
from tui.domain.events import HealthChanged, SourceHealth, SourceKind, SourceState
from tui.domain.policy import built_in
from tui.estate.store import Store, Wishes


async def test_wishes_go_out_before_the_snapshot_and_not_twice() -> None:
    world, told = World(), list[str]()
    world.deployment("shop/web", f"{A}/app:1")
    store = Store(built_in((A,)), lambda: NOW)

    def asked(wishes: Wishes) -> None:
        demands, _ = wishes
        told.append(f"asked for {', '.join(sorted(demand.reference for demand in demands))}")

    store.on_demand(asked)
    store.subscribe(lambda snapshot: told.append(f"{len(snapshot.workloads)} workloads"))
    running = asyncio.create_task(store.run())
    for event in world.events:
        store.apply(event)
    await store.turned(store.version)
    # Nothing that wishes follow from.
    store.apply(HealthChanged(SourceHealth("cluster/c", SourceKind.CLUSTER, SourceState.OK, objects=7)))
    await store.turned(store.version)
    running.cancel()
    await asyncio.wait([running])
    assert told == ["asked for 1", "1 workloads", "1 workloads"]
