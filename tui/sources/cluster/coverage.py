"""Which lists and watches run: cluster-wide where we may, else in the namespaces that we may read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from tui.domain.common.text import plural
from tui.domain.facts.events import Denial, HealthChanged, SourceId
from tui.domain.facts.workload import Resource
from tui.errors import Forbidden, SourceError
from tui.sources.cluster.access import ClusterContext
from tui.sources.cluster.api import Api
from tui.sources.cluster.client import ClusterClient
from tui.sources.cluster.facts import ClusterFacts
from tui.sources.cluster.failures import remedy_for
from tui.sources.cluster.follower import Emit, Follower
from tui.sources.cluster.health import HealthBoard
from tui.sources.cluster.kinds import KINDS, ResourceKind
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.owners import Owners
from tui.sources.cluster.pulse import Pulse
from tui.sources.cluster.readers import reader_of
from tui.sources.cluster.reviews import known_by, list_namespaces, whoami
from tui.sources.kit.polling import Polling

__all__ = ["cover"]

# A word on health at most five times a second.
_HEALTH_PAUSE = 0.2
_REVIEWS_AT_ONCE = 8
_NAMED_DENIALS = 10
_PODS = KINDS[0]

Generation = Callable[[Resource, str], int]


async def cover(
    place: ClusterContext, options: ClusterOptions, source: SourceId, cluster: str, emit: Emit, generation: Generation
) -> None:
    """Follow everything that may be read, until cancelled."""
    async with Api(place, options) as api:
        facts = ClusterFacts(cluster)
        coverage = _Coverage(place, options, api, facts, source, emit, generation)
        async with asyncio.TaskGroup() as group:
            group.create_task(coverage.report())
            group.create_task(coverage.introduce())
            group.create_task(Pulse(api, coverage.board, options).keep())
            group.create_task(coverage.owners.run())
            for kind in KINDS:
                group.create_task(coverage.kind(kind))


class _Coverage:
    """The lists and watches of one run."""

    def __init__(
        self,
        place: ClusterContext,
        options: ClusterOptions,
        api: Api,
        facts: ClusterFacts,
        source: SourceId,
        emit: Emit,
        generation: Generation,
    ) -> None:
        self._place = place
        self._options = options
        self._api = api
        self._client = ClusterClient(api)
        self._facts = facts
        self._source = source
        self._emit = emit
        self._generation = generation
        self.board = HealthBoard(source, every=options.pulse, room=options.room)
        self.board.requests = lambda: api.requests
        self._fallback: tuple[str, ...] | None = None
        self._fallback_lock = asyncio.Lock()
        self.owners = Owners(api, facts, source, emit, options.refresh_owners)

    async def report(self) -> None:
        """Say how it goes whenever that changes."""
        pause = Polling("health", _HEALTH_PAUSE)
        while True:
            await self.board.wait()
            self.board.endpoint, self.board.remarks = self._api.host, self._api.remarks
            await self._emit(HealthChanged(self.board.health()))
            await pause.rest()

    async def introduce(self) -> None:
        """Learn who we are, and which cluster this is; a server that does not say costs nothing else."""
        with suppress(SourceError):
            self.board.identity = await whoami(self._api)
        with suppress(SourceError):
            self.board.known_by = await known_by(self._api)
        self.board.changed()

    async def kind(self, kind: ResourceKind) -> None:
        """Follow one resource wherever it may be read."""
        if kind.namespaced and self._options.namespaces:
            await self._in_namespaces(kind, self._options.namespaces)
            return
        try:
            await self._follow(kind, "", give_up=kind.namespaced)
        except Forbidden:
            namespaces = await self._readable()
            if namespaces:
                await self._in_namespaces(kind, namespaces)
            else:
                await self._follow(kind, "")

    async def _in_namespaces(self, kind: ResourceKind, namespaces: tuple[str, ...]) -> None:
        async with asyncio.TaskGroup() as group:
            for namespace in dict.fromkeys(namespaces):
                group.create_task(self._follow(kind, namespace))

    async def _follow(self, kind: ResourceKind, scope: str, *, give_up: bool = False) -> None:
        line = self.board.line(kind.resource, scope)
        reader = reader_of(kind, self._facts, self._source, lambda: self._api.host)
        generation = partial(self._generation, kind.resource, scope)
        follower = Follower(
            reader, scope, self._api, self._options, line, self.board.room, self._emit, self.owners.meet, generation
        )
        try:
            await follower.run(give_up=give_up)
        finally:
            self.board.drop(line)

    async def _readable(self) -> tuple[str, ...]:
        """The namespaces whose pods we may list, found once."""
        async with self._fallback_lock:
            if self._fallback is None:
                self._fallback = await self._find_readable()
        return self._fallback

    async def _find_readable(self) -> tuple[str, ...]:
        right = _PODS.right("")
        try:
            candidates = await list_namespaces(self._api)
            reason = "Only the namespaces that may be read are shown."
        except SourceError:
            candidates, right = (self._place.namespace,), "list namespaces"
            reason = f"Namespaces cannot be listed; only the context's own, {self._place.namespace}, is tried."
        allowed = await self._allowed(candidates)
        if not allowed:
            # Then the refused cluster-wide lists say it, each with its right.
            return ()
        remedy = "Name the namespaces that you may read: -n NAME, as often as needed; or ask for the ClusterRole 'view'."
        self.board.deny(Denial("the whole cluster", right, remedy, reason))
        self._deny([name for name in candidates if name not in allowed])
        return allowed

    async def _allowed(self, candidates: tuple[str, ...]) -> tuple[str, ...]:
        places = asyncio.Semaphore(_REVIEWS_AT_ONCE)

        async def check(namespace: str) -> bool:
            async with places:
                try:
                    return await self._client.may(_PODS, "list", namespace)
                except SourceError:
                    # A server that does not answer reviews is asked by listing.
                    return True

        answers = await asyncio.gather(*(check(namespace) for namespace in candidates))
        return tuple(namespace for namespace, allowed in zip(candidates, answers, strict=True) if allowed)

    def _deny(self, namespaces: list[str]) -> None:
        for namespace in namespaces[:_NAMED_DENIALS]:
            right = _PODS.right(namespace)
            self.board.deny(Denial(f"namespace {namespace}", right, remedy_for(right), f"No right to {right}."))
        if (more := len(namespaces) - _NAMED_DENIALS) > 0:
            remedy = remedy_for("pods in namespace")
            self.board.deny(Denial(plural(more, "more namespace"), "list pods in each of them", remedy, "No right to list pods."))
