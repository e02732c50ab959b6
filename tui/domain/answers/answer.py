"""An answer as a value: what the band above the rows, reports and copies are made from."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tui.domain.answers.at_risk import AtRisk
from tui.domain.answers.base import BlastRadius
from tui.domain.answers.dossier import Dossier
from tui.domain.answers.extent import Extent
from tui.domain.answers.mending import Mending
from tui.domain.answers.mix import Mix
from tui.domain.answers.moves import Moves
from tui.domain.answers.owners import Owners
from tui.domain.answers.pulls import Pulls
from tui.domain.answers.question import Question
from tui.domain.answers.vulnerability import Exposure

__all__ = ["Answer", "Details"]

Details = Exposure | BlastRadius | AtRisk | Dossier | Moves | Pulls | Mix
"""What only questions of one kind have an answer to: one value a kind."""


class Answer(msgspec.Struct, frozen=True):
    """How much of the estate it is, whose, what mends it in order, and what only this kind of question asks.

    `now` is when it was asked: ages are told from then.
    """

    question: Question
    extent: Extent
    owners: Owners
    mending: Mending
    details: Details
    now: datetime
