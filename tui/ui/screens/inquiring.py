"""What a tab must fetch first: one inquiry at a time, cancelled when its tab or its row is left."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from textual.worker import Worker

from tui.errors import TrustreeError, Unreachable
from tui.ui.host import Explorer
from tui.ui.work import begin_work

if TYPE_CHECKING:
    from tui.presenters.detail import Fetched
    from tui.presenters.tabs.spec import Drawing, Inquiry

__all__ = ["Inquirer"]

MOST_ANSWERS = 16
"""Answers that are kept; what was not looked at for longest goes."""
AGAIN = timedelta(seconds=10)
"""After which what could not be reached is asked once more, while its tab is still shown."""
NO_ANSWER = TrustreeError("It could not be read: an error in trustree itself.", "See `trustree info` for the log's path.")

Subject = tuple[str, Hashable]
"""A tab and what its inquiry is about."""


class Inquirer:
    """Fetches for the detail of one screen; `answered` is called when there is something else to draw."""

    def __init__(self, screen: Explorer, answered: Callable[[], None]) -> None:
        self._screen = screen
        self._answered = answered
        self._answers: OrderedDict[Subject, Drawing] = OrderedDict()
        self._error: TrustreeError | None = None
        self._failed_at: datetime | None = None
        self._asked: Subject | None = None
        self._worker: Worker[None] | None = None

    def fetch(self, tab: str, inquiry: Inquiry | None) -> Fetched | None:
        """What there is to draw for the tab that is shown now; asks, if nobody has."""
        subject = (tab, inquiry.about) if inquiry is not None else None
        if subject != self._asked:
            self.leave()
        if inquiry is None or subject is None:
            return None
        if subject in self._answers:
            self._answers.move_to_end(subject)
            return self._answers[subject]
        if self._asked is None or self._may_be_reached_now():
            self._ask(subject, inquiry)
        return inquiry.what if self._error is None else self._error

    def leave(self) -> None:
        """Nobody looks any more: ask no further, and forget what went wrong."""
        if self._worker is not None:
            self._worker.cancel()
        self._asked = self._worker = self._error = self._failed_at = None

    def _may_be_reached_now(self) -> bool:
        if not isinstance(self._error, Unreachable) or self._failed_at is None:
            return False
        return self._screen.app.clock() - self._failed_at >= AGAIN

    def _ask(self, subject: Subject, inquiry: Inquiry) -> None:
        if self._screen.app.estate is None:
            return  # it is asked with the first snapshot
        self._asked, self._error, self._failed_at = subject, None, None
        self._worker = begin_work(
            self._screen, partial(self._fetch, subject, inquiry), name="inquiry", group="inquiry", exclusive=True
        )

    async def _fetch(self, subject: Subject, inquiry: Inquiry) -> None:
        estate = self._screen.app.estate
        error: TrustreeError | None = NO_ANSWER  # unless it ends in another way
        try:
            if estate is not None:
                self._keep(subject, await inquiry.ask(estate.inquiries))
                error = None
        except TrustreeError as failure:
            error = failure.kept()
        finally:
            if self._asked is subject:
                self._error, self._failed_at = error, self._screen.app.clock()
                self._answered()

    def _keep(self, subject: Subject, drawing: Drawing) -> None:
        self._answers[subject] = drawing
        while len(self._answers) > MOST_ANSWERS:
            self._answers.popitem(last=False)
