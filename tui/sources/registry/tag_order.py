"""Which tags of a long list are asked for first, where a registry lists names alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain, zip_longest

__all__ = ["newest_first"]

_NUMBERS = re.compile(r"[0-9]+")


def newest_first(tags: Iterable[str]) -> list[str]:
    """The tags of each form (`1.2.3-alpine`, `latest`) with the greatest numbers first, the forms in turn.

    Numbers order tags of one form only: nothing says whether `1.2` is newer than `2026-11-29`.
    """
    forms: dict[str, list[str]] = {}
    for tag in sorted(tags, key=_numbers, reverse=True):
        forms.setdefault(_NUMBERS.sub("0", tag), []).append(tag)
    return [tag for tag in chain.from_iterable(zip_longest(*forms.values())) if tag is not None]


def _numbers(tag: str) -> tuple[int, ...]:
    return tuple(int(number) for number in _NUMBERS.findall(tag))
