"""The operator at a terminal, or nobody at one, while a plan is carried out: questions, Ctrl+C, and progress on stderr."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tui.actions.actions import Actions
from tui.cli.output import say
from tui.domain.common.text import clean
from tui.domain.plans.board import Board, BoardState
from tui.domain.plans.plan import Plan, Step
from tui.errors import UsageError

__all__ = ["Operator", "Progress"]

GIST = 100
_NUMBER = re.compile(r"\d+(?: pods?)?")


class Operator:
    """Who is asked; where nobody is at a terminal, every answer is no, and a name was not typed."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions
        self._is_there = sys.stdin.isatty() and sys.stderr.isatty()
        self._interrupts = 0
        self._asking: asyncio.Task[None] | None = None

    async def agrees(self, question: str) -> bool:
        """Whether the operator says yes."""
        return self._is_there and (await self._asked(f"{question} [y/N] ")).lower() in ("y", "yes")

    async def name(self, name: str) -> str:
        """What the operator types for the name of a protected cluster. Raises UsageError where nobody is there."""
        if not self._is_there:
            raise UsageError(
                f"Nothing is changed: {clean(name, 80)} is protected, and its name was not typed.",
                f"Give --confirm {clean(name, 80)}.",
            )
        return await self._asked(f"{clean(name, 80)} is protected. Type its name to change it: ")

    async def confirm(self, step: Step, changed: tuple[str, ...]) -> bool:
        """Whether to go on with a step although something has changed."""
        say(f"{clean(step.target, 100)} is not as planned any more:")
        for words in changed:
            say(f"  {words}")
        return await self.agrees("Change it anyway?")

    @contextmanager
    def interrupts(self, plan: Plan) -> Iterator[None]:
        """The first Ctrl+C begins no further step, the second ends the program; what is on disk can be taken up again."""
        loop, owner = asyncio.get_running_loop(), asyncio.current_task()

        def interrupted() -> None:
            self._interrupts += 1
            if self._interrupts == 1:
                say("No further step is started; what runs is still followed. Ctrl+C again leaves it.")
                self._asking = loop.create_task(self._stop(), name="stopping")
                return
            say(f"What runs is left as it is: trustree {plan.action} --resume {plan.id} resumes it.")
            if owner is not None:
                owner.cancel()

        loop.add_signal_handler(signal.SIGINT, interrupted)
        try:
            yield
        except asyncio.CancelledError as error:
            if self._interrupts > 1:
                raise KeyboardInterrupt from error
            raise
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            if self._asking is not None:
                self._asking.cancel()

    async def _stop(self) -> None:
        await self._actions.stop()
        running = [row for row in self._actions.board.rows if row.run is not None and row.state is BoardState.RUNNING]
        the_runs = "the run at its builder" if len(running) == 1 else f"the {len(running)} runs at their builders"
        if running and await self.agrees(f"Cancel {the_runs}, too?"):
            await self._actions.cancel_runs()

    async def _asked(self, question: str) -> str:
        """A line that is typed; the loop goes on meanwhile."""
        sys.stderr.write(question)
        sys.stderr.flush()
        loop = asyncio.get_running_loop()
        typed: asyncio.Future[str] = loop.create_future()

        def readable() -> None:
            if not typed.done():
                typed.set_result(sys.stdin.readline())

        loop.add_reader(sys.stdin, readable)
        try:
            return (await typed).strip()
        finally:
            loop.remove_reader(sys.stdin)


class Progress:
    """Says on stderr what a row has come to, whenever that is something new."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions
        self._said: dict[tuple[str, ...], tuple[object, ...]] = {}

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show it while the context lasts."""
        end = self._actions.subscribe(self._show)
        try:
            self._show(self._actions.board)
            yield
        finally:
            with suppress(ValueError):
                end()

    def _show(self, board: Board) -> None:
        for row in board.rows:
            shown = (row.state, row.at, len(row.passed), _gist(row.sentence))
            if self._said.get(row.steps) != shown and row.state is not BoardState.WAITING:
                self._said[row.steps] = shown
                where = row.at if row.at is not None and row.state is BoardState.RUNNING else row.state
                say(f"{clean(row.title, 100)}: {where}. {clean(row.sentence, 300)}")


def _gist(sentence: str) -> str:
    """What a sentence says, whatever is counted in it: a number less is no news."""
    return _NUMBER.sub("", sentence)[:GIST]
