"""The demo's servers in this process with what goes wrong on them, and the real ports that act on it: nothing stands in.

What was really done is told by the servers: runs that were started, requests that were made, what pods run.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import msgspec

from tui.actions.actions import Actions
from tui.actions.audit import this_operator
from tui.actions.outside import Limits, Outside
from tui.actions.permissions import Permissions
from tui.demo.estate.changing import declared
from tui.demo.estate.publisher import Published
from tui.demo.estate.rolling_pods import RollingPods
from tui.demo.faults import Faults
from tui.demo.requestlog import LoggedRequest
from tui.demo.running import Run
from tui.demo.scenarios import Scenario
from tui.domain.facts.demand import Demand, Priority
from tui.domain.facts.image import RepositoryName
from tui.domain.plans.board import Board, BoardRow, BoardState
from tui.domain.plans.plan import Action, Plan, StepKind
from tui.domain.snapshot.snapshot import BaseState, Image, Snapshot
from tui.estate.estate import Estate
from tui.settings.load import load
from tui.sources.builders.acr.source import TaskPace
from tui.wiring.parts import open_to_act

__all__ = ["LIMITS", "Emulated", "Mishap", "SetClock", "emulated"]

PACE = 0.06
"""Of what builds and rollouts of the demo take."""
LIMITS = Limits(
    parallel=8, refresh=60.0, look=0.05, look_up=2.0, follow=60.0, push=60.0, sign=60.0, scan=60.0, rollout=60.0, undone=0.2
)
_TRIGGERS = re.compile(r".*/(schedulerun|runs|dispatches|build|buildwithparameters)", re.IGNORECASE)
_SURELY_NOT_DONE = frozenset({401, 403, 429})
READABLE = 60.0
"""Seconds in which the estate reads what has changed."""


class SetClock:
    """The machine's clock, set to another time of day, and set again while a plan is carried out."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead, self.awake = ahead, 0.0

    def now(self) -> datetime:
        """The time of day, as the machine takes it to be."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead + self.awake)

    def monotonic(self) -> float:
        """Seconds awake, and those that `awake` adds."""
        return asyncio.get_running_loop().time() + self.awake

    async def sleep(self, seconds: float) -> None:
        """Let others run."""
        await asyncio.sleep(seconds)


class Mishap:
    """Something that happens once while a plan is carried out, as soon as a run of it is under way."""

    def __init__(self, do: Callable[[], None]) -> None:
        self._do, self.happened = do, False

    def told(self, board: Board) -> None:
        """Hear of a board."""
        if not self.happened and any(row.run is not None for row in board.rows):
            self.happened = True
            self._do()


class Emulated:
    """The demo and the estate that is read from it; `carried_out` carries a plan out, with a state directory of its own."""

    def __init__(self, run: Run, faults: Faults, estate: Estate, actions: Actions, directory: Path) -> None:
        self.run, self.faults, self.estate, self._real, self._directory = run, faults, estate, actions, directory
        self.settings_file, self.kubeconfig = directory / "config.toml", directory / "kubeconfig"
        self._plans = 0
        self._since = 0

    # ---- the outside

    @property
    def requests(self) -> list[LoggedRequest]:
        """What was asked since the plan was made, beyond plain reads."""
        return self.run.requests.others[self._since :]

    @property
    def triggers(self) -> list[LoggedRequest]:
        """The requests that may have started a run."""
        asked = [request for request in self.requests if request.status not in _SURELY_NOT_DONE]
        return [request for request in asked if request.method == "POST" and _TRIGGERS.fullmatch(request.path)]

    @property
    def patches(self) -> list[LoggedRequest]:
        """The requests that may have changed an object of a cluster."""
        return [request for request in self.requests if request.method == "PATCH" and request.status not in _SURELY_NOT_DONE]

    def newest(self, line: str) -> Published:
        """What was pushed last of a line."""
        return self.run.company.yard.newest(line)

    def push(self, line: str, base: Published | None = None) -> Published:
        """Somebody pushes a line anew under its tags."""
        yard = self.run.company.yard
        tags = tuple(dict.fromkeys((yard.newest(line).tag, *yard.floating.get(line, ()))))
        published = yard.rebuild(line, tags, datetime.now(UTC), base)
        self.run.company.scanned.add(published)
        return published

    def start_queued(self, line: str) -> None:
        """What waits in the queue for this line is built now."""
        self.faults.switch()
        self.run.arm.registries[line.partition("/")[0]].builds.start_queued()

    def sign_out(self) -> None:
        """No token counts any more that was issued until now."""
        self.run.expire_tokens()

    def change_image(self, namespace: str, name: str, image: str) -> None:
        """Somebody else puts another image in place in a Deployment, in every cluster that has it."""
        for cluster in self.run.company.clusters:
            for model in cluster.estate.controllers:
                if (model.kind, model.namespace, model.name) == ("Deployment", namespace, name):
                    boxes = tuple(dataclasses.replace(box, image=image) for box in model.boxes)
                    self.run.roller.edit(cluster, model, dataclasses.replace(declared(model), boxes=boxes), "somebody")

    def digests(self, row: BoardRow, line: str) -> set[str]:
        """What the pods of a row's workloads run of a line, as the clusters have it."""
        pods = [
            pod
            for cluster in self.run.company.clusters
            for model in cluster.estate.controllers
            for key in row.workloads
            if (key.cluster, key.namespace, key.kind, key.name) == (cluster.estate.name, model.namespace, model.kind, model.name)
            for pod in RollingPods(cluster, model, None).all
        ]
        containers = [container for pod in pods for container in pod.containers if container.box.image.startswith(line)]
        return {container.image_id.rpartition("@")[2] for container in containers}

    # ---- the estate

    async def until(self, holds: Callable[[Snapshot], bool], what: str) -> None:
        """Wait until the snapshot says so."""
        came = asyncio.Event()
        end = self.estate.subscribe(lambda _: came.set())
        try:
            async with asyncio.timeout(READABLE):
                while not holds(self.estate.snapshot):
                    await came.wait()
                    came.clear()
        except TimeoutError as error:
            raise AssertionError(f"the estate never said: {what}") from error
        finally:
            end()

    def held_by(self, line: str, tag: str) -> Image | None:
        """The image that a tag names, as the estate sees it."""
        images = self.estate.snapshot.images.values()
        return next((image for image in images if str(image.name) == line and tag in image.tags), None)

    async def read_again(self, *lines: str) -> None:
        """Have the estate see what the tags of some lines name now."""
        for line in lines:
            published = self.newest(line)
            host, _, repository = line.partition("/")
            tags = tuple(dict.fromkeys((published.tag, *self.run.company.yard.floating.get(line, ()))))
            self.estate.look_again(
                tuple(Demand(RepositoryName(host, repository), tag, Priority.OPENED, history=True) for tag in tags)
            )

            def is_seen(_: Snapshot, line: str = line, published: Published = published) -> bool:
                image = self.held_by(line, published.tag)
                return image is not None and published.digest in image.digests

            await self.until(is_seen, f"{line} is {published.digest}")

    async def planned(self, line: str, rollouts: int = 1) -> Plan:
        """The plan of a rebuild after its base was fixed, with what rolls it out in at most so many workloads."""
        self.faults.switch()
        await self._built(line)
        base = self.newest(line).base
        assert base is not None
        self.push(base.name)
        await self.read_again(base.name, line)
        tag = self.newest(line).tag

        def is_outdated(_: Snapshot) -> bool:
            image = self.held_by(line, tag)
            return image is not None and image.base is not None and image.base.state is BaseState.OUTDATED

        await self.until(is_outdated, f"{line} is built on an old base")
        self.estate.look_at_runs()
        await self.until(lambda snapshot: self._has_job(snapshot, line, tag), f"who builds {line}")
        keys = {image.key for image in self.estate.snapshot.images.values() if str(image.name) == line and _counts(image, tag)}
        plan = await self._real.plan(Action.REBUILD, keys, (), line)
        build = next((step for step in plan.ready if step.kind is StepKind.REBUILD and step.image in keys), None)
        assert build is not None, [(step.target, step.blocked) for step in plan.steps]
        rolls = [step for step in plan.ready if step.workload is not None and build.id in step.needs]
        self._since = len(self.run.requests.others)
        return msgspec.structs.replace(plan, steps=(build, *rolls[:rollouts]))

    async def _built(self, line: str) -> None:
        """A run that goes well, so that nothing is left of an earlier day."""
        host, _, repository = line.partition("/")
        registry = self.run.arm.registries[host]
        task = next((task for task in registry.tasks.values() if task.repository == repository), None)
        if task is None:
            return
        run = registry.builds.start(task, "QuickRun", {}, token="of somebody else")
        assert run.steps is not None
        await run.steps

    def _has_job(self, snapshot: Snapshot, line: str, tag: str) -> bool:
        image = self.held_by(line, tag)
        return image is not None and bool(snapshot.builders.get(image.key))

    def directory(self) -> Path:
        """A state directory that nobody has used."""
        self._plans += 1
        return self._directory / str(self._plans)

    @asynccontextmanager
    async def acting(self, directory: Path, clock: SetClock | None = None, limits: Limits = LIMITS) -> AsyncIterator[Actions]:
        """What acts, by the real ports, with its state in a directory."""
        own = clock or SetClock()

        @asynccontextmanager
        async def reach(plan: Plan) -> AsyncIterator[Outside]:
            async with self._real._reach(plan) as outside:
                yield dataclasses.replace(outside, clock=own, limits=limits)

        actions = Actions(self.estate, reach, Permissions(everywhere=True), directory, this_operator, limits, own)
        async with actions.running():
            yield actions

    async def carried_out(
        self,
        plan: Plan,
        directory: Path,
        told: Callable[[Board], None] | None = None,
        clock: SetClock | None = None,
        limits: Limits = LIMITS,
    ) -> tuple[BoardRow, ...]:
        """The rows of a plan when nothing is left to do."""
        async with self.acting(directory, clock, limits) as actions:
            if told is not None:
                actions.subscribe(told)
            await actions.begin(plan)
            return (await actions.finished(plan.id)).rows

    # ---- what must hold

    def check(self, plan: Plan, rows: tuple[BoardRow, ...], directory: Path, others: int = 0) -> None:
        """At most one trigger and one change a step, nothing green that is not so, and an audit log that tells it."""
        lines = told(directory)
        builds = [step for step in plan.steps if step.kind is StepKind.REBUILD]
        assert len(self.triggers) <= len(builds) + others, f"sent twice: {self.triggers}"
        paths = [request.path for request in self.patches]
        assert len(paths) == len(set(paths)), f"changed twice: {paths}"
        sends = [line for line in lines if line["event"] == "sending"]
        for step in plan.steps:
            assert sum(line.get("step") == step.id for line in sends) <= 1 + sum(
                line.get("step") == step.id and line["event"] == "refused" for line in lines
            )
        assert len(sends) >= len(self.triggers) - others + len(paths), "the audit log does not tell of a send"
        for row in rows:
            assert row.sentence, row
            if row.state is BoardState.DONE:
                self._check_done(row)
            if row.state not in (BoardState.WAITING, BoardState.RUNNING):
                assert {line["step"] for line in lines if line["event"] == "step-ended"} >= set(row.steps)

    def _check_done(self, row: BoardRow) -> None:
        assert row.image is not None
        line = str(row.image.name)
        published = self.newest(line)
        assert published.base is not None
        assert published.base.digest == self.newest(published.base.name).digest, "green on an old base"
        assert row.digest in {published.digest, *(image.digest for image in published.images.values())}
        image = self.held_by(line, published.tag)
        assert image is not None
        if row.workloads:
            known = {published.digest, *image.digests, *image.config_digests}
            running = self.digests(row, line)
            assert running, f"no pods of {row.workloads}"
            assert running <= known, f"green with other pods: {running - known}"


