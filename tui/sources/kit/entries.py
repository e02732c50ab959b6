"""Lists of which an entry may not be in the form of the protocol: the others are read, and that one is told as unreadable.

One entry that a proxy, a plugin or a newer server has written otherwise must not hide all the others, nor be passed over: whoever
needs every entry (is our run among them?) asks for the `whole` list, and is told that it cannot be had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.text import clean
from tui.errors import UntrustedPayload

__all__ = ["FORM", "OddEntry", "entries", "present", "whole"]

T = TypeVar("T")
FORM = "in a form that its API does not have"


class OddEntry(msgspec.Struct, frozen=True):
    """An entry in another form, with what of it is an object's."""

    members: Mapping[str, object] = {}

    def text(self, *path: str) -> str:
        """A text or a number at a path of members; empty where there is none."""
        value: object = self.members
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        is_plain = isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
        return clean(str(value), 300) if is_plain else ""


def present(raws: Iterable[msgspec.Raw] | None) -> tuple[msgspec.Raw, ...]:
    """The rows of a list of Azure; one that is `null` counts for nothing there."""
    return tuple(raw for raw in raws or () if bytes(raw) != b"null")


def entries(raws: Iterable[msgspec.Raw] | None, kind: type[T]) -> list[T | OddEntry]:
    """The entries of a list in their order."""
    return [_entry(raw, kind) for raw in raws or ()]


def _entry(raw: msgspec.Raw, kind: type[T]) -> T | OddEntry:
    body = bytes(raw)
    try:
        return from_json(body, kind)
    except DECODING:
        try:
            return OddEntry(from_json(body, dict[str, object]))
        except DECODING:
            return OddEntry()


def whole(read: Sequence[T | OddEntry], title: str, purpose: str) -> list[T]:
    """Every entry. Raises UntrustedPayload where one of them cannot be read."""
    if odd := [entry for entry in read if isinstance(entry, OddEntry)]:
        count = f"{len(odd)} of {len(read)} entries" if len(odd) > 1 else "one of its entries"
        raise UntrustedPayload(
            f"{title} answers the request to {purpose} with {count} {FORM}",
            "Check its address in the configuration, and any proxy in between.",
        )
    return [entry for entry in read if not isinstance(entry, OddEntry)]
