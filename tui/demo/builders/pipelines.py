"""Azure Pipelines as Azure DevOps answers: definitions, runs, timelines, checks, logs by lines, permissions.

Forms: recordings of azure-devops-cli-extension; MicrosoftDocs/vsts-rest-api-specs `build`, `pipelines`, `git` 7.1. A token that
is over is answered with 203 and a sign-in page, one that is wrong with 401.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from tui.demo.builders.jobs import JobModel, Why
from tui.demo.builders.works import STEPS, RunModel, Works
from tui.demo.content import Json
from tui.demo.http import Headers, Reply, Request, json_reply

__all__ = ["Pipelines"]

ORGANISATION, PROJECT = "contoso", "shop"
PROJECT_ID = "70642ceb-5192-4e9e-8ec0-865714dc08b7"
REPOSITORY_ID = "6255c947-5f27-47d6-9776-8b2478b91680"
ME = "22157d54-1821-6536-a446-928b06348385"
BUILD = "33344d9c-fc72-4d6f-aba5-fa317101a7e9"
_RESULTS = {"succeeded": "succeeded", "failed": "failed", "cancelled": "canceled"}
_SIGN_IN = b"<!DOCTYPE html><html><head><title>Azure DevOps Services | Sign In</title></head></html>"


class Pipelines:
    """Answers requests; `known` says whether a token of Entra ID counts, `base_of` what an image is built on."""

    def __init__(self, works: Works, token: str, is_known: Callable[[str], bool], base_of: Callable[[str], str]) -> None:
        self._works, self._token, self._known, self._base_of = works, token, is_known, base_of
        self.is_over = False

    async def handle(self, request: Request) -> Reply:
        """One request."""
        activity = str(uuid.uuid4())
        if self.is_over:
            reply = Reply(203, _SIGN_IN, media_type="text/html; charset=utf-8")
        elif not self._signed_in(request):
            reply = json_reply(
                {"count": 0, "value": []}, 401, (("WWW-Authenticate", 'Basic realm="https://tfs.app.visualstudio.com/"'),)
            )
        else:
            reply = self._answer(request)
        reply.headers = (*reply.headers, ("ActivityId", activity), ("X-VSS-E2EID", activity), ("Cache-Control", "no-cache"))
        return reply

    def _signed_in(self, request: Request) -> bool:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer":
            return self._known(value)
        try:
            return scheme == "Basic" and base64.b64decode(value).decode().partition(":")[2] == self._token
        except ValueError:
            return False

    def _answer(self, request: Request) -> Reply:
        if request.path == f"/{ORGANISATION}/_apis/connectionData":
            user = {"id": ME, "providerDisplayName": "Contoso Operator", "isActive": True}
            return json_reply({"authenticatedUser": user, "authorizedUser": user})
        if match := re.fullmatch(rf"/{ORGANISATION}/_apis/permissions/{BUILD}/(\d+)", request.path):
            return json_reply({"count": 1, "value": [int(match[1]) in (1, 128, 512)]})
        prefix = f"/{ORGANISATION}/{PROJECT}/_apis"
        if not request.path.startswith(prefix):
            name = "ProjectDoesNotExistWithNameException"
            return _error(
                404, "TF200016: The following project does not exist. Verify that the name of the project is correct.", name
            )
        return self._in_project(request, request.path.removeprefix(prefix))

    def _in_project(self, request: Request, path: str) -> Reply:
        if match := re.fullmatch(r"/build/definitions(?:/(\d+))?", path, re.IGNORECASE):
            return self._definitions(match[1])
        if path == f"/git/repositories/{REPOSITORY_ID}/items":
            return self._file(request)
        if match := re.fullmatch(r"/pipelines/(\d+)/runs", path):
            return self._start(request, self._job(match[1]))
        if path == "/pipelines/approvals":
            return self._approvals(request)
        if path.lower() == "/build/builds":
            return self._builds(request)
        if match := re.fullmatch(r"/build/builds/(\d+)(/.*)?", path, re.IGNORECASE):
            run = self._works.runs.get(int(match[1]))
            if run is None:
                return _error(404, f"The requested build {match[1]} could not be found.", "BuildNotFoundException")
            return self._build(request, run, match[2] or "")
        return _error(404, "The controller for path was not found.", "VssResourceNotFoundException")

    def _job(self, number: str) -> JobModel | None:
        return next((job for job in self._works.jobs.values() if str(job.number) == number), None)

    # ---- definitions

    def _definitions(self, number: str | None) -> Reply:
        if number is None:
            jobs = [self._definition(job) for job in self._works.jobs.values()]
            return json_reply({"count": len(jobs), "value": jobs})
        job = self._job(number)
        if job is None:
            return _error(404, f"VS402881: Definition {number} was not found.", "DefinitionNotFoundException")
        pushes = {"branchFilters": [], "pathFilters": [], "settingsSourceType": 2, "triggerType": "continuousIntegration"}
        more = {
            "triggers": [{**pushes, "batchChanges": False, "maxConcurrentBuildsPerBranch": 1}],
            "process": {"yamlFilename": f"pipelines/{job.number}.yml", "type": 2},
            "repository": {**_repository(), "defaultBranch": "refs/heads/main"},
            "variables": {"TAG_SUFFIX": {"value": "", "allowOverride": True}},
        }
        return json_reply({**self._definition(job), **more})

    def _definition(self, job: JobModel) -> Json:
        root = f"https://dev.azure.com/{ORGANISATION}/{PROJECT_ID}"
        return {
            "_links": {
                "self": {"href": f"{root}/_apis/build/Definitions/{job.number}?revision=4"},
                "web": {"href": f"{root}/_build/definition?definitionId={job.number}"},
            },
            "quality": "definition",
            "drafts": [],
            "queue": _queue(),
            "id": job.number,
            "name": f"Build {job.line.partition('/')[2]}",
            "url": f"{root}/_apis/build/Definitions/{job.number}?revision=4",
            "uri": f"vstfs:///Build/Definition/{job.number}",
            "path": "\\",
            "type": "build",
            "queueStatus": "enabled",
            "revision": 4,
            "createdDate": "2025-01-07T04:49:37.713Z",
            "project": _project(),
        }

    def _file(self, request: Request) -> Reply:
        path = request.query.get("path", "")
        match = re.fullmatch(r"/?pipelines/(\d+)\.yml", path)
        job = self._job(match[1]) if match else None
        if job is None:
            return _error(404, f"TF401174: The item '{path}' could not be found in the repository.", "GitItemNotFoundException")
        host, _, repository = self._base_of(job.line).partition("/")
        resources = (
            f"resources:\n  containers:\n  - container: base\n    type: ACR\n    registry: {host}\n    repository: {repository}\n"
        )
        trigger = "" if job.why is Why.NO_TRIGGER else f"{resources}    trigger: true\n"
        text = f"trigger:\n- main\n{trigger}parameters:\n- name: image\n  default: ''\n- name: trustree_mark\n  default: ''\n"
        return json_reply({"objectId": f"{job.number:040x}", "gitObjectType": "blob", "path": path, "content": text})

    # ---- runs

    def _start(self, request: Request, job: JobModel | None) -> Reply:
        if job is None:
            return _error(404, "The pipeline was not found.", "PipelineDoesNotExistException")
        if request.method != "POST":
            runs = [self._pipeline_run(run) for run in self._works.of(job)]
            return json_reply({"count": len(runs), "value": runs})
        try:
            body = json.loads(request.body)
        except ValueError:
            return _error(400, "Value cannot be null. Parameter name: runParameters", "ArgumentNullException")
        values = {str(name): str(value) for name, value in (body.get("templateParameters") or {}).items()}
        if unexpected := [name for name in values if name not in ("image", "trustree_mark")]:
            return _error(400, f"Unexpected parameter '{unexpected[0]}'", "PipelineValidationException")
        variables = {str(name): str(value.get("value", "")) for name, value in (body.get("variables") or {}).items()}
        if refused := [name for name in variables if name != "TAG_SUFFIX"]:
            return _error(400, f"You can't set the following variables ({refused[0]}).", "PipelineValidationException")
        ref = ((body.get("resources") or {}).get("repositories") or {}).get("self", {}).get("refName", "refs/heads/main")
        run = self._works.start(job, {**values, **variables}, ME, str(ref).removeprefix("refs/heads/"))
        return json_reply(self._pipeline_run(run))

    def _pipeline_run(self, run: RunModel) -> Json:
        root = f"https://dev.azure.com/{ORGANISATION}/{PROJECT_ID}"
        ended = {"result": _RESULTS[run.result], "finishedDate": _moment(run.finished)} if run.result else {}
        return {
            "_links": {"self": {"href": f"{root}/_apis/pipelines/{run.job.number}/runs/{run.number}"}},
            "templateParameters": run.values,
            "pipeline": {"id": run.job.number, "revision": 4, "name": f"Build {run.job.line.partition('/')[2]}", "folder": "\\"},
            "state": "completed" if run.result else "inProgress",
            **ended,
            "createdDate": _moment(run.created),
            "url": f"{root}/_apis/pipelines/{run.job.number}/runs/{run.number}",
            "id": run.number,
            "name": f"{run.created:%Y%m%d}.{run.number}",
        }

    def _builds(self, request: Request) -> Reply:
        query = request.query
        numbers = set(query.get("definitions", "").split(",")) - {""}
        runs = [run for run in self._works.runs.values() if not numbers or str(run.job.number) in numbers]
        runs.sort(key=lambda run: -run.number)
        most = int(query.get("$top", "1000"))
        return json_reply({"count": len(runs[:most]), "value": [self._build_json(run) for run in runs[:most]]})

    def _build(self, request: Request, run: RunModel, subpath: str) -> Reply:
        if not subpath and request.method == "PATCH":
            self._works.cancel(run)
            return json_reply({**self._build_json(run), "status": "cancelling"})
        if not subpath:
            return json_reply(self._build_json(run))
        if subpath.lower() == "/timeline":
            return json_reply(self._timeline(run))
        match = re.fullmatch(r"/logs/(\d+)", subpath)
        place = int(match[1]) - 1 if match else -1
        if not 0 <= place < len(STEPS):
            return _error(404, f"Log with ID {place + 1} not found.", "LogNotFoundException")
        lines = [f"{time:%Y-%m-%dT%H:%M:%S.%f}7Z {_marked(text)}" for time, text in run.lines[place]]
        begin = max(0, int(request.query.get("startLine", "0")))
        return json_reply({"count": len(lines[begin:]), "value": lines[begin:]})

    def _build_json(self, run: RunModel) -> Json:
        root = f"https://dev.azure.com/{ORGANISATION}/{PROJECT_ID}"
        person = _person(run.user)
        status = "completed" if run.result else "inProgress" if run.started or run.waiting else "notStarted"
        times = {"startTime": run.started, "finishTime": run.finished}
        return {
            "_links": _links(root, run),
            "properties": {},
            "tags": [],
            "validationResults": [],
            "triggerInfo": {},
            "id": run.number,
            "buildNumber": f"{run.created:%Y%m%d}.{run.number}",
            "status": status,
            **({"result": _RESULTS[run.result]} if run.result else {}),
            "queueTime": _moment(run.created),
            **{name: _moment(time) for name, time in times.items() if time is not None},
            "url": f"{root}/_apis/build/Builds/{run.number}",
            "definition": self._definition(run.job),
            "buildNumberRevision": run.number,
            "project": _project(),
            "uri": f"vstfs:///Build/Build/{run.number}",
            "sourceBranch": f"refs/heads/{run.branch}",
            "sourceVersion": f"{run.number:040x}",
            "queue": _queue(),
            "priority": "normal",
            "reason": {"push": "individualCI", "resource": "resourceTrigger"}.get(run.cause, "manual"),
            "requestedFor": person,
            "requestedBy": person,
            "lastChangedDate": _moment(run.finished or run.created),
            "lastChangedBy": person,
            "templateParameters": run.values,
            "logs": {"id": 0, "type": "Container", "url": f"{root}/_apis/build/builds/{run.number}/logs"},
            "repository": _repository(),
            "keepForever": False,
            "retainedByRelease": False,
            "triggeredByBuild": None,
        }

    def _timeline(self, run: RunModel) -> Json:
        stage, job = _id(run, "stage"), _id(run, "job")
        state = "completed" if run.result else "inProgress" if run.started else "pending"
        result = _RESULTS.get(run.result)
        records: list[Json] = [
            _record(stage, None, "Stage", "Build and push", state, result, 1),
            _record(job, stage, "Job", "build", state, result, 2),
        ]
        if run.waiting:
            checkpoint = _id(run, "checkpoint")
            records.append(_record(checkpoint, stage, "Checkpoint", "Checkpoint", "inProgress", None, 1))
            records.append(
                _record(_id(run, "approval"), checkpoint, "Checkpoint.Approval", "Checkpoint.Approval", "inProgress", None, 1)
            )
        for place, name in enumerate(STEPS):
            records.append(self._task(run, job, place, name))
        return {"records": records[::-1], "id": _id(run, "timeline"), "changeId": len(records), "url": ""}

    def _task(self, run: RunModel, job: str, place: int, name: str) -> Json:
        state = run.state_of(place)
        state_word = {"pending": "pending", "running": "inProgress"}.get(state, "completed")
        result = {"succeeded": "succeeded", "failed": "failed", "cancelled": "canceled"}.get(state)
        record = _record(_id(run, f"task{place}"), job, "Task", name, state_word, result, place + 1)
        if run.lines[place]:
            record["log"] = {"id": place + 1, "type": "Container", "url": f"https://dev.azure.com/logs/{place + 1}"}
        if state == "failed":
            ending = "Bash exited with code '1'."
            texts = [text for text in (ending, run.error) if text]
            record["issues"] = [{"type": "error", "category": "General", "message": text} for text in texts]
            record["errorCount"] = len(texts)
        return record

    def _approvals(self, request: Request) -> Reply:
        ids = request.query.get("approvalIds", "").split(",")
        waiting = [run for run in self._works.runs.values() if run.waiting and _id(run, "approval") in ids]
        steps = [{"assignedApprover": {"displayName": "Release Managers", "id": "1"}, "status": "pending", "order": 1}]
        value = [{"id": _id(run, "approval"), "steps": steps, "status": "pending", "instructions": ""} for run in waiting]
        return json_reply({"count": len(value), "value": value})


def _record(name: str, parent: str | None, kind: str, title: str, state: str, result: str | None, order: int) -> Json:
    fields: Json = {"state": state, "result": result, "order": order, "log": None, "issues": [], "errorCount": 0, "attempt": 1}
    return {"previousAttempts": [], "id": name, "parentId": parent, "type": kind, "name": title, **fields}


def _id(run: RunModel, part: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{run.number}/{part}"))


def _marked(text: str) -> str:
    return text.replace("error: ", "##[error]", 1) if text.startswith("error: ") else text


def _project() -> Json:
    more = {"state": "wellFormed", "revision": 73, "visibility": "organization", "lastUpdateTime": "2023-12-26T06:21:02.863Z"}
    return {"id": PROJECT_ID, "name": PROJECT, "url": f"https://dev.azure.com/{ORGANISATION}/_apis/projects/{PROJECT_ID}", **more}


def _queue() -> Json:
    url = f"https://dev.azure.com/{ORGANISATION}/_apis/build/Queues/72"
    return {"id": 72, "name": "Azure Pipelines", "url": url, "pool": {"id": 9, "name": "Azure Pipelines", "isHosted": True}}


def _repository() -> Json:
    url = f"https://dev.azure.com/{ORGANISATION}/{PROJECT}/_git/{quote(PROJECT)}"
    return {"id": REPOSITORY_ID, "type": "TfsGit", "name": PROJECT, "url": url, "clean": None, "checkoutSubmodules": False}


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}7Z" if moment else ""


def _error(status: int, message: str, kind: str, headers: Headers = ()) -> Reply:
    """Azure DevOps' refusals."""
    name = f"Microsoft.TeamFoundation.{kind}, Microsoft.TeamFoundation"
    body: Json = {"$id": "1", "innerException": None, "message": message, "typeName": name, "typeKey": kind}
    return json_reply({**body, "errorCode": 0, "eventId": 3000}, status, headers)


def _person(user: str) -> Json:
    return {"displayName": "Contoso Operator", "id": user if user == ME else str(uuid.uuid5(uuid.NAMESPACE_URL, user))}


def _links(root: str, run: RunModel) -> Json:
    return {
        "self": {"href": f"{root}/_apis/build/Builds/{run.number}"},
        "web": {"href": f"{root}/_build/results?buildId={run.number}"},
        "timeline": {"href": f"{root}/_apis/build/builds/{run.number}/Timeline"},
    }
