"""What deletes images by itself: the policies of a registry, and a task that purges by the clock.

Sources: recordings of azure-cli (`acr show`, `acr task create --schedule`), learn.microsoft.com container-registry-auto-purge.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime

from tui.demo.azure.resources import Resource
from tui.demo.content import Json
from tui.demo.estate.images import CONTOSO
from tui.demo.moments import acr_time

__all__ = ["cleaning_tasks", "policies"]

_PURGE = (
    "version: v1.1.0\nsteps:\n"
    "- cmd: acr purge --filter 'payments/.*:^[0-9]' --filter 'data/export:.*' --ago 60d --untagged\n"
    "  disableWorkingDirectoryOverride: true\n  timeout: 3600\n"
)


def policies(host: str, moment: datetime) -> Json:
    """The policies of a registry: one deletes what lost its tag a week ago."""
    is_on = host == CONTOSO
    retention: Json = {"days": 7, "lastUpdatedTime": acr_time(moment), "status": "enabled" if is_on else "disabled"}
    return {
        "quarantinePolicy": {"status": "disabled"},
        "trustPolicy": {"type": "Notary", "status": "disabled"},
        "retentionPolicy": retention,
        "exportPolicy": {"status": "enabled"},
        "azureADAuthenticationAsArmPolicy": {"status": "enabled"},
        "softDeletePolicy": {"retentionDays": 7, "lastUpdatedTime": acr_time(moment), "status": "disabled"},
    }


def cleaning_tasks(host: str, resource: Resource, moment: datetime) -> list[Json]:
    """The tasks that delete images."""
    if host != CONTOSO:
        return []
    timer: Json = {"schedule": "0 1 * * *", "status": "Enabled", "name": "t1"}
    properties: Json = {
        "provisioningState": "Succeeded",
        "creationDate": acr_time(moment),
        "status": "Enabled",
        "platform": {"os": "linux", "architecture": "amd64"},
        "agentConfiguration": {"cpu": 2},
        "timeout": 3600,
        "step": {"type": "EncodedTask", "encodedTaskContent": b64encode(_PURGE.encode()).decode(), "values": []},
        "trigger": {"timerTriggers": [timer]},
        "isSystemTask": False,
    }
    head: Json = {"type": "Microsoft.ContainerRegistry/registries/tasks", "id": f"{resource.id}/tasks/purge-nightly"}
    return [{**head, "name": "purge-nightly", "location": resource.location, "properties": properties}]
