"""Logs of pods as the demo's API server hands them on: which container, which run, and the words of each refusal.

The words: kubernetes pkg/registry/core/pod/strategy.go `LogLocation`, pkg/kubelet/kubelet_pods.go `validateContainerLogStatus`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tui.demo.cluster.podlogs import KEPT, log_of
from tui.demo.http import Reply

STARTED, ENDED = "2026-03-14T10:00:00Z", "2026-03-14T11:00:00Z"
TERMINATED = {"terminated": {"reason": "OOMKilled", "exitCode": 137, "startedAt": STARTED, "finishedAt": ENDED}}
RUNNING = {"running": {"startedAt": STARTED}}


def pod(state: Mapping[str, Any], last: Mapping[str, Any] | None = None, others: tuple[str, ...] = ()) -> dict[str, Any]:
    containers = [{"name": name} for name in ("api", *others)]
    status = {"name": "api", "state": state, "lastState": last or {}}
    return {
        "metadata": {"name": "api-1", "uid": "u"},
        "spec": {"containers": containers},
        "status": {"containerStatuses": [status]},
    }


def refused(reply: Reply) -> str:
    assert reply.status == 400
    return str(json.loads(reply.body)["message"])


@pytest.mark.parametrize(
    ("value", "query", "words"),
    [
        (pod(RUNNING, others=("proxy",)), {}, "a container name must be specified for pod api-1, choose one of: [api proxy]"),
        (pod(RUNNING), {"container": "db"}, "container db is not valid for pod api-1"),
        (pod(RUNNING), {"previous": "true"}, 'previous terminated container "api" in pod "api-1" not found'),
        (pod({}), {}, 'container "api" in pod "api-1" is waiting to start: ContainerCreating'),
        (
            pod({"waiting": {"reason": "ImagePullBackOff"}}),
            {},
            'container "api" in pod "api-1" is waiting to start: trying and failing to pull image',
        ),
    ],
)
def test_what_has_no_log_is_refused_in_the_words_of_the_server(value: dict[str, Any], query: dict[str, str], words: str) -> None:
    assert refused(log_of(value, query)) == words


def test_of_what_waits_after_a_crash_the_last_run_is_handed_on() -> None:
    reply = log_of(pod({"waiting": {"reason": "CrashLoopBackOff"}}, TERMINATED), {"follow": "true", "timestamps": "true"})
    lines = reply.body.decode().splitlines()
    assert reply.chunks is None
    assert lines[-1] == "2026-03-14T11:00:00.000000000Z shutting down: OOMKilled, exit code 137"
    assert len(lines) == KEPT + 1


def test_the_tail_is_counted_and_what_runs_is_followed() -> None:
    assert len(log_of(pod(RUNNING), {"tailLines": "3"}).body.splitlines()) == 3
    assert log_of(pod(RUNNING), {"follow": "true"}).chunks is not None
