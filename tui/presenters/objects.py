"""Objects of clusters as they are shown: without bookkeeping that only programs read, and without any credential."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tui.domain.common.decoding import json_decoder
from tui.domain.common.redaction import redact

__all__ = ["NotReadable", "shown_object"]

HIDDEN = "[hidden]"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MOST_DEPTH = 100
_object = json_decoder(dict[str, Any])


class NotReadable(ValueError):
    """What came is no object."""


def shown_object(body: bytes) -> dict[str, Any]:
    """An object as `kubectl get -o yaml` shows it, with what looks like a credential hidden. Raises NotReadable.

    `managedFields` and what was applied last, which says it all a second time, are left out; of a Secret no value is shown.
    """
    try:
        value = _object.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotReadable from error
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict) and LAST_APPLIED in annotations:
            annotations.pop(LAST_APPLIED)
            if not annotations:
                metadata.pop("annotations")
    if value.get("kind") == "Secret":
        for part in ("data", "stringData"):
            value[part] = dict.fromkeys(value.get(part) or (), HIDDEN)
    return {name: _without_secrets(name, member, 0) for name, member in value.items()}


def _without_secrets(name: str, value: object, depth: int) -> object:
    """A value without credentials; `name` is what it is called, which may say that it is one."""
    if depth >= MOST_DEPTH:
        return HIDDEN
    match value:
        case {"name": str() as variable, "value": str() as content, **others}:  # a variable of the environment, an argument
            return {"name": variable, "value": _text(variable, content), **_members(others, depth)}
        case dict():
            return _members(value, depth)
        case list():
            return _items(value, depth)
        case str():
            return _text(name, value)
        case _:
            return value


def _members(members: Mapping[Any, object], depth: int) -> dict[str, object]:
    return {str(name): _without_secrets(str(name), member, depth + 1) for name, member in members.items()}


def _items(items: list[object], depth: int) -> list[object]:
    """Items of a list; what follows the name of a flag is its value."""
    shown: list[object] = []
    flag = ""
    for item in items:
        shown.append(_text(flag, item) if flag and isinstance(item, str) else _without_secrets("", item, depth + 1))
        flag = item.lstrip("-") if isinstance(item, str) and item.startswith("-") and "=" not in item else ""
    return shown


def _text(name: str, text: str) -> str:
    """A text without credentials; all of it where its name says that it is one."""
    head = f"{name}="
    if name and text and redact(head + "x") != head + "x":
        return HIDDEN
    return redact(text)
