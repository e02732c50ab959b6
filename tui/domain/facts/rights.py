"""Rights that an action needs, as far as somebody was asked about them without acting."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Right", "RightState"]


class RightState(StrEnum):
    """Whether we have a right. UNKNOWN: the service cannot be asked, or did not answer."""

    HELD = "held"
    MISSING = "missing"
    UNKNOWN = "unknown"


class Right(msgspec.Struct, frozen=True, gc=False):
    """A right in the words of its system (`Microsoft.ContainerRegistry/registries/scheduleRun/action`), and on what.

    `remedy` names the role or scope to ask for and whom (who can do it if we cannot); `reason` says why the state is not known.
    """

    name: str
    on: str
    state: RightState = RightState.UNKNOWN
    remedy: str = ""
    reason: str = ""
