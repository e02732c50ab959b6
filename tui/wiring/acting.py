"""What changes something, as settings describe it: made only when a plan is begun, and only where changes are allowed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from tui.actions.actions import Actions, Reach
from tui.actions.audit import Operator, this_operator
from tui.actions.clock import SystemClock
from tui.actions.outside import JobRights, Limits, LockRights, Outside, RightsAsked, WorkloadRights
from tui.actions.permissions import Permissions
from tui.domain.common.text import clean
from tui.domain.facts.build import BuilderKind
from tui.domain.facts.rights import Right
from tui.domain.facts.rollout import PodIdentity, WorkloadChange
from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.plan import Plan, StepKind
from tui.errors import SourceError, TrustreeError, UsageError
from tui.estate.estate import Estate
from tui.settings.settings import ActingSettings, Settings, paths
from tui.sources.acting_ports import Redeployer, RegistryLocks
from tui.sources.cluster.options import ClusterOptions
from tui.sources.kit.credentials import Credentials
from tui.sources.ports import Builder
from tui.sources.registry.options import RegistryOptions

__all__ = ["AnyBuilder", "FindBuilder", "actions_of", "permissions_of"]


class AnyBuilder(Builder, Protocol):
    """A builder that holds connections."""

    async def aclose(self) -> None:
        """Release them."""
        ...


FindBuilder = Callable[[BuilderKind, str], AnyBuilder | None]
"""Makes the builder of a kind and a name; None where the settings have none."""
FindCluster = Callable[[str], ClusterOptions | None]
"""Says how a cluster is reached; None where it is not read."""


def permissions_of(settings: Settings) -> Permissions:
    """What may be changed."""
    return Permissions(
        everywhere=settings.write,
        clusters=frozenset(name for name, context in settings.context.items() if context.write),
        registries=frozenset(name for name, registry in settings.registry.items() if registry.write),
        builders=frozenset(name for name, builder in settings.builder.items() if builder.write),
        protected=_protected(settings),
    )


def actions_of(
    settings: Settings,
    estate: Estate,
    credentials: Credentials,
    builder: FindBuilder,
    cluster: FindCluster,
    registry: Callable[[str], RegistryOptions],
) -> Actions:
    """What acts on an estate. `cluster` and `registry` say how one of that name is reached."""
    permissions, limits = permissions_of(settings), _limits(settings.acting)

    @asynccontextmanager
    async def reach(plan: Plan) -> AsyncIterator[Outside]:
        async with AsyncExitStack() as stack:
            yield Outside(
                estate,
                _builders(plan, permissions, builder, stack),
                await _redeployers(plan, permissions, cluster, stack),
                await _locks(plan, permissions, registry, credentials, stack),
                SystemClock(),
                limits,
            )

    @asynccontextmanager
    async def ask(plan: Plan) -> AsyncIterator[RightsAsked]:
        async with AsyncExitStack() as stack:
            yield _RightsAsked(
                _builders(plan, _EVERYWHERE, builder, stack),
                await _asked_clusters(plan, cluster, stack),
                await _locks(plan, _EVERYWHERE, registry, credentials, stack),
            )

    opened: Reach = reach
    return Actions(estate, opened, permissions, paths().state, lambda: _operator(estate), limits, ask=ask)


_EVERYWHERE = Permissions(everywhere=True)
"""Whatever may be changed: what we may do is asked of everybody, and asking changes nothing."""


@dataclass(frozen=True)
class _RightsAsked:
    """Whom a plan asks for our rights; by these types there is no way to change anything."""

    builders: Mapping[tuple[BuilderKind, str], JobRights]
    redeployers: Mapping[str, WorkloadRights]
    locks: Mapping[str, LockRights]


@dataclass(frozen=True)
class _Unopened:
    """A cluster that cannot even be asked, and why."""

    reason: TrustreeError

    async def rights(self, key: ObjectKey, change: WorkloadChange) -> tuple[Right, ...]:
        """Raises SourceError."""
        raise SourceError(self.reason.headline, self.reason.remedy)

    async def identity(self, key: ObjectKey) -> PodIdentity | None:
        """Raises SourceError."""
        raise SourceError(self.reason.headline, self.reason.remedy)


async def _asked_clusters(plan: Plan, find: FindCluster, stack: AsyncExitStack) -> Mapping[str, WorkloadRights]:
    from tui.sources.cluster.rollout.redeployer import KubeRedeployer  # loads kubernetes: not before a plan is made

    clusters: dict[str, WorkloadRights] = {}
    for name in sorted({step.workload.cluster for step in plan.ready if step.workload is not None}):
        try:
            clusters[name] = await stack.enter_async_context(KubeRedeployer(_reached(find, name), name))
        except TrustreeError as error:
            clusters[name] = _Unopened(error)
    return clusters


def _protected(settings: Settings) -> frozenset[str]:
    return frozenset(name for name, context in settings.context.items() if context.protected)


def _limits(acting: ActingSettings) -> Limits:
    return Limits(
        parallel=acting.parallel,
        facts_age=acting.facts_age,
        sign=acting.sign_wait,
        scan=acting.scan_wait,
        rollout=acting.rollout_wait,
    )


def _operator(estate: Estate) -> Operator:
    """The user of this process, and who is signed in where."""
    return this_operator({str(source.id): source.identity for source in estate.snapshot.sources if source.identity})


def _builders(
    plan: Plan, permissions: Permissions, find: FindBuilder, stack: AsyncExitStack
) -> Mapping[tuple[BuilderKind, str], Builder]:
    jobs = {(step.job.kind, step.job.builder) for step in plan.ready if step.job is not None}
    builders: dict[tuple[BuilderKind, str], Builder] = {}
    for job in sorted(jobs):
        builder = find(*job) if permissions.allows_builder(*job) else None
        if builder is not None:
            builders[job] = builder
            stack.push_async_callback(builder.aclose)
    return builders


async def _redeployers(
    plan: Plan, permissions: Permissions, find: FindCluster, stack: AsyncExitStack
) -> Mapping[str, Redeployer]:
    from tui.sources.cluster.rollout.redeployer import KubeRedeployer  # loads kubernetes: not before something is changed

    clusters = {step.workload.cluster for step in plan.ready if step.workload is not None}
    return {
        name: await stack.enter_async_context(KubeRedeployer(_reached(find, name), name))
        for name in sorted(clusters)
        if permissions.allows_cluster(name)
    }


def _reached(find: FindCluster, name: str) -> ClusterOptions:
    """How a cluster of a plan is reached. Raises UsageError for one that is not read: a plan may come from elsewhere."""
    options = find(name)
    if options is None:
        raise UsageError(
            f"The plan changes {clean(name, 80)}, which is not among the clusters that are read. Nothing was sent.",
            "Name its context with --context, or the cluster of AKS with --aks, as when the plan was made.",
        )
    return options


async def _locks(
    plan: Plan,
    permissions: Permissions,
    options: Callable[[str], RegistryOptions],
    credentials: Credentials,
    stack: AsyncExitStack,
) -> Mapping[str, RegistryLocks]:
    from tui.sources.registry.client import RegistryClient
    from tui.sources.registry.locks import AcrLocks

    steps = [step for step in plan.ready if step.kind in (StepKind.LOCK, StepKind.DISABLE_READ)]
    locks: dict[str, RegistryLocks] = {}
    for host in sorted({step.image.registry for step in steps if step.image is not None}):
        if permissions.allows_registry(host):
            client = RegistryClient(options(host), credentials)
            stack.push_async_callback(client.close)
            locks[host] = AcrLocks(client)
    return locks
