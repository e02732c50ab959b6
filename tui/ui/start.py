"""The explorer as the command starts it: what of the settings it is given, and the estate that they describe."""

from __future__ import annotations

import importlib
import sys
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING

from tui.ui.app import TrustreeApp
from tui.ui.host import Actions, DisplaySettings, LiveEstate, StartSettings
from tui.ui.keymap import check_names
from tui.ui.terminal import wait_for_size

if TYPE_CHECKING:
    from tui.settings.marks import MarkFile
    from tui.settings.query_book import QueryBook

__all__ = ["run"]


def run(settings: StartSettings, query: str = "") -> int:
    """Run the explorer on the estate that the settings describe; returns the exit code. Raises InvalidConfig."""
    check_names(settings.keymap)
    wait_for_size(sys.stdout.fileno())
    opener = partial(_opened, settings)
    queries, marks = partial(_queries, settings), partial(_marks, settings)
    app = TrustreeApp(settings, opener, query, queries=queries, marks=marks, exports=settings.export_directory)
    result = app.run(mouse=settings.mouse)
    return (app.return_code or 0) if result is None else result


def _queries(settings: StartSettings) -> QueryBook:
    from tui.settings.query_book import QueryBook

    return QueryBook(settings.query_directory, settings.queries)


def _marks(settings: StartSettings) -> MarkFile:
    from tui.settings.marks import MarkFile

    return MarkFile(settings.mark_file, settings.asked)


def _opened(settings: DisplaySettings) -> AbstractAsyncContextManager[LiveEstate | tuple[LiveEstate, Actions]]:
    opening = importlib.import_module("tui.wiring.opening")
    opened: AbstractAsyncContextManager[tuple[LiveEstate, Actions]] = opening.opened_to_act(settings)
    return opened
