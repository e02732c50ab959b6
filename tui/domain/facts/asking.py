"""How sources are asked, as settings say it and sources do it."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["AuthMode", "RegistryKind", "RevocationMode"]


class RegistryKind(StrEnum):
    """Which API lists what a registry holds."""

    AUTO = "auto"
    ACR = "acr"
    OCI = "oci"


class AuthMode(StrEnum):
    """How to sign in to a registry.

    AUTO: configured login, Entra ID (ACR only), Docker's config.json, nothing, in this order.
    """

    AUTO = "auto"
    ENTRA = "entra"
    DOCKER = "docker"
    BASIC = "basic"
    ANONYMOUS = "anonymous"


class RevocationMode(StrEnum):
    """Whether OCSP responders and revocation lists are asked. OFFLINE leaves what names one undecided."""

    ONLINE = "online"
    OFFLINE = "offline"
