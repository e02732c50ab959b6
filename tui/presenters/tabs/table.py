"""The tabs of the detail, in their order: a new one is a module and its place here."""

from __future__ import annotations

from tui.presenters.tabs.comparing import COMPARE
from tui.presenters.tabs.layers import LAYERS
from tui.presenters.tabs.lineage import LINEAGE
from tui.presenters.tabs.overview import OVERVIEW
from tui.presenters.tabs.raw import RAW
from tui.presenters.tabs.running import RUNNING
from tui.presenters.tabs.runs import RUNS
from tui.presenters.tabs.signatures import SIGNATURES
from tui.presenters.tabs.spec import TabSpec
from tui.presenters.tabs.vulnerabilities import VULNERABILITIES

__all__ = ["TABS", "tab_of"]

TABS: tuple[TabSpec, ...] = (OVERVIEW, LINEAGE, VULNERABILITIES, LAYERS, SIGNATURES, RUNNING, COMPARE, RUNS, RAW)


def tab_of(id: str) -> TabSpec:
    """The tab of an id."""
    return next(tab for tab in TABS if tab.id == id)
