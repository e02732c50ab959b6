"""Content that two readers could understand differently.

Nodes, registries and scanners are written in Go, whose reader of JSON takes a member in any case and puts one that stands twice
into the one before it (golang.org/pkg/encoding/json, Unmarshal): what is shown here would not be what runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from tui.domain.common.text import clean
from tui.errors import UntrustedPayload

__all__ = ["CONFIG", "MANIFEST", "refuse_ambiguous"]

Shape: TypeAlias = "Mapping[str, Shape | None]"
"""The members of an object that are read here, each with the shape of the objects in it; the others may be called anything."""

_PLATFORM: Shape = dict.fromkeys(("os", "architecture", "variant"))
_DESCRIPTOR: Shape = {
    **dict.fromkeys(("mediaType", "digest", "size", "artifactType", "annotations", "data")),
    "platform": _PLATFORM,
}
MANIFEST: Shape = {
    **dict.fromkeys(("schemaVersion", "mediaType", "artifactType", "annotations")),
    **dict.fromkeys(("config", "layers", "blobs", "manifests", "subject"), _DESCRIPTOR),
}
CONFIG: Shape = {
    **dict.fromkeys(("architecture", "os", "variant", "created")),
    "config": {"Labels": None},
    "rootfs": {"diff_ids": None},
    "history": dict.fromkeys(("created", "created_by", "comment", "empty_layer")),
}


class _Members(tuple[tuple[str, object], ...]):
    """The members of an object as they stand there."""


def refuse_ambiguous(body: bytes, shape: Shape, document: str) -> None:
    """Raise UntrustedPayload where a member that is read stands twice, or in another case; `body` is JSON."""
    try:
        top = json.loads(body, object_pairs_hook=_Members)
    except (ValueError, RecursionError) as error:
        raise UntrustedPayload(f"{document} is not the JSON expected", "Do not run it; push the image again.") from error
    if name := next(_ambiguous(top, shape), None):
        raise UntrustedPayload(
            f"{document} has “{clean(name, 40)}” twice or in another case: nodes could read another image in it than tools",
            "Do not run it; rebuild and push the image.",
        )


def _ambiguous(value: object, shape: Shape) -> Iterator[str]:
    if isinstance(value, list):
        for element in value:
            yield from _ambiguous(element, shape)
    elif isinstance(value, _Members):
        folded = {name.casefold(): name for name in shape}
        met: set[str] = set()
        for name, member in value:
            exact = folded.get(name.casefold())
            if exact is None:
                continue
            if name != exact or name in met:
                yield name
            met.add(name)
            if (inner := shape[exact]) is not None:
                yield from _ambiguous(member, inner)
