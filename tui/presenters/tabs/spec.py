"""What a tab of the detail is: its name, its lines, and what must be fetched before all of them can be drawn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tui.domain.facts.inquiries import Inquiries
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.glyphs import Glyphs
from tui.presenters.keys import RowSubject
from widgets.rows import TextLine

if TYPE_CHECKING:
    from tui.domain.answers.scorecard import Scope, Scorecard
    from tui.domain.answers.trend import Mark

__all__ = ["Drawing", "Inquiry", "SectionContext", "TabSpec"]


def _nothing_counted(scope: Scope) -> Scorecard | None:
    return None


class SectionContext(NamedTuple):
    """What every section needs to draw itself; `order` is one of its tab's, empty for the usual one.

    `filter_value` is the vulnerability or package that the filter names, if it names one; `scorecard` gives that of a scope,
    None while it is being counted; `last_mark` is how the estate stood when it was looked at before.
    """

    snapshot: Snapshot
    now: datetime
    glyphs: Glyphs
    width: int
    order: str = ""
    filter_value: str = ""
    scorecard: Callable[[Scope], Scorecard | None] = _nothing_counted
    last_mark: Mark | None = None


Drawing = Callable[[SectionContext], Sequence[TextLine]]
"""What was fetched, ready to be drawn in any width."""


class Inquiry(msgspec.Struct, frozen=True, eq=False):
    """What must be fetched first. It is cancelled when its tab or its row is left, and its answer is kept for `about`.

    `what` is what is fetched, in words; `ask` may raise TrustreeError, which is shown where the answer would be.
    """

    about: Hashable
    what: str
    ask: Callable[[Inquiries], Awaitable[Drawing]]


class TabSpec(msgspec.Struct, frozen=True, eq=False):
    """A tab: one row of the table that the line of tabs and the keys go by.

    `lines` are what is known already; what `inquiry` fetches comes after them, where there is something to fetch for a subject.
    `orders` are what the key `o` changes between. `brief` is its name where not all have room, empty where that is the same.
    """

    id: str
    name: str
    lines: Callable[[RowSubject, SectionContext], Sequence[TextLine]]
    inquiry: Callable[[RowSubject, Snapshot], Inquiry | None] | None = None
    orders: tuple[str, ...] = ()
    brief: str = ""
