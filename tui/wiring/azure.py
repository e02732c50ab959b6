"""Azure Resource Graph as settings and the environment describe it: a part of the composition root."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tui.settings.settings import ScannerKind, Settings
from tui.sources.azure.graph import GraphOptions, ResourceGraph
from tui.sources.azure.registries import OwnRegistries
from tui.sources.kit.clouds import cloud_of_registry, cloud_of_sign_in
from tui.sources.kit.credentials import EntraTokens

if TYPE_CHECKING:
    from tui.sources.builders.acr_source import AcrTasksSource
    from tui.sources.builders.acr_tasks import AcrTasksBuilder

__all__ = ["acr_builder", "acr_tasks_source", "arm_place", "own_registries", "resource_manager"]

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


def acr_tasks_source(
    settings: Settings, entra: EntraTokens | None, environ: Mapping[str, str], host: str
) -> AcrTasksSource | None:
    """The tasks of a registry; None for one that is not Azure's, and where the settings leave tasks alone."""
    from tui.sources.builders.acr_source import AcrTasksSource

    builder = acr_builder(settings, entra, environ, host)
    return AcrTasksSource(builder) if builder is not None else None


def acr_builder(settings: Settings, entra: EntraTokens | None, environ: Mapping[str, str], host: str) -> AcrTasksBuilder | None:
    """The builder of a registry; None for one that is not Azure's, and where the settings leave tasks alone."""
    place = arm_place(settings, environ)
    if entra is None or place is None or not settings.arm.tasks or cloud_of_registry(host) is None:
        return None
    from tui.sources.azure.arm import ArmClient, ArmOptions
    from tui.sources.azure.resources import AzureResources
    from tui.sources.builders.acr_tasks import AcrTasksBuilder, AcrTasksOptions

    arm = ArmClient(entra, ArmOptions(place.endpoint, place.ca_file, place.timeout))
    graph = GraphOptions(place.endpoint, place.ca_file, settings.subscriptions, place.timeout, purpose="find registries of Azure")
    resources = AzureResources(ResourceGraph(entra, graph), time.monotonic)
    return AcrTasksBuilder(host, arm, resources, AcrTasksOptions(place.ca_file, place.timeout))
