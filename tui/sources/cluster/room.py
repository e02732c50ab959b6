"""How much of a cluster is kept: what an API server may send has no end, what we may hold has.

Weights are rough bytes of what a fact keeps alive, texts that several facts share counted by each of them: a hundred thousand
ordinary pods fit, and the process stays below 300 MB however they are made.
"""

from __future__ import annotations

from tui.domain.facts.workload import Controller, Node, Pod

__all__ = ["Room", "weight"]

_OBJECT, _CONTAINER, _PAIR = 500, 250, 100


class Room:
    """What all lists of one source may weigh together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._used = 0

    def take(self, weight: int) -> bool:
        """Take room, or give it back when negative; False when there is none left."""
        if weight > 0 and self._used + weight > self._most:
            return False
        self._used += weight
        return True


def weight(fact: Pod | Controller | Node) -> int:
    """About how many bytes a fact keeps alive."""
    match fact:
        case Pod():
            parts = sum(_CONTAINER + len(each.image_id) + len(each.message) for each in fact.containers)
            return _OBJECT + parts + _words(fact.labels)
        case Controller():
            parts = sum(_CONTAINER + len(each.image) for each in fact.containers)
            return _OBJECT + parts + _words(fact.labels) + _words(fact.annotations)
        case Node():
            return _OBJECT


def _words(words: dict[str, str]) -> int:
    return sum(_PAIR + len(value) for value in words.values())
