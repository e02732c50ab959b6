"""What the explorer says where there are no rows, and how loading goes."""

from __future__ import annotations

from typing import Protocol

from textual.geometry import Size

from tui.errors import TrustreeError
from tui.presenters.sources import error_lines, nothing_lines, notice_lines, progress_lines, starting_lines
from tui.presenters.untold import untold
from tui.presenters.views.spec import ViewSpec
from tui.ui.host import Explorer
from widgets.page import Banner, TextPage
from widgets.rows import TextLine

__all__ = ["Noticed", "Notices", "has_rows"]


LOW = 30
"""Lines of a screen below which progress takes one of them."""


class Noticed(Explorer, Protocol):
    """The explorer as its notices see it."""

    @property
    def view(self) -> ViewSpec:
        """The view shown."""
        ...

    @property
    def notice(self) -> TextPage:
        """What stands in the place of rows."""
        ...

    @property
    def progress(self) -> Banner:
        """What stands below the rows while the estate loads."""
        ...

    @property
    def size(self) -> Size:
        """The size of the screen."""
        ...


def has_rows(explorer: Explorer) -> bool:
    """Whether there is any row to show."""
    return explorer.built is not None and bool(explorer.built.model.roots())


class Notices:
    """Says why there are no rows, and how loading goes."""

    def __init__(self, explorer: Noticed) -> None:
        self._explorer = explorer

    @property
    def height(self) -> int:
        """How many lines the progress takes."""
        progress = self._explorer.progress
        return len(progress.lines) if progress.display else 0

    def show_progress(self) -> None:
        """How loading goes. Until it is over the room for it only grows: with every change all rows are sent anew."""
        explorer, progress = self._explorer, self._explorer.progress
        low = explorer.size.height < LOW
        lines = progress_lines(explorer.app.snapshot, explorer.size.width, explorer.app.glyphs, low=low)
        if lines and not low:
            lines += [TextLine()] * (len(progress.lines) - len(lines))
        progress.styles.height = len(lines)
        progress.display = bool(lines)
        progress.set_lines(lines)

    def show_trouble(self, trouble: TrustreeError | None) -> None:
        """What keeps the estate from opening, beside the rows where there are any; None: it is being opened."""
        explorer = self._explorer
        if trouble is None:
            self._show(starting_lines())
        elif has_rows(explorer):
            explorer.app.notify(f"{trouble.headline} {trouble.remedy}", severity="error", markup=False)
        else:
            self._show(error_lines(trouble, explorer.size.width))

    def show_emptiness(self) -> None:
        """Why there is no row, if there is none."""
        explorer = self._explorer
        if has_rows(explorer) or explorer.app.trouble is not None:
            return
        built, words, width = explorer.built, explorer.chosen.words, explorer.size.width
        if explorer.view.nothing and (not words or (built is not None and not built.narrows)):
            self._show(nothing_lines(explorer.view.nothing, width))
            return
        unsure, hint = (tuple(untold(built)), built.hint) if built else ((), "")
        self._show(notice_lines(explorer.app.snapshot, width, words, unsure, hint))

    def _show(self, lines: list[TextLine]) -> None:
        if not has_rows(self._explorer):
            self._explorer.notice.show(lines)
