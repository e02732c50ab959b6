"""Tasks and runs of one registry behind Azure Resource Manager, in the forms of the recordings (azure-cli `acr task`)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from secrets import token_hex, token_urlsafe

from tui.demo.azure.answers import Routed, arm_error, arm_reply
from tui.demo.azure.builds import Builds, RunModel
from tui.demo.azure.cleaning import cleaning_tasks, policies
from tui.demo.azure.resources import Resource
from tui.demo.content import Json
from tui.demo.estate.company import Company
from tui.demo.estate.publisher import Published
from tui.demo.estate.tasks import StepForm, TaskModel, Why, make_tasks
from tui.demo.faults import Faults
from tui.demo.http import Reply, Request
from tui.demo.moments import acr_time

__all__ = ["LogStore", "RegistryTasks"]

PAGE = 20
_CONDITION = re.compile(r"(\w+) eq '([^']*)'|contains\((\w+), '([^']*)'\)", re.IGNORECASE)


class LogStore:
    """The blobs of the logs: an address with a signature opens one."""

    def __init__(self) -> None:
        self._runs: dict[str, RunModel] = {}
        self.address = ""

    def open(self, run: RunModel) -> str:
        """An address for a run's log."""
        signature = token_urlsafe(24)
        self._runs[signature] = run
        query = f"sv=2021-12-02&se=2027-01-01T00%3A00%3A00Z&sr=b&sp=r&sig={signature}"
        return f"{self.address}/{run.registry.partition('.')[0]}-4g5o6dyprk/logs/{run.id}/rawtext.log?{query}"

    async def handle(self, request: Request) -> Reply:
        """HEAD and GET of a blob, by ranges (recordings of azure-cli)."""
        run = self._runs.get(request.query.get("sig", ""))
        if run is None or f"/logs/{run.id}/" not in request.path:
            return _blob_error(403, "AuthenticationFailed")
        if not run.lines and not run.ended:
            return _blob_error(404, "BlobNotFound")
        body = run.log()
        headers = [("x-ms-blob-type", "AppendBlob"), ("Content-Encoding", "utf-8"), ("ETag", f'"{len(body):x}"')]
        if run.log_is_complete:
            outcome = {"Succeeded": "successful", "Canceled": "canceled", "Failed": "failed"}.get(run.status, "successful")
            headers.append(("x-ms-meta-Complete", outcome))
        kind = "text/plain; charset=utf-8"
        if request.method == "HEAD":
            return Reply(200, body, tuple(headers), media_type=kind)
        byte_range = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("x-ms-range", request.headers.get("range", "")))
        if byte_range is None:
            return Reply(200, body, tuple(headers), media_type=kind)
        first, last = int(byte_range[1]), min(int(byte_range[2]), len(body) - 1)
        if first >= len(body):
            return _blob_error(416, "InvalidRange")
        headers.append(("Content-Range", f"bytes {first}-{last}/{len(body)}"))
        return Reply(206, body[first : last + 1], tuple(headers), media_type=kind)


def _blob_error(status: int, code: str) -> Reply:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return Reply(status, body.encode(), (("x-ms-error-code", code),), media_type="application/xml")


