"""What an operator asks in an incident, on the embedded estate, each within the keys it may take.

A term that is typed counts as one key, as the start of the program counts as none. The estate is loaded once for the module.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from textual.pilot import Pilot
from textual.widgets import Input

from tests.ui.driving import Settings as Looks
from tests.ui.driving import keys_to, names, text_of, until
from tui.domain.answers.moves import moves_among
from tui.domain.common.trust import State
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.query import parse_query
from tui.domain.snapshot.snapshot import Drift, Snapshot
from tui.estate.estate import Estate
from tui.settings.settings import Settings
from tui.ui.app import TrustreeApp
from tui.ui.screens.explorer import ExplorerScreen
from tui.wiring.opening import opened
from widgets.page import TextPage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("embedded estate")]
LOADING = 240.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def estate() -> AsyncIterator[Estate]:
    """The demo, loaded."""
    async with opened(Settings(demo="contoso")) as found:
        assert await found.settled(LOADING)
        yield found


class Operator:
    """Somebody at the keyboard whose keys are counted."""

    def __init__(self, pilot: Pilot[int], screen: ExplorerScreen) -> None:
        self.pilot, self.screen, self.keys = pilot, screen, 0

    @property
    def snapshot(self) -> Snapshot:
        """What the explorer shows."""
        return self.screen.app.snapshot

    async def press(self, *keys: str) -> None:
        """Press keys."""
        for key in keys:
            self.keys += 1
            await self.pilot.press(key)

    async def filter(self, query: str) -> None:
        """`/` and a term: two keys; the rows follow while it is typed."""
        await self.press("slash")
        await until(self.pilot, lambda: bool(self.screen.query("#filter Input")))
        self.keys += 1
        self.screen.query_one("#filter Input", Input).value = query
        await until(self.pilot, lambda: f"/ {query}" in text_of(self.screen) and self.narrowed(query), query)

    def narrowed(self, query: str) -> bool:
        """Whether the rows are those of the query."""
        built = self.screen.built
        return self.screen.chosen.query == query and built is not None and built.matched is not None

    @property
    def said(self) -> str:
        """What stands above the rows."""
        return " ".join(" ".join(span.text for span in line.left) for line in self.screen.answer.lines)

    async def answered(self, *parts: str) -> str:
        """What stands above the rows, once it says all this: while a query is typed it is shorter, and it follows what runs."""
        await until(self.pilot, lambda: bool(self.screen.answer.display) and all(part in self.said for part in parts), self._said)
        return self.said

    async def reads(self, page: TextPage, *parts: str) -> None:
        """Wait until a page says all this, however its lines break."""
        await until(self.pilot, lambda: all(part in " ".join(page.text.split()) for part in parts), lambda: page.text)

    def _said(self) -> str:
        return f"{self.said}\n{text_of(self.screen)}"

    async def sees(self, holds: Callable[[], bool], what: str = "") -> None:
        """Wait until something shows."""
        await until(self.pilot, holds, lambda: f"{what}\n{text_of(self.screen)}")


@asynccontextmanager
async def operator(estate: Estate, size: tuple[int, int] = (160, 48)) -> AsyncIterator[Operator]:
    """The explorer on the loaded estate."""

    @asynccontextmanager
    async def opener() -> AsyncIterator[Estate]:
        yield estate

    app = TrustreeApp(Looks(), opener)
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        assert isinstance(screen, ExplorerScreen)
        await until(pilot, lambda: screen.outline.row_count > 0 and screen.outline.size.height > 1, "rows")
        yield Operator(pilot, screen)


SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=["small", "wide"])


@SIZES
async def test_s1_a_vulnerability_where_it_runs_and_what_mends_it_takes_three_keys(estate: Estate, size: tuple[int, int]) -> None:
    async with operator(estate, size) as ops:
        images = [image for image in ops.snapshot.images.values() if image.in_use and image.vulnerabilities]
        bad = max(images, key=lambda image: image.pods).vulnerabilities[0]
        having = [image for image in ops.snapshot.images.values() if bad.id in {row.id for row in image.vulnerabilities}]
        await ops.filter(f"cve:{bad.id}")
        await ops.press("enter")
        assert ops.keys <= 3
        running = f"runs     {sum(image.pods > 0 for image in having)} of {len(having)} images"
        await ops.answered(running, "2 clusters", "fix", "from", "whose", "team-")
        assert len(ops.screen.answer.lines) <= 6, "five lines and the rule below"


@SIZES
async def test_s2_the_blast_radius_of_a_base_takes_three_keys(estate: Estate, size: tuple[int, int]) -> None:
    async with operator(estate, size) as ops:
        await ops.filter("base:debian")
        await ops.press("enter")
        assert ops.keys <= 3
        await ops.answered("through others", " old", "→", "by itself", "whose", "unknown")
        built = ops.screen.built
        assert built is not None
        assert built.answer is not None
        assert built.matched == len(built.answer.extent.images) > 20
        assert len(ops.screen.answer.lines) <= 6, "five lines and the rule below"
        assert {name.partition(":")[0] for name in names(ops.screen)} >= {"base/debian"}


async def test_s3_a_tag_that_was_moved_under_running_pods_takes_two_keys(estate: Estate) -> None:
    async with operator(estate) as ops:
        await ops.filter("drift:moved payments/worker")
        assert ops.keys <= 2
        await ops.answered("payments/worker:stable names")
        await ops.sees(lambda: any("payments/worker" in name for name in names(ops.screen)), "its row")
        await ops.press("enter", "G")
        await ops.reads(ops.screen.detail, "what runs is")


async def test_s4_why_pods_do_not_start_is_told_apart_in_three_keys(estate: Estate) -> None:
    async with operator(estate, (200, 60)) as ops:
        await ops.press("2")
        await ops.filter("is:stuck")
        assert ops.keys <= 3
        await ops.sees(lambda: "no tag 9.9" in text_of(ops.screen), "a tag that is not there")
        said = text_of(ops.screen)
        for cause in ("no repository", "no connection", "no right", "is not an image"):
            assert cause in said, said
        await ops.answered("no such tag", "right 1", "name 1", "repo 1", "network 1")


@SIZES
async def test_s4_the_pull_that_the_answer_speaks_of_is_under_the_cursor(estate: Estate, size: tuple[int, int]) -> None:
    async with operator(estate, size) as ops:
        await ops.filter("is:stuck")
        await ops.press("enter")
        await ops.answered("ml/ranker:9.9", "no such tag")
        assert ops.keys <= 3
        await ops.sees(lambda: ops.screen.inspector.subject.workload is not None, "a workload under the cursor")
        failing = ops.screen.inspector.subject.workload
        assert failing is not None
        assert [box.image for box in ops.snapshot.workloads[failing].containers] == ["contoso.azurecr.io/ml/ranker:9.9"]


async def test_s5_the_start_screen_counts_every_verdict(estate: Estate) -> None:
    async with operator(estate) as ops:
        images = ops.snapshot.summary.images
        said = text_of(ops.screen)
        assert all(
            f"{images[state]}" in said for state in (State.FAIL, State.UNKNOWN, State.WARN, State.PASS) if images.get(state)
        )
        assert "✘" in said
        assert ops.keys == 0


async def test_s5_on_a_small_screen_one_key_tells_which_questions_fail(estate: Estate) -> None:
    async with operator(estate, (80, 24)) as ops:
        await ops.press("f")
        assert ops.keys == 1
        failing = sum(image.verdict is State.FAIL for image in ops.snapshot.images.values())
        await ops.answered(f"{failing} fail: ", "scan ", "signature ", "base ", "registry ")
        built = ops.screen.built
        assert built is not None
        assert built.answer is not None
        assert built.matched == len(built.answer.extent.images)


async def test_the_answer_leaves_room_for_rows_while_it_is_typed_on_a_small_screen(estate: Estate) -> None:
    async with operator(estate, (80, 24)) as ops:
        await ops.filter("cve:CVE-2026-90355")
        await ops.answered()
        assert len(ops.screen.answer.lines) <= 5, "four lines and the rule below"
        await ops.press("enter")
        await ops.sees(lambda: any("whose" in span.text for line in ops.screen.answer.lines for span in line.left), "all of it")


async def test_s6_what_was_not_rebuilt_since_its_base_moved(estate: Estate) -> None:
    async with operator(estate) as ops:
        await ops.filter("is:outdated")
        assert ops.keys <= 5
        await ops.sees(lambda: "base moved" in text_of(ops.screen))


async def test_s7_what_would_not_come_back_takes_two_keys(estate: Estate) -> None:
    async with operator(estate) as ops:
        await ops.filter("drift:gone")
        assert ops.keys <= 2
        gone = [each for each in ops.snapshot.workloads.values() if any(box.drift is Drift.GONE for box in each.containers)]
        assert any(workload.pods == 0 for workload in gone)  # also what is scaled to zero and would not start


async def test_s8_the_dossier_of_a_digest_takes_four_keys(estate: Estate) -> None:
    async with operator(estate) as ops:
        image = max(ops.snapshot.images.values(), key=lambda image: image.pods if not image.absent else -1)
        digest = image.key.digest.partition(":")[2][:12]
        await ops.filter(f"digest:{digest}")
        await ops.press("enter", "G")
        assert ops.keys <= 4
        await ops.sees(lambda: digest in ops.screen.detail.text, "the image's detail")


async def test_the_detail_shows_the_lineage_with_what_proves_it(estate: Estate) -> None:
    async with operator(estate) as ops:
        await ops.filter("payments/worker")
        await ops.press("enter", "G")
        await ops.pilot.press("tab")
        await ops.sees(lambda: "proven by" in ops.screen.detail.text and "payments/worker" in ops.screen.detail.text)


async def test_a_live_change_appears_and_the_cursor_stays(estate: Estate) -> None:
    async with operator(estate) as ops:
        await ops.press("j", "j", "j")
        before, number = ops.screen.outline.cursor_key, ops.snapshot.number
        line = ops.screen.outline.cursor_line
        async with asyncio.timeout(LOADING):
            while ops.snapshot.number < number + 2:
                await ops.pilot.pause(0.1)
        assert (ops.screen.outline.cursor_key, ops.screen.outline.cursor_line) == (before, line)


async def test_the_manifest_of_an_image_is_shown_as_its_registry_has_it(estate: Estate) -> None:
    async with operator(estate) as ops:
        image = next(image for image in ops.snapshot.images.values() if image.in_use and image.config_digests)
        await ops.filter(f"digest:{image.key.digest[7:20]}")
        await ops.press("enter")
        await ops.sees(lambda: ops.screen.inspector.subject.image == image.key)
        await ops.press(*keys_to("raw"))
        await ops.sees(lambda: '"schemaVersion": 2' in ops.screen.detail.text, "the manifest")
        assert '"rootfs": {' in ops.screen.detail.text


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_s3_what_ran_before_and_now_stands_above_the_rows_in_two_keys(estate: Estate, size: tuple[int, int]) -> None:
    async with operator(estate, size) as ops:
        await ops.filter("drift:moved payments/worker")
        assert ops.keys <= 2
        moves = moves_among(ops.snapshot, ops.snapshot.workloads).moves
        (move,) = (move for move in moves if move.name.repository == "payments/worker")
        assert move.current is not None
        names_now = f"payments/worker:stable names {move.current.digest[7:19]}"
        await ops.answered(names_now, "24 pods still run", "rollout undo does not help: same tag")
        await ops.press("enter", "G", "enter")
        await ops.sees(lambda: size[0] >= 110 or ops.pilot.app.screen is not ops.screen, "the page of the row")
        await ops.press(*keys_to("compare"))
        page = ops.pilot.app.screen.query_one(TextPage) if size[0] < 110 else ops.screen.detail
        await ops.reads(page, "shared", "before", "now", "signature", "label", "layers")


async def test_s4_the_pull_doctor_names_the_step_and_the_role_in_three_keys_at_80_columns(estate: Estate) -> None:
    async with operator(estate, (80, 24)) as ops:
        await ops.filter("is:stuck portal")
        assert ops.keys <= 3
        steps = "repo ✔ tag ✔ digest ✔ right ✘ network ✔ platform ✔"
        await ops.answered(steps, "grant AcrPull on fabrikam.azurecr.io to the kubelet identity.")


async def test_s7_what_a_purge_would_break_takes_two_keys_at_80_columns(estate: Estate) -> None:
    async with operator(estate, (80, 24)) as ops:
        await ops.filter("is:at-risk")
        assert ops.keys <= 2
        said = await ops.answered("by retention", "restart")
        built = ops.screen.built
        found = parse_query("is:at-risk").images(ops.snapshot, ops.snapshot.as_of)
        assert built is not None
        assert built.matched == len(found.images)
        assert f"of {len(found.images)} images" in said
        needed = {name for name in ("settlement", "worker") if name in text_of(ops.screen)}
        assert needed
        rows = text_of(ops.screen).splitlines()
        how = ("gone", "retention", "purge", "untagged")
        lost = {image.repository.rpartition("/")[2] for image in found.images}
        told = [row for row in rows if any(name in row for name in lost) and any(word in row for word in how)]
        assert len(told) > 1, "rows say how, as the answer counts it"
        assert isinstance((ops.screen.outline.cursor_key or ("",))[-1], ObjectKey), "what needs it is under the cursor"


async def test_s8_the_dossier_of_a_digest_takes_four_keys_at_80_columns(estate: Estate) -> None:
    async with operator(estate, (80, 24)) as ops:
        moves = moves_among(ops.snapshot, ops.snapshot.workloads).moves
        bad = next(move.before[0] for move in moves if move.name.repository == "payments/worker")
        await ops.filter(f"digest:{bad.digest[:19]}")
        await ops.answered("built ", "pushed ", "signed ", "untagged ", "by run ", "K contains it")
        await ops.press("enter", "enter")
        assert ops.keys <= 4
        await ops.sees(lambda: "What happened to it" in ops.pilot.app.screen.query_one(TextPage).text, "its timeline")
