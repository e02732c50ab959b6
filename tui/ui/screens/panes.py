"""How the explorer shares its room: rows and detail side by side, one above the other, or one of them alone."""

from __future__ import annotations

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

__all__ = ["Panes"]


class Panes:
    """Rows, the notice where there is none, and the detail. All is set on the widgets: as classes on the screen it would style
    every widget anew."""

    def __init__(self, body: Horizontal, left: Vertical, rows: Widget, notice: Widget, detail: Widget) -> None:
        self._body, self._left, self._rows, self._notice, self._detail = body, left, rows, notice, detail
        self._below = False
        self.zoomed = ""
        """The pane that has the whole room, `tree` or `detail`; empty while both are shown."""

    def arrange(self, *, wide: bool, empty: bool, below: bool) -> None:
        """Show what there is room for; `below`: the rows need the whole width."""
        self._detail.display = wide and self.zoomed != "tree" and not empty
        self._left.display = not (wide and self.zoomed == "detail")
        self._rows.display = not empty
        self._notice.display = empty
        if below is not self._below:
            self._below = below
            self._body.styles.layout = "vertical" if below else "horizontal"
            self._left.styles.width, self._left.styles.height = ("1fr", "3fr") if below else ("64fr", "1fr")
            self._detail.styles.width, self._detail.styles.height = ("1fr", "2fr") if below else ("36fr", "1fr")

    def zoom(self) -> None:
        """The pane that has the focus in the whole room, or both again."""
        self.zoomed = "" if self.zoomed else "detail" if self._detail.has_focus else "tree"
