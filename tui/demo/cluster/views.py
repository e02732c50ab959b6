"""Lists as a client may ask for them instead of whole objects (kubernetes.io, API concepts: receiving resources as tables)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from tui.demo.cluster.kinds import ApiResource
from tui.demo.content import Json

__all__ = ["View", "view_of"]

_META = "meta.k8s.io/v1"
View = Callable[[ApiResource, Json, Sequence[bytes]], Json]


def view_of(accept: str, kind: ApiResource) -> View | None:
    """How an Accept header wants a list; None for whole objects, also where there are no columns to show."""
    media_type = accept.partition(",")[0]
    if "as=PartialObjectMetadataList" in media_type:
        return _metadata_only
    return _table if "as=Table" in media_type and kind.columns else None


def _metadata_only(kind: ApiResource, metadata: Json, items: Sequence[bytes]) -> Json:
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": _META,
        "metadata": metadata,
        "items": [_partial(json.loads(item)) for item in items],
    }


def _partial(item: Json) -> Json:
    return {"kind": "PartialObjectMetadata", "apiVersion": _META, "metadata": item["metadata"]}


def _table(kind: ApiResource, metadata: Json, items: Sequence[bytes]) -> Json:
    columns = [_column("Name", "string", 0, "name"), *(_column(name, type_, level) for _, name, type_, level in kind.columns)]
    return {
        "kind": "Table",
        "apiVersion": _META,
        "metadata": metadata,
        "columnDefinitions": columns,
        "rows": [_row(kind, json.loads(item)) for item in items],
    }


def _column(name: str, type_: str, priority: int, form: str = "") -> Json:
    return {"name": name, "type": type_, "format": form, "description": "", "priority": priority}


def _row(kind: ApiResource, item: Json) -> Json:
    partial = _partial(item)
    metadata = item["metadata"]
    name = metadata["name"] if isinstance(metadata, dict) else ""
    return {"cells": [name, *(_cell(item, path) for path, *_ in kind.columns)], "object": partial}


def _cell(item: object, path: str) -> object:
    for part in path.split("."):
        item = item.get(part) if isinstance(item, dict) else None
    return item
