"""What an open question needs, and nobody has read, is read when the question rests, and the screen says so meanwhile."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from tests.domain.test_wanted_signatures import lying
from tests.ui.driving import explorer
from tests.waiting import until
from tui.domain.common.trust import State
from tui.ui.screens import looking


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question rests as soon as it is asked."""
    monkeypatch.setattr(looking, "REST", 0.01)


def bar(screen: object) -> str:
    answer = screen.answer  # type: ignore[attr-defined]
    return "".join(span.text for span in answer.lines[-1].left) if answer.lines else ""


async def test_the_signatures_that_a_question_needs_are_looked_for_and_that_is_told() -> None:
    snapshot = lying(3)
    async with explorer(snapshot, (80, 24), "app") as (pilot, screen, estate):
        await until(pilot, lambda: len(estate.wanted) == 3, "wishes")
        await until(pilot, lambda: "looking for the signatures of 3 images" in bar(screen), "the words")
        assert all(demand.referrers for demand in estate.wanted)
        checks = tuple(msgspec.structs.replace(check, state=State.FAIL) for check in next(iter(snapshot.images.values())).checks)
        looked = {key: msgspec.structs.replace(image, checks=checks) for key, image in snapshot.images.items()}
        estate.publish(dataclasses.replace(snapshot, number=2, images=looked))
        await until(pilot, lambda: "looking" not in bar(screen), "the answer")
        assert len(estate.wanted) == 3
