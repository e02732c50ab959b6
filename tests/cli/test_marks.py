"""The file in which it is kept how the estate stood: private, small, replaced as a whole, and never in the way."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.estates import NOW
from tui.domain.answers.trend import Mark
from tui.settings.load import load
from tui.settings.marks import MOST, MarkFile

MARK = Mark(NOW, {'["prod","",""]': (1, 2, 3, 4)})


def test_a_mark_is_read_again_in_the_same_circumstances_only(tmp_path: Path) -> None:
    file = tmp_path / "state" / "marks.json"
    MarkFile(file, "a").keep("all ok", MARK)
    assert MarkFile(file, "a").read("all ok") == MARK
    assert MarkFile(file, "a").read("one failed") is None
    assert MarkFile(file, "b").read("all ok") is None


def test_only_its_owner_may_read_it_and_nothing_else_is_left(tmp_path: Path) -> None:
    file = tmp_path / "state" / "marks.json"
    MarkFile(file).keep("all ok", MARK)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["marks.json"]


def test_the_oldest_go(tmp_path: Path) -> None:
    file = MarkFile(tmp_path / "marks.json")
    for number in range(MOST + 3):
        file.keep(f"estate {number}", Mark(NOW + timedelta(days=number), {}))
    assert [number for number in range(MOST + 3) if file.read(f"estate {number}") is not None] == list(range(3, MOST + 3))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"schema": "other", "marks": {}}',
        b'{"marks": {"a": 1}}',
        b"\xff\xfe",
        b"[" * 99_999,
        b" " * (9 << 20),
    ],
    ids=["empty", "cut", "list", "schema", "type", "bytes", "deep", "large"],
)
def test_what_is_no_file_of_ours_is_passed_over_and_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "marks.json"
    path.write_bytes(content)
    file = MarkFile(path)
    assert file.read("all ok") is None
    file.keep("all ok", MARK)
    assert file.read("all ok") == MARK


def test_a_place_that_cannot_be_written_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no directory")
    file = MarkFile(tmp_path / "state" / "marks.json")
    file.keep("all ok", MARK)
    assert file.read("all ok") is None


def test_without_a_path_nothing_is_kept() -> None:
    file = MarkFile(None)
    file.keep("all ok", MARK)
    assert file.read("all ok") is None


def test_the_demo_has_a_file_of_its_own_and_no_cache_means_none() -> None:
    assert load({}).mark_file != load({"demo": "contoso"}).mark_file
    assert load({"use_cache": False}).mark_file is None
    assert load({}).asked != load({"namespaces": ("payments",)}).asked


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        ("2026-01-01T00:00:00", [1, 2, 3, 4]),
        ("0001-01-01T00:00:00+23:00", [1, 2, 3, 4]),
        ("9999-12-31T23:59:59-23:00", [1, 2, 3, 4]),
        ("2026-01-01T00:00:00Z", [-1, 2, 3, 4]),
        ("2026-01-01T00:00:00Z", [1 << 62, 2, 3, 4]),
    ],
    ids=["no zone", "before all", "after all", "less than nothing", "more than there can be"],
)
def test_a_mark_that_nobody_could_have_made_is_passed_over(tmp_path: Path, at: str, counts: Any) -> None:
    path = tmp_path / "marks.json"
    MarkFile(path).keep("all ok", MARK)
    (key,) = msgspec.json.decode(path.read_bytes())["marks"]
    wrong = {"at": at, "counts": {"[]": counts}}
    path.write_bytes(msgspec.json.encode({"schema": "trustree/marks/v1", "marks": {key: wrong, "other": wrong}}))
    assert MarkFile(path).read("all ok") is None
    MarkFile(path).keep("all ok", MARK)
    assert MarkFile(path).read("all ok") == MARK
