"""Restarts, pins and scales workloads: the object is read again, held against what was seen, and one patch is sent.

1. What cannot be done to such an object is refused before anything is sent.
2. The object is read anew; what the change depends on must be as it was seen, else `Changed` shows what differs.
3. One patch is sent, which the server takes only for exactly what was read in 2. Where it refuses because something has moved
   meanwhile, nothing was done: 2 is done again, a few times.
4. When no answer tells what became of it, the object is read: what is as wished for was done. Else OutcomeUnknown is raised, and
   nothing is sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, NamedTuple, Self

from tui.domain.common.redaction import quoted
from tui.domain.facts.rights import Right, RightState
from tui.domain.facts.rollout import PodIdentity, Receipt, RolloutState, WorkloadChange
from tui.domain.facts.workload import ObjectKey
from tui.errors import Changed, Inapplicable, OutcomeUnknown, SourceError
from tui.sources.cluster.access import find_place
from tui.sources.cluster.api import Api
from tui.sources.cluster.client import ClusterClient, PatchTarget
from tui.sources.cluster.facts import ClusterFacts
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.reviews import decode_answer
from tui.sources.cluster.rollout.changes import (
    APPLY,
    JSON_PATCH,
    MERGE_PATCH,
    apply_of,
    changed,
    differences,
    merge_patch,
    pin_patch,
    restart_patch,
    restart_value,
    scale_fields,
)
from tui.sources.cluster.rollout.keepers import appliers_of_image
from tui.sources.cluster.rollout.kinds import WorkloadKind, kind_named
from tui.sources.cluster.rollout.reader import RolloutReader, WorkloadObject
from tui.sources.cluster.rollout.states import state_of
from tui.sources.cluster.rollout.wire import Workload

__all__ = ["KubeRedeployer"]

MOVED = 5
"""How often an object may move between reading and patching, before that is told: its controller writes its status often."""


class _Patch(NamedTuple):
    """What is sent for one reading of the object; no `body` where it is as wished for already."""

    body: Any
    content_type: str


class _Wish(NamedTuple):
    """A change: its kind, what it makes of an object that was just read, and how to see that it was done."""

    change: WorkloadChange
    patch: Callable[[WorkloadObject], _Patch]
    is_done: Callable[[RolloutState], bool]
    containers: Mapping[str, str] = {}


class KubeRedeployer:
    """A `Redeployer` of one context; an async context manager that raises UsageError when the kubeconfig cannot be used."""

    def __init__(self, options: ClusterOptions, cluster: str) -> None:
        self._options, self._cluster = options, cluster

    async def __aenter__(self) -> Self:
        place = await asyncio.to_thread(find_place, self._options)
        self._api = Api(place, self._options)
        self._client = ClusterClient(self._api)
        self._reader = RolloutReader(self._api, self._options, self._cluster)
        self._facts = ClusterFacts(self._cluster)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        await self._api.__aexit__(kind, error, tb)

    @property
    def cluster(self) -> str:
        """As in `ObjectKey.cluster`."""
        return self._cluster

    async def read(self, key: ObjectKey) -> RolloutState:
        """The object, its pods and what holds them up."""
        return await self._reader.read(key)

    async def identity(self, key: ObjectKey) -> PodIdentity | None:
        """As whom its pods act."""
        return await self._reader.identity(key)

    async def rights(self, key: ObjectKey, change: WorkloadChange) -> tuple[Right, ...]:
        """The right to change the object, and those to see what becomes of it."""
        kind = kind_named(key.kind)
        if kind is None:
            return ()
        needed = [(kind.group, kind.resource, "patch", key.name), (kind.group, kind.resource, "get", key.name)]
        needed.append(("", "pods", "list", ""))
        if kind.kind in ("Deployment", "Rollout"):
            needed.append(("apps", "replicasets", "list", ""))
        if kind.kind == "CronJob":
            needed.append(("batch", "jobs", "list", ""))
        return tuple(await asyncio.gather(*(self._right(key, *right) for right in needed)))

    async def _right(self, key: ObjectKey, group: str, resource: str, verb: str, name: str) -> Right:
        words, place = f"{verb} {resource}{f'.{group}' if group else ''}", f"namespace {key.namespace} of {self._cluster}"
        try:
            allowed = await self._client.may_do(group, resource, verb, key.namespace, name)
        except SourceError as error:
            return Right(words, place, RightState.UNKNOWN, error.remedy, error.headline)
        if allowed:
            return Right(words, place, RightState.HELD)
        role = "edit" if verb == "patch" else "view"
        azure = "Writer" if verb == "patch" else "Reader"
        on_aks = f"on AKS: Azure Kubernetes Service RBAC {azure} scoped to it"
        remedy = f"Ask for the role '{role}' in namespace {key.namespace} ({on_aks})."
        return Right(words, place, RightState.MISSING, remedy)

    async def restart(self, observed: RolloutState, moment: datetime) -> Receipt:
        """Have all pods replaced. A CronJob's next Job is told to be of the template after it."""
        kind = _kind(observed)
        value = restart_value(kind, moment)

        def patch(resource: WorkloadObject) -> _Patch:
            return _Patch(restart_patch(kind, resource.workload, value), JSON_PATCH)

        return await self._carry_out(observed, _Wish(WorkloadChange.RESTART, patch, lambda state: state.restarted_at == value))

    async def pin(self, observed: RolloutState, images: Mapping[str, str]) -> Receipt:
        """Put these image references in place, by the container's name; all of them or none."""
        kind, wished = _kind(observed), dict(images)
        names = {container.name for container in observed.containers}
        if unknown := sorted(wished.keys() - names):
            raise Inapplicable(
                f"{observed.key.kind} {observed.key.name} has no container {quoted(unknown[0], 100)}.", "Plan anew."
            )

        def patch(resource: WorkloadObject) -> _Patch:
            if appliers_of_image(resource.workload.metadata):
                return _Patch(apply_of(kind, resource.workload, wished), APPLY)
            return _Patch(pin_patch(kind, resource.workload, wished), JSON_PATCH)

        def done(state: RolloutState) -> bool:
            return wished.items() <= {container.name: container.image for container in state.containers}.items()

        return await self._carry_out(observed, _Wish(WorkloadChange.PIN, patch, done, wished))

    async def scale(self, observed: RolloutState, replicas: int) -> Receipt:
        """Set the number of pods; a CronJob or Job is suspended by 0 and resumed by 1."""
        kind = _kind(observed)

        def patch(resource: WorkloadObject) -> _Patch:
            return _Patch(merge_patch(resource.workload, scale_fields(kind, replicas)), MERGE_PATCH)

        def done(state: RolloutState) -> bool:
            return state.suspended is (replicas == 0) if kind.suspends else state.desired == replicas

        return await self._carry_out(observed, _Wish(WorkloadChange.SCALE, patch, done))

    # ---- one change

    async def _carry_out(self, planned: RolloutState, wish: _Wish) -> Receipt:
        if reason := planned.obstacle(wish.change):
            raise Inapplicable(reason, "Nothing was sent.")
        last: SourceError | None = None
        for _ in range(MOVED):
            resource, now = await self._look(planned.key)
            if wish.is_done(now) and now.uid == planned.uid:
                return _receipt(resource.workload, "", unchanged=True)
            if differing := differences(planned, now, wish.change, wish.containers):
                raise changed(now, differing)
            if reason := now.obstacle(wish.change):
                raise Inapplicable(reason, "Nothing was sent.")
            patch = wish.patch(resource)
            try:
                return await self._send(resource, patch)
            except OutcomeUnknown as error:
                return await self._looked_up(planned, wish, error)
            except Changed as error:
                if patch.content_type == APPLY:
                    raise _conflict(now, error) from error
                last = error
            except Inapplicable as error:
                # A test of a JSON patch that fails is answered like an object that is not valid.
                if patch.content_type != JSON_PATCH or not await self._moved(planned, wish, patch):
                    raise
                last = error
        assert last is not None
        raise last

    async def _look(self, key: ObjectKey) -> tuple[WorkloadObject, RolloutState]:
        resource = await self._reader.object(key)
        return resource, state_of(key, resource.kind, resource.workload, self._facts)

    async def _moved(self, planned: RolloutState, wish: _Wish, sent: _Patch) -> bool:
        """Whether what the patch tested is not so any more: another one would be sent now, be it for another order."""
        resource, _ = await self._look(planned.key)
        return wish.patch(resource) != sent

    async def _send(self, resource: WorkloadObject, patch: _Patch) -> Receipt:
        kind, meta = resource.kind, resource.workload.metadata
        right = kind.right("patch", meta.namespace)
        target = PatchTarget(kind.api_version, kind.resource, meta.namespace, meta.name)
        answer = await self._client.patch(target, patch.body, patch.content_type, purpose=right)
        try:
            workload = decode_answer(answer.body, Workload, right, self._api.host)
        except SourceError as error:
            raise OutcomeUnknown(
                f"The request to {right} was answered by {self._api.host}, but not as an API server does.",
                "Look at the object before anything is sent again: kubectl get -o yaml.",
            ) from error
        return _receipt(workload, answer.request)

    async def _looked_up(self, planned: RolloutState, wish: _Wish, error: OutcomeUnknown) -> Receipt:
        """The receipt of a change whose answer was lost, when the object shows that it was done."""
        try:
            resource, now = await self._look(planned.key)
        except SourceError:
            raise error from None
        if now.uid == planned.uid and wish.is_done(now):
            return _receipt(resource.workload, "")
        raise error


def _kind(planned: RolloutState) -> WorkloadKind:
    kind = kind_named(planned.key.kind)
    if kind is None:
        raise Inapplicable(f"How a {quoted(planned.key.kind, 60)} is redeployed is not known here.", "Use its own tool.")
    return kind


def _receipt(workload: Workload, request: str, *, unchanged: bool = False) -> Receipt:
    meta = workload.metadata
    return Receipt(meta.generation, quoted(meta.resource_version, 60), request, unchanged)


def _conflict(state: RolloutState, error: Changed) -> Changed:
    """Somebody declares the image by server-side apply: theirs is not overwritten."""
    return Changed(
        f"{state.key.kind} {state.key.name}: the image is declared by another field manager; nothing was changed. "
        + " ".join(error.differences),
        "Change the image where that manager takes it from, so that the next apply does not undo it.",
        differences=error.differences or (error.headline,),
    )
