"""Bad days against the demo's servers, by the real clients: each through a whole plan, then at random.

A day takes seconds of the processor, so that the suite has one of each kind; `-m hypothesis --hypothesis-profile=deep` has all.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.actions.emulated import LIMITS, Emulated, Mishap, SetClock, emulated, told
from tests.laws import examples, is_deep
from tui.actions.audit import AuditFault
from tui.actions.state import PlanHeld
from tui.demo.faults import Fault
from tui.domain.plans.board import Board, BoardState

pytestmark = [pytest.mark.writes, pytest.mark.xdist_group("emulated bad days")]
DONE, FAILED, UNKNOWN, DENIED = BoardState.DONE, BoardState.FAILED, BoardState.UNKNOWN, BoardState.DENIED
CHANGED, HELD = BoardState.CHANGED, BoardState.HELD
CART = "contoso.azurecr.io/checkout/cart"
WEB = "contoso.azurecr.io/checkout/web"
TAX, TASK = "contoso.azurecr.io/checkout/tax", "checkout-tax"


class Demo:
    """A loop that lives for as long as the demo, and runs while a test waits for something."""

    def __init__(self, directory: Path) -> None:
        self._runner = asyncio.Runner()
        self._end = asyncio.Event()
        self._opened = asyncio.Event()
        self._world: Emulated | None = None
        self._holding = self._runner.get_loop().create_task(self._hold(directory), name="the demo")
        self.world = self._runner.run(self._wait())

    async def _hold(self, directory: Path) -> None:
        async with emulated(directory) as world:
            self._world = world
            self._opened.set()
            await self._end.wait()

    async def _wait(self) -> Emulated:
        opening = asyncio.create_task(self._opened.wait())
        await asyncio.wait([self._holding, opening], return_when=asyncio.FIRST_COMPLETED)
        opening.cancel()
        if self._world is None:
            await self._holding  # raises why
        assert self._world is not None
        return self._world

    def close(self) -> None:
        """End it."""
        self._end.set()
        self._runner.run(self._ended())
        self._runner.close()

    async def _ended(self) -> None:
        await self._holding

    def __call__(self, work: Awaitable[object]) -> None:
        """Do something there."""

        async def do() -> None:
            await work

        self._runner.run(do())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo, for all of these tests."""
    opened = Demo(tmp_path_factory.mktemp("demo"))
    yield opened
    opened.close()


@dataclass
class Day:
    """What goes wrong, from the start and as soon as a run is under way; how the row ends, and what it says."""

    ends: BoardState
    says: str = ""
    faults: tuple[Fault, ...] = ()
    meanwhile: Callable[[Emulated], None] | None = None
    before: Callable[[Emulated], None] | None = None
    after: Callable[[Emulated], None] | None = None
    ahead: float = 0.0
    sleeps: float = 0.0
    line: str = TAX
    in_suite: bool = False


def switched(*faults: Fault) -> Callable[[Emulated], None]:
    """Faults that begin later."""
    return lambda world: world.faults.switch(*faults)


def moved_tag(world: Emulated) -> None:
    """Somebody pushes under the same tags just after the build has."""
    pushes, line = world.run.pushes, TAX

    def push(published: object) -> None:
        if getattr(published, "name", "") == line:
            pushes.remove(push)
            world.push(line)

    pushes.append(push)


