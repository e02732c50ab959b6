"""Flows through the explorer, with the keyboard only."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from textual.color import Color
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget

from tests.estates import Builder, HandEstate, check, company, freeze, healthy, loading, sick
from tests.ui.driving import Settings, explorer, make_app, names, text_of, until
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.demand import Priority
from tui.domain.snapshot.snapshot import EMPTY, ImageKey, Snapshot
from tui.errors import InvalidConfig
from tui.presenters.views.table import LINEAGE, WORKLOADS
from tui.ui.screens.explorer import ExplorerScreen
from tui.ui.screens.keys import KeyLine
from tui.ui.screens.pages import DetailScreen, HelpScreen, QuitScreen, SourcesScreen
from tui.ui.screens.themes import theme_named
from widgets.choices import ChoiceList


async def test_starts_with_the_worst_unfolded_as_far_as_there_is_room() -> None:
    async with explorer(company(), (80, 24)) as (_, screen, _estate):
        assert names(screen)[:4] == ["debian:12-slim", "base/python:3.12", "payments-api:1.8.2", "api"]
        assert "✘ 2" in text_of(screen)


async def test_the_detail_follows_the_cursor() -> None:
    async with explorer(company()) as (pilot, screen, _):
        await pilot.press("j", "j")
        await until(pilot, lambda: "another image has this name" in screen.detail.text)
        assert "NOT TRUSTED" in screen.detail.text
        assert "→ Pin the digest, or roll back." in screen.detail.text
        sections = {"lineage": "proven by 7 layers", "vulnerabilities": "No scanner has reported on it", "running": "aks-pool1-0"}
        for tab, text in sections.items():
            while screen.inspector.tab.id != tab:
                await pilot.press("tab")
            await until(pilot, lambda text=text: text in screen.detail.text, text)  # type: ignore[misc]


async def test_the_selection_is_carried_from_view_to_view() -> None:
    async with explorer(company()) as (pilot, screen, _):
        await pilot.press("j", "j")
        key = screen.outline.cursor_key
        await pilot.press("2")
        await until(pilot, lambda: "Workload" in type(screen.outline.model).__name__)
        assert screen.outline.cursor_key is not None
        assert key is not None
        assert screen.outline.cursor_key[-1] == key[-1]
        await pilot.press("1")
        await until(pilot, lambda: "Lineage" in type(screen.outline.model).__name__)
        assert screen.outline.cursor_key == key
        assert screen.view is LINEAGE


async def test_an_update_moves_nothing_that_the_operator_has_placed() -> None:
    async with explorer(company()) as (pilot, screen, estate):
        await pilot.press("j", "j", "j", "h")
        before = (screen.outline.cursor_key, screen.outline.cursor_line, screen.outline.expanded)
        now = company()
        newcomers = {ImageKey("aaa.io", f"new/{at}", f"sha256:{at:064}"): image for at, image in enumerate(now.images.values())}
        more = {key: msgspec.structs.replace(image, key=key, base=None, checks=()) for key, image in newcomers.items()}
        estate.publish(freeze({**now.images, **more}, dict(now.bases), dict(now.workloads), now.sources, 2))
        await until(pilot, lambda: screen.outline.model.snapshot.number == 2)  # type: ignore[attr-defined]
        assert (screen.outline.cursor_key, screen.outline.cursor_line, screen.outline.expanded) == before


async def test_the_filter_narrows_with_every_key_and_escape_brings_everything_back() -> None:
    async with explorer(company()) as (pilot, screen, _):
        await pilot.press("j", "j")
        before = screen.outline.expanded
        await pilot.press("slash", *"shop-web")
        await until(pilot, lambda: "shop-web:3.4.0" in names(screen) and len(names(screen)) == 3)
        assert names(screen) == ["debian:12-slim", "base/node:22", "shop-web:3.4.0"]
        await pilot.press("enter")
        await until(pilot, lambda: screen.outline.has_focus)
        assert "1 of 12" in text_of(screen)
        await pilot.press("escape")
        await until(pilot, lambda: len(names(screen)) > 10)
        assert screen.outline.expanded == before


async def test_a_filter_that_is_kept_asks_for_the_signatures_of_what_nothing_runs() -> None:
    build = Builder()
    asked = build.image("app:1", check(CheckName.SIGNATURE, State.UNKNOWN, "nobody has looked"))
    build.image("other:1", check(CheckName.SIGNATURE, State.UNKNOWN, "nobody has looked"))
    async with explorer(build.freeze(*healthy())) as (pilot, screen, estate):
        await pilot.press("slash", *"repo:app")
        await until(pilot, lambda: names(screen) == ["app:1"])
        await pilot.press("enter")
        await until(pilot, lambda: bool(estate.wanted))
        assert [(each.name.repository, each.reference, each.referrers) for each in estate.wanted] == [("app", asked.digest, True)]


async def test_faults_only_hides_what_is_trusted_and_keeps_what_leads_to_faults() -> None:
    async with explorer(company()) as (pilot, screen, _):
        await pilot.press("f")
        await until(pilot, lambda: "7 of 12" in text_of(screen))
        assert "risk-engine:5.0.3" not in names(screen)
        assert "base/node:22" in names(screen)
        await pilot.press("f")
        await until(pilot, lambda: "risk-engine:5.0.3" in names(screen))


async def test_in_a_narrow_terminal_the_detail_is_a_screen_of_its_own() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, estate):
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, DetailScreen))
        shown = pilot.app.screen
        assert isinstance(shown, DetailScreen)
        await until(pilot, lambda: "NOT TRUSTED" in shown.page.text)
        await pilot.press("tab")
        await until(pilot, lambda: "proven by 7 layers" in shown.page.text)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert [demand.priority for demand in estate.wanted] == [Priority.OPENED]


async def test_growing_and_shrinking_keeps_the_place() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        await pilot.press("j", "j")
        key = screen.outline.cursor_key
        await pilot.resize_terminal(160, 48)
        await until(pilot, lambda: screen.detail.display and "NOT TRUSTED" in screen.detail.text)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: not screen.detail.display)
        assert screen.outline.cursor_key == key


async def test_leaving_asks_once() -> None:
    async with explorer(company()) as (pilot, screen, _):
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, QuitScreen))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        await pilot.press("q", "q")
        await until(pilot, lambda: pilot.app.return_value == 0)


async def test_help_names_the_keys_from_the_bindings_as_remapped() -> None:
    async with explorer(company(), settings=Settings(keymap={"faults": "x"})) as (pilot, _, _estate):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        shown = pilot.app.screen
        assert isinstance(shown, HelpScreen)
        await until(pilot, lambda: "copy the answer, finding or marks" in shown.page.text)
        assert "x" in [span.text.strip() for line in shown.page.lines for span in line.left]


async def test_sources_say_what_is_refused_and_whom_to_ask() -> None:
    async with explorer(company()) as (pilot, _, _estate):
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SourcesScreen))
        shown = pilot.app.screen
        assert isinstance(shown, SourcesScreen)
        await until(pilot, lambda: "Ask for Container Registry Repository Reader." in shown.page.text)


async def test_copies_the_name_and_the_reference_with_its_digest() -> None:
    async with explorer(company()) as (pilot, _, _estate):
        await pilot.press("j", "j", "c")
        assert pilot.app.clipboard == "contoso.azurecr.io/payments-api:1.8.2"
        await pilot.press("C")
        assert pilot.app.clipboard.startswith("contoso.azurecr.io/payments-api@sha256:")


async def test_a_document_is_copied_line_by_line_and_a_name_on_one_line() -> None:
    async with explorer(company()) as (pilot, screen, _):
        screen.app.copy_text("# Plan\n- a\x1bb", "the plan", lines=True)
        await until(pilot, lambda: pilot.app.clipboard == "# Plan\n- a\N{REPLACEMENT CHARACTER}b", "two lines")
        screen.app.copy_text("a\nrm b", "a name")
        await until(pilot, lambda: pilot.app.clipboard == "a rm b", "one line")


async def test_loading_shows_counts_rates_and_waits() -> None:
    async with explorer(loading(), (120, 30)) as (pilot, screen, estate):
        await until(pilot, lambda: screen.progress.display and screen.progress.size.height == 3)
        said = "\n".join(screen.progress.render_line(y).text for y in range(3))
        assert "pods 12,000 / 15,000" in said
        assert "repositories 210 / 640 · 38 req/s · waiting 4 s: throttled" in said
        assert "quay.io" in said
        fewer = loading()
        estate.publish(dataclasses.replace(fewer, sources=fewer.sources[:2]))
        await until(pilot, lambda: "quay.io" not in screen.progress.render_line(2).text)
        assert screen.progress.size.height == 3, "all rows are sent anew whenever the room for them changes"
        estate.publish(company())
        await until(pilot, lambda: not screen.progress.display and screen.outline.row_count > 0)


async def test_a_view_that_was_opened_before_there_were_rows_is_unfolded_when_they_come() -> None:
    async with explorer(loading()) as (pilot, screen, estate):
        await pilot.press("2")
        await until(pilot, lambda: screen.view is WORKLOADS)
        estate.publish(company())
        await until(pilot, lambda: screen.outline.row_count > 3, "the rows under the cluster's")
        await pilot.press("h")
        folded = screen.outline.row_count
        estate.publish(dataclasses.replace(company(), number=99))
        await until(pilot, lambda: screen.app.snapshot.number == 99 and screen.built is not None)
        assert screen.outline.row_count == folded


def _note_repaints(widget: Widget, repainted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Write down when a widget is repainted."""
    refresh = widget.refresh

    def note(*regions: Region, **how: bool) -> Widget:
        repainted.append(f"{widget} {regions}")
        return refresh(*regions, **how)

    monkeypatch.setattr(widget, "refresh", note)


