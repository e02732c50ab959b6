"""Which images that something needs could vanish: gone, untagged and unlocked, or within reach of a purge, with the date.

Sources: learn.microsoft.com/azure/container-registry: container-registry-retention-policy, container-registry-auto-purge,
container-registry-image-lock (attributes of tags and of manifests are separate); acr-cli `cmd/acr/purge.go` (tags are deleted by
`lastUpdateTime`, `--keep` of the newest that could be deleted stay, locked ones are passed over without `--include-locked`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import msgspec

from tui.domain.common.goregexp import matches
from tui.domain.common.pace import paced
from tui.domain.common.text import capitalized, clean, first_few
from tui.domain.facts.build import BuilderKind, Job
from tui.domain.facts.build_events import builder_source
from tui.domain.facts.events import SourceState
from tui.domain.facts.image import Locks, RepositoryName, Tag
from tui.domain.facts.patterns import is_azure_registry
from tui.domain.facts.retention import PurgeRule, RegistryPolicies
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot

__all__ = ["SOON", "Risk", "RiskKind", "Risks"]

SOON = timedelta(days=30)
"""A tag that a task deletes later than that is not at risk yet: somebody may have built the image anew by then."""


class RiskKind(StrEnum):
    """How an image could vanish, the surest first. UNKNOWN: nobody can tell whether it could."""

    GONE = "gone"
    RETENTION = "retention"
    PURGE = "purge"
    UNTAGGED = "untagged"
    UNKNOWN = "unknown"


class Risk(msgspec.Struct, frozen=True):
    """How one image could vanish, in a sentence; `due` is when it would, where that is known. `tags` are those it would lose.

    `brief` says in a few words why it cannot be told, of what is UNKNOWN.
    """

    kind: RiskKind
    reason: str
    due: datetime | None = None
    tags: tuple[str, ...] = ()
    brief: str = ""


class _Purge(msgspec.Struct, frozen=True):
    """A command that deletes images, and the task that runs it."""

    task: str
    rule: PurgeRule


class _TagsInReach(NamedTuple):
    """The tags of a repository that a command deletes, each with when; and those of which that cannot be told."""

    doomed: Sequence[tuple[Tag, datetime]]
    doubtful: Set[str]


class Risks:
    """The risks of the images of one snapshot; each is worked out once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._purges: dict[str, tuple[_Purge, ...]] = {}
        self._risks: dict[ImageKey, Risk | None] = {}
        self._tags: dict[tuple[RepositoryName, PurgeRule], _TagsInReach] = {}

    def of(self, image: Image) -> Risk | None:
        """How an image could vanish; None for one that is safe."""
        if image.key not in self._risks:
            self._risks[image.key] = self._found(image)
        return self._risks[image.key]

    def of_tag(self, image: Image, tag: str) -> Risk | None:
        """How an image could lose one of its tags to a purge, UNKNOWN where that cannot be told; None while it keeps it."""
        dates = [reached for reached in self._lost_tags(image) if reached[0] == tag]
        if dates:
            return _losing([min(dates, key=lambda reached: reached[1])])
        purge = self._unsure_tags(image).get(tag)
        return _unsure(purge, (tag,)) if purge is not None else None

    def retention(self, registry: str) -> RegistryPolicies | None:
        """The policies of a registry; None where nobody asked for them."""
        return self._snapshot.policies.get(registry)

    def unread(self, registry: str) -> str:
        """Why it is not known what deletes images of a registry; empty where that is known, or no Azure registry's affair."""
        if not is_azure_registry(registry) or registry == _MICROSOFT:
            return ""
        retention = self.retention(registry)
        if retention is None:
            return f"The retention policy and the tasks of {registry} have not been read."
        if retention.reason:
            return retention.reason
        source = builder_source(BuilderKind.ACR_TASKS, registry)
        health = next((health for health in self._snapshot.sources if health.id == source), None)
        if health is None or health.state is not SourceState.OK:
            reason = f": {health.error}" if health is not None and health.error else ""
            return f"Whether a task of {registry} purges it is not known{reason}."
        unclear = [job for key, job in self._snapshot.jobs.items() if key.builder == registry and _is_unclear(job)]
        return _unclear(min(unclear, key=lambda job: job.name), registry) if unclear else ""

    def _found(self, image: Image) -> Risk | None:
        if image.gone:
            return Risk(RiskKind.GONE, f"{image.name} does not have it any more: it cannot be pulled again.")
        if not image.tags:
            return self._untagged(image)
        lost = self._lost_tags(image)
        if {tag for tag, *_ in lost} >= {*image.tags}:
            return _losing(lost)
        return self._untold(image, {tag for tag, *_ in lost})

    def _untold(self, image: Image, lost: Set[str]) -> Risk | None:
        """Why it is not known whether an image stays that keeps some tag as far as is known."""
        unread = self.unread(image.key.registry)
        if unread:
            return Risk(RiskKind.UNKNOWN, unread, brief="policies not read")
        unsure = self._unsure_tags(image)
        doubtful = tuple(tag for tag in image.tags if tag in unsure and tag not in lost)
        return _unsure(unsure[doubtful[0]], doubtful) if doubtful and {*doubtful, *lost} >= {*image.tags} else None

    @cached_property
    def _repositories(self) -> dict[RepositoryName, list[Image]]:
        repositories: dict[RepositoryName, list[Image]] = {}
        for image in paced(self._snapshot.images.values()):
            repositories.setdefault(image.name, []).append(image)
        return repositories

    # ---- manifests without a tag

    def _untagged(self, image: Image) -> Risk | None:
        if not image.tags_listed:
            return Risk(RiskKind.UNKNOWN, f"Which tags {image.name} has is not known.", brief="tags not listed")
        may_be_locked = image.locks is None and is_azure_registry(image.key.registry)
        retained = () if may_be_locked else self._retained(image)
        dates: list[Risk] = [*retained, *self._purged(image, may_be_locked)]
        if dates:
            return min(dates, key=lambda risk: (risk.due is None, risk.due or self._snapshot.as_of, risk.kind))
        if may_be_locked:
            why = "was not listed" if image.changed is None and image.pushed is None else "does not tell its attributes"
            unlocked = f"It has no tag, and whether it is locked is not known: {image.name} {why}."
            return Risk(RiskKind.UNKNOWN, unlocked, brief="locks not known")
        if _is_locked(image.locks):
            # A lock holds off everything but a purge that takes locks away.
            return self._untold(image, frozenset())
        return Risk(RiskKind.UNTAGGED, f"It has no tag and no lock: whoever cleans up {image.name} deletes it.")

    def _retained(self, image: Image) -> Iterator[Risk]:
        policy = self.retention(image.key.registry)
        if policy is None or policy.days is None or (image.locks is not None and not image.locks.delete):
            return
        rule = f"the retention policy of {image.key.registry} deletes it {policy.days} days after it was untagged"
        if image.changed is None:
            yield Risk(RiskKind.RETENTION, f"It has no tag: {rule}, and when that was is not known.")
        elif policy.changed is None or policy.changed > self._snapshot.as_of or image.changed >= policy.changed:
            yield Risk(RiskKind.RETENTION, f"It has no tag: {rule}.", _later(image.changed, timedelta(days=policy.days)))
        # What was untagged before the policy was switched on is not reached by it.

    def _purged(self, image: Image, may_be_locked: bool) -> Iterator[Risk]:
        for purge in self._purges_of(image.name):
            is_passed_over = (may_be_locked or _is_locked(image.locks)) and not purge.rule.locked
            if purge.rule.untagged and not is_passed_over and _filters(purge.rule, image.name) is not False:
                due = _later(image.changed, purge.rule.ago) if image.changed is not None else None
                yield Risk(RiskKind.PURGE, f"It has no tag: {_runs(purge)} deletes it.", due)

    # ---- tags

    def _lost_tags(self, image: Image) -> list[tuple[str, datetime, _Purge]]:
        """The tags of an image that a task deletes soon, and when it may first do that."""
        return [
            (row.name, due, purge)
            for purge in self._purges_of(image.name)
            for row, due in self._in_reach(image.name, purge.rule).doomed
            if row.digest in image.digests and row.name in image.tags and due <= self._snapshot.as_of + SOON
        ]

    def _in_reach(self, name: RepositoryName, rule: PurgeRule) -> _TagsInReach:
        if (name, rule) not in self._tags:
            self._tags[name, rule] = _reached(self._meanings(name, rule), rule, self._snapshot.as_of + SOON)
        return self._tags[name, rule]

    def _unsure_tags(self, image: Image) -> dict[str, _Purge]:
        """The tags of an image that a command deletes or not: nobody tells when they changed, or what its pattern matches."""
        unsure: dict[str, _Purge] = {}
        for purge in self._purges_of(image.name):
            doubtful = self._in_reach(image.name, purge.rule).doubtful
            unsure |= {tag: purge for tag in image.tags if tag in doubtful and tag not in unsure}
        return unsure

    def _meanings(self, name: RepositoryName, rule: PurgeRule) -> list[tuple[Tag, bool | None]]:
        """The tags of a repository, and whether a command means them."""
        tags: dict[str, Tag] = {}
        for image in self._repositories.get(name, ()):
            rows = {row.name: row for row in image.tag_rows}
            tags |= {tag: rows.get(tag) or Tag(tag, image.key.digest) for tag in image.tags}
        return [(row, _is_meant(rule, name, row)) for row in tags.values()]

    def _purges_of(self, name: RepositoryName) -> tuple[_Purge, ...]:
        registry = name.registry
        if registry not in self._purges:
            jobs = (job for key, job in self._snapshot.jobs.items() if key.builder == registry and _may_run(job))
            self._purges[registry] = tuple(_Purge(job.name, rule) for job in jobs for rule in job.purges)
        return self._purges[registry]


