"""Azure Resource Graph as settings and the environment describe it: a part of the composition root."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tui.domain.common.text import clean
from tui.errors import UsageError
from tui.settings.settings import ScannerKind, Settings
from tui.sources.azure.graph import GraphOptions, ResourceGraph
from tui.sources.azure.registries import OwnRegistries
from tui.sources.kit.clouds import cloud_of_registry, cloud_of_sign_in
from tui.sources.kit.credentials import EntraTokens

if TYPE_CHECKING:
    from tui.sources.azure.aks import AksAccess
    from tui.sources.azure.resources import AzureResources
    from tui.sources.builders.acr.source import AcrTasksSource
    from tui.sources.builders.acr.tasks import AcrTasksBuilder

__all__ = ["acr_builder", "acr_tasks_source", "aks_access", "arm_place", "own_registries", "resource_manager", "with_clusters"]

EVERY = "*"

NO_LIMIT = 86_400.0
"""Seconds that stand for no limit on a request: a day."""


def own_registries(settings: Settings, entra: EntraTokens | None, environ: Mapping[str, str]) -> OwnRegistries | None:
    """Whom to ask which registries are ours; None where there is nobody to ask."""
    tables = [table for table in settings.scanner.values() if table.kind is ScannerKind.DEFENDER]
    table = tables[0] if tables else None
    # The demo leads to its own Azure by naming Defender; without that, nothing of it may reach the real one.
    led = table.endpoint if table is not None else ""
    endpoint = led or ("" if settings.demo else resource_manager(environ))
    if entra is None or not endpoint:
        return None
    timeout = GraphOptions().timeout if settings.request_timeout is None else settings.request_timeout or NO_LIMIT
    options = GraphOptions(
        endpoint=endpoint,
        ca_file=table.ca_file if table is not None else "",
        timeout=timeout,
        purpose="list the container registries of Azure",
    )
    return OwnRegistries(ResourceGraph(entra, options), time.monotonic)


def resource_manager(environ: Mapping[str, str]) -> str:
    """Where Resource Manager is in the cloud that is signed in to; empty where that is nobody's known cloud."""
    return cloud_of_sign_in(environ).resource_manager


class ArmPlace(NamedTuple):
    """Where Azure Resource Manager is asked, and how long a request may take."""

    endpoint: str
    ca_file: str
    timeout: float


def arm_place(settings: Settings, environ: Mapping[str, str]) -> ArmPlace | None:
    """Where Azure Resource Manager is; None where it is not to be asked: the demo has its own or none."""
    endpoint = settings.arm.endpoint or ("" if settings.demo else resource_manager(environ))
    timeout = GraphOptions().timeout if settings.request_timeout is None else settings.request_timeout or NO_LIMIT
    return ArmPlace(endpoint, settings.arm.ca_file, timeout) if endpoint and settings.azure else None


async def with_clusters(settings: Settings, entra: EntraTokens | None, environ: Mapping[str, str]) -> Settings:
    """The settings with every cluster of AKS named that `*` stands for. Raises TrustreeError."""
    if EVERY not in settings.aks:
        return settings
    from tui.sources.azure.aks import all_clusters

    resources = _resources(settings, entra, environ)
    fixed = tuple(name for name in settings.aks if name != EVERY)
    return msgspec.structs.replace(settings, aks=tuple(dict.fromkeys((*fixed, *await all_clusters(resources)))))


def aks_access(settings: Settings, entra: EntraTokens | None, environ: Mapping[str, str], name: str) -> AksAccess:
    """How a cluster of AKS is signed in to. Raises UsageError."""
    from tui.sources.azure.aks import AksAccess
    from tui.sources.azure.arm import ArmClient, ArmOptions

    if not 2 <= name.count("/") + 1 <= 3 or not all(name.split("/")):
        raise UsageError(f"{clean(name, 120)} is not an AKS cluster.", "Write GROUP/NAME or SUBSCRIPTION/GROUP/NAME.")
    resources, place = _resources(settings, entra, environ), arm_place(settings, environ)
    assert entra is not None
    assert place is not None
    arm = ArmClient(entra, ArmOptions(place.endpoint, place.ca_file, place.timeout))
    return AksAccess(name, arm, resources, entra, time.monotonic)


def _resources(settings: Settings, entra: EntraTokens | None, environ: Mapping[str, str]) -> AzureResources:
    """What Azure lists. Raises UsageError where it is not to be asked."""
    from tui.sources.azure.resources import AzureResources

    place = arm_place(settings, environ)
    if entra is None or place is None:
        raise UsageError("A cluster of AKS was named, and Azure is left out.", "Leave --no-azure away, or name a context.")
    graph = GraphOptions(place.endpoint, place.ca_file, settings.subscriptions, place.timeout, purpose="find clusters of Azure")
    return AzureResources(ResourceGraph(entra, graph), time.monotonic)


def acr_tasks_source(
    settings: Settings, entra: EntraTokens | None, environ: Mapping[str, str], host: str
) -> AcrTasksSource | None:
    """The tasks of a registry; None for one that is not Azure's, and where the settings leave tasks alone."""
    from tui.sources.builders.acr.source import AcrTasksSource

    builder = acr_builder(settings, entra, environ, host)
    return AcrTasksSource(builder) if builder is not None else None


def acr_builder(settings: Settings, entra: EntraTokens | None, environ: Mapping[str, str], host: str) -> AcrTasksBuilder | None:
    """The builder of a registry; None for one that is not Azure's, and where the settings leave tasks alone."""
    place = arm_place(settings, environ)
    if entra is None or place is None or not settings.arm.tasks or cloud_of_registry(host) is None:
        return None
    from tui.sources.azure.arm import ArmClient, ArmOptions
    from tui.sources.azure.resources import AzureResources
    from tui.sources.builders.acr.tasks import AcrTasksBuilder, AcrTasksOptions

    arm = ArmClient(entra, ArmOptions(place.endpoint, place.ca_file, place.timeout))
    graph = GraphOptions(place.endpoint, place.ca_file, settings.subscriptions, place.timeout, purpose="find registries of Azure")
    resources = AzureResources(ResourceGraph(entra, graph), time.monotonic)
    return AcrTasksBuilder(host, arm, resources, AcrTasksOptions(place.ca_file, place.timeout))
