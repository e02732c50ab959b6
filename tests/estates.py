"""Small believable estates for tests of what is shown, and an estate that is driven by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec

from tests.snapshots import snapshot_of, users_of
from tui.domain.common.trust import Check, CheckName, State, roll_up, worst
from tui.domain.facts.demand import Demand
from tui.domain.facts.events import Denial, Progress, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.image import Platform
from tui.domain.facts.inquiries import ClusterInquiries, Inquiries
from tui.domain.facts.workload import ContainerType, ObjectKey
from tui.domain.snapshot.snapshot import (
    EMPTY,
    BaseLink,
    BaseState,
    Basis,
    Confidence,
    Container,
    Drift,
    Image,
    ImageKey,
    NodeKind,
    PodRef,
    Snapshot,
    UnknownBase,
    Workload,
)
from tui.domain.workloads.counting import crews_of
from tui.estate.inquiries import SourceInquiries

__all__ = ["NOW", "AskNoCluster", "HandEstate", "company", "digest", "freeze", "huge", "loading", "sick"]

NOW = datetime(2026, 3, 14, 10, 42, 7, tzinfo=UTC)
ACR = "contoso.azurecr.io"


REGISTRY = SourceId(SourceKind.REGISTRY, ACR)
LAYERS = SourceId(SourceKind.POLICY, "layers")
CONFIG = SourceId(SourceKind.POLICY, "config")


def digest(text: str) -> str:
    """A digest made from a text."""
    return f"sha256:{sha256(text.encode()).hexdigest()}"


def ago(days: float) -> datetime:
    """Some days before NOW."""
    return NOW - timedelta(days=days)


def check(name: CheckName, state: State, reason: str, brief: str = "", source: SourceId = REGISTRY, remedy: str = "") -> Check:
    """A check as of four seconds before NOW."""
    return Check(name, state, reason, (source,), NOW - timedelta(seconds=4), brief=brief, remedy=remedy)


class Builder:
    """Collects images, bases and workloads, and freezes them to a snapshot."""

    def __init__(self) -> None:
        self.images: dict[ImageKey, Image] = {}
        self.bases: dict[ImageKey, UnknownBase] = {}
        self.workloads: dict[ObjectKey, Workload] = {}

    def image(
        self,
        name: str,
        *checks: Check,
        on: ImageKey | None = None,
        days: float = 9,
        registry: str = ACR,
        layers: int = 5,
        absent: str = "",
    ) -> ImageKey:
        """Add an image `repository:tag`; `on` is its base."""
        repository, _, tag = name.partition(":")
        key = ImageKey(registry, repository, digest(f"{registry}/{name}"))
        outdated = any(each.name is CheckName.BASE and each.state is not State.PASS for each in checks)
        link = None
        if on is not None:
            state = BaseState.OUTDATED if outdated else BaseState.CURRENT
            link = BaseLink(
                on,
                Basis.LAYERS,
                Confidence.CERTAIN,
                layers=layers,
                note="diff_ids begin with the base's whole chain",
                state=state,
            )
        told = checks or (check(CheckName.REGISTRY, State.PASS, f"{registry} is trusted", source=SourceId(SourceKind.POLICY)),)
        self.images[key] = Image(
            key,
            (key.digest, digest(f"{name} amd64")),
            tags=(tag,),
            platforms=() if absent else (Platform("linux", "amd64"), Platform("linux", "arm64")),
            size=None if absent else 184_000_000,
            created=None if absent else ago(days),
            checks=told,
            verdict=roll_up(told),
            base=link,
            root=on is None,
            absent=absent,
            as_of=NOW,
        )
        return key

    def run(
        self,
        place: str,
        image: ImageKey,
        pods: int,
        *checks: Check,
        drift: Drift = Drift.SAME,
        reason: str = "the tag names what all pods run",
        trouble: str = "",
    ) -> ObjectKey:
        """Add a workload `cluster/namespace/Kind/name` with one container."""
        cluster, namespace, kind, name = place.split("/")
        key = ObjectKey(cluster, namespace, kind, name)
        found = self.images[image]
        told = checks or (check(CheckName.IDENTITY, State.PASS, reason, source=SourceId(SourceKind.CLUSTER, cluster)),)
        refs = tuple(
            PodRef(
                f"{name}-7d4b9c-{at:05x}",
                f"aks-pool1-{at % 3}",
                "Running",
                image.digest,
                ago(2),
                "waiting" if trouble else "running",
                "ImagePullBackOff" if trouble else "",
                name,
                runs=image,
            )
            for at in range(pods)
        )
        container = Container(
            name,
            ContainerType.CONTAINER,
            f"{image.name}:{found.tags[0]}",
            tag=found.tags[0],
            digests=(image.digest,),
            runs=(image,),
            declared=image,
            pods=pods,
            drift=drift,
            drift_reason=reason,
            trouble=trouble,
            checks=told,
            verdict=State.FAIL if trouble else worst((roll_up(told), found.verdict)),
            pull_policy="IfNotPresent",
            pod_refs=refs,
        )
        self.workloads[key] = Workload(
            key,
            (container,),
            container.verdict,
            pods,
            pods,
            created=ago(40),
            managed_by="Helm",
            as_of=NOW,
            crews=crews_of([refs]),
        )
        return key

    def freeze(self, *sources: SourceHealth, number: int = 1) -> Snapshot:
        """Join what was collected."""
        return freeze(self.images, self.bases, self.workloads, sources, number)


def freeze(
    images: dict[ImageKey, Image],
    bases: dict[ImageKey, UnknownBase],
    workloads: dict[ObjectKey, Workload],
    sources: Iterable[SourceHealth] = (),
    number: int = 1,
) -> Snapshot:
    """A snapshot with derived images, users and counts worked out."""
    users, told = users_of(workloads.values()), tuple(sources)
    pods = {key: sum(workloads[user].pods for user in using) for key, using in users.items()}
    used = [msgspec.structs.replace(image, in_use=key in users, pods=pods.get(key, 0)) for key, image in images.items()]
    complete = all(health.state is SourceState.OK for health in told)
    return snapshot_of(number, NOW, used, workloads.values(), bases.values(), told, complete)


def healthy() -> tuple[SourceHealth, ...]:
    """Two clusters and two registries that are well, one registry that is partial."""
    near = NOW - timedelta(seconds=4)
    denied = Denial(
        "the repositories under legacy/", "repositories/legacy/content/read", "Ask for Container Registry Repository Reader."
    )
    return (
        SourceHealth(SourceId(SourceKind.CLUSTER, "prod-weu"), SourceState.OK, near, 9310, 41, live=True, identity="ops@contoso"),
        SourceHealth(SourceId(SourceKind.CLUSTER, "prod-neu"), SourceState.OK, near, 4210, 22, live=True, identity="ops@contoso"),
        SourceHealth(SourceId(SourceKind.REGISTRY, ACR), SourceState.OK, near, 612, 118, identity="ops@contoso"),
        SourceHealth(SourceId(SourceKind.REGISTRY, "mcr.microsoft.com"), SourceState.OK, near, 4, 9),
        SourceHealth(
            SourceId(SourceKind.REGISTRY, "legacy.azurecr.io"),
            SourceState.PARTIAL,
            near,
            3,
            12,
            denials=(denied,),
            error="may not read legacy/",
        ),
    )


def company() -> Snapshot:
    """A company with every verdict, drift and kind of node in a few dozen rows."""
    build = Builder()
    moved = check(
        CheckName.BASE,
        State.FAIL,
        "debian:12-slim has moved 3 days ago past the digest this was built on",
        "moved 3d",
        LAYERS,
        "Rebuild it on the new base.",
    )
    old = check(
        CheckName.BASE, State.WARN, "base/python:3.12 stands on an old build of debian:12-slim", "on the old debian", LAYERS
    )
    fine = check(CheckName.REGISTRY, State.PASS, f"{ACR} is trusted", source=SourceId(SourceKind.POLICY))
    young = check(CheckName.AGE, State.PASS, "built 9 d ago, limit 90 d", source=CONFIG)
    off = check(CheckName.SIGNATURE, State.OFF, "the policy does not ask")
    drifted = check(
        CheckName.IDENTITY,
        State.WARN,
        "the tag now names another digest: 2 pods run the old one, 2 the new one",
        "tag moved: 2 old · 2 new",
        SourceId(SourceKind.CLUSTER, "prod-neu"),
    )
    replaced = check(
        CheckName.IDENTITY, State.FAIL, "another image has this name now", "replaced", remedy="Pin the digest, or roll back."
    )
    debian = build.image("debian:12-slim", moved, fine, registry="mcr.microsoft.com", days=3)
    python = build.image("base/python:3.12", old, fine, young, on=debian, days=21)
    node = build.image("base/node:22", fine, young, on=debian, days=1)
    payments = build.image("payments-api:1.8.2", replaced, old, fine, young, off, on=python, layers=7)
    ledger = build.image(
        "ledger:2.1", check(CheckName.IDENTITY, State.UNKNOWN, "no pod has started", "never started"), fine, on=python, days=40
    )
    risk = build.image("risk-engine:5.0.3", fine, young, on=python, days=2)
    shop = build.image(
        "shop-web:3.4.0",
        check(CheckName.AGE, State.WARN, "built 96 d ago, limit 90 d", "96 days old", CONFIG),
        on=node,
        days=96,
    )
    bff = build.image("shop-bff:7.7.1", fine, young, on=node, days=4)
    alpine = build.image(
        "library/alpine:3.16",
        check(CheckName.BASE, State.WARN, "end of life since 2024-05-23", "end of life 2024-05-23"),
        registry="docker.io",
        days=900,
    )
    nginx = build.image("base/nginx:1.25", fine, on=alpine, days=200)
    lost = check(
        CheckName.REGISTRY,
        State.UNKNOWN,
        "quay.io does not answer",
        "registry does not answer",
        SourceId(SourceKind.REGISTRY, "quay.io"),
        "Check the network to quay.io.",
    )
    envoy = build.image("edge/envoy-lua:1.29", lost, registry="quay.io", absent="quay.io does not answer: connection timed out")
    common = ImageKey("", "", digest("chain"))
    reason = "in no readable registry"
    build.bases[common] = UnknownBase(
        common, NodeKind.SHARED_LAYERS, "base not known: 2 repositories share 4 layers", reason, layers=4, repositories=2
    )
    report = build.image("reports/daily:4", fine, on=common, days=60)
    build.run("prod-weu/payments/Deployment/api", payments, 8)
    build.run(
        "prod-neu/payments/Deployment/api",
        payments,
        4,
        drifted,
        drift=Drift.MIXED,
        reason="the tag moved while pods were replaced",
    )
    build.run("prod-weu/payments/StatefulSet/ledger", ledger, 2, trouble="cannot pull: no tag 2.1 in contoso.azurecr.io")
    build.run("prod-weu/risk/Deployment/engine", risk, 36)
    build.run("prod-weu/shop/Deployment/web", shop, 64)
    build.run("prod-neu/shop/Deployment/bff", bff, 40)
    build.run("prod-weu/ingress-nginx/DaemonSet/edge", nginx, 12)
    build.run("prod-neu/edge/Deployment/envoy", envoy, 3)
    build.run("prod-neu/reports/CronJob/daily", report, 1)
    return build.freeze(*healthy())


def loading() -> Snapshot:
    """An estate that has begun to load: nothing joined yet."""
    pods = Progress("pods", 12_000, 15_000, 8.0)
    repositories = Progress("repositories", 210, 640, 38.0, 4.0, "throttled")
    return freeze(
        {},
        {},
        {},
        (
            SourceHealth(SourceId(SourceKind.CLUSTER, "prod-weu"), SourceState.LOADING, progress=(pods,)),
            SourceHealth(SourceId(SourceKind.REGISTRY, ACR), SourceState.LOADING, progress=(repositories,)),
            SourceHealth(SourceId(SourceKind.REGISTRY, "quay.io"), SourceState.LOADING),
        ),
    )


def sick() -> Snapshot:
    """An estate of which nothing may be read."""
    denial = Denial("pods", "list pods", "Ask for the ClusterRole view on prod-weu.")
    return freeze(
        {},
        {},
        {},
        (
            SourceHealth(
                SourceId(SourceKind.CLUSTER, "prod-weu"),
                SourceState.FAILED,
                error="ops@contoso may not list pods in prod-weu",
                remedy="kubectl auth can-i list pods -A",
                denials=(denial,),
            ),
        ),
    )


def huge(images: int) -> Snapshot:
    """An estate of many images: every tenth is a base of the nine after it, each run by one workload."""
    build = Builder()
    warn = check(CheckName.AGE, State.WARN, "old", "96 days old")
    for group in range(images // 10):
        base = build.image(f"base/{group:05}:1", days=group % 300)
        for at in range(9):
            checks = (warn,) if at % 3 == 0 else ()
            image = build.image(f"team-{group % 50}/app-{group:05}-{at}:1.{at}", *checks, on=base, days=at)
            build.run(f"prod-weu/ns-{group % 200}/Deployment/app-{group}-{at}", image, 2)
    return build.freeze(*healthy())


class AskNoCluster:
    """The part of `Inquiries` that asks clusters, for tests in which nobody does."""

    def cluster(self, name: str) -> ClusterInquiries:
        """A mistake."""
        raise AssertionError(name)


class HandEstate:
    """An estate driven by hand: `publish` a snapshot and every listener hears it."""

    def __init__(self, snapshot: Snapshot = EMPTY) -> None:
        self._snapshot = snapshot
        self._listeners: list[Callable[[Snapshot], None]] = []
        self.wanted: list[Demand] = []
        self.refreshed = self.attended = 0
        self.inquiries: Inquiries = SourceInquiries(lambda _: None)

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        return self._snapshot

    def publish(self, snapshot: Snapshot) -> None:
        """Let everyone hear of a snapshot."""
        self._snapshot = snapshot
        for listener in self._listeners:
            listener(snapshot)

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Listen until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def look_again(self, demands: tuple[Demand, ...]) -> None:
        """Nobody answers here."""

    def want(self, demands: tuple[Demand, ...]) -> None:
        """Remember what was asked for."""
        self.wanted.extend(demands)

    def attend(self) -> None:
        """Count."""
        self.attended += 1

    def refresh(self) -> None:
        """Count."""
        self.refreshed += 1

    @asynccontextmanager
    async def open(self) -> AsyncIterator[HandEstate]:
        """The estate while the context lasts."""
        yield self
