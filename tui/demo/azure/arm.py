"""An Azure Resource Manager: resource queries, registries with their tasks, clusters, permissions.

Sources: recordings of azure-cli, REST API documentation of Microsoft.ContainerRegistry, Microsoft.ContainerService and
Microsoft.Authorization.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping

from tui.demo.azure.answers import Routed, arm_error, arm_reply
from tui.demo.azure.graph import ResourceGraph, forbidden, unauthorized
from tui.demo.azure.resources import CLUSTERS, REGISTRIES, Resource
from tui.demo.azure.tasks import LogStore, RegistryTasks
from tui.demo.content import Json
from tui.demo.estate.company import Company
from tui.demo.estate.publisher import Published
from tui.demo.faults import Faults
from tui.demo.http import Reply, Request

__all__ = ["AzureResourceManager"]

READER = ("*/read",)
TASKS_CONTRIBUTOR = (
    "Microsoft.ContainerRegistry/registries/tasks/*",
    "Microsoft.ContainerRegistry/registries/runs/*",
    "Microsoft.ContainerRegistry/registries/scheduleRun/action",
    "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
)
_GRAPH = "/providers/microsoft.resourcegraph/resources"


class AzureResourceManager:
    """Answers for everything in the subscriptions; with `denied` nobody may do anything.

    `kubeconfigs` are those of the clusters, as users of Entra ID get them. `pace` stretches what builds take. `listeners` are
    told of every image that is pushed, wherever it was built; what waits for a base listens here, too.
    """

    def __init__(
        self,
        company: Company,
        graph: ResourceGraph,
        is_known: Callable[[str], bool],
        faults: Faults,
        *,
        denied: bool = False,
        kubeconfigs: Mapping[str, str] | None = None,
        pace: float = 1.0,
        scheme: str = "https",
        listeners: list[Callable[[Published], None]] | None = None,
    ) -> None:
        self._scheme = scheme
        self._graph, self._known, self._denied = graph, is_known, denied
        self.kubeconfigs = dict(kubeconfigs or {})
        self.logs = LogStore()
        self.registries = {
            host: RegistryTasks(company, host, resource, self.logs, faults, pace) for host, resource in REGISTRIES.items()
        }
        self._listeners = [] if listeners is None else listeners
        for registry in self.registries.values():
            registry.told = self._pushed
            self._listeners.append(registry.base_pushed)

    def _pushed(self, published: Published) -> None:
        for listener in self._listeners:
            listener(published)

    async def handle(self, request: Request) -> Reply:
        """One request."""
        path = request.path.lower()
        if path == _GRAPH:
            return await self._graph.handle(request)
        token = request.headers.get("authorization", "").partition(" ")[2]
        if not token or not self._known(token):
            return unauthorized(bool(token))
        if not request.query.get("api-version"):
            message = "The api-version query parameter (?api-version=) is required for all requests."
            return arm_error(400, "MissingApiVersionParameter", message)
        if self._denied:
            return forbidden(f"{request.path.strip('/').rpartition('/')[2]}/read", request.path)
        return await self._routed(request, path)

    async def _routed(self, request: Request, path: str) -> Reply:
        for registry in self.registries.values():
            if path == (root := registry.resource.id.lower()):
                return arm_reply(registry.registry())
            if path == f"{root}/providers/microsoft.authorization/permissions":
                return arm_reply({"value": [_permission(READER), _permission(TASKS_CONTRIBUTOR)]})
            if path.startswith(f"{root}/"):
                return await registry.handle(Routed(request, tuple(path.removeprefix(f"{root}/").split("/")), self._scheme))
        for name, cluster in CLUSTERS.items():
            if path == cluster.id.lower():
                return arm_reply(_cluster(name, cluster))
            if path == f"{cluster.id.lower()}/listclusterusercredential" and request.method == "POST":
                value = b64encode(self.kubeconfigs.get(name, "").encode()).decode()
                return arm_reply({"kubeconfigs": [{"name": "clusterUser", "value": value}]})
        return arm_error(404, "ResourceNotFound", f"The Resource '{request.path}' was not found.")


def _permission(actions: tuple[str, ...]) -> Json:
    return {"actions": list(actions), "notActions": [], "dataActions": [], "notDataActions": []}


def _cluster(name: str, resource: Resource) -> Json:
    properties: Json = {
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "currentKubernetesVersion": "1.33.5",
        "fqdn": f"{name}-dns-4g5o6dyp.hcp.{resource.location}.azmk8s.io",
        "aadProfile": {"managed": True, "enableAzureRBAC": True},
        "disableLocalAccounts": True,
    }
    head: Json = {"id": resource.id, "location": resource.location, "name": name, "type": resource.type}
    return {**head, "properties": properties}
