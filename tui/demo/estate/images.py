"""The repositories of the estate: bases, products, and what the two companies mirror."""

from __future__ import annotations

from datetime import datetime

from tui.demo.estate.evidence import Evidence
from tui.demo.estate.publisher import BOTH, ONE, ImagePublisher, Product

__all__ = ["CONTOSO", "FABRIKAM", "INTERNAL", "LEGACY", "MCR", "fill"]

MCR, CONTOSO, FABRIKAM = "mcr.microsoft.com", "contoso.azurecr.io", "fabrikam.azurecr.io"
LEGACY, INTERNAL = "legacy.contoso.example", "registry.internal.contoso.example"
_DEBIAN, _ALPINE, _AZURE = (
    f"{MCR}/mirror/docker/library/debian",
    f"{MCR}/mirror/docker/library/alpine",
    f"{MCR}/azurelinux/base/core",
)


def _ages(text: str) -> tuple[tuple[str, float], ...]:
    """`1.2:30 1.3:4.5`: tags with their ages in days."""
    pairs = (word.rpartition(":") for word in text.split())
    return tuple((tag, float(age)) for tag, _, age in pairs)


def _upstream() -> list[Product]:
    """What Microsoft publishes, as far as it is used here."""
    deps, aspnet, root = f"{MCR}/dotnet/runtime-deps", f"{MCR}/dotnet/aspnet", f"{MCR}/mirror/gcr/distroless/static"
    products = [
        Product(_DEBIAN, "debian", _ages("12.9-slim:320 12.10-slim:230 12.11-slim:140 12.12-slim:38"), "", ("12-slim",), BOTH),
        Product(_ALPINE, "alpine", _ages("3.21.3:260 3.22.1:125 3.22.2:33"), "", ("3.22",), BOTH),
        Product(_AZURE, "azurelinux", _ages("3.0.20250702:150 3.0.20250910:75 3.0.20251021:34"), "", ("3.0",), BOTH),
        Product(deps, "dotnet-deps", _ages("10.0.2:228 10.0.6:138 10.0.7:36"), _DEBIAN, ("10.0",), BOTH),
        Product(aspnet, "aspnet", _ages("10.0.2:227 10.0.6:137 10.0.7:35"), deps, ("10.0",), BOTH),
        Product(
            f"{MCR}/openjdk/jdk", "java", _ages("21.0.7-azurelinux:148 21.0.9-azurelinux:32"), _AZURE, ("21-azurelinux",), BOTH
        ),
        Product(root, "distroless", _ages("20250612:170 20251003:52"), "", ("nonroot",), BOTH, epoch=True),
        Product(f"{MCR}/oss/kubernetes/pause", "pause", _ages("3.10:410"), "", (), BOTH),
    ]
    system = "oss/kubernetes/coredns:v1.12.1 oss/kubernetes/kube-proxy:v1.33.5 oss/kubernetes/metrics-server:v0.7.2"
    system += " containernetworking/azure-cns:v1.6.31 oss/kubernetes-csi/azuredisk-csi:v1.33.4"
    for name, _, tag in (word.partition(":") for word in system.split()):
        products.append(Product(f"{MCR}/{name}", "app-go", ((tag, 45.0),), root, (), BOTH, Evidence.ANNOTATION))
    return products


# repository, kind, tags with ages, base, the tags that move; all for both platforms
_BASES = (
    ("debian", "hardened", "12.9:310 12.10:222 12.11:131 12.12:29", _DEBIAN, "12-slim"),
    ("alpine", "hardened", "3.21.3:250 3.22.1:121 3.22.2:30", _ALPINE, "3.22"),
    ("python", "python", "3.12.7:305 3.12.8:215 3.12.10:126 3.12.11:27", f"{CONTOSO}/base/debian", "3.12"),
    ("node", "node", "22.11.0:300 22.14.0:200 22.17.0:118 22.20.0:21", f"{CONTOSO}/base/debian", "22"),
    ("dotnet", "hardened", "10.0.2:220 10.0.6:130 10.0.7:28", f"{MCR}/dotnet/aspnet", "10.0"),
    ("java", "hardened", "21.0.7:140 21.0.9:26", f"{MCR}/openjdk/jdk", "21"),
    ("nginx", "nginx", "1.27.2:119 1.27.3:24", f"{CONTOSO}/base/alpine", "1.27"),
)


def _bases() -> list[Product]:
    """Contoso's own bases, rebuilt every few weeks."""
    bases = [
        Product(f"{CONTOSO}/base/{name}", kind, _ages(tags), base, (moving,), BOTH, Evidence.ANNOTATION)
        for name, kind, tags, base, moving in _BASES
    ]
    static = f"{MCR}/mirror/gcr/distroless/static"
    ages = _ages("20250612:165 20251003:50")
    return [*bases, Product(f"{CONTOSO}/base/static", "hardened", ages, static, ("nonroot",), BOTH)]


