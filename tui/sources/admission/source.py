"""A cluster's gate read again and again: every kind of constraint, and what Ratify verifies with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime

import msgspec

from tui.domain.common.decoding import DECODING
from tui.domain.common.text import plural
from tui.domain.facts.admission import Constraint
from tui.domain.facts.diagnosis import Diagnosis, Tried, diagnosis_of
from tui.domain.facts.events import (
    ConstraintsListed,
    Denial,
    Event,
    HealthChanged,
    SourceHealth,
    SourceId,
    SourceKind,
    SourceState,
)
from tui.domain.facts.health import answered, failed_by, loading
from tui.errors import Forbidden, SourceError, UntrustedPayload, UsageError
from tui.sources.admission.exclusions import CONFIG, Exclusions, read_configs
from tui.sources.admission.others import GROUPS, OtherGates
from tui.sources.admission.wire import read_constraints, read_verifiers
from tui.sources.kit.polling import Polling
from tui.sources.kit.throttle import Backoff
from tui.sources.ports import ApiResource, ClusterReader, ClusterSession

__all__ = ["PACE", "GateSource", "Pace"]

CONSTRAINTS = "constraints.gatekeeper.sh/v1beta1"
# AKS Image Integrity and Ratify v1; Ratify v2 keeps its verifiers inside Executors, whose names tell nothing.
RATIFY = ApiResource("config.ratify.deislabs.io/v1beta1", "verifiers", "Verifier", namespaced=False)
TEMPLATES = "templates.gatekeeper.sh/v1"
RIGHT = "list constraints.gatekeeper.sh"
ASK = "Ask for a ClusterRole that may list every resource of constraints.gatekeeper.sh ('view' does not)."
ASK_OTHERS = "Ask for a ClusterRole that may list what can refuse pods ('view' does not), or turn the check off in the policy."


class Pace(msgspec.Struct, frozen=True):
    """Seconds between two readings (Gatekeeper audits every 60), and before a failed one is tried again."""

    refresh: float = 120.0
    retry: float = 5.0
    retry_most: float = 300.0


PACE = Pace()


class _Reading:
    """What one reading found."""

    def __init__(self) -> None:
        self.constraints: list[Constraint] = []
        self.kinds = 0
        self.verifiers: list[str] = []
        self.faults: list[SourceError] = []
        self.denials: list[Denial] = []
        self.others: list[Constraint] = []
        self.installed: tuple[str, ...] = ()
        self.requests = 0
        self.endpoint = ""


class GateSource:
    """A `Source` and `Probe` of the gate of one cluster."""

    def __init__(
        self, reader: ClusterReader, pace: Pace = PACE, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._reader, self._pace, self._clock = reader, pace, clock
        self._through = SourceId(SourceKind.CLUSTER, reader.cluster)
        self._health = loading(self.id, through=self._through, every=pace.refresh)
        self._polling = Polling(str(self.id), pace.refresh, Backoff(pace.retry, pace.retry_most))

    @property
    def id(self) -> SourceId:
        """`admission/CLUSTER`."""
        return SourceId(SourceKind.ADMISSION, self._reader.cluster)

    async def events(self) -> AsyncGenerator[Event, None]:
        """The constraints for ever, and how it goes."""
        yield HealthChanged(self._health)
        while True:
            failure: SourceError | None = None
            try:
                reading = await self._read()
                yield self._listed(reading)
                self._health = self._answered(reading)
            except SourceError as error:
                failure = error
                self._health = failed_by(self._health, error)
            yield HealthChanged(self._health)
            await self._polling.rest(failure)

    async def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """Read everything once."""
        try:
            reading = await self._read()
        except SourceError as error:
            yield diagnosis_of("list constraints", error)
            return
        listed = f"{plural(len(reading.constraints), 'constraint')} on images, of {plural(reading.kinds, 'kind')} of constraints"
        yield Diagnosis("list constraints", Tried.OK, listed if reading.kinds else self._absence(reading))
        for denial in reading.denials:
            yield Diagnosis(denial.what, Tried.DENIED, denial.reason, denial.right, denial.remedy)
        for fault in reading.faults:
            yield Diagnosis("list constraints", Tried.FAILED, fault.headline, remedy=fault.remedy)
        if reading.verifiers and not any(constraint.integrity for constraint in reading.constraints):
            yield Diagnosis("Ratify", Tried.OK, "Ratify is set up, but no constraint asks it.")

    # ---- one reading

    async def _read(self) -> _Reading:
        """Everything that may be read. Raises SourceError when nothing could be."""
        reading = _Reading()
        try:
            async with self._reader.open() as session:
                reading.endpoint = session.endpoint
                kinds = await session.resources(CONSTRAINTS)
                reading.kinds = len(kinds)
                for resource in kinds:
                    await self._read_kind(session, resource, reading)
                reading.verifiers = await self._verifiers(session, reading) if kinds else []
                exclusions = await self._exclusions(session, reading) if reading.constraints else Exclusions()
                if reading.kinds and len(reading.denials) + len(reading.faults) >= reading.kinds and not reading.constraints:
                    raise self._whole_failure(reading)
                reading.others, exempt = await self._others(session, reading)
                reading.requests = session.requests
        except UsageError as error:
            raise SourceError(error.headline, error.remedy) from error
        named = (_with_verifiers(constraint, reading.verifiers) for constraint in reading.constraints)
        exclusions = exclusions.joined(Exclusions(exempt, at_home=exclusions.at_home))
        reading.constraints = [exclusions.of(constraint) for constraint in named]
        reading.constraints += reading.others
        return reading

    async def _others(self, session: ClusterSession, reading: _Reading) -> tuple[list[Constraint], tuple[str, ...]]:
        """The gates beside Gatekeeper that can refuse, and where its own webhook is not asked.

        What may not be looked at is said, as it may hold a gate.
        """
        gates = OtherGates(self._reader.cluster)
        for group in GROUPS:
            for resource in await session.resources(group):
                if gates.wants(resource):
                    await self._read_other(session, resource, gates, reading)
        templates = await session.resources(TEMPLATES)
        reading.installed = (*(("Gatekeeper",) if templates or reading.kinds else ()), *gates.installed)
        return gates.constraints, gates.exempt

    async def _read_other(self, session: ClusterSession, resource: ApiResource, gates: OtherGates, reading: _Reading) -> None:
        group = resource.group_version.partition("/")[0]
        try:
            async with aclosing(session.pages(resource)) as pages:
                async for page in pages:
                    await asyncio.to_thread(gates.read, resource, page)
        except Forbidden as error:
            reading.denials.append(
                Denial(f"{resource.name} of {group}", f"list {resource.name}.{group}", ASK_OTHERS, error.headline)
            )
        except DECODING:
            reading.faults.append(_unreadable(f"the {resource.name} of {group}"))
        except SourceError as error:
            reading.faults.append(error)

    async def _read_kind(self, session: ClusterSession, resource: ApiResource, reading: _Reading) -> None:
        """One kind; one that fails does not hide the others."""
        try:
            async with aclosing(session.pages(resource)) as pages:
                async for page in pages:
                    constraints, broken = await asyncio.to_thread(read_constraints, page, self._reader.cluster, resource.kind)
                    reading.constraints += constraints
                    if broken:
                        reading.faults.append(_unreadable(f"{plural(broken, 'constraint')} of kind {resource.kind}"))
        except Forbidden as error:
            right = f"list {resource.name}.constraints.gatekeeper.sh"
            reading.denials.append(Denial(f"constraints of kind {resource.kind}", right, ASK, error.headline))
        except DECODING:
            reading.faults.append(_unreadable(f"the constraints of kind {resource.kind}"))
        except SourceError as error:
            reading.faults.append(error)

    async def _verifiers(self, session: ClusterSession, reading: _Reading) -> list[str]:
        """What Ratify verifies with; a cluster without it, or that does not show it, has nothing to tell."""
        verifiers: list[str] = []
        try:
            if all(resource.name != RATIFY.name for resource in await session.resources(RATIFY.group_version)):
                return []
            async with aclosing(session.pages(RATIFY)) as pages:
                async for page in pages:
                    verifiers += read_verifiers(page)
        except Forbidden as error:
            reading.denials.append(Denial("Ratify's verifiers", "list verifiers.config.ratify.deislabs.io", ASK, error.headline))
        except DECODING:
            reading.faults.append(_unreadable("Ratify's verifiers"))
        return verifiers

    async def _exclusions(self, session: ClusterSession, reading: _Reading) -> Exclusions:
        """The namespaces that Gatekeeper leaves out; where its Config may not be read, whether it asks anywhere is not known."""
        exclusions = Exclusions()
        try:
            if all(resource.name != CONFIG.name for resource in await session.resources(CONFIG.group_version)):
                return exclusions
            async with aclosing(session.pages(CONFIG)) as pages:
                async for page in pages:
                    exclusions = exclusions.joined(read_configs(page))
        except Forbidden as error:
            denial = Denial("Gatekeeper's Config", "list configs.config.gatekeeper.sh", ASK_OTHERS, error.headline)
            reading.denials.append(denial)
        except DECODING:
            reading.faults.append(_unreadable("Gatekeeper's Config", "configs.config.gatekeeper.sh -A"))
        except SourceError as error:
            reading.faults.append(error)
        return exclusions

    def _whole_failure(self, reading: _Reading) -> SourceError:
        if reading.faults:
            return reading.faults[0]
        return Forbidden(f"No constraint of {self._reader.cluster} may be listed.", ASK, right=RIGHT)

    # ---- events

    def _listed(self, reading: _Reading) -> ConstraintsListed:
        complete = not (reading.faults or reading.denials)
        constraints = tuple(sorted(reading.constraints, key=lambda constraint: (constraint.kind, constraint.name)))
        return ConstraintsListed(
            self.id, self._reader.cluster, constraints, self._clock(), complete, "" if complete else self._trouble(reading)
        )

    def _trouble(self, reading: _Reading) -> str:
        if reading.denials:
            return f"Not every gate may be read: the right to {reading.denials[0].right} is missing."
        return reading.faults[0].headline if reading.faults else ""

    def _absence(self, reading: _Reading) -> str:
        """That there is no gate, only where every kind of gate that can refuse was looked for."""
        if reading.others or self._trouble(reading):
            return f"Gatekeeper has no constraint in {self._reader.cluster}."
        if reading.installed:
            names = " and ".join(reading.installed)
            are = "is" if len(reading.installed) == 1 else "are"
            return f"Nothing in {self._reader.cluster} refuses images: {names} {are} installed there without a rule that does."
        return (
            f"{self._reader.cluster} has no gate that refuses images: neither Gatekeeper nor Kyverno, no validating admission"
            " policy, no webhook."
        )

    def _answered(self, reading: _Reading) -> SourceHealth:
        health = answered(
            self._health,
            self._clock(),
            objects=len(reading.constraints),
            denials=reading.denials,
            failures=() if reading.denials else reading.faults,
        )
        health = msgspec.structs.replace(health, requests=reading.requests, endpoint=reading.endpoint)
        if trouble := self._trouble(reading):
            return msgspec.structs.replace(health, error=trouble)
        if not (reading.kinds or reading.others):
            return msgspec.structs.replace(health, state=SourceState.OFF, error=self._absence(reading), live=False)
        return health


def _with_verifiers(constraint: Constraint, verifiers: list[str]) -> Constraint:
    """A constraint that asks for signatures says what with."""
    if not constraint.integrity or not verifiers:
        return constraint
    return msgspec.structs.replace(constraint, title=f"{constraint.kind} ({', '.join(verifiers)})")


def _unreadable(subject: str, resource: str = "constraints") -> UntrustedPayload:
    return UntrustedPayload(f"{subject} could not be understood.", f"Look at them with kubectl get {resource} -o yaml.")
