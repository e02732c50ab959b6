"""What makes the estate huge: 10,000 pods and 5,000 manifests."""

from __future__ import annotations

from functools import partial

from tui.demo.estate.images import CONTOSO
from tui.demo.estate.publisher import ImagePublisher, Product
from tui.demo.estate.work import Work

__all__ = ["BASES", "add_huge"]

REPOSITORIES, VERSIONS = 235, 20
BASES = (("python", "app-python"), ("node", "app-node"), ("dotnet", "app-dotnet"), ("java", "app-java"))


def add_huge(yard: ImagePublisher) -> list[Work]:
    """Further repositories with many versions each, and tenants that run them."""
    works = []
    for number in range(REPOSITORIES):
        base, kind = BASES[number % len(BASES)]
        name = f"{CONTOSO}/tenants/t{number:03}/app"
        tags = tuple((f"1.{minor}.{number % 7}", (VERSIONS - minor) * 9 + number % 9) for minor in range(VERSIONS))
        yard.build(Product(name, kind, tags[-1:], f"{CONTOSO}/base/{base}"))
        older = Product(name, kind, tags[:-1], f"{CONTOSO}/base/{base}")
        # Built when the repository is first looked into: the servers are up before.
        yard.shelf(CONTOSO).later(older.repository, partial(yard.build, older))
        replicas = 20 if number % 2 else 19
        works.append(Work(f"tenant-{number % 60:02}", f"t{number:03}", f"{name}:{tags[-1][0]}", replicas, age=5.0, lively=False))
    return works
