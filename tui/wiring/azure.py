"""Azure Resource Graph as settings and the environment describe it: a part of the composition root."""

from __future__ import annotations

import time
from collections.abc import Mapping

from tui.settings.settings import ScannerKind, Settings
from tui.sources.azure.graph import GraphOptions, ResourceGraph
from tui.sources.azure.registries import OwnRegistries
from tui.sources.kit.clouds import cloud_of_sign_in
from tui.sources.kit.credentials import EntraTokens

__all__ = ["own_registries", "resource_manager"]

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
