"""What every section of the detail is drawn with."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.glyphs import Glyphs

__all__ = ["Order", "SectionContext"]


class Order(StrEnum):
    """What vulnerabilities are sorted by."""

    SEVERITY = "severity"
    PACKAGE = "package"
    FIXABLE = "what has a fix"
    OWN = "own before base"


class SectionContext(NamedTuple):
    """What every section needs to draw itself; `order` and `wanted` are for vulnerabilities: the filter's, if it names some."""

    snapshot: Snapshot
    now: datetime
    glyphs: Glyphs
    width: int
    order: Order = Order.SEVERITY
    wanted: str = ""
