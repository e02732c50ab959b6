"""Which images that something needs could vanish: gone, untagged and unlocked, or within reach of a purge, with the date.

Sources: learn.microsoft.com/azure/container-registry: container-registry-retention-policy, container-registry-auto-purge,
container-registry-image-lock (attributes of tags and of manifests are separate); acr-cli `cmd/acr/purge.go` (tags are deleted by
`lastUpdateTime`, `--keep` of the newest that could be deleted stay, locked ones are passed over without `--include-locked`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

import msgspec

from tui.domain.common.goregexp import matches
from tui.domain.common.text import clean
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


class Risks:
    """The risks of the images of one snapshot; each is worked out once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._purges: dict[str, tuple[_Purge, ...]] = {}
        self._risks: dict[ImageKey, Risk | None] = {}

    def of(self, image: Image) -> Risk | None:
        """How an image could vanish; None for one that is safe."""
        if image.key not in self._risks:
            self._risks[image.key] = self._found(image)
        return self._risks[image.key]

    def of_tag(self, image: Image, tag: str) -> Risk | None:
        """How an image could lose one of its tags to a purge; None while it keeps it."""
        dates = [reached for reached in self._lost_tags(image) if reached[0] == tag]
        return _losing([min(dates, key=lambda reached: reached[1])]) if dates else None

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
        return ""

    def _found(self, image: Image) -> Risk | None:
        if image.gone:
            return Risk(RiskKind.GONE, f"{image.name} does not have it any more: it cannot be pulled again.")
        if not image.tags:
            return self._untagged(image)
        lost = self._lost_tags(image)
        if {tag for tag, *_ in lost} >= {*image.tags}:
            return _losing(lost)
        unread = self.unread(image.key.registry)
        return Risk(RiskKind.UNKNOWN, unread, brief="policies not read") if unread else None

    @cached_property
    def _repositories(self) -> dict[RepositoryName, list[Image]]:
        repositories: dict[RepositoryName, list[Image]] = {}
        for image in self._snapshot.images.values():
            repositories.setdefault(image.name, []).append(image)
        return repositories

    # ---- manifests without a tag

    def _untagged(self, image: Image) -> Risk | None:
        if not image.tags_listed:
            return Risk(RiskKind.UNKNOWN, f"Which tags {image.name} has is not known.", brief="tags not listed")
        if image.locks is None and is_azure_registry(image.key.registry):
            unlocked = f"It has no tag, and whether it is locked is not known: {image.name} was not listed."
            return Risk(RiskKind.UNKNOWN, unlocked, brief="locks not known")
        dates = [*self._retained(image), *self._purged(image)]
        if dates:
            return min(dates, key=lambda risk: (risk.due is None, risk.due or self._snapshot.as_of, risk.kind))
        if _is_locked(image.locks):
            return None
        return Risk(RiskKind.UNTAGGED, f"It has no tag and no lock: whoever cleans up {image.name} deletes it.")

    def _retained(self, image: Image) -> Iterator[Risk]:
        policy = self.retention(image.key.registry)
        if policy is None or policy.days is None or (image.locks is not None and not image.locks.delete):
            return
        rule = f"the retention policy of {image.key.registry} deletes it {policy.days} days after it was untagged"
        if image.changed is None:
            yield Risk(RiskKind.RETENTION, f"It has no tag: {rule}, and when that was is not known.")
        elif policy.changed is None or image.changed >= policy.changed:
            yield Risk(RiskKind.RETENTION, f"It has no tag: {rule}.", image.changed + timedelta(days=policy.days))
        # What was untagged before the policy was switched on is not reached by it.

    def _purged(self, image: Image) -> Iterator[Risk]:
        for purge in self._purges_of(image.name):
            is_passed_over = _is_locked(image.locks) and not purge.rule.locked
            if purge.rule.untagged and not is_passed_over and _filters(purge.rule, image.name):
                due = image.changed + purge.rule.ago if image.changed is not None else None
                yield Risk(RiskKind.PURGE, f"It has no tag: {_runs(purge)} deletes it.", due)

    # ---- tags

    def _lost_tags(self, image: Image) -> list[tuple[str, datetime, _Purge]]:
        """The tags of an image that a task deletes soon, and when it may first do that."""
        return [
            (row.name, due, purge)
            for purge in self._purges_of(image.name)
            for row, due in self._doomed(image.name, purge.rule)
            if row.digest in image.digests and row.name in image.tags and due <= self._snapshot.as_of + SOON
        ]

    def _doomed(self, name: RepositoryName, rule: PurgeRule) -> Iterator[tuple[Tag, datetime]]:
        """The tags of a repository that a command deletes, and from when on, if nothing newer is pushed."""
        tags = {row.name: row for image in self._repositories.get(name, ()) for row in image.tag_rows if row.name in image.tags}
        rows = [(row, row.updated) for row in tags.values() if _is_meant(rule, name, row) and row.updated is not None]
        rows.sort(key=lambda dated: (dated[1], dated[0].name), reverse=True)
        for place, (row, _) in enumerate(rows):
            if place >= rule.keep:
                # It goes as soon as so many newer ones are old enough that the command keeps those instead.
                yield row, rows[place - rule.keep][1] + rule.ago

    def _purges_of(self, name: RepositoryName) -> tuple[_Purge, ...]:
        registry = name.registry
        if registry not in self._purges:
            jobs = (job for key, job in self._snapshot.jobs.items() if key.builder == registry and _may_run(job))
            self._purges[registry] = tuple(_Purge(job.name, rule) for job in jobs for rule in job.purges)
        return self._purges[registry]


