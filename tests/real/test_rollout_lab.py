"""Restart, pin and scale against a real API server and its controllers, `kubectl` being asked afterwards.

Runs only where `TRUSTREE_REAL_KUBECONFIG` names a kubeconfig with the contexts `lab-admin` (everything) and `lab-viewer` (no
write anywhere), `TRUSTREE_REAL_REGISTRY` the host of a registry with `payments/api:1.4.1` and `:1.4.2`, and `kubectl` is on the
path. Everything happens in a namespace of its own, which is removed afterwards.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tui.domain.facts.rights import RightState
from tui.domain.facts.rollout import RolloutState, StallKind, WorkloadChange
from tui.domain.facts.workload import ObjectKey
from tui.errors import Changed, Forbidden, Inapplicable, NotFound
from tui.sources.cluster import ClusterOptions
from tui.sources.cluster.api import ChangeAnswer
from tui.sources.cluster.client import PatchTarget
from tui.sources.cluster.rollout.redeployer import KubeRedeployer

KUBECONFIG, REGISTRY = os.environ.get("TRUSTREE_REAL_KUBECONFIG", ""), os.environ.get("TRUSTREE_REAL_REGISTRY", "")
pytestmark = pytest.mark.skipif(
    not (KUBECONFIG and REGISTRY and shutil.which("kubectl")),
    reason="TRUSTREE_REAL_KUBECONFIG and TRUSTREE_REAL_REGISTRY name no real cluster and registry, or kubectl is not there",
)
OLD, NEW = f"{REGISTRY}/payments/api:1.4.1", f"{REGISTRY}/payments/api:1.4.2"


def kubectl(*arguments: str, given: object = None) -> str:
    done = subprocess.run(
        ["kubectl", "--kubeconfig", KUBECONFIG, "--context", "lab-admin", *arguments],
        input=None if given is None else json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def namespace() -> Iterator[str]:
    name = f"rollout-{secrets.token_hex(3)}"
    kubectl("create", "namespace", name)
    try:
        yield name
    finally:
        kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
async def redeployer() -> AsyncIterator[KubeRedeployer]:
    async with KubeRedeployer(ClusterOptions(context="lab-admin", paths=(Path(KUBECONFIG),)), "lab") as opened:
        yield opened


def workload(kind: str, name: str, image: str = OLD, *, replicas: int = 2, **spec: Any) -> dict[str, Any]:
    """A manifest of one container."""
    labels = {"app": name}
    pod: dict[str, Any] = {"containers": [{"name": "main", "image": image, "imagePullPolicy": "Always"}]}
    if kind == "CronJob":
        pod["restartPolicy"] = "Never"
        job = {"spec": {"template": {"metadata": {"labels": labels}, "spec": pod}}}
        whole = {"schedule": "0 0 1 1 *", "jobTemplate": job, **spec}
        return {"apiVersion": "batch/v1", "kind": kind, "metadata": {"name": name}, "spec": whole}
    whole = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}, **spec}
    if kind != "DaemonSet":
        whole["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": whole}


def create(namespace: str, manifest: dict[str, Any], *flags: str) -> ObjectKey:
    kubectl("-n", namespace, "apply", *flags, "-f", "-", given=manifest)
    return ObjectKey("lab", namespace, manifest["kind"], manifest["metadata"]["name"])


async def reached(redeployer: KubeRedeployer, key: ObjectKey, condition: Callable[[RolloutState], object]) -> RolloutState:
    """The state once the condition holds."""
    async with asyncio.timeout(60):
        while True:
            if condition(state := await redeployer.read(key)):
                return state
            await asyncio.sleep(0.2)


async def settled(redeployer: KubeRedeployer, key: ObjectKey, generation: int = 0) -> RolloutState:
    """The state once the controller has done what the template asks for, and no old pod is left."""

    def done(state: RolloutState) -> bool:
        return state.settled is True and state.generation >= generation and state.running is not None and not _old(state)

    return await reached(redeployer, key, done)


def _old(state: RolloutState) -> bool:
    return any(image.current is not True for image in state.running or ())


def shown(namespace: str, key: ObjectKey, path: str) -> str:
    return kubectl("-n", namespace, "get", key.kind.lower(), key.name, "-o", f"jsonpath={path}")


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
async def test_restart_and_pin_converge_as_kubectl_tells(kind: str, namespace: str, redeployer: KubeRedeployer) -> None:
    key = create(namespace, workload(kind, "web"))
    before = await settled(redeployer, key)
    pods = set(kubectl("-n", namespace, "get", "pods", "-o", "name").split())

    receipt = await redeployer.restart(before, datetime.now(UTC))
    after = await settled(redeployer, key, receipt.generation)
    assert receipt.request
    told = kubectl("-n", namespace, "rollout", "status", f"{kind.lower()}/web", "--timeout=30s")
    assert "successfully rolled out" in told or "roll out complete" in told
    if kind != "StatefulSet":  # their names stay
        assert not pods & set(kubectl("-n", namespace, "get", "pods", "-o", "name").split())
    assert after.restarted_at != before.restarted_at

    receipt = await redeployer.pin(after, {"main": NEW})
    pinned = await settled(redeployer, key, receipt.generation)
    assert shown(namespace, key, "{.spec.template.spec.containers[0].image}") == NEW
    (image,) = pinned.digests("main") or ()
    assert image.digest != (before.digests("main") or ())[0].digest
    assert image.pods == image.ready == pinned.desired
    ids = kubectl("-n", namespace, "get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[0].imageID}").split()
    assert {each.rpartition("@")[2] for each in ids} == {image.digest}
    assert pinned.stalls == ()


async def test_what_is_wished_for_already_is_not_sent_again(namespace: str, redeployer: KubeRedeployer) -> None:
    key, at = create(namespace, workload("Deployment", "web")), datetime.now(UTC)
    before = await settled(redeployer, key)
    first = await redeployer.restart(before, at)
    again = await redeployer.restart(before, at)
    assert again.unchanged
    assert again.generation == first.generation


async def test_the_next_job_of_a_cron_job_has_the_new_image(namespace: str, redeployer: KubeRedeployer) -> None:
    key = create(namespace, workload("CronJob", "settle"))
    before = await redeployer.read(key)
    assert before.restartable == ""
    await redeployer.restart(before, datetime.now(UTC))
    await redeployer.pin(await redeployer.read(key), {"main": NEW})
    kubectl("-n", namespace, "create", "job", "--from=cronjob/settle", "settle-by-hand")
    job = json.loads(kubectl("-n", namespace, "get", "job", "settle-by-hand", "-o", "json"))
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == NEW
    state = await reached(redeployer, key, lambda state: any(image.digest for image in state.digests("main") or ()))
    assert [image.current for image in state.digests("main") or ()] == [True]


async def test_scaling_to_zero_ends_every_pod_and_is_undone(namespace: str, redeployer: KubeRedeployer) -> None:
    key = create(namespace, workload("Deployment", "web"))
    before = await settled(redeployer, key)
    receipt = await redeployer.scale(before, 0)
    none = await settled(redeployer, key, receipt.generation)
    assert none.running == ()
    await redeployer.scale(none, 2)
    assert (await settled(redeployer, key)).replicas == 2
    cron = create(namespace, workload("CronJob", "settle"))
    await redeployer.scale(await redeployer.read(cron), 0)
    assert shown(namespace, cron, "{.spec.suspend}") == "true"


async def test_containers_in_another_order_are_changed_by_their_names(
    namespace: str, redeployer: KubeRedeployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = workload("Deployment", "web")
    spec = manifest["spec"]["template"]["spec"]
    spec["initContainers"] = [{"name": name, "image": OLD} for name in ("first", "second")]
    spec["containers"].append({"name": "proxy", "image": OLD})
    key = create(namespace, manifest)
    seen = await settled(redeployer, key)
    send = redeployer._client.patch
    sent: list[tuple[str, Any]] = []

    async def reordered(target: PatchTarget, body: Any, content_type: str, *, purpose: str) -> ChangeAnswer:
        """Somebody else writes them in another order just before the patch arrives."""
        if not sent:
            base, turned = "/spec/template/spec", []
            for place in ("initContainers", "containers"):
                turned.append({"op": "replace", "path": f"{base}/{place}", "value": list(reversed(spec[place]))})
            kubectl("-n", namespace, "patch", "deployment", "web", "--type=json", "-p", json.dumps(turned))
        sent.append((content_type, body))
        return await send(target, body, content_type, purpose=purpose)

    monkeypatch.setattr(redeployer._client, "patch", reordered)
    await redeployer.pin(seen, {"main": NEW, "second": NEW})
    assert [content_type for content_type, _ in sent] == ["application/json-patch+json"] * 2, "the first was refused by its tests"
    images = json.loads(kubectl("-n", namespace, "get", "deployment", "web", "-o", "json"))["spec"]["template"]["spec"]
    assert {item["name"]: item["image"] for item in images["containers"]} == {"main": NEW, "proxy": OLD}
    assert {item["name"]: item["image"] for item in images["initContainers"]} == {"first": OLD, "second": NEW}


async def test_a_second_restart_keeps_the_other_annotations(namespace: str, redeployer: KubeRedeployer) -> None:
    manifest = workload("Deployment", "web")
    manifest["spec"]["template"]["metadata"]["annotations"] = {"example.com/a.b": "kept"}
    key = create(namespace, manifest)
    await redeployer.restart(await redeployer.read(key), datetime.now(UTC))
    second = datetime.now(UTC)
    await redeployer.restart(await redeployer.read(key), second)
    annotations = json.loads(shown(namespace, key, "{.spec.template.metadata.annotations}"))
    assert annotations["example.com/a.b"] == "kept"
    assert datetime.fromisoformat(annotations["kubectl.kubernetes.io/restartedAt"]) == second


async def test_an_object_that_changed_since_is_left_alone_and_shown(namespace: str, redeployer: KubeRedeployer) -> None:
    key = create(namespace, workload("Deployment", "web"))
    seen = await settled(redeployer, key)
    kubectl("-n", namespace, "set", "image", "deployment/web", f"main={NEW}")
    for change in (redeployer.restart(seen, datetime.now(UTC)), redeployer.pin(seen, {"main": f"{NEW}-other"})):
        with pytest.raises(Changed) as error:
            await change
        assert any(OLD in difference and NEW in difference for difference in error.value.differences)
    assert shown(namespace, key, "{.spec.template.spec.containers[0].image}") == NEW
    assert "restartedAt" not in shown(namespace, key, "{.spec.template.metadata.annotations}")
    kubectl("-n", namespace, "delete", "deployment", "web")
    with pytest.raises(NotFound):
        await redeployer.restart(seen, datetime.now(UTC))
    create(namespace, workload("Deployment", "web"))
    with pytest.raises(Changed, match="another object"):
        await redeployer.restart(seen, datetime.now(UTC))


async def test_what_another_manager_applies_is_a_conflict_and_stays(namespace: str, redeployer: KubeRedeployer) -> None:
    key = create(namespace, workload("Deployment", "web"), "--server-side", "--field-manager=release-tool")
    seen = await settled(redeployer, key)
    with pytest.raises(Changed) as error:
        await redeployer.pin(seen, {"main": NEW})
    assert any("release-tool" in difference and "image" in difference for difference in error.value.differences)
    assert shown(namespace, key, "{.spec.template.spec.containers[0].image}") == OLD
    assert "trustree" not in kubectl("-n", namespace, "get", "deployment", "web", "-o", "yaml", "--show-managed-fields")


async def test_a_missing_right_is_told_before_anything_is_sent(redeployer: KubeRedeployer) -> None:
    key = ObjectKey("lab", "payments", "Deployment", "api")
    assert {right.state for right in await redeployer.rights(key, WorkloadChange.RESTART)} == {RightState.HELD}
    async with KubeRedeployer(ClusterOptions(context="lab-viewer", paths=(Path(KUBECONFIG),)), "lab") as viewer:
        rights = {right.name: right for right in await viewer.rights(key, WorkloadChange.RESTART)}
        assert rights["patch deployments.apps"].state is RightState.MISSING
        assert "edit" in rights["patch deployments.apps"].remedy
        assert rights["list pods"].state is RightState.HELD
        seen = await viewer.read(key)
        with pytest.raises(Forbidden):
            await viewer.restart(seen, datetime.now(UTC))
    assert "restartedAt" not in shown("payments", key, "{.spec.template.metadata.annotations}")


async def stalled(redeployer: KubeRedeployer, key: ObjectKey, kind: StallKind) -> RolloutState:
    return await reached(redeployer, key, lambda state: kind in {stall.kind for stall in state.stalls})


async def test_a_pull_that_fails_is_explained(namespace: str, redeployer: KubeRedeployer) -> None:
    key = create(namespace, workload("Deployment", "web"))
    await redeployer.pin(await settled(redeployer, key), {"main": f"{REGISTRY}/payments/api:not-there"})
    state = await stalled(redeployer, key, StallKind.IMAGE_PULL)
    (stall,) = (stall for stall in state.stalls if stall.kind is StallKind.IMAGE_PULL)
    assert "not-there" in stall.sentence
    assert state.settled is False


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
async def test_a_quota_that_is_used_up_is_explained(kind: str, namespace: str, redeployer: KubeRedeployer) -> None:
    key = create(namespace, workload(kind, "web"))
    await settled(redeployer, key)
    kubectl("-n", namespace, "create", "quota", "few", "--hard=pods=2")
    await redeployer.scale(await redeployer.read(key), 5)
    state = await stalled(redeployer, key, StallKind.QUOTA)
    assert any("few" in stall.sentence and "kubectl describe quota" in stall.remedy for stall in state.stalls)


async def test_admission_that_refuses_is_explained(namespace: str, redeployer: KubeRedeployer) -> None:
    key = create(namespace, workload("Deployment", "web"))
    seen = await settled(redeployer, key)
    kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    await redeployer.restart(seen, datetime.now(UTC))
    state = await stalled(redeployer, key, StallKind.ADMISSION)
    assert any("PodSecurity" in stall.sentence for stall in state.stalls)


async def test_strategies_that_hold_a_rollout_back_are_told(namespace: str, redeployer: KubeRedeployer) -> None:
    on_delete = create(namespace, workload("DaemonSet", "agent", updateStrategy={"type": "OnDelete"}))
    await redeployer.restart(await settled(redeployer, on_delete), datetime.now(UTC))
    assert (await stalled(redeployer, on_delete, StallKind.ON_DELETE)).settled is False
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    partition = create(namespace, workload("StatefulSet", "ledger", updateStrategy=rolling))
    receipt = await redeployer.restart(await settled(redeployer, partition), datetime.now(UTC))
    state = await reached(redeployer, partition, lambda state: state.settled and state.generation >= receipt.generation)
    assert _old(state), "the pod below the partition stays"
    kubectl("-n", namespace, "apply", "-f", "-", given=workload("Deployment", "paused", paused=True))
    with pytest.raises(Inapplicable, match="paused"):
        await redeployer.restart(await redeployer.read(ObjectKey("lab", namespace, "Deployment", "paused")), datetime.now(UTC))


async def test_budgets_and_owners_are_read_before(namespace: str, redeployer: KubeRedeployer) -> None:
    key = create(namespace, workload("Deployment", "web"))
    kubectl("-n", namespace, "create", "pdb", "web", "--selector=app=web", "--min-available=2")
    kubectl(
        "-n", namespace, "annotate", "deployment", "web", f"argocd.argoproj.io/tracking-id=shop:apps/Deployment:{namespace}/web"
    )
    state = await settled(redeployer, key)
    assert [(budget.name, budget.rule) for budget in state.budgets or ()] == [("web", "minAvailable 2")]
    assert state.owner is not None
    assert (state.owner.name, state.owner.application, state.owner.undoes_pin) == ("Argo CD", "shop", True)
    with pytest.raises(Inapplicable, match="would undo a pin"):
        await redeployer.pin(state, {"main": NEW})
    assert (await redeployer.restart(state, datetime.now(UTC))).generation > state.generation


async def test_what_nobody_makes_anew_is_explained(namespace: str, redeployer: KubeRedeployer) -> None:
    key = create(namespace, workload("Deployment", "web"))
    await settled(redeployer, key)
    kubectl("-n", namespace, "run", "bare", f"--image={OLD}")
    name = kubectl("-n", namespace, "get", "rs", "-o", "jsonpath={.items[0].metadata.name}")
    owned = await redeployer.read(ObjectKey("lab", namespace, "ReplicaSet", name))
    assert owned.restartable == f"ReplicaSet {name} belongs to Deployment web: redeploy that."
    bare = await redeployer.read(ObjectKey("lab", namespace, "Pod", "bare"))
    with pytest.raises(Inapplicable, match="bare pod"):
        await redeployer.restart(bare, datetime.now(UTC))


async def test_a_roll_back_puts_the_bytes_back_that_ran_before(namespace: str, redeployer: KubeRedeployer) -> None:
    key = create(namespace, workload("Deployment", "web"))
    before = await settled(redeployer, key)
    (good,) = before.digests("main") or ()
    receipt = await redeployer.pin(before, {"main": NEW})
    bad = await settled(redeployer, key, receipt.generation)
    receipt = await redeployer.pin(bad, {"main": f"{REGISTRY}/payments/api@{good.digest}"})
    after = await settled(redeployer, key, receipt.generation)
    assert [image.digest for image in after.digests("main") or ()] == [good.digest]
    ids = kubectl("-n", namespace, "get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[0].imageID}").split()
    assert {each.rpartition("@")[2] for each in ids} == {good.digest}
    with pytest.raises(Changed):  # who saw what ran in between changes nothing
        await redeployer.pin(bad, {"main": NEW})


def refused_eviction(namespace: str, pod: str) -> str:
    """What the API server says to who would evict a pod."""
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace}}
    place = f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction"
    done = subprocess.run(
        ["kubectl", "--kubeconfig", KUBECONFIG, "--context", "lab-admin", "create", "--raw", place, "-f", "-"],
        input=json.dumps(eviction),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    return done.stderr


async def test_a_budget_that_lets_no_pod_go_holds_no_deployment_up(namespace: str, redeployer: KubeRedeployer) -> None:
    key = create(namespace, workload("Deployment", "web"))
    kubectl("-n", namespace, "create", "pdb", "web", "--selector=app=web", "--min-available=2")
    await settled(redeployer, key)
    state = await reached(redeployer, key, lambda state: any(budget.allowed == 0 for budget in state.budgets or ()))
    pod = kubectl("-n", namespace, "get", "pods", "-o", "jsonpath={.items[0].metadata.name}")
    assert "disruption budget" in refused_eviction(namespace, pod)
    receipt = await redeployer.restart(state, datetime.now(UTC))
    after = await settled(redeployer, key, receipt.generation)
    assert after.stalls == ()


def counted(kind: str, name: str) -> dict[str, Any]:
    """A manifest of what counts pods and replaces none: a bare ReplicaSet, a ReplicationController, or a Job that stays."""
    manifest = workload("Deployment", name)
    manifest["kind"] = kind
    if kind == "ReplicationController":
        manifest["apiVersion"], manifest["spec"]["selector"] = "v1", {"app": name}
    if kind == "Job":
        manifest["apiVersion"] = "batch/v1"
        manifest["spec"] = {"template": manifest["spec"]["template"], "completions": 50, "parallelism": 2}
        manifest["spec"]["template"]["spec"]["restartPolicy"] = "Never"
    return manifest


@pytest.mark.parametrize("kind", ["ReplicaSet", "ReplicationController", "Job"])
async def test_what_replaces_no_pods_is_stopped_and_started_again_and_not_redeployed(
    kind: str, namespace: str, redeployer: KubeRedeployer
) -> None:
    key = create(namespace, counted(kind, "old"))
    seen = await reached(redeployer, key, lambda state: sum(image.alive for image in state.running or ()) == 2)
    with pytest.raises(Inapplicable):
        await redeployer.restart(seen, datetime.now(UTC))
    with pytest.raises(Inapplicable):
        await redeployer.pin(seen, {"main": NEW})
    await redeployer.scale(await redeployer.read(key), 0)
    none = await reached(redeployer, key, lambda state: all(image.alive == 0 for image in state.running or ()))
    alive = kubectl("-n", namespace, "get", "pods", "--field-selector=status.phase=Running", "-o", "name")
    assert alive == ""
    await redeployer.scale(none, 2)
    await reached(redeployer, key, lambda state: sum(image.alive for image in state.running or ()) == 2)
