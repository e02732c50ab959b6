"""The line of views and the filter share the width: neither pushes the other out."""

from __future__ import annotations

import re

import pytest

from tests.estates import NOW, company
from tui.presenters.glyphs import UNICODE
from tui.presenters.header import HEIGHT, Position, header_lines, view_at
from tui.presenters.views.table import VIEWS
from widgets.rows import Cell


def text(cell: Cell) -> str:
    return "".join(span.text for span in cell)


@pytest.mark.parametrize("width", [80, 100, 120, 160, 240])
@pytest.mark.parametrize("query", ["", "is:running", "cve:CVE-2026-90210 ns:payments -ctx:prod-weu team:checkout"])
@pytest.mark.parametrize("about", ["", "cannot pull: the image is there, but the cluster has no right to pull it"])
def test_every_view_is_named_by_its_key_beside_any_filter(width: int, query: str, about: str) -> None:
    place = Position(VIEWS, VIEWS[0], query, 74, 56, about=about, faults=True, marked=3, counts={"findings": 96})
    line = header_lines(company(), place, NOW, width, UNICODE)[HEIGHT - 1]
    assert len(text(line.left)) + len(text(line.right)) <= width
    assert all(view.key in text(line.left) for view in VIEWS)
    assert VIEWS[0].name in text(line.left)
    assert "3 marked" in text(line.right)
    if query or about:
        assert "74" in text(line.right)
        assert "56" in text(line.right)


@pytest.mark.parametrize("width", [80, 160])
def test_a_click_reaches_the_view_whose_name_is_there(width: int) -> None:
    snapshot, place = company(), Position(VIEWS, VIEWS[1], counts={"findings": 96})
    line = text(header_lines(snapshot, place, NOW, width, UNICODE)[HEIGHT - 1].left)
    for view in VIEWS:
        label = re.search(rf"(?<!\d){view.key} ({view.name})?", line)
        assert label is not None
        assert label[1] or width < 100, "where not all names have room the keys are there alone"
        assert view_at(snapshot, place, label.start(), width, UNICODE) is view
        assert view_at(snapshot, place, label.end() - 1, width, UNICODE) is view
    assert view_at(snapshot, place, len(line) + 1, width, UNICODE) is None
