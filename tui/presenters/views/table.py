"""The views there are, in the order of their names in the header: a new one is a module and a row here."""

from __future__ import annotations

from tui.presenters.views.activity import ACTIVITY
from tui.presenters.views.findings import FINDINGS
from tui.presenters.views.lineage import LINEAGE
from tui.presenters.views.registries import REGISTRIES
from tui.presenters.views.spec import ViewSpec
from tui.presenters.views.workloads import WORKLOADS

__all__ = ["VIEWS", "view_of"]

VIEWS: tuple[ViewSpec, ...] = (LINEAGE, WORKLOADS, REGISTRIES, FINDINGS, ACTIVITY)
"""The first one is where the explorer begins, and where Enter on a problem shows what has it."""


def view_of(id: str) -> ViewSpec:
    """The view of a name."""
    return next(view for view in VIEWS if view.id == id)
