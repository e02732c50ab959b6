"""Images with which something is the matter: each of them is one case of lineage or of drift."""

from __future__ import annotations

from tui.demo.content import ARTIFACT, Index, encode, store_artifact
from tui.demo.estate.attaching import attach
from tui.demo.estate.evidence import Evidence
from tui.demo.estate.images import CONTOSO, FABRIKAM, INTERNAL, LEGACY
from tui.demo.estate.publisher import BOTH, ONE, ImagePublisher, Product
from tui.demo.estate.recipes import hash_of

__all__ = ["HOSTILE", "add_special", "made_up", "told_bases"]

# An escape sequence that would set the window's title, a bidirectional override and markup, as an attacker would write them.
HOSTILE = "fast\x1b]0;owned\x07\x1b[31m \u202egnp.live\u202c [bold red]checkout[/]"
RUBY = "docker.io/library/ruby"


def made_up(text: str) -> str:
    """The digest of an image that none of our registries holds."""
    return f"sha256:{hash_of(text) * 0x9E3779B97F4A7C15F39CC0605CEDC8341082276BF3A27251 % (1 << 256):064x}"


def add_special(yard: ImagePublisher) -> None:
    """Build them all."""
    for product in (*_squashed(), *_claiming(yard), *_odd()):
        yard.build(product)
    _drift(yard)
    _two_names(yard)
    _attached(yard)


def told_bases(yard: ImagePublisher) -> dict[str, str]:
    """What the company's own settings say of an image that says nothing itself: repository and base."""
    versions = yard.published.get(f"{CONTOSO}/platform/scanner", ())
    return {version.name: f"{version.base.reference}@{version.base.digest}" for version in versions if version.base is not None}


def _squashed() -> list[Product]:
    """No layer of the base is left: only what is said tells it. One for each way of saying it, and one where only
    the settings of the company do.
    """

    def one(name: str, base: str, version: str, age: float, says: Evidence) -> Product:
        return Product(f"{CONTOSO}/{name}", "squashed", ((version, age),), f"{CONTOSO}/base/{base}", (), ONE, says, squash=True)

    return [
        one("catalog/thumbs", "python", "1.8", 43, Evidence.ANNOTATION),
        one("loyalty/points", "dotnet", "2.5", 52, Evidence.LABEL),
        one("ml/ranker", "python", "0.44", 24, Evidence.PROVENANCE),
        one("search/indexer", "java", "6.0", 133, Evidence.BUILDINFO),
        one("platform/scanner", "alpine", "4", 15, Evidence.NONE),
        one("fulfilment/scheduler", "node", "5", 20, Evidence.NAME),
    ]


def _claiming(yard: ImagePublisher) -> list[Product]:
    """Statements that the layers contradict, cannot confirm, or that name what nobody here can read."""
    run = (f"{INTERNAL}/buildpacks/run:jammy", made_up("buildpacks/run:jammy"))
    ruby = (f"{RUBY}:3.3-slim", made_up(f"{RUBY}:3.3-slim"))
    trusted = (f"{CONTOSO}/base/static:nonroot", yard.newest(f"{CONTOSO}/base/static").digest)
    return [
        Product(f"{INTERNAL}/buildpacks/run", "ubuntu", (("jammy", 160),)),
        Product(
            f"{CONTOSO}/identity/directory",
            "app-node",
            (("9.1", 63), ("9.2", 18)),
            f"{INTERNAL}/buildpacks/run",
            says=Evidence.BUILDPACK,
            epoch=True,
            claims=run,
        ),
        Product(RUBY, "debian", (("3.3-slim", 58),)),
        Product(f"{CONTOSO}/notify/mailer", "app-python", (("3.1", 34),), RUBY, says=Evidence.ANNOTATION, claims=ruby),
        Product(
            f"{CONTOSO}/vendor/chat",
            "app-node",
            (("12", 46),),
            f"{CONTOSO}/base/alpine",
            says=Evidence.ANNOTATION,
            claims=trusted,
        ),
        Product(
            f"{CONTOSO}/identity/login",
            "app-node",
            (("5.2.0", 79),),
            f"{CONTOSO}/base/node",
            says=Evidence.PROVENANCE,
            arches=BOTH,
        ),
    ]


def _odd() -> list[Product]:
    """Rewritten histories, reset clocks, a patched image, an inherited label, hostile text."""
    login, static = f"{CONTOSO}/identity/login", f"{CONTOSO}/base/static"
    return [
        Product(login, "patched", (("5.2.0-1", 11),), login, says=Evidence.COPA),
        Product(f"{CONTOSO}/data/export", "app-go", (("1.0", 92), ("1.1", 39)), static, epoch=True),
        Product(f"{CONTOSO}/ml/runtime", "hardened", (("1", 55),), f"{CONTOSO}/base/python", says=Evidence.LABEL),
        Product(f"{CONTOSO}/ml/serving", "app-python", (("2.3", 32),), f"{CONTOSO}/ml/runtime"),
        Product(
            f"{CONTOSO}/checkout/banner",
            "app-static",
            (("1.0", 14),),
            f"{CONTOSO}/base/nginx",
            labels={"org.opencontainers.image.description": HOSTILE},
            annotations={"org.opencontainers.image.description": HOSTILE},
        ),
    ]


