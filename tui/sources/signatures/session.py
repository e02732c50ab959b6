"""What works while the events of the signature source are read: workers, a watch on what is trusted, the clock, health."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from datetime import datetime

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.asking import RevocationMode
from tui.domain.facts.demand import ArtifactDemand
from tui.domain.facts.events import (
    Denial,
    HealthChanged,
    Progress,
    SignaturesVerified,
    SourceHealth,
    SourceId,
    SourceState,
)
from tui.sources.kit.backlog import Backlog, Key
from tui.sources.kit.polling import Polling
from tui.sources.kit.streams import EventStream
from tui.sources.ports import ContentReader, RevocationStore
from tui.sources.signatures.artifacts import Artifact, Gathered, gather
from tui.sources.signatures.assessing import Assessment, StaticResults, StoredSignature, assess
from tui.sources.signatures.attestations import attested
from tui.sources.signatures.elsewhere import Elsewhere, Openers
from tui.sources.signatures.fetch import FetchOptions, RevocationFetcher
from tui.sources.signatures.footprint import Footprint, footprint
from tui.sources.signatures.options import SignatureOptions, TrustPaths
from tui.sources.signatures.trust import Trust, read_trust

__all__ = ["Readers", "SignatureSession"]

Readers = Callable[[str], ContentReader | None]
"""The reader of a registry by its host; None when it is not asked."""
EVENT_ROOM = 512
WORKERS = 8
CHUNK = 50
HEALTH_PACE = 0.25


class SignatureLook:
    """A manifest that was looked at: what was found, and what it was worth when `generation` of what is trusted was read."""

    __slots__ = ("attestations", "demand", "due", "errors", "found", "generation", "told")

    def __init__(
        self,
        demand: ArtifactDemand,
        stored: tuple[StoredSignature, ...],
        errors: tuple[str, ...],
        attestations: tuple[Artifact, ...] = (),
    ) -> None:
        self.demand, self.found, self.errors, self.attestations = demand, stored, errors, attestations
        self.told: Assessment | None = None
        self.due: datetime | None = None
        self.generation = -1


class SignatureSession:
    """One run of the signature source. `drive` works until it is cancelled, `events` are what it has to say."""

    def __init__(
        self,
        source: SourceId,
        options: SignatureOptions,
        readers: Readers,
        backlog: Backlog,
        now: Callable[[], datetime],
        watch: float,
        opener: Openers,
        answers: RevocationStore | None = None,
    ) -> None:
        self._source, self._options, self._readers, self._backlog = source, options, readers, backlog
        self._now, self._watch = now, watch
        self.events = EventStream(EVENT_ROOM)
        self._statics = StaticResults()
        self._elsewhere, self._answers = Elsewhere(opener), answers
        self._looked: dict[Key, SignatureLook] = {}
        self._trusts: dict[TrustPaths, Trust] = {}
        self._footprint: Footprint = ()
        self._generation = 0
        self._reading = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._fetcher: RevocationFetcher | None = None
        self._told: object = None
        self._loading = True
        self._requests = 0
        self._as_of: datetime | None = None

    async def drive(self) -> None:
        """Everything at once, until cancelled."""
        self._stack.push_async_callback(self._elsewhere.close)
        await self._read_all()
        await self._tell()
        async with self._stack, asyncio.TaskGroup() as group:
            group.create_task(self._backlog.work(self._look, WORKERS), name="signatures")
            group.create_task(Polling("what is trusted", self._watch).keep(self._look_over), name="what is trusted")
            group.create_task(Polling("health", HEALTH_PACE).keep(self._tell), name="health of signatures")

    # ---- looking at manifests

    async def _look(self, demand: ArtifactDemand) -> bool:
        """Look at one manifest; whether something could not be read that may be readable later."""
        gathered = await self._gathered(demand)
        signatures = await asyncio.to_thread(lambda: tuple(self._statics.found(artifact) for artifact in gathered.artifacts))
        self._requests += gathered.requests
        errors = tuple(dict.fromkeys(filter(None, (demand.error, *gathered.errors))))
        looked = SignatureLook(demand, signatures, errors, gathered.attestations)
        self._looked[demand.name, demand.subject.digest] = looked
        while looked.generation != self._generation:  # what is trusted may change while this is judged
            await self._judge([looked])
        return bool(gathered.errors) or gathered.unread

    async def _gathered(self, demand: ArtifactDemand) -> Gathered:
        beside, other = await self._beside(demand), self._options.trusted(demand.name).elsewhere
        return beside if other is None else await self._elsewhere.gathered(demand, other, beside, self._now())

    async def _beside(self, demand: ArtifactDemand) -> Gathered:
        if not demand.referrers:
            return Gathered()
        reader = self._readers(demand.name.registry)
        if reader is None:
            return Gathered(errors=(f"{demand.name.registry} is not asked.",))
        return await gather(demand, reader)

    # ---- judging

    async def _judge(self, several: list[SignatureLook]) -> None:
        """Judge anew, off the loop, in portions; revocation is asked for where authenticity holds."""
        for start in range(0, len(several), CHUNK):
            chunk = several[start : start + CHUNK]
            generation, trusts = self._generation, await self._trusted(chunk)
            judged = await asyncio.to_thread(self._assessed, chunk, trusts)
            for looked, trust, assessment in zip(chunk, trusts, judged, strict=True):
                if assessment.lookups and self._options.revocation is RevocationMode.ONLINE:
                    assessment = await self._with_revocation(looked, trust, assessment)
                looked.generation = generation
                await self._conclude(looked, assessment)

    def _assessed(self, chunk: Iterable[SignatureLook], trusts: Iterable[Trust]) -> list[Assessment]:
        now = self._now()
        return [
            msgspec.structs.replace(
                assess(looked.demand, looked.found, trust, now),
                built_by=attested(looked.demand, looked.attestations, trust),
            )
            for looked, trust in zip(chunk, trusts, strict=True)
        ]

    async def _with_revocation(self, looked: SignatureLook, trust: Trust, assessment: Assessment) -> Assessment:
        if self._fetcher is None:
            options = FetchOptions(allow_private=self._options.private_responders)
            self._fetcher = await self._stack.enter_async_context(RevocationFetcher(options, self._now, store=self._answers))
        self._requests += len(assessment.lookups)
        answers = await self._fetcher.fetch(assessment.lookups)
        revised = await asyncio.to_thread(assess, looked.demand, looked.found, trust, self._now(), answers)
        return msgspec.structs.replace(revised, built_by=assessment.built_by)

    async def _conclude(self, looked: SignatureLook, assessment: Assessment) -> None:
        """Keep the assessment; tell it when it is another than before."""
        looked.due = assessment.due
        self._as_of = self._now()
        if looked.told is not None and looked.told.is_same(assessment):
            return
        looked.told = assessment
        demand = looked.demand
        verified = SignaturesVerified(
            source=self._source,
            name=demand.name,
            subject=demand.subject.digest,
            outcomes=assessment.outcomes,
            at=self._as_of,
            searched=demand.searched,
            error=clean("; ".join(looked.errors), 400),
            notes=demand.notes,
            built_by=assessment.built_by,
        )
        await self.events.emit(verified)

    # ---- what is trusted

    async def _trusted(self, chunk: Iterable[SignatureLook]) -> list[Trust]:
        return [await self._trust(self._options.trusted(looked.demand.name)) for looked in chunk]

    async def _trust(self, trusted: TrustPaths) -> Trust:
        async with self._reading:
            if not self._trusts:
                self._footprint = await asyncio.to_thread(footprint, self._options.all)
            if trusted not in self._trusts:
                self._trusts[trusted] = await asyncio.to_thread(read_trust, trusted, self._now())
            return self._trusts[trusted]

    async def _read_all(self) -> None:
        """Read all that is named, whether an image asks for it yet or not: what cannot be used is told at once."""
        for trusted in self._options.all:
            await self._trust(trusted)

    async def _look_over(self) -> None:
        """Judge again what is due, and everything when a file of what is trusted has changed."""
        now = self._now()
        self._backlog.retry()
        for key in self._elsewhere.due(now):
            self._backlog.again(key)
        if self._trusts and await asyncio.to_thread(footprint, self._options.all) != self._footprint:
            self._trusts.clear()
            self._generation += 1
            await self._read_all()
            await self._judge(list(self._looked.values()))
        await self._judge([looked for looked in self._looked.values() if looked.due is not None and looked.due <= now])

    # ---- health

    async def _tell(self) -> None:
        now = (self._as_of, self._backlog.progress, self._generation, len(self._trusts))
        if now != self._told:  # counting takes a while in a large estate
            self._told, health = now, self._health()
            await self.events.emit(HealthChanged(health))

    def _health(self) -> SourceHealth:
        looked_at, total = self._backlog.progress
        unread = [(str(looked.demand.name), looked.errors[0]) for looked in self._looked.values() if looked.errors]
        problems = list(dict.fromkeys(problem for trust in self._trusts.values() for problem in trust.problems))
        first = problems[0] if problems else None
        # Not `answered`: what is trusted is told while manifests are still looked at.
        return SourceHealth(
            id=self._source,
            state=self._state(bool(unread or problems)),
            as_of=self._as_of,
            objects=sum(len(looked.told.outcomes if looked.told is not None else ()) for looked in self._looked.values()),
            requests=self._requests,
            error=first.reason if first is not None else "",
            remedy=first.remedy if first is not None else "",
            live=self._backlog.idle,
            endpoint=", ".join(filter(None, (trusted.notation_config for trusted in self._trusts))),
            progress=(Progress("manifests", looked_at, total), *self._counts()) if total else (),
            denials=(
                *(Denial(problem.what, remedy=problem.remedy, reason=problem.reason) for problem in problems),
                *(Denial(f"signatures of {name}", reason=reason) for name, reason in dict(unread).items()),
            ),
        )

    def _counts(self) -> tuple[Progress, ...]:
        """What is trusted, in numbers."""
        trusts = tuple(self._trusts.values())
        statements = sum(trust.statements for trust in trusts)
        certificates = sum(trust.certificates for trust in trusts)
        return (
            Progress("policy statements", statements),
            Progress("trusted certificates", certificates),
            Progress("cosign signers", sum(trust.signers for trust in trusts)),
        )

    def _state(self, troubled: bool) -> SourceState:
        self._loading = self._loading and not self._backlog.idle
        if self._loading:
            return SourceState.LOADING
        return SourceState.PARTIAL if troubled else SourceState.OK
