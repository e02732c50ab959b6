"""Whole programs at terminals of their own, on the demo: a second Ctrl+C, the next start, and two of them at once.

Two programs read the whole demo in each of these: only under the deep profile.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import struct
import sys
import termios
from pathlib import Path

import pyte
import pytest

from tests.actions.emulated import Emulated, told
from tests.actions.test_emulated_bad_days import TASK, TAX, Demo, demo
from tests.laws import is_deep
from tui.actions.plan_files import save_plan
from tui.demo.faults import Fault

__all__ = ["demo"]

pytestmark = [
    pytest.mark.writes,
    pytest.mark.hypothesis,  # so that the deep profile has them
    pytest.mark.xdist_group("emulated bad days"),
    pytest.mark.skipif(not is_deep(), reason="two whole programs: only under the deep profile"),
]
READING = 180.0
"""Seconds for a program to read the whole demo and act, on a machine that does other things too."""
COLUMNS, LINES = 80, 24


class Terminal:
    """`trustree` at a terminal of its own, on the demo."""

    def __init__(self, world: Emulated, state: Path, *words: str) -> None:
        self._environment = {**os.environ, "XDG_STATE_HOME": str(state), "TERM": "xterm", "COLUMNS": "200"}
        config, kubeconfig = str(world.settings_file), str(world.kubeconfig)
        self._words = [*words, "--config", config, "--kubeconfig", kubeconfig, "--context", "prod-weu", "--context", "prod-neu"]
        self.text = ""
        self._came, self._closed = asyncio.Event(), asyncio.Event()

    async def __aenter__(self) -> Terminal:
        self._ours, theirs = os.openpty()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tui", *self._words),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=self._environment,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)
        asyncio.get_running_loop().add_reader(self._ours, self._read)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)

    def _read(self) -> None:
        try:
            self._take(os.read(self._ours, 65536))
        except OSError:  # it has ended
            asyncio.get_running_loop().remove_reader(self._ours)
            self._closed.set()
        self._came.set()

    def _take(self, came: bytes) -> None:
        self.text += came.decode(errors="replace")

    async def says(self, pattern: str) -> None:
        """Wait until it says so; a regular expression."""
        try:
            async with asyncio.timeout(READING):
                while re.search(pattern, self.text) is None:
                    self._came.clear()
                    assert not self.has_ended, self.text
                    await self._came.wait()
        except TimeoutError as error:
            raise AssertionError(f"{pattern} never came:\n{self.text}") from error

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self._process.returncode is not None

    def types(self, text: str) -> None:
        """Type."""
        os.write(self._ours, text.encode())

    async def ended(self) -> int:
        """Its exit code, once all that it has said was read: what it said last may come after its end."""
        async with asyncio.timeout(READING):
            code = await self._process.wait()
            await self._closed.wait()
            return code


class Screen(Terminal):
    """`trustree` with its screen: what it says is what stands there."""

    def __init__(self, world: Emulated, state: Path, *words: str) -> None:
        super().__init__(world, state, *words)
        self._environment |= {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(LINES)}
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)

    async def __aenter__(self) -> Screen:
        await super().__aenter__()
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        return self

    def _take(self, came: bytes) -> None:
        self._stream.feed(_NOT_SHOWN.sub(b"", came))
        self.text = "\n".join(self._screen.display)


_NOT_SHOWN = re.compile(rb"\x1b\[[<>=][\d;]*u|\x1b\[\?\d+\$p")
"""What asks the terminal or chooses its keyboard, and is no text, though the emulator takes it for some."""


def _take_terminal() -> None:
    """The terminal is the one whose Ctrl+C counts."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_second_ctrl_c_leaves_what_runs_and_it_is_taken_up_again(demo: Demo) -> None:
    async def day(world: Emulated) -> None:
        await world.planned(TAX)
        world.faults.switch(Fault("tasks", TASK, "queue-full"))
        state = world.directory()
        async with Terminal(world, state, "rebuild", f"{TAX} is:running", "--write", "--yes") as trustree:
            await trustree.says("is queued")
            trustree.types("\x03")
            await trustree.says("Cancel the")
            trustree.types("\x03")
            assert await trustree.ended() == 130, trustree.text
            plan = re.findall(r"--resume (\S+) resumes it", trustree.text)[-1]
        assert len(world.triggers) == 1
        world.start_queued(TAX)
        async with Terminal(world, state, "rebuild", "--resume", plan, "--write", "--yes") as trustree:
            code = await trustree.ended()
            assert "resumes it" not in trustree.text
            assert code == 0, trustree.text
        assert len(world.triggers) == 1, "the run that was there was followed, and no other was begun"
        events = [line["event"] for line in told(state / "trustree")]
        assert events.count("begun") == events.count("resumed") == 1

    demo(day(demo.world))


def test_two_processes_carry_out_one_plan_once(demo: Demo) -> None:
    async def day(world: Emulated) -> None:
        state = world.directory()
        plan = await world.planned(TAX)
        state.mkdir()
        file = save_plan(plan, state / "plan.json")
        words = ("rebuild", "--from", str(file), "--write", "--yes")
        async with Terminal(world, state, *words) as one, Terminal(world, state, *words) as other:
            for terminal in (one, other):  # the query finds more than what was written into the file
                await terminal.says(r"anyway\?")
            one.types("y\r")
            other.types("y\r")
            codes = sorted([await one.ended(), await other.ended()])
        assert len(world.triggers) == 1
        assert codes == [0, 1], one.text + other.text
        assert "is being carried out by" in one.text + other.text

    demo(day(demo.world))


def test_in_the_explorer_a_second_ctrl_c_leaves_at_once_and_the_next_start_follows_the_run(demo: Demo) -> None:
    async def day(world: Emulated) -> None:
        await world.planned(TAX)
        world.faults.switch(Fault("tasks", TASK, "queue-full"))
        state = world.directory()
        async with Screen(world, state, TAX, "is:running", "--write") as trustree:
            await trustree.says(r"(\d+)/\1 sources ok(?s:.)*tax:")
            trustree.types("b")
            await trustree.says("carry it out")
            trustree.types("\r")
            await trustree.says("queued")
            trustree.types("\x03")
            await trustree.says("What runs")
            assert not trustree.has_ended, "the first one only asks"
            trustree.types("\x03")
            assert await trustree.ended() == 130, trustree.text
        assert len(world.triggers) == 1
        log = state / "trustree"
        assert [line["event"] for line in told(log)].count("ended") == 0
        world.start_queued(TAX)
        async with Screen(world, state, "--write") as trustree:
            await trustree.says(r"(\d+)/\1 sources ok")
            trustree.types("5")
            await trustree.says("interrupted")
            trustree.types("\r")
            await trustree.says("Resume the rebuild")
            trustree.types("\r")
            await trustree.says(r"1 done")
        assert len(world.triggers) == 1, "the run that was there was followed, and no other was begun"
        events = [line["event"] for line in told(log)]
        assert events.count("begun") == events.count("resumed") == 1

    demo(day(demo.world))
