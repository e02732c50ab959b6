"""A small outside that is made of values: a registry, a builder and a cluster behind their ports, a clock, and what goes wrong.

Everything passes `World.moment`, where a test may end the program: as if it had been killed between any two lines.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from tests.actions.plans import NOW, REGISTRY, digest
from tests.snapshots import snapshot_of
from tui.actions.audit import AuditLog, Operator
from tui.actions.ledger import Ledger
from tui.actions.outside import Limits, Outside
from tui.actions.run import PlanRun
from tui.actions.start import begin
from tui.actions.state import StateFiles
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.build import BuilderKind, BuiltImage, Job, JobKey, Run, RunState
from tui.domain.facts.demand import Demand
from tui.domain.facts.image import Locks, Platform, RepositoryName
from tui.domain.facts.rights import Right, RightState
from tui.domain.facts.rollout import GitOwner, PodIdentity, Receipt, RolloutState, RunningImage, WorkloadChange
from tui.domain.facts.scan import ScanReport
from tui.domain.facts.workload import ContainerType, ObjectKey, TemplateContainer
from tui.domain.plans.plan import Plan
from tui.domain.snapshot.snapshot import BaseLink, BaseState, Basis, Confidence, Image, ImageKey, Snapshot
from tui.errors import (
    AuthenticationFailed,
    Changed,
    Forbidden,
    NotFound,
    OutcomeUnknown,
    SourceError,
    Throttled,
    Unreachable,
)
from tui.sources.acting_ports import LockTarget
from tui.sources.ports import Trigger

__all__ = ["Fault", "HandLocks", "Killed", "World"]

BOTH = (Platform("linux", "amd64"), Platform("linux", "arm64"))
BASE = RepositoryName(REGISTRY, "debian")
LIMITS = Limits(look=10.0, look_up=60.0, follow=7200.0, push=120.0, sign=300.0, scan=300.0, rollout=600.0, undone=30.0)
BUILDS, ROLLS = 60.0, 40.0
"""Seconds that a run and a rollout take."""


class Killed(BaseException):
    """The program was ended from outside."""


class Fault(StrEnum):
    """What goes wrong with a step."""

    NONE = "none"
    ANSWER_LOST = "answer lost"
    LOST_BEFORE = "request lost"
    DOWN = "down"
    REFUSED = "right lost"
    SIGNED_OUT = "token expired"
    SIGN_IN_LAPSES = "token expires in the middle"
    THROTTLED = "throttled"
    GONE = "gone"
    DISABLED = "disabled"
    FAILS = "build fails"
    CANCELLED = "cancelled elsewhere"
    NOTHING = "pushes nothing"
    ELSEWHERE = "pushes another repository"
    SAME = "pushes the same"
    OLD_BASE = "builds on the old base"
    ONE_PLATFORM = "loses a platform"
    UNSIGNED = "is never signed"
    UNSCANNED = "is never scanned"
    TAG_MOVED = "tag moved by somebody else"
    UNTOLD = "does not tell what it pushed"
    TWINS = "answer lost, and another run like it"
    CHANGED = "object changed"
    STALLED = "rollout stalls"
    UNDONE = "undone by its owner"


class HandClock:
    """A clock that goes when somebody waits, and that can be set."""

    def __init__(self, world: World) -> None:
        self._world, self.wall, self.awake = world, NOW, 0.0
        self.jumps: dict[int, float] = {}
        self._sleeps = 0

    def now(self) -> datetime:
        """The time of day."""
        return self.wall

    def monotonic(self) -> float:
        """Seconds awake."""
        return self.awake

    async def sleep(self, seconds: float) -> None:
        """Let it be later at once."""
        import asyncio

        self._world.moment()
        self._sleeps += 1
        self.awake += seconds
        jump = self.jumps.pop(self._sleeps, 0.0)
        self.wall += timedelta(seconds=seconds + jump)
        self._world.slept += jump
        await asyncio.sleep(0)


class Content(msgspec.Struct):
    """An image in the registry; `signed` and `scanned` are when that will be."""

    name: RepositoryName
    digest: str
    base: str
    pushed: datetime
    platforms: tuple[Platform, ...] = BOTH
    signed: float | None = 0.0
    scanned: float | None = 0.0
    by: str = ""


class Deployment(msgspec.Struct):
    """A workload with one container."""

    image: str
    digest: str
    generation: int = 1
    restarted: str = ""
    replicas: int = 3
    rolled_at: float = 0.0
    before: str = ""


class World:
    """The outside. `faults` are by the id of the step; `dies_at` is the number of the moment in which the program ends."""

    def __init__(self, directory: Path, faults: Mapping[str, Fault] | None = None) -> None:
        self.faults = dict(faults or {})
        self.directory = directory
        self.clock = HandClock(self)
        self.moments, self.dies_at, self.slept = 0, -1, 0.0
        self.dead = False
        self.contents: dict[tuple[RepositoryName, str], Content] = {}
        self.tags: dict[tuple[RepositoryName, str], str] = {}
        self.bases: dict[RepositoryName, RepositoryName] = {}
        self.steps: dict[object, str] = {}
        self.runs: list[tuple[Run, str, float]] = []
        self.finished: dict[str, Run] = {}
        self.deployments: dict[ObjectKey, Deployment] = {}
        self.locked: dict[str, Locks] = {}
        self.sends: list[str] = []
        self.done: list[str] = []
        self.refusals: dict[str, int] = {}
        self.refreshes = self.scans_asked = 0
        self.forgets_marks = self.missing_rights = False
        self.writes = 0
        self._numbers = 1000
        self._snapshots = 0
        self.push(BASE, "12", "", old=True)
        self.push(BASE, "12", "")

    # ---- setting up

    def number(self) -> str:
        """A digest that nothing has yet."""
        self._numbers += 1
        return digest(self._numbers)

    def push(self, name: RepositoryName, tag: str, base: str, *, old: bool = False, as_digest: str = "") -> str:
        """Something is pushed, signed and scanned at once."""
        new = as_digest or self.number()
        pushed = self.clock.wall - timedelta(days=9) if old else self.clock.wall
        self.contents[name, new] = Content(name, new, base, pushed)
        self.tags[name, tag] = new
        return new

    def plan(self, plan: Plan) -> Plan:
        """The estate that a plan is for: images on old bases, and what runs them."""
        for step in plan.steps:
            if step.job is not None and step.image is not None:
                name = step.image.name
                above = next((other for other in plan.steps if other.id in step.needs), None)
                self.bases[name] = RepositoryName(REGISTRY, above.id) if above is not None else BASE
                self.steps[step.job] = step.id
                self.push(name, "1", self._old(self.bases[name]), old=True, as_digest=step.image.digest)
            if step.workload is not None and step.image is not None:
                self.steps[step.workload] = step.id
                reference = f"{step.image.name}:1"
                self.deployments[step.workload] = Deployment(reference, step.image.digest)
        return plan

    def _old(self, name: RepositoryName) -> str:
        return min((each for each in self.contents.values() if each.name == name), key=lambda each: each.pushed).digest

    # ---- what happens by itself

    def moment(self) -> None:
        """A moment between two lines: the program may end here. What others do happens meanwhile."""
        if self.dead:
            raise Killed
        self.moments += 1
        if self.moments == self.dies_at:
            self.dead = True
            raise Killed
        self.settle()

    def settle(self) -> None:
        """Runs that are due end, and push what they push."""
        for run, step, due in self.runs:
            if due <= self.clock.awake and run.id not in self.finished:
                self.finished[run.id] = self._finish(run, step)

    def _finish(self, run: Run, step: str) -> Run:
        fault = self.faults.get(step, Fault.NONE)
        assert run.job is not None
        name = RepositoryName(REGISTRY, run.job.job)
        state = {Fault.FAILS: RunState.FAILED, Fault.CANCELLED: RunState.CANCELLED}.get(fault, RunState.SUCCEEDED)
        images: tuple[BuiltImage, ...] | None = ()
        if state is RunState.SUCCEEDED and fault is not Fault.NOTHING:
            images = self._push_of(run, name, fault)
        ended = msgspec.structs.replace(run, state=state, images=images, finished=self.clock.wall, detail="the end")
        return msgspec.structs.replace(ended, images=None) if fault is Fault.UNTOLD else ended

    def _push_of(self, run: Run, name: RepositoryName, fault: Fault) -> tuple[BuiltImage, ...]:
        if fault is Fault.ELSEWHERE:
            other = RepositoryName(REGISTRY, "elsewhere")
            return (BuiltImage(other, "1", self.push(other, "1", "")),)
        if fault is Fault.SAME:
            return (BuiltImage(name, "1", self.tags[name, "1"]),)
        base_name = self.bases[name]
        base = self._old(base_name) if fault is Fault.OLD_BASE else self.tags[base_name, "12" if base_name == BASE else "1"]
        new = self.push(name, "1", base)
        content = self.contents[name, new]
        content.by = run.id
        content.signed = None if fault is Fault.UNSIGNED else self.clock.awake + 25
        content.scanned = None if fault is Fault.UNSCANNED else self.clock.awake + 45
        if fault is Fault.ONE_PLATFORM:
            content.platforms = BOTH[:1]
        if fault is Fault.TAG_MOVED:
            self.push(name, "1", base)
        return (BuiltImage(name, "1", new),)

    # ---- the estate

    @property
    def snapshot(self) -> Snapshot:
        """What a live estate would know now."""
        self._snapshots += 1
        return snapshot_of(self._snapshots, self.clock.wall, map(self._image, self.contents.values()))

    def _image(self, content: Content) -> Image:
        key = ImageKey.of(content.name, content.digest)
        awake = self.clock.awake
        signed = content.signed is not None and content.signed <= awake
        scanned = content.scanned is not None and content.scanned <= awake
        source = SourceId(SourceKind.SCANNER, "trivy")
        return Image(
            key,
            (key.digest,),
            tags=tuple(tag for (name, tag), named in self.tags.items() if name == content.name and named == key.digest),
            platforms=content.platforms,
            pushed=content.pushed,
            created=content.pushed,
            checks=(
                Check(
                    CheckName.SIGNATURE, State.PASS if signed else State.FAIL, "It is signed." if signed else "It is unsigned."
                ),
                Check(CheckName.SCAN, State.PASS if scanned else State.UNKNOWN, "It is clean." if scanned else "No report."),
            ),
            base=self._link(content),
            root=not content.base,
            scans=(ScanReport(source, "trivy", key.digest, self.clock.wall, vulnerabilities=()),) if scanned else (),
            scan_gap="" if scanned else "No report.",
        )

    def _link(self, content: Content) -> BaseLink | None:
        if not content.base:
            return None
        name = self.bases[content.name]
        newest = self.tags[name, "12" if name == BASE else "1"]
        state = BaseState.CURRENT if content.base == newest else BaseState.OUTDATED
        base = ImageKey.of(name, content.base)
        return BaseLink(base, Basis.LAYERS, Confidence.CERTAIN, state=state)

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Nobody is told: who waits looks again."""
        return lambda: None

    def scan_again(self) -> None:
        """Scanners are asked."""
        self.scans_asked += 1

    def look_at_runs(self) -> None:
        """Builders are asked by the steps themselves."""

    def look_again(self, demands: tuple[Demand, ...]) -> None:
        """It always knows everything."""

    def refresh(self) -> None:
        """Remember that it was asked to read again."""
        self.refreshes += 1

    async def settled(self, timeout: float) -> bool:
        """At once."""
        self.moment()
        return True

    # ---- running a plan

    def outside(self) -> Outside:
        """The ports."""
        builder, cluster = HandBuilder(self), HandCluster(self)
        return Outside(
            self,
            {(BuilderKind.ACR_TASKS, REGISTRY): builder},
            {cluster.cluster: cluster},
            {REGISTRY: HandLocks(self)},
            self.clock,
            LIMITS,
        )

    async def carry_out(self, plan: Plan, machine: str = "here") -> PlanRun:
        """Carry a plan out, or on, as a process of its own. Raises Killed, alone or in a group."""
        self.dead = False
        operator = Operator("ada", 1000, machine, 1)
        audit = AuditLog(self.directory / machine, operator, self.clock.now)
        with StateFiles(self.directory / machine).claimed(plan.id, machine) as file:
            execution = begin(file, plan, self.clock.now(), machine)
            run = PlanRun(Ledger(execution, file, audit, self.clock, self.disk), self.outside())
            await run.open()
            await run.carry_out()
            return run

    async def disk(self, work: Callable[[], None]) -> None:
        """A write: killed before it or after it, or refused by a full disk."""
        self.moment()
        self.writes += 1
        work()
        self.moment()


