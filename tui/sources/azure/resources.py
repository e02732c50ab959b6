"""Registries and clusters of Azure, by Resource Graph: what who is signed in may read, in the order of their ids."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import TypeVar

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.common.text import clean
from tui.errors import NotFound, UntrustedPayload
from tui.sources.ports import ResourceQueries

__all__ = ["AksCluster", "AzureRegistry", "AzureResources"]

T = TypeVar("T", "AzureRegistry", "AksCluster")
KEPT = 600.0
MOST = 20_000
REGISTRIES = (
    "resources | where type =~ 'microsoft.containerregistry/registries' "
    "| project id, loginServer = properties.loginServer | order by id asc"
)
CLUSTERS = (
    "resources | where type =~ 'microsoft.containerservice/managedclusters' "
    "| project id, name, resourceGroup, subscriptionId, power = properties.powerState.code | order by id asc"
)


class AzureRegistry(msgspec.Struct, frozen=True, rename="camel"):
    """A registry: its resource id, and its host."""

    id: str
    login_server: str | None = None


class AksCluster(msgspec.Struct, frozen=True, rename="camel"):
    """A cluster; `power` is Running or Stopped."""

    id: str
    name: str
    resource_group: str = ""
    subscription_id: str = ""
    power: str | None = None


class AzureResources:
    """`RegistryResources`, and the clusters; what was listed is kept for a while."""

    def __init__(self, graph: ResourceQueries, clock: Callable[[], float]) -> None:
        self._graph, self._clock = graph, clock
        self._asking = asyncio.Lock()
        self._registries: tuple[float, tuple[AzureRegistry, ...]] = (0.0, ())

    async def resource_id(self, host: str) -> str:
        """The resource id of a registry. Raises SourceError, NotFound when nobody signed in here sees such a registry."""
        resource_id = next(
            (registry.id for registry in await self.registries() if (registry.login_server or "").lower() == host), None
        )
        if resource_id is None:
            raise NotFound(
                f"Azure lists no registry {clean(host, 120)} for the signed-in identity",
                "Ask for the role Reader on the registry; --subscription may leave its subscription out.",
            )
        return resource_id

    async def registries(self) -> tuple[AzureRegistry, ...]:
        """Every registry. Raises SourceError."""
        async with self._asking:
            until, listed = self._registries
            if until <= self._clock():
                listed = tuple(await self._rows(REGISTRIES, AzureRegistry))
                self._registries = self._clock() + KEPT, listed
            return listed

    async def clusters(self) -> tuple[AksCluster, ...]:
        """Every cluster of AKS. Raises SourceError."""
        return tuple(await self._rows(CLUSTERS, AksCluster))

    async def _rows(self, query: str, kind: type[T]) -> list[T]:
        """Every resource once: pages of a list that changes meanwhile may repeat a row."""
        rows: dict[str, T] = {}
        async with self._graph.open() as session, aclosing(session.pages(query)) as pages:
            async for page in pages:
                resources = [_row(raw, kind) for raw in page.rows if bytes(raw) != b"null"]
                rows |= {resource.id.lower(): resource for resource in resources}
                if page.truncated or len(rows) > MOST:
                    raise UntrustedPayload(
                        "Azure Resource Graph leaves out some of the resources", "Name subscriptions with --subscription."
                    )
        return list(rows.values())


def _row(raw: msgspec.Raw, kind: type[T]) -> T:
    try:
        return from_json(bytes(raw), kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UntrustedPayload("Azure Resource Graph sent a row in an unknown form", "It is retried.") from error
