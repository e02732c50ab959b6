"""Logs of pods as an API server hands them on from kubelets, with lines that the demo makes up.

Source: kubernetes pkg/registry/core/pod/strategy.go `LogLocation` (which container), pkg/kubelet/kubelet_pods.go
`validateContainerLogStatus` (of which run there is a log, and the words of each refusal).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tui.demo.cluster import status
from tui.demo.http import Reply

__all__ = ["log_of"]

KEPT = 120
"""Lines that were written before."""
EVERY = 1.0
"""Seconds between two lines that come."""
_PULLS = {
    "ImagePullBackOff": "trying and failing to pull image",
    "ErrImagePull": "image can't be pulled",
    "InvalidImageName": "image can't be pulled",
}
_REQUESTS = (
    'GET /healthz 200 "kube-probe/1.33"',
    "POST /orders 201",
    "GET /orders/{number} 200",
    "GET /orders/{number} 404",
    "cache: {number} keys, 0 evicted",
    "PUT /carts/{number} 204",
)
_LISTS = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")


def log_of(pod: Mapping[str, Any], query: Mapping[str, str]) -> Reply:
    """The log of a container of a pod, and what comes while it is followed."""
    name, names = str(pod["metadata"]["name"]), list(_containers(pod))
    container_name = query.get("container", "") or (names[0] if len(names) == 1 else "")
    if not container_name:
        return status.bad_request(f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]")
    if container_name not in names:
        return status.bad_request(f"container {container_name} is not valid for pod {name}")
    container = _status_of(pod, container_name)
    state, last = container.get("state") or {}, (container.get("lastState") or {}).get("terminated")
    if query.get("previous") == "true":
        if last is None:
            return status.bad_request(f'previous terminated container "{container_name}" in pod "{name}" not found')
        return _text(_written(pod, container_name, last, query, "previous"))
    if "running" in state:
        follows = query.get("follow") == "true"
        lines = _written(pod, container_name, state["running"], query, "")
        return _stream(lines, pod, query) if follows else _text(lines)
    ended = last or state.get("terminated")
    if ended is not None:
        return _text(_written(pod, container_name, ended, query, "ended"))
    reason = (state.get("waiting") or {}).get("reason") or "ContainerCreating"
    return status.bad_request(f'container "{container_name}" in pod "{name}" is waiting to start: {_PULLS.get(reason, reason)}')


def _containers(pod: Mapping[str, Any]) -> Iterator[str]:
    for part in ("containers", "initContainers", "ephemeralContainers"):
        yield from (str(container["name"]) for container in pod["spec"].get(part) or ())


def _status_of(pod: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    statuses = pod.get("status") or {}
    statuses_of_name = (container for part in _LISTS for container in statuses.get(part) or () if container["name"] == name)
    return next(statuses_of_name, {})


def _written(pod: Mapping[str, Any], container: str, run: Mapping[str, Any], query: Mapping[str, str], which: str) -> list[bytes]:
    """The lines that were written: of one that has ended up to its end, of one that runs up to now."""
    dice = random.Random(f"{pod['metadata']['uid']} {container} {which}")  # noqa: S311
    end = datetime.now(UTC) if not which else datetime.fromisoformat(str(run.get("finishedAt") or run["startedAt"]))
    lines = [(end - timedelta(seconds=number + 0.5), _words(dice)) for number in range(KEPT, 0, -1)]
    if which:
        lines.append((end, f"shutting down: {run.get('reason', 'Completed')}, exit code {run.get('exitCode', 0)}"))
    since = query.get("sinceTime", "")
    if since:
        lines = [line for line in lines if line[0] >= datetime.fromisoformat(since)]
    tail = int(query["tailLines"]) if query.get("tailLines", "").isdigit() else len(lines)
    return [_line(moment, words, query) for moment, words in (lines[-tail:] if tail else [])]


def _words(dice: random.Random) -> str:
    return f"level=info {dice.choice(_REQUESTS).format(number=dice.randrange(1000, 9999))} {dice.randrange(1, 90)} ms"


def _line(moment: datetime, words: str, query: Mapping[str, str]) -> bytes:
    time = f"{moment:%Y-%m-%dT%H:%M:%S.%f}000Z " if query.get("timestamps") == "true" else ""
    return f"{time}{words}\n".encode()


def _text(lines: list[bytes]) -> Reply:
    return Reply(200, b"".join(lines), (status.AUDIT,), media_type="text/plain")


def _stream(lines: list[bytes], pod: Mapping[str, Any], query: Mapping[str, str]) -> Reply:
    return Reply(200, b"", (status.AUDIT,), _growing(lines, pod, query), media_type="text/plain")


async def _growing(lines: list[bytes], pod: Mapping[str, Any], query: Mapping[str, str]) -> AsyncIterator[bytes]:
    yield b"".join(lines)
    dice = random.Random(str(pod["metadata"]["uid"]))  # noqa: S311
    while True:
        await asyncio.sleep(EVERY * (0.5 + dice.random()))
        yield _line(datetime.now(UTC), _words(dice), query)
