"""Images as the rules of each place see them, where a policy asks of one place what it does not ask of another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from tui.domain.assemble.images import ImageJudge
from tui.domain.common.trust import Check, roll_up
from tui.domain.facts.workload import ObjectKey
from tui.domain.policy.rules import Rules
from tui.domain.policy.scopes import PolicyTarget
from tui.domain.snapshot.snapshot import Image, ImageKey

__all__ = ["JudgedImages"]


class JudgedImages:
    """Images by the rules of any place, round after round; each is judged once by each set of rules."""

    def __init__(self, judge: ImageJudge, used: Mapping[ImageKey, tuple[str, ...]]) -> None:
        self.judge = judge
        self._used = used
        self._again: dict[ImageKey, list[_Rejudged]] = {}

    def forget(self, keys: Iterable[ImageKey] | None = None) -> None:
        """Judge these anew when they are asked for, or all."""
        if keys is None:
            self._again.clear()
        else:
            for key in keys:
                self._again.pop(key, None)

    def at(self, image: Image, cluster: str, namespace: str, digests: tuple[str, ...] | None = None) -> tuple[Check, ...]:
        """The checks of an image by the rules of where it runs, under these `digests` alone there."""
        book = self.judge.book
        if digests == self._used.get(image.key):
            digests = None
        if not book.varies and digests is None:
            return image.checks
        name = image.name
        rules = book.rules(PolicyTarget(cluster, namespace, name))
        if digests is None and rules is book.rules(PolicyTarget(name=name)):
            return image.checks
        answers = self._again.setdefault(image.key, [])
        for answer in answers:
            if answer.rules is rules and answer.named_digests == digests:  # the book keeps equal rules as one object
                return answer.checks
        checks = self.judge.again(image.key, rules, digests)
        answers.append(_Rejudged(rules, digests, checks))
        return checks

    def are_others(self, image: ImageKey, digests: tuple[str, ...]) -> bool:
        """Whether something else names the image by other digests."""
        return bool(digests) and digests != self._used.get(image)

    def wherever(self, image: Image, users: Iterable[ObjectKey]) -> Image:
        """The image by the strictest answer to each question over the places where it runs; unchanged when it runs nowhere."""
        if not self.judge.book.varies:
            return image
        places = sorted({(user.cluster, user.namespace) for user in users})
        answers = list(dict.fromkeys(self.at(image, cluster, namespace) for cluster, namespace in places))
        if not answers or answers == [image.checks]:
            return image
        checks = tuple(max(alternatives, key=lambda check: check.state.severity) for alternatives in zip(*answers, strict=True))
        return msgspec.structs.replace(image, checks=checks, verdict=roll_up(checks))


class _Rejudged(NamedTuple):
    """What was judged once more by other rules, or under other digests."""

    rules: Rules
    named_digests: tuple[str, ...] | None
    checks: tuple[Check, ...]