SCHEDULE = r".*/schedulerun"
ARM, POST, PATCH = "arm", "POST", "PATCH"
DAYS = {
    "a good day": Day(DONE, "pods run"),
    "the answer to a trigger is lost": Day(DONE, faults=(Fault(ARM, "(?i)" + SCHEDULE, "drop", first=1),), in_suite=True),
    "a trigger is lost": Day(UNKNOWN, "no run was found", (Fault(ARM, "(?i)" + SCHEDULE, "unheard"),), in_suite=True),
    "the answer to a trigger is an error": Day(DONE, faults=(Fault(ARM, "(?i)" + SCHEDULE, "500", first=1),)),
    "the builder is down": Day(FAILED, "", (Fault(ARM, r".*/tasks/.*", "unheard"),)),
    "the builder is down for a while": Day(DONE, meanwhile=switched(Fault(ARM, ".*", "unheard", ends=1.0))),
    "the queue is full": Day(UNKNOWN, "has not ended", (Fault("tasks", TASK, "queue-full"),), in_suite=True),
    "the build fails half-way": Day(FAILED, "failed", (Fault("tasks", TASK, "half-way"),), in_suite=True),
    "the log is cut": Day(DONE, faults=(Fault("tasks", TASK, "log-cut"),)),
    "the run is cancelled elsewhere": Day(FAILED, "not from here", (Fault("tasks", TASK, "cancelled"),)),
    "the build pushes nothing": Day(FAILED, "pushed nothing", (Fault("tasks", TASK, "nothing"),)),
    "the build pushes another digest": Day(FAILED, "nothing has changed", (Fault("tasks", TASK, "other-digest"),)),
    "the build is on the old base": Day(FAILED, "old base", (Fault("tasks", TASK, "old-base"),)),
    "the signer never signs": Day(FAILED, "signature", (Fault("tasks", TASK, "unsigned"),), in_suite=True),
    "the tag is moved by somebody else": Day(FAILED, "somebody moved the tag", before=moved_tag, in_suite=True),
    "the right to run it is lost": Day(DENIED, "", (Fault(ARM, "(?i)" + SCHEDULE, "403"),)),
    "the right to change the object is lost": Day(
        DENIED,
        "",
        meanwhile=switched(*(Fault(name, r".*/deployments/.*", "403", method=PATCH) for name in ("prod-weu", "prod-neu"))),
        in_suite=True,
    ),
    "the object is changed meanwhile": Day(
        CHANGED,
        "not as planned",
        meanwhile=lambda world: world.change_image("checkout", "web", world.newest(CART).reference),
        after=lambda world: world.change_image("checkout", "web", world.newest(WEB).reference),
        line=WEB,
        in_suite=True,
    ),
    "the answer to a change is lost": Day(
        DONE,
        faults=tuple(Fault(name, r".*/deployments/.*", "drop", first=1, method=PATCH) for name in ("prod-weu", "prod-neu")),
        in_suite=True,
    ),
    "the token expires in the middle": Day(DONE, meanwhile=lambda world: world.sign_out()),
    "the laptop is closed for an hour": Day(DONE, sleeps=3600.0, in_suite=True),
    "the clock is a day ahead": Day(DONE, ahead=86400.0),
    "the clock is a day behind": Day(DONE, ahead=-86400.0),
}


ALL_DAY = 86400.0
NEVER = {"queue-full": "is queued", "unsigned": "Waits for its signature: No signature"}
"""What never comes on a day with this fault, as the board says it: from then on it has been waited for all day."""


async def lived(world: Emulated, day: Day, *, ends_as_said: bool = True) -> None:
    """A whole plan on such a day, and what must hold after it."""
    plan = await world.planned(day.line)
    world.faults.switch(*day.faults)
    if day.before is not None:
        day.before(world)
    clock = SetClock(day.ahead)

    def meanwhile() -> None:
        clock.ahead += day.sleeps
        if day.meanwhile is not None:
            day.meanwhile(world)

    mishap, directory = Mishap(meanwhile), world.directory()
    # The estate goes by the same wrong clock: facts are as old as they are.
    limits = msgspec.structs.replace(LIMITS, facts_age=1e6) if day.ahead else LIMITS
    never = [NEVER[fault.what] for fault in day.faults if fault.what in NEVER]

    def told(board: Board) -> None:
        mishap.told(board)
        if any(words in row.sentence for words in never for row in board.rows):
            clock.awake = ALL_DAY

    rows = await world.carried_out(plan, directory, told, clock, limits)
    if day.after is not None:
        day.after(world)
    odd = [(row.state, row.sentence) for row in rows if row.state is not day.ends or day.says not in row.sentence]
    assert odd == [] or not ends_as_said
    assert len(world.triggers) <= 1
    world.check(plan, rows, directory)


TRIED = [name for name, day in DAYS.items() if day.in_suite or is_deep()]


@pytest.mark.hypothesis  # so that the deep profile has them
@pytest.mark.parametrize("name", TRIED)
def test_a_bad_day(demo: Demo, name: str) -> None:
    demo(lived(demo.world, DAYS[name]))


# ---- the disk, other operators, and a second Ctrl+C


@contextmanager
def full_audit(lines: int) -> Iterator[None]:
    """The disk has room for so many lines of the audit log."""
    real, left = os.write, lines

    def write(descriptor: int, body: bytes) -> int:
        nonlocal left
        if b'"trustree/audit/v1"' in bytes(body[:40]):
            left -= 1
            if left < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, body)

    with mock.patch("os.write", write):
        yield


