"""Rows laid out for the tree: which are unfolded where the operator has not been before, and the first hit. Made off the loop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tui.domain.common.pace import paced
from widgets.outline import Outline
from widgets.rows import RowKey

if TYPE_CHECKING:
    from tui.presenters.views.building import BuiltRows

__all__ = ["LaidOut", "MadeRows", "lay_out"]


class LaidOut(NamedTuple):
    """Rows in their order with places open: those `open_rows` open, else what leads to the hits of a filter, else to the worst.

    `bare`: there was nothing to unfold. `first_hit` is the row that the filter leads to. An outline goes into a tree once.
    """

    built: BuiltRows
    open_rows: frozenset[RowKey] | None
    outline: Outline
    bare: bool
    first_hit: RowKey | None


MadeRows: TypeAlias = "LaidOut | BuiltRows"
"""Rows that were made, laid out or not: those of the view that is shown go into the tree as they are."""


def lay_out(built: BuiltRows, left: frozenset[RowKey] | None, words: str, room: int) -> LaidOut:
    """Lay rows out; `words` are those of the filter, `room` is how many rows fit."""
    from tui.presenters.views.building import first_unfolded  # not before there are rows

    model, bare = built.model, False
    unfolded: Iterable[RowKey]
    if left is not None:
        unfolded = left
    elif words:
        unfolded = built.unfold
    else:
        unfolded = first_unfolded(model, room)
        bare = not unfolded and not any(map(model.has_children, model.roots()))
    outline = Outline()
    outline.reconcile(model, paced(unfolded))
    return LaidOut(built, left, outline, bare, _first_hit(built, outline) if words else None)


def _first_hit(built: BuiltRows, outline: Outline) -> RowKey | None:
    if built.lead is not None and built.lead in outline.rows:
        return built.lead
    return next(filter(built.model.is_hit, paced(outline.rows)), None)
