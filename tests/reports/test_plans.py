"""Plans as documents: what was saved is opened as it was, and what is no plan is refused."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given

from tests.domain.plans.kit import world
from tests.domain.plans.test_rebuild import BUILDERS, CHAIN, DEBIAN_OLD, RUNNING, estates, plan_for
from tests.laws import examples
from tui.actions.plan_files import save_plan
from tui.domain.plans.plan import Forecast, Plan, Staying
from tui.domain.snapshot.snapshot import Snapshot
from tui.errors import UsageError
from tui.reports.plans import plan_from, plan_pieces, plan_table

PLAN = plan_for(world(CHAIN, RUNNING, BUILDERS), DEBIAN_OLD)


def saved(plan: Plan) -> bytes:
    """A plan as it is saved."""
    return b"".join(plan_pieces(plan, "json", unicode=True))


@examples(40)
@given(estates())
def test_a_saved_plan_is_opened_as_it_was(snapshot: Snapshot) -> None:
    plan = plan_for(snapshot, *sorted(snapshot.images))
    assert plan_from(saved(plan), "plan.json") == plan


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b'{"schema": "trustree/plan/v1"}', b"\xff", b"[" * 100_000, saved(PLAN).replace(b"/v1", b"/v9")],
)
def test_what_is_no_plan_is_refused(document: bytes) -> None:
    with pytest.raises(UsageError):
        plan_from(document, "plan.json")


def test_steps_out_of_order_are_refused() -> None:
    turned = msgspec.structs.replace(PLAN, steps=PLAN.steps[::-1])
    with pytest.raises(UsageError, match="order"):
        plan_from(saved(turned), "plan.json")


@pytest.mark.parametrize("made", ["2026-03-01T10:42:07", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("member", ["made", "as_of"])
def test_times_that_nobody_can_reckon_with_are_refused(member: str, made: str) -> None:
    document = msgspec.json.decode(saved(PLAN))
    document["plan"][member] = made
    with pytest.raises(UsageError, match="cannot be read"):
        plan_from(msgspec.json.encode(document), "plan.json")


def test_the_times_of_a_plan_are_told_in_utc_whatever_zone_its_file_has() -> None:
    document = msgspec.json.decode(saved(PLAN))
    document["plan"] |= {"made": "2026-03-01T12:42:07+02:00", "as_of": "2026-02-28T20:10:00-05:00"}
    lines = list(plan_pieces(plan_from(msgspec.json.encode(document), "plan.json"), "markdown", unicode=True))
    assert b"Made 2026-03-01 10:42 UTC, of facts as of 2026-03-01 01:10 UTC.\n" in lines


@pytest.mark.parametrize("lay", ["pipe", "link", "directory"])
def test_a_plan_replaces_nothing_but_a_file(tmp_path: Path, lay: str) -> None:
    place, elsewhere = tmp_path / "plan.json", tmp_path / "elsewhere"
    match lay:
        case "pipe":
            os.mkfifo(place)
        case "link":
            elsewhere.write_text("kept")
            place.symlink_to(elsewhere)
        case _:
            place.mkdir()
    before = place.lstat()
    with pytest.raises(UsageError, match="cannot be written"):
        save_plan(PLAN, place)
    assert place.lstat().st_ino == before.st_ino
    assert not elsewhere.exists() or elsewhere.read_text() == "kept"


def test_findings_that_are_not_listed_are_counted() -> None:
    left = tuple(Staying(f"CVE-2026-{number:04}", 1, "no fix known") for number in range(1233))
    plan = msgspec.structs.replace(PLAN, forecast=Forecast(staying=left, unknown=left[:20]))
    lines = list(plan_table(plan))
    assert sum(line.startswith("Stays: CVE-") for line in lines) == 20
    assert "Stays: 1,213 more; -o json has all of them" in lines
    assert not [line for line in lines if line.startswith("Not known:") and "more" in line]


def test_what_comes_of_a_plan_are_points_of_its_ticket() -> None:
    left = (Staying("CVE-2026-1", 1, "no fix known"), Staying("CVE-2026-2", 2, "own package"))
    plan = msgspec.structs.replace(PLAN, forecast=Forecast(("CVE-2026-3",), left), notes=("1 image stays.",))
    ticket = b"".join(plan_pieces(plan, "markdown", unicode=True)).decode().splitlines()
    begin = ticket.index("## What comes of it")
    assert ticket[begin - 1] == ticket[begin + 1] == ""
    assert ticket[begin + 2 : begin + 6] == [
        "- 1 image stays.",
        "- Removes 1 finding: CVE-2026-3",
        "- Stays: CVE-2026-1 in 1 image: no fix known",
        "- Stays: CVE-2026-2 in 2 images: own package",
    ]