async def _rows_of(snapshot: Snapshot, pilot: Pilot[int], screen: ExplorerScreen, estate: HandEstate) -> None:
    """Publish a snapshot and wait until its rows are shown."""
    before = screen.built
    estate.publish(snapshot)
    await until(pilot, lambda: screen.built is not before)
    await pilot.pause()


async def test_a_newer_snapshot_repaints_nothing_that_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    async with explorer(company()) as (pilot, screen, estate):
        painted: list[str] = []
        for widget in (screen, screen.outline, screen.detail, screen.rule, screen.query_one(KeyLine)):
            _note_repaints(widget, painted, monkeypatch)
        for number in (98, 99):  # the first may still come while the screen is laid out
            await pilot.pause()
            painted.clear()
            newer = dataclasses.replace(screen.app.snapshot, number=number)
            await _rows_of(newer, pilot, screen, estate)
        assert painted == []


async def test_when_nothing_may_be_read_it_says_what_why_and_what_next() -> None:
    async with explorer(sick(), (80, 24)) as (pilot, screen, _):
        await until(pilot, lambda: "Nothing could be read" in screen.notice.text)
        assert "May not read pods: missing right list pods" in screen.notice.text
        assert "Ask for the ClusterRole view on prod-weu." in screen.notice.text


async def test_an_estate_that_does_not_open_is_explained_and_tried_again() -> None:
    tries: list[int] = []

    @asynccontextmanager
    async def opener() -> AsyncIterator[HandEstate]:
        tries.append(1)
        if len(tries) == 1:
            raise InvalidConfig("No kubeconfig at ~/.kube/config", "Set KUBECONFIG, or pass --kubeconfig.")
        yield HandEstate(company())

    app, _ = make_app(EMPTY, opener=opener)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = app.screen
        assert isinstance(screen, ExplorerScreen)
        await until(pilot, lambda: "No kubeconfig at ~/.kube/config" in screen.notice.text)
        assert "Set KUBECONFIG" in screen.notice.text
        await pilot.press("R")
        await until(pilot, lambda: screen.outline.row_count > 0)


