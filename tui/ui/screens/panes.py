"""How the explorer shares its room: rows and detail side by side, one above the other, or one of them alone."""

from __future__ import annotations

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from tui.presenters.views.spec import ViewSpec

__all__ = ["Panes"]

BOTH, ROWS, DETAIL = "", "rows", "detail"
LEAST = 9
"""Lines for rows below which the detail does not stand beneath them: it would leave too few of both."""


class Panes:
    """Rows, the notice where there is none, and the detail. All is set on the widgets: as classes on the screen it would style
    every widget anew.

    Where there is no room for the detail beside the rows, it stands below them where the view wants that, or the operator does.
    """

    def __init__(self, body: Horizontal, left: Vertical, rows: Widget, notice: Widget, detail: Widget) -> None:
        self._body, self._left, self._rows, self._notice, self._detail = body, left, rows, notice, detail
        self._stacked = False
        self._usual = BOTH
        self._wanted: str | None = None

    @property
    def shown(self) -> str:
        """The pane that has the whole room, empty for both."""
        return self._usual if self._wanted is None else self._wanted

    def arrange(self, view: ViewSpec, *, wide: bool, empty: bool, room: int) -> bool:
        """Show what there is room for, and say whether it is another room than before; `room` is how many rows fit."""
        before = (self._stacked, self._detail.display, self._left.display)
        below = (view.detail_below or (view.needs_detail and not wide)) and room >= LEAST
        self._usual = BOTH if below or (wide and not view.detail_below) else ROWS
        self._detail.display = self.shown != ROWS and not empty
        self._left.display = self.shown != DETAIL or empty
        self._rows.display = not empty
        self._notice.display = empty
        self._stack(view.detail_below or not wide)
        return before != (self._stacked, self._detail.display, self._left.display)

    def _stack(self, stacked: bool) -> None:
        if stacked is self._stacked:
            return
        self._stacked = stacked
        self._body.styles.layout = "vertical" if stacked else "horizontal"
        self._left.styles.width, self._left.styles.height = ("1fr", "3fr") if stacked else ("64fr", "1fr")
        self._detail.styles.width, self._detail.styles.height = ("1fr", "2fr") if stacked else ("36fr", "1fr")

    def zoom(self) -> None:
        """The pane that has the focus in the whole room, or both again."""
        self._wanted = BOTH if self.shown else DETAIL if self._detail.has_focus else ROWS

    def back(self) -> bool:
        """The usual panes again; False where they are shown."""
        changed = self.shown != self._usual
        self._wanted = None
        return changed
