"""Every workload of the company, ordinary ones first, then the cases."""

from __future__ import annotations

from tui.demo.estate.images import CONTOSO, FABRIKAM, INTERNAL, LEGACY, MCR
from tui.demo.estate.model import Box, Kinds, Slot
from tui.demo.estate.special import HOSTILE
from tui.demo.estate.work import BARE, STATIC, Form, Manager, Trouble, Work, side

__all__ = ["workloads"]

# namespace/name, image, replicas in weu and neu (- for not there), age in days, manager, kind, older ReplicaSets
_ORDINARY = """
payments/api            payments/api:1.14.2          20 12  5   argo - 1.13.4,1.12.0
payments/gateway        payments/gateway:4.4.0       10 6  8   argo - 4.3.0,4.2.1
payments/fraud          payments/fraud:0.32.1        12 6  11  argo - 0.31.0
payments/settlement     payments/settlement:2.1.1    4  2  19  argo - 2.1.0
checkout/cart           checkout/cart:5.1.2          24 14 3   argo - 5.1.0
checkout/tax            checkout/tax:1.9.3           6  4  24  argo - 1.9.0
checkout/banner         checkout/banner:1.0          3  -   13  -    - -
catalog/media           catalog/media:2.7.1          12 6  14  helm - 2.6.0
catalog/thumbs          catalog/thumbs:1.8           8  4  42  helm - -
search/api              search/api:6.2.3             26 14 10  helm - 6.2.0,6.1.0
search/suggest          search/suggest:1.5.0         12 8  29  helm - 1.4.0
search/indexer          search/indexer:6.0           2  -   130 helm StatefulSet -
identity/tokens         identity/tokens:3.2.1        16 12  27  flux - 3.1.0
identity/login          identity/login:5.2.0-1       10 6  10  flux - 5.2.0
identity/consent        identity/consent:1.1.0       4  -   18  flux - 1.0.9
identity/directory      identity/directory:9.2       6  4  17  flux - 9.1
fulfilment/orders       fulfilment/orders:4.1.3      16 10  13  argo - 4.1.0,4.0.9
fulfilment/routing      fulfilment/routing:1.0.0     8  5  21  argo - 0.9.4
fulfilment/labels       fulfilment/labels:2.2.4      4  -   47  argo - 2.2.0
fulfilment/scheduler    fulfilment/scheduler:5       2  -   19  argo - -
loyalty/campaigns       loyalty/campaigns:1.4.2      5  -   16  -    - 1.3.0
loyalty/points          loyalty/points:2.5           6  4  51  -    - -
notify/sms              notify/sms:3.0.2             4  3  36  helm - 3.0.0
notify/push             notify/push:2.9.0            6  4  12  helm - 2.8.1
notify/mailer           notify/mailer:3.1            4  -   33  helm - -
data/reports            data/reports:7.8.0           3  -   43  -    - 7.7.0
ml/features             ml/features:0.15.2           6  3  9   flux - 0.14.0
ml/ranker               ml/ranker:0.44               8  4  23  flux StatefulSet -
ml/serving              ml/serving:2.3               6  -   31  flux - -
vendor/chat             vendor/chat:12               3  -   45  helm - -
platform/gateway        platform/gateway:8.2         10 8  22  flux - 8.1
platform/agent          platform/agent:0.9.2         0  0  28  flux DaemonSet -
platform/scanner        platform/scanner:4           2  -   14  flux - -
"""


def _ordinary() -> list[Work]:
    works = []
    for line in _ORDINARY.strip().splitlines():
        place, image, west, north, age, manager, kind, older = line.split()
        namespace, _, name = place.partition("/")
        for cluster, replicas in (("weu", west), ("neu", north)):
            if replicas == "-":
                continue
            works.append(
                Work(
                    namespace,
                    name,
                    f"{CONTOSO}/{image}",
                    int(replicas),
                    Kinds.DEPLOYMENT if kind == "-" else Kinds(kind),
                    age=float(age),
                    manager=Manager("" if manager == "-" else manager),
                    rollback=() if older == "-" else tuple(older.split(",")),
                    clusters=(cluster,),
                    extra=_companions(name),
                )
            )
    return works


def _companions(name: str) -> tuple[Box, ...]:
    """A migration before the start, a proxy beside, a debugger in the middle of an incident."""
    match name:
        case "api" | "gateway":
            return (side("otel", f"{CONTOSO}/mirror/otel/opentelemetry-collector:0.137.0"),)
        case "settlement" | "consent":
            return (Box("migrate", f"{CONTOSO}/payments/migrate:1.14.2", Slot.INIT),)
        case "fraud":
            return (Box("features", f"{CONTOSO}/ml/features:0.15.2"),)
        case _:
            return ()


