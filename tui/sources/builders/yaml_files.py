"""Definitions of pipelines and workflows in YAML, read as texts only: nothing in them is more than a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["LARGEST", "at", "mappings", "parsed", "texts"]

LARGEST = 256 << 10
"""Bytes of a definition that are parsed."""


def parsed(body: bytes) -> Mapping[str, object] | None:
    """The definition, every scalar a text (`on` stays `on`); None for what is none."""
    import yaml  # not before a definition is read

    if len(body) > LARGEST:
        return None
    try:
        value = yaml.load(body, yaml.BaseLoader)  # noqa: S506 - makes texts, lists and mappings only
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def at(value: object, *names: str) -> object:
    """What stands at a path, None when nothing does."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def mappings(value: object) -> list[Mapping[str, object]]:
    """The mappings of a list."""
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """A text, the texts of a list, or the keys of a mapping."""
    if isinstance(value, str):
        return [value]
    return [text for text in value if isinstance(text, str)] if isinstance(value, Sequence | Mapping) else []
