"""What is advised: the right thing, in order, and nothing that does not mend."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from tests.domain.base_estate import BASE_DIGEST, BASE_NAME
from tests.domain.scan_kit import CVE, report, set_up, tell, vulnerability
from tests.domain.world import NOW, A, World, check, digest, image
from tui.domain.checks.identity_steps import identity_remedy
from tui.domain.common.trust import CheckName
from tui.domain.facts.events import ConfigRead
from tui.domain.facts.image import HistoryEntry
from tui.domain.facts.scan import ImageVulnerability, Severity
from tui.domain.facts.workload import ContainerType
from tui.domain.lineage.base_steps import Rebuild, in_order
from tui.domain.scans.mending import mended
from tui.domain.snapshot.snapshot import Drift, ImageKey
from tui.domain.workloads.containers import ContainerJoin
from tui.domain.workloads.impostor import LEFT_BEHIND, Observation, compare

DEBIAN, NODE, APP = f"{A}/base/debian", f"{A}/base/node", f"{A}/shop"


def says(name: str, found: str) -> dict[str, str]:
    return {BASE_NAME: name, BASE_DIGEST: found}


class Family:
    """An app on node on debian; each base may have a newer build, by name: `debian`, `node`."""

    def __init__(self, *newer: str, debian: str = DEBIAN, node: str = NODE) -> None:
        self.world = World()
        old = self.world.manifest(debian, "d1", "12", layers="d", days=40)
        self.debian = self.world.manifest(debian, "d2", "12", layers="e", days=2) if "debian" in newer else old
        first = self.world.manifest(node, "n1", "22", layers="dn", says=says(f"{debian}:12", old), days=30)
        self.old_debian, self.old_node, self.node = old, first, first
        if "node" in newer:
            self.node = self.world.manifest(node, "n2", "22", layers="dm", says=says(f"{debian}:12", old), days=1)
        self.app = self.world.manifest(APP, "app", "1", layers="dna", says=says(f"{node}:22", first))

    def remedy(self, name: CheckName = CheckName.BASE) -> str:
        return check(image(self.world.snapshot(), self.app), name).remedy

    def scan(self, **found: bool) -> str:
        """The advice of `scan`, where the app has a vulnerability, and these builds have it or not."""
        set_up(self.world, "Trivy")
        tell(self.world, report(self.app, vulnerability()))
        for build, has in found.items():
            tell(self.world, report(getattr(self, build), *([vulnerability()] if has else [])))
        return self.remedy(CheckName.SCAN)


def short(found: str) -> str:
    return found[:19]


def build(wanted: str, old: str) -> str:
    return f"({short(wanted)} in place of {short(old)})"


# ---- the base


def test_the_direct_base_is_named_with_its_newest_build() -> None:
    family = Family("node")
    assert family.remedy() == f"Rebuild it on {NODE}:22 {build(family.node, family.old_node)}."


def test_a_base_that_is_old_itself_comes_first() -> None:
    family = Family("debian")
    step = f"Rebuild {NODE}:22 on {DEBIAN}:12 {build(family.debian, family.old_debian)}, then this image."
    assert family.remedy() == step


def test_a_newest_build_that_is_old_itself_comes_first_too() -> None:
    family = Family("debian", "node")
    step = f"Rebuild {NODE}:22 on {DEBIAN}:12 {build(family.debian, family.old_debian)}, then this image."
    assert family.remedy() == step


def test_what_only_its_publisher_can_rebuild_is_not_advised() -> None:
    family = Family("debian", debian="docker.io/library/debian", node="docker.io/library/node")
    assert family.remedy().startswith("docker.io/library/node:22 has no build on docker.io/library/debian:12")
    assert "wait for it" in family.remedy()


def test_longer_ways_are_told_from_below() -> None:
    way = [Rebuild("b", "a"), Rebuild("c", "b")]
    assert in_order(way, "c") == "Rebuild b on a, then c on that, then this image."


def test_nothing_is_advised_where_nothing_is_old() -> None:
    assert Family().remedy() == ""


# ---- a vulnerability


def test_a_rebuild_is_advised_on_the_build_that_is_rid_of_it() -> None:
    family = Family("node")
    step = family.scan(old_node=True, node=False)
    wanted = f"{NODE}:22 {build(family.node, family.old_node)}"
    assert step == f"Rebuild it on the newest build of {wanted}. That fixes 1 of 1."


def test_no_build_is_advised_that_has_it_too() -> None:
    """Node was rebuilt, and still has it from the old debian: debian's own newest build is what node needs first."""
    family = Family("debian", "node")
    step = family.scan(old_node=True, node=True, old_debian=True, debian=False)
    wanted = f"{DEBIAN}:12 {build(family.debian, family.old_debian)}"
    assert step == f"Rebuild {NODE}:22 on the newest build of {wanted}, then this image. That fixes 1 of 1."


def test_what_no_newest_build_is_rid_of_is_updated_where_it_comes_from() -> None:
    family = Family("node")
    step = family.scan(old_node=True, node=True, old_debian=True)
    assert step == f"Update openssl to 3.1 in {DEBIAN}:12, then rebuild {NODE}:22, then this image."


def test_what_comes_from_a_public_base_is_updated_in_the_lowest_that_is_ours() -> None:
    family = Family("node", debian="docker.io/library/debian")
    step = family.scan(old_node=True, node=True, old_debian=True)
    assert step == f"Update openssl to 3.1 in {NODE}:22, then rebuild this image."


def test_a_public_base_is_not_ours_to_update() -> None:
    row = ImageVulnerability(
        CVE, Severity.HIGH, "zlib", fixed="2", from_base=True, base="docker.io/library/node:22", rebuild=False
    )
    assert mended(row) == "Update zlib to 2 in this image, until docker.io/library/node:22 has it."


