"""Clusters whose kubeconfig a cloud hands over: no file of this machine is read for them, and no program is run.

Source: azure-aks-docs kubelogin-authentication, Azure/kubelogin exec-plugin (`--server-id` names the application whose tokens the
API server takes; any token of Entra ID for it is as good as one of kubelogin's).
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import PurePath

from tui.domain.common.text import clean
from tui.errors import AuthenticationFailed
from tui.sources.cluster.execplugin import ExecCredential, ExecPlugin
from tui.sources.cluster.kubeconfig import Kubeconfig, kubeconfig_of
from tui.sources.resource_ports import ManagedCluster

__all__ = ["AKS_SERVER", "managed_context", "minted"]

AKS_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""The application of every cluster of AKS that is integrated with Entra ID by Azure."""
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


async def managed_context(managed: ManagedCluster) -> tuple[Kubeconfig, str]:
    """What the cloud hands over, and its context. Raises SourceError, InvalidConfig, UsageError."""
    kubeconfig = kubeconfig_of(await managed.kubeconfig(), "the managed cluster")
    return kubeconfig, kubeconfig.choose("")


async def minted(managed: ManagedCluster, plugin: ExecPlugin) -> ExecCredential:
    """The credential that `kubelogin` would get. Raises AuthenticationFailed, for any other program too."""
    command = PurePath(plugin.command.replace("\\", "/")).name.removesuffix(".exe")
    if command != "kubelogin":
        raise AuthenticationFailed(
            f"The kubeconfig of the managed cluster asks for the program {clean(plugin.command, 80)}, which is not run.",
            "Fetch it with `az aks get-credentials`, and name the context with --context.",
        )
    token, expires = await managed.token(_server_id(plugin.args or []))
    return ExecCredential(token=token, expiration_timestamp=expires)


def _server_id(arguments: list[str]) -> str:
    for name, value in pairwise(arguments):
        if name == "--server-id" and _GUID.fullmatch(value):
            return value
    return AKS_SERVER