_MICROSOFT = "mcr.microsoft.com"


def _may_run(job: Job) -> bool:
    return job.key.kind is BuilderKind.ACR_TASKS and bool(job.purges) and not job.disabled and job.schedule is not False


def _is_locked(locks: Locks | None) -> bool:
    return locks is not None and not (locks.delete and locks.write)


def _filters(rule: PurgeRule, name: RepositoryName) -> bool:
    return any(_is_whole(pattern.repository, name.repository) for pattern in rule.filters)


def _is_meant(rule: PurgeRule, name: RepositoryName, row: Tag) -> bool:
    if _is_locked(row.locks) and not rule.locked:
        return False
    meant = (pattern for pattern in rule.filters if _is_whole(pattern.repository, name.repository))
    return any(matches(pattern.tag, row.name) for pattern in meant)


def _is_whole(pattern: str, repository: str) -> bool:
    """acr-cli puts a repository's pattern between `^` and `$`, a tag's it looks for anywhere."""
    return bool(matches(f"^{pattern}$", repository))


def _losing(lost: Iterable[tuple[str, datetime, _Purge]]) -> Risk:
    rows = sorted(lost, key=lambda row: (row[1], row[0]))
    tags = tuple(dict.fromkeys(tag for tag, *_ in rows))
    names = ", ".join(clean(tag, 60) for tag in tags[:3]) + (f" and {len(tags) - 3} more" if len(tags) > 3 else "")
    goes = f"{_runs(rows[0][2])} deletes its {'tag' if len(tags) == 1 else 'tags'} {names}"
    # The image is there by name until its last tag is gone.
    return Risk(RiskKind.PURGE, f"{goes[:1].upper()}{goes[1:]}.", max(_first_dates(rows)), tags)


def _first_dates(rows: Iterable[tuple[str, datetime, _Purge]]) -> Iterator[datetime]:
    dates: dict[str, datetime] = {}
    for tag, due, _ in rows:
        dates[tag] = min(due, dates.get(tag, due))
    return iter(dates.values())


def _runs(purge: _Purge) -> str:
    when = f", at {clean(purge.rule.schedule, 40)} UTC," if purge.rule.schedule else ""
    return f"the task {clean(purge.task, 80)}{when}"