def _system() -> list[Work]:
    """kube-system and what operators add; half of it from registries that are not to be asked."""
    space = "kube-system"
    quay, hub = "quay.io", "docker.io"
    daemon = Kinds.DAEMONSET
    return [
        Work(space, "kube-proxy", f"{MCR}/oss/kubernetes/kube-proxy:v1.33.5", kind=daemon, age=60),
        Work(space, "azure-cns", f"{MCR}/containernetworking/azure-cns:v1.6.31", kind=daemon, age=60),
        Work(space, "csi-azuredisk-node", f"{MCR}/oss/kubernetes-csi/azuredisk-csi:v1.33.4", kind=daemon, age=60),
        Work(space, "coredns", f"{MCR}/oss/kubernetes/coredns:v1.12.1", 5, age=60),
        Work(space, "metrics-server", f"{MCR}/oss/kubernetes/metrics-server:v0.7.2", 2, age=60),
        Work(space, "konnectivity-agent", f"{MCR}/oss/kubernetes/pause:3.10", 2, age=200),
        Work("ingress", "traefik", f"{hub}/library/traefik:v3.5.3", 4, age=50, manager=Manager.HELM),
        Work("cert-manager", "cert-manager", f"{quay}/jetstack/cert-manager-controller:v1.19.0", 2, age=35, manager=Manager.HELM),
        Work(
            "observability",
            "prometheus",
            f"{quay}/prometheus/prometheus:v3.6.0",
            2,
            Kinds.STATEFULSET,
            age=40,
            manager=Manager.HELM,
        ),
        Work(
            "observability", "node-exporter", f"{quay}/prometheus/node-exporter:v1.9.1", kind=daemon, age=40, manager=Manager.HELM
        ),
        Work("observability", "grafana", f"{hub}/grafana/grafana:12.2.0", 1, age=22, manager=Manager.HELM),
        Work("checkout", "redis", "redis:8.2-alpine", 3, Kinds.STATEFULSET, age=75, manager=Manager.HELM),
    ]


def _drifting() -> list[Work]:
    """What runs is not what the name says: one workload for each way, and the near misses that are none."""
    west = ("weu",)
    return [
        Work("payments", "worker", f"{CONTOSO}/payments/worker:stable", 12, runs=("2.7.0",), age=41, pull="Always", lively=False),
        Work("checkout", "web", f"{CONTOSO}/checkout/web:3.0", 18, runs=("3.0.1", "3.0.1", "3.0.2"), age=30, lively=False),
        Work("checkout", "session", f"{CONTOSO}/checkout/session:2.4", 6, runs=("2.4",), age=37, lively=False),
        Work("fulfilment", "mailer", f"{CONTOSO}/fulfilment/mailer:3", 3, runs=("3",), age=148, clusters=west, lively=False),
        Work(
            "catalog",
            "api",
            f"{CONTOSO}/catalog/api:7",
            10,
            Kinds.ROLLOUT,
            ("7.0",),
            pin="7.0",
            age=59,
            manager=Manager.ARGO,
            lively=False,
        ),
        Work("checkout", "pricing", f"{CONTOSO}/checkout/pricing:1.6", 8, runs=("1.6",), age=48, lively=False),
        Work(
            "storefront",
            "web",
            f"{CONTOSO}/storefront/web:live",
            16,
            runs=("2026.47",),
            age=8,
            pull="Always",
            rollback=("2026.46",),
        ),
    ]


def _reported() -> list[Work]:
    """What a node reports in another form than usual, although nothing is wrong."""
    west = ("weu",)
    return [
        Work("platform", "mirror-tools", f"{FABRIKAM}/mirror/toolbox:1.6", 2, form=Form.OTHER_NAME, age=19, clusters=west),
        Work("search", "suggest-arm", f"{CONTOSO}/search/suggest:1.5.0", 4, arch="arm64", age=28, clusters=west),
        Work("identity", "tokens-edge", f"{CONTOSO}/identity/tokens:3.2.1", 3, form=Form.BARE, age=26, clusters=("neu",)),
        Work("platform", "imported", f"{CONTOSO}/platform/backup:1.3.0", 1, form=Form.CONFIG, age=90, clusters=west),
        Work(
            "legacy",
            "till-bridge",
            f"{CONTOSO}/notify/sms:3.0.2",
            1,
            Kinds.REPLICATIONCONTROLLER,
            form=Form.DOCKER,
            age=36,
            clusters=west,
        ),
        Work("checkout", "cart-canary", f"{CONTOSO}/checkout/cart:5.1.2", 2, form=Form.PLATFORM, age=3, clusters=west),
    ]


