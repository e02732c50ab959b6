"""The clouds of Azure: which authority signs in, where Resource Manager is, and how registries are named.

Sources: the instance aliases of MSAL (`login.microsoftonline.com/common/discovery/instance`), azure-identity's
`AzureAuthorityHosts`, and `az cloud list` (`suffixes.acrLoginServerEndpoint`, `endpoints.resourceManager`).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

__all__ = ["CLOUDS", "PUBLIC", "Cloud", "cloud_of_registry", "cloud_of_sign_in"]


class Cloud(msgspec.Struct, frozen=True):
    """One cloud; `authorities` are hosts that give its tokens, the first is the usual one. An unknown one has no suffix."""

    name: str
    authorities: tuple[str, ...]
    resource_manager: str
    registries: str


PUBLIC = Cloud(
    "Azure",
    ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"),
    "https://management.azure.com",
    ".azurecr.io",
)
CLOUDS = (
    PUBLIC,
    Cloud(
        "Azure China",
        ("login.chinacloudapi.cn", "login.partner.microsoftonline.cn"),
        "https://management.chinacloudapi.cn",
        ".azurecr.cn",
    ),
    Cloud(
        "Azure US Government",
        ("login.microsoftonline.us", "login.usgovcloudapi.net"),
        "https://management.usgovcloudapi.net",
        ".azurecr.us",
    ),
)


def cloud_of_sign_in(environ: Mapping[str, str]) -> Cloud:
    """The cloud whose tokens `AZURE_AUTHORITY_HOST` gives, the public one without it.

    An authority of nobody's is a cloud of its own: no registry and no Resource Manager is known to be of it.
    """
    text = environ.get("AZURE_AUTHORITY_HOST", "").strip()
    if not text:
        return PUBLIC
    host = text.split("://")[-1].split("/")[0].partition(":")[0].lower()
    own = Cloud(f"the cloud of {host}", (host,), "", "")
    return next((cloud for cloud in CLOUDS if host in cloud.authorities), own)


def cloud_of_registry(host: str) -> Cloud | None:
    """The cloud that a registry is in by its name; None for other names."""
    name = host.partition(":")[0].lower()
    return next((cloud for cloud in CLOUDS if name.endswith(cloud.registries)), None)
