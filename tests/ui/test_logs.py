"""Logs of pods: which container is shown, what its keys do, and what is said where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest
from textual.pilot import Pilot

from tests.estates import AskNoCluster, company
from tests.ui.driving import explorer, until
from tui.domain.facts.build import Run
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.inquiries import ClusterInquiries, PodLog
from tui.domain.facts.workload import ObjectKey
from tui.errors import Forbidden, TrustreeError
from tui.presenters.keys import PodPart
from tui.ui.screens.explorer import ExplorerScreen
from tui.ui.screens.podlog import PodLogScreen


@dataclass
class Logs(AskNoCluster):
    """Clusters whose pods write lines as a test wants."""

    lines: tuple[str, ...] = ("one", "two")
    error: TrustreeError | None = None
    endless: bool = False
    asked: list[PodLog] = field(default_factory=list)
    left: int = 0

    def cluster(self, name: str) -> ClusterInquiries:
        """Itself."""
        return self

    async def object(self, key: ObjectKey) -> bytes:
        """An object."""
        return b'{"kind":"%s","metadata":{"name":"%s"}}' % (key.kind.encode(), key.name.encode())

    async def log(self, log: PodLog) -> AsyncGenerator[str, None]:
        """The lines."""
        self.asked.append(log)
        try:
            for line in self.lines:
                yield line
            if self.error is not None:
                raise self.error
            if self.endless:
                await asyncio.Event().wait()
        finally:
            self.left += 1

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """Nobody asks for one here."""
        raise AssertionError

    configuration = manifest

    async def run_log(self, run: Run, most: int) -> tuple[str, ...]:
        """The log of a run."""
        return (f"log of {run.id}",)


async def on_pod(pilot: Pilot[int], screen: ExplorerScreen) -> PodPart:
    """Put the cursor on the first pod of the lineage."""
    outline = screen.outline
    while outline.cursor_key is None or not isinstance(outline.cursor_key[-1], PodPart):
        await pilot.press("right")
        await pilot.pause()
    assert isinstance(outline.cursor_key[-1], PodPart)
    return outline.cursor_key[-1]


async def opened(pilot: Pilot[int]) -> PodLogScreen:
    await until(pilot, lambda: isinstance(pilot.app.screen, PodLogScreen))
    log = pilot.app.screen
    assert isinstance(log, PodLogScreen)
    return log


async def test_l_on_a_pod_shows_its_log_and_nothing_is_asked_before() -> None:
    async with explorer(company()) as (pilot, screen, estate):
        estate.inquiries = logs = Logs()
        pod = await on_pod(pilot, screen)
        assert logs.asked == []
        await pilot.press("l")
        log = await opened(pilot)
        await until(pilot, lambda: "two" in log.page.text)
        assert [(asked.pod, asked.container, asked.previous) for asked in logs.asked] == [(pod.name, pod.container, False)]
        await until(pilot, lambda: log.remark.startswith("complete"))
        await pilot.press("p")
        await until(pilot, lambda: len(logs.asked) == 2 and logs.asked[1].previous)
        await until(pilot, lambda: log.remark == "previous run, complete")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)


async def test_a_workload_shows_one_of_its_pods_and_o_the_others() -> None:
    async with explorer(company()) as (pilot, screen, estate):
        estate.inquiries = logs = Logs(endless=True)
        await on_pod(pilot, screen)
        await pilot.press("left", "l")
        log = await opened(pilot)
        assert "pod 1 of" in log.heading
        await until(pilot, lambda: len(logs.asked) == 1)
        await pilot.press("o")
        await until(pilot, lambda: len(logs.asked) == 2)
        assert logs.asked[0].pod != logs.asked[1].pod
        await until(pilot, lambda: logs.left == 1)
        await pilot.press("escape")
        await until(pilot, lambda: logs.left == 2)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_a_missing_right_is_said_in_full_with_what_to_ask_for(size: tuple[int, int]) -> None:
    async with explorer(company(), size) as (pilot, screen, estate):
        remedy = "Ask for the verb get on pods/log in namespace payments. The role 'view' has it."
        estate.inquiries = Logs((), Forbidden("No right to get pods/log in namespace payments.", remedy))
        await on_pod(pilot, screen)
        await pilot.press("l")
        log = await opened(pilot)
        await until(pilot, lambda: remedy in " ".join(log.page.text.split()))
        assert log.remark.startswith("not read")


async def test_an_image_with_something_inside_unfolds_on_l_and_capital_l_shows_what_built_it() -> None:
    async with explorer(company()) as (pilot, screen, _estate):
        before = screen.outline.expanded
        await pilot.press("h", "l")
        await until(pilot, lambda: screen.outline.expanded == before)
        assert pilot.app.screen is screen


async def test_y_on_a_pod_shows_the_pod_itself() -> None:
    async with explorer(company()) as (pilot, screen, estate):
        estate.inquiries = Logs()
        pod = await on_pod(pilot, screen)
        await pilot.press("y")
        await until(pilot, lambda: f"name: {pod.name}" in screen.detail.text)
        assert "pod/api" in screen.detail.text


@pytest.mark.parametrize(("lines", "width"), [(40, 80), (5, 80), (300, 40)])
async def test_a_search_finds_every_line_also_from_the_end_that_is_followed(lines: int, width: int) -> None:
    """Whoever looks for something while the end is followed means the whole log, and every hit comes once, around the end."""
    hits = {1, lines // 2, lines - 2}
    logs = Logs(lines=tuple(f"line {number} {'Needle' if number in hits else ''}" for number in range(lines)), endless=True)
    async with explorer(company(), (width, 20)) as (pilot, screen, estate):
        estate.inquiries = logs
        await on_pod(pilot, screen)
        await pilot.press("l")
        log = await opened(pilot)
        await until(pilot, lambda: len(log.page.lines) == lines)
        await pilot.press("/", *"needle", "enter")
        await until(pilot, lambda: log.hit is not None)
        seen = [log.hit or 0]
        for _ in range(3):
            await pilot.press("n")
            seen.append(log.hit or 0)
        assert {*seen[:3]} == hits
        assert seen[3] == seen[0]
        await pilot.press("N")
        assert log.hit == seen[2]
        assert log.page.top <= seen[2] < log.page.top + log.page.size.height
        await pilot.press("/", *("backspace",) * 6, *"nothing", "enter")
        await until(pilot, lambda: log.hit is None)
