"""Clusters of AKS as contexts: their kubeconfig by Azure Resource Manager, their tokens by the sign-in that there is.

Source: REST API `Microsoft.ContainerService/managedClusters/listClusterUserCredential` 2024-09-01 (`format=exec` for clusters
with Entra ID; those without have a certificate in it), recordings of azure-cli.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.common.text import clean, listed
from tui.errors import NotFound, SourceError, Unreachable, UntrustedPayload
from tui.sources.azure.resources import AksCluster, AzureResources
from tui.sources.kit.credentials import EntraTokens
from tui.sources.resource_ports import ArmRequest, ResourceManager

__all__ = ["AksAccess", "all_clusters"]

API = "2024-09-01"
KEPT = 3600.0
"""Seconds for which a kubeconfig is good: what it holds changes when the cluster's certificates are rotated."""
RIGHT = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"
ASK_FOR = "Ask for the role Azure Kubernetes Service Cluster User Role on the cluster."


class _Credential(msgspec.Struct):
    value: str = ""


class _Credentials(msgspec.Struct):
    kubeconfigs: list[_Credential] = []


async def all_clusters(resources: AzureResources) -> tuple[str, ...]:
    """Every cluster of the subscriptions, as SUBSCRIPTION/GROUP/NAME. Raises SourceError."""
    return tuple(f"{cluster.subscription_id}/{cluster.resource_group}/{cluster.name}" for cluster in await resources.clusters())


class AksAccess:
    """A `ManagedCluster`: `wanted` is GROUP/NAME or SUBSCRIPTION/GROUP/NAME."""

    def __init__(
        self, cluster: str, arm: ResourceManager, resources: AzureResources, entra: EntraTokens, clock: Callable[[], float]
    ) -> None:
        self._wanted = cluster
        self._arm, self._resources, self._entra, self._clock = arm, resources, entra, clock
        self._kept: tuple[float, bytes] = (0.0, b"")

    async def kubeconfig(self) -> bytes:
        """The kubeconfig for who is signed in, as YAML. Raises SourceError."""
        until, body = self._kept
        if until <= self._clock():
            try:
                body = await self._asked()
            finally:
                await self._arm.close()
            self._kept = self._clock() + KEPT, body
        return body

    async def token(self, server_id: str) -> tuple[str, datetime]:
        """A token for the API server. Raises AuthenticationFailed."""
        token = await self._entra.token(f"{server_id}/.default")
        return token.value, datetime.fromtimestamp(token.expires, UTC)

    async def _asked(self) -> bytes:
        cluster = await self._found()
        name = clean(cluster.name, 80)
        if (cluster.power or "").lower() == "stopped":
            raise Unreachable(f"the cluster {name} is stopped", "Start it with `az aks start`.")
        action = f"get the user's credential for the cluster {name}"
        path = f"{cluster.id}/listClusterUserCredential?api-version={API}&format=exec"
        answer = await self._arm.ask(ArmRequest(path, action, RIGHT, ASK_FOR))
        try:
            credentials = from_json(answer, _Credentials).kubeconfigs
            return base64.b64decode(credentials[0].value, validate=True)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, IndexError, binascii.Error, ValueError) as error:
            raise UntrustedPayload(f"Azure handed over no kubeconfig for the cluster {name}", "It is retried.") from error

    async def _found(self) -> AksCluster:
        """The one cluster that is meant. Raises SourceError, NotFound when there is none."""
        *before, group, name = self._wanted.lower().split("/")
        matching = [
            cluster
            for cluster in await self._resources.clusters()
            if (cluster.resource_group.lower(), cluster.name.lower()) == (group, name)
            and (not before or cluster.subscription_id.lower() == before[-1])
        ]
        if not matching:
            raise NotFound(
                f"Azure lists no cluster {clean(self._wanted, 160)} for the signed-in identity",
                "Check the names, and the role Reader on the cluster; --subscription may leave its subscription out.",
            )
        if len(matching) > 1:
            places = listed([f"{cluster.subscription_id}/{cluster.resource_group}/{cluster.name}" for cluster in matching])
            raise SourceError(f"several clusters are called {clean(self._wanted, 160)}", f"Name one of {places} with --aks.")
        return matching[0]
