"""Versions of an interface that stand in its paths: which of them a server has is learnt from what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply

__all__ = ["AS_WRITTEN", "PathVersions"]


class PathVersions(Protocol):
    """Which version of an interface is asked for, learnt from what is refused."""

    def path(self, path: str) -> str:
        """The path as it is sent."""
        ...

    def learn(self, path: str, reply: Reply) -> bool:
        """Whether an answer refuses the version alone, and there is another to ask for: nothing was done then.

        `path` is as it was asked for first. It comes to an end, whatever a server says.
        """
        ...


class _AsWritten:
    """Versions that nobody negotiates."""

    def path(self, path: str) -> str:
        """As it is."""
        return path

    def learn(self, path: str, reply: Reply) -> bool:
        """Never."""
        return False


AS_WRITTEN: PathVersions = _AsWritten()
"""Where an interface has but the version that is asked for."""
