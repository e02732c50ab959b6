"""A small estate made by hand: what a query, a difference or a report is asked about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from tests.snapshots import snapshot_of
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.events import SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.image import Platform, RepositoryName
from tui.domain.facts.workload import ContainerType, ObjectKey
from tui.domain.snapshot.snapshot import (
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

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ACR = "contoso.azurecr.io"
AMD64 = Platform("linux", "amd64")


def digest(letter: str) -> str:
    """A digest of one repeated hex digit."""
    return f"sha256:{letter * 64}"


def image_key(repository: str, letter: str, registry: str = ACR) -> ImageKey:
    """The key of an image whose digest is one repeated digit."""
    return ImageKey(registry, repository, digest(letter))


def check(name: CheckName, state: State, reason: str = "", brief: str = "") -> Check:
    """A check with a reason."""
    return Check(
        name,
        state,
        reason or f"{name} is {state}.",
        (SourceId(SourceKind.REGISTRY, ACR),),
        NOW - timedelta(minutes=1),
        brief=brief,
    )


DEBIAN = ImageKey("docker.io", "library/debian", digest("d"))
PYTHON = image_key("base/python", "b")
API = image_key("payments/api", "a")
OLD_API = image_key("payments/api", "9")
LEDGER = image_key("payments/ledger", "1")
PROXY = image_key("mesh/proxy", "2")
SPARE = image_key("tools/spare", "3")

IMAGES = (
    Image(
        PYTHON, (PYTHON.digest,), ("3.12",), (AMD64,), size=44_000_000, created=NOW - timedelta(days=40), in_use=False,
        checks=(check(CheckName.REGISTRY, State.PASS),), verdict=State.PASS,
        base=BaseLink(DEBIAN, Basis.ANNOTATION, Confidence.CLAIMED, tag="12-slim"), as_of=NOW,
    ),
    Image(
        API, (API.digest, digest("c")), ("1.8.2", "latest"), (AMD64, Platform("linux", "arm64", "v8")), size=90_000_000,
        created=NOW - timedelta(days=3), pushed=NOW - timedelta(days=2), in_use=True, pods=3, verdict=State.PASS,
        checks=(check(CheckName.REGISTRY, State.PASS), check(CheckName.SIGNATURE, State.OFF)),
        base=BaseLink(PYTHON, Basis.LAYERS, Confidence.CERTAIN, tag="3.12", state=BaseState.CURRENT), as_of=NOW,
    ),
    Image(
        OLD_API, (OLD_API.digest,), (), (AMD64,), tags_listed=True,
        created=NOW - timedelta(days=120), in_use=True, pods=1, verdict=State.FAIL,
        checks=(check(CheckName.REGISTRY, State.PASS), check(CheckName.AGE, State.FAIL, "Built 120 days ago.", "120d old")),
        base=BaseLink(PYTHON, Basis.LAYERS, Confidence.CERTAIN, state=BaseState.OUTDATED), as_of=NOW,
    ),
    Image(
        LEDGER, (LEDGER.digest,), ("2.1",), in_use=True, pods=2, verdict=State.UNKNOWN, absent="the registry refused",
        checks=(check(CheckName.REGISTRY, State.UNKNOWN, "The registry refused.", "not readable"),),
    ),
    Image(
        PROXY, (PROXY.digest,), ("1.0",), in_use=True, pods=6, verdict=State.WARN, root=True, created=NOW - timedelta(days=1),
        checks=(check(CheckName.AGE, State.WARN, "Built 80 days ago.", "80d old"),),
    ),
    Image(SPARE, (SPARE.digest,), ("1",), created=NOW - timedelta(days=200), verdict=State.PASS, root=True,
          checks=(check(CheckName.REGISTRY, State.PASS),)),
)  # fmt: skip


def container(
    name: str, image: str, *runs: ImageKey, drift: Drift = Drift.SAME, pods: int = 1, trouble: str = "", pin: str = "",
    type: ContainerType = ContainerType.CONTAINER, verdict: State = State.PASS,
) -> Container:  # fmt: skip
    """A container of a workload: its pods run the images, the last ones one pod each; without pods it only declares the first."""
    running = runs if pods else ()
    each = [*[runs[0]] * (pods - len(runs) + 1), *runs[1:]] if running else [None] * pods
    refs = tuple(
        PodRef(f"pod-{at}", "n1", "Running", key.digest, None, "running", "", name, runs=key)
        if key
        else PodRef(f"pod-{at}", "n1", "Pending", "", None, "waiting", "ImagePullBackOff", name)
        for at, key in enumerate(each)
    )
    return Container(
        name, type, f"{ACR}/{image}", RepositoryName(ACR, image.partition(":")[0]), image.partition(":")[2], pin,
        tuple(key.digest for key in running), running, runs[0] if runs else None, pods, drift, f"It is {drift}.", trouble,
        verdict=verdict, pod_refs=refs,
    )  # fmt: skip


WEB = ObjectKey("prod-weu", "payments", "Deployment", "api")
BOOKS = ObjectKey("prod-weu", "payments", "StatefulSet", "ledger")
NIGHTLY = ObjectKey("prod-neu", "batch", "CronJob", "nightly")
DNS = ObjectKey("prod-neu", "kube-system", "DaemonSet", "dns")
BROKEN = ObjectKey("prod-neu", "prod", "Deployment", "typo")

WORKLOADS = (
    Workload(
        WEB,
        (
            container("api", "payments/api:1.8.2", API, OLD_API, drift=Drift.MIXED, pods=4, verdict=State.FAIL),
            container("proxy", "mesh/proxy:1.0", PROXY, pods=4, type=ContainerType.SIDECAR, verdict=State.WARN),
        ),
        verdict=State.FAIL, pods=4, desired=4, managed_by="Argo CD", team="pay",
    ),
    Workload(BOOKS, (container("ledger", "payments/ledger:2.1", LEDGER, drift=Drift.UNKNOWN, pods=2, verdict=State.UNKNOWN),),
             verdict=State.UNKNOWN, pods=2),
    Workload(NIGHTLY, (container("job", "payments/api:1.8.2", API, pods=0),), verdict=State.PASS, suspended=True),
    Workload(DNS, (container("dns", "mesh/proxy:1.0", PROXY, pods=2, verdict=State.WARN),), verdict=State.WARN, pods=2),
    Workload(BROKEN, (container("web", "payments/apii:1", drift=Drift.UNKNOWN, trouble="The repository does not exist."),),
             verdict=State.UNKNOWN, pods=1),
)  # fmt: skip
BASES = (UnknownBase(DEBIAN, NodeKind.CLAIMED, "docker.io/library/debian:12-slim", "nobody may read it"),)
SOURCES = (
    SourceHealth(SourceId(SourceKind.CLUSTER, "prod-weu"), SourceState.OK, NOW, 40, 12),
    SourceHealth(SourceId(SourceKind.REGISTRY, ACR), SourceState.PARTIAL, NOW, 9, 30, error="payments/ledger is refused"),
)


def estate(
    images: Iterable[Image] = IMAGES, workloads: Iterable[Workload] = WORKLOADS, sources: tuple[SourceHealth, ...] = SOURCES,
    bases: Iterable[UnknownBase] = BASES, complete: bool = True,
) -> Snapshot:  # fmt: skip
    """A snapshot of these, with what follows from them filled in."""
    workloads = [
        msgspec.structs.replace(workload, crews=crews_of(container.pod_refs for container in workload.containers))
        for workload in workloads
    ]
    return snapshot_of(1, NOW, images, workloads, bases, sources, complete)
