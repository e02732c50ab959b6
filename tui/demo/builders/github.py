"""GitHub Actions as a GitHub Enterprise Server answers: workflows, dispatches, runs with jobs and steps, logs on another host.

Forms: recordings of PyGithub; docs.github.com REST "actions". As an older server it takes a dispatch with 204 and names no run.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from datetime import UTC, datetime

from tui.demo.builders.jobs import JobModel, Why
from tui.demo.builders.works import STEPS, RunModel, Works
from tui.demo.content import Json
from tui.demo.http import Headers, Reply, Request, json_reply, text_reply

__all__ = ["GitHub", "LogStore"]

API = "/api/v3"
SCOPES = "repo, workflow"
_CONCLUSIONS = {"succeeded": "success", "failed": "failure", "cancelled": "cancelled"}


class LogStore:
    """Where logs lie: behind addresses that count for a minute, and which nobody may send a credential to."""

    def __init__(self) -> None:
        self.address = ""
        self._texts: dict[str, str] = {}

    def address_of(self, text: str) -> str:
        """A new address for a log."""
        name = secrets.token_hex(8)
        self._texts[name] = text
        return f"{self.address}/logs/{name}?sv=2025-01-05&sig={secrets.token_urlsafe(8)}"

    async def handle(self, request: Request) -> Reply:
        """One request."""
        if "authorization" in request.headers:
            # Azure Storage: a shared access signature and a header exclude one another.
            return _blob_error("InvalidAuthenticationInfo", 400)
        text = self._texts.get(request.path.removeprefix("/logs/"))
        return _blob_error("BlobNotFound", 404) if text is None else text_reply(text, 200)


class GitHub:
    """Answers requests; with `names_runs` a dispatch says which run came of it."""

    def __init__(self, works: Works, token: str, logs: LogStore, *, names_runs: bool = True) -> None:
        self._works, self._token, self.logs, self._names_runs = works, token, logs, names_runs

    async def handle(self, request: Request) -> Reply:
        """One request."""
        if request.headers.get("authorization") != f"Bearer {self._token}":
            reply = _message("Bad credentials", 401)
        elif not request.path.startswith(API):
            reply = _message("Not Found", 404)
        else:
            reply = self._answer(request, request.path.removeprefix(API))
        limits = (("X-RateLimit-Limit", "5000"), ("X-RateLimit-Remaining", "4970"), ("X-RateLimit-Resource", "core"))
        when = (("X-RateLimit-Reset", str(int(datetime.now(UTC).timestamp()) + 1800)),)
        identity = (
            ("X-OAuth-Scopes", SCOPES),
            ("X-Accepted-OAuth-Scopes", ""),
            ("X-GitHub-Request-Id", secrets.token_hex(6).upper()),
        )
        reply.headers = (*reply.headers, *limits, *when, *identity)
        return reply

    def _answer(self, request: Request, path: str) -> Reply:
        if path == "/user":
            return json_reply({"login": "contoso-operator", "id": 1, "type": "User"})
        match = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", path)
        jobs = {
            job.name.rpartition("/")[2]: job for job in self._works.jobs.values() if match and job.name.startswith(f"{match[1]}/")
        }
        if match is None or not jobs:
            return _message("Not Found", 404)
        repository, subpath = match[1], match[2] or ""
        if not subpath:
            return json_reply(_repository(repository))
        if route := re.fullmatch(r"/contents/\.github/workflows/([^/]+)", subpath):
            return self._file(request, jobs.get(route[1]))
        if route := re.fullmatch(r"/actions/workflows/([^/]+)(/.*)?", subpath):
            job = jobs.get(route[1]) or next((job for job in jobs.values() if str(job.number) == route[1]), None)
            return _message("Not Found", 404) if job is None else self._workflow(request, job, route[2] or "")
        if route := re.fullmatch(r"/actions/runs/(\d+)(/.*)?", subpath):
            run = self._works.runs.get(int(route[1]))
            is_here = run is not None and run.job in jobs.values()
            return self._run(request, run, route[2] or "") if run is not None and is_here else _message("Not Found", 404)
        if route := re.fullmatch(r"/actions/jobs/(\d+)/logs", subpath):
            return self._log(self._works.runs.get(int(route[1]) - 9000))
        return _message("Not Found", 404)

    # ---- workflows

    def _file(self, request: Request, job: JobModel | None) -> Reply:
        if job is None:
            return _message("Not Found", 404)
        text = _yaml(job)
        if "raw" in request.headers.get("accept", ""):
            return Reply(200, text.encode(), media_type="application/vnd.github.raw+json; charset=utf-8")
        return json_reply({"type": "file", "encoding": "base64", "content": base64.b64encode(text.encode()).decode()})

    def _workflow(self, request: Request, job: JobModel, subpath: str) -> Reply:
        if not subpath:
            return json_reply(_workflow(job))
        if subpath == "/runs":
            return json_reply(self._runs(request, job))
        if subpath == "/dispatches" and request.method == "POST":
            return self._dispatch(request, job)
        return _message("Not Found", 404)

    def _dispatch(self, request: Request, job: JobModel) -> Reply:
        try:
            body = json.loads(request.body)
        except ValueError:
            return _message("Problems parsing JSON", 400)
        if job.why is Why.INACTIVE:
            return _message("Cannot trigger a 'workflow_dispatch' on a disabled workflow", 422)
        if body.get("ref") not in ("main", "refs/heads/main"):
            return _message(f"No ref found for: {body.get('ref')}", 422)
        values = {str(name): str(value) for name, value in (body.get("inputs") or {}).items()}
        if unexpected := [name for name in values if name not in ("image", "trustree_mark")]:
            return _message(f"Unexpected inputs provided: {json.dumps(unexpected)}", 422)
        run = self._works.start(job, values, "contoso-operator")
        if not self._names_runs or not body.get("return_run_details"):
            return Reply(204)
        address = f"https://git.contoso.example{API}/repos/{_repository_of(job)}/actions/runs/{run.number}"
        page = f"https://git.contoso.example/{_repository_of(job)}/actions/runs/{run.number}"
        return json_reply({"workflow_run_id": run.number, "run_url": address, "html_url": page})

    def _runs(self, request: Request, job: JobModel) -> Json:
        query = request.query
        runs = self._works.of(job)
        if event := query.get("event"):
            runs = [run for run in runs if _event(run) == event]
        if branch := query.get("branch"):
            runs = [run for run in runs if run.branch == branch]
        if (created := query.get("created", "")).startswith(">="):
            runs = [run for run in runs if _moment(run.created) >= created[2:]]
        most = min(int(query.get("per_page", "30")), 100)
        return {"total_count": len(runs), "workflow_runs": [_run(run) for run in runs[:most]]}

    # ---- runs

    def _run(self, request: Request, run: RunModel, subpath: str) -> Reply:
        if not subpath:
            return json_reply(_run(run))
        if subpath == "/jobs":
            return json_reply({"total_count": 1, "jobs": [_job(run)]})
        if subpath == "/pending_deployments":
            return json_reply([_deployment(run)] if run.waiting else [])
        if subpath == "/cancel" and request.method == "POST":
            if run.result:
                return _message("Cannot cancel a workflow run that is completed.", 409)
            self._works.cancel(run)
            return json_reply({}, 202)
        return _message("Not Found", 404)

    def _log(self, run: RunModel | None) -> Reply:
        if run is None or not run.result or run.started is None:
            return _message("Not Found", 404)
        lines = (f"{_moment(time)[:-1]}.1234567Z {text.replace('error: ', '##[error]', 1)}\r\n" for time, text in run.log)
        ending = "##[error]Process completed with exit code 1.\r\n" if run.result == "failed" else ""
        return Reply(302, b"", (("Location", self.logs.address_of("\ufeff" + "".join(lines) + ending)),))


def _repository_of(job: JobModel) -> str:
    return job.name.rpartition("/")[0]


def _repository(name: str) -> Json:
    rights = {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True}
    short = name.rpartition("/")[2]
    return {
        "id": 7,
        "name": short,
        "full_name": name,
        "private": True,
        "archived": False,
        "default_branch": "main",
        "permissions": rights,
    }


def _yaml(job: JobModel) -> str:
    schedule = "  schedule:\n  - cron: '17 3 * * *'\n" if job.why in (Why.WORKS, Why.INACTIVE) else ""
    inputs = "    inputs:\n      image: {required: false}\n      trustree_mark: {required: false}\n"
    name = f"Build {job.line.rpartition('/')[2]}"
    return (
        f"name: {name}\nrun-name: {name} ${{{{ inputs.trustree_mark }}}}\non:\n  push:\n{schedule}  workflow_dispatch:\n{inputs}"
    )


def _workflow(job: JobModel) -> Json:
    file = job.name.rpartition("/")[2]
    address = f"https://git.contoso.example{API}/repos/{_repository_of(job)}/actions/workflows/{job.number}"
    page = f"https://git.contoso.example/{_repository_of(job)}"
    return {
        "id": job.number,
        "node_id": f"W_{job.number}",
        "name": f"Build {job.line.rpartition('/')[2]}",
        "path": f".github/workflows/{file}",
        "state": "disabled_inactivity" if job.why is Why.INACTIVE else "active",
        "created_at": "2024-12-06T21:17:46.000-05:00",
        "updated_at": "2024-12-06T21:50:35.000-05:00",
        "url": address,
        "html_url": f"{page}/blob/main/.github/workflows/{file}",
        "badge_url": f"{page}/workflows/build/badge.svg",
    }


def _person(login: str) -> Json:
    page = "https://git.contoso.example"
    return {"login": login, "id": 1, "node_id": "U_1", "type": "User", "site_admin": False, "html_url": page}


def _run(run: RunModel) -> Json:
    address = f"https://git.contoso.example{API}/repos/{_repository_of(run.job)}/actions"
    person = _person(run.user)
    name = f"Build {run.job.line.rpartition('/')[2]}"
    ended = run.finished or run.started or run.created
    return {
        "id": run.number,
        "name": name,
        "node_id": f"WFR_{run.number}",
        "head_branch": run.branch,
        "head_sha": f"{run.number:040x}",
        "path": f".github/workflows/{run.job.name.rpartition('/')[2]}",
        "display_title": f"{name} {run.values.get('trustree_mark', '')}".strip(),
        "run_number": run.number,
        "event": _event(run),
        "status": _status(run),
        "conclusion": _CONCLUSIONS.get(run.result),
        "workflow_id": run.job.number,
        "url": f"{address}/runs/{run.number}",
        "html_url": f"https://git.contoso.example/{_repository_of(run.job)}/actions/runs/{run.number}",
        "pull_requests": [],
        "created_at": _moment(run.created),
        "updated_at": _moment(ended),
        "actor": person,
        "run_attempt": 1,
        "referenced_workflows": [],
        "run_started_at": _moment(run.created),
        "triggering_actor": person,
        "jobs_url": f"{address}/runs/{run.number}/jobs",
        "logs_url": f"{address}/runs/{run.number}/logs",
        "cancel_url": f"{address}/runs/{run.number}/cancel",
        "rerun_url": f"{address}/runs/{run.number}/rerun",
        "previous_attempt_url": None,
        "workflow_url": f"{address}/workflows/{run.job.number}",
    }


def _job(run: RunModel) -> Json:
    steps = []
    for place, name in enumerate(STEPS):
        state = run.state_of(place)
        status = {"pending": "queued", "running": "in_progress"}.get(state, "completed")
        times = [_moment(time) for time, _ in run.lines[place]]
        began, ended = (times[0], times[-1]) if times else (None, None)
        step = {"name": name, "status": status, "conclusion": _CONCLUSIONS.get(state), "number": place + 1}
        steps.append({**step, "started_at": began, "completed_at": ended if status == "completed" else None})
    address = f"https://git.contoso.example{API}/repos/{_repository_of(run.job)}/actions"
    return {
        "id": run.number + 9000,
        "run_id": run.number,
        "run_url": f"{address}/runs/{run.number}",
        "url": f"{address}/jobs/{run.number + 9000}",
        "workflow_name": f"Build {run.job.line.rpartition('/')[2]}",
        "head_branch": run.branch,
        "run_attempt": 1,
        "node_id": f"CR_{run.number}",
        "head_sha": f"{run.number:040x}",
        "status": _status(run),
        "conclusion": _CONCLUSIONS.get(run.result),
        "created_at": _moment(run.created),
        "started_at": _moment(run.started or run.created),
        "completed_at": _moment(run.finished) if run.finished else None,
        "name": "build",
        "steps": steps if run.started is not None else [],
        "labels": ["ubuntu-latest"],
    }


def _deployment(run: RunModel) -> Json:
    reviewer = {"type": "User", "reviewer": {"login": "release-manager", "id": 9}}
    environment = {"id": 1, "name": "registry", "url": "", "html_url": ""}
    return {"environment": environment, "wait_timer": 0, "current_user_can_approve": False, "reviewers": [reviewer]}


def _status(run: RunModel) -> str:
    if run.result:
        return "completed"
    if run.waiting:
        return "waiting"
    return "in_progress" if run.started is not None else "queued"


def _event(run: RunModel) -> str:
    return "push" if run.cause == "push" else "workflow_dispatch"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _message(message: str, status: int, headers: Headers = ()) -> Reply:
    """GitHub's refusals."""
    body = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    return json_reply(body, status, headers)


def _blob_error(code: str, status: int) -> Reply:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return Reply(status, body.encode(), (("x-ms-error-code", code),), media_type="application/xml")
