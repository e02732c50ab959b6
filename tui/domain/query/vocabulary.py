"""What the values of a query can be in an estate: the names that it has, each once, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from tui.domain.common.pace import paced, sorted_in_steps
from tui.domain.common.text import clean
from tui.domain.facts.scan import ImageVulnerability
from tui.domain.query.language import CHOICES, Key
from tui.domain.snapshot.snapshot import Snapshot

__all__ = ["Vocabulary"]

AGES = ("1d", "7d", "30d", "90d", "180d", "1y")


class Vocabulary:
    """The names of a snapshot by what asks for them; each list is made when it is first asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._made: dict[Key, tuple[str, ...]] = {}

    def values(self, key: Key) -> tuple[str, ...]:
        """What may stand after a key; for a word the names of workloads and repositories."""
        if key in CHOICES:
            return CHOICES[key]
        values = self._made.get(key)
        if values is None:
            values = self._made[key] = _sorted(self._names(key))
        return values

    def _names(self, key: Key) -> Iterable[str]:
        snapshot = self._snapshot
        match key:
            case Key.NS:
                return (workload.namespace for workload in paced(snapshot.workloads))
            case Key.CTX:
                return (workload.cluster for workload in paced(snapshot.workloads))
            case Key.KIND:
                return (workload.kind for workload in paced(snapshot.workloads))
            case Key.TEAM:
                return (workload.team for workload in paced(snapshot.workloads.values()))
            case Key.REPO:
                return (image.repository for image in paced(snapshot.images))
            case Key.BASE:
                return self._bases()
            case Key.CVE:
                return (row.id for row in self._vulnerabilities)
            case Key.PKG:
                return (row.package for row in self._vulnerabilities)
            case Key.WORD:
                return self._words()
            case _:
                return ()

    def _words(self) -> Iterator[str]:
        yield from (workload.name for workload in paced(self._snapshot.workloads))
        yield from (image.repository for image in paced(self._snapshot.images))

    def _bases(self) -> Iterator[str]:
        for key in self._snapshot.derived:
            image, unknown = self._snapshot.images.get(key), self._snapshot.bases.get(key)
            if image is not None:
                yield from (f"{key.repository}:{tag}" for tag in image.tags) if image.tags else (key.repository,)
            elif unknown is not None:
                yield unknown.label

    @cached_property
    def _vulnerabilities(self) -> tuple[ImageVulnerability, ...]:
        """Those of every list; images share lists, and an equal one is read once."""
        lists = {id(image.vulnerabilities): image.vulnerabilities for image in paced(self._snapshot.images.values())}
        return tuple({row.id + "\0" + row.package: row for rows in lists.values() for row in rows}.values())


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once, in order; what would not look like what it is cannot be offered."""
    unique = [name for name in paced(set(names)) if name and clean(name) == name]
    return tuple(sorted_in_steps(unique))
