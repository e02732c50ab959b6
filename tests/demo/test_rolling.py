"""The demo's clusters roll: a change that is sent becomes new pods with what the tag names now, or says why not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.actions.plans import restart
from tests.sources.cluster.apiserver import write_kubeconfig
from tests.sources.cluster.follow import options
from tui.actions.converge import RolloutGoal, converge
from tui.actions.transitions import Proof, StepRecord
from tui.demo.cluster.kinds import kind_of
from tui.demo.cluster.patches import PatchRefused
from tui.demo.cluster.rights import User
from tui.demo.cluster.server import ApiServer
from tui.demo.estate.budgets import BUDGETS
from tui.demo.estate.company import Company, build_company, write_controller
from tui.demo.estate.model import Kinds
from tui.demo.estate.rolling import Roller
from tui.demo.estate.rolling_pods import Holdup
from tui.demo.faults import Fault, Faults
from tui.demo.http import Request, serve
from tui.demo.requestlog import RequestLog
from tui.domain.facts.rights import RightState
from tui.domain.facts.rollout import RolloutState, StallKind, WorkloadChange
from tui.domain.facts.workload import ObjectKey
from tui.errors import Changed, Forbidden, Inapplicable
from tui.sources.cluster.rollout.redeployer import KubeRedeployer

pytestmark = pytest.mark.writes
NOW = datetime(2026, 11, 24, 13, 5, tzinfo=UTC)
CONTOSO = "contoso.azurecr.io"
ADMIN = User("contoso-admin", ("system:masters",), True)
VIEWER = User("viewer@contoso.example", namespaces=("payments", "loyalty"))


class Demo:
    """One cluster that rolls a hundred times as fast, and somebody who redeploys in it."""

    def __init__(self, company: Company, roller: Roller, redeployer: KubeRedeployer, requests: RequestLog) -> None:
        self.company, self.roller, self.redeployer, self.requests = company, roller, redeployer, requests

    def key(self, kind: str, place: str) -> ObjectKey:
        namespace, _, name = place.partition("/")
        return ObjectKey("demo", namespace, kind, name)

    async def reached(self, key: ObjectKey, condition: Callable[[RolloutState], object]) -> RolloutState:
        async with asyncio.timeout(20):
            while True:
                if condition(state := await self.redeployer.read(key)):
                    return state
                await self.company.clusters[0].store.wait(0.05)

    def move(self, repository: str, tag: str) -> str:
        """Push other content under a tag; the digest."""
        repositories = self.company.yard.shelf(CONTOSO).repositories
        other = repositories["payments/api"].find("1.14.2")
        assert other is not None
        repositories[repository].put(other.stored, NOW)
        repositories[repository].tag(tag, other.stored.digest, NOW)
        return other.stored.digest


@asynccontextmanager
async def demo(
    folder: Path, user: User = ADMIN, faults: Faults | None = None, holdups: dict[tuple[str, str], Holdup] | None = None
) -> AsyncIterator[Demo]:
    company = build_company(1, NOW)
    roller, requests = Roller(company.clusters, pace=0.01, holdups=holdups), RequestLog(folder / "requests.jsonl")
    cluster = company.clusters[0]
    api = ApiServer(cluster.store, lambda request: user, roller.writer(cluster))
    handler = requests.around("demo", (faults or Faults()).around("demo", api.handle))
    server, port = await serve(handler, None)
    settings = options(write_kubeconfig(folder, f"http://127.0.0.1:{port}"))
    async with asyncio.TaskGroup() as group, KubeRedeployer(settings, "demo") as redeployer:
        task = group.create_task(roller.run())
        try:
            yield Demo(company, roller, redeployer, requests)
        finally:
            task.cancel()
            server.close()


def converged(digest: str, container: str) -> Callable[[RolloutState], bool]:
    def holds(state: RolloutState) -> bool:
        images = state.digests(container) or ()
        return state.settled is True and bool(images) and all(image.digest == digest and image.current for image in images)

    return holds


@pytest.mark.parametrize(
    ("kind", "place", "repository", "tag"),
    [
        ("Deployment", "loyalty/points", "loyalty/points", "2.5"),
        ("StatefulSet", "ml/ranker", "ml/ranker", "0.44"),
        ("DaemonSet", "platform/agent", "platform/agent", "0.9.2"),
    ],
)
async def test_a_restart_brings_what_the_tag_names_now(kind: str, place: str, repository: str, tag: str, tmp_path: Path) -> None:
    async with demo(tmp_path) as run:
        digest, key = run.move(repository, tag), run.key(kind, place)
        before = await run.redeployer.read(key)
        assert before.settled
        assert before.stalls == ()
        assert not converged(digest, key.name)(before)
        receipt = await run.redeployer.restart(before, datetime.now(UTC))
        after = await run.reached(key, converged(digest, key.name))
    assert receipt.generation == before.generation + 1
    assert after.observed == after.generation
    assert (after.ready, after.desired) == (before.desired, before.desired)


async def test_a_pin_replaces_every_pod_by_a_new_replica_set(tmp_path: Path) -> None:
    async with demo(tmp_path) as run:
        key = run.key("Deployment", "loyalty/points")
        before = await run.redeployer.read(key)
        there = run.company.yard.shelf(CONTOSO).repositories["loyalty/points"]
        digest = there.tags["2.5"].digest
        pinned = f"{CONTOSO}/loyalty/points@{digest}"
        await run.redeployer.pin(before, {"points": pinned})
        state = await run.reached(key, converged(digest, "points"))
        assert [container.image for container in state.containers] == [pinned]
        assert {image.image for image in state.digests("points") or ()} == {pinned}
        assert not run.roller.busy
        assert [(line.method, line.status) for line in run.requests.others] == [("PATCH", 200)]


async def test_reading_and_asking_for_rights_changes_nothing(tmp_path: Path) -> None:
    async with demo(tmp_path, VIEWER) as run:
        key = run.key("Deployment", "loyalty/points")
        seen = await run.redeployer.read(key)
        rights = {right.name: right.state for right in await run.redeployer.rights(key, WorkloadChange.RESTART)}
        assert rights["patch deployments.apps"] is RightState.MISSING
        assert {line.path.rpartition("/")[2] for line in run.requests.others} == {"selfsubjectaccessreviews"}
        with pytest.raises(Forbidden):
            await run.redeployer.restart(seen, datetime.now(UTC))
        assert [line.status for line in run.requests.others if line.method == "PATCH"] == [403]
    lines = [json.loads(line) for line in (tmp_path / "requests.jsonl").read_text().splitlines()]
    assert lines[-1] == {"server": "demo", "method": "PATCH", "path": lines[-1]["path"], "status": 403}


@pytest.mark.parametrize(
    ("holdup", "kind"),
    [(Holdup.QUOTA, StallKind.QUOTA), (Holdup.ADMISSION, StallKind.ADMISSION), (Holdup.NODE, StallKind.NODE)],
)
@pytest.mark.parametrize(("place", "workload"), [("loyalty/points", "Deployment"), ("search/indexer", "StatefulSet")])
async def test_what_holds_a_rollout_up_is_told_and_gone_again(
    holdup: Holdup, kind: StallKind, place: str, workload: str, tmp_path: Path
) -> None:
    async with demo(tmp_path, holdups={(place.partition("/")[0], place.partition("/")[2]): holdup}) as run:
        key = run.key(workload, place)
        await run.redeployer.restart(await run.redeployer.read(key), datetime.now(UTC))
        stalled = await run.reached(key, lambda state: kind in {stall.kind for stall in state.stalls})
        assert stalled.settled is False
        run.roller.holdups.clear()
        done = await run.reached(key, lambda state: state.settled and all(image.current for image in state.running or ()))
        assert done.stalls == ()


async def test_an_image_that_is_not_there_stalls_until_it_is_pushed(tmp_path: Path) -> None:
    async with demo(tmp_path) as run:
        key = run.key("Deployment", "loyalty/points")
        await run.redeployer.pin(await run.redeployer.read(key), {"points": f"{CONTOSO}/loyalty/points:2.6"})
        await run.reached(key, lambda state: StallKind.IMAGE_PULL in {stall.kind for stall in state.stalls})
        there = run.company.yard.shelf(CONTOSO).repositories["loyalty/points"]
        there.tag("2.6", there.tags["2.5"].digest, NOW)
        await run.reached(key, converged(there.tags["2.5"].digest, "points"))


async def test_a_budget_holds_up_the_restart_of_an_argo_rollout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strict = [budget if budget.namespace != "catalog" else type(budget)("catalog", "api", 0) for budget in BUDGETS]
    monkeypatch.setattr("tui.demo.estate.budgets.BUDGETS", strict)
    async with demo(tmp_path) as run:
        key = run.key("Rollout", "catalog/api")
        seen = await run.redeployer.read(key)
        assert seen.settled
        await run.redeployer.restart(seen, datetime.now(UTC))
        stalled = await run.reached(key, lambda state: StallKind.BUDGET in {stall.kind for stall in state.stalls})
        assert stalled.settled is False
        monkeypatch.setattr("tui.demo.estate.budgets.BUDGETS", BUDGETS)
        await run.reached(key, lambda state: state.settled and all(image.current for image in state.running or ()))


async def test_git_puts_back_what_was_changed_and_a_conflict_is_shown(tmp_path: Path) -> None:
    async with demo(tmp_path) as run:
        key = run.key("Deployment", "fulfilment/routing")
        seen = await run.redeployer.read(key)
        assert seen.owner is not None
        assert seen.owner.name == "Argo CD"
        with pytest.raises(Inapplicable, match="would undo a pin"):
            await run.redeployer.pin(seen, {"routing": f"{CONTOSO}/fulfilment/routing:0.9.4"})
        await run.redeployer.restart(seen, datetime.now(UTC))
        await run.reached(key, lambda state: state.restarted_at)
        await run.reached(key, lambda state: not state.restarted_at)
        await run.redeployer.scale(await run.reached(key, lambda state: state.settled), 0)
        await run.reached(key, lambda state: state.desired == seen.desired and state.settled)
        model = next(one for one in run.company.clusters[0].estate.controllers if one.name == "points" and not one.owner)
        model.writer = ("release-pipeline", "Apply")
        write_controller(run.company.clusters[0].store, model)
        points = run.key("Deployment", "loyalty/points")
        with pytest.raises(Changed) as error:
            await run.redeployer.pin(await run.redeployer.read(points), {"points": f"{CONTOSO}/loyalty/points:9"})
        assert any("release-pipeline" in difference for difference in error.value.differences)


async def test_a_cron_job_runs_the_new_image_next(tmp_path: Path) -> None:
    async with demo(tmp_path) as run:
        key = run.key("CronJob", "payments/reconcile")
        await run.redeployer.pin(await run.redeployer.read(key), {"reconcile": f"{CONTOSO}/payments/migrate:1.14.2"})
        digest = run.company.yard.shelf(CONTOSO).repositories["payments/migrate"].tags["1.14.2"].digest
        await run.reached(key, lambda state: digest in {image.digest for image in state.digests("reconcile") or ()})


async def test_the_pods_of_jobs_that_have_ended_stay_and_hold_neither_a_pin_nor_a_suspension_up(tmp_path: Path) -> None:
    async with demo(tmp_path) as run:
        key = run.key("CronJob", "payments/reconcile")
        before = await run.reached(key, lambda state: state.running and not any(image.alive for image in state.running))
        assert sum(image.ended for image in before.running or ()) > 0
        image = f"{CONTOSO}/payments/migrate:1.14.2"
        await run.redeployer.pin(before, {"reconcile": image})
        digest = run.company.yard.shelf(CONTOSO).repositories["payments/migrate"].tags["1.14.2"].digest
        change = RolloutGoal(digests={"reconcile": frozenset({digest})}, images={"reconcile": image})

        def arrived(change: RolloutGoal) -> Callable[[RolloutState], bool]:
            return lambda state: isinstance(converge(restart("reconcile"), StepRecord(since=NOW), change, state, NOW), Proof)

        pinned = await run.reached(key, arrived(change))
        await run.redeployer.scale(pinned, 0)
        assert (await run.reached(key, arrived(RolloutGoal(replicas=0)))).suspended


async def test_the_scale_of_what_has_a_number_of_pods_is_read_and_changed_as_kubectl_does(tmp_path: Path) -> None:
    """kube-apiserver 1.36, asked by `kubectl scale`: a small object of its own, whose `spec` leaves a zero out."""
    async with demo(tmp_path) as run:
        api = ApiServer(run.company.clusters[0].store, lambda request: ADMIN, run.roller.writer(run.company.clusters[0]))

        async def ask(place: str, patch: object = None) -> tuple[int, Any]:
            headers = {"content-type": "application/merge-patch+json"}
            path = f"/apis/{place}/scale"
            request = Request("GET" if patch is None else "PATCH", path, {}, headers, json.dumps(patch).encode())
            reply = await api.handle(request)
            return reply.status, json.loads(reply.body) if reply.status != 404 or reply.body[:1] == b"{" else None

        points = "apps/v1/namespaces/loyalty/deployments/points"
        status, scale = await ask(points)
        assert (status, scale["kind"], scale["apiVersion"]) == (200, "Scale", "autoscaling/v1")
        assert scale["metadata"].keys() == {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}
        assert scale["spec"]["replicas"] == scale["status"]["replicas"] > 0
        assert scale["status"]["selector"]
        stale = {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 1}}
        for patch, expected in (({"spec": {"replicas": -1}}, 422), ({"spec": {"replicas": "x"}}, 422), (stale, 409)):
            assert (await ask(points, patch))[0] == expected
        status, scale = await ask(points, {"spec": {"replicas": 0}})
        assert (status, scale["spec"]) == (200, {})
        await run.reached(run.key("Deployment", "loyalty/points"), lambda state: state.running == ())
        assert (await ask("apps/v1/namespaces/loyalty/deployments/none"))[0] == 404
        assert await ask("apps/v1/namespaces/platform/daemonsets/agent") == (404, None)
        api = ApiServer(run.company.clusters[0].store, lambda request: VIEWER, run.roller.writer(run.company.clusters[0]))
        status, refusal = await ask(points, {"spec": {"replicas": 1}})
        assert (status, 'cannot patch resource "deployments/scale"' in refusal["message"]) == (403, True)


async def test_a_connection_lost_after_the_patch_is_found_done(tmp_path: Path) -> None:
    lost = Faults((Fault("demo", r"/apis/apps/.*/deployments/points", "drop", method="PATCH", first=1),))
    async with demo(tmp_path, faults=lost) as run:
        key = run.key("Deployment", "loyalty/points")
        receipt = await run.redeployer.restart(await run.redeployer.read(key), datetime.now(UTC))
        assert receipt.generation == (await run.redeployer.read(key)).generation
        assert [(line.method, line.status) for line in run.requests.others] == [("PATCH", 0)]


async def test_a_replication_controller_keeps_the_number_of_pods_and_its_template_replaces_none(tmp_path: Path) -> None:
    async with demo(tmp_path) as run:
        key = run.key("ReplicationController", "legacy/till-bridge")
        before = await run.redeployer.read(key)
        await run.redeployer.scale(before, 0)
        none = await run.reached(key, lambda state: state.running == ())
        await run.redeployer.scale(none, 2)
        await run.reached(key, lambda state: sum(image.ready for image in state.running or ()) == 2)
        with pytest.raises(Inapplicable, match="does not replace its pods"):
            await run.redeployer.restart(before, datetime.now(UTC))


async def test_a_job_is_suspended_and_resumed_and_its_template_stays(tmp_path: Path) -> None:
    async with demo(tmp_path) as run:
        key = run.key("Job", "catalog/import-once")
        before = await run.redeployer.read(key)
        await run.redeployer.scale(before, 0)
        suspended = await run.redeployer.read(key)
        assert suspended.suspended
        assert all(image.alive == 0 for image in suspended.running or ())
        await run.redeployer.scale(suspended, 1)
        assert not (await run.redeployer.read(key)).suspended
        cluster = run.company.clusters[0]
        job = next(model for model in cluster.estate.controllers if model.name == "import-once")
        write = run.roller.writer(cluster)
        body = json.loads(cluster.store.table(kind_of("Job")).entries["catalog", "import-once"].whole)
        body["spec"]["template"]["spec"]["containers"][0]["image"] = "other"
        with pytest.raises(PatchRefused) as refusal:
            write(kind_of("Job"), ("catalog", "import-once"), body, "kubectl")
        assert refusal.value.reply.status == 422
        assert job.boxes[0].image != "other"


async def test_a_pod_takes_another_image_and_nothing_else(tmp_path: Path) -> None:
    async with demo(tmp_path) as run:
        cluster = run.company.clusters[0]
        pod = next(pod for pod in cluster.estate.pods if pod.namespace == "loyalty" and pod.name.startswith("points-"))
        key, write = (pod.namespace, pod.name), run.roller.writer(cluster)
        body = json.loads(cluster.store.table(kind_of("Pod")).entries[key].whole)
        body["spec"]["containers"][0]["image"] = f"{CONTOSO}/payments/api:1.14.2"
        assert write(kind_of("Pod"), key, body, "kubectl")
        shown = json.loads(cluster.store.table(kind_of("Pod")).entries[key].whole)
        assert shown["spec"]["containers"][0]["image"] == f"{CONTOSO}/payments/api:1.14.2"
        assert shown["status"]["containerStatuses"][0]["imageID"] == pod.containers[0].image_id
        body["spec"]["nodeName"] = "another"
        with pytest.raises(PatchRefused):
            write(kind_of("Pod"), key, body, "kubectl")


async def test_a_replica_set_of_a_deployment_is_put_right_by_its_owner(tmp_path: Path) -> None:
    async with demo(tmp_path) as run:
        cluster = run.company.clusters[0]
        owned = next(
            model
            for model in cluster.estate.controllers
            if model.kind is Kinds.REPLICASET and model.replicas and model.name.startswith("points-")
        )
        key, kind, replicas = (owned.namespace, owned.name), kind_of("ReplicaSet"), owned.replicas
        state = await run.redeployer.read(run.key("ReplicaSet", "/".join(key)))
        with pytest.raises(Inapplicable, match="belongs to Deployment points"):
            await run.redeployer.scale(state, 0)
        body = json.loads(cluster.store.table(kind).entries[key].whole)
        body["spec"]["replicas"] = 0
        assert run.roller.writer(cluster)(kind, key, body, "kubectl")
        await run.reached(run.key("ReplicaSet", "/".join(key)), lambda state: state.desired == replicas)