async def test_leaving_waits_until_the_estate_is_closed() -> None:
    closed: list[bool] = []

    @asynccontextmanager
    async def opener() -> AsyncIterator[HandEstate]:
        try:
            yield HandEstate(company())
        finally:
            await asyncio.sleep(0)
            closed.append(True)

    app, _ = make_app(EMPTY, opener=opener)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: bool(app.snapshot.images))
    assert closed


async def test_a_view_seen_for_the_first_time_is_unfolded_as_far_as_there_is_room() -> None:
    async with explorer(company()) as (pilot, screen, _):
        await pilot.press("2")
        await until(pilot, lambda: "Workload" in type(screen.outline.model).__name__)
        assert "payments" in names(screen)


async def test_what_is_unfolded_by_hand_stays_where_the_view_opens_folded_for_want_of_room() -> None:
    async with explorer(company(), size=(80, 9)) as (pilot, screen, estate):
        await pilot.press("2")
        await until(pilot, lambda: screen.view is WORKLOADS)
        assert not screen.outline.expanded
        await pilot.press("l")
        opened = screen.outline.expanded
        assert opened
        await _rows_of(dataclasses.replace(company(), number=99), pilot, screen, estate)
        assert screen.outline.expanded == opened


async def test_a_start_query_narrows_the_first_rows() -> None:
    async with explorer(company(), query="shop-web") as (pilot, screen, _):
        await until(pilot, lambda: names(screen) == ["debian:12-slim", "base/node:22", "shop-web:3.4.0"])


