"""Whether a tag or a digest is there now: the newest word of its registry, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from tui.domain.common.memo import Address, Trace, with_more
from tui.domain.common.text import full_stop
from tui.domain.facts.events import AbsenceKind, LookupFailed
from tui.domain.facts.image import ManifestListing, RepositoryName
from tui.domain.facts.reference import DIGEST_ALGORITHMS

if TYPE_CHECKING:
    from tui.domain.facts.facts import ImageFacts

__all__ = ["GONE", "Presence", "PresenceReader", "PresenceState", "Registries", "is_attached_tag"]

_Reference = tuple[RepositoryName, str]

# The tags under which signatures and the like are kept: OCI distribution-spec "Referrers Tag Schema", and cosign's.
_SUBJECTS = "|".join(f"{name}-[0-9a-f]{{{length}}}" for name, length in DIGEST_ALGORITHMS.items())
_ATTACHED = re.compile(rf"({_SUBJECTS})(\.[a-z]+)?", re.ASCII)
GONE = frozenset({AbsenceKind.MANIFEST_UNKNOWN, AbsenceKind.REPOSITORY_UNKNOWN})
"""What a registry answers about what it does not have."""


def is_attached_tag(tag: str) -> bool:
    """Whether a tag holds attached artifacts (`sha256-<hex>`, `.sig`, `.att`, `.sbom`), and is no version."""
    return tag.startswith("sha") and _ATTACHED.fullmatch(tag) is not None


class PresenceState(StrEnum):
    """THERE: the registry has it. GONE: the registry says that it has not. UNREAD: nobody could tell, or not yet."""

    THERE = "there"
    GONE = "gone"
    UNREAD = "unread"


class Presence(msgspec.Struct, frozen=True, gc=False):
    """What is known of a tag or digest now.

    `digest` is what a tag names, or named last when it is not there or not readable any more. `kind`, `reason`, `remedy` and
    `right` are those of the failure, `answered_at` is when it was said.
    """

    standing: PresenceState
    digest: str = ""
    reason: str = ""
    answered_at: datetime | None = None
    kind: AbsenceKind | None = None
    remedy: str = ""
    right: str = ""

    @property
    def there(self) -> bool:
        """Whether the registry has it."""
        return self.standing is PresenceState.THERE

    @property
    def altered(self) -> str:
        """The sentence that says that the registry answered with other bytes, empty unless it did."""
        return self.reason if self.kind is AbsenceKind.OTHER_BYTES else ""

    @property
    def gone(self) -> bool:
        """Whether the registry says that it does not have it."""
        return self.standing is PresenceState.GONE


class PresenceReader:
    """Reads from the tables what registries hold now; `lost` maps registries that do not answer to a sentence."""

    def __init__(self, facts: ImageFacts, lost: Mapping[str, str] | None = None, trace: Trace | None = None) -> None:
        self.facts = facts
        self.lost = lost or {}
        self.trace = trace if trace is not None else Trace()
        self._rows: dict[RepositoryName, dict[str, ManifestListing]] = {}
        self._names: set[RepositoryName] = set()

    def tag(self, name: RepositoryName, tag: str) -> Presence:
        """What a tag names now."""
        self._note(name)
        return self._tag(name, tag)

    def _tag(self, name: RepositoryName, tag: str) -> Presence:
        record = self.facts.tags.get(name, {}).get(tag)
        failure = self.facts.failed.get(name, {}).get(tag)
        listed = self.facts.tag_lists.get(name)
        digest = record.digest if record is not None else ""
        last = record.last if record is not None else None
        if name.registry in self.lost:
            return Presence(PresenceState.UNREAD, digest, self.lost[name.registry], last, AbsenceKind.UNREACHABLE)
        if failure is not None and self._stands(failure, last, listed):
            return _failed(failure, digest)
        if listed is not None and (last is None or last < listed):
            return Presence(PresenceState.GONE, digest, f"{name} has no tag {tag}.", listed, AbsenceKind.MANIFEST_UNKNOWN)
        if last is not None:
            return Presence(PresenceState.THERE, digest, answered_at=last)
        return _not_yet(name)

    def moved(self, name: RepositoryName, tag: str) -> datetime | None:
        """When a tag came to name what it names, if anybody saw."""
        self._note(name)
        record = self.facts.tags.get(name, {}).get(tag)
        return record.moved if record is not None else None

    def digest(self, name: RepositoryName, digest: str) -> Presence:
        """Whether a repository holds a manifest now."""
        self._note(name)
        return self._digest(name, digest)

    def _digest(self, name: RepositoryName, digest: str) -> Presence:
        read = self.facts.last_seen.get(name, {}).get(digest)
        failure = self.facts.failed.get(name, {}).get(digest)
        listed = self._listed_at(name)
        if name.registry in self.lost:
            return Presence(PresenceState.UNREAD, digest, self.lost[name.registry], read, AbsenceKind.UNREACHABLE)
        if failure is not None and self._stands(failure, read, listed):
            return _failed(failure, digest)
        if listed is not None and digest in self._listing(name):
            return Presence(PresenceState.THERE, digest, answered_at=listed)
        if listed is not None and (read is None or read < listed):
            return Presence(
                PresenceState.GONE, digest, f"{name} does not list it any more.", listed, AbsenceKind.MANIFEST_UNKNOWN
            )
        if read is not None:
            return Presence(PresenceState.THERE, digest, answered_at=read)
        return _not_yet(name)

    def unread(self, name: RepositoryName) -> Iterator[str]:
        """The digests in a repository that could not be read although it does not say that they are not there."""
        self._note(name)
        for reference, failure in self.facts.failed.get(name, {}).items():
            if ":" in reference and failure.kind not in GONE and failure.kind is not AbsenceKind.NOT_ASKED:
                yield reference

    def altered(self, name: RepositoryName, digests: Iterable[str]) -> str:
        """What says that a repository answered with other bytes than one of the digests names, empty when none did.

        Also when a tag that names one of them was answered so: what the header says of it, its own body refutes.
        """
        self._note(name)
        refuted = {reference: failure for reference, failure in self.facts.failed.get(name, {}).items() if self._refutes(failure)}
        named_digests = set(digests) if refuted else frozenset()
        for reference, failure in sorted(refuted.items()):
            digest = reference if ":" in reference else self.tag(name, reference).digest
            if digest in named_digests and reference not in self.facts.configs:
                self.trace.reads.add(reference)
                return full_stop(failure.reason)
        return ""

    def _refutes(self, failure: LookupFailed) -> bool:
        """Whether other bytes were answered, and nothing better since for that very tag or digest."""
        return failure.kind is AbsenceKind.OTHER_BYTES and self._stands(failure)

    def _stands(self, failure: LookupFailed, *later: datetime | None) -> bool:
        """Whether a failure is the newest word. Only content takes back that content was wrong: a header or a list does not."""
        if failure.kind is AbsenceKind.OTHER_BYTES:
            later = (self.facts.proven.get(failure.name, {}).get(failure.reference),)
        return all(_not_older(failure.at, other) for other in later)

    def rows(self, name: RepositoryName) -> Mapping[str, ManifestListing]:
        """The newest list of a repository's manifests, by digest."""
        self._note(name)
        return self._listing(name)

    def _listing(self, name: RepositoryName) -> Mapping[str, ManifestListing]:
        rows = self._rows.get(name)
        if rows is None:
            listing = self.facts.listings.get(name)
            rows = self._rows[name] = {row.digest: row for row in listing.manifests} if listing is not None else {}
        return rows

    def tags(self, name: RepositoryName) -> dict[str, str] | None:
        """All versions of a repository and what they name; None unless they were listed whole."""
        if not self.lists_tags(name):
            return None
        presences = {tag: self.tag(name, tag) for tag in self.facts.tags.get(name, {}) if not is_attached_tag(tag)}
        return {tag: word.digest for tag, word in presences.items() if word.there}

    def lists_tags(self, name: RepositoryName) -> bool:
        """Whether the versions of a repository were listed whole, by a registry that still answers."""
        self._note(name)
        return name in self.facts.tag_lists and name.registry not in self.lost

    def has(self, name: RepositoryName) -> bool:
        """Whether a repository is there for certain: it was listed or something in it was read, and nothing says otherwise."""
        self._note(name)
        facts = self.facts
        if name.registry in self.lost or any(
            failure.kind is AbsenceKind.REPOSITORY_UNKNOWN for failure in facts.failed.get(name, {}).values()
        ):
            return False
        return name in facts.tag_lists or name in facts.listings or bool(facts.last_seen.get(name)) or bool(facts.tags.get(name))

    def is_left_behind(self, name: RepositoryName, digests: Iterable[str], tags: Collection[str]) -> bool:
        """Whether an image is known only because a tag named it once, and no list of its registry says that it is there."""
        if tags or not self.rows(name).keys().isdisjoint(digests):
            return False
        left = {digest for record in self.facts.tags.get(name, {}).values() for digest in record.earlier}
        return not left.isdisjoint(digests)

    def failure(self, name: RepositoryName, reference: str) -> LookupFailed | None:
        """The newest failure to read a tag, a manifest or a configuration of a repository, if any."""
        self._note(name)
        return self.facts.failed.get(name, {}).get(reference)

    def failures(self, name: RepositoryName) -> Mapping[str, LookupFailed]:
        """The newest failures to read from a repository, by tag or digest."""
        self._note(name)
        return self.facts.failed.get(name, {})

    def _note(self, name: RepositoryName) -> None:
        self.trace.reads.add(name)
        self._names.add(name)

    def _listed_at(self, name: RepositoryName) -> datetime | None:
        listing = self.facts.listings.get(name)
        return listing.at if listing is not None and listing.complete else None


