"""What Azure Resource Manager answers about tasks and runs, in the form of the recordings."""

from __future__ import annotations

from typing import Any

from tests.sources.scanners.servers import Entra, Service
from tui.sources.azure.arm import ArmClient, ArmOptions
from tui.sources.builders.acr.log import LogTimes
from tui.sources.builders.acr.tasks import AcrTasksBuilder, AcrTasksOptions

__all__ = ["GROUP", "HOST", "REGISTRY", "TASK", "Found", "builder", "run", "task"]

HOST = "contoso.azurecr.io"
GROUP = "/subscriptions/8d0c2f61-0000-4000-8000-1b5a7e90c3d2/resourceGroups/rg-platform"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/contoso"
TASK = f"{REGISTRY}/tasks/web"
FAST = LogTimes(pause=0.001, longest_pause=0.002, patience=0.05, first_wait=0.0)


class Found:
    """`RegistryResources` that know one registry."""

    async def resource_id(self, host: str) -> str:
        """The resource id of the registry."""
        assert host == HOST
        return REGISTRY


def builder(service: Service, entra: Entra | None = None) -> tuple[AcrTasksBuilder, ArmClient]:
    """A builder that asks a service, and its client, to be closed."""
    arm = ArmClient(entra or Entra(), ArmOptions(endpoint=service.url, first_wait=0.0))
    return AcrTasksBuilder(HOST, arm, Found(), AcrTasksOptions(log=FAST)), arm


def task(name: str = "web", step: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A task (the form of `GET tasks/testTask` in arm/test_acr_task.yaml)."""
    docker = {
        "type": "Docker",
        "imageNames": ["shop/web:v1"],
        "isPushEnabled": True,
        "noCache": False,
        "dockerFilePath": "Dockerfile",
        "arguments": [],
        "contextPath": "https://github.com/contoso/web",
    }
    base = {"baseImageTriggerType": "Runtime", "status": "Enabled", "name": "defaultBaseimageTriggerName"}
    properties = {
        "provisioningState": "Succeeded",
        "creationDate": "2024-09-17T08:33:29.2226262+00:00",
        "status": "Enabled",
        "platform": {"os": "linux", "architecture": "amd64"},
        "agentConfiguration": {"cpu": 2},
        "timeout": 3600,
        "step": step or docker,
        "trigger": {"baseImageTrigger": base},
        "isSystemTask": False,
    }
    return {
        "type": "Microsoft.ContainerRegistry/registries/tasks",
        "properties": properties | more,
        "id": f"{REGISTRY}/tasks/{name}",
        "name": name,
        "location": "westeurope",
    }


def run(number: str = "cf2", status: str = "Succeeded", **more: Any) -> dict[str, Any]:
    """A run (the form of `GET runs` in arm/test_acr_task.yaml)."""
    properties = {
        "runId": number,
        "status": status,
        "lastUpdatedTime": "2026-09-17T08:34:33+00:00",
        "runType": "QuickRun",
        "createTime": "2026-09-17T08:34:07.2459241+00:00",
        "task": "web",
        "agentConfiguration": {"cpu": 2},
        "provisioningState": "Succeeded",
        "isArchiveEnabled": False,
    }
    properties = {name: value for name, value in (properties | more).items() if value is not None}
    kind = "Microsoft.ContainerRegistry/registries/runs"
    return {"type": kind, "properties": properties, "id": f"{REGISTRY}/runs/{number}", "name": number}
