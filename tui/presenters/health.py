"""Why a source is not whole, and what would help: the words that screens and reports share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.domain.common.source_id import ESTATE_KINDS
from tui.domain.common.text import first_few
from tui.domain.facts.health import Denial, SourceHealth, SourceState
from tui.presenters.words import count, plural

__all__ = ["denied", "next_step", "rank", "severity", "standing", "trouble"]

MOST_RIGHTS = 2
"""How many of several rights with one remedy are spelled out."""


def standing(health: SourceHealth) -> int:
    """Low for what everything else hangs on: without a cluster nothing is known to run, so its trouble is told first."""
    return ESTATE_KINDS.index(health.kind) if health.kind in ESTATE_KINDS else len(ESTATE_KINDS)


_GRADES = (SourceState.FAILED, SourceState.PARTIAL, SourceState.LOADING, SourceState.OK, SourceState.OFF)


def rank(health: SourceHealth) -> tuple[int, bool, int, int, str]:
    """The worst first: what is lost, what is refused, what is partly read, what is well; then by standing, then by name."""
    return severity(health, 0)


def severity(health: SourceHealth, used: int) -> tuple[int, bool, int, int, str]:
    """As `rank`, and of those that are alike the one of which most is `used` first."""
    grade = _GRADES.index(SourceState.FAILED if health.lost else health.state)
    refused = health.auth_failed or any(denial.right for denial in health.denials)
    return grade, not refused, standing(health), -used, str(health.id)


def trouble(health: SourceHealth) -> str:
    """What keeps a source from being whole, in a sentence or a part of one; empty when nothing does."""
    if health.error or health.state not in (SourceState.LOADING, SourceState.PARTIAL):
        return health.error
    if health.state is SourceState.LOADING:
        return f"still loading, {_awaited(health)}"
    first, *others = [sentence for sentence, _ in denied(health.denials)] or ["not everything could be read"]
    return f"{first.rstrip('.')}; and {plural(len(others), 'other thing')}" if others else first


def next_step(health: SourceHealth) -> str:
    """What would make a source whole; empty when nobody knows, or nothing is wrong."""
    if health.error or health.state is not SourceState.PARTIAL:
        return health.remedy if health.error else ""
    return next((step for _, step in denied(health.denials) if step), "")


def _awaited(health: SourceHealth) -> str:
    """What a source that loads waits for."""
    waits = [progress for progress in health.progress if progress.waiting > 0]
    if waits:
        return f"waiting {waits[0].waiting:.0f} s: {waits[0].waiting_reason}"
    if health.as_of is None and not health.objects:
        return f"no answer yet{f' from {health.endpoint}' if health.endpoint else ''}"
    open_ = [progress for progress in health.progress if progress.total is None or progress.done < progress.total]
    counted = (
        f"{progress.unit} {count(progress.done)}{f' of {count(progress.total)}' if progress.total else ''}" for progress in open_
    )
    return ", ".join(counted) or f"{plural(health.objects, 'object')} so far"


def denied(denials: Sequence[Denial]) -> Iterator[tuple[str, str]]:
    """What may not or could not be read: what has the same cause and the same remedy in one sentence, with the remedy."""
    alike: dict[tuple[str, str, bool], list[Denial]] = {}
    for denial in denials:
        cause = "" if denial.right else denial.reason
        alike.setdefault((cause, denial.remedy, bool(denial.right)), []).append(denial)
    for (cause, remedy, refused), group in alike.items():
        subjects = ", ".join(dict.fromkeys(denial.what for denial in group))
        rights = first_few(list(dict.fromkeys(denial.right for denial in group)), MOST_RIGHTS)
        sentence = (
            f"may not read {subjects}: missing right {rights}"
            if refused
            else f"could not read {subjects}" + (cause and f": {cause}")
        )
        yield sentence, remedy
