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
        self._compared: dict[tuple[Rules, Rules], tuple[bool, ...]] = {}
        # What most images answer is the same in every word: that is kept once.
        self._shared: tuple[Shared[Check], ...] = tuple([Shared() for _ in self._checks])

    def ask(self, context: C, before: CheckAnswers[C] | None = None) -> CheckAnswers[C]:
        """All answers; of those from `before` what follows from facts and settings that are still the same."""
        if before is None or not _same_facts(before.context, context):
            answered = zip(self._checks, self._shared, strict=True)
            return CheckAnswers(context, tuple([shared.one(check(context)) for check, shared in answered]))
        settled = self._settled(before.context.rules, context.rules)
        answers = zip(self._checks, self._shared, settled, before.answers, strict=True)
        return CheckAnswers(context, tuple([old if same else shared.one(check(context)) for check, shared, same, old in answers]))

    def _settled(self, before: Rules, now: Rules) -> tuple[bool, ...]:
        """Which checks cannot tell these rules from each other."""
        compared = self._compared.get((before, now))
        if compared is None:
            if len(self._compared) > _PAIRS:
                self._compared.clear()
            compared = tuple([check in self._reads and now.alike(before, self._reads[check]) for check in self._checks])
            self._compared[before, now] = compared
        return compared


_PAIRS = 1000


def _same_facts(before: C, now: C) -> bool:
    return before == now or msgspec.structs.replace(before, rules=now.rules) == now
