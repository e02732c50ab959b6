"""A workload may run thousands of images, or have thousands of containers: the work grows with their number, not its square."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from tests.domain.world import NOW, A, World, digest, running, trusting
from tui.domain.assemble.assemble import Assembler
from tui.domain.query.query import EVERYTHING
from tui.reports.document import Document
from tui.reports.wire import report_of

FEW, MANY = 30, 240


def crowded(number: int, *, apart: bool = False) -> World:
    """One Deployment whose pods run an image each; `apart` names each container anew."""
    world = World()
    owner = world.deployment("x/app", f"{A}/app:1")
    for place in range(number):
        image = digest(f"image{place}")
        world.pod(f"x/p{place}", running(f"{A}/app:1", f"{A}/app@{image}", f"c{place}" if apart else "main"), owner=owner)
    return world


def calls(work: Callable[[], object]) -> int:
    """How many Python calls a piece of work makes, turns of generators among them."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("apart", [False, True])
def test_judging_grows_with_the_images(apart: bool) -> None:
    def judging(number: int) -> int:
        facts = crowded(number, apart=apart).inventory().freeze()
        return calls(lambda: Assembler().assemble(facts, trusting((A,)), NOW))

    few, many = judging(FEW), judging(MANY)
    assert many < few * MANY / FEW * 1.5


def test_reporting_grows_with_the_images() -> None:
    def reporting(number: int) -> int:
        snapshot = crowded(number).snapshot()
        return calls(lambda: report_of(Document(snapshot, EVERYTHING.images(snapshot, NOW))))

    few, many = reporting(FEW), reporting(MANY)
    assert many < few * MANY / FEW * 1.5


def test_the_containers_of_a_workload_are_listed_once_for_all_of_them() -> None:
    assembler = Assembler()
    assembler.assemble(crowded(FEW, apart=True).inventory().freeze(), trusting((A,)), NOW)
    ((_, asked),) = assembler._kept.workloads._asked.values()
    siblings = {id(answers.context.siblings) for answers in asked}
    assert len(asked) > FEW / 2
    assert len(siblings) == 1
