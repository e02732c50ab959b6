"""The member `details` of an answer: what only questions of one kind have an answer to, told apart by `about`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from tui.domain.answers.answer import Details
from tui.domain.answers.at_risk import AtRisk, Loss
from tui.domain.answers.base import BlastRadius
from tui.domain.answers.dossier import Dossier
from tui.domain.answers.mix import Mix
from tui.domain.answers.moves import Move, Moves
from tui.domain.answers.pulls import Pull, Pulls
from tui.domain.answers.vulnerability import Exposure
from tui.domain.common.trust import State
from tui.reports.rows import Moment, Number, Row

__all__ = ["CountRow", "DetailsRow", "count_rows", "details_row"]


class CountRow(Row, frozen=True):
    """A name, and how many workloads or images have it."""

    name: str
    number: Number


class FixRow(Row, frozen=True):
    """A package, and a version of it that mends it."""

    package: str
    version: str


class ExposureRow(Row, frozen=True, tag_field="about", tag="vulnerability"):
    """What mends it and where it comes from, of `images`: those that run (`running`), or all that have it where none does.

    `bases` are the lowest that carry it, by images; `own` have it of themselves, of `origin_unknown` that is not known. A rebuild
    rids `rebuilt` of it, `later` of them once their base was rebuilt; `staying` keep it, by why; of `unknown` nothing tells, and
    in `excused` it is stated not to apply.
    """

    images: Number
    running: bool
    fixed_in: list[FixRow]
    bases: list[CountRow]
    own: Number
    origin_unknown: Number
    rebuilt: Number
    later: Number
    staying: list[CountRow]
    unknown: Number
    excused: Number


class BlastRadiusRow(Row, frozen=True, tag_field="about", tag="base"):
    """What stands on the base: `direct`ly or `through` others; `old` on an old build of it, `since` at most, if not `unknown`.

    `by_itself` counts what runs by whether it will be rebuilt by itself, `why_not` by the reasons why not. `shared` are other
    names of the same layers, by images that stand there.
    """

    direct: Number
    through: Number
    old: Number
    old_running: Number
    unknown: Number
    since: Moment | None
    by_itself: list[CountRow]
    why_not: list[CountRow]
    shared: list[CountRow]


class LossRow(Row, frozen=True):
    """An image or a name that could vanish or is gone, how, and when; what it is needed for, and by how many workloads."""

    name: str
    risk: str
    due: Moment | None
    uses: list[str]
    workloads: Number


class AtRiskRow(Row, frozen=True, tag_field="about", tag="at-risk"):
    """What is lost or goes, the next first; how many workloads a restart would make fail or change, if not `unknown`."""

    losses: list[LossRow]
    overdue: Number
    unknown_why: list[CountRow]
    restart_fails: Number
    restart_changes: Number
    restart_unknown: Number


class MomentRow(Row, frozen=True):
    """What happened to an image, and when."""

    at: Moment
    kind: str
    words: str


class DossierRow(Row, frozen=True, tag_field="about", tag="digest"):
    """What is known of one image: its timeline and what of it is not known, copies, what is built on it, nodes that have it, and
    the run that pushed it."""

    image: str
    timeline: list[MomentRow]
    not_known: list[str]
    copies: list[str]
    derived: list[str]
    nodes: Number
    pushed_by: str | None


class DifferenceRow(Row, frozen=True):
    """What ran before and what the name means now, in one respect."""

    what: str
    before: str
    after: str
    alike: str


class MoveRow(Row, frozen=True):
    """A name that means another image than what runs under it; `old_pods` run something else than it means now.

    `undo_helps` and `undo_useless` count workloads by whether their ReplicaSets keep anything else than the same name.
    """

    name: str
    now: str | None
    before: list[str]
    moved: Moment | None
    old_pods: Number
    waiting_pods: Number
    pushed_by: str | None
    undo_helps: Number
    undo_useless: Number
    differences: list[DifferenceRow]


class MovesRow(Row, frozen=True, tag_field="about", tag="moved"):
    """Every name that moved, the one with the most pods on something else first."""

    moves: list[MoveRow]


class StepStateRow(Row, frozen=True):
    """A step of a pull, and how it ends."""

    step: str
    state: State


class PullRow(Row, frozen=True):
    """A pull that fails: why, step by step, and the role or the secrets to see to where it is a right."""

    image: str
    cause: str
    steps: list[StepStateRow]
    pods: Number
    workloads: Number
    role: str | None
    secrets: list[str]


class PullsRow(Row, frozen=True, tag_field="about", tag="stuck"):
    """Every pull that fails, the widest first; what else keeps pods, by how many."""

    pulls: list[PullRow]
    other_reasons: list[CountRow]


class MixRow(Row, frozen=True, tag_field="about", tag="mix"):
    """Images and workloads by verdict, the worst first; images by the check that they fail, or that warns."""

    verdicts: list[CountRow]
    workloads: list[CountRow]
    failing: list[CountRow]
    warning: list[CountRow]


DetailsRow = ExposureRow | BlastRadiusRow | AtRiskRow | DossierRow | MovesRow | PullsRow | MixRow


def details_row(details: Details) -> DetailsRow:
    """What only this kind of question asks, as the report has it."""
    match details:
        case Exposure():
            return _exposure(details)
        case BlastRadius():
            return _blast_radius(details)
        case AtRisk():
            return _at_risk(details)
        case Dossier():
            return _dossier(details)
        case Moves():
            return MovesRow([_move(move) for move in details.moves])
        case Pulls():
            troubles = [(trouble.reason, trouble.pods) for trouble in details.troubles]
            return PullsRow([_pull(pull) for pull in details.pulls], count_rows(troubles))
        case Mix():
            counts = (details.verdicts, details.workloads, details.failing, details.warning)
            return MixRow(*map(count_rows, counts))
        case _:
            assert_never(details)


def count_rows(counted: Iterable[tuple[str, int]]) -> list[CountRow]:
    """Names with their numbers; those of closed sets by their value."""
    return [CountRow(str(name), number) for name, number in counted]


def _exposure(exposure: Exposure) -> ExposureRow:
    return ExposureRow(
        exposure.images,
        exposure.running,
        [FixRow(*fix) for fix in exposure.fixes],
        count_rows(exposure.bases),
        exposure.own,
        exposure.unplaced,
        exposure.rebuild,
        exposure.later,
        count_rows(exposure.staying),
        exposure.unsure,
        exposure.excused,
    )


def _blast_radius(radius: BlastRadius) -> BlastRadiusRow:
    return BlastRadiusRow(
        radius.direct,
        radius.through,
        radius.outdated,
        radius.outdated_running,
        radius.untold,
        radius.since,
        count_rows(radius.alone),
        count_rows(radius.why_not),
        count_rows(radius.shared),
    )


def _at_risk(risk: AtRisk) -> AtRiskRow:
    roulette = risk.roulette
    return AtRiskRow(
        [_loss(loss) for loss in risk.losses],
        risk.overdue,
        count_rows(risk.unread),
        len(roulette.fails),
        len(roulette.changes),
        len(roulette.unknown),
    )


def _loss(loss: Loss) -> LossRow:
    return LossRow(loss.name, loss.risk.kind, loss.risk.due, [use.value for use in loss.uses], len(loss.workloads))


def _dossier(dossier: Dossier) -> DossierRow:
    return DossierRow(
        dossier.image.reference,
        [MomentRow(moment.at, moment.kind, moment.words) for moment in dossier.timeline],
        [kind.value for kind in dossier.missing],
        [key.reference for key in dossier.copies],
        [key.reference for key in dossier.derived],
        len(dossier.nodes),
        dossier.push.run.id if dossier.push.run is not None else None,
    )


def _move(move: Move) -> MoveRow:
    return MoveRow(
        f"{move.name}:{move.tag}",
        move.current.reference if move.current is not None else None,
        [key.reference for key in move.before],
        move.moved,
        move.stale_pods,
        move.waiting,
        move.push.run.id if move.push.run is not None else None,
        len(move.undo.helps),
        len(move.undo.useless),
        [DifferenceRow(row.what, row.before, row.after, row.alike) for row in move.comparison],
    )


def _pull(pull: Pull) -> PullRow:
    grant = pull.grant
    return PullRow(
        pull.image,
        pull.exam.cause,
        [StepStateRow(mark.step, mark.state) for mark in pull.exam.marks],
        pull.pods,
        len(pull.workloads),
        (grant.role or None) if grant is not None else None,
        list(grant.secrets) if grant is not None else [],
    )
