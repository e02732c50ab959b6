"""How commands that act are handed the estate and what changes it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from tui.actions.actions import Actions
from tui.cli.reading import OpenEstate
from tui.settings.settings import Settings

__all__ = ["ActingOpener"]

ActingOpener = Callable[[Settings], AbstractAsyncContextManager[tuple[OpenEstate, Actions]]]
"""Opens the estate and what changes it."""
