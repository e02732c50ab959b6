"""What a registry holds: repositories with manifests, tags and blobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from tui.demo.content import Stored

__all__ = ["RegistryContents", "Repository", "Row", "TagRow"]


@dataclass(slots=True)
class Row:
    """A manifest in a repository: when it was pushed, and what may not be done with it any more."""

    stored: Stored
    created: datetime
    updated: datetime
    forbidden: frozenset[str] = frozenset()


@dataclass(slots=True)
class TagRow:
    """A tag and what it names now."""

    name: str
    digest: str
    created: datetime
    updated: datetime
    forbidden: frozenset[str] = frozenset()


@dataclass(slots=True)
class Repository:
    """One repository; `forbidden` holds the attributes (`delete`, `write`, `read`, `list`) that are switched off."""

    name: str
    created: datetime
    rows: dict[str, Row] = field(default_factory=dict)
    tags: dict[str, TagRow] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    forbidden: frozenset[str] = frozenset()

    @property
    def updated(self) -> datetime:
        """When anything in it last changed."""
        times = [row.updated for row in self.rows.values()] + [tag.updated for tag in self.tags.values()]
        return max(times, default=self.created)

    def put(self, stored: Stored, moment: datetime) -> None:
        """Push a manifest with its blobs; one that is there already stays as it is."""
        self.rows.setdefault(stored.digest, Row(stored, moment, moment))
        self.blobs.update(stored.blobs)
        self.created = min(self.created, moment)

    def tag(self, name: str, digest: str, moment: datetime) -> None:
        """Let a tag name a manifest."""
        before = self.tags.get(name)
        self.tags[name] = TagRow(
            name, digest, before.created if before else moment, moment, before.forbidden if before else frozenset()
        )

    def untag(self, name: str, moment: datetime) -> None:
        """Delete a tag; the manifest stays, and its record says when that was."""
        row = self.rows.get(self.tags.pop(name).digest)
        if row is not None:
            row.updated = moment

    def lock(self, name: str) -> None:
        """Lock a tag and what it names against deleting and overwriting (`az acr repository update --write-enabled false`)."""
        tag = self.tags[name]
        tag.forbidden = self.rows[tag.digest].forbidden = frozenset({"delete", "write"})

    def purge(self, digest: str) -> None:
        """Delete a manifest with the tags that name it, and what an index alone listed."""
        row = self.rows.pop(digest, None)
        self.tags = {name: tag for name, tag in self.tags.items() if tag.digest != digest}
        if row is not None:
            for child in row.stored.children:
                self.rows.pop(str(child["digest"]), None)

    def find(self, reference: str) -> Row | None:
        """A manifest by tag or digest."""
        tag = self.tags.get(reference)
        return self.rows.get(tag.digest if tag else reference)

    def readable(self, reference: str) -> bool:
        """Whether it may be pulled by this tag or digest."""
        tag, row = self.tags.get(reference), self.find(reference)
        switched_off = self.forbidden | (tag.forbidden if tag else frozenset()) | (row.forbidden if row else frozenset())
        return "read" not in switched_off

    def tags_of(self, digest: str) -> list[str]:
        """The tags of one manifest."""
        return sorted(tag.name for tag in self.tags.values() if tag.digest == digest)

    def referrers(self, digest: str) -> Iterator[Stored]:
        """What refers to a manifest."""
        return (row.stored for row in self.rows.values() if row.stored.subject == digest)


class RegistryContents:
    """All repositories of one registry."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.repositories: dict[str, Repository] = {}
        self._later: dict[str, Callable[[], object]] = {}

    def later(self, name: str, fill: Callable[[], object]) -> None:
        """What fills the rest of a repository when somebody first looks into it."""
        self._later[name] = fill

    def open(self, name: str) -> Repository | None:
        """A repository with everything in it, None when it is not there."""
        if (fill := self._later.pop(name, None)) is not None:
            fill()
        return self.repositories.get(name)

    def repository(self, name: str, moment: datetime) -> Repository:
        """A repository, made when it is not there yet."""
        return self.repositories.setdefault(name, Repository(name, moment))

    @property
    def manifests(self) -> int:
        """How many manifests there are."""
        opened = [self.open(name) for name in list(self.repositories)]
        return sum(len(repository.rows) for repository in opened if repository is not None)
