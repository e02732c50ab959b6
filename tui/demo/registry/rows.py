"""The rows of ACR's own lists (recordings sdk-python 2021-06; the full set of attributes: Azure/acr-cli acr/models.go)."""

from __future__ import annotations

from tui.demo.content import Json
from tui.demo.moments import acr_time
from tui.demo.registry_contents import Repository, Row, TagRow

__all__ = ["manifest_row", "repository_row", "tag_row"]

# "the manifest details currently limit the number of tags" (Azure/acr#529).
MOST_TAGS = 10


def _changeable(forbidden: frozenset[str]) -> Json:
    return {f"{name}Enabled": name not in forbidden for name in ("delete", "write", "read", "list")}


def repository_row(host: str, repository: Repository) -> Json:
    """GET /acr/v1/NAME."""
    return {
        "registry": host,
        "imageName": repository.name,
        "createdTime": acr_time(repository.created),
        "lastUpdateTime": acr_time(repository.updated),
        "manifestCount": len(repository.rows),
        "tagCount": len(repository.tags),
        "changeableAttributes": {**_changeable(repository.forbidden), "teleportEnabled": False},
    }


def tag_row(tag: TagRow, signed: bool) -> Json:
    """One of `tags`."""
    return {
        "name": tag.name,
        "digest": tag.digest,
        "createdTime": acr_time(tag.created),
        "lastUpdateTime": acr_time(tag.updated),
        "signed": signed,
        "changeableAttributes": _changeable(tag.forbidden),
    }


def manifest_row(repository: Repository, row: Row, *, alone: bool = False) -> Json:
    """One of `manifests`; asked for `alone` it has `references` too."""
    stored = row.stored
    entry: Json = {
        "digest": stored.digest,
        "imageSize": stored.size,
        "createdTime": acr_time(row.created),
        "lastUpdateTime": acr_time(row.updated),
    }
    if stored.platform is not None:
        entry |= {"architecture": stored.platform.architecture, "os": stored.platform.os}
    entry["mediaType"] = stored.media_type
    if stored.config_media_type:
        entry["configMediaType"] = stored.config_media_type
    if tags := repository.tags_of(stored.digest)[:MOST_TAGS]:
        entry["tags"] = tags
    entry["changeableAttributes"] = _changeable(row.forbidden)
    if alone and stored.children:
        entry["references"] = [_reference(child) for child in stored.children]
    return entry


def _reference(child: Json) -> Json:
    platform = child.get("platform")
    fields = platform if isinstance(platform, dict) else {}
    return {"digest": child["digest"], "architecture": fields.get("architecture", ""), "os": fields.get("os", "")}
