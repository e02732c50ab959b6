"""Answers of other years: members that are missing, null, new, or of another type; no run has succeeded that is not said to have.

The bodies have the shape of the recordings; which values there are is said by the specifications (RegistryTasks, Azure DevOps
`build`, GitHub REST "actions", `hudson.model.Run`).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tests.sources.builders.arm import HOST, REGISTRY, run
from tui.domain.common.decoding import from_json
from tui.domain.facts.build import BuilderKind, JobKey, Run, RunState
from tui.sources.builders.acr import wire as acr_wire
from tui.sources.builders.acr.resources import RunResource
from tui.sources.builders.github import wire as github_wire
from tui.sources.builders.jenkins import wire as jenkins_wire
from tui.sources.builders.pipelines import wire as pipelines_wire
from tui.sources.kit.moments import moment

KEY = JobKey(BuilderKind.JENKINS, "b", "j")
WHEN = "2026-03-01T10:42:07.1234567Z"
AZURE = run(
    "cf2",
    startTime=WHEN,
    finishTime=WHEN,
    outputImages=[{"registry": HOST, "repository": "a", "tag": "1", "digest": f"sha256:{'a' * 64}"}],
)
DEVOPS = {
    "id": 7,
    "buildNumber": "20260301.1",
    "status": "completed",
    "result": "succeeded",
    "queueTime": WHEN,
    "startTime": WHEN,
    "finishTime": WHEN,
    "reason": "manual",
    "queue": {"id": 1, "name": "Azure Pipelines"},
    "requestedFor": {"id": "me", "displayName": "Me"},
    "templateParameters": {"image": "a"},
    "parameters": '{"TAG":"1"}',
    "validationResults": [],
}
GITHUB = {
    "id": 7,
    "status": "completed",
    "conclusion": "success",
    "event": "workflow_dispatch",
    "head_branch": "main",
    "display_title": "Build",
    "created_at": WHEN,
    "run_started_at": WHEN,
    "updated_at": WHEN,
    "actor": {"login": "me"},
}
JENKINS = {
    "number": 7,
    "building": False,
    "inProgress": False,
    "result": "SUCCESS",
    "timestamp": 1_772_361_727_123,
    "duration": 5_000,
    "queueId": 3,
    "actions": [{"_class": "hudson.model.CauseAction", "causes": [{"_class": "hudson.model.Cause$UserIdCause", "userId": "me"}]}],
}
READERS: dict[str, tuple[dict[str, Any], Callable[[bytes], Run], str]] = {
    "acr": (AZURE, lambda body: acr_wire.run_of(from_json(body, RunResource), HOST, REGISTRY), "status"),
    "azure pipelines": (
        DEVOPS,
        lambda body: pipelines_wire.run_of("b", KEY, from_json(body, pipelines_wire.Build), ""),
        "status result",
    ),
    "github": (
        GITHUB,
        lambda body: github_wire.run_of("b", KEY, from_json(body, github_wire.RunAnswer), ""),
        "status conclusion",
    ),
    "jenkins": (JENKINS, lambda body: jenkins_wire.build_run("b", KEY, from_json(body, jenkins_wire.Build), ""), "result"),
}
VALUES: tuple[Any, ...] = (None, "", "novel", "7", 7, -1, 1.5, True, [], [None], {}, {"a": None}, "x" * 100_000, "\u202e\x1b[2J")


def changed(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The body with one member otherwise, at any depth: gone, of another case, or of another value."""
    for path in list(paths(body)):
        for value in VALUES:
            other = copy.deepcopy(body)
            parent(other, path)[path[-1]] = value
            yield path[-1], other
        gone = copy.deepcopy(body)
        value = parent(gone, path).pop(path[-1])
        yield path[-1], copy.deepcopy(gone)
        parent(gone, path)[path[-1].upper()] = value
        yield path[-1], gone


def paths(value: object, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where there is a member."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield (*before, name)
            yield from paths(member, (*before, name))


def parent(value: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """What holds the member at a path."""
    for name in path[:-1]:
        value = value[name]
    return value


@pytest.mark.parametrize("name", READERS)
def test_a_run_of_another_year_is_read_or_is_an_error_and_never_a_success_by_chance(name: str) -> None:
    body, read, deciding = READERS[name]
    assert read(json.dumps(body).encode()).state is RunState.SUCCEEDED
    assert read(json.dumps({**body, "of another year": {"a": [1]}}).encode()).state is RunState.SUCCEEDED
    for member, other in changed(body):
        try:
            seen = read(json.dumps(other).encode())
        except msgspec.MsgspecError:
            continue  # what is asked for it says so: nothing is claimed of the run
        assert member not in deciding.split() or seen.state is not RunState.SUCCEEDED, (member, other)
        assert not {"\x1b", "\u202e"} & set(seen.detail)
        assert len(seen.detail) < 500


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T10:42:07Z", datetime(2026, 3, 1, 10, 42, 7, tzinfo=UTC)),
        ("2026-03-01T10:42:07.1234567Z", datetime(2026, 3, 1, 10, 42, 7, 123456, tzinfo=UTC)),
        ("2026-03-01T10:42:07.1234567+00:00", datetime(2026, 3, 1, 10, 42, 7, 123456, tzinfo=UTC)),
        ("2026-03-01T10:42:07.1+05:30", datetime(2026, 3, 1, 5, 12, 7, 100000, tzinfo=UTC)),
        ("2026-03-01T10:42:07", datetime(2026, 3, 1, 10, 42, 7, tzinfo=UTC)),
        # .NET for what never was, in each of its spellings.
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("1970-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59.9999999-12:00", None),
        ("/Date(1772361727123)/", None),
        ("Sun, 01 Mar 2026 10:42:07 GMT", None),
        ("1772361727", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_read_in_every_form_that_services_write(text: str | None, expected: datetime | None) -> None:
    assert moment(text) == expected
