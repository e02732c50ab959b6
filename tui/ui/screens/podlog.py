"""The logs of pods: one container at a time, with a key to each other one, and to the run before the last restart."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import ClassVar

import msgspec
from textual.binding import Binding, BindingType

from tui.domain.facts.inquiries import PodLog
from tui.errors import TrustreeError
from tui.presenters.podlogs import PodLogs
from tui.presenters.words import count
from tui.ui.screens.runlog import RunLogScreen

__all__ = ["PodLogScreen"]


class PodLogScreen(RunLogScreen):
    """The log of a container of the first of these pods, followed while it runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "previous", "previous run", id="log.previous"),
        Binding("tab", "container(1)", "container", id="log.container"),
        Binding("shift+tab", "container(-1)", "container before", show=False, id="log.container-before"),
        Binding("o", "pod(1)", "other pod", id="log.pod"),
        Binding("O", "pod(-1)", "pod before", show=False, id="log.pod-before"),
    ]

    kept_by = "kubectl logs shows them"

    def __init__(self, pods: Sequence[PodLogs]) -> None:
        self._pods = pods
        self._pod = self._container = 0
        self._previous = False
        super().__init__(self._words(), self._opened)

    @property
    def log_shown(self) -> PodLog:
        """What is read now."""
        log = self._logs[self._container]
        return msgspec.structs.replace(log, previous=self._previous)

    @property
    def _logs(self) -> tuple[PodLog, ...]:
        return self._pods[self._pod].logs

    def _words(self) -> str:
        log = self.log_shown
        pod = _number("pod", self._pod, len(self._pods))
        container = _number("container", self._container, len(self._logs))
        return f"{log.pod}{pod}  {log.container}{container}"

    @property
    def state(self) -> str:
        """How reading goes, and of which run, where that is not the one of now."""
        return f"previous run, {super().state}" if self._previous else super().state

    def _opened(self) -> AsyncGenerator[str, None]:
        return self._lines_of(self.log_shown)

    async def _lines_of(self, log: PodLog) -> AsyncGenerator[str, None]:
        estate = self.app.estate
        if estate is None:
            raise TrustreeError("The estate is not open any more.", "Start trustree again.")
        async with aclosing(estate.inquiries.cluster(log.cluster).log(log)) as lines:  # its connection ends with the screen
            async for line in lines:
                yield line

    def _reread(self) -> None:
        self.read(self._words(), self._opened)
        self.refresh_bindings()

    def action_previous(self) -> None:
        """The run before the last restart, or the one of now again."""
        self._previous = not self._previous
        self._reread()

    def action_container(self, by: int) -> None:
        """Another container of the pod."""
        self._container = (self._container + by) % len(self._logs)
        self._reread()

    def action_pod(self, by: int) -> None:
        """Another pod; its container of the same name, where it has that."""
        name = self.log_shown.container
        self._pod = (self._pod + by) % len(self._pods)
        names = [log.container for log in self._logs]
        self._container = names.index(name) if name in names else 0
        self._reread()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys to others work where there are others."""
        match action:
            case "container":
                return len(self._logs) > 1 or None
            case "pod":
                return len(self._pods) > 1 or None
            case _:
                return super().check_action(action, parameters)


def _number(what: str, index: int, total: int) -> str:
    return f" ({what} {count(index + 1)} of {count(total)})" if total > 1 else ""
