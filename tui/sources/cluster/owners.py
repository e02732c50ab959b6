"""Owners of kinds that are not listed: Rollouts, DeploymentConfigs, StrimziPodSets, whatever comes.

Each is asked for once by name, its identity checked, and looked at again from time to time; a missing right leaves the name.
Source of Rollout's workloadRef: argoproj.github.io/argo-rollouts, "Migrating to Rollouts".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TypeVar
from urllib.parse import quote

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.facts.events import ControllersSeen, Event, ObjectGone, SourceId
from tui.domain.facts.workload import Controller, OwnerRef, Resource, TemplateContainer
from tui.errors import NotFound, SourceError, UntrustedPayload
from tui.sources.cluster.api import Api
from tui.sources.cluster.facts import ClusterFacts
from tui.sources.cluster.kinds import KINDS, LISTED_OWNERS
from tui.sources.cluster.reviews import decode_answer
from tui.sources.cluster.wire import ObjectMeta, PodSpec, Template
from tui.sources.kit.workqueue import WorkQueue

__all__ = ["Owners"]

_LISTED = frozenset((kind.api_version, kind.kind) for kind in KINDS)
MAX_OWNERS = 20_000
MAX_DEPTH = 8
_Shape = TypeVar("_Shape")


class _ApiResource(msgspec.Struct):
    name: str
    kind: str
    namespaced: bool = True


class _ApiResources(msgspec.Struct):
    resources: list[_ApiResource] | None = None


class _Any(msgspec.Struct, gc=False):
    """An object of an unknown kind; spec and status may hold anything."""

    metadata: ObjectMeta
    spec: msgspec.Raw = msgspec.Raw()
    status: msgspec.Raw = msgspec.Raw()


class _WorkloadRef(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    name: str


class _Templated(msgspec.Struct, rename="camel"):
    template: Template | None = None


class _Referring(msgspec.Struct, rename="camel"):
    workload_ref: _WorkloadRef | None = None


class _Nested(msgspec.Struct, rename="camel"):
    # KEDA's ScaledJob and CronJob-like kinds.
    job_target_ref: _Templated | None = None


class _Counted(msgspec.Struct, rename="camel"):
    replicas: int | None = None
    ready_replicas: int | None = None


class _OwnerDemand(msgspec.Struct, frozen=True):
    namespace: str
    owner: OwnerRef
    depth: int


class Owners:
    """Asks for owners as they are met. `meet` never blocks; `run` does the asking until cancelled."""

    def __init__(
        self, api: Api, facts: ClusterFacts, source: SourceId, emit: Callable[[Event], Awaitable[None]], refresh: float
    ) -> None:
        self._api = api
        self._facts = facts
        self._source = source
        self._emit = emit
        self._refresh = refresh
        self._met: dict[str, _OwnerDemand] = {}
        self._new: WorkQueue[_OwnerDemand] = WorkQueue()
        self._resources: dict[str, dict[str, _ApiResource]] = {}
        self._last: dict[str, Controller] = {}

    def meet(self, namespace: str, owner: OwnerRef, depth: int = 0) -> None:
        """An object names this owner."""
        # Asked for every pod: the common answer first.
        if (
            (owner.api_version, owner.kind) in _LISTED
            or owner.uid in self._met
            or len(self._met) >= MAX_OWNERS
            or depth > MAX_DEPTH
        ):
            return
        group = owner.api_version.rpartition("/")[0]
        if (group, owner.kind) not in LISTED_OWNERS:
            pending = _OwnerDemand(namespace, owner, depth)
            self._met[owner.uid] = pending
            self._new.put(pending)

    async def run(self) -> None:
        """For ever: new ones at once, known ones in turn after each `refresh` seconds."""
        while True:
            due = asyncio.get_running_loop().time() + self._refresh
            while (new := await self._next(due)) is not None:
                await self._look(new)
            self._resources.clear()
            for pending in list(self._met.values()):
                await self._look(pending)

    async def _next(self, due: float) -> _OwnerDemand | None:
        """The next new one; None when none has come by then. Only this wait is cut short: no answer under way is thrown away."""
        try:
            async with asyncio.timeout_at(due):
                pending = await self._new.get()
        except TimeoutError:
            return None
        self._new.done(pending)
        return pending

    async def _look(self, pending: _OwnerDemand) -> None:
        uid = pending.owner.uid
        try:
            controller = await self._ask(pending)
        except NotFound:
            await self._forget(uid)
            return
        except SourceError:
            # The next turn may do better; what was read before stays.
            controller = self._last.get(uid) or self._facts.unreadable(pending.namespace, pending.owner)
        if controller != self._last.get(uid):
            self._last[uid] = controller
            await self._emit(ControllersSeen(self._source, Resource.OTHER, pending.namespace, 1, (controller,)))
        if controller.owner is not None:
            self.meet(pending.namespace, controller.owner, pending.depth + 1)

    async def _forget(self, uid: str) -> None:
        self._met.pop(uid, None)
        if self._last.pop(uid, None) is not None:
            await self._emit(ObjectGone(self._source, Resource.OTHER, uid))

    async def _ask(self, pending: _OwnerDemand) -> Controller:
        owner = pending.owner
        body = await self._get(owner.api_version, owner.kind, pending.namespace, owner.name)
        # Another object of that name is not the owner (a foreground deletion and a new start).
        if body.metadata.uid != owner.uid:
            raise NotFound(f"{owner.kind} {owner.name} is another object by now.")
        counted, status = _shape(body.spec, _Counted), _shape(body.status, _Counted)
        labels, annotations, parent = self._facts.managers(body.metadata)
        desired = counted.replicas if counted else None
        return Controller(
            cluster=self._facts.cluster,
            namespace=body.metadata.namespace and pending.namespace,
            kind=owner.kind,
            name=owner.name,
            uid=owner.uid,
            api_version=owner.api_version,
            owner=parent,
            containers=await self._template(body.spec, pending.namespace),
            desired=desired,
            ready=(status.ready_replicas if status else None) or (0 if desired is not None else None),
            created=body.metadata.creation_timestamp,
            revision=self._facts.revision(body.metadata),
            labels=labels,
            annotations=annotations,
        )

    async def _template(self, spec: msgspec.Raw, namespace: str) -> tuple[TemplateContainer, ...]:
        referring = _shape(spec, _Referring)
        if referring and referring.workload_ref:
            other = referring.workload_ref
            with suppress(SourceError):
                body = await self._get(other.api_version, other.kind, namespace, other.name)
                return self._facts.template(_template_of(body.spec))
        return self._facts.template(_template_of(spec))

    async def _get(self, api_version: str, kind: str, namespace: str, name: str) -> _Any:
        request = f"get {kind} in namespace {namespace}"
        resource = (await self._discover(api_version)).get(kind)
        if resource is None:
            raise UntrustedPayload(f"The API server serves no {kind} in {api_version}.", "Its definition may have been removed.")
        inside = f"/namespaces/{quote(namespace, safe='')}" if resource.namespaced else ""
        path = f"{_group_path(api_version)}{inside}/{quote(resource.name, safe='')}/{quote(name, safe='')}"
        body = await self._api.get(path, purpose=request)
        return decode_answer(body, _Any, request, self._api.host)

    async def _discover(self, api_version: str) -> Mapping[str, _ApiResource]:
        kinds = self._resources.get(api_version)
        if kinds is None:
            request = f"read the resources of {api_version}"
            try:
                body = await self._api.get(_group_path(api_version), purpose=request)
            except NotFound as error:
                raise UntrustedPayload(error.headline, error.remedy) from error
            listed = decode_answer(body, _ApiResources, request, self._api.host).resources or ()
            # Subresources (`rollouts/status`) carry the kind as well.
            kinds = {item.kind: item for item in listed if "/" not in item.name}
            self._resources[api_version] = kinds
        return kinds


def _group_path(api_version: str) -> str:
    parts = [quote(part, safe="") for part in api_version.split("/")]
    return "/api/" + parts[0] if len(parts) == 1 else "/apis/" + "/".join(parts[:2])


def _template_of(spec: msgspec.Raw) -> PodSpec | None:
    direct, nested = _shape(spec, _Templated), _shape(spec, _Nested)
    template = direct.template if direct else None
    if template is None and nested and nested.job_target_ref:
        template = nested.job_target_ref.template
    return template.spec if template else None


def _shape(raw: msgspec.Raw, shape: type[_Shape]) -> _Shape | None:
    """The part of an unknown object that looks as hoped for, or None."""
    try:
        return from_json(raw, shape)
    except DECODING:
        return None
