"""Runs of jobs: they wait, build for some seconds, write a log that grows, push an image that is really there, and sign it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from tui.demo.builders.jobs import JobModel, Why

__all__ = ["Pushed", "Pusher", "RunModel", "Works"]

WAIT, BUILD, SIGN = 0.4, 2.6, 0.8
FAULTY = "denied: requested access to the resource is denied"
STEPS = ("Set up", "Check out", "Build image", "Push image")


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a run pushed, with its layers' commands for the log."""

    tag: str
    digest: str
    commands: Sequence[str] = ()


class Pusher(Protocol):
    """Builds the newest version of a line anew on today's base; `variant` says how that goes wrong."""

    def push(self, line: str, variant: str) -> Pushed:
        """Push it. `old-base`: on the base of before."""
        ...

    def sign(self, line: str, pushed: Pushed) -> None:
        """Sign what was pushed."""
        ...

    def history(self, line: str) -> Sequence[tuple[datetime, Pushed]]:
        """What was pushed before today, oldest first."""
        ...


@dataclass(slots=True)
class RunModel:
    """A run; `result` is empty until it has ended: `succeeded`, `failed`, `cancelled`. `place` counts the steps that are done."""

    number: int
    job: JobModel
    created: datetime
    values: dict[str, str] = field(default_factory=dict)
    user: str = ""
    cause: str = "manual"
    branch: str = "main"
    started: datetime | None = None
    finished: datetime | None = None
    waiting: bool = False
    cancelling: bool = False
    result: str = ""
    place: int = 0
    lines: list[list[tuple[datetime, str]]] = field(default_factory=lambda: [[] for _ in STEPS])
    log_is_cut: bool = False
    approved: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    steps: asyncio.Task[None] | None = field(default=None, repr=False)

    def write(self, text: str) -> None:
        """Add a line to the log of the step that runs."""
        if not self.log_is_cut:
            self.lines[min(self.place, len(STEPS) - 1)].append((datetime.now(UTC), text))

    @property
    def log(self) -> Iterator[tuple[datetime, str]]:
        """Every line."""
        for lines in self.lines:
            yield from lines

    @property
    def error(self) -> str:
        """The line that says why it failed."""
        return next((text.removeprefix("error: ") for _, text in self.log if text.startswith("error: ")), "")

    def state_of(self, place: int) -> str:
        """Of a step: `pending`, `running`, `succeeded`, `failed`, `cancelled`."""
        if place < self.place or self.result == "succeeded":
            return "succeeded"
        if place > self.place or self.started is None:
            return "pending"
        return self.result or "running"


