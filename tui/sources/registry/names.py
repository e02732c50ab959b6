"""Lists of names, capped while they stream: a registry may send any number of them."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

from tui.errors import UntrustedPayload
from tui.sources.kit.transport import decode_json
from tui.sources.registry.faults import RequestContext

__all__ = ["MAX_PAGES", "ListCut", "at_most", "decode_names", "next_link"]

T = TypeVar("T")
MAX_PAGES = 1000
END = b'",'
LINK = re.compile(r"<([^<>]*)>([^<]*)")
MAX_LINK = 8192


class ListCut(UntrustedPayload):
    """A list goes on, and the rest of it is left: what was read of it holds."""


def cut(most: int, context: RequestContext) -> ListCut:
    """The error that ends a list that is too long."""
    return ListCut(
        f"only the first {most:,} of {context.resource} on {context.host} are read",
        "What runs is read in any case, by its own name.",
    )


async def at_most(
    pages: AsyncGenerator[tuple[T, ...], None], most: int, context: RequestContext
) -> AsyncGenerator[tuple[T, ...], None]:
    """The pages up to so many rows and `MAX_PAGES`. Raises ListCut when there are more."""
    left, count = most, 0
    async with aclosing(pages):
        async for page in pages:
            count += 1
            yield page[:left]
            if len(page) > left or count >= MAX_PAGES:
                raise cut(most, context)
            left -= len(page)


def decode_names(body: bytes, kind: type[T], document: str, most: int) -> T:
    """A list of names out of a body, of at most about `most` names: the rest of a longer one is never made an object of."""
    return decode_json(_shortened(body, most), kind, document)


def _shortened(body: bytes, most: int) -> bytes:
    if body.count(END) <= most:
        return body
    place = 0
    for _ in range(most + 1):
        place = body.index(END, place) + 1
    return body[:place] + b"]}"


def next_link(header: str) -> str:
    """The target of the `next` link, empty when there is none."""
    for target, parameters in LINK.findall(header[:MAX_LINK]):
        if 'rel="next"' in parameters or "rel=next" in parameters:
            return str(target).strip()
    return ""
