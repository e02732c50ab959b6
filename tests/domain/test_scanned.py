"""Reports on images: which are about which, what comes with the base, and what a rebuild mends."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.domain.scan_kit import CVE, LATELY, report, tell, vulnerability
from tests.domain.world import AMD, ARM, NOW, World, digest, image
from tui.domain.assemble.assemble import Assembler
from tui.domain.facts.events import PodsSeen, ScanGone, ScansSeen, SourceId, SourceKind
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.scan import ImageVulnerability, ScanReport
from tui.domain.policy.policy import built_in

APP = "a.azurecr.io/app"
NAME = RepositoryName("a.azurecr.io", "app")
BASE = "a.azurecr.io/debian"
FROM = {"org.opencontainers.image.base.name": f"{BASE}:12"}


def found(world: World, of: str) -> list[str]:
    """The identifiers of what was found in an image."""
    return [row.id for row in image(world.snapshot(), of).vulnerabilities]


# ---- which reports are about an image


def test_by_manifest_and_by_config() -> None:
    world = World()
    one = world.manifest(APP, "one", "1")
    two = world.manifest(APP, "two", "2")
    tell(world, report(one, vulnerability()), report(digest(f"config two {AMD}"), vulnerability("CVE-2026-2")))
    assert (found(world, one), found(world, two)) == ([CVE], ["CVE-2026-2"])


def test_by_index_and_by_platform() -> None:
    world = World()
    index = world.index(APP, "app", "1")
    tell(world, report(index, vulnerability()), report(digest(f"manifest app {ARM} "), vulnerability("CVE-2026-2")))
    assert found(world, index) == [CVE, "CVE-2026-2"]


def test_the_same_content_elsewhere_is_the_same_image() -> None:
    world = World()
    here = world.manifest(APP, "app", "1")
    there = world.manifest("b.example.com/mirror/app", "app", "1", salt="recompressed")
    tell(world, report(here, vulnerability()))
    assert found(world, there) == [CVE]


def test_a_report_on_an_index_says_nothing_of_one_of_its_platforms_elsewhere() -> None:
    world = World()
    index = world.index(APP, "app", "1")
    alone = world.manifest("b.example.com/app", "app", "arm", platform=ARM, salt="alone")
    tell(world, report(index, vulnerability()))
    assert (found(world, index), found(world, alone)) == ([CVE], [])


def test_one_report_a_scanner_the_newest_that_succeeded() -> None:
    world = World()
    app = world.manifest(APP, "app", "1")
    tell(
        world,
        report(app, vulnerability(), key="ns-a", at=LATELY - timedelta(days=3)),
        report(app, vulnerability("CVE-2026-2"), key="ns-b"),
        report(app, key="ns-c", at=NOW, complete=False, reason="out of memory"),
    )
    assert found(world, app) == ["CVE-2026-2"]
    assert [each.key for each in image(world.snapshot(), app).scans] == ["ns-b"]


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_what_a_scan_of_a_part_found_stays_beside_one_that_calls_itself_whole(days: int) -> None:
    """Pipelines scan packages of the system and of languages apart; Trivy does not say which of them a report is about."""
    world = World()
    app = world.manifest(APP, "app", "1")
    part = report(app, vulnerability(), key="library", at=LATELY + timedelta(days=days), complete=False, reason="no os-pkgs")
    source = part.source
    world.tell(ScansSeen(source, 1, (report(app, key="os"), part, report(app, key="cut", complete=False, reason="cut"))))
    assert found(world, app) == [CVE]
    assert [each.key for each in image(world.snapshot(), app).scans] == ["library", "os"]


def named(at: datetime | None = LATELY) -> ScanReport:
    return report("", vulnerability(), name=NAME, tag="1", at=at)


@pytest.mark.parametrize(
    ("at", "expected"),
    [(LATELY, [CVE]), (NOW - timedelta(days=11), []), (None, [])],
    ids=["since it was built", "before it was built", "nobody knows when"],
)
def test_a_name_is_taken_when_nothing_better_is_there_and_the_report_is_not_older(
    at: datetime | None, expected: list[str]
) -> None:
    world = World()
    app = world.manifest(APP, "app", "1", days=10)
    tell(world, named(at))
    assert found(world, app) == expected


def test_a_name_says_nothing_when_a_digest_is_told() -> None:
    world = World()
    app = world.manifest(APP, "app", "1")
    tell(world, named(), report(app, vulnerability("CVE-2026-2"), scanner="Aqua"))
    assert found(world, app) == ["CVE-2026-2"]


def test_a_name_is_about_what_the_tag_names_now_not_about_what_it_named() -> None:
    world = World()
    old = world.manifest(APP, "old", "1")
    new = world.manifest(APP, "new", "1")
    world.list_manifests(APP, old, new)
    tell(world, named(world.clock))
    assert (found(world, old), found(world, new)) == ([], [CVE])


# ---- from the base or own


class Family:
    """An image on a base that was built anew since: `app` on `old`, `new` is the base today."""

    def __init__(self) -> None:
        self.world = World()
        self.old = self.world.manifest(BASE, "old", "12", layers="d", days=40)
        self.new = self.world.manifest(BASE, "new", "12", layers="e", days=2)
        says = {**FROM, "org.opencontainers.image.base.digest": self.old}
        self.app = self.world.manifest(APP, "app", "1", layers="da", says=says)

    def row(self, *reports: ScanReport) -> ImageVulnerability:
        tell(self.world, *reports)
        (row,) = image(self.world.snapshot(), self.app).vulnerabilities
        return row

    def answer(self, *reports: ScanReport) -> tuple[bool | None, str, bool | None]:
        row = self.row(*reports)
        return row.from_base, row.base, row.rebuild


def test_what_the_base_carries_came_with_it_and_a_rebuild_mends_it() -> None:
    family = Family()
    reports = report(family.old, vulnerability()), report(family.new), report(family.app, vulnerability())
    assert family.answer(*reports) == (True, f"{BASE}:12", True)


def test_a_rebuild_mends_nothing_that_todays_base_still_has() -> None:
    family = Family()
    on_all = (report(each, vulnerability()) for each in (family.old, family.new, family.app))
    assert family.answer(*on_all) == (True, f"{BASE}:12", False)


def test_nobody_knows_what_a_rebuild_mends_while_todays_base_is_not_scanned() -> None:
    family = Family()
    assert family.answer(report(family.old, vulnerability()), report(family.app, vulnerability()))[2] is None


def test_what_the_base_lacks_is_the_images_own() -> None:
    family = Family()
    assert family.answer(report(family.old), report(family.app, vulnerability())) == (False, "", False)


@pytest.mark.parametrize(
    "of_base",
    [
        {"scanner": "Aqua"},
        {"at": LATELY - timedelta(days=30)},
        {"complete": False, "reason": "cut"},
        {"vulnerabilities": None, "counts": {}},
        {"at": None},
    ],
    ids=["another scanner", "long before", "failed", "numbers only", "nobody knows when"],
)
def test_a_base_that_was_not_looked_at_alike_leaves_it_open(of_base: dict[str, object]) -> None:
    family = Family()
    assert family.answer(report(family.old, **of_base), report(family.app, vulnerability()))[0] is None  # type: ignore[arg-type]


def test_another_version_in_the_base_is_no_proof_either_way() -> None:
    family = Family()
    of_base = report(family.old, vulnerability(installed="2.9"))
    assert family.answer(of_base, report(family.app, vulnerability()))[0] is None


def test_the_layer_that_a_scanner_names_needs_no_report_on_the_base() -> None:
    family = Family()
    of_base, own = digest(f"layer d {AMD}"), digest("blob a")
    tell(family.world, report(family.app, vulnerability(layer=of_base), vulnerability("CVE-2026-2", layer=own)))
    rows = image(family.world.snapshot(), family.app).vulnerabilities
    assert [(row.from_base, row.base) for row in rows] == [(True, f"{BASE}:12"), (False, "")]


def test_the_lowest_base_that_carries_it_is_named() -> None:
    family = Family()
    says = {"org.opencontainers.image.base.name": f"{APP}:1", "org.opencontainers.image.base.digest": family.app}
    top = family.world.manifest("a.azurecr.io/top", "top", "1", layers="dat", says=says)
    tell(family.world, *(report(each, vulnerability()) for each in (family.old, family.app, top)))
    (row,) = image(family.world.snapshot(), top).vulnerabilities
    assert (row.from_base, row.base) == (True, f"{BASE}:12")


def test_without_a_base_it_is_not_known() -> None:
    world = World()
    app = world.manifest(APP, "app", "1")
    tell(world, report(app, vulnerability()))
    (row,) = image(world.snapshot(), app).vulnerabilities
    assert (row.from_base, row.rebuild) == (None, None)


# ---- what did not change stays the very same


def test_an_event_of_a_cluster_makes_nothing_anew() -> None:
    family = Family()
    tell(family.world, report(family.old, vulnerability()), report(family.app, vulnerability()))
    inventory, assembler = family.world.inventory(), Assembler()
    before = assembler.assemble(inventory.freeze(), built_in(), NOW)
    inventory.apply(PodsSeen(SourceId(SourceKind.CLUSTER, "lab"), "", 1, (family.world.pod("shop/web-1"),)))
    after = assembler.assemble(inventory.freeze(), built_in(), NOW)
    for key, one in before.images.items():
        assert after.images[key].vulnerabilities is one.vulnerabilities
        assert after.images[key] == one


def test_one_new_report_makes_only_its_own_image_anew() -> None:
    family = Family()
    tell(family.world, report(family.old, vulnerability()), report(family.app, vulnerability()))
    inventory, assembler = family.world.inventory(), Assembler()
    before = assembler.assemble(inventory.freeze(), built_in(), NOW)
    tell(family.world, report(family.new, vulnerability("CVE-2026-2"), scanner="Aqua"))
    inventory.apply(family.world.events[-1])
    after = assembler.assemble(inventory.freeze(), built_in(), NOW)
    assert image(after, family.old).vulnerabilities is image(before, family.old).vulnerabilities
    assert [row.id for row in image(after, family.new).vulnerabilities] == ["CVE-2026-2"]


def test_a_report_that_is_gone_is_gone() -> None:
    family = Family()
    tell(family.world, report(family.app, vulnerability(), key="one"))
    family.world.tell(ScanGone(SourceId(SourceKind.SCANNER, "trivy"), "one"))
    assert image(family.world.snapshot(), family.app).vulnerabilities == ()
