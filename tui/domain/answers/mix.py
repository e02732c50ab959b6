"""What is wrong with what a question finds: the answer to any question that has no kind of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from tui.domain.answers.context import AnswerContext
from tui.domain.common.pace import paced
from tui.domain.common.trust import CheckName, State

__all__ = ["Mix", "mix_of"]


class Mix(msgspec.Struct, frozen=True):
    """The images and the workloads found by verdict, worst first; how many images fail each check, and warn in each, the most
    first."""

    verdicts: tuple[tuple[State, int], ...] = ()
    workloads: tuple[tuple[State, int], ...] = ()
    failing: tuple[tuple[str, int], ...] = ()
    warning: tuple[tuple[str, int], ...] = ()


def mix_of(context: AnswerContext) -> Mix:
    """The verdicts and the checks of what is found."""
    snapshot, selection = context.snapshot, context.selection
    images = [snapshot.images[key] for key in paced(context.counted) if key in snapshot.images]
    checks = Counter(mark for image in paced(images) for mark in {(check.name, check.state) for check in image.checks})
    return Mix(
        _by_verdict(image.verdict for image in paced(images)),
        _by_verdict(snapshot.workloads[key].verdict for key in paced(selection.workloads) if key in snapshot.workloads),
        _in_state(checks, State.FAIL),
        _in_state(checks, State.WARN),
    )


def _by_verdict(verdicts: Iterable[State]) -> tuple[tuple[State, int], ...]:
    counts = Counter(State.UNKNOWN if verdict is State.OFF else verdict for verdict in verdicts)
    return tuple(sorted(counts.items(), key=lambda item: -item[0].severity))


def _in_state(checks: Counter[tuple[CheckName, State]], asked_state: State) -> tuple[tuple[str, int], ...]:
    counts = [(name.value, number) for (name, state), number in checks.items() if state is asked_state]
    return tuple(sorted(counts, key=lambda item: (-item[1], item[0])))
