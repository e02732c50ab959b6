"""The view of findings, marks, and the sections on vulnerabilities and signatures, with the keyboard only."""

from __future__ import annotations

from tests.domain.test_findings import scanned
from tests.estates import company
from tests.ui.driving import explorer, names, text_of, until
from tui.presenters.views.findings import FindingModel
from tui.presenters.views.table import LINEAGE


async def test_enter_on_a_problem_shows_its_images_and_escape_comes_back() -> None:
    async with explorer(company()) as (pilot, screen, _):
        await pilot.press("4")
        await until(pilot, lambda: isinstance(screen.outline.model, FindingModel))
        await until(pilot, lambda: "what clears it" in text_of(screen))
        await pilot.press("enter")
        await until(pilot, lambda: screen.view is LINEAGE and len(names(screen)) < 8)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(screen.outline.model, FindingModel))
        assert not screen.chosen.words


async def test_the_detail_of_a_problem_names_who_has_it() -> None:
    async with explorer(scanned()) as (pilot, screen, _):
        await pilot.press("4")
        remedy = "Update openssl to 3.0.2 in base/debian:12, then rebuild"
        await until(pilot, lambda: "CVE-2026-1" in screen.detail.text and remedy in " ".join(screen.detail.text.split()))
        assert "Deployment/api" in screen.detail.text


async def test_problems_are_grouped_otherwise_with_o() -> None:
    async with explorer(scanned()) as (pilot, screen, _):
        await pilot.press("4")
        await until(pilot, lambda: isinstance(screen.outline.model, FindingModel))
        await pilot.press("o")
        await until(pilot, lambda: "vulnerability" in text_of(screen))


async def test_marks_are_counted_and_stay() -> None:
    async with explorer(company()) as (pilot, screen, _):
        await pilot.press("space", "j", "j", "V")
        await until(pilot, lambda: "4 marked" in text_of(screen))
        await pilot.press("U")
        await until(pilot, lambda: "marked" not in text_of(screen))


async def test_s1_a_vulnerability_is_found_with_its_place_and_its_fix() -> None:
    async with explorer(scanned()) as (pilot, screen, _):
        await pilot.press("slash", *"cve:CVE-2026-1", "enter")
        await until(pilot, lambda: screen.built is not None and screen.built.matched == 2)
        await pilot.press("G")
        screen.inspector.turn(2)
        assert "no scanner" in screen.detail.text.lower() or "openssl" in screen.detail.text
