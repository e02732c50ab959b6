"""S1: a vulnerability is out; do we run it, where, is there a fix, is it the base's?"""

from __future__ import annotations

from tests.domain.scan_kit import CVE, report, set_up, statement, tell, vulnerability
from tests.domain.world import World
from tui.domain.facts.scan import Exploitability
from tui.domain.query.exposure import Exposure, exposure
from tui.domain.query.vulnerabilities import names

HOST = "a.azurecr.io"


def estate() -> World:
    """`web` has it from its base, `job` of its own, `old` runs nowhere, `dark` was never scanned."""
    world = World()
    set_up(world, "Trivy")
    base = world.manifest(f"{HOST}/debian", "base before", "12", layers="d", days=40)
    new = world.manifest(f"{HOST}/debian", "base today", "12", layers="e", days=2)
    says = {"org.opencontainers.image.base.name": f"{HOST}/debian:12", "org.opencontainers.image.base.digest": base}
    found = {
        name: world.manifest(f"{HOST}/{name}", name, "1", layers=f"d{name}", says=says) for name in ("web", "job", "old", "dark")
    }
    for name in ("web", "job", "dark"):
        world.run(f"shop/{name}", f"{HOST}/{name}:1", f"{HOST}/{name}@{found[name]}", f"{HOST}/{name}@{found[name]}")
    tell(world, report(base, vulnerability()), report(new))
    tell(world, report(found["web"], vulnerability()), report(found["old"], vulnerability()))
    tell(world, report(found["job"], vulnerability(package="curl", fixed="")))
    return world


def asked(world: World, name: str = CVE) -> Exposure:
    return exposure(world.snapshot(), names(name))


def test_the_whole_answer() -> None:
    found = asked(estate())
    assert [key.repository for key in found.images] == ["debian", "job", "old", "web"]
    assert [key.repository for key in found.running] == ["job", "web"]
    assert [key.name for key in found.workloads] == ["job", "web"]
    assert (found.pods, found.fixes) == (4, (("openssl", "3.1"),))
    assert (found.bases, found.own, found.unplaced) == (((f"{HOST}/debian:12", 2),), 1, 1)
    assert (found.rebuild, found.unsure, found.open) == (2, 1, 1)


def test_nothing_found_is_no_all_clear_while_something_was_not_scanned() -> None:
    found = asked(estate(), "CVE-2026-4321")
    assert (found.images, found.running, found.open) == ((), (), 1)


def test_who_says_that_it_does_not_apply_is_heard() -> None:
    world = estate()
    said = statement(Exploitability.NOT_AFFECTED, "Product Security")
    image = next(key for key in world.snapshot().images if key.repository == "web")
    tell(world, report(image.digest, vulnerabilities=None, vex=(said,), scanner="OpenVEX"))
    assert asked(world).excused == (said,)
