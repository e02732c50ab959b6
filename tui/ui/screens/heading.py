"""The lines above the rows: the estate, its counts, the views, the filter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from textual.geometry import Size

from tui.presenters.header import HEIGHT, Count, Position, count_at, header_lines, view_at
from tui.presenters.running import NOTHING_RUNS, Running
from tui.presenters.views.spec import ViewSpec
from tui.presenters.views.table import VIEWS
from tui.ui.host import Explorer
from tui.ui.screens.shown_rows import ShownRows
from widgets.marking import MarkingTree
from widgets.page import Banner

__all__ = ["Headed", "Heading"]


class Headed(Explorer, Protocol):
    """The explorer as its heading sees it."""

    @property
    def view(self) -> ViewSpec:
        """The view shown."""
        ...

    @property
    def outline(self) -> MarkingTree:
        """The tree."""
        ...

    @property
    def shown_rows(self) -> ShownRows:
        """Of which filter its rows are."""
        ...

    @property
    def size(self) -> Size:
        """The size of the screen."""
        ...


class Heading(Banner):
    """Says where the operator is; `counts` stand beside the names of views, by their ids, and `running` is judged beside them."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.styles.height = HEIGHT
        self.counts: Mapping[str, int] = {}
        self.running: Running = NOTHING_RUNS
        self._place: Position | None = None

    def show(self, explorer: Headed) -> None:
        """Say it as it is now."""
        app, built, chosen = explorer.app, explorer.built, explorer.chosen
        place = Position(
            VIEWS,
            explorer.view,
            chosen.query,
            built.matched if built else None,
            built.undecided if built else 0,
            chosen.faults,
            not app.settings.write,
            chosen.finding.what if chosen.finding else "",
            len(explorer.outline.marked),
            not explorer.outline.in_order,
            explorer.outline.hidden_marks,
            self.counts,
            {view.id: view.busy(app.board) for view in VIEWS if view.busy is not None},
            stopped=app.trouble is not None,
            running=self.running,
            narrows=built.narrows if built else True,
            counting=not explorer.shown_rows.are_asked_for,
        )
        self._place = place
        self.set_lines(header_lines(app.snapshot, place, app.clock(), explorer.size.width, app.glyphs))

    def count_at(self, explorer: Headed, line: int, cell: int) -> Count | None:
        """What is counted there."""
        if self._place is None:
            return None
        return count_at(explorer.app.snapshot, self._place, (line, cell), explorer.size.width, explorer.app.glyphs)

    def view_at(self, explorer: Headed, line: int, cell: int) -> ViewSpec | None:
        """The view whose name stands there."""
        if self._place is None or line != HEIGHT - 1:
            return None
        return view_at(explorer.app.snapshot, self._place, cell, explorer.size.width, explorer.app.glyphs)