# repository, kind, base, tags with ages, platforms, evidence: a = annotation, p = provenance, n = none
_PRODUCTS = """
payments/api          dotnet  base/dotnet  1.11.0:173,1.12.0:118,1.13.4:45,1.14.2:6 2 a
payments/gateway      dotnet  base/dotnet  4.2.0:146,4.2.1:97,4.3.0:31,4.4.0:9    2 a
payments/fraud        python  base/python  0.30.1:129,0.30.2:84,0.31.0:40,0.32.1:12 1 p
payments/settlement   java    base/java    2.0.3:163,2.0.4:110,2.1.0:56,2.1.1:20  1 a
payments/migrate      dotnet  base/dotnet  1.13.3:78,1.13.4:45,1.14.2:6           1 n
checkout/cart         node    base/node    5.0.0:137,5.0.1:90,5.1.0:33,5.1.2:4    2 p
checkout/tax          python  base/python  1.8.0:118,1.9.0:76,1.9.3:25            1 n
catalog/importer      python  base/python  10.0:176,11.0:120,11.1:60,11.2:8       1 a
catalog/media         node    base/node    2.5.0:111,2.6.0:70,2.7.1:15            2 a
search/api            java    base/java    6.0.0:134,6.1.0:88,6.2.0:39,6.2.3:11   1 p
search/suggest        go      base/static  1.3.0:143,1.4.0:95,1.5.0:30            2 n
identity/tokens       go      base/static  3.0.0:156,3.1.0:105,3.2.1:28           2 a
identity/consent      dotnet  base/dotnet  1.0.8:103,1.0.9:64,1.1.0:19            1 a
fulfilment/orders     java    base/java    4.0.8:189,4.0.9:130,4.1.0:50,4.1.3:14  2 a
fulfilment/routing    go      base/static  0.9.3:148,0.9.4:99,1.0.0:22            1 n
fulfilment/labels     python  base/python  2.1.0:169,2.2.0:115,2.2.4:48           1 a
loyalty/campaigns     node    base/node    1.2.0:125,1.3.0:81,1.4.2:17            1 n
notify/sms            node    base/node    2.0.0:161,3.0.0:109,3.0.2:37           1 a
notify/push           go      base/static  2.8.0:105,2.8.1:66,2.9.0:13            1 n
data/etl              python  base/python  20.3:95,20.4:58,20.5:27,20.6:3         1 p
data/reports          dotnet  base/dotnet  7.6.0:165,7.7.0:112,7.8.0:44           1 a
ml/features           python  base/python  0.13.0:116,0.14.0:74,0.15.2:10         1 n
platform/backup       go      base/alpine  1.1.0:332,1.2.0:240,1.3.0:122          1 a
platform/agent        go      base/static  0.8.8:254,0.8.9:180,0.9.2:29           2 n
platform/gateway      static  base/nginx   8.0:173,8.1:118,8.2:23                 2 a
"""


_PINNED = frozenset({"catalog/importer"})
"""Whose Dockerfile names an exact version of the base."""


def _products() -> list[Product]:
    mirrored, static = f"{CONTOSO}/mirror/otel/opentelemetry-collector", f"{CONTOSO}/base/static"
    products = [Product(mirrored, "app-go", _ages("0.131.0:92 0.137.0:26"), static, (), BOTH, Evidence.ANNOTATION)]
    for line in _PRODUCTS.strip().splitlines():
        name, kind, base, ages, arches, letter = line.split()
        evidence = {"a": Evidence.ANNOTATION, "p": Evidence.PROVENANCE, "n": Evidence.NONE}[letter]
        platforms = BOTH if arches == "2" else ONE
        versions = _ages(ages.replace(",", " "))
        on = f"{CONTOSO}/{base}"
        product = Product(
            f"{CONTOSO}/{name}", f"app-{kind}", versions, on, ("stable",), platforms, evidence, pinned=name in _PINNED
        )
        products.append(product)
    return products


def _carrier() -> list[Product]:
    """Fabrikam: a golden image that is in no registry, and what was built before the purchase."""
    golden, evidence = f"{INTERNAL}/golden/rhel", Evidence.ANNOTATION
    products = [Product(golden, "golden", _ages("9.4:300 9.6:100"))]
    for name, ages in (("tracker", "3.3:140 3.4:41 3.5:16"), ("dispatch", "1.18:93 1.19:35"), ("driver-api", "2.0:72 2.1:18")):
        products.append(Product(f"{FABRIKAM}/logistics/{name}", "app-java", _ages(ages), golden, ("prod",), docker=True))
    products += [
        Product(
            f"{FABRIKAM}/logistics/portal", "app-node", _ages("5.0:54 5.1:7"), f"{CONTOSO}/base/node", ("prod",), says=evidence
        ),
        Product(
            f"{FABRIKAM}/logistics/rates",
            "app-python",
            _ages("0.7:47 0.8:5"),
            f"{CONTOSO}/base/python",
            ("prod",),
            BOTH,
            evidence,
        ),
        Product(f"{FABRIKAM}/base/ubuntu", "ubuntu", _ages("22.04:260 24.04:70"), "", ("lts",)),
        Product(f"{FABRIKAM}/edge/gatebox", "app-go", _ages("1.1:86 1.2:26"), f"{FABRIKAM}/base/ubuntu", ("prod",)),
    ]
    return products


def _old() -> list[Product]:
    """What nobody has touched for years."""
    root = f"{LEGACY}/base/centos"
    return [
        Product(root, "golden", _ages("7.9:1500"), docker=True),
        Product(f"{LEGACY}/erp/server", "app-java", _ages("2019.4:1460 2021.2:980"), root, history=False, docker=True),
        Product(f"{LEGACY}/erp/reports", "app-java", _ages("7:1190"), root, docker=True),
    ]


def fill(seed: int, anchor: datetime) -> ImagePublisher:
    """Build every ordinary line. The special ones come in `tui.demo.estate.special`."""
    yard = ImagePublisher(seed, anchor)
    for host in (MCR, CONTOSO, FABRIKAM, LEGACY):
        yard.shelf(host)
    for product in (*_upstream(), *_bases(), *_products(), *_carrier(), *_old()):
        yard.build(product)
    return yard
