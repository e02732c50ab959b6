"""Which images stand on a base of some name, over every step of the lineage."""

from __future__ import annotations

from tui.domain.query_match import Matcher, digest_matcher, is_hex, text_matcher
from tui.domain.snapshot import BaseLink, ImageKey, Snapshot

__all__ = ["Ancestry"]


class Ancestry:
    """The bases of every node with their names, in small letters."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._links: dict[ImageKey, BaseLink | None] = {key: base.base for key, base in snapshot.bases.items()}
        self._links.update((key, image.base) for key, image in snapshot.images.items())
        self._names = self._named()

    def standing_on(self, value: str) -> dict[ImageKey, bool | None]:
        """For every node, whether one of its bases has the value in its name or digest; None when a base is not known."""
        by_name = text_matcher(value)
        by_digest = digest_matcher(value) if is_hex(value) else None
        named = {key for key, name in self._names.items() if by_name(name) or _has_digest(key, by_digest)}
        answers: dict[ImageKey, bool | None] = {}
        for key in self._links:
            self._walk(key, named, answers)
        return answers

    def _walk(self, key: ImageKey, named: set[ImageKey], answers: dict[ImageKey, bool | None]) -> None:
        """Answer for a node and everything under it down to the first node that is answered."""
        path: dict[ImageKey, None] = {}
        answer: bool | None = None
        while key not in path:
            if key in answers:
                answer = answers[key]
                break
            path[key] = None
            link = self._links.get(key)
            if link is None:
                answer = False if self._is_root(key) else None
                break
            if link.base in named:
                answer = True
                break
            key = link.base
        answers.update(dict.fromkeys(path, answer))

    def _is_root(self, key: ImageKey) -> bool:
        image = self._snapshot.images.get(key)
        return image is not None and image.root

    def _named(self) -> dict[ImageKey, str]:
        """Every name of every base: its tags now, the tags that it was built from, and its label when it cannot be read."""
        names = {key: set(self._own_names(key)) for key in {link.base for link in self._links.values() if link}}
        for link in self._links.values():
            if link is not None and link.tag:
                names[link.base].add(f"{link.base.registry}/{link.base.repository}:{link.tag}")
        return {key: "\n".join(found).lower() for key, found in names.items()}

    def _own_names(self, key: ImageKey) -> list[str]:
        image = self._snapshot.images.get(key)
        unknown = self._snapshot.bases.get(key)
        name = f"{key.registry}/{key.repository}"
        return [name, *(f"{name}:{tag}" for tag in (image.tags if image else ())), *([unknown.label] if unknown else ())]


def _has_digest(key: ImageKey, matches: Matcher | None) -> bool:
    return matches is not None and matches(key.digest)
