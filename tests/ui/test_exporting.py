"""`x` and `S`: the rows and the screen as files for their owner alone, and never over another file."""

from __future__ import annotations

import csv
import io
import stat
from pathlib import Path

import pytest

from tests.estates import NOW, company
from tests.ui.driving import explorer, text_of, until
from tui.domain.query.index import QueryIndex
from tui.presenters.commands import CommandIndex, CommandRequest, Run, offers


@pytest.mark.parametrize(("key", "suffix"), [("x", ".md"), ("S", ".svg")])
async def test_a_key_writes_a_private_file_and_says_where(tmp_path: Path, key: str, suffix: str) -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        screen.app.exports = tmp_path / "state" / "exports"
        await pilot.press(key)
        await until(pilot, lambda: bool(screen.app._notifications), "a word about it")
        (file,) = screen.app.exports.iterdir()
        assert file.suffix == suffix
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert file.read_text()
        assert any(str(file) in note.message for note in screen.app._notifications)


async def test_markdown_has_the_answer_and_every_unfolded_row(tmp_path: Path) -> None:
    async with explorer(company(), (80, 24), query="payments") as (pilot, screen, _):
        await until(pilot, lambda: screen.built is not None and screen.built.answer is not None)
        file = tmp_path / "rows.md"
        screen.action_export(str(file))
        await until(pilot, lambda: bool(screen.app._notifications))
        text = file.read_text()
        assert text.startswith("## payments\n\n- **runs** ")
        assert text.count("\n| ") == 1 + screen.outline.row_count
        assert "| verdict | image, base first | state | imgs | pods | age |" in text


async def test_csv_and_text_have_the_depth_of_each_row(tmp_path: Path) -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        for name in ("rows.csv", "rows.txt"):
            screen.action_export(str(tmp_path / name))
            await until(pilot, lambda name=name: (tmp_path / name).exists() and (tmp_path / name).stat().st_size > 0)  # type: ignore[misc]
        rows = list(csv.DictReader(io.StringIO((tmp_path / "rows.csv").read_text())))
        assert len(rows) == screen.outline.row_count
        assert [int(row["level"]) for row in rows] == [len(key) - 1 for key in screen.outline.keys]
        assert {row["verdict"] for row in rows} <= {"pass", "warn", "fail", "unknown", "off", ""}
        assert len((tmp_path / "rows.txt").read_text().splitlines()) == 3 + len(rows)


async def test_nothing_is_written_over_a_file_or_through_a_link(tmp_path: Path) -> None:
    there, link = tmp_path / "there.md", tmp_path / "link.md"
    there.write_text("mine")
    link.symlink_to(tmp_path / "elsewhere.md")
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        for number, file in enumerate((there, link, tmp_path / "missing" / "rows.md"), 1):
            screen.action_export(str(file))
            await until(pilot, lambda number=number: len(screen.app._notifications) == number, "a refusal")  # type: ignore[misc]
        assert all(note.severity == "error" for note in screen.app._notifications)
        assert "is there already" in next(iter(screen.app._notifications)).message
    assert there.read_text() == "mine"
    assert not (tmp_path / "elsewhere.md").exists()


async def test_without_a_directory_it_is_said_how_to_name_a_file() -> None:
    async with explorer(company(), (80, 24)) as (pilot, screen, _):
        await pilot.press("x")
        await until(pilot, lambda: any(":export FILE" in note.message for note in screen.app._notifications), text_of(screen))


def test_export_names_a_file_behind_the_colon() -> None:
    (offer,) = offers(CommandRequest("export ~/it's here.txt", CommandIndex(QueryIndex(company())), {}, NOW))
    assert offer.target == Run('export("~/it\'s here.txt")')
