"""What screens need of the application and of one another, so that none of them imports what holds it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from textual.reactive import reactive
from textual.timer import Timer

from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.board import EMPTY_BOARD, Board, BoardRow
from tui.domain.plans.plan import Action, Plan
from tui.domain.snapshot.snapshot import EMPTY, ImageKey, Snapshot
from tui.errors import TrustreeError
from tui.presenters.glyphs import Glyphs
from tui.presenters.views.spec import Filter
from tui.ui.courtesy import Courtesy
from tui.ui.query_indexes import QueryIndexes
from tui.ui.work import WorkHost
from widgets.page import TextPage
from widgets.tree import VirtualTree
from widgets.typeahead import TypeAheadApp

if TYPE_CHECKING:
    from tui.domain.answers.trend import Mark
    from tui.domain.facts.demand import Demand
    from tui.domain.facts.inquiries import Inquiries
    from tui.presenters.views.building import BuiltRows
    from tui.settings.query_book import QueryBook

__all__ = ["Actions", "DisplaySettings", "Explorer", "Host", "LiveEstate", "StartSettings"]


class DisplaySettings(Protocol):
    """The settings that the screens care about."""

    @property
    def ascii(self) -> bool:
        """Whether to draw with ASCII only."""
        ...

    @property
    def mouse(self) -> bool:
        """Whether clicks and the wheel come here, and not to the terminal that selects text with them."""
        ...

    @property
    def theme(self) -> str:
        """The name of a theme, empty for the built-in one."""
        ...

    @property
    def keymap(self) -> Mapping[str, str]:
        """Keys by binding id."""
        ...

    @property
    def write(self) -> bool:
        """Whether anything may be changed."""
        ...


class StartSettings(DisplaySettings, Protocol):
    """What the program is started with, besides."""

    @property
    def queries(self) -> Mapping[str, str]:
        """Queries by name."""
        ...

    @property
    def query_directory(self) -> Path | None:
        """Where queries are kept that were typed and saved; None for nowhere."""
        ...

    @property
    def export_directory(self) -> Path | None:
        """Where files are written that a key asks for; None for nowhere."""
        ...

    @property
    def mark_file(self) -> Path | None:
        """Where it is kept how the estate stood; None for nowhere."""
        ...

    @property
    def asked(self) -> str:
        """What narrows the estate and judges it, in one text."""
        ...


class LiveEstate(Protocol):
    """The estate as the screens see it."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        ...

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Hear of every new snapshot until the returned function is called."""
        ...

    def attend(self) -> None:
        """Somebody is there: go on asking what is asked for somebody alone."""
        ...

    def want(self, demands: tuple[Demand, ...]) -> None:
        """Ask for more about images."""
        ...

    def look_again(self, demands: tuple[Demand, ...]) -> None:
        """Ask registries for what may have changed since they answered."""
        ...

    @property
    def inquiries(self) -> Inquiries:
        """Who answers single questions."""
        ...

    def refresh(self) -> None:
        """Read again now."""
        ...


class Actions(Protocol):
    """What may be done about the estate, as the screens see it. Methods raise TrustreeError."""

    @property
    def can_write(self) -> bool:
        """Whether anything may be changed: without it there are plans, and nothing is begun."""
        ...

    @property
    def board(self) -> Board:
        """How the plans stand that are or were carried out."""
        ...

    def subscribe(self, listener: Callable[[Board], None]) -> Callable[[], None]:
        """Hear of every new board until the returned function is called."""
        ...

    async def plan(
        self,
        action: Action,
        images: frozenset[ImageKey],
        workloads: frozenset[ObjectKey],
        query: str,
        unknown: tuple[str, ...] = (),
    ) -> Plan:
        """What would be done about these, which the operator calls `query`; `unknown` says what else that may mean. Rights are
        asked for, nothing is changed."""
        ...

    async def plan_again(self, plan: Plan) -> Plan:
        """The plan of the same question as it is now: what is shown when a plan is not what it was."""
        ...

    def look_for_unfinished(self) -> None:
        """Have the board show what was begun earlier, here or elsewhere, and not ended."""
        ...

    @property
    def busy(self) -> bool:
        """Whether anything is being carried out."""
        ...

    def protected(self, plan: Plan) -> Sequence[str]:
        """The protected contexts that a plan changes, whose names must be typed before it is begun."""
        ...

    async def begin(self, plan: Plan, confirmed: tuple[str, ...]) -> None:
        """Begin to carry a plan out; `confirmed` are the names that were typed. Returns when it is under way.

        Raises PlanChanged, before anything is sent, when a plan made now would do something else.
        """
        ...

    async def resume(self, plan: str) -> None:
        """Go on with a plan that was interrupted."""
        ...

    async def cancel(self, row: BoardRow) -> None:
        """Ask for the run of a row to end, or for its step not to be begun."""
        ...

    def log(self, row: BoardRow) -> AsyncGenerator[str, None]:
        """The log of the run of a row, line by line as it grows, cleaned of control characters."""
        ...

    def markdown(self, plan: Plan) -> str:
        """A plan as it is put into a ticket."""
        ...

    def save(self, plan: Plan) -> Path:
        """Save a plan as a file, which may be carried out by somebody else."""
        ...


class Host(TypeAheadApp[int]):
    """The application as its screens see it: the newest snapshot, what keeps the estate from opening, and how to draw."""

    snapshot: reactive[Snapshot] = reactive(EMPTY, init=False, repaint=False)
    board: reactive[Board] = reactive(EMPTY_BOARD, init=False, repaint=False)
    trouble: reactive[TrustreeError | None] = reactive(None, init=False, repaint=False)
    settings: DisplaySettings
    clock: Callable[[], datetime]
    estate: LiveEstate | None
    actions: Actions | None
    exports: Path | None
    """Where the keys write files; None for nowhere."""
    indexes: QueryIndexes
    """What queries are asked of, made once for a snapshot."""
    courtesy: Courtesy
    """What work beside the keys goes through."""

    @property
    def queries(self) -> QueryBook:
        """The queries that are kept."""
        raise NotImplementedError

    def copy_text(self, text: str, description: str, *, lines: bool = False) -> None:
        """Copy a text, and say so as far as it is known; on one line, so that a shell begins nothing, unless it has `lines`."""
        raise NotImplementedError

    @property
    def marked_before(self) -> Mark | None:
        """How the estate stood when it was looked at before, where that can be compared with how it is now."""
        raise NotImplementedError

    glyphs: Glyphs


class Explorer(WorkHost, Protocol):
    """The explorer as the detail beside it sees it."""

    @property
    def app(self) -> Host:
        """The application."""
        ...

    @property
    def outline(self) -> VirtualTree:
        """The tree."""
        ...

    @property
    def detail(self) -> TextPage:
        """The pane of the detail."""
        ...

    @property
    def chosen(self) -> Filter:
        """What is let through."""
        ...

    @property
    def built(self) -> BuiltRows | None:
        """The rows shown, None before there are any."""
        ...

    def set_timer(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call something later."""
        ...

    def show_answer(self) -> None:
        """What is asked, answered as far as it is known now."""
        ...
