"""Reads a workload, its pods, its budgets and, while it is not done, what holds it up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.text import clean
from tui.domain.facts.rollout import Budget, PodIdentity, RolloutState, RunningImage
from tui.domain.facts.workload import ObjectKey
from tui.errors import Inapplicable, NotFound, SourceError, UntrustedPayload
from tui.sources.cluster.api import Api
from tui.sources.cluster.facts import ClusterFacts
from tui.sources.cluster.failures import decode_error
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.reviews import decode_answer
from tui.sources.cluster.rollout.identities import WorkloadIdentity, identity_of
from tui.sources.cluster.rollout.kinds import WorkloadKind, kind_named
from tui.sources.cluster.rollout.pods import PodOfWorkload, current_set, is_current, newest_jobs, running_images
from tui.sources.cluster.rollout.selectors import selector_text, selects
from tui.sources.cluster.rollout.stalls import Evidence, stalls_of
from tui.sources.cluster.rollout.states import state_of
from tui.sources.cluster.rollout.wire import (
    BudgetItem,
    EventItem,
    JobItem,
    Listing,
    Meta,
    PodItem,
    SelectorWire,
    SetItem,
    Workload,
)
from tui.sources.cluster.wire import PodObject
from tui.sources.kit.retry import Retry, patiently
from tui.sources.kit.throttle import Backoff

__all__ = ["RolloutReader", "WorkloadObject"]

PAGE, MAX_PAGES, TRIES = 500, 100, 3
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class WorkloadObject(msgspec.Struct, frozen=True):
    """An object of a kind, as the API server shows it now."""

    kind: WorkloadKind
    workload: Workload


class RolloutReader:
    """Reads workloads of one API server. Methods raise SourceError."""

    def __init__(self, api: Api, options: ClusterOptions, cluster: str) -> None:
        self._api, self._options = api, options
        self._facts = ClusterFacts(cluster)

    async def object(self, key: ObjectKey) -> WorkloadObject:
        """The object alone. Raises NotFound when it is gone, Inapplicable for a kind that is not known."""
        kind, body = await self._body(key)
        return WorkloadObject(kind, decode_answer(body, Workload, kind.right("get", key.namespace), self._api.host))

    async def identity(self, key: ObjectKey) -> PodIdentity | None:
        """As whom its pods act, and which secrets they are given. Raises as `object` does."""
        kind, body = await self._body(key)
        return identity_of(decode_answer(body, WorkloadIdentity, kind.right("get", key.namespace), self._api.host))

    async def _body(self, key: ObjectKey) -> tuple[WorkloadKind, bytes]:
        kind = kind_named(key.kind)
        if kind is None:
            raise Inapplicable(
                f"How a {clean(key.kind, 60)} is redeployed is not known here.",
                "Redeploy it by its own tool, or by whatever made it.",
            )
        right = kind.right("get", key.namespace)
        try:
            body = await self._get(f"{_place(kind.prefix, kind.resource, key.namespace)}/{quote(key.name, safe='')}", {}, right)
        except NotFound as error:
            words = f"{kind.kind} {key.name} is not there any more, or {kind.resource} are not served."
            raise NotFound(words, "Make a new plan from what runs now.") from error
        return kind, body

    async def read(self, key: ObjectKey) -> RolloutState:
        """The object, its pods, and what holds them up."""
        resource = await self.object(key)
        state = state_of(key, resource.kind, resource.workload, self._facts)
        unknown: list[str] = []
        async with asyncio.TaskGroup() as group:
            pods_read = group.create_task(_tried(self._pods(resource, state), unknown, "What its pods run is not known"))
            budgets_read = group.create_task(
                _tried(self._budgets(resource), unknown, "Whether a PodDisruptionBudget covers it is not known")
            )
        pods, budgets = pods_read.result(), budgets_read.result()
        events = None
        if state.settled is not True and not resource.kind.fixed:
            events = await _tried(self._events(resource, pods or ()), unknown, "Why new pods could not be made is not known")
        running: tuple[RunningImage, ...] | None = None
        if pods is not None:
            running = running_images(pods, ended=resource.kind.kind in ("CronJob", "Job"))
        state = msgspec.structs.replace(state, running=running, budgets=budgets, unknown=(*state.unknown, *unknown))
        evidence = Evidence(pods or (), events, datetime.now(UTC))
        return msgspec.structs.replace(state, stalls=stalls_of(state, evidence))

    # ---- what belongs to it

    async def _pods(self, resource: WorkloadObject, state: RolloutState) -> list[PodOfWorkload]:
        workload, kind, namespace = resource.workload, resource.kind, state.key.namespace
        observed = state.observed is None or state.observed >= state.generation
        if kind.kind == "Pod":
            return []
        owners, newest = {state.uid}, ""
        selectors = [selector_text(_selector(workload))]
        if kind.kind in ("Deployment", "Rollout"):
            path, request = _place("/apis/apps/v1", "replicasets", namespace), f"list replicasets in namespace {namespace}"
            sets = [item for item in await self._list(path, selectors[0], request, SetItem) if _owned(item.metadata, owners)]
            owners, newest = {item.metadata.uid for item in sets}, current_set(workload, sets)
        elif kind.kind == "CronJob":
            path, request = _place("/apis/batch/v1", "jobs", namespace), f"list jobs in namespace {namespace}"
            jobs = [item for item in await self._list(path, "", request, JobItem) if _owned(item.metadata, owners)]
            chosen = newest_jobs(jobs)
            owners, selectors = {item.metadata.uid for item in chosen}, [f"job-name={item.metadata.name}" for item in chosen]
        pods: list[PodOfWorkload] = []
        for selector in selectors:
            for raw in await self._items(_place("/api/v1", "pods", namespace), selector, f"list pods in namespace {namespace}"):
                item = self._decoded(raw, PodItem)
                if _owned(item.metadata, owners):
                    current = is_current(workload, kind.kind, item, newest, observed=observed)
                    pods.append(PodOfWorkload(self._facts.pod(self._decoded(raw, PodObject)), item, current))
        return pods

    async def _budgets(self, resource: WorkloadObject) -> tuple[Budget, ...]:
        template, namespace = resource.workload.template, resource.workload.metadata.namespace
        labels = (template.metadata.labels if template and template.metadata else None) or {}
        if resource.kind.fixed or resource.kind.kind == "CronJob" or not labels:
            return ()
        path = _place("/apis/policy/v1", "poddisruptionbudgets", namespace)
        items = await self._list(path, "", f"list poddisruptionbudgets in namespace {namespace}", BudgetItem)
        return tuple(_budget(item) for item in items if item.spec and item.spec.selector and selects(item.spec.selector, labels))

    async def _events(self, resource: WorkloadObject, pods: Sequence[PodOfWorkload]) -> list[EventItem]:
        """Of whatever makes the pods: the object itself, or (for a Deployment, whose conditions tell it) nothing more."""
        if resource.kind.kind == "Deployment":
            return []
        meta = resource.workload.metadata
        parameters: dict[str, str | int] = {"fieldSelector": f"involvedObject.uid={meta.uid}", "limit": PAGE}
        request = f"list events in namespace {meta.namespace}"
        body = await self._get(_place("/api/v1", "events", meta.namespace), parameters, request)
        listing = decode_answer(body, Listing, request, self._api.host)
        return [self._decoded(raw, EventItem) for raw in listing.items or ()]

    # ---- requests

    async def _list(self, path: str, selector: str, request: str, shape: type[_Item]) -> list[_Item]:
        return [self._decoded(raw, shape) for raw in await self._items(path, selector, request)]

    async def _items(self, path: str, selector: str, request: str) -> list[msgspec.Raw]:
        items: list[msgspec.Raw] = []
        parameters: dict[str, str | int] = {"limit": PAGE, **({"labelSelector": selector} if selector else {})}
        for _ in range(MAX_PAGES):
            listing = decode_answer(await self._get(path, parameters, request), Listing, request, self._api.host)
            items += listing.items or ()
            if listing.metadata is None or not listing.metadata.token:
                return items
            parameters["continue"] = listing.metadata.token
        raise UntrustedPayload(f"{self._api.host} sends a list without end ({request}).", "Tell whoever runs the API server.")

    async def _get(self, path: str, parameters: Mapping[str, str | int], request: str) -> bytes:
        retry = Retry(Backoff(self._options.backoff, self._options.backoff_most), TRIES - 1)
        return await patiently(lambda: self._api.get(path, parameters, purpose=request), retry)

    def _decoded(self, raw: msgspec.Raw, shape: type[_Item]) -> _Item:
        try:
            return from_json(raw, shape)
        except DECODING as error:
            raise decode_error("the items of a list", self._api.host) from error


async def _tried(reading: Awaitable[_Result], unknown: list[str], consequence: str) -> _Result | None:
    """What was read, or None with a sentence among the `unknown`."""
    try:
        return await reading
    except SourceError as error:
        unknown.append(f"{consequence}: {error.headline}")
        return None


def _place(prefix: str, resource: str, namespace: str) -> str:
    return f"{prefix}/namespaces/{quote(namespace, safe='')}/{resource}"


def _owned(meta: Meta, uids: set[str]) -> bool:
    owner = meta.controller
    return owner is not None and owner.uid in uids


def _selector(workload: Workload) -> SelectorWire:
    raw = workload.spec.selector if workload.spec else msgspec.Raw()
    if not bytes(raw):
        return SelectorWire()
    try:
        selector = from_json(raw, SelectorWire | None)
        if selector is not None and (selector.match_labels or selector.match_expressions):
            return selector
        return SelectorWire(match_labels=from_json(raw, dict[str, str]))
    except DECODING:
        return SelectorWire()


def _budget(item: BudgetItem) -> Budget:
    spec, status = item.spec, item.status
    rule = ""
    if spec is not None and spec.min_available is not None:
        rule = f"minAvailable {clean(str(spec.min_available), 20)}"
    elif spec is not None and spec.max_unavailable is not None:
        rule = f"maxUnavailable {clean(str(spec.max_unavailable), 20)}"
    name = clean(item.metadata.name, 253)
    if status is None:
        return Budget(name, rule=rule)
    return Budget(name, status.disruptions_allowed or 0, status.current_healthy or 0, status.desired_healthy or 0, rule)
