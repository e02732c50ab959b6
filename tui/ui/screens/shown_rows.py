"""Which view and filter the rows on the screen are of: what a key means by them waits for those that are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tui.presenters.views.spec import Filter, ViewSpec
from tui.ui.host import Host

__all__ = ["ShownRows"]


class _Asking(Protocol):
    """The explorer as its rows see it."""

    @property
    def app(self) -> Host:
        """The application."""
        ...

    @property
    def chosen(self) -> Filter:
        """The filter that is asked for."""
        ...

    @property
    def view(self) -> ViewSpec:
        """The view that is asked for."""
        ...

    def refresh_bindings(self) -> None:
        """Tell anew which keys can do something."""
        ...


class ShownRows:
    """In a big estate a new filter takes a moment: until then the rows, and the answer above them, are of the one before."""

    def __init__(self, explorer: _Asking) -> None:
        self._explorer = explorer
        self._of: tuple[ViewSpec, Filter] | None = None
        self._waiting: tuple[tuple[ViewSpec, Filter], Callable[[], None]] | None = None

    @property
    def are_asked_for(self) -> bool:
        """Whether the rows on the screen are those of the filter, and of the view, that stand above them."""
        return self._of == self._asked_for

    @property
    def _asked_for(self) -> tuple[ViewSpec, Filter]:
        return self._explorer.view, self._explorer.chosen

    def once_there(self, act: Callable[[], None], promise: str) -> None:
        """Do something with the rows that are asked for: now, or when they are there, which the `promise` says.

        It is not done where something else is asked for meanwhile: what was found then is not what was meant.
        """
        if self.are_asked_for:
            act()
        else:
            self._waiting = self._asked_for, act
            self._explorer.app.notify(promise, timeout=1.5, markup=False)

    def are_of(self, view: ViewSpec, chosen: Filter) -> None:
        """The rows of this are shown now."""
        self._of = view, chosen

    def serve(self) -> None:
        """Do what waited for these rows, now that everything is shown that goes with them."""
        waiting, self._waiting = self._waiting, None
        self._explorer.refresh_bindings()
        if waiting is not None and waiting[0] == self._of == self._asked_for:
            waiting[1]()
