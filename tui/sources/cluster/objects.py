"""Single objects of a cluster as its API server has them, and the logs of its pods, which are followed while containers run.

Source: kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1, "read log of the specified Pod" (parameters);
kubernetes pkg/kubelet/kubelet_pods.go, `validateContainerLogStatus` (of which run of a container there is a log).
"""

from __future__ import annotations

import asyncio
import codecs
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from tui.domain.common.text import clean
from tui.domain.facts.inquiries import PodLog
from tui.domain.facts.workload import ObjectKey, PodContainer
from tui.domain.plans.commands import kubectl, resource_name
from tui.errors import Forbidden, Inapplicable, NotFound, ServerFault, SourceError, Unreachable
from tui.sources.cluster.access import find_place
from tui.sources.cluster.api import JSON, Api, Stream
from tui.sources.cluster.facts import ClusterFacts
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.reviews import decode_answer
from tui.sources.cluster.rollout.kinds import kind_named
from tui.sources.cluster.wire import PodObject
from tui.sources.kit.loglines import MOST_PENDING, clean_line
from tui.sources.kit.polling import Polling
from tui.sources.kit.retry import Retry, patiently
from tui.sources.kit.throttle import Backoff

__all__ = ["KubeObjects"]

TAIL: Final = 5_000
"""Lines that are read of what has been logged before."""
TRIES: Final = 3
PAUSES: Final = (1.0, 15.0)
"""Seconds, the first and the longest, until a log whose connection has ended is asked for again."""
# As client-go asks for logs, which are plain text; a refusal comes as JSON.
ACCEPT: Final = f"{JSON}, */*"
# What `timestamps=true` puts before each line: RFC 3339 with up to nine digits of a second.
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?")
_KUBELET = "Logs come from the kubelet of the pod's node. Check that the node is ready (kubectl get nodes), then ask again."
_LOGS = "Ask for the verb get on pods/log in namespace {namespace}. The role 'view' has it."


class KubeObjects:
    """Reads of one context of a kubeconfig. Each question has a connection of its own, which is closed with its answer."""

    def __init__(self, options: ClusterOptions, cluster: str) -> None:
        self._options, self._cluster = options, cluster

    async def object(self, key: ObjectKey) -> bytes:
        """An object in JSON. Raises TrustreeError; NotFound when it is gone."""
        kind = kind_named(key.kind)
        if kind is None:
            raise Inapplicable(
                f"Where a {clean(key.kind, 60)} is served is not known here.",
                f"{kubectl(key, 'get', resource_name(key), '--output', 'yaml')} shows it.",
            )
        path = _path(kind.prefix, key.namespace, kind.resource, key.name)
        async with self._opened() as api:
            return await self._read(api, path, kind.right("get", key.namespace), f"{kind.kind} {clean(key.name, 253)}")

    async def log(self, log: PodLog) -> AsyncGenerator[str, None]:
        """The last lines of a log and, while the container runs, those that come. Raises TrustreeError."""
        async with self._opened() as api, aclosing(_Followed(self, api, log).lines()) as lines:
            async for line in lines:
                yield line

    async def container(self, api: Api, log: PodLog) -> PodContainer | None:
        """The container as it is now; None where that may not be read. Raises SourceError, NotFound when the pod is gone."""
        right = f"get pods in namespace {log.namespace}"
        path = _path("/api/v1", log.namespace, "pods", log.pod)
        try:
            body = await self._read(api, path, right, f"The pod {clean(log.pod, 253)}")
        except Forbidden:
            return None
        pod = ClusterFacts(self._cluster).pod(decode_answer(body, PodObject, right, api.host))
        return next((container for container in pod.containers if container.name == log.container), None)

    async def _read(self, api: Api, path: str, right: str, name: str) -> bytes:
        retry = Retry(Backoff(self._options.backoff, self._options.backoff_most), TRIES - 1)
        try:
            return await patiently(lambda: api.get(path, purpose=right), retry)
        except NotFound as error:
            raise NotFound(f"{name} is not there any more.", "Its row goes with the next answer of the cluster.") from error

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Api]:
        place = await asyncio.to_thread(find_place, self._options)
        async with Api(place, self._options) as api:
            yield api