class HandBuilder:
    """A builder whose runs end by themselves."""

    kind, name = BuilderKind.ACR_TASKS, REGISTRY

    def __init__(self, world: World) -> None:
        self._world = world

    def _fault(self, job: JobKey) -> Fault:
        return self._world.faults.get(self._world.steps[job], Fault.NONE)

    async def find(self, names: Sequence[RepositoryName]) -> Sequence[Job]:
        """None."""
        return ()

    async def describe(self, job: JobKey) -> Job:
        """The job."""
        self._world.moment()
        if self._fault(job) is Fault.GONE:
            raise NotFound("There is no such task")
        return Job(job, job.job, disabled="it was disabled" if self._fault(job) is Fault.DISABLED else "")

    async def runs(self, job: JobKey, most: int) -> Sequence[Run]:
        """Every run of the job."""
        return [self._now(run) for run, _, _ in self._world.runs if run.job == job]

    async def rights(self, job: JobKey) -> tuple[Right, ...]:
        """Held, unless it is told otherwise."""
        state = RightState.MISSING if self._world.missing_rights else RightState.HELD
        return (Right("scheduleRun", REGISTRY, state),)

    async def trigger(self, trigger: Trigger) -> Run:
        """Start a run, or fail as told."""
        world, step, fault = self._world, self._world.steps[trigger.job], self._fault(trigger.job)
        world.moment()
        world.sends.append(step)
        refused = world.refusals[step] = world.refusals.get(step, 0) + 1
        if fault is Fault.THROTTLED and refused == 1:
            raise Throttled("Too many requests", retry_after=7)
        errors: dict[Fault, SourceError] = {
            Fault.DOWN: Unreachable("The builder cannot be reached"),
            Fault.REFUSED: Forbidden("The right scheduleRun is missing"),
            Fault.SIGNED_OUT: AuthenticationFailed("The sign-in has expired"),
            Fault.LOST_BEFORE: OutcomeUnknown("The connection was cut"),
        }
        if fault in errors:
            raise errors[fault]
        run = self._start(trigger, step)
        if fault is Fault.TWINS:
            self._start(trigger, "somebody else")
        world.moment()
        if fault in (Fault.ANSWER_LOST, Fault.TWINS):
            raise OutcomeUnknown("The connection was cut")
        return run

    def _start(self, trigger: Trigger, step: str) -> Run:
        world = self._world
        world.done.append(step)
        run = Run(
            self.kind,
            self.name,
            f"ch{len(world.runs)}",
            RunState.RUNNING,
            trigger.job,
            created=world.clock.wall,
            url=trigger.mark,
        )
        world.runs.append((run, step if step in world.faults else world.steps[trigger.job], world.clock.awake + BUILDS))
        return run

    async def look_up(self, trigger: Trigger, since: datetime) -> Sequence[Run]:
        """The runs of the mark."""
        self._world.moment()
        return [
            self._now(run)
            for run, _, _ in self._world.runs
            if run.url == trigger.mark or (self._world.forgets_marks and run.job == trigger.job)
        ]

    async def follow(self, run: Run) -> Run:
        """The run now."""
        self._world.moment()
        assert run.job is not None
        if self._fault(run.job) is Fault.SIGN_IN_LAPSES and self._world.clock.awake < 90:
            raise AuthenticationFailed("The sign-in has expired")
        return self._now(run)

    def _now(self, run: Run) -> Run:
        self._world.settle()
        return self._world.finished.get(run.id, run)

    async def log(self, run: Run) -> AsyncGenerator[str, None]:
        """One line."""
        yield f"log of {run.id}"

    async def cancel(self, run: Run) -> None:
        """End it at once."""
        self._world.moment()
        self._world.finished[run.id] = msgspec.structs.replace(run, state=RunState.CANCELLED)


