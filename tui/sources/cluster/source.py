"""A cluster as a source of facts: every resource listed and watched where we may, and the rest said to be unreadable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING

from tui.domain.facts.events import Event, HealthChanged, SourceId, SourceKind
from tui.domain.facts.health import failed_by, loading
from tui.domain.facts.workload import Resource
from tui.errors import InvalidConfig, UsageError
from tui.sources.cluster.kubeconfig import contexts
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.reader import KubeReader
from tui.sources.kit.streams import Emit, emitted

if TYPE_CHECKING:
    from tui.domain.facts.diagnosis import Diagnosis
    from tui.sources.cluster.access import ClusterContext
    from tui.sources.cluster.coverage import Generation

    FindPlace = Callable[[ClusterOptions], ClusterContext]
    Cover = Callable[[ClusterContext, ClusterOptions, SourceId, str, Emit, Generation], Awaitable[None]]

__all__ = ["ClusterSource"]


class ClusterSource:
    """One context of a kubeconfig; a `Source` and a `Probe`."""

    def __init__(self, options: ClusterOptions) -> None:
        self._options = options
        self._cluster = options.name or options.context or _current(options)
        # Generations go on growing when the source is started again.
        self._generations: dict[tuple[Resource, str], int] = {}

    @property
    def id(self) -> SourceId:
        """`cluster/prod-weu`."""
        return SourceId(SourceKind.CLUSTER, self._cluster)

    @property
    def cluster(self) -> str:
        """What the facts call the cluster: the context, unless it was given another name."""
        return self._cluster

    def reader(self) -> KubeReader:
        """Opens the same cluster for sources that read other resources of it."""
        return KubeReader(self._options, self._cluster)

    def events(self) -> AsyncGenerator[Event, None]:
        """Facts for ever. Raises UsageError, after saying so in the health, when the kubeconfig cannot be used."""
        return emitted(self._work, str(self.id))

    def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """What can be reached and read, and the right that is missing for the rest."""
        from tui.sources.cluster.diagnosis import diagnose

        return diagnose(self._options)

    async def _work(self, emit: Emit) -> None:
        begun = loading(self.id)
        try:
            await emit(HealthChanged(begun))
            find_place, cover = await asyncio.to_thread(_load)
            place = await asyncio.to_thread(find_place, self._options)
            await cover(place, self._options, self.id, self._cluster, emit, self._generation)
        except UsageError as error:
            await emit(HealthChanged(failed_by(begun, error)))
            raise

    def _generation(self, resource: Resource, scope: str) -> int:
        generation = self._generations.get((resource, scope), 0) + 1
        self._generations[resource, scope] = generation
        return generation


def _load() -> tuple[FindPlace, Cover]:
    """What loads aiohttp waits until a source is really opened, and then happens off the event loop."""
    from tui.sources.cluster.access import find_place
    from tui.sources.cluster.coverage import cover
    from tui.sources.cluster.pages import keep_memory_of_pages

    keep_memory_of_pages()
    return find_place, cover


def _current(options: ClusterOptions) -> str:
    try:
        return contexts(options.paths).current or "current"
    except InvalidConfig:
        return "current"
