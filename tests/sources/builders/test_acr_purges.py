"""What deletes images by itself, read on real sockets: policies of a registry, and `acr purge` in the steps of tasks.

The forms are those of acr-cli `cmd/acr/purge.go` with its examples, and of learn.microsoft.com container-registry-auto-purge.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sources.builders.arm import REGISTRY, builder, task
from tests.sources.builders.test_acr_tasks import DENIED, TASKS
from tests.sources.scanners.servers import Service, send
from tui.domain.facts.build import Job
from tui.domain.facts.retention import PurgeFilter, PurgeRule, RegistryPolicies
from tui.sources.builders.acr.purges import encoded_purges, has_unclear_purges

DAY = timedelta(days=1)
ALL = (PurgeFilter("shop/.*", ".*"),)


def steps(*commands: str) -> str:
    text = "version: v1.1.0\nsteps:\n" + "".join(f"- cmd: {command}\n  timeout: 3600\n" for command in commands)
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        ("acr purge --filter 'shop/.*:.*' --ago 30d", PurgeRule(ALL, 30 * DAY)),
        ("acr purge -f shop/.*:.* --ago=2d3h6m --untagged", PurgeRule(ALL, timedelta(days=2, hours=3, minutes=6), untagged=True)),
        (
            "mcr.microsoft.com/acr/acr-cli:0.17 purge --filter shop/.*:.* --ago 12h --keep 3",
            PurgeRule(ALL, timedelta(hours=12), keep=3),
        ),
        ("acr purge --filter shop/.*:.* --ago 0d --untagged=false --include-locked", PurgeRule(ALL, 0 * DAY, locked=True)),
        (
            "acr purge --filter 'a:^[[:alpha:]]+$' --filter 'b:(?i:rc)' --ago 1d",
            PurgeRule((PurgeFilter("a", "^[[:alpha:]]+$"), PurgeFilter("b", "(?i:rc)")), DAY),
        ),
        ("acr purge --filter shop/.*:.* --ago 30d --dry-run", None),
        ("acr purge --filter shop/.*:.*", None),
        ("acr purge --ago 30d", None),
        ("acr purge --filter shop --ago 30d", None),
        ("acr purge --filter shop/.*:.* --ago soon", None),
        ("acr purge --filter 'shop/.*:.* --ago 30d", None),
        ("acr tag list -r contoso --repository shop/web", None),
        ("bash purge --filter shop/.*:.* --ago 30d", None),
    ],
)
def test_the_commands_that_delete(command: str, rule: PurgeRule | None) -> None:
    assert encoded_purges(steps(command), ()) == ((rule,) if rule else ())


def test_what_cannot_be_read_deletes_nothing_that_is_known() -> None:
    for content in ("", "%%%", base64.b64encode(b"steps: [1, {cmd: [acr]}]").decode(), base64.b64encode(b"\xff").decode()):
        assert encoded_purges(content, ()) == ()


@pytest.mark.parametrize(
    ("command", "is_unclear"),
    [
        ("acr purge --filter shop/.*:.* --ago 30d", False),
        ("acr purge --filter shop/.*:.* --ago 30d --keep=3 --untagged --include-locked --concurrency 4", False),
        ("acr purge --filter shop/.*:.* --ago 30d --dry-run", False),
        ("acr purge --filter shop/.*:.*", False),  # acr-cli requires --ago
        ("acr tag list -r contoso --repository shop/web", False),
        ("acr purge --filter shop/.*:.* --ago $AGE", True),
        ("acr purge --filter shop/.*:.* --ago {{.Values.age}}", True),
        ("acr purge --filter shop/.*:.* --ago 30d --keep {{.Values.keep}}", True),
        ("acr purge --filter shop/.*:.* --filter {{.Values.more}} --ago 30d", True),
        ("acr purge --untagged-only --ago 30d", True),
        ("acr purge --filter 'shop/.*:.* --ago 30d", True),
        ("bash -c \"acr purge --filter 'shop/.*:.*' --ago 30d\"", True),
        ("az acr repository delete --name contoso --repository shop/web --yes", True),
        ("acr tag delete -r contoso shop/web:1", True),
    ],
)
def test_what_may_delete_and_is_not_understood_is_told(command: str, is_unclear: bool) -> None:
    assert has_unclear_purges(steps(command)) is is_unclear


def test_steps_that_cannot_be_read_may_delete() -> None:
    aliased = base64.b64encode(b"steps:\n- &one {cmd: acr purge}\n- *one").decode()
    many = base64.b64encode(("steps:\n" + "- cmd: acr version\n" * 300).encode()).decode()
    for content in ("", "%%%", aliased, many, base64.b64encode(b"\xff").decode(), steps("acr version") + "A" * (70 << 10)):
        assert has_unclear_purges(content)


@pytest.mark.parametrize(("status", "is_unclear"), [("Enabled", False), ("Disabled", False), (None, True), ("Paused", True)])
async def test_a_task_in_no_state_that_is_known_may_purge(status: str | None, is_unclear: bool) -> None:
    step = {"type": "EncodedTask", "encodedTaskContent": steps("acr purge --filter shop/.*:.* --ago 30d"), "values": []}
    resource = task("purge", step)
    resource["properties"]["status"] = status
    jobs, _ = await jobs_and_policies(send({"properties": {}}), resource)
    assert [job.purges_unclear for job in jobs] == [is_unclear]


@pytest.mark.parametrize(("status", "is_unclear"), [("Enabled", True), ("Disabled", False), (None, True)])
async def test_a_task_whose_steps_are_in_a_file_may_purge(status: str | None, is_unclear: bool) -> None:
    resource = task("nightly", {"type": "FileTask", "taskFilePath": "acb.yaml", "contextPath": "https://github.com/contoso/ops"})
    resource["properties"]["status"] = status
    jobs, _ = await jobs_and_policies(send({"properties": {}}), resource)
    assert [job.purges_unclear for job in jobs] == [is_unclear]


async def jobs_and_policies(registry: Any, *tasks: Any) -> tuple[list[Job], RegistryPolicies]:
    service = Service()
    service.on(REGISTRY, registry)
    service.on(TASKS, send({"value": list(tasks)}))
    async with service.running():
        acr, arm = builder(service)
        try:
            return await acr.jobs(), await acr.policies()
        finally:
            await acr.aclose()
            await arm.close()


async def test_a_task_that_purges_by_the_clock() -> None:
    step = {"type": "EncodedTask", "encodedTaskContent": steps("acr purge --filter shop/.*:.* --ago 30d"), "values": []}
    timers = [{"schedule": "0 1 * * *", "status": "Enabled", "name": "t1"}, {"schedule": "5 5 * * *", "status": "Disabled"}]
    jobs, _ = await jobs_and_policies(send({"properties": {}}), task("purge", step, trigger={"timerTriggers": timers}))
    assert [(job.name, job.schedule, job.purges) for job in jobs] == [
        ("purge", True, (PurgeRule(ALL, 30 * DAY, schedule="0 1 * * *"),))
    ]
    assert jobs[0].images == ()


# The form of `policies` in the recordings of `acr show` (arm/test_acr_create_with_managed_registry.yaml).
OFF = {"days": 7, "lastUpdatedTime": "2026-03-24T00:38:49.8053466+00:00", "status": "disabled"}
ON = {**OFF, "days": 30, "status": "enabled"}
SOFT = {"retentionDays": 14, "lastUpdatedTime": "2026-03-24T00:38:49.8053466+00:00", "status": "enabled"}


@pytest.mark.parametrize(
    ("policies", "retention"),
    [
        ({"retentionPolicy": OFF}, RegistryPolicies()),
        (
            {"retentionPolicy": ON, "softDeletePolicy": SOFT},
            RegistryPolicies(30, datetime(2026, 3, 24, 0, 38, 49, 805346, UTC), 14),
        ),
        ({}, RegistryPolicies()),
        (
            {"retentionPolicy": {**ON, "days": None}},
            RegistryPolicies(reason="Azure does not return the retention policy of the registry."),
        ),
        *(
            ({"retentionPolicy": wrong}, RegistryPolicies(reason="Azure does not return the retention policy of the registry."))
            for wrong in ({**ON, "days": -1}, {**ON, "days": 10**12}, {**ON, "status": None}, {**ON, "status": "paused"})
        ),
        (None, RegistryPolicies(reason="Azure does not return the retention policy of the registry.")),
    ],
)
async def test_the_policies_of_a_registry(policies: Any, retention: RegistryPolicies) -> None:
    assert (await jobs_and_policies(send({"properties": {"policies": policies}})))[1] == retention


@pytest.mark.parametrize("days", ["7", 1e400, True, 10**40, [7]])
async def test_a_policy_in_another_form_than_is_known_is_not_known(days: Any) -> None:
    _, policies = await jobs_and_policies(send({"properties": {"policies": {"retentionPolicy": {**ON, "days": days}}}}))
    assert policies.days is None
    assert policies.reason


async def test_a_registry_whose_resource_may_not_be_read_tells_no_policy() -> None:
    _, policies = await jobs_and_policies(send(DENIED, 403))
    assert "The retention policy of contoso.azurecr.io is not known: " in policies.reason
    assert policies.days is None
