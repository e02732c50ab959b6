"""What an answer speaks of first, as far as it is one thing: there the operator looks next."""

from __future__ import annotations

from tui.domain.answers.answer import Answer
from tui.domain.answers.at_risk import AtRisk
from tui.domain.answers.moves import Moves
from tui.domain.answers.pulls import Pulls
from tui.domain.answers.question import QuestionKind
from tui.domain.facts.workload import ObjectKey

__all__ = ["first_workload"]


def first_workload(answer: Answer) -> ObjectKey | None:
    """The first workload that fails, runs what its name does not mean, or loses its image; None where none is spoken of."""
    match answer.details:
        case Pulls(pulls, troubles):
            failing = (*(pull.workloads for pull in pulls), *(trouble.workloads for trouble in troubles))
            return next((workload for workloads in failing for workload in workloads), None)
        case AtRisk(losses):
            return next((workload for loss in losses for workload in loss.workloads), None)
        case Moves(moves) if answer.question.kind is QuestionKind.MOVED:
            return next((workload for move in moves for workload in move.workloads), None)
        case _:
            return None
