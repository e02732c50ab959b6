"""The body of an answer as a struct."""

from __future__ import annotations

from typing import TypeVar

from tui.domain.common.decoding import DECODING, from_json
from tui.errors import UntrustedPayload

__all__ = ["decoded"]

T = TypeVar("T")


def decoded(
    body: bytes,
    kind: type[T],
    headline: str,
    remedy: str = "A proxy in between may have changed the answer; it is retried.",
) -> T:
    """Raises UntrustedPayload, with these words, where the body is not in the form of the protocol."""
    try:
        return from_json(body, kind)
    except DECODING as error:
        raise UntrustedPayload(headline, remedy) from error