# ---- drift


def _drift(yard: ImagePublisher) -> None:
    web = Product(f"{CONTOSO}/checkout/web", "app-node", (("3.0.1", 30), ("3.0.2", 2)), f"{CONTOSO}/base/node", ("3.0",))
    live = (("2026.46", 16), ("2026.47", 9), ("2026.48", 0.4))
    worker = (("2.7.0", 41), ("2.8.0", 3))
    for product in (
        web,
        Product(
            f"{CONTOSO}/payments/worker", "app-dotnet", worker, f"{CONTOSO}/base/dotnet", ("stable",), says=Evidence.ANNOTATION
        ),
        Product(f"{CONTOSO}/catalog/api", "app-dotnet", (("7.0", 60), ("7.1", 13)), f"{CONTOSO}/base/dotnet", ("7",)),
        Product(f"{CONTOSO}/storefront/web", "app-static", live, f"{CONTOSO}/base/nginx", says=Evidence.ANNOTATION),
        Product(f"{CONTOSO}/fulfilment/mailer", "app-python", (("3", 150),), f"{CONTOSO}/base/python"),
        Product(f"{CONTOSO}/checkout/session", "app-dotnet", (("2.4", 38),), f"{CONTOSO}/base/dotnet"),
        Product(f"{CONTOSO}/checkout/pricing", "app-go", (("1.6", 49),), f"{CONTOSO}/base/static", (), BOTH),
    ):
        yard.build(product)
    yard.retag(yard.get(f"{CONTOSO}/storefront/web", "2026.47"), "live", 8.9)
    # What still runs as payments/worker:stable has no tag any more: the retention policy counts the days.
    yard.shelf(CONTOSO).repositories["payments/worker"].untag("2.7.0", yard.moment(2.5))
    _gone(yard)
    # What payments would go back to is locked against tonight's purge, in one case.
    yard.shelf(CONTOSO).repositories["payments/gateway"].lock("4.2.1")
    _repushed(yard)


def _gone(yard: ImagePublisher) -> None:
    """A tag and manifest that were deleted, one that was replaced by something else, and old versions that were purged."""
    yard.purge(yard.newest(f"{CONTOSO}/fulfilment/mailer"))
    yard.purge(yard.newest(f"{CONTOSO}/checkout/session"))
    stranger = yard.build(Product(f"{CONTOSO}/checkout/session", "app-go", (("2.4", 1.2),), f"{FABRIKAM}/base/ubuntu"))
    yard.published[f"{CONTOSO}/checkout/session"].remove(stranger[0])
    yard.purge(yard.get(f"{CONTOSO}/fulfilment/orders", "4.0.9"))
    yard.purge(yard.get(f"{CONTOSO}/search/api", "6.1.0"))


def _repushed(yard: ImagePublisher) -> None:
    """The tag's index was pushed again with a platform less: other digest, same content where it runs."""
    published = yard.newest(f"{CONTOSO}/checkout/pricing")
    index = Index([published.images["amd64"]], {}).stored
    repository = yard.shelf(CONTOSO).repositories["checkout/pricing"]
    repository.put(index, yard.moment(5))
    repository.tag("1.6", index.digest, yard.moment(5))


def _attached(yard: ImagePublisher) -> None:
    """A list of what is in an old image, and the end of life of a version."""
    spdx, life = "application/spdx+json", "application/vnd.microsoft.artifact.lifecycle"
    ended = {"vnd.microsoft.artifact.lifecycle.end-of-life.date": "2026-09-30"}
    export = yard.get(f"{CONTOSO}/data/export", "1.0")
    attach(yard, export, store_artifact(export.stored[-1], life, b"{}", ARTIFACT, ended))
    erp = yard.newest(f"{LEGACY}/erp/server")
    attach(yard, erp, store_artifact(erp.stored[-1], spdx, encode({"spdxVersion": "SPDX-2.2", "packages": []}), spdx, {}))


def _two_names(yard: ImagePublisher) -> None:
    """One content under two names: containerd reports the smaller one for both."""
    tools = Product(f"{CONTOSO}/platform/toolbox", "app-go", (("1.6", 53),), f"{CONTOSO}/base/alpine", ("1",))
    (published,) = yard.build(tools)
    yard.copy(published, f"{FABRIKAM}/mirror/toolbox", "1.6", 20)
