"""Objects of clusters by uid, with the list cycles that saw them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from tui.domain.common.memo import Successor

__all__ = ["ObjectTable"]

T = TypeVar("T")
_Cycle = tuple[int, int]


class ObjectTable(Generic[T]):
    """Objects of one resource of one source.

    Each object remembers the turn in which it was last seen, each scope its newest generation and the turn in which that
    began: a completed list removes what it covers and has not seen since it began. Turns are shared by a whole page.
    `namespace_of` is for objects of which single namespaces may be listed.
    """

    __slots__ = ("_changed", "_cycles", "_frozen", "_last", "_namespace_of", "_objects", "_seen", "_turn")

    def __init__(self, namespace_of: Callable[[T], str] | None = None) -> None:
        self._namespace_of = namespace_of
        self._objects: dict[str, T] = {}
        self._seen: dict[str, int] = {}
        self._cycles: dict[str, _Cycle] = {}
        self._turn = 0
        self._frozen: Mapping[str, T] | None = None
        self._last: Mapping[str, T] = {}
        self._changed: set[str] = set()

    def freeze(self) -> Mapping[str, T]:
        """The objects as they are now; the very same as long as nothing changes."""
        if self._frozen is None:
            self._frozen = self._last = Successor(self._objects, self._last, self._changed)
            self._changed = set()
        return self._frozen

    def see(self, scope: str, generation: int, objects: Iterable[tuple[str, T]]) -> bool:
        """Take objects (uid, object) in, but none of an older generation. Says whether anything changed."""
        if not self._enter(scope, generation):
            return False
        turn = self._turn = self._turn + 1
        by_uid, turns = self._objects, self._seen
        changed: list[str] = []
        for uid, item in objects:
            if by_uid.get(uid) != item:
                by_uid[uid] = item
                changed.append(uid)
            turns[uid] = turn
        if changed:
            self._changed.update(changed)
            self._frozen = None
        return bool(changed)

    def drop(self, uid: str) -> bool:
        """An object is gone. Says whether it was known."""
        self._seen.pop(uid, None)
        if self._objects.pop(uid, None) is None:
            return False
        self._changed.add(uid)
        self._frozen = None
        return True

    def complete(self, scope: str, generation: int) -> bool:
        """A cycle saw everything in its scope. Says whether anything was removed."""
        if not self._enter(scope, generation):
            return False
        began = self._cycles[scope][1]
        unseen = [uid for uid, seen_in in self._seen.items() if seen_in < began and (not scope or self._is_in(uid, scope))]
        for uid in unseen:
            self.drop(uid)
        return bool(unseen)

    def _is_in(self, uid: str, namespace: str) -> bool:
        return self._namespace_of is not None and self._namespace_of(self._objects[uid]) == namespace

    def _enter(self, scope: str, generation: int) -> bool:
        """Whether the generation is the newest of its scope; a newer one begins here."""
        newest, _ = self._cycles.get(scope, (-1, 0))
        if generation > newest:
            self._cycles[scope] = (generation, self._turn + 1)
        return generation >= newest
