"""The view of activity: how far every image is on its way from a rebuild to its pods."""

from __future__ import annotations

from tui.presenters.views.spec import Filter, RowsContext, ViewModel, ViewSpec

__all__ = ["ACTIVITY"]


def _build(rows: RowsContext) -> ViewModel:
    from tui.presenters.board import board_model  # not before somebody looks

    return board_model(rows)


def _narrowed_by(chosen: Filter) -> Filter:
    from tui.presenters.board import narrowed_by

    return narrowed_by(chosen)


ACTIVITY = ViewSpec(
    key="5",
    id="activity",
    name="Activity",
    help=":act   rebuilds and rollouts, and how far each of them is",
    build=_build,
    busy=lambda board: board.busy,
    nothing="Nothing is being rebuilt or redeployed. On an image, a base or a finding, b plans a rebuild and r a redeploy.",
    detail_below=True,
    keeps_order=False,
    narrowed_by=_narrowed_by,
)
