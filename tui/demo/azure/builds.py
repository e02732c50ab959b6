"""Runs of tasks: they wait, build for some seconds, write a log that grows, push an image that is really there, and sign it.

What happens is told by the clock; only the push and the signature are deeds, and come at their time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tui.demo.content import Json
from tui.demo.estate.company import Company
from tui.demo.estate.publisher import Published
from tui.demo.estate.recipes import hash_of
from tui.demo.estate.signed import sign_rebuilt
from tui.demo.estate.tasks import TaskModel, Why, dependencies_of
from tui.demo.faults import Faults

__all__ = ["Builds", "RunModel"]

WAIT, BUILD, SIGN = 0.4, 3.2, 1.1
AT_ONCE = 20
_ENDED = ("Succeeded", "Failed", "Canceled", "Error", "Timeout")


@dataclass(slots=True)
class RunModel:
    """A run; `lines` of its log with the moment at which each was written."""

    id: str
    registry: str
    task: TaskModel | None
    kind: str
    created: datetime
    status: str = "Queued"
    started: datetime | None = None
    finished: datetime | None = None
    error: str = ""
    outputs: list[tuple[str, str, str]] | None = None
    cause: Json = field(default_factory=dict)
    token: str = ""
    lines: list[tuple[datetime, str]] = field(default_factory=list)
    log_is_complete: bool = False
    steps: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in _ENDED

    def log(self) -> bytes:
        """The log as it is now."""
        return "".join(text for _, text in self.lines).encode()

    def write(self, text: str, end: str = "\n") -> None:
        """Add a line to the log."""
        self.lines.append((datetime.now(UTC), text + end))


class Builds:
    """The runs of one registry; `pushed` is told of every image, so that other tasks may start."""

    def __init__(self, company: Company, host: str, faults: Faults, pace: float = 1.0) -> None:
        self._company, self._host, self._faults, self._pace = company, host, faults, pace
        self.runs: dict[str, RunModel] = {}
        self.pushed: Callable[[Published], None] = lambda _: None
        self._letter = chr(ord("a") + hash_of(host) % 26)
        self._at_once = asyncio.Semaphore(AT_ONCE)

    def add_history(self, task: TaskModel) -> None:
        """What ran before today: a run for each of the last versions."""
        if task.why is Why.NEVER_RUN:
            return
        line = [version for version in self._company.yard.published.get(task.line, ()) if version.age > 0]
        for version in line[-3:]:
            self._past(task, version)
        if task.why is Why.FAILED:
            run = self._past(task, line[-1], days=0.6)
            run.status, run.outputs, run.error = "Failed", None, "failed during run, err: exit status 1"
            run.lines.insert(-1, (run.created, "npm ERR! 404 Not Found - GET https://npm.contoso.example/left-pad\n"))
        if task.why is Why.NETWORK:
            run = self._past(task, line[-1], days=0.4)
            run.status, run.outputs = "Failed", None
            run.error = "failed during run, err: denied: client with IP '20.61.98.7' is not allowed access."
        if task.why is Why.QUEUED:
            run = self._past(task, line[-1], days=0.3)
            run.status, run.started, run.finished, run.outputs, run.lines = "Queued", None, None, None, []
            run.log_is_complete = False

    def _past(self, task: TaskModel, version: Published, days: float = 0.0) -> RunModel:
        created = self._company.yard.moment(days or version.age) - timedelta(seconds=150)
        run = RunModel(self._next_id(), self._host, task, "AutoRun", created)
        run.status, run.started = "Succeeded", created + timedelta(seconds=2)
        run.finished = created + timedelta(seconds=70 + hash_of(task.name) % 110)
        run.outputs = [(task.repository, tag, version.digest) for tag in (version.tag, *task.tags[1:])]
        commit = f"{hash_of(version.reference):040x}"[:40]
        run.cause = {"sourceTrigger": {"id": commit[:8], "eventType": "commit", "commitId": commit, "branchName": "main"}}
        run.lines = [(created, f"{text}\n") for text in self._text(run, version)]
        run.log_is_complete = True
        self.runs[run.id] = run
        return run

    def _next_id(self) -> str:
        return f"c{self._letter}{len(self.runs) + 1}"

    # ---- a run of today

    def start(
        self, task: TaskModel | None, kind: str, cause: Json, token: str = "", image: tuple[str, str] = ("", "")
    ) -> RunModel:
        """Let a run begin; `image` is the repository and tag of a quick run."""
        run = RunModel(self._next_id(), self._host, task, kind, datetime.now(UTC), cause=cause, token=token)
        self.runs[run.id] = run
        fault = self._faults.of("tasks", task.name if task else image[0])
        if fault != "queue-full" and not (task is not None and task.pool):
            run.steps = asyncio.get_running_loop().create_task(self._carry_out(run, fault, image))
        return run

    def start_queued(self) -> None:
        """The queue has room again: what waits for that is built."""
        for run in self.runs.values():
            if run.status == "Queued" and run.steps is None and run.task is not None and not run.task.pool:
                run.steps = asyncio.get_running_loop().create_task(self._carry_out(run, "", ("", "")))

    def cancel(self, run: RunModel) -> None:
        """End a run."""
        if not run.ended:
            if run.steps is not None:
                run.steps.cancel()
            self._end(run, "Canceled")

    def _end(self, run: RunModel, status: str, error: str = "") -> None:
        run.status, run.error, run.finished = status, error, datetime.now(UTC)
        run.log_is_complete = True

    async def _carry_out(self, run: RunModel, fault: str, image: tuple[str, str]) -> None:
        with suppress(asyncio.CancelledError):
            async with self._at_once:
                await asyncio.sleep(WAIT * self._pace)
                run.status, run.started = "Running", datetime.now(UTC)
                await self._build(run, fault, image)

    async def _build(self, run: RunModel, fault: str, image: tuple[str, str]) -> None:
        line = run.task.line if run.task else f"{self._host}/{image[0]}"
        if line not in self._company.yard.products:
            self._end(run, "Failed", "failed during run, err: unable to evaluate symlinks in Dockerfile path")
            return
        before = self._company.yard.newest(line)
        texts = list(self._text(run, before))
        middle = len(texts) * 2 // 3
        for place, text in enumerate(texts[:middle]):
            await asyncio.sleep(BUILD * self._pace / len(texts))
            run.write(text, "\r\n" if place % 7 == 3 else "\n")
            if fault in ("half-way", "cancelled", "log-cut") and place == middle // 2:
                if fault != "log-cut":
                    self._stopped(run, fault)
                    return
                run.log_is_complete = True  # nothing more is written, although the run goes on
        if run.task is not None and run.task.why is Why.NETWORK:
            run.write("denied: client with IP '20.61.98.7' is not allowed access.")
            self._end(run, "Failed", "failed during run, err: exit status 1")
            return
        published = self._push(run, fault, line, before, image)
        for text in self._text(run, published or before):
            if fault != "log-cut" and text not in texts[:middle]:
                await asyncio.sleep(BUILD * self._pace / len(texts))
                run.write(text)
        self._end(run, "Succeeded")
        if published is not None:
            self.pushed(published)
            await self._sign(published, fault)

    def _stopped(self, run: RunModel, fault: str) -> None:
        if fault == "cancelled":
            self._end(run, "Canceled")
            return
        run.write(
            '\x1b[31mERROR: failed to solve: process "/bin/sh -c npm ci" did not complete successfully: exit code: 1\x1b[0m'
        )
        self._end(run, "Failed", "failed during run, err: exit status 1")

    def _push(self, run: RunModel, fault: str, line: str, before: Published, image: tuple[str, str]) -> Published | None:
        if fault == "nothing":
            run.outputs = []
            return None
        yard = self._company.yard
        tags = run.task.tags if run.task else (image[1],)
        base = before.base if fault == "old-base" else None
        published = yard.rebuild(line, tags, datetime.now(UTC), base)
        self._company.scanned.add(published)
        digest = before.digest if fault == "other-digest" else published.digest
        run.outputs = [(line.partition("/")[2], tag, digest) for tag in tags]
        if run.task is not None and (dependencies := dependencies_of(yard, published, run.task.why)):
            run.task.dependencies = dependencies
        return published

    async def _sign(self, published: Published, fault: str) -> None:
        if fault == "unsigned":
            return
        await asyncio.sleep(SIGN * self._pace)
        sign_rebuilt(self._company.yard, self._company.signers, published)

    def _text(self, run: RunModel, version: Published) -> Iterator[str]:
        """The log of a build, as ACR writes it (recordings of azure-cli: progress with escapes, the bases at the end)."""
        host, repository = self._host, version.name.partition("/")[2]
        name = run.task.name if run.task else "quick run"
        yield f"2026/11/29 08:00:00 \x1b[36mDownloading source code...\x1b[0m {name}"
        yield "2026/11/29 08:00:01 Finished downloading source code"
        yield f"2026/11/29 08:00:01 Using {host.partition('.')[0]}_vol_cache as the home volume"
        yield "2026/11/29 08:00:02 Setting up Docker configuration..."
        yield f"2026/11/29 08:00:02 Logging in to registry: {host}"
        yield "2026/11/29 08:00:03 Executing step ID: build. Timeout(sec): 28800, Working directory: ''"
        steps = next(iter(version.images.values())).recipe.steps[-12:]
        for number, step in enumerate(steps, 1):
            yield f"Step {number}/{len(steps)} : {step.created_by[:160]}"
            if step.layer:
                yield f"\x1b[1A\x1b[2K\r ---> Running in {hash_of(step.layer):012x}"[:60]
        yield f"Successfully tagged {host}/{repository}:{version.tag}"
        yield "2026/11/29 08:00:04 Executing step ID: push. Timeout(sec): 3600"
        yield f"The push refers to repository [{host}/{repository}]"
        yield f"{version.tag}: digest: {version.digest} size: {len(version.stored[-1].body)}"
        yield "2026/11/29 08:00:05 The following dependencies were found:"
        yield from self._dependencies(version)
        yield f"Run ID: {run.id} was successful after 4s"

    def _dependencies(self, version: Published) -> Iterator[str]:
        yield "- image:"
        yield from _reference_lines(version.name, version.tag, version.digest)
        for base in dependencies_of(self._company.yard, version, Why.WORKS) or ():
            yield "  runtime-dependency:"
            yield from _reference_lines(base.name, base.tag, base.digest)
        yield "  git: {}"
        yield ""


def _reference_lines(name: str, tag: str, digest: str) -> Iterator[str]:
    registry, _, repository = name.partition("/")
    yield from (f"    registry: {registry}", f"    repository: {repository}", f"    tag: {tag}", f"    digest: {digest}")