class Registries(PresenceReader):
    """Answers what registries hold now, round after round; each answer is kept as long as nothing changes for it.

    Of the registries that are `unsurveyed` only what runs was asked for.
    """

    def __init__(self, facts: ImageFacts, lost: Mapping[str, str] | None = None, trace: Trace | None = None) -> None:
        super().__init__(facts, lost, trace)
        self.unsurveyed: frozenset[str] = frozenset()
        self._answers: dict[RepositoryName, dict[str, tuple[_Reference, Presence]]] = {}
        self._tables: dict[RepositoryName, dict[str, str] | None] = {}

    def renew(self, facts: ImageFacts, lost: Mapping[str, str], changed: Set[Address]) -> set[Address]:
        """Answer from other facts; what is not answered as before, of what was asked.

        A registry that is lost, or answers again, changes every answer about it, also where nothing was ever told of it.
        """
        hosts = {host for host in {*lost, *self.lost} if lost.get(host) != self.lost.get(host)}
        names = {name for name in self._names if name.registry in hosts} if hosts else set()
        self.facts, self.lost = facts, lost
        changed = with_more(changed, names)
        for table in (self._rows, self._tables):
            for name in table.keys() & changed:
                del table[name]
        return {*names, *(others for name in self._answers.keys() & changed for others in self._answer_again(name))}

    def _answer_again(self, name: RepositoryName) -> Iterator[_Reference]:
        """Answer again what was asked about a repository; what is answered otherwise."""
        answers = self._answers[name]
        for reference, (question, before) in answers.items():
            answer = self._digest(name, reference) if ":" in reference else self._tag(name, reference)
            if answer != before:
                answers[reference] = question, answer
                yield question

    def tag(self, name: RepositoryName, tag: str) -> Presence:
        """What a tag names now."""
        return self._answer(name, tag)

    def digest(self, name: RepositoryName, digest: str) -> Presence:
        """Whether a repository holds a manifest now."""
        return self._answer(name, digest)

    def digest_once(self, name: RepositoryName, digest: str) -> Presence:
        """The same for whoever follows from all that is said of the repository anyway: the answer is not kept."""
        return super().digest(name, digest)

    def tags(self, name: RepositoryName) -> dict[str, str] | None:
        """All versions of a repository and what they name; None unless they were listed whole."""
        self._note(name)
        if name not in self._tables:
            self._tables[name] = super().tags(name)
        return self._tables[name]

    def _answer(self, name: RepositoryName, reference: str) -> Presence:
        answers = self._answers.get(name)
        if answers is None:
            self._names.add(name)
            answers = self._answers[name] = {}
        answered = answers.get(reference)
        if answered is None:
            answer = self._digest(name, reference) if ":" in reference else self._tag(name, reference)
            answered = answers[reference] = (name, reference), answer
        self.trace.reads.add(answered[0])
        return answered[1]


def _not_older(failed: datetime, other: datetime | None) -> bool:
    # A failure at the very moment of a success counts: unknown must not look like fine.
    return other is None or failed >= other


def _failed(failure: LookupFailed, digest: str) -> Presence:
    standing = PresenceState.GONE if failure.kind in GONE else PresenceState.UNREAD
    return Presence(standing, digest, full_stop(failure.reason), failure.at, failure.kind, failure.remedy, failure.right)


def _not_yet(name: RepositoryName) -> Presence:
    return Presence(PresenceState.UNREAD, reason=f"{name} has not been read yet.")
