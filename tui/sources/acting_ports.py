"""What actions know of the systems that they change, besides builders: workloads of clusters, and what registries hold.

An object of these ports is made only where changes are allowed. Every method raises SourceError. What is sent is sent once:
OutcomeUnknown says that it may have been done, and is then looked up, never sent again; any other error says that nothing was
changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from tui.domain.facts.image import Locks, RepositoryName
from tui.domain.facts.rights import Right
from tui.domain.facts.rollout import PodIdentity, Receipt, RolloutState, WorkloadChange
from tui.domain.facts.workload import ObjectKey

__all__ = ["LockTarget", "Redeployer", "RegistryLocks"]


class Redeployer(Protocol):
    """Restarts, pins and scales the workloads of one cluster.

    Changes are held against `seen`: what they touch must still be as it was there, else nothing is changed and `Changed` is
    raised, with what differs. `Inapplicable` is raised, before anything is sent, for what cannot be done to such an object.
    """

    @property
    def cluster(self) -> str:
        """As in `ObjectKey.cluster`."""
        ...

    async def read(self, key: ObjectKey) -> RolloutState:
        """The object, its pods and what holds them up. Raises NotFound when it is gone."""
        ...

    async def rights(self, key: ObjectKey, change: WorkloadChange) -> tuple[Right, ...]:
        """The rights that the change and following it need, asked without acting."""
        ...

    async def identity(self, key: ObjectKey) -> PodIdentity | None:
        """As whom its pods act; None where it has no pod template."""
        ...

    async def restart(self, observed: RolloutState, moment: datetime) -> Receipt:
        """Have all pods replaced, as `kubectl rollout restart` does; `moment` is written into the object, and tells this wish
        from others when the answer was lost (`RolloutState.restarted_at`)."""
        ...

    async def pin(self, observed: RolloutState, images: Mapping[str, str]) -> Receipt:
        """Put these image references in place, by the container's name; all of them or none."""
        ...

    async def scale(self, observed: RolloutState, replicas: int) -> Receipt:
        """Set the number of pods; a CronJob or Job is suspended by 0 and resumed by 1."""
        ...


class LockTarget(msgspec.Struct, frozen=True, gc=False):
    """A whole repository, or (`reference` not empty) one tag or manifest of it."""

    name: RepositoryName
    reference: str = ""

    def __str__(self) -> str:
        joint = "@" if ":" in self.reference else ":" if self.reference else ""
        return f"{self.name}{joint}{self.reference}"


class RegistryLocks(Protocol):
    """Changes what may be done with what a registry holds. Raises `Inapplicable` where the registry has no such thing."""

    @property
    def registry(self) -> str:
        """The registry's host."""
        ...

    async def read(self, target: LockTarget) -> Locks:
        """What may be done with it now."""
        ...

    async def rights(self, target: LockTarget) -> tuple[Right, ...]:
        """The rights that a change needs, as far as they can be told without acting."""
        ...

    async def change(self, target: LockTarget, current: Locks, desired: Locks) -> Locks:
        """Put `desired` in place of `current`; what the registry says afterwards. Undone by changing back to `current`.

        Raises Changed when it is not as seen any more.
        """
        ...
