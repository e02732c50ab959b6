"""The ids by which services know the requests that change something, for whoever writes down what was sent.

Sources: the recorded answers of Azure Resource Manager (`x-ms-request-id`, `x-ms-correlation-request-id`), Azure DevOps
(`x-vss-e2eid`, `activityid`) and GitHub (`x-github-request-id`). Jenkins has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from tui.domain.common.text import clean

__all__ = ["collected_ids", "hear_ids"]

_NAMES = ("x-ms-request-id", "x-ms-correlation-request-id", "x-vss-e2eid", "activityid", "x-github-request-id")
LONGEST = 100
_collecting: ContextVar[list[str] | None] = ContextVar("request ids", default=None)


class _Answer(Protocol):
    def header(self, name: str) -> str:
        """A header, empty when it is not there."""
        ...


@contextmanager
def collected_ids() -> Iterator[list[str]]:
    """The ids of what is sent while the context lasts, by whoever is awaited in it; they come with the answers."""
    ids: list[str] = []
    token = _collecting.set(ids)
    try:
        yield ids
    finally:
        _collecting.reset(token)


def hear_ids(answer: _Answer) -> None:
    """Note the ids of an answer, where somebody collects them."""
    ids = _collecting.get()
    if ids is not None:
        ids += [f"{name}: {clean(value, LONGEST)}" for name in _NAMES if (value := answer.header(name))]