_MICROSOFT = "mcr.microsoft.com"


def _reached(meanings: Iterable[tuple[Tag, bool | None]], rule: PurgeRule, soon: datetime) -> _TagsInReach:
    meanings = [*meanings]
    doubtful = {row.name for row, is_meant in meanings if is_meant is None or (is_meant and row.updated is None)}
    dated = [(row, row.updated) for row, is_meant in meanings if is_meant and row.updated is not None]
    if doubtful and rule.keep:
        # Those could be newer than others, which the command keeps now.
        doubtful |= {row.name for row, updated in dated if _later(updated, rule.ago) <= soon}
    return _TagsInReach([*_doomed(dated, rule)], doubtful)


def _doomed(dated: list[tuple[Tag, datetime]], rule: PurgeRule) -> Iterator[tuple[Tag, datetime]]:
    """The tags that a command deletes, and from when on, if nothing newer is pushed."""
    rows = sorted(dated, key=lambda row: (row[1], row[0].name), reverse=True)
    for place, (row, _) in enumerate(rows):
        if place >= rule.keep:
            # It goes as soon as so many newer ones are old enough that the command keeps those instead.
            yield row, _later(rows[place - rule.keep][1], rule.ago)


def _may_run(job: Job) -> bool:
    return job.key.kind is BuilderKind.ACR_TASKS and bool(job.purges) and not job.disabled and job.schedule is not False


