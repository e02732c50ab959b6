"""Images as the rules of each place see them, where a policy asks of one place what it does not ask of another."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tui.domain.assemble.images import ImageJudge
from tui.domain.common.trust import Check, roll_up
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.workload import ObjectKey
from tui.domain.policy.scopes import PolicyTarget
from tui.domain.snapshot.snapshot import Image, ImageKey

__all__ = ["JudgedImages"]


class JudgedImages:
    """Images by the rules of their repositories, and by those of any place; each is judged once by each set of rules."""

    def __init__(self, judge: ImageJudge) -> None:
        self.judge = judge
        self.known = judge.all()
        self._again: dict[tuple[ImageKey, int, tuple[str, ...] | None], tuple[Check, ...]] = {}

    def at(self, image: Image, cluster: str, namespace: str, named: tuple[str, ...] | None = None) -> tuple[Check, ...]:
        """The checks of an image by the rules of where it runs, under the digests alone that are `named` there."""
        book = self.judge.book
        if named == self.judge.grounds.used.get(image.key):
            named = None
        if not book.varies and named is None:
            return image.checks
        name = RepositoryName(image.key.registry, image.key.repository)
        rules = book.rules(PolicyTarget(cluster, namespace, name))
        if named is None and rules is book.rules(PolicyTarget(name=name)):
            return image.checks
        kept = (image.key, id(rules), named)  # the book keeps equal rules as one object, for as long as we have the book
        if kept not in self._again:
            self._again[kept] = self.judge.again(image, rules, named)
        return self._again[kept]

    def are_others(self, image: ImageKey, named: tuple[str, ...]) -> bool:
        """Whether something else names the image by other digests."""
        return bool(named) and named != self.judge.grounds.used.get(image)

    def wherever(self, image: Image, users: Iterable[ObjectKey]) -> Image:
        """The image by the strictest answer to each question over the places where it runs; unchanged when it runs nowhere."""
        if not self.judge.book.varies:
            return image
        places = sorted({(user.cluster, user.namespace) for user in users})
        found = list(dict.fromkeys(self.at(image, cluster, namespace) for cluster, namespace in places))
        if not found or found == [image.checks]:
            return image
        checks = tuple(max(answers, key=lambda check: check.state.severity) for answers in zip(*found, strict=True))
        return msgspec.structs.replace(image, checks=checks, verdict=roll_up(checks))
