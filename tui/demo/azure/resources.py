"""What is in the two subscriptions: names and addresses of registries and clusters."""

from __future__ import annotations

from dataclasses import dataclass

from tui.demo.content import Json
from tui.demo.estate.images import CONTOSO, FABRIKAM

__all__ = ["CLUSTERS", "REGISTRIES", "TENANT", "Resource", "resource_rows"]

TENANT = "3c1e6a5d-0000-4000-8000-92b7c0de4411"
_SHOP, _CARRIER = "8d0c2f61-0000-4000-8000-1b5a7e90c3d2", "b47e19aa-0000-4000-8000-6f02d9c81e55"


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of Azure."""

    subscription: str
    group: str
    type: str
    name: str
    location: str

    @property
    def id(self) -> str:
        """Its path."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{self.type}/{self.name}"


REGISTRIES = {
    CONTOSO: Resource(_SHOP, "rg-platform", "Microsoft.ContainerRegistry/registries", "contoso", "westeurope"),
    FABRIKAM: Resource(_CARRIER, "rg-logistics", "Microsoft.ContainerRegistry/registries", "fabrikam", "northeurope"),
}
CLUSTERS = {
    "prod-weu": Resource(_SHOP, "rg-prod-weu", "Microsoft.ContainerService/managedClusters", "prod-weu", "westeurope"),
    "prod-neu": Resource(_SHOP, "rg-prod-neu", "Microsoft.ContainerService/managedClusters", "prod-neu", "northeurope"),
}


def resource_rows() -> list[Json]:
    """The table `resources`."""
    registries = [_row(resource, {"loginServer": host, "adminUserEnabled": False}) for host, resource in REGISTRIES.items()]
    power = {"code": "Running"}
    return registries + [
        _row(resource, {"currentKubernetesVersion": "1.33.5", "powerState": power}) for resource in CLUSTERS.values()
    ]


def _row(resource: Resource, properties: Json) -> Json:
    row: Json = {"id": resource.id, "name": resource.name, "type": resource.type.lower(), "tenantId": TENANT, "kind": ""}
    row |= {
        "location": resource.location,
        "resourceGroup": resource.group,
        "subscriptionId": resource.subscription,
        "managedBy": "",
    }
    row |= {"sku": {"name": "Premium", "tier": "Premium"} if "registries" in resource.type else None, "plan": None}
    return {**row, "properties": properties, "tags": {}, "identity": None, "zones": None, "extendedLocation": None}
