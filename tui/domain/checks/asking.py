"""Asks a list of checks, and none again that can have no other answer than before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

import msgspec

from tui.domain.checks.context import ContainerContext, ImageContext
from tui.domain.common.memo import Shared
from tui.domain.common.trust import Check
from tui.domain.policy.rules import Rules

__all__ = ["CheckAnswers", "Questions"]

C = TypeVar("C", ImageContext, ContainerContext)


class CheckAnswers(msgspec.Struct, Generic[C], frozen=True, gc=False):
    """What was asked about, and the answers in the order of the checks, before the policy's exceptions."""

    context: C
    answers: tuple[Check, ...]


class Questions(Generic[C]):
    """Checks, each with the settings of the rules that it reads; one without is always asked anew."""

    def __init__(self, checks: Iterable[Callable[[C], Check]], reads: Mapping[object, tuple[str, ...]]) -> None:
        self._checks: tuple[Callable[[C], Check], ...] = tuple(checks)
        self._reads = reads
        self._compared: dict[tuple[Rules, Rules], tuple[int, ...]] = {}
        # What most images answer is the same in every word: that is kept once.
        self._shared: tuple[Shared[Check], ...] = tuple([Shared() for _ in self._checks])

    def ask(self, context: C, before: CheckAnswers[C] | None = None) -> CheckAnswers[C]:
        """All answers; of those from `before` what follows from facts and settings that are still the same."""
        if before is None or not _same_facts(before.context, context):
            return CheckAnswers(context, self.all(context))
        return CheckAnswers(context, self.again(before.answers, before.context.rules, context.rules, lambda: context))

    def all(self, context: C) -> tuple[Check, ...]:
        """All answers."""
        return tuple([shared.one(check(context)) for check, shared in zip(self._checks, self._shared, strict=True)])

    def again(self, answers: tuple[Check, ...], before: Rules, rules: Rules, context: Callable[[], C]) -> tuple[Check, ...]:
        """The answers to the same facts by other rules; `context` is made only for a check that these rules can bear upon."""
        unsettled = self._unsettled(before, rules)
        if not unsettled:
            return answers
        there, renewed = context(), [*answers]
        for place in unsettled:
            renewed[place] = self._shared[place].one(self._checks[place](there))
        return tuple(renewed)

    def _unsettled(self, before: Rules, now: Rules) -> tuple[int, ...]:
        """Which checks may tell these rules from each other, by their place."""
        unsettled = self._compared.get((before, now))
        if unsettled is None:
            if len(self._compared) > _PAIRS:
                self._compared.clear()
            checks = enumerate(self._checks)
            unsettled = tuple([place for place, check in checks if not self._is_settled(check, before, now)])
            self._compared[before, now] = unsettled
        return unsettled

    def _is_settled(self, check: Callable[[C], Check], before: Rules, now: Rules) -> bool:
        return check in self._reads and now.alike(before, self._reads[check])


_PAIRS = 1000


def _same_facts(before: C, now: C) -> bool:
    return before == now or msgspec.structs.replace(before, rules=now.rules) == now
