"""What goes on while somebody looks: pods restart and roll, a tag moves, pulls fail again and again, watches expire.

Gently: one thing every second or two. What a case stands for is left alone, so that it can be found at any time.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Container
from datetime import UTC, datetime, timedelta

from tui.demo.cluster.kinds import kind_of
from tui.demo.estate.company import Cluster, Company, audit, write_controller, write_pod
from tui.demo.estate.images import CONTOSO
from tui.demo.estate.jobs import run_job
from tui.demo.estate.model import Controller, Kinds, PodModel
from tui.demo.estate.publisher import Published

__all__ = ["Life"]

FIRST_MOVE, BETWEEN_MOVES = 12.0, 180.0
FIRST_EXPIRY, BETWEEN_EXPIRIES = 35.0, 240.0
BETWEEN_AUDITS = 60.0  # Gatekeeper's own pace
STARTING = 2.5  # seconds that a new pod takes
SITE = f"{CONTOSO}/storefront/web"


class Life:
    """Moves a company; everything random comes from the seed. `pace` stretches every pause.

    What is `busy` (cluster, namespace and name) is left alone: it rolls out.
    """

    def __init__(self, company: Company, seed: int, pace: float = 1.0, busy: Container[tuple[str, str, str]] = ()) -> None:
        self._company, self._pace, self._busy = company, pace, busy
        self._random = random.Random(f"life:{seed}")  # noqa: S311
        self._moves = 0
        self._ordinary = {
            cluster.estate.name: {
                (work.namespace, work.name) for work in cluster.estate.works.values() if work.lively and not work.runs
            }
            for cluster in company.clusters
        }

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._days())
            group.create_task(self._tags())
            group.create_task(self._expiries())
            group.create_task(self._audits())

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._pace)

    async def _days(self) -> None:
        while True:
            await self._pause(self._random.uniform(0.9, 2.1))
            cluster = self._random.choice(self._company.clusters)
            match self._random.randrange(5):
                case 0:
                    self._restart(cluster)
                case 1:
                    self._pull_again(cluster)
                case 2:
                    await self._run_job(cluster)
                case _:
                    await self._replace_one(cluster)

    async def _audits(self) -> None:
        """The clusters' gates look at what runs, again and again."""
        while True:
            await self._pause(BETWEEN_AUDITS)
            for cluster in self._company.clusters:
                audit(cluster, datetime.now(UTC))

    async def _expiries(self) -> None:
        await self._pause(FIRST_EXPIRY)
        while True:
            for cluster in self._company.clusters:
                cluster.store.expire(kind_of("Pod"))
                await self._pause(BETWEEN_EXPIRIES / 4)
            await self._pause(BETWEEN_EXPIRIES / 2)

    # ---- small things

    def _restart(self, cluster: Cluster) -> None:
        """A container is killed and started again."""
        pods = [pod for pod in cluster.estate.pods if pod.phase == "Running" and pod.ready and self._lively(cluster, pod)]
        if not pods:
            return
        pod = self._random.choice(pods)
        pod.containers[0].restarts += 1
        pod.containers[0].started = datetime.now(UTC)
        write_pod(cluster.store, pod)

    def _pull_again(self, cluster: Cluster) -> None:
        """A pod that cannot pull flips between its two reasons."""
        pods = [pod for pod in cluster.estate.pods if pod.phase == "Pending" and pod.containers[0].reason in _PULLING]
        if not pods:
            return
        pod = self._random.choice(pods)
        first = pod.containers[0]
        first.reason = _PULLING[first.reason]
        back_off = f'Back-off pulling image "{first.box.image}": ErrImagePull: '
        bare = first.message.removeprefix(back_off)
        first.message = bare if first.reason == "ErrImagePull" else f"{back_off}{bare}"
        write_pod(cluster.store, pod)

    async def _replace_one(self, cluster: Cluster) -> None:
        """A pod of a Deployment is evicted, and another takes its place."""
        owners = {owner.uid: owner for owner in cluster.estate.controllers if owner.kind is Kinds.REPLICASET and owner.replicas}
        pods = [
            pod
            for pod in cluster.estate.pods
            if pod.owner and pod.owner.uid in owners and pod.ready and self._lively(cluster, pod)
        ]
        if pods:
            pod = self._random.choice(pods)
            await self._roll(cluster, pod, pod.containers[0].image_id)

    async def _run_job(self, cluster: Cluster) -> None:
        """A CronJob runs once more; the oldest of its runs is cleaned up."""
        owners = [owner for owner in cluster.estate.controllers if owner.kind is Kinds.CRONJOB and not owner.suspended]
        if not owners:
            return
        await run_job(cluster, self._random.choice(owners), self._pause)

    def _lively(self, cluster: Cluster, pod: PodModel) -> bool:
        """Whether the pod stands for nothing in particular."""
        place = pod.namespace, pod.labels.get("app", "")
        return place in self._ordinary[cluster.estate.name] and (cluster.estate.name, *place) not in self._busy

    # ---- rolling

    async def _roll(self, cluster: Cluster, old: PodModel, image_id: str) -> None:
        """The old pod goes; a new one comes, without an image at first."""
        now = datetime.now(UTC)
        old.deleting = now + timedelta(seconds=30)
        write_pod(cluster.store, old)
        base = old.name.rpartition("-")[0]
        new = PodModel(old.namespace, f"{base}-{cluster.raiser.word(5)}", cluster.raiser.uid(), old.node, now, [], old.owner)
        new.labels, new.phase, new.template = dict(old.labels), "Pending", old.template
        new.containers = [type(container)(container.box, "", "waiting", "ContainerCreating") for container in old.containers]
        cluster.estate.pods.append(new)
        write_pod(cluster.store, new)
        await self._pause(STARTING)
        if new in cluster.estate.pods:  # somebody may have rolled it out meanwhile
            self._started(new, old, image_id)
            write_pod(cluster.store, new)
        if old in cluster.estate.pods:
            cluster.estate.pods.remove(old)
            write_pod(cluster.store, old, deleted=True)

    def _started(self, new: PodModel, old: PodModel, image_id: str) -> None:
        new.phase = "Running"
        for place, (container, before) in enumerate(zip(new.containers, old.containers, strict=True)):
            container.state, container.reason, container.started = (
                before.state if before.state != "waiting" else "running",
                "",
                datetime.now(UTC),
            )
            container.image_id = image_id if place == 0 else before.image_id

    # ---- a release

    async def _tags(self) -> None:
        """The shop's front page is released: the tag moves, and the Deployment follows pod by pod."""
        await self._pause(FIRST_MOVE)
        versions = self._company.yard.published.get(SITE, [])
        while versions:
            self._moves += 1
            release = versions[-1] if self._moves % 2 else versions[-2]
            repository = self._company.yard.shelf(CONTOSO).repositories["storefront/web"]
            repository.tag("live", release.digest, datetime.now(UTC))
            await self._pause(6)
            for cluster in self._company.clusters:
                await self._release(cluster, release)
            await self._pause(BETWEEN_MOVES)

    async def _release(self, cluster: Cluster, release: Published) -> None:
        """`kubectl rollout restart`: a new ReplicaSet takes over."""
        sets = [
            replica_set
            for replica_set in cluster.estate.controllers
            if replica_set.kind is Kinds.REPLICASET and replica_set.boxes[0].image == f"{SITE}:live"
        ]
        for replica_set in sets:
            for pod in cluster.estate.pods_of(replica_set.uid):
                if (cluster.estate.name, replica_set.namespace, replica_set.labels.get("app", "")) in self._busy:
                    return
                await self._roll(cluster, pod, f"{SITE}@{release.digest}")
            self._touch(cluster, replica_set)

    def _touch(self, cluster: Cluster, controller: Controller) -> None:
        controller.annotations = {**controller.annotations, "kubectl.kubernetes.io/restartedAt": datetime.now(UTC).isoformat()}
        write_controller(cluster.store, controller)


_PULLING = {"ImagePullBackOff": "ErrImagePull", "ErrImagePull": "ImagePullBackOff"}
