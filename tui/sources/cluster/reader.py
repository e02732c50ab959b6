"""A cluster opened for other sources; loads nothing heavy until it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tui.sources.cluster.options import ClusterOptions

if TYPE_CHECKING:
    from tui.sources.cluster.session import KubeSession

__all__ = ["KubeReader"]


class KubeReader:
    """A `ClusterReader` of one context of a kubeconfig; `cluster` is what the facts call it."""

    def __init__(self, options: ClusterOptions, cluster: str) -> None:
        self._options, self._cluster = options, cluster

    @property
    def cluster(self) -> str:
        """What the facts call the cluster."""
        return self._cluster

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The only namespaces to be read, empty for all that may be."""
        return self._options.namespaces

    @asynccontextmanager
    async def open(self) -> AsyncIterator[KubeSession]:
        """Connect. Raises UsageError when the kubeconfig cannot be used."""
        session = await asyncio.to_thread(_load)
        async with session(self._options) as opened:
            yield opened


def _load() -> type[KubeSession]:
    from tui.sources.cluster.session import KubeSession

    return KubeSession
