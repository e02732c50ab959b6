"""How each kind of answer is worded: a new one is a module and a case here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from tui.domain.answers.answer import Answer
from tui.domain.answers.at_risk import AtRisk
from tui.domain.answers.base import BlastRadius
from tui.domain.answers.dossier import Dossier
from tui.domain.answers.mix import Mix
from tui.domain.answers.moves import Moves
from tui.domain.answers.pulls import Pulls
from tui.domain.answers.vulnerability import Exposure
from tui.presenters.answers.at_risk import at_risk_sentences
from tui.presenters.answers.base import blast_radius_sentences
from tui.presenters.answers.dossier import dossier_sentences
from tui.presenters.answers.mix import mix_sentences
from tui.presenters.answers.moves import moves_sentences
from tui.presenters.answers.pulls import pulls_sentences
from tui.presenters.answers.sentences import AnswerSentence, composed
from tui.presenters.answers.vulnerability import exposure_sentences

__all__ = ["answer_sentences"]


def answer_sentences(answer: Answer) -> list[AnswerSentence]:
    """The sentences of an answer, the most important first."""
    return composed(_sentences(answer))


def _sentences(answer: Answer) -> Iterator[AnswerSentence]:
    match answer.details:
        case Exposure():
            return exposure_sentences(answer, answer.details)
        case BlastRadius():
            return blast_radius_sentences(answer, answer.details)
        case AtRisk():
            return at_risk_sentences(answer, answer.details)
        case Dossier():
            return dossier_sentences(answer, answer.details)
        case Moves():
            return moves_sentences(answer, answer.details)
        case Pulls():
            return pulls_sentences(answer, answer.details)
        case Mix():
            return mix_sentences(answer, answer.details)
        case _:
            assert_never(answer.details)
