"""How much of a cluster is kept: what an API server may send has no end, what we may hold has.

Weights are rough bytes of what a fact keeps alive until it is shown and judged. A pod is cheap; what costs is each workload with
its containers and each image that is told apart, and how many of those there are is decided by whoever answers. So those are
counted apart, once however many pods share them: 150,000 pods of ordinary deployments fit, ten thousand bare pods each of an
image of its own do not, and the process stays below 300 MB however they are made.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui.domain.facts.workload import Controller, Node, Pod
from tui.sources.kit.allotment import Allotment

__all__ = ["MOST", "Share", "weight"]

MOST = 208 * 1024 * 1024
"""What all lists of one source may weigh together unless it is told otherwise."""

_OBJECT, _CONTAINER, _PAIR = 500, 200, 100
# Measured as the peak of a whole process that loads, asks registries and judges, divided by their number.
_SLOT, _IMAGE = 4_500, 16_000
# How often a name is kept: in what is judged of it, and in sentences.
_TOLD = 4

_Use = tuple[str, str, str]
"""The uid of what owns a container, the name of the container, and the image that it runs: alike for all pods of a workload."""


class Share:
    """What one list has taken of a room."""

    def __init__(self, room: Allotment) -> None:
        self._room = room
        self._own = 0
        self._uses: dict[_Use, int] = {}

    def clear(self) -> None:
        """Give everything back."""
        self._room.count(-self._own)
        for use in self._uses:
            self._release(use)
        self._own, self._uses = 0, {}

    def fits(self, now: Pod | Controller | Node, before: Pod | Controller | Node | None = None) -> bool:
        """Take the room that a change needs; False, and nothing is changed, when it needs more and there is none."""
        used = self._room.used
        if before is not None and _share_alike(now, before):
            return self._grow(weight(now) - weight(before))
        self.add(now)
        if before is not None:
            self.remove(before)
        if not self._room.full or self._room.used <= used:
            return True
        self.remove(now)
        if before is not None:
            self.add(before)
        return False

    def fit(self, facts: Sequence[Pod | Controller | Node]) -> bool:
        """Take the room for all of these; False, and nothing is taken, when there is too little."""
        for fact in facts:
            self.add(fact)
        if self._room.full:
            for fact in facts:
                self.remove(fact)
            return False
        return True

    def _grow(self, more: int) -> bool:
        """Take so much more for a fact that is kept already, as far as there is room."""
        if more > 0 and self._room.used + more > self._room.limit:
            return False
        self._own += more
        self._room.count(more)
        return True

    def add(self, fact: Pod | Controller | Node) -> None:
        """Count a fact that is kept, whether there is room or not."""
        own, uses = weight(fact), self._uses
        self._own += own
        self._room.count(own)
        for use in _uses(fact):
            count = uses.get(use, 0)
            uses[use] = count + 1
            if not count:
                self._hold(use)

    def remove(self, fact: Pod | Controller | Node) -> None:
        """Give back what was taken for a fact."""
        own, uses = weight(fact), self._uses
        self._own -= own
        self._room.count(-own)
        for use in _uses(fact):
            count = uses[use] = uses[use] - 1
            if not count:
                del uses[use]
                self._release(use)

    def _hold(self, use: _Use) -> None:
        """Take the room of a container of a workload, and of an image, which the room counts once whoever holds them."""
        owner, name, image = use
        self._room.hold((owner, name), _price(owner, name, _SLOT))
        self._room.hold(image, _price("", image, _IMAGE))

    def _release(self, use: _Use) -> None:
        owner, name, image = use
        self._room.release((owner, name), _price(owner, name, _SLOT))
        self._room.release(image, _price("", image, _IMAGE))


# For each pod that comes: loops cost half of what a comprehension or a generator does for two containers and a label.


def weight(fact: Pod | Controller | Node) -> int:
    """About how many bytes a fact keeps alive by itself."""
    match fact:
        case Pod():
            size = _OBJECT + len(fact.name) + len(fact.uid) + _CONTAINER * len(fact.containers)
            for container in fact.containers:
                if container.message:
                    size += len(container.message)
            return size + _words(fact.labels) if fact.labels else size
        case Controller():
            size = _OBJECT + _TOLD * len(fact.name) + len(fact.uid) + _CONTAINER * len(fact.containers)
            return size + _words(fact.labels) + _words(fact.annotations)
        case Node():
            return _OBJECT + len(fact.name)


def _uses(fact: Pod | Controller | Node) -> list[_Use]:
    uses: list[_Use] = []
    if isinstance(fact, Node):
        return uses
    owner = fact.uid if fact.owner is None else fact.owner.uid
    if isinstance(fact, Pod):
        for container in fact.containers:
            uses.append((owner, container.name, container.image_id or container.image))
    else:
        for template in fact.containers:
            uses.append((owner, template.name, template.image))
    return uses


def _share_alike(now: Pod | Controller | Node, before: Pod | Controller | Node) -> bool:
    """Whether two states of a pod share the same with others, as nearly always: then only its own weight differs."""
    if not (isinstance(now, Pod) and isinstance(before, Pod)) or now.owner != before.owner or now.uid != before.uid:
        return False
    if len(now.containers) != len(before.containers):
        return False
    for new, old in zip(now.containers, before.containers, strict=True):
        if new.name != old.name or (new.image_id or new.image) != (old.image_id or old.image):
            return False
    return True


def _price(owner: str, name: str, more: int) -> int:
    return _TOLD * (len(owner) + len(name)) + more


def _words(words: dict[str, str]) -> int:
    size = _PAIR * len(words)
    for value in words.values():
        size += len(value)
    return size
