"""The clouds of Azure: which authority signs in, where Resource Manager is, and how registries are named.

Sources: the instance aliases of MSAL (`login.microsoftonline.com/common/discovery/instance`), azure-identity's
`AzureAuthorityHosts`, and `az cloud list` (`suffixes.acrLoginServerEndpoint`, `endpoints.resourceManager`).
"""

from __future__ import annotations

from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from pathlib import Path

import msgspec

__all__ = ["CLOUDS", "PUBLIC", "Cloud", "cloud_of_cli", "cloud_of_registry", "cloud_of_sign_in", "management_scope"]


class Cloud(msgspec.Struct, frozen=True):
    """One cloud; `authorities` are hosts that give its tokens, the first is the usual one. An unknown one has no suffix.

    `cli_name` is how `az cloud set` calls it.
    """

    name: str
    authorities: tuple[str, ...]
    resource_manager: str
    registries: str
    cli_name: str = ""


PUBLIC = Cloud(
    "Azure",
    ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"),
    "https://management.azure.com",
    ".azurecr.io",
    "AzureCloud",
)
CLOUDS = (
    PUBLIC,
    Cloud(
        "Azure China",
        ("login.chinacloudapi.cn", "login.partner.microsoftonline.cn"),
        "https://management.chinacloudapi.cn",
        ".azurecr.cn",
        "AzureChinaCloud",
    ),
    Cloud(
        "Azure US Government",
        ("login.microsoftonline.us", "login.usgovcloudapi.net"),
        "https://management.usgovcloudapi.net",
        ".azurecr.us",
        "AzureUSGovernment",
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


def cloud_of_cli(environ: Mapping[str, str]) -> str:
    """The cloud that `az` is set to, by its name there: AZURE_CLOUD_NAME, else its configuration, else the public one.

    Source: azure-cli-core `cloud.py` and `_config.py` (`[cloud] name` in `$AZURE_CONFIG_DIR/config`, `AZURE_{SECTION}_{OPTION}`).
    """
    if name := environ.get("AZURE_CLOUD_NAME", ""):
        return name
    folder = environ.get("AZURE_CONFIG_DIR") or str(Path(environ.get("HOME") or "~").expanduser() / ".azure")
    parser = ConfigParser(interpolation=None)
    try:
        parser.read(Path(folder) / "config", encoding="utf-8")
    except (OSError, UnicodeDecodeError, ConfigParserError):
        return PUBLIC.cli_name
    return parser.get("cloud", "name", fallback=PUBLIC.cli_name)


def cloud_of_registry(host: str) -> Cloud | None:
    """The cloud that a registry is in by its name; None for other names."""
    name = host.partition(":")[0].lower()
    return next((cloud for cloud in CLOUDS if name.endswith(cloud.registries)), None)


def management_scope(endpoint: str) -> str:
    """What a token for Resource Manager must be for: each cloud has its own; anything else stands in for the public one."""
    host = endpoint.partition("://")[2].strip("/").lower()
    is_known = any(cloud.resource_manager == f"https://{host}" for cloud in CLOUDS)
    return f"https://{host}/.default" if is_known else f"{PUBLIC.resource_manager}/.default"