def _troubled() -> list[Work]:
    """Images that cannot be pulled, each for its own reason; the words are containerd's."""
    head = 'Back-off pulling image "{image}": ErrImagePull: '
    pull = 'failed to pull and unpack image "{image}": failed to resolve reference "{image}": '
    missing = f"{head}rpc error: code = NotFound desc = {pull}{{image}}: not found"
    denied = f"{head}rpc error: code = Unknown desc = {pull}failed to authorize: failed to fetch anonymous token: "
    denied += "unexpected status from GET request to https://{host}/oauth2/token: 401 Unauthorized"
    network = f"{head}rpc error: code = Unknown desc = {pull}failed to do request: Head "
    network += '"https://{host}/v2/": dial tcp: lookup {host} on 168.63.129.16:53: no such host'
    west, back = ("weu",), "ImagePullBackOff"
    return [
        Work("catalog", "reco", f"{CONTOSO}/ml/ranker:9.9", 2, trouble=Trouble(back, missing), age=0.2, clusters=west),
        Work("search", "synonyms", f"{CONTOSO}/serch/suggest:1.5.0", 1, trouble=Trouble(back, missing), age=1.5, clusters=west),
        Work("logistics", "portal", f"{FABRIKAM}/logistics/portal:5.1", 2, trouble=Trouble(back, denied), age=6, clusters=west),
        Work(
            "platform", "collector", f"{INTERNAL}/ops/collector:2", 1, trouble=Trouble(back, network), age=0.1, clusters=("neu",)
        ),
        Work(
            "vendor",
            "survey",
            "Vendor/Survey:1",
            1,
            trouble=Trouble("InvalidImageName", f"Failed to apply default image tag: {HOSTILE}"),
            clusters=west,
        ),
        Work(
            "ml",
            "trainer",
            f"{CONTOSO}/ml/features:0.15.2",
            2,
            trouble=Trouble("CrashLoopBackOff", "back-off 5m0s restarting failed container", 2),
        ),
    ]


def _scheduled() -> list[Work]:
    """What does not run now but will: the victims of a purge."""
    cron, west = Kinds.CRONJOB, ("weu",)
    return [
        Work(
            "payments",
            "reconcile",
            f"{CONTOSO}/payments/migrate:1.13.4",
            kind=cron,
            schedule="*/20 * * * *",
            age=44,
            clusters=west,
        ),
        Work(
            "data",
            "etl-nightly",
            f"{CONTOSO}/data/etl:20.6",
            kind=cron,
            schedule="0 2 * * *",
            age=3,
            manager=Manager.FLUX,
            clusters=west,
        ),
        Work(
            "data",
            "export-monthly",
            f"{CONTOSO}/data/export:1.0",
            kind=cron,
            schedule="0 4 1 * *",
            age=90,
            suspended=True,
            clusters=west,
        ),
        Work("platform", "backup", f"{CONTOSO}/platform/backup:1.2.0", kind=cron, schedule="0 3 * * *", age=235),
        Work("catalog", "import-once", f"{CONTOSO}/catalog/importer:11.2", kind=Kinds.JOB, age=7, clusters=("weu",)),
        Work("catalog", "importer", f"{CONTOSO}/catalog/importer:11.0", 0, age=119, clusters=west),
        Work("data", "export", f"{CONTOSO}/data/export:1.1", 0, age=38, clusters=("weu",)),
        Work("loyalty", "points-next", f"{CONTOSO}/loyalty/points:3.0", 0, age=2, clusters=("weu",)),
    ]


def _carrier() -> list[Work]:
    """The bought company, the old server, and pods that nobody owns."""
    helm, west = Manager.HELM, ("weu",)
    return [
        Work("logistics", "tracker", f"{FABRIKAM}/logistics/tracker:3.5", 6, age=15, manager=helm, rollback=("3.4", "3.3")),
        Work("logistics", "dispatch", f"{FABRIKAM}/logistics/dispatch:1.19", 4, age=34, manager=helm, rollback=("1.18",)),
        Work("logistics", "driver-api", f"{FABRIKAM}/logistics/driver-api:prod", 6, age=17, manager=helm),
        Work("logistics", "rates", f"{FABRIKAM}/logistics/rates:0.8", 4, age=5, manager=helm, rollback=("0.7",)),
        Work("logistics", "gatebox", f"{FABRIKAM}/edge/gatebox:1.2", 3, age=25, clusters=("neu",)),
        Work("legacy", "erp", f"{LEGACY}/erp/server:2019.4", 2, Kinds.STATEFULSET, age=900, clusters=west),
        Work(
            "legacy",
            "erp-reports",
            f"{LEGACY}/erp/reports:7",
            1,
            age=890,
            clusters=west,
            annotations={"contoso.example/note": HOSTILE},
        ),
        Work("platform", "toolbox", f"{CONTOSO}/platform/toolbox:1", kind=BARE, age=0.1, clusters=west, extra=_debugger()),
        Work("kube-system", "edge-registry-proxy", f"{CONTOSO}/platform/gateway:8.2", kind=STATIC, age=22, clusters=("neu",)),
    ]


def _debugger() -> tuple[Box, ...]:
    return (Box("debugger-x7k2p", f"{CONTOSO}/base/debian:12-slim", Slot.EPHEMERAL),)


def workloads() -> list[Work]:
    """All of them."""
    return [*_ordinary(), *_system(), *_drifting(), *_reported(), *_troubled(), *_scheduled(), *_carrier()]
