"""What is wrong with what a question finds: the answer to any question that has no kind of its own."""

from __future__ import annotations

from collections import Counter

import msgspec

from tui.domain.answers.context import AnswerContext
from tui.domain.common.trust import CheckName, State

__all__ = ["Mix", "mix_of"]


class Mix(msgspec.Struct, frozen=True):
    """The images found by verdict, and how many of them fail each check, and warn in each, the most first."""

    verdicts: tuple[tuple[State, int], ...] = ()
    failing: tuple[tuple[str, int], ...] = ()
    warning: tuple[tuple[str, int], ...] = ()


def mix_of(context: AnswerContext) -> Mix:
    """The verdicts and the checks of what is found."""
    images = [context.snapshot.images[key] for key in context.found.images if key in context.snapshot.images]
    verdicts = Counter(State.UNKNOWN if image.verdict is State.OFF else image.verdict for image in images)
    checks = Counter(mark for image in images for mark in {(check.name, check.state) for check in image.checks})
    worst_first = sorted(verdicts.items(), key=lambda item: -item[0].severity)
    return Mix(tuple(worst_first), _in_state(checks, State.FAIL), _in_state(checks, State.WARN))


def _in_state(checks: Counter[tuple[CheckName, State]], wanted: State) -> tuple[tuple[str, int], ...]:
    counts = [(name.value, number) for (name, state), number in checks.items() if state is wanted]
    return tuple(sorted(counts, key=lambda item: (-item[1], item[0])))
