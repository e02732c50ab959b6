"""The member `answer` of `trustree/report/v1`: what a query means for the estate, in sentences and in numbers."""

from __future__ import annotations

from typing import Literal

from tui.domain.answers.answer import Answer
from tui.domain.answers.mending import MendingStep
from tui.domain.answers.question import QuestionKind
from tui.domain.common.trust import State
from tui.presenters.answers.table import answer_sentences
from tui.reports.answer_details import CountRow, DetailsRow, details_row
from tui.reports.rows import Moment, Number, Row

__all__ = ["AnswerRow", "answer_row"]


class SentenceRow(Row, frozen=True):
    """A sentence of the answer under its label; `state` is what it means, `off` where it is no verdict."""

    label: str
    words: str
    state: State


class StepRow(Row, frozen=True):
    """A stage of what mends it: bases are rebuilt first, then images, then workloads take what is new.

    `blocked` of them cannot be done from here. `names` are those of bases.
    """

    kind: Literal["bases", "images", "workloads"]
    number: Number
    blocked: Number
    names: list[str]


class AnswerRow(Row, frozen=True):
    """What a query means for the estate. `running` are those of the images that run, `undecided_running` of the undecided.

    `oldest_pod` is when the oldest of the pods that run one of the images was made. The names of teams and managers are of the
    workloads found; `undecided_why` is of the undecided images.
    """

    kind: QuestionKind
    question: str
    sentences: list[SentenceRow]
    images: Number
    running: Number
    only_running: bool
    workloads: Number
    pods: Number
    clusters: list[CountRow]
    oldest_pod: Moment | None
    undecided: Number
    undecided_running: Number
    undecided_workloads: Number
    undecided_why: list[CountRow]
    teams: list[CountRow]
    managed_by: list[CountRow]
    steps: list[StepRow]
    details: DetailsRow


def answer_row(answer: Answer) -> AnswerRow:
    """An answer as the report has it."""
    extent, owners = answer.extent, answer.owners
    return AnswerRow(
        answer.question.kind,
        answer.question.text,
        [SentenceRow(*sentence[:3]) for sentence in answer_sentences(answer)],
        len(extent.images),
        len(extent.running),
        extent.only_running,
        len(extent.workloads),
        extent.pods,
        [CountRow(*cluster) for cluster in extent.clusters],
        extent.oldest_pod,
        extent.undecided,
        extent.undecided_running,
        extent.unplaced,
        [CountRow(reason.words, reason.images) for reason in extent.reasons],
        [CountRow(*team) for team in owners.teams],
        [CountRow(*manager) for manager in owners.managers],
        [_step_row(step) for step in answer.mending.steps],
        details_row(answer.details),
    )


def _step_row(step: MendingStep) -> StepRow:
    return StepRow(step.kind.value, step.number, step.blocked, list(step.bases))
