"""Jenkins as it answers: jobs in folders, a queue whose items are forgotten, crumbs that count with their session, growing logs.

Forms: recordings of api4jenkins; jenkinsci/jenkins `Queue`, `ParametersDefinitionProperty`, `DefaultCrumbIssuer`, `LargeText`.
"""

from __future__ import annotations

import base64
import re
import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, unquote

from tui.demo.builders.jobs import JobModel, Why
from tui.demo.builders.works import RunModel, Works
from tui.demo.content import Json
from tui.demo.http import Headers, Reply, Request, json_reply

__all__ = ["Jenkins"]

VERSION = "2.492.3"
FORGOTTEN = timedelta(minutes=5)
WORKFLOW = "org.jenkinsci.plugins.workflow.job"
ROOT = "http://0.0.0.0:8080/"
_RESULTS = {"succeeded": "SUCCESS", "failed": "FAILURE", "cancelled": "ABORTED"}


class Jenkins:
    """Answers requests; `user` and `token` sign in, `password` does as well and then needs a crumb."""

    def __init__(self, works: Works, user: str, token: str, password: str = "") -> None:
        self._works, self._user = works, user
        self._token, self._password = token, password or secrets.token_urlsafe(12)
        self._crumb, self._session = secrets.token_hex(16), f"node0{secrets.token_hex(6)}"

    async def handle(self, request: Request) -> Reply:
        """One request."""
        secret = self._signed_in(request)
        if secret is None:
            reply = _page(401, "Unauthorized", (("WWW-Authenticate", 'Basic realm="Jenkins"'),))
        elif request.method == "POST" and secret != self._token and not self._has_crumb(request):
            reply = _page(403, "No valid crumb was included in the request")
        else:
            reply = self._answer(request)
        reply.headers = (*reply.headers, ("X-Jenkins", VERSION), ("X-Content-Type-Options", "nosniff"))
        return reply

    def _signed_in(self, request: Request) -> str | None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        try:
            user, _, secret = base64.b64decode(value).decode().partition(":")
        except ValueError:
            return None
        fits = scheme == "Basic" and user == self._user and secret in (self._token, self._password)
        return secret if fits else None

    def _has_crumb(self, request: Request) -> bool:
        in_session = f"JSESSIONID.{VERSION[:1]}={self._session}" in request.headers.get("cookie", "")
        return in_session and request.headers.get("jenkins-crumb") == self._crumb

    def _answer(self, request: Request) -> Reply:
        path = request.path.rstrip("/")
        if path == "/whoAmI/api/json":
            return json_reply({"_class": "hudson.security.WhoAmI", "anonymous": False, "authenticated": True, "name": self._user})
        if path == "/crumbIssuer/api/json":
            cookie = (("Set-Cookie", f"JSESSIONID.{VERSION[:1]}={self._session}; Path=/; HttpOnly"),)
            issuer = "hudson.security.csrf.DefaultCrumbIssuer"
            return json_reply({"_class": issuer, "crumb": self._crumb, "crumbRequestField": "Jenkins-Crumb"}, headers=cookie)
        if path.startswith("/queue"):
            return self._queue(request, path)
        return self._of_job(request, path)

    # ---- the queue

    def _queue(self, request: Request, path: str) -> Reply:
        if path == "/queue/api/json":
            items = [self._item(run) for run in self._works.runs.values() if run.started is None and not run.result]
            return json_reply({"_class": "hudson.model.Queue", "discoverableItems": [], "items": items})
        if path == "/queue/cancelItem" and request.method == "POST":
            run = self._by_item(request.query.get("id", ""))
            if run is None:
                return _page(404, "Not Found")
            if run.started is not None:
                return Reply(422)
            self._works.cancel(run)
            return Reply(204)
        match = re.fullmatch(r"/queue/item/(\d+)/api/json", path)
        run = self._by_item(match[1]) if match else None
        return json_reply(self._item(run)) if run is not None else _page(404, "Not Found")

    def _by_item(self, number: str) -> RunModel | None:
        run = self._works.runs.get(int(number) - 1000) if number.isdigit() else None
        left = None if run is None else run.started or run.finished
        return None if left is not None and datetime.now(UTC) - left > FORGOTTEN else run

    def _item(self, run: RunModel) -> Json:
        url = f"{ROOT}{self._path(run.job)[1:]}/"
        item: Json = {
            "actions": [self._causes(run), self._parameters(run)],
            "blocked": False,
            "buildable": False,
            "id": run.number + 1000,
            "inQueueSince": _milliseconds(run.created),
            "params": "",
            "stuck": run.job.why is Why.NO_AGENT,
            "task": {"_class": f"{WORKFLOW}.WorkflowJob", "name": run.job.name, "url": url, "color": "blue"},
            "url": f"queue/item/{run.number + 1000}/",
        }
        if run.started is None and not run.result:
            why = (
                "There are no nodes with the label ‘windows’"
                if run.job.why is Why.NO_AGENT
                else "Waiting for next available executor"
            )
            kind = {"_class": "hudson.model.Queue$BuildableItem", "why": why, "buildable": True, "pending": False}
            return {**item, **kind, "buildableStartMilliseconds": _milliseconds(run.created)}
        build = {"_class": f"{WORKFLOW}.WorkflowRun", "number": self._number(run), "url": f"{url}{self._number(run)}/"}
        left: Json = {"_class": "hudson.model.Queue$LeftItem", "why": None, "cancelled": run.started is None}
        return {**item, **left, **({"executable": build} if run.started is not None else {})}

    # ---- jobs

    def _of_job(self, request: Request, path: str) -> Reply:
        names, subpath = _split(path)
        job = self._works.jobs.get("/".join(names))
        if job is None:
            return self._folder(names) if subpath == "/api/json" and names else _page(404, "Not Found")
        if request.method == "POST":
            return self._post(request, job, subpath)
        if subpath == "/api/json":
            return json_reply(self._job(job, request.query.get("tree", "")))
        if subpath == "/config.xml":
            return Reply(200, self._config(job).encode(), media_type="application/xml")
        if subpath in ("/build", "/buildWithParameters"):
            return _page(405, "You must use POST method to trigger builds", (("Allow", "POST"),))
        match = re.fullmatch(r"/(\d+)(/.*)", subpath)
        run = self._build(job, match[1]) if match else None
        if run is None or match is None:
            return _page(404, "Not Found")
        if match[2] == "/api/json":
            return json_reply(self._build_json(run))
        return self._log(request, run) if match[2] == "/logText/progressiveText" else _page(404, "Not Found")

    def _folder(self, names: tuple[str, ...]) -> Reply:
        inside = {name.split("/")[len(names)] for name in self._works.jobs if name.split("/")[: len(names)] == list(names)}
        if not inside:
            return _page(404, "Not Found")
        url = "".join((ROOT, *(f"job/{name}/" for name in names)))
        jobs = [
            {"_class": f"{WORKFLOW}.WorkflowJob", "name": name, "url": f"{url}job/{name}/", "color": "blue"}
            for name in sorted(inside)
        ]
        name_fields = {"name": names[-1], "fullName": "/".join(names), "fullDisplayName": " » ".join(names), "url": url}
        return json_reply({"_class": "com.cloudbees.hudson.plugins.folder.Folder", **name_fields, "jobs": jobs, "views": []})

    def _job(self, job: JobModel, tree: str) -> Json:
        runs = [run for run in self._works.of(job) if run.started is not None]
        texts = [("IMAGE", job.line.partition("/")[2]), ("trustree_mark", "")]
        definitions = [
            {
                "_class": "hudson.model.StringParameterDefinition",
                "name": name,
                "type": "StringParameterDefinition",
                "defaultParameterValue": {"_class": "hudson.model.StringParameterValue", "value": value},
            }
            for name, value in texts
        ]
        most = int(bounds[1]) if (bounds := re.search(r"\{0,(\d+)\}", tree)) else 100
        return {
            "_class": f"{WORKFLOW}.WorkflowJob",
            "actions": [],
            "name": job.name.rpartition("/")[2],
            "fullName": job.name,
            "fullDisplayName": job.name.replace("/", " » "),
            "url": f"{ROOT}{self._path(job)[1:]}/",
            "buildable": True,
            "builds": [self._build_json(run) for run in runs[:most]],
            "color": "red" if runs and runs[0].result == "failed" else "blue",
            "inQueue": any(run.started is None and not run.result for run in self._works.of(job)),
            "nextBuildNumber": len(runs) + 1,
            "property": [{"_class": "hudson.model.ParametersDefinitionProperty", "parameterDefinitions": definitions}],
        }

    def _config(self, job: JobModel) -> str:
        polls = "<hudson.triggers.SCMTrigger><spec>H/15 * * * *</spec></hudson.triggers.SCMTrigger>"
        triggers = "" if job.why is Why.NO_TRIGGER else polls
        return f"<?xml version='1.1' encoding='UTF-8'?>\n<flow-definition><triggers>{triggers}</triggers></flow-definition>\n"

    def _post(self, request: Request, job: JobModel, subpath: str) -> Reply:
        if subpath == "/build":
            # "Nothing is submitted" of a job with parameters (ParametersDefinitionProperty._doBuild).
            return _page(400, "Nothing is submitted")
        if subpath == "/buildWithParameters":
            form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
            values = {"IMAGE": form.get("IMAGE", job.line.partition("/")[2]), "trustree_mark": form.get("trustree_mark", "")}
            waiting = next(
                (run for run in self._works.of(job) if run.started is None and not run.result and run.values == values), None
            )
            run = waiting or self._works.start(job, values, self._user)
            location = (("Location", f"{ROOT}queue/item/{run.number + 1000}/"),)
            return Reply(303 if waiting else 201, b"", location)
        match = re.fullmatch(r"/(\d+)/stop", subpath)
        run_of = self._build(job, match[1]) if match else None
        if run_of is None:
            return _page(404, "Not Found")
        self._works.cancel(run_of)
        return Reply(302, b"", (("Location", f"{ROOT}{self._path(job)[1:]}/"),))

    # ---- builds

    def _number(self, run: RunModel) -> int:
        """Jenkins counts the builds of each job for itself."""
        return 1 + sum(other.number < run.number and other.started is not None for other in self._works.of(run.job))

    def _build(self, job: JobModel, number: str) -> RunModel | None:
        started = (run for run in self._works.of(job) if run.started is not None)
        return next((run for run in started if str(self._number(run)) == number), None)

    def _build_json(self, run: RunModel) -> Json:
        number = self._number(run)
        took = (run.finished - run.created) / timedelta(milliseconds=1) if run.finished else 0
        return {
            "_class": f"{WORKFLOW}.WorkflowRun",
            "actions": [self._causes(run), self._parameters(run)],
            "artifacts": [],
            "building": not run.result,
            "description": None,
            "displayName": f"#{number}",
            "duration": round(took),
            "estimatedDuration": 128_000,
            "executor": None,
            "fullDisplayName": f"{run.job.name} #{number}",
            "id": str(number),
            "inProgress": not run.result,
            "keepLog": False,
            "number": number,
            "queueId": run.number + 1000,
            "result": _RESULTS.get(run.result),
            "timestamp": _milliseconds(run.created),
            "url": f"{ROOT}{self._path(run.job)[1:]}/{number}/",
            "changeSets": [],
            "culprits": [],
            "nextBuild": None,
            "previousBuild": None,
        }

    def _causes(self, run: RunModel) -> Json:
        if run.cause == "push":
            cause: Json = {"_class": "hudson.triggers.SCMTrigger$SCMTriggerCause", "shortDescription": "Started by an SCM change"}
        else:
            words = f"Started by user {run.user}"
            cause = {
                "_class": "hudson.model.Cause$UserIdCause",
                "shortDescription": words,
                "userId": run.user,
                "userName": run.user,
            }
        return {"_class": "hudson.model.CauseAction", "causes": [cause]}

    def _parameters(self, run: RunModel) -> Json:
        kind = "hudson.model.StringParameterValue"
        values = [{"_class": kind, "name": name, "value": value} for name, value in run.values.items()]
        return {"_class": "hudson.model.ParametersAction", "parameters": values}

    def _log(self, request: Request, run: RunModel) -> Reply:
        body = "".join(f"{text}\r\n" for _, text in run.log).encode()
        start = request.query.get("start", "0")
        begin = int(start) if start.isdigit() else 0
        begin = begin if begin <= len(body) else 0
        more: Headers = () if run.result else (("X-More-Data", "true"),)
        headers = (("X-Text-Size", str(len(body))), *more)
        return Reply(200, body[begin:], headers, media_type="text/plain;charset=utf-8")

    def _path(self, job: JobModel) -> str:
        return "".join(f"/job/{name}" for name in job.name.split("/"))


def _split(path: str) -> tuple[tuple[str, ...], str]:
    """The names of folders and job, and what is asked of it."""
    names: list[str] = []
    while match := re.match(r"/job/([^/]+)", path):
        names.append(unquote(match[1]))
        path = path[match.end() :]
    return tuple(names), path


def _page(status: int, words: str, headers: Headers = ()) -> Reply:
    """Jenkins refuses with pages."""
    body = f"<html><head><title>Error {status} {words}</title></head><body><h2>HTTP ERROR {status} {words}</h2></body></html>"
    return Reply(status, body.encode(), headers, media_type="text/html;charset=iso-8859-1")


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
