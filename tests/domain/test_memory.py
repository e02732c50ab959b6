"""What did not change is not judged again, and what did change is."""

from __future__ import annotations

from tests.domain.world import NOW, A, World
from tui.domain.assemble import Assembler
from tui.domain.policy import built_in
from tui.domain.snapshot import Snapshot


def test_only_what_changed_is_judged_again() -> None:
    world, assembler = World(), Assembler()
    inventory = world.inventory()

    def now() -> Snapshot:
        for event in world.events:
            inventory.apply(event)
        world.events.clear()
        return assembler.assemble(inventory.freeze(), built_in((A,)), NOW)

    world.manifest(f"{A}/app", "a", "1")
    world.manifest(f"{A}/web", "w", "1")
    before = now()
    world.manifest(f"{A}/web", "v", "1")
    after = now()
    assert [key.repository for key, image in after.images.items() if before.images.get(key) is image] == ["app"]
    fresh = Assembler().assemble(inventory.freeze(), built_in((A,)), NOW)
    assert after.images == fresh.images
