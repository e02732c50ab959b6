"""What an open question needs, and nobody has read, is read when the question rests, and the screen says so meanwhile."""

from __future__ import annotations

import dataclasses
import threading

import msgspec
import pytest

from tests.domain.test_wanted_signatures import lying
from tests.ui.driving import explorer
from tests.waiting import until
from tui.domain.assemble import wanted_signatures
from tui.domain.common.trust import State
from tui.domain.facts.demand import Demand
from tui.domain.snapshot.snapshot import ImageKey
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


async def test_what_a_kept_filter_finds_is_worked_out_beside_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "REST", 3600.0)
    threads: list[threading.Thread] = []

    def unlooked(*arguments: object) -> dict[ImageKey, tuple[Demand, ...]]:
        threads.append(threading.current_thread())
        return dict(wanted_signatures_unlooked(*arguments))  # type: ignore[arg-type]

    wanted_signatures_unlooked = wanted_signatures.unlooked
    monkeypatch.setattr(wanted_signatures, "unlooked", unlooked)
    async with explorer(lying(3), (80, 24), "") as (pilot, _, estate):
        await pilot.press("slash", *"app", "enter")
        await until(pilot, lambda: len(estate.wanted) == 3, "wishes")
    assert threads
    assert threading.main_thread() not in threads
