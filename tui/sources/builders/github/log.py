"""Logs of GitHub: one for each job, once it is done; until then its steps are what there is to see.

Source: docs.github.com "Download job logs for a workflow run": 302 to another host, for a minute, which gets no credential. A job
that was cancelled before it began never has one (actions/runner#886); before there is one, 404 or `BlobNotFound`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from tui.domain.common.redaction import quoted
from tui.errors import SourceError
from tui.sources.builders.github.session import judge_github
from tui.sources.builders.github.wire import WorkflowJob
from tui.sources.builders.service import Service
from tui.sources.kit.entries import FORM
from tui.sources.kit.loglines import clean_line, without_time
from tui.sources.kit.polling import Polling

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply

__all__ = ["first_error", "followed_log", "job_log"]

LOG_LIMIT = 32 << 20
LOOKS_FOR_LOG = 3
ERROR = "##[error]"
_GROUP, _END = "##[group]", "##[endgroup]"
Look = Callable[[], Awaitable[tuple[bool, Sequence[WorkflowJob]]]]
"""Whether the run has ended, and its jobs."""


async def job_log(service: Service, repository: str, job: WorkflowJob) -> list[str]:
    """The lines of a job's log; none when there is no log."""

    def judge(reply: Reply, action: str) -> SourceError | None:
        return None if reply.status in (404, 410) else judge_github(reply, action, service.title)

    path = f"{repository}/actions/jobs/{job.id}/logs"
    reply = await service.read(path, "read the log", accept="*/*", limit=LOG_LIMIT, elsewhere=True, judge=judge)
    if reply.status != 200 or b"BlobNotFound" in reply.body[:2_000]:
        return []
    lines = reply.body.decode("utf-8", "replace").split("\n")
    cleaned = (clean_line(without_time(line)) for line in (lines[:-1] if not lines[-1] else lines))
    return [line.removeprefix(_GROUP) for line in cleaned if line != _END]


def first_error(lines: Sequence[str]) -> str:
    """The line that says why a job failed; that a process ended with a code says least."""
    errors = [line.removeprefix(ERROR) for line in lines if line.startswith(ERROR)]
    telling = [line for line in errors if not line.startswith("Process completed with exit code")]
    return quoted((telling or errors or [""])[0], 300)


async def followed_log(service: Service, repository: str, look: Look, poll: float) -> AsyncGenerator[str, None]:
    """Each step as it ends, then the job's log; until the run has ended and every job was told."""
    steps: set[tuple[int, int]] = set()
    looks: dict[int, int] = {}
    polling = Polling("log", poll)
    while True:
        has_ended, jobs = await look()
        for job in jobs:
            for step in job.steps:
                if step.status == "completed" and (job.id, step.number) not in steps:
                    steps.add((job.id, step.number))
                    yield f"{quoted(job.name, 60)}: {quoted(step.name, 100)}: {quoted(step.conclusion, 20) or 'done'}"
            if job.is_unreadable and job.id not in looks:
                looks[job.id] = LOOKS_FOR_LOG
                yield f"{quoted(job.name, 60)}: GitHub describes it {FORM}; its log is not read."
            if job.status != "completed" or looks.get(job.id, 0) >= LOOKS_FOR_LOG:
                continue
            lines = await job_log(service, repository, job)
            looks[job.id] = LOOKS_FOR_LOG if lines or job.conclusion == "cancelled" else looks.get(job.id, 0) + 1
            if not lines and looks[job.id] == LOOKS_FOR_LOG:
                yield f"{quoted(job.name, 60)}: {_without_log(job)}"
            for line in lines:
                yield line
        if has_ended and all(looks.get(job.id, 0) >= LOOKS_FOR_LOG for job in jobs):
            return
        await polling.rest()


def _without_log(job: WorkflowJob) -> str:
    if job.conclusion == "cancelled":
        return "it was cancelled, and has no log."
    return "it was skipped." if job.conclusion == "skipped" else "GitHub has no log of it (any more)."
