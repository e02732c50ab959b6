"""The kinds of questions there are: a new one is a module and a row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tui.domain.answers.answer import Answer, Details
from tui.domain.answers.at_risk import at_risk_of
from tui.domain.answers.base import blast_radius_of
from tui.domain.answers.context import AnswerContext
from tui.domain.answers.dossier import dossier_of
from tui.domain.answers.extent import extent_of
from tui.domain.answers.mending import mending_of
from tui.domain.answers.mix import mix_of
from tui.domain.answers.moves import moves_of, moves_or_mix_of
from tui.domain.answers.owners import owners_of
from tui.domain.answers.pulls import pulls_of
from tui.domain.answers.question import QuestionKind
from tui.domain.answers.vulnerability import exposure_of

__all__ = ["KINDS", "answer"]

KINDS: Mapping[QuestionKind, Callable[[AnswerContext], Details]] = {
    QuestionKind.CVE: exposure_of,
    QuestionKind.PACKAGE: exposure_of,
    QuestionKind.BASE: blast_radius_of,
    QuestionKind.DIGEST: dossier_of,
    QuestionKind.AT_RISK: at_risk_of,
    QuestionKind.STUCK: pulls_of,
    QuestionKind.MOVED: moves_of,
    QuestionKind.REPOSITORY: moves_or_mix_of,
    QuestionKind.NAME: moves_or_mix_of,
}
"""What only a kind of question asks; the others are answered by what is wrong with what they find."""


def answer(context: AnswerContext) -> Answer:
    """What a question means for the estate."""
    return Answer(
        context.question,
        extent_of(context),
        owners_of(context.snapshot, context.selection.workloads),
        mending_of(context),
        KINDS.get(context.question.kind, mix_of)(context),
        context.now,
    )
