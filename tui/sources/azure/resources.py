"""Registries and clusters of Azure, by Resource Graph: what who is signed in may read, in the order of their ids."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import TypeVar

import msgspec

from tui.domain.common.text import clean
from tui.errors import NotFound, UntrustedPayload
from tui.sources.kit.entries import OddEntry, entries, present
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
    """A registry: its resource id, and its host. `unread`: no more than the id is understood."""

    id: str
    login_server: str | None = None
    unread: bool = False


class AksCluster(msgspec.Struct, frozen=True, rename="camel"):
    """A cluster; `power` is Running or Stopped. `unread`: no more than the id is understood."""

    id: str
    name: str
    resource_group: str = ""
    subscription_id: str = ""
    power: str | None = None
    unread: bool = False


class AzureResources:
    """`RegistryResources`, and the clusters; what was listed is kept for a while."""

    def __init__(self, graph: ResourceQueries, clock: Callable[[], float]) -> None:
        self._graph, self._clock = graph, clock
        self._asking = asyncio.Lock()
        self._registries: tuple[float, tuple[AzureRegistry, ...]] = (0.0, ())

    async def resource_id(self, host: str) -> str:
        """The resource id of a registry. Raises SourceError, NotFound when nobody signed in here sees such a registry."""
        registries = await self.registries()
        resource_id = next((registry.id for registry in registries if (registry.login_server or "").lower() == host), None)
        if resource_id is None and (unread := [registry.id for registry in registries if registry.unread]):
            names = ", ".join(clean(id.rpartition("/")[2], 80) for id in unread[:3])
            raise UntrustedPayload(f"Azure Resource Graph describes the registry {names} in an unknown form", "It is retried.")
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
                described = entries(present(page.rows), kind)
                resources = [_by_its_id(row, kind) if isinstance(row, OddEntry) else row for row in described]
                rows |= {resource.id.lower(): resource for resource in resources}
                if page.truncated or len(rows) > MOST:
                    raise UntrustedPayload(
                        "Azure Resource Graph leaves out some of the resources", "Name subscriptions with --subscription."
                    )
        return list(rows.values())


def _by_its_id(row: OddEntry, kind: type[T]) -> T:
    """A resource of which only the id is understood: it is there, and whoever needs more is told. Raises UntrustedPayload."""
    id = row.text("id")
    parts = id.split("/")
    places = dict(zip((part.lower() for part in parts[1::2]), parts[2::2], strict=False))
    if not id.startswith("/subscriptions/") or "providers" not in places:
        raise UntrustedPayload("Azure Resource Graph sent a row in an unknown form", "It is retried.")
    members = {"id": id, "name": parts[-1], "resourceGroup": places.get("resourcegroups", ""), "unread": True}
    return msgspec.convert({**members, "subscriptionId": places["subscriptions"]}, kind)
