"""How the plans that are being carried out stand: one row for each image or workload, as the view of activity shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.plan import Action
from tui.domain.snapshot.snapshot import ImageKey

if TYPE_CHECKING:
    from tui.domain.facts.build import Run

__all__ = ["EMPTY_BOARD", "MILESTONES", "Board", "BoardRow", "BoardState", "Milestone", "PlanProgress"]


class Milestone(StrEnum):
    """What an image passes on its way from a rebuild to its pods, in this order."""

    QUEUED = "queued"
    BUILDING = "building"
    PUSHED = "pushed"
    SIGNED = "signed"
    SCANNED = "scanned"
    ROLLING = "rolling"
    CONVERGED = "converged"


MILESTONES = tuple(Milestone)


class BoardState(StrEnum):
    """How a row stands at the milestone where it is.

    WAITING: for something that comes before it, or for the plan to be resumed. HELD: it will not be begun (something before it
    failed, or it was left out).
    CHANGED: the outside is not what the plan was made for, nothing was sent. UNKNOWN: nobody can say what became of it.
    """

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    HELD = "held"
    CHANGED = "changed"
    DENIED = "denied"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"


class BoardRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One image of a plan, or a workload whose image is not built by it.

    `steps` are the ids of the plan's steps that it stands for. `passed` are the milestones that are proven, `at` the one where it
    is (None while it waits and when it is done), `waived` those that nobody asks for of this image: never shown as proven.
    `title` is its name for the operator. `since` is when it came to where it is. `seconds_left` and `progress` (0..1) are None
    where nobody can tell. `sentence` says what happens there, `remedy` what to do about it, and `proofs` what each of
    the milestones stands on.
    """

    plan: str
    steps: tuple[str, ...]
    title: str
    state: BoardState
    wave: int = 1
    at: Milestone | None = None
    passed: frozenset[Milestone] = frozenset()
    waived: frozenset[Milestone] = frozenset()
    asked: frozenset[Milestone] = frozenset(Milestone)
    image: ImageKey | None = None
    workloads: tuple[ObjectKey, ...] = ()
    digest: str = ""
    run: Run | None = None
    since: datetime | None = None
    begun: datetime | None = None
    progress: float | None = None
    seconds_left: float | None = None
    sentence: str = ""
    remedy: str = ""
    proofs: tuple[str, ...] = ()


class PlanProgress(msgspec.Struct, frozen=True, kw_only=True):
    """One plan of the board as a whole: `wave` is the one being worked at; `running` whether somebody works at it here and now.

    `started` is when it was begun and `operator` by whom. `seconds_left` is None where nobody can tell.
    """

    id: str
    action: Action
    query: str
    wave: int
    waves: int
    running: bool
    started: datetime | None = None
    operator: str = ""
    seconds_left: float | None = None
    sentence: str = ""


class Board(msgspec.Struct, frozen=True):
    """Everything that is being done, and what was done: the newest plan first, rows in the order of their plan's steps."""

    plans: tuple[PlanProgress, ...] = ()
    rows: tuple[BoardRow, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do of any row."""
        return all(row.state not in (BoardState.WAITING, BoardState.RUNNING) for row in self.rows)

    @property
    def busy(self) -> int:
        """How many rows something happens to, by our hands."""
        running = {plan.id for plan in self.plans if plan.running}
        return sum(row.state is BoardState.RUNNING and row.plan in running for row in self.rows)


EMPTY_BOARD = Board()
