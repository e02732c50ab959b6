"""What one beat after another says of a server."""

from __future__ import annotations

import asyncio

import pytest

from tui.errors import NoAnswer, ServerFault, SourceError, Throttled, Unreachable, UntrustedPayload
from tui.sources.kit.pulse import Heart, Verdict, in_time

A, L, S, U = Verdict.ANSWERS, Verdict.LIMITED, Verdict.SILENT, Verdict.UNSURE
GONE, FAULT, BUSY, ODD = Unreachable("away"), ServerFault("500"), Throttled("429"), UntrustedPayload("odd")


@pytest.mark.parametrize(
    ("beats", "verdicts"),
    [
        ([None, GONE, None], [A, S, A]),
        ([NoAnswer("hangs")], [S]),
        ([FAULT, FAULT, FAULT, None, FAULT], [U, S, S, A, U]),
        ([FAULT, BUSY, FAULT], [U, L, U]),
        ([BUSY, BUSY, None, BUSY], [L, L, A, L]),
        ([ODD, ODD], [U, U]),
    ],
)
def test_what_beats_say(beats: list[SourceError | None], verdicts: list[Verdict]) -> None:
    heart = Heart()
    assert [heart.beat(error) for error in beats] == verdicts


def test_with_patience_one_refusal_passes_and_failures_between_do_not_hide_the_next() -> None:
    heart = Heart((Unreachable, UntrustedPayload), patience=2)
    assert [heart.beat(error) for error in (BUSY, FAULT, BUSY, None, BUSY, ODD)] == [U, U, L, A, U, S]


async def test_what_takes_too_long_is_told_in_the_words_for_it() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    async def refuse() -> None:
        raise BUSY

    error = await in_time(hang, 0.01, "it hangs", "wait")
    assert isinstance(error, NoAnswer)
    assert (error.headline, error.remedy) == ("it hangs", "wait")
    assert await in_time(refuse, 10, "it hangs", "wait") is BUSY
    assert await in_time(lambda: asyncio.sleep(0), 10, "it hangs", "wait") is None