class _Followed:
    """One log: when its connection ends while the container runs, it goes on after the last line that came."""

    def __init__(self, objects: KubeObjects, api: Api, log: PodLog) -> None:
        self._objects, self._api, self._log = objects, api, log
        self._position = _Position()
        self._path = f"{_path('/api/v1', log.namespace, 'pods', log.pod)}/log"
        self._right = f"get pods/log in namespace {log.namespace}"

    async def lines(self) -> AsyncGenerator[str, None]:
        """The lines, cleaned. Raises SourceError."""
        container = await self._objects.container(self._api, self._log)
        if container is not None and not self._log.previous and not _has_run(container):
            raise _not_started(container)
        polling = Polling(f"the log of {clean(self._log.pod, 253)}", backoff=Backoff(*PAUSES))
        while True:
            async with aclosing(self._once()) as lines:
                async for line in lines:
                    polling.reset()
                    yield line
            if self._log.previous or not await self._runs():
                return
            await polling.rest(failed=True)

    async def _runs(self) -> bool:
        """Whether more may come. Raises SourceError where nobody tells."""
        try:
            container = await self._objects.container(self._api, self._log)
        except NotFound:
            return False
        return container is not None and container.state == "running"

    async def _once(self) -> AsyncGenerator[str, None]:
        """The lines until the connection ends, without those that came before."""
        try:
            opened = self._api.stream(self._path, self._parameters(), purpose=self._right, accept=ACCEPT)
            async with opened as stream, aclosing(_whole_lines(stream)) as lines:
                async for line in lines:
                    text = self._position.pass_to(line)
                    if text is not None:
                        yield clean_line(text)
        except Unreachable:
            if self._log.previous:
                raise
            # Whether it goes on is told by the container.
        except SourceError as error:
            raise self._explained(error) from error

    def _parameters(self) -> dict[str, str | int]:
        parameters: dict[str, str | int] = {"container": self._log.container, "timestamps": "true"}
        parameters["previous" if self._log.previous else "follow"] = "true"
        since = self._position.go_back()
        return {**parameters, "sinceTime": since} if since else {**parameters, "tailLines": TAIL}

    def _explained(self, error: SourceError) -> SourceError:
        """A refusal in the words of a log."""
        if isinstance(error, Forbidden):
            return Forbidden(error.headline, _LOGS.format(namespace=self._log.namespace), right=self._right)
        if isinstance(error, NotFound):
            return NotFound(f"The pod {self._log.pod} is not there any more.", "Choose another pod.")
        if isinstance(error, ServerFault):
            return ServerFault(error.headline, _KUBELET)
        if self._log.previous and type(error) is SourceError:  # the kubelet has none: 400, "previous terminated container"
            return NotFound(f"The container {self._log.container} has no log of a run before this one.", "p shows this one.")
        return error


class _Position:
    """How far a log was read: its newest line, and how many came since, that one among them.

    Times go back where a clock was put back, or two streams of a container are written at once: such lines are lines too.
    """

    def __init__(self) -> None:
        self._newest, self._number, self._earliest = ("", ""), 0, ""
        self._skipping, self._is_met = 0, False

    def go_back(self) -> str:
        """From which second on to read again, as `sinceTime` takes it, and skip what came; empty before the first line."""
        self._skipping, self._is_met = self._number, False
        return f"{self._earliest}Z" if self._earliest else ""

    def pass_to(self, line: str) -> str | None:
        """The line without its time, None when it came before."""
        match = _TIME.match(line)
        if match is None:
            return line  # the kubelet's own words
        time = (_in_utc(match[1], match[3]), (match[2] or "").ljust(9, "0"))
        if self._has_come(time):
            return None
        if time > self._newest:
            self._newest, self._number, self._earliest = time, 1, time[0]
        else:
            self._number, self._earliest = self._number + 1, min(self._earliest, time[0])
        return line[match.end() :]

    def _has_come(self, time: tuple[str, str]) -> bool:
        """Whether a line is one of those that are read again: older than the newest, or one of so many after it."""
        if time > self._newest:
            self._skipping = 0
        if not self._skipping:
            return False
        self._is_met = self._is_met or time == self._newest
        self._skipping -= self._is_met
        return True


def _in_utc(time: str, offset: str) -> str:
    """A time to the second, as it is in UTC: nodes may write that of their place."""
    if offset in ("Z", "+00:00"):
        return time
    try:
        return datetime.fromisoformat(time + offset).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError):
        return time


async def _whole_lines(stream: Stream) -> AsyncGenerator[str, None]:
    """The lines of a text, the last one also without an end; one that is longer than any terminal bears comes in parts."""
    decoder, pending = codecs.getincrementaldecoder("utf-8")("replace"), ""
    async with aclosing(stream.pieces()) as pieces:
        async for piece in pieces:
            *lines, pending = (pending + decoder.decode(piece)).split("\n")
            if len(pending) > MOST_PENDING:
                lines, pending = [*lines, pending], ""
            for line in lines:
                yield line
    if pending:
        yield pending


def _has_run(container: PodContainer) -> bool:
    """Whether there is a log: of what runs, has ended, or was restarted."""
    return container.state in ("running", "terminated") or container.restarts > 0


def _not_started(container: PodContainer) -> SourceError:
    reason = f" ({container.reason})" if container.reason else ""
    message = f" {container.message}" if container.message else ""
    headline = f"The container {container.name} has not started{reason}, so there is no log.{message}"
    return Inapplicable(headline, "w on its workload says why and what fixes it.")


def _path(prefix: str, namespace: str, resource: str, name: str) -> str:
    place = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
    return f"{prefix}{place}/{resource}/{quote(name, safe='')}"