def _is_unclear(job: Job) -> bool:
    return job.key.kind is BuilderKind.ACR_TASKS and job.purges_unclear and job.schedule is not False


def _unclear(job: Job, registry: str) -> str:
    why = f": {job.reason}" if job.reason else ""
    return f"What the task {clean(job.name, 80)} of {registry} deletes cannot be read from its steps{why}."


def _is_locked(locks: Locks | None) -> bool:
    return locks is not None and not (locks.delete and locks.write)


def _filters(rule: PurgeRule, name: RepositoryName) -> bool | None:
    return _any(_is_whole(pattern.repository, name.repository) for pattern in rule.filters)


def _is_meant(rule: PurgeRule, name: RepositoryName, row: Tag) -> bool | None:
    """Whether a command means a tag; None where a pattern cannot be read as acr-cli reads it (`regexp2` knows more than RE2)."""
    if _is_locked(row.locks) and not rule.locked:
        return False
    is_meant = _any(_both(_is_whole(pattern.repository, name.repository), pattern.tag, row.name) for pattern in rule.filters)
    # Nobody tells whether a lock keeps it, from a command that takes none away.
    return None if is_meant and row.locks is None and not rule.locked else is_meant


def _both(repository: bool | None, pattern: str, tag: str) -> bool | None:
    if repository is False:
        return False
    is_tag = matches(pattern, tag)
    return repository if is_tag else is_tag


def _any(answers: Iterable[bool | None]) -> bool | None:
    distinct = set(answers)
    return True if True in distinct else None if None in distinct else False


def _is_whole(pattern: str, repository: str) -> bool | None:
    """acr-cli puts a repository's pattern between `^` and `$`, a tag's it looks for anywhere."""
    return matches(f"^{pattern}$", repository)


def _later(moment: datetime, span: timedelta) -> datetime:
    """A moment so much later; the last one that there is where that would be beyond it."""
    try:
        return moment + span
    except OverflowError:
        return datetime.max.replace(tzinfo=moment.tzinfo)


def _unsure(purge: _Purge, tags: tuple[str, ...]) -> Risk:
    names = first_few([clean(tag, 60) for tag in tags], 3)
    reason = f"Whether {_runs(purge)} deletes its {'tag' if len(tags) == 1 else 'tags'} {names} is not known."
    return Risk(RiskKind.UNKNOWN, reason, tags=tags, brief="purge unknown")


def _losing(lost: Iterable[tuple[str, datetime, _Purge]]) -> Risk:
    rows = sorted(lost, key=lambda row: (row[1], row[0]))
    tags = tuple(dict.fromkeys(tag for tag, *_ in rows))
    names = first_few([clean(tag, 60) for tag in tags], 3)
    goes = f"{_runs(rows[0][2])} deletes its {'tag' if len(tags) == 1 else 'tags'} {names}"
    # The image is there by name until its last tag is gone.
    return Risk(RiskKind.PURGE, f"{capitalized(goes)}.", max(_first_dates(rows)), tags)


def _first_dates(rows: Iterable[tuple[str, datetime, _Purge]]) -> Iterator[datetime]:
    dates: dict[str, datetime] = {}
    for tag, due, _ in rows:
        dates[tag] = min(due, dates.get(tag, due))
    return iter(dates.values())


def _runs(purge: _Purge) -> str:
    when = f", at {clean(purge.rule.schedule, 40)} UTC," if purge.rule.schedule else ""
    return f"the task {clean(purge.task, 80)}{when}"
