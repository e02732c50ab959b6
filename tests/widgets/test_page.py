"""A page of text: what stays on the screen is not sent to the terminal again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from widgets.page import TextPage
from widgets.rows import Span, TextLine


def lines(*texts: str) -> list[TextLine]:
    """One line for each text."""
    return [TextLine((Span(text),)) for text in texts]


class PageApp(App[None]):
    """A page of three rows; it notes which of them are repainted."""

    CSS = "TextPage { height: 3; }"

    def compose(self) -> ComposeResult:
        """Only the page."""
        yield TextPage()


@pytest.mark.parametrize(
    ("before", "after", "repainted"),
    [
        ("a b c", "a b c", []),
        ("a b c", "a x c", [1]),
        ("a b", "a", [1]),
        ("a", "a b c", [1, 2]),
        ("a b c d e", "x b c d e", [0]),
        ("a b c d e", "a b c d", [2]),  # the last row says how many more there are
        ("a b c d e", "a b x y z", []),  # below the last row
    ],
)
async def test_only_rows_that_change_are_repainted(
    before: str, after: str, repainted: Sequence[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = PageApp()
    async with app.run_test(size=(20, 6)) as pilot:
        page = app.query_one(TextPage)
        page.show(lines(*before.split()))
        await pilot.pause()
        seen: list[Region] = []
        monkeypatch.setattr(page, "refresh", lambda *regions, **_: seen.extend(regions))
        page.show(lines(*after.split()))
        assert [region.y for region in seen] == list(repainted)
