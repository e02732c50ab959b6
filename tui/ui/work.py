"""Work beside the keys: each runs as a worker of Textual's."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from textual.worker import Worker

__all__ = ["WorkHost", "begin_work"]


class WorkHost(Protocol):
    """An app, a screen or a widget; its work ends with it."""

    def run_worker(
        self, work: Callable[[], Coroutine[None, None, None]], *, name: str, group: str, exclusive: bool, exit_on_error: bool
    ) -> Worker[None]:
        """Do something beside the keys."""
        ...


def begin_work(
    host: WorkHost, work: Callable[..., Coroutine[Any, Any, None]], *, name: str, group: str, exclusive: bool = False
) -> Worker[None]:
    """Begin work beside the keys; `exclusive` cancels what goes on in its group. What it raises is its worker's error.

    It is handed over as a function: a coroutine made now would be awaited by nobody where its host goes before the work begins.
    """
    return host.run_worker(work, name=name, group=group, exclusive=exclusive, exit_on_error=False)