@pytest.mark.hypothesis
@pytest.mark.parametrize("lines", [0, 1, 2, 4] if is_deep() else [2])
def test_what_the_audit_log_has_no_room_for_is_not_sent(demo: Demo, lines: int) -> None:
    async def day(world: Emulated) -> None:
        plan, directory = await world.planned(TAX), world.directory()
        with full_audit(lines):
            try:
                rows = await world.carried_out(plan, directory)
            except* AuditFault:
                rows = ()  # not even that it begins could be written down
        sends = [line for line in told(directory) if line["event"] == "sending"]
        assert len(world.triggers) + len(world.patches) == len(sends)
        assert lines > 0 or rows == ()
        assert not world.patches, "what the build was for is not sent any more"
        assert all(row.state is not DONE for row in rows if row.workloads)

    demo(day(demo.world))


def test_the_audit_log_has_the_ids_of_the_services_for_what_was_sent(demo: Demo) -> None:
    async def day(world: Emulated) -> None:
        plan, directory = await world.planned(TAX), world.directory()
        await world.carried_out(plan, directory)
        sent = [line for line in told(directory) if line["event"] == "done"]
        assert {line["kind"] for line in sent} == {"rebuild", "restart"}
        assert all(line["requests"] for line in sent)

    demo(day(demo.world))


def test_two_operators_carry_out_one_plan_once(demo: Demo) -> None:
    """On one machine the second is told who does it; on another one the run is found, and followed."""

    async def day(world: Emulated) -> None:
        plan, here, there = await world.planned(TAX, rollouts=0), world.directory(), world.directory()
        async with world.acting(here) as first, world.acting(here) as second, world.acting(there) as other:
            begun = asyncio.Event()
            first.subscribe(lambda board: begun.set() if any(row.run is not None for row in board.rows) else None)
            await first.begin(plan)
            with pytest.raises(PlanHeld, match="being carried out by"):
                await second.begin(plan)
            await begun.wait()
            await other.begin(plan)
            boards = [await actions.finished(plan.id) for actions in (first, other)]
        assert len(world.triggers) == 1
        assert {row.state for board in boards for row in board.rows} == {DONE}
        assert any(line["event"] == "adopted" for line in told(there))
        world.check(plan, boards[0].rows, here)

    demo(day(demo.world))


# ---- at random


SYSTEMS = {
    TAX: ("arm", "tasks", TASK, SCHEDULE),
    "contoso.azurecr.io/payments/settlement": ("azure-pipelines", "azure-pipelines-runs", "shop/31", r".*/pipelines/31/runs"),
    "contoso.azurecr.io/identity/tokens": (
        "github-actions",
        "github-actions-runs",
        "contoso/identity/tokens.yml",
        r".*/dispatches",
    ),
    "contoso.azurecr.io/fulfilment/orders": ("jenkins", "jenkins-runs", "fulfilment/orders", r".*/build(WithParameters)?"),
}
RUNS = ("half-way", "nothing", "other-digest", "old-base", "log-cut", "cancelled", "queue-full", "unsigned")
ANSWERS = ("drop", "unheard", "500", "401", "403", "429")


@st.composite
def random_days(draw: st.DrawFn) -> Day:
    """Some of all this at once."""
    line = draw(st.sampled_from(sorted(SYSTEMS)))
    server, runs, job, trigger = SYSTEMS[line]
    faults = [Fault(runs, re.escape(job), draw(st.sampled_from(RUNS)))] if draw(st.booleans()) else []
    if draw(st.booleans()):
        faults.append(Fault(server, "(?i)" + trigger, draw(st.sampled_from(ANSWERS)), first=draw(st.integers(1, 3))))
    if draw(st.booleans()):
        what = draw(st.sampled_from(ANSWERS))
        faults += [Fault(name, r".*", what, first=draw(st.integers(1, 4)), method="PATCH") for name in ("prod-weu", "prod-neu")]
    later = draw(st.sampled_from([None, "signed out", "down", "refused"]))
    happens: dict[str | None, Callable[[Emulated], None] | None] = {
        None: None,
        "signed out": lambda world: world.sign_out(),
        "down": switched(*faults, Fault(server, ".*", "unheard", ends=1.0)),
        "refused": switched(*faults, Fault(server, ".*", "403", ends=0.5)),
    }
    ahead, sleeps = draw(st.sampled_from([0.0, 86400.0, -86400.0])), draw(st.sampled_from([0.0, 3600.0]))
    return Day(DONE, "", tuple(faults), happens[later], ahead=ahead, sleeps=sleeps, line=line)


@examples(1)
@given(random_days())
def test_whatever_goes_wrong_nothing_is_sent_twice_and_nothing_is_green_without_its_proof(demo: Demo, day: Day) -> None:
    demo(lived(demo.world, day, ends_as_said=False))
