"""What the keys copy of the row under the cursor (OSC 52)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tui.domain.common.text import clean
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.copying import name_to_copy, reference_to_copy
from tui.presenters.keys import RowSubject, subject_of
from tui.ui.host import Explorer

__all__ = ["COPIED", "Copying"]

COPIED: Mapping[str, Callable[[RowSubject, Snapshot], str]] = {"copy_name": name_to_copy, "copy_reference": reference_to_copy}
"""What each action copies of what a row is about; empty where there is no such thing."""


class Copying:
    """Copies what the row under the cursor of a screen is about."""

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer

    def text(self, action: str) -> str:
        """What an action would copy now."""
        return COPIED[action](subject_of(self._explorer.outline.cursor_key), self._explorer.app.snapshot)

    def copy(self, action: str) -> None:
        """Copy it, if there is anything to copy."""
        text = self.text(action)
        if text:
            self._explorer.app.copy_text(text, clean(text))
