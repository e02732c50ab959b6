"""What deletes images from a registry by itself: its retention policy, and tasks that purge.

Sources: REST API `Microsoft.ContainerRegistry/registries` (`policies`; recordings of azure-cli `acr show`);
learn.microsoft.com/azure/container-registry/container-registry-retention-policy (a manifest is deleted so many days after it was
untagged, if that was after the policy was switched on, and never while its `deleteEnabled` is false) and
container-registry-auto-purge; acr-cli `cmd/acr/purge.go`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from tui.domain.common.source_id import SourceId

__all__ = ["PoliciesRead", "PurgeFilter", "PurgeRule", "RegistryPolicies"]


class RegistryPolicies(msgspec.Struct, frozen=True):
    """What the resource of a registry says of deletions and of rights.

    `days` after it was untagged a manifest is deleted (None: no such policy is on); `changed` is when that policy was set.
    `soft_delete_days` is for how long what was deleted can be restored (None: not at all). `by_repository`: rights are given
    by repository, and AcrPull counts for nothing. `reason` is why all this is not known, empty when it is.
    """

    days: int | None = None
    changed: datetime | None = None
    soft_delete_days: int | None = None
    by_repository: bool | None = None
    reason: str = ""


class PurgeFilter(msgspec.Struct, frozen=True, gc=False):
    """Which tags of which repositories are meant: regular expressions, as in `--filter REPOSITORY:TAG`."""

    repository: str
    tag: str


class PurgeRule(msgspec.Struct, frozen=True):
    """A command `acr purge` of a task: it deletes the tags that match and were last updated before `ago`.

    With `untagged` it deletes manifests without tags in the repositories that match, too; `keep` of the newest tags that match
    stay. `locked`: it unlocks what it deletes. `schedule` is the task's cron expression, in UTC; empty when it only runs by hand.
    """

    filters: tuple[PurgeFilter, ...]
    ago: timedelta
    untagged: bool = False
    keep: int = 0
    locked: bool = False
    schedule: str = ""


class PoliciesRead(msgspec.Struct, frozen=True):
    """The resource of a registry was read, or could not be; the newest word counts."""

    source: SourceId
    registry: str
    policies: RegistryPolicies
    at: datetime