class Works:
    """The runs of one system; `faults` says how the runs of a job go wrong now."""

    def __init__(
        self, jobs: Sequence[JobModel], pusher: Pusher, faults: Callable[[str], str] = lambda _: "", pace: float = 1.0
    ) -> None:
        self.jobs: Mapping[str, JobModel] = {job.name: job for job in jobs}
        self._pusher, self._faults, self._pace = pusher, faults, pace
        self._runs: dict[int, RunModel] = {}
        self._has_history = False
        self._next = 400

    @property
    def runs(self) -> dict[int, RunModel]:
        """Every run by its number; what ran before today is made up when it is first asked for."""
        if not self._has_history:
            self._has_history = True
            for job in self.jobs.values():
                self._add_history(job)
        return self._runs

    def of(self, job: JobModel) -> list[RunModel]:
        """The runs of a job, newest first."""
        return sorted((run for run in self.runs.values() if run.job == job), key=lambda run: -run.number)

    def start(self, job: JobModel, values: Mapping[str, str], user: str, branch: str = "main", cause: str = "manual") -> RunModel:
        """Let a run begin."""
        runs = self.runs  # what ran before has the smaller numbers
        run = RunModel(self._number(), job, datetime.now(UTC), dict(values), user, cause, branch)
        runs[run.number] = run
        fault = self._faults(job.name)
        if fault != "queue-full" and job.why is not Why.NO_AGENT:
            run.steps = asyncio.get_running_loop().create_task(self._carry_out(run, fault), name=f"demo build {run.number}")
        return run

    def base_pushed(self, name: str, base_of: Callable[[str], str]) -> None:
        """Start what has a trigger for this base, as a resource of a pipeline is one."""
        for job in self.jobs.values():
            if job.why is not Why.NO_TRIGGER and base_of(job.line) == name:
                self.start(job, {}, "", cause="resource")

    def cancel(self, run: RunModel) -> None:
        """End a run."""
        if not run.result:
            if run.steps is not None:
                run.steps.cancel()
            self._end(run, "cancelled")

    def approve(self, run: RunModel) -> None:
        """Let a run go on that waits for somebody."""
        run.waiting = False
        run.approved.set()

    async def stop(self) -> None:
        """End what runs."""
        running = [run.steps for run in self._runs.values() if run.steps is not None and not run.steps.done()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    def _number(self) -> int:
        self._next += 1
        return self._next

    def _end(self, run: RunModel, result: str) -> None:
        run.result, run.finished, run.waiting = result, datetime.now(UTC), False

    def _add_history(self, job: JobModel) -> None:
        past = list(self._pusher.history(job.line))[-3:]
        for time, pushed in past:
            self._past(job, time - timedelta(seconds=130), pushed)
        if job.why is Why.FAILED and past:
            run = self._past(job, datetime.now(UTC) - timedelta(hours=14), past[-1][1])
            run.result, run.place = "failed", 3
            run.lines[3] = [(run.created, "error: denied: requested access to the resource is denied")]

    def _past(self, job: JobModel, created: datetime, pushed: Pushed) -> RunModel:
        run = RunModel(self._number(), job, created, cause="push", user="ann")
        run.started, run.finished = created + timedelta(seconds=3), created + timedelta(seconds=128)
        run.result, run.place = "succeeded", len(STEPS)
        run.lines = [
            [(created + timedelta(seconds=5 * place), text) for text in self._text(run, place, pushed)] for place in range(4)
        ]
        self._runs[run.number] = run
        return run

    async def _carry_out(self, run: RunModel, fault: str) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(WAIT * self._pace)
            if run.job.why is Why.APPROVAL:
                run.waiting = True
                await run.approved.wait()
            run.started = datetime.now(UTC)
            await self._build(run, fault)

    async def _build(self, run: RunModel, fault: str) -> None:
        pushed: Pushed | None = None
        for place in range(len(STEPS)):
            run.place = place
            if place == len(STEPS) - 1 and fault != "nothing":
                pushed = self._pusher.push(run.job.line, fault)
            texts = list(self._text(run, place, pushed))
            for text in texts:
                await asyncio.sleep(BUILD * self._pace / len(STEPS) / len(texts))
                run.write(text)
            if place == 2 and fault in ("half-way", "cancelled", "log-cut"):
                run.log_is_cut = fault == "log-cut"
                if fault == "half-way":
                    run.write("\x1b[31mnpm ERR! 404 Not Found - GET https://npm.contoso.example/left-pad\x1b[0m")
                    run.write('error: failed to solve: process "/bin/sh -c npm ci" did not complete successfully: exit code: 1')
                if fault != "log-cut":
                    self._end(run, "failed" if fault == "half-way" else "cancelled")
                    return
        run.place = len(STEPS)
        self._end(run, "succeeded")
        if pushed is not None and fault != "unsigned":
            await asyncio.sleep(SIGN * self._pace)
            self._pusher.sign(run.job.line, pushed)

    def _text(self, run: RunModel, place: int, pushed: Pushed | None) -> Iterator[str]:
        """What a step writes."""
        host, _, repository = run.job.line.partition("/")
        match place:
            case 0:
                yield f"Preparing the machine for {run.job.name}"
            case 1:
                yield f"Fetching {repository} at {run.branch}"
                yield "\x1b[36mHEAD is now at 4f1d2ab\x1b[0m Build on today's base"
            case 2:
                yield "#1 [internal] load build definition from Dockerfile"
                yield "#2 [1/4] FROM base\x1b[2K\r#2 [1/4] FROM base DONE 0.2s"
                yield f"#8 exporting to image {repository}"
            case _:
                yield f"The push refers to repository [{host}/{repository}]"
                if pushed is not None:
                    yield f"{pushed.tag}: digest: {pushed.digest} size: 2418"