def test_where_nobody_knows_whether_the_base_has_it_one_step_names_the_base_first() -> None:
    row = ImageVulnerability("CVE-2026-1", Severity.CRITICAL, "perl-base", fixed="2")
    step = "Rebuild it on r.example/debian:12 (sha256:ab in place of sha256:cd)."
    assert mended(row, step) == "Rebuild it on r.example/debian:12; if that does not fix it, update perl-base to 2."
    assert mended(row) == mended(row, "Move to Debian 13.") == "Update perl-base to 2, then rebuild."
    own = msgspec.structs.replace(row, from_base=False, package="stdlib", fixed="v1.22.12")
    assert mended(own, step) == "Update Go to 1.22.12, then rebuild."


def test_a_rebuild_keeps_an_exemption() -> None:
    family = Family("node")
    set_up(family.world, "Defender")
    exempt = msgspec.structs.replace(vulnerability(), exemption="not applicable")
    tell(
        family.world, report(family.app, exempt, scanner="Defender"), report(family.old_node, vulnerability(), scanner="Defender")
    )
    [row] = image(family.world.snapshot(), family.app).vulnerabilities
    assert (row.from_base, row.exemption) == (True, "not applicable")


# ---- the end of a system


def dated(family: Family, found: str, suite: str) -> None:
    """The build of a base, and all on it, have this Debian."""
    step = f"/bin/sh -c #(nop) # debian.sh --arch 'amd64' out/ '{suite}' '@1733097600'"
    events = []
    for event in family.world.events:
        if isinstance(event, ConfigRead) and event.config.diff_ids[0] == digest(f"layer {found} linux/amd64"):
            history = (HistoryEntry(step), *event.config.history[1:])
            event = ConfigRead(msgspec.structs.replace(event.config, history=history))
        events.append(event)
    family.world.events = events


def test_an_image_cannot_leave_its_bases_system() -> None:
    family = Family("node")
    dated(family, "d", "buster")
    assert family.remedy() == f"Build {NODE}:22 on Debian 13, which has fixes until 2030-06-30; then rebuild this image on it."


def test_a_distributions_own_image_is_left_for_a_newer_one() -> None:
    world = World()
    family = Family()
    base = world.manifest(DEBIAN, "d1", "10", layers="d")
    family.world, family.app = world, world.manifest(APP, "app", "1", layers="da", says=says(f"{DEBIAN}:10", base))
    dated(family, "d", "buster")
    assert family.remedy() == f"Move from {DEBIAN}:10 to Debian 13, which has fixes until 2030-06-30."


def test_a_rebuild_is_enough_where_the_newest_build_has_a_living_system() -> None:
    world, family = World(), Family()
    old = world.manifest(NODE, "n1", "22", layers="dn", days=30)
    new = world.manifest(NODE, "n2", "22", layers="en", days=1)
    family.world, family.app = world, world.manifest(APP, "app", "1", layers="dna", says=says(f"{NODE}:22", old))
    dated(family, "d", "buster")
    dated(family, "e", "trixie")
    assert family.remedy() == f"Rebuild it on {NODE}:22 {build(new, old)}."


@pytest.mark.parametrize("name", [CheckName.SCAN, CheckName.AGE, CheckName.BASE])
def test_no_check_advises_against_another(name: CheckName) -> None:
    """What has ended is left first, whatever else a rebuild on the same would mend."""
    family = Family("node")
    dated(family, "d", "buster")
    family.world.events = [
        ConfigRead(msgspec.structs.replace(event.config, created=NOW - timedelta(days=400)))
        if isinstance(event, ConfigRead)
        else event
        for event in family.world.events
    ]
    family.scan(old_node=True, node=False)
    assert family.remedy(name).startswith(f"Build {NODE}:22 on Debian 13")


# ---- what runs


ONE, TWO = ImageKey(A, "shop", digest("one")), ImageKey(A, "shop", digest("two"))


SLOT = ContainerType.CONTAINER, "c"
OLD, NEW = short(ONE.digest), short(TWO.digest)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"drift": Drift.MIXED, "declared": TWO, "tag": "1"},
            [f"which build is meant. If it is {NEW}, which {A}/shop:1 names now", f"pin {A}/shop@{ONE.digest}, which"],
        ),
        ({"drift": Drift.MIXED}, ["Find out which of", OLD, NEW]),
        ({"drift": Drift.MIXED, "declared": TWO, "pin": TWO.digest}, [f"Have all pods run {NEW}"]),
        ({"drift": Drift.MOVED, "runs": (ONE,), "declared": TWO, "tag": "1"}, ["Find out which build is meant."]),
    ],
)
def test_the_expected_image_comes_before_a_restart(fields: dict[str, object], words: list[str]) -> None:
    found = identity_remedy(msgspec.structs.replace(ContainerJoin(SLOT, "image", runs=(ONE, TWO)), **fields))
    assert all(word in found for word in words), found
    assert found.index("restart") > found.index(words[0])


def test_the_last_known_good_is_what_ran_not_what_had_the_tag() -> None:
    def seen(name: str, where: str, days: int, signer: str) -> Observation:
        key = ImageKey(A, "shop", digest(name))
        return Observation(key, where, NOW - timedelta(days=days), signers=frozenset({signer} if signer else ()))

    before = [seen("older", "in weu", 9, "us"), seen("ran", "in weu", 5, "us"), seen("tagged", LEFT_BEHIND, 2, "us")]
    found = compare(seen("odd", "", 1, ""), before)
    assert found is not None
    assert (found.predecessor, found.place) == (ImageKey(A, "shop", digest("ran")), "in weu")
