"""The cluster source against a real kube-apiserver.

Runs only where `TRUSTREE_REAL_KUBECONFIG` names a kubeconfig with the contexts `lab-admin` (everything), `lab-viewer` (pods
and workloads of payments and shop), `lab-denied` (nothing) and `lab-exec` (the role `view`, by a credential plugin).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.sources.cluster.follow import pods, until, until_health
from tests.tried import tried
from tui.domain.facts.events import HealthChanged, SourceHealth, SourceState
from tui.domain.facts.workload import ContainerType
from tui.sources.cluster import ClusterOptions, ClusterSource, contexts

KUBECONFIG = os.environ.get("TRUSTREE_REAL_KUBECONFIG", "")
pytestmark = pytest.mark.skipif(not KUBECONFIG, reason="TRUSTREE_REAL_KUBECONFIG names no kubeconfig of a real cluster")


def source(context: str, *namespaces: str) -> ClusterSource:
    return ClusterSource(ClusterOptions(context=context, paths=(Path(KUBECONFIG),), namespaces=namespaces))


def settled(health: SourceHealth) -> bool:
    return health.state is not SourceState.LOADING and bool(health.identity)


def test_the_contexts_are_found() -> None:
    assert {"lab-admin", "lab-viewer", "lab-denied", "lab-exec"} <= set(contexts((Path(KUBECONFIG),)).names)


async def test_the_admin_reads_everything_live() -> None:
    health = await until_health(source("lab-admin"), lambda health: health.live and bool(health.identity))
    assert (health.state, health.denials) == (SourceState.OK, ())
    assert health.objects > 80


async def test_containers_of_every_type_are_seen() -> None:
    events = await until(source("lab-admin"), lambda events: isinstance(last := events[-1], HealthChanged) and last.health.live)
    kinds = {container.type for pod in pods(events) for container in pod.containers}
    assert {ContainerType.CONTAINER, ContainerType.INIT, ContainerType.SIDECAR, ContainerType.EPHEMERAL} <= kinds


async def test_the_viewer_reads_the_two_namespaces_that_it_names() -> None:
    health = await until_health(source("lab-viewer", "payments", "shop"), lambda health: health.live and bool(health.identity))
    # Its Role has no replicationcontrollers: `kubectl auth can-i list replicationcontrollers` says no.
    assert health.state is SourceState.PARTIAL
    assert {denial.right for denial in health.denials} == {
        "list nodes",
        "list replicationcontrollers in namespace payments",
        "list replicationcontrollers in namespace shop",
    }
    assert health.objects > 10


async def test_the_viewer_is_told_how_to_name_namespaces() -> None:
    health = await until_health(source("lab-viewer"), settled)
    said = " ".join([health.remedy, *(denial.remedy for denial in health.denials)])
    assert "-n" in said


async def test_no_right_is_no_right() -> None:
    health = await until_health(source("lab-denied"), settled)
    assert health.state is SourceState.FAILED
    assert not health.auth_failed


async def test_the_credential_plugin_signs_in() -> None:
    health = await until_health(source("lab-exec"), lambda health: health.live)
    assert health.objects > 80


async def test_doctor_knows_what_each_may() -> None:
    admin = await tried(source("lab-admin").diagnose())
    denied = await tried(source("lab-denied").diagnose())
    assert {item.state for item in admin} == {"ok"}
    assert {item.state for item in denied if item.what.startswith("read")} == {"denied"}