async def test_without_unicode_everything_is_ascii() -> None:
    async with explorer(company(), settings=Settings(ascii=True)) as (pilot, screen, _):
        await pilot.press("j")
        assert text_of(screen).isascii()
        assert all(screen.detail.render_line(y).text.isascii() for y in range(20))


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (109, 30), (110, 30), (160, 48), (200, 60)])
async def test_every_line_is_exactly_as_wide_as_the_screen(size: tuple[int, int]) -> None:
    async with explorer(company(), size) as (pilot, screen, _):
        await pilot.press("G")
        for y in range(screen.header.size.height):
            assert screen.header.render_line(y).cell_length == size[0]
        assert {screen.outline.render_line(y).cell_length for y in range(screen.outline.size.height)} == {
            screen.outline.size.width
        }


def filter_word(screen: ExplorerScreen) -> str:
    """What the filter says at its right edge."""
    return "".join(span.text for banner in screen.query("#verdict") for line in banner.lines for span in line.right)  # type: ignore[attr-defined]


async def test_no_color_takes_every_colour_away_and_marks_the_cursor_by_reversing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        await pilot.press("j")
        painted = pilot.app.screen._compositor.render_strips()
        styles = [segment.style for strip in painted for segment in strip if segment.style]
        assert all(color is None or color.is_default for style in styles for color in (style.color, style.bgcolor))
        assert any(style.reverse for style in styles)
        assert screen.outline.cursor_line == 1


@pytest.mark.parametrize(("chosen", "shown"), [("", "trustree-16"), ("light", "trustree-light")])
async def test_a_terminal_of_sixteen_colours_has_its_own_theme_unless_another_is_chosen(
    chosen: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLORTERM")
    monkeypatch.setenv("TERM", "xterm")
    async with explorer(company(), (80, 24), settings=Settings(theme=chosen)) as (pilot, _, _):
        assert pilot.app.theme == shown


async def test_the_palette_has_no_picture_and_no_rule_that_an_ascii_terminal_lacks() -> None:
    async with explorer(company(), (80, 24), settings=Settings(ascii=True)) as (pilot, _, _):
        await pilot.press("ctrl+p")
        await until(
            pilot, lambda: bool(pilot.app.screen.query(ChoiceList)) and bool(pilot.app.screen.query_one(ChoiceList).texts)
        )
        await pilot.pause()
        painted = pilot.app.screen._compositor.render_strips()
        assert {sign for strip in painted for segment in strip for sign in segment.text if not sign.isascii()} == set()


@pytest.mark.parametrize("theme", ["", "light", "16", "colour-blind", "nord"])
async def test_the_theme_asked_for_is_there_from_the_first_frame(theme: str) -> None:
    async with explorer(company(), (80, 24), settings=Settings(theme=theme)) as (pilot, screen, _):
        await pilot.pause()
        assert pilot.app.theme == theme_named(theme)
        painted, wanted = screen.outline.role("fail").color, Color.parse(pilot.app.current_theme.error or "").rich_color
        assert painted is not None
        shown, asked = painted.get_truecolor(), wanted.get_truecolor()
        assert all(abs(one - other) <= 1 for one, other in zip(shown, asked, strict=True))  # the colour system rounds
