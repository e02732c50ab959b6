"""Images as what runs uses them: with the answers of their containers, and by the rules of the places where they run."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tui.domain.assemble.images import used
from tui.domain.assemble.places import JudgedImages
from tui.domain.common.trust import Check
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Image, ImageKey, Workload
from tui.domain.workloads.join import ImageUsers

__all__ = ["UseMemory"]


class _Shown(msgspec.Struct, frozen=True, gc=False):
    """An image as it was shown last, and upon what; `placed` is as the rules see it where it runs."""

    placed: Image
    answers: tuple[Check, ...]
    pods: int
    shown: Image

    def is_of(self, placed: Image, answers: tuple[Check, ...], pods: int) -> bool:
        """Whether it would look the same now."""
        return self.placed == placed and self.answers == answers and self.pods == pods


class UseMemory:
    """Images as they were shown last: what did not change is the very same object."""

    def __init__(self) -> None:
        self._shown: dict[ImageKey, _Shown] = {}

    def all(
        self,
        images: dict[ImageKey, Image],
        judged: JudgedImages,
        uses: Mapping[ImageKey, ImageUsers],
        workloads: Mapping[ObjectKey, Workload],
    ) -> dict[ImageKey, Image]:
        """Every image, those in use as they are used."""
        answers, shown = _answers(workloads), dict(images)
        # In place and one by one: to drop ten thousand at once would hold up whoever else wants the interpreter.
        for key in [key for key in self._shown if key not in uses]:
            del self._shown[key]
        for key, use in uses.items():
            placed = judged.wherever(images[key], {**use.users, **use.idle})
            said, known = tuple(answers.get(key, ())), self._shown.get(key)
            if known is None or not known.is_of(placed, said, use.pods):
                known = self._shown[key] = _Shown(placed, said, use.pods, used(placed, said, use.pods))
            shown[key] = known.shown
        return shown


def _answers(workloads: Mapping[ObjectKey, Workload]) -> dict[ImageKey, list[Check]]:
    found: dict[ImageKey, list[Check]] = {}
    for workload in workloads.values():
        for container in workload.containers:
            for key in container.runs:
                found.setdefault(key, []).extend(container.checks)
    return found