def told(directory: Path) -> list[dict[str, str]]:
    """The lines of an audit log; one that a full disk has cut is left out."""
    path, lines = directory / "audit.jsonl", []
    for text in path.read_bytes().splitlines() if path.exists() else ():
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return lines


def _counts(image: Image, tag: str) -> bool:
    return image.in_use or tag in image.tags


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    with mock.patch.dict(os.environ, values):
        yield


@contextmanager
def _hurried() -> Iterator[None]:
    """Whoever waits out of politeness waits shorter: the servers are ours."""
    with (
        mock.patch("tui.sources.scanners.rounds.REST", 0.2),
        mock.patch("tui.sources.scanners.rounds.SHARE", 0.5),
        mock.patch("tui.sources.builders.acr.source.TaskPace", return_value=TaskPace(soonest=0.1)),
        mock.patch("tui.sources.builders.source.SOONEST", 0.1),
    ):
        yield


@asynccontextmanager
async def emulated(directory: Path) -> AsyncIterator[Emulated]:
    """The demo, served and read."""
    faults = Faults()
    run = Run(Scenario("bad days", lives=False, faults=lambda: faults), 1, directory, PACE)
    handshake = await run.start()
    environment = {str(name): str(value) for name, value in dict(handshake["environment"]).items()}  # type: ignore[call-overload]
    with _environment({**environment, "XDG_STATE_HOME": str(directory / "state")}), _hurried():
        settings = msgspec.structs.replace(
            load({}, environment={}, path=str(handshake["config"])),
            kubeconfig=str(handshake["kubeconfig"]),
            contexts=("prod-weu", "prod-neu"),
            write=True,
            use_cache=False,
            azure=True,
        )
        living = asyncio.create_task(run.live(), name="the demo lives")
        try:
            async with open_to_act(settings) as (estate, actions):
                assert await estate.settled(READABLE * 2)
                yield Emulated(run, faults, estate, actions, directory)
        finally:
            living.cancel()
            with suppress(asyncio.CancelledError):
                await living
            await run.stop()