class RegistryTasks:
    """Answers what is below one registry. `others` tells the tasks of other registries of a push."""

    def __init__(
        self, company: Company, host: str, resource: Resource, logs: LogStore, faults: Faults, pace: float = 1.0
    ) -> None:
        self.resource, self.host = resource, host
        self._company, self._logs = company, logs
        self.builds = Builds(company, host, faults, pace)
        self._tasks: dict[str, TaskModel] | None = None
        self.told: Callable[[Published], None] = self.base_pushed
        self.builds.pushed = lambda published: self.told(published)

    @property
    def tasks(self) -> Mapping[str, TaskModel]:
        """The tasks, made when somebody first asks."""
        if self._tasks is None:
            self._tasks = make_tasks(self._company.yard, self.host)
            for task in self._tasks.values():
                self.builds.add_history(task)
        return self._tasks

    def base_pushed(self, published: Published) -> None:
        """Start the tasks that wait for this image, as a base-image trigger does."""
        host, _, repository = published.name.partition("/")
        for tag in (published.tag, *self._company.yard.floating.get(published.name, ())):
            for task in self.tasks.values():
                if task.starts_for(published.name, tag):
                    image = {"registry": host, "repository": repository, "tag": tag, "digest": published.digest}
                    moment = acr_time(datetime.now(self._company.now.tzinfo))
                    cause: Json = {"imageUpdateTrigger": {"id": token_hex(8), "timestamp": moment, "images": [image]}}
                    self.builds.start(task, "AutoRun", cause)

    async def handle(self, routed: Routed) -> Reply:
        """One request; `routed.below` is what stands after the registry's id, in small letters, `routed.parts` as it came."""
        request, below = routed.request, routed.below
        _ = self.tasks
        match (request.method, *below):
            case ("GET", "tasks"):
                return routed.page([*(self._task(task) for task in self.tasks.values()), *self._cleaning], PAGE)
            case ("GET", "tasks", name) if cleaning := [task for task in self._cleaning if task["name"] == name]:
                return arm_reply(cleaning[0])
            case ("GET", "tasks", name) if name in self.tasks:
                return arm_reply(self._task(self.tasks[name]))
            case ("GET", "runs"):
                return self._listed(routed)
            case ("GET", "runs", number) if (run := self.builds.runs.get(number)) is not None:
                return arm_reply(self._run(run))
            case ("POST", "runs", number, "listlogsasurl") if (run := self.builds.runs.get(number)) is not None:
                return arm_reply({"logLink": self._logs.open(run)})
            case ("POST", "runs", number, "cancel") if (run := self.builds.runs.get(number)) is not None:
                self.builds.cancel(run)
                return Reply(200, b"")
            case ("POST", "schedulerun"):
                return self._scheduled(request)
            case ("GET", "agentpools"):
                return arm_reply({"value": [self._pool()]})
            case ("GET", "agentpools", "gpu"):
                return arm_reply(self._pool())
            case ("POST", "agentpools", "gpu", "listqueuestatus"):
                waiting = [run for run in self.builds.runs.values() if run.status == "Queued" and run.task and run.task.pool]
                return arm_reply({"count": len(waiting)})
            case _:
                return arm_error(404, "ResourceNotFound", "The resource could not be found.", status="Failed")

    def registry(self) -> Json:
        """The registry itself (GET, recorded; the fields of 2026 by azure-cli `test_acr_taskrun`)."""
        is_closed = any(task.why is Why.NETWORK for task in self.tasks.values())
        properties: Json = {
            "loginServer": self.host,
            "creationDate": acr_time(self._company.yard.moment(700)),
            "provisioningState": "Succeeded",
            "adminUserEnabled": False,
            "publicNetworkAccess": "Disabled" if is_closed else "Enabled",
            "networkRuleBypassOptions": "AzureServices",
            "networkRuleBypassAllowedForTasks": False,
            "anonymousPullEnabled": False,
            "roleAssignmentMode": "LegacyRegistryPermissions",
            "policies": policies(self.host, self._company.yard.moment(210)),
        }
        head: Json = {"sku": {"name": "Premium", "tier": "Premium"}, "type": self.resource.type, "id": self.resource.id}
        return {**head, "name": self.resource.name, "location": self.resource.location, "tags": {}, "properties": properties}

    def _pool(self) -> Json:
        properties: Json = {"count": 0, "tier": "S2", "os": "Linux", "provisioningState": "Succeeded"}
        kind = "Microsoft.ContainerRegistry/registries/agentPools"
        return {"type": kind, "properties": properties, "id": f"{self.resource.id}/agentPools/gpu", "name": "gpu"}

    # ---- runs

    def _listed(self, routed: Routed) -> Reply:
        runs = sorted(self.builds.runs.values(), key=lambda run: run.created, reverse=True)
        text = routed.request.query.get("$filter", "")
        for condition in filter(None, re.split(r"\s+and\s+", text)):
            match = _CONDITION.fullmatch(condition.strip())
            if match is None:
                return arm_error(400, "InvalidRequestParameter", "The filter of the request is invalid.")
            runs = [run for run in runs if _meets(run, *match.groups())]
        top = routed.request.query.get("$top", "")
        return routed.page([self._run(run) for run in runs], int(top) if top.isdigit() and int(top) > 0 else 100)

    def _scheduled(self, request: Request) -> Reply:
        try:
            request_body = json.loads(request.body)
            kind = request_body["type"]
        except (ValueError, KeyError, TypeError):
            return arm_error(400, "InvalidRequestContent", "The request content was invalid and could not be deserialized.")
        if kind == "DockerBuildRequest":
            repository, _, tag = str((request_body.get("imageNames") or [""])[0]).partition(":")
            return arm_reply(self._run(self.builds.start(None, "QuickBuild", {}, image=(repository, tag or "latest")), new=True))
        if kind != "TaskRunRequest":
            return arm_error(400, "UnsupportedRunType", f"The run type '{kind}' is not supported here.")
        identity = str(request_body.get("taskId", ""))
        name = identity.rpartition("/")[2].lower()
        if identity.lower() != f"{self.resource.id}/tasks/{name}".lower() or name not in self.tasks:
            return arm_error(404, "TaskNotFound", f"The task '{identity}' could not be found.", status="Failed")
        task = self.tasks[name]
        if task.why is Why.DISABLED:
            return arm_error(409, "TaskDisabled", f"The task '{task.name}' is disabled.", status="Failed")
        token = str((request_body.get("overrideTaskStepProperties") or {}).get("updateTriggerToken") or "")
        return arm_reply(self._run(self.builds.start(task, "QuickRun", {}, token), new=True))

    def _run(self, run: RunModel, *, new: bool = False) -> Json:
        """A run; the answer to what starts one has no times and no task yet (recorded)."""
        properties: Json = {"runId": run.id, "status": run.status, "lastUpdatedTime": acr_time(run.finished or run.created)}
        if not new:
            properties |= {"runType": run.kind, "createTime": acr_time(run.created)}
            properties |= {"startTime": acr_time(run.started)} if run.started else {}
            properties |= {"finishTime": acr_time(run.finished)} if run.finished else {}
            properties |= {"task": run.task.name, "platform": run.task.platform.wire} if run.task else {}
            properties |= {"agentPoolName": run.task.pool} if run.task and run.task.pool else {}
            properties |= {"runErrorMessage": run.error} if run.error else {}
            properties |= {"updateTriggerToken": run.token} if run.token else {}
            properties |= run.cause
        if run.outputs is not None and run.ended:
            names = ("repository", "tag", "digest")
            properties["outputImages"] = [
                {"registry": self.host, **dict(zip(names, output, strict=True))} for output in run.outputs
            ]
        properties |= {"provisioningState": "Succeeded", "agentConfiguration": {"cpu": 2}, "isArchiveEnabled": False}
        kind = "Microsoft.ContainerRegistry/registries/runs"
        return {"type": kind, "properties": properties, "id": f"{self.resource.id}/runs/{run.id}", "name": run.id}

    # ---- tasks

    @property
    def _cleaning(self) -> list[Json]:
        return cleaning_tasks(self.host, self.resource, self._company.yard.moment(0.6))

    def _task(self, task: TaskModel) -> Json:
        base: Json = {"baseImageTriggerType": "Runtime", "updateTriggerPayloadType": "Default"}
        base |= {"status": "Disabled" if task.why is Why.TRIGGER_OFF else "Enabled", "name": "defaultBaseimageTriggerName"}
        properties: Json = {
            "provisioningState": "Succeeded",
            "creationDate": acr_time(self._company.yard.moment(300)),
            "status": "Disabled" if task.why is Why.DISABLED else "Enabled",
            "platform": {"os": task.platform.os, "architecture": task.platform.architecture},
            "agentConfiguration": {"cpu": 2},
            "timeout": 3600,
            "step": self._step(task),
            "trigger": {"baseImageTrigger": base},
            "isSystemTask": False,
        }
        properties |= {"agentPoolName": task.pool} if task.pool else {}
        return {
            "type": "Microsoft.ContainerRegistry/registries/tasks",
            "properties": properties,
            "id": f"{self.resource.id}/tasks/{task.name}",
            "name": task.name,
            "location": self.resource.location,
        }

    def _step(self, task: TaskModel) -> Json:
        context = f"https://github.com/{self.resource.name}/{task.name}"
        names = [f"{task.repository}:{tag}" for tag in task.tags]
        step: Json = {"type": str(task.form)}
        match task.form:
            case StepForm.DOCKER:
                step |= {"imageNames": names, "isPushEnabled": True, "noCache": False, "dockerFilePath": "Dockerfile"}
                step["arguments"] = []
            case StepForm.ENCODED:
                step |= {"encodedTaskContent": _encoded(names), "values": []}
            case StepForm.FILE:
                step |= {"taskFilePath": "acb.yaml", "values": []}
        if task.dependencies is not None and task.why is not Why.UNTRACKED:
            step["baseImageDependencies"] = [
                {
                    "type": "Runtime" if base.runtime else "BuildTime",
                    "registry": base.wire_name[0],
                    "repository": base.wire_name[1],
                    "tag": base.tag,
                    "digest": base.digest,
                }
                for base in task.dependencies
            ]
        elif task.why is Why.UNTRACKED:
            step["baseImageDependencies"] = []
        return {**step, "contextPath": context}


def _encoded(names: list[str]) -> str:
    import base64

    tags = " ".join(f"-t $Registry/{name}" for name in names)
    pushed = ", ".join(f'"$Registry/{name}"' for name in names)
    return base64.b64encode(f"version: v1.1.0\nsteps:\n- build: {tags} .\n- push: [{pushed}]\n".encode()).decode()


def _meets(run: RunModel, name: str | None, value: str | None, within: str | None, part: str | None) -> bool:
    if within is not None and part is not None:
        images = [f"{repository}@{digest}" for repository, _, digest in run.outputs or ()]
        return any(part in image for image in images)
    fields = {"taskname": run.task.name if run.task else "", "status": run.status, "runid": run.id, "runtype": run.kind}
    return fields.get((name or "").lower(), "").lower() == (value or "").lower()
