"""Everything that carrying out a plan can reach: the estate that is read, the ports that change something, clock and limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from tui.actions.clock import Clock, SystemClock
from tui.domain.facts.build import BuilderKind, JobKey
from tui.domain.facts.demand import Demand
from tui.domain.facts.rights import Right
from tui.domain.facts.rollout import PodIdentity, WorkloadChange
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Snapshot
from tui.sources.acting_ports import LockTarget, Redeployer, RegistryLocks
from tui.sources.ports import Builder

__all__ = ["JobRights", "Limits", "LiveEstate", "LockRights", "Outside", "RightsAsked", "WorkloadRights"]


class LiveEstate(Protocol):
    """What is needed of the living estate."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        ...

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Hear of every new snapshot until the returned function is called."""
        ...

    def look_again(self, demands: tuple[Demand, ...]) -> None:
        """Ask registries once more, also for what they have answered before."""
        ...

    def scan_again(self) -> None:
        """Have scanners say soon what they have found since they were read."""
        ...

    def look_at_runs(self) -> None:
        """Have builders say soon what runs there are."""
        ...

    def refresh(self) -> None:
        """Read everything again now."""
        ...

    async def settled(self, timeout: float) -> bool:
        """Wait until every source has answered."""
        ...


class Limits(msgspec.Struct, frozen=True):
    """How long is waited for what, in seconds, and how many steps run side by side.

    `facts_age`: nothing is sent on facts that are older. `look` is between two looks at a run or a rollout, `look_up` how long a
    lost send is looked for. `undone`: a restart of what Git owns is watched for so long after its pods have come.
    """

    parallel: int = 8
    facts_age: float = 900.0
    refresh: float = 120.0
    look: float = 5.0
    look_up: float = 120.0
    follow: float = 6 * 3600.0
    push: float = 300.0
    sign: float = 900.0
    scan: float = 1800.0
    rollout: float = 1800.0
    undone: float = 60.0


@dataclass(frozen=True)
class Outside:
    """The ports by which a plan is carried out; those that change something are there only where changes are allowed."""

    estate: LiveEstate
    builders: Mapping[tuple[BuilderKind, str], Builder] = field(default_factory=dict)
    redeployers: Mapping[str, Redeployer] = field(default_factory=dict)
    locks: Mapping[str, RegistryLocks] = field(default_factory=dict)
    clock: Clock = field(default_factory=SystemClock)
    limits: Limits = field(default_factory=Limits)


class JobRights(Protocol):
    """Whoever can be asked what we may do with a job."""

    async def rights(self, job: JobKey) -> tuple[Right, ...]:
        """The rights that running it needs."""
        ...


class WorkloadRights(Protocol):
    """Whoever can be asked what we may do with a workload, and who its pods are."""

    async def identity(self, key: ObjectKey) -> PodIdentity | None:
        """As whom its pods act; None where it has no pod template."""
        ...

    async def rights(self, key: ObjectKey, change: WorkloadChange) -> tuple[Right, ...]:
        """The rights that a change of it needs."""
        ...


class LockRights(Protocol):
    """Whoever can be asked whether we may lock an image."""

    async def rights(self, target: LockTarget) -> tuple[Right, ...]:
        """The rights that a lock needs."""
        ...


class RightsAsked(Protocol):
    """Everybody who can be asked what we may do. Nothing can be changed by it, so that it is there for plans of readers too."""

    @property
    def builders(self) -> Mapping[tuple[BuilderKind, str], JobRights]:
        """Builders, by kind and name."""
        ...

    @property
    def redeployers(self) -> Mapping[str, WorkloadRights]:
        """Clusters, by context."""
        ...

    @property
    def locks(self) -> Mapping[str, LockRights]:
        """Registries, by host."""
        ...