class HandCluster:
    """A cluster whose deployments roll by themselves."""

    cluster = "prod-weu"

    def __init__(self, world: World) -> None:
        self._world = world

    def _fault(self, key: ObjectKey) -> Fault:
        return self._world.faults.get(self._world.steps[key], Fault.NONE)

    async def read(self, key: ObjectKey) -> RolloutState:
        """The deployment now."""
        self._world.moment()
        fault, deployment = self._fault(key), self._world.deployments[key]
        if fault is Fault.GONE:
            raise NotFound("There is no such deployment")
        if fault is Fault.UNDONE and deployment.rolled_at and deployment.rolled_at <= self._world.clock.awake:
            deployment.restarted, deployment.image = "", deployment.before
        self._roll(deployment, fault)
        rolled = not deployment.replicas or deployment.rolled_at <= self._world.clock.awake
        return RolloutState(
            key=key,
            uid="u1",
            api_version="apps/v1",
            resource_version=str(deployment.generation),
            generation=deployment.generation,
            observed=deployment.generation,
            desired=deployment.replicas,
            replicas=deployment.replicas,
            updated=deployment.replicas if rolled else 0,
            ready=deployment.replicas,
            available=deployment.replicas,
            containers=(TemplateContainer("main", ContainerType.CONTAINER, deployment.image),),
            restarted_at=deployment.restarted,
            running=tuple(self._pods(deployment)),
            owner=GitOwner("Argo CD", "shop", "a label", undoes_pin=False) if fault is Fault.UNDONE else None,
        )

    def _pods(self, deployment: Deployment) -> Iterable[RunningImage]:
        if deployment.replicas:
            yield RunningImage("main", deployment.image, deployment.digest, deployment.replicas, deployment.replicas)

    def _roll(self, deployment: Deployment, fault: Fault) -> None:
        if (
            not deployment.replicas
            or not deployment.rolled_at
            or deployment.rolled_at > self._world.clock.awake
            or fault is Fault.STALLED
        ):
            return
        name, _, pin = deployment.image.partition("@")
        repository = RepositoryName(REGISTRY, name.partition("/")[2].partition(":")[0])
        deployment.digest = pin or self._world.tags[repository, "1"]

    async def identity(self, key: ObjectKey) -> PodIdentity | None:
        """Of its own."""
        return PodIdentity("shop", ("database", "tls"))

    async def rights(self, key: ObjectKey, change: WorkloadChange) -> tuple[Right, ...]:
        """Held."""
        return (Right("patch deployments", key.namespace, RightState.HELD),)

    def _change(self, seen: RolloutState, change: Callable[[Deployment], None]) -> Receipt:
        world, step, fault = self._world, self._world.steps[seen.key], self._fault(seen.key)
        world.moment()
        world.sends.append(step)
        errors: dict[Fault, SourceError] = {
            Fault.DOWN: Unreachable("The API server cannot be reached"),
            Fault.REFUSED: Forbidden("The right to patch is missing"),
            Fault.CHANGED: Changed("The object has changed", differences=("the image was a and is b",)),
            Fault.LOST_BEFORE: OutcomeUnknown("The connection was cut"),
        }
        if fault in errors:
            raise errors[fault]
        deployment = world.deployments[seen.key]
        deployment.before = deployment.image
        change(deployment)
        deployment.generation += 1
        deployment.rolled_at = world.clock.awake + ROLLS
        world.done.append(step)
        world.moment()
        if fault is Fault.ANSWER_LOST:
            raise OutcomeUnknown("The connection was cut")
        return Receipt(deployment.generation, str(deployment.generation), "audit-1")

    async def restart(self, seen: RolloutState, at: datetime) -> Receipt:
        """Restart it."""

        def change(deployment: Deployment) -> None:
            deployment.restarted = at.isoformat()

        return self._change(seen, change)

    async def pin(self, seen: RolloutState, images: Mapping[str, str]) -> Receipt:
        """Pin it."""

        def change(deployment: Deployment) -> None:
            deployment.image = images["main"]

        return self._change(seen, change)

    async def scale(self, seen: RolloutState, replicas: int) -> Receipt:
        """Scale it."""

        def change(deployment: Deployment) -> None:
            deployment.replicas = replicas

        return self._change(seen, change)


class HandLocks:
    """The locks of the registry."""

    registry = REGISTRY

    def __init__(self, world: World) -> None:
        self._world = world

    async def read(self, target: LockTarget) -> Locks:
        """What is allowed."""
        self._world.moment()
        return self._world.locked.get(str(target), Locks())

    async def rights(self, target: LockTarget) -> tuple[Right, ...]:
        """Not known."""
        return ()

    async def change(self, target: LockTarget, seen: Locks, wanted: Locks) -> Locks:
        """Change them."""
        world = self._world
        world.moment()
        step = f"{'unread' if seen.read and not wanted.read else 'lock'}-{target.name.repository}"
        world.sends.append(step)
        fault = world.faults.get(step, Fault.NONE)
        if fault is Fault.REFUSED:
            raise Forbidden("The right is missing")
        if fault is Fault.LOST_BEFORE:
            raise OutcomeUnknown("The connection was cut")
        if fault is Fault.CHANGED:
            raise Changed("It is not as seen")
        world.locked[str(target)] = wanted
        world.done.append(step)
        world.moment()
        if fault is Fault.ANSWER_LOST:
            raise OutcomeUnknown("The connection was cut")
        return wanted
