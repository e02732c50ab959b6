"""Where the operator was: views under filters, one after another, as a browser keeps pages."""

from __future__ import annotations

from typing import NamedTuple

from tui.presenters.views.spec import Filter, ViewSpec
from widgets.rows import RowKey

__all__ = ["History", "Place", "Visit"]

MOST_VISITS = 100
MOST_PLACES = 64
"""Places that are remembered by view and filter, for who comes there again by another way than back."""


class Place(NamedTuple):
    """What was unfolded (None where there was nothing to unfold yet), and on which row and line the cursor was.

    `selections` is how often something else had been selected by then, in whichever view.
    """

    expanded: frozenset[RowKey] | None
    cursor: RowKey
    line: int
    selections: int = 0


class Visit:
    """A view under a filter, gone to once; `place` is where the operator was when it was left."""

    __slots__ = ("chosen", "place", "view")

    def __init__(self, view: ViewSpec, chosen: Filter, place: Place | None = None) -> None:
        self.view = view
        self.chosen = chosen
        self.place = place


class History:
    """The visits, and which of them is the current one."""

    def __init__(self, view: ViewSpec, chosen: Filter) -> None:
        self._visits = [Visit(view, chosen)]
        self._number = 0
        self._came_by = 0
        """The step that led here from where the operator was last: 0 where nothing did, 1 for somewhere new."""
        self._places: dict[tuple[str, Filter], Place] = {}
        """Where the operator was, by view and filter; what was left last stands last."""

    @property
    def current(self) -> Visit:
        """Where the operator is."""
        return self._visits[self._number]

    def go(self, view: ViewSpec, chosen: Filter, place: Place | None = None) -> None:
        """Go somewhere, to a place there if one is given; what was ahead is forgotten."""
        del self._visits[self._number + 1 :]
        self._visits.append(Visit(view, chosen, place))
        del self._visits[:-MOST_VISITS]
        self._number = len(self._visits) - 1
        self._came_by = 1

    def amend(self, chosen: Filter) -> None:
        """Another filter, of which nobody wants to come back to the one before: it is being typed."""
        self.current.chosen = chosen

    def withdraw(self, chosen: Filter) -> bool:
        """Take the current visit back, if the one before it was under this filter in the same view."""
        before = self._visits[self._number - 1] if self._number else None
        if before is None or (before.view, before.chosen) != (self.current.view, chosen):
            return False
        del self._visits[self._number :]
        self._number -= 1
        self._came_by = 1 if self._number else 0
        return True

    def can_step(self, by: int) -> bool:
        """Whether there is a visit before or after."""
        return 0 <= self._number + by < len(self._visits)

    def step(self, by: int) -> bool:
        """Go to the visit before or after, if there is one."""
        if not self.can_step(by):
            return False
        self._number += by
        self._came_by = by
        return True

    def to_last(self) -> int:
        """The step to where the operator was last, so that two of them lead back here; 0 where they have been nowhere else."""
        return -self._came_by if self.can_step(-self._came_by) else 0

    def leave(self, visit: Visit, place: Place) -> None:
        """Remember where the operator was in a visit."""
        visit.place = place
        self._places.pop((visit.view.id, visit.chosen), None)
        self._places[visit.view.id, visit.chosen] = place
        while len(self._places) > MOST_PLACES:
            del self._places[next(iter(self._places))]

    def left(self, view: ViewSpec, chosen: Filter) -> Place | None:
        """Where the operator was in a view under a filter when it was left last."""
        return self._places.get((view.id, chosen))
