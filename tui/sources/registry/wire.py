"""What registries send, as far as it is used: OCI image configs and lists, and ACR's own listings.

Every field may be missing or null: recordings of real registries lack nearly each of them somewhere.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

__all__ = [
    "AcrManifest",
    "AcrManifests",
    "AcrTag",
    "AcrTags",
    "CatalogPage",
    "WireConfig",
    "WireError",
    "WireErrors",
    "WireTags",
    "WireToken",
    "moment",
]


class WireHistory(msgspec.Struct):
    created: str | None = None
    created_by: str | None = None
    comment: str | None = None
    empty_layer: bool | None = None


class WireRootfs(msgspec.Struct):
    diff_ids: list[str | None] | None = None


class WireRuntime(msgspec.Struct, rename="pascal"):
    labels: dict[str, str | None] | None = None


class WireConfig(msgspec.Struct):
    """An image config."""

    architecture: str | None = None
    os: str | None = None
    variant: str | None = None
    created: str | None = None
    config: WireRuntime | None = None
    rootfs: WireRootfs | None = None
    history: list[WireHistory] | None = None


class WireError(msgspec.Struct):
    """One error; `detail` is null, a list, an object or a string and is not read."""

    code: str | None = None
    message: str | None = None


class WireErrors(msgspec.Struct):
    """The body of a refusal."""

    errors: list[WireError] | None = None


class WireToken(msgspec.Struct):
    """Answers of a token service, and of ACR's exchange."""

    token: str | None = None
    access_token: str | None = None
    refresh_token: str | None = None
    expires_in: float | None = None


class CatalogPage(msgspec.Struct):
    """`_catalog`; null when empty."""

    repositories: list[str | None] | None = None


class WireTags(msgspec.Struct):
    """`tags/list`."""

    tags: list[str | None] | None = None


class AcrAttributes(msgspec.Struct, rename="camel"):
    delete_enabled: bool | None = None
    write_enabled: bool | None = None
    read_enabled: bool | None = None
    list_enabled: bool | None = None
    quarantine_state: str | None = None


class AcrRepository(msgspec.Struct, rename="camel"):
    """`/acr/v1/{name}`."""

    changeable_attributes: AcrAttributes | None = None


class AcrTag(msgspec.Struct, rename="camel"):
    """A row of `_tags`."""

    name: str | None = None
    digest: str | None = None
    created_time: str | None = None
    last_update_time: str | None = None
    signed: bool | None = None
    changeable_attributes: AcrAttributes | None = None


class AcrTags(msgspec.Struct):
    """`/acr/v1/{name}/_tags`."""

    tags: list[AcrTag] | None = None


class AcrManifest(msgspec.Struct, rename="camel"):
    """A row of `_manifests`."""

    digest: str | None = None
    image_size: int | None = None
    created_time: str | None = None
    last_update_time: str | None = None
    architecture: str | None = None
    os: str | None = None
    media_type: str | None = None
    config_media_type: str | None = None
    tags: list[str | None] | None = None
    changeable_attributes: AcrAttributes | None = None


class AcrManifests(msgspec.Struct):
    """`/acr/v1/{name}/_manifests`."""

    manifests: list[AcrManifest] | None = None


def moment(text: str | None) -> datetime | None:
    """An RFC 3339 time in UTC (ACR writes seven digits of fraction); None when absent, unreadable or without a zone."""
    if not text:
        return None
    try:
        time = msgspec.convert(text, datetime)
        return time.astimezone(UTC) if time.tzinfo is not None else None
    except (msgspec.ValidationError, OverflowError):
        return None
