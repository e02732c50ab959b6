"""What is sent once: a change whose answer is lost may have been made, so it is looked up before it is sent again."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from tui.errors import OutcomeUnknown, SourceError
from tui.sources.kit.request_ids import hear_ids

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply

__all__ = ["outcome_unknown", "sent_once"]


async def sent_once(answer: Awaitable[Reply], title: str, purpose: str) -> Reply:
    """The answer to a change, its ids heard. Raises OutcomeUnknown where none came and nobody can say whether it was carried out.

    Any other SourceError says that it never reached the service.
    """
    from tui.sources.kit.troubles import never_sent  # knows aiohttp

    try:
        reply = await answer
    except SourceError as error:
        if never_sent(error):
            raise
        raise outcome_unknown(title, purpose, error.headline) from error
    hear_ids(reply)
    return reply


def outcome_unknown(title: str, purpose: str, reason: str) -> OutcomeUnknown:
    """The error for a change that may have been made."""
    return OutcomeUnknown(
        f"{title} was asked to {purpose}, and whether it does is not known: {reason}",
        "It is looked up before anything is sent again.",
    )
