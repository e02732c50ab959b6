"""`plan10k`: the plan of rebuilds for 10,000 images on 100 bases, each with 20 vulnerabilities, once their base is fixed."""

from __future__ import annotations

import time

from tests.bench.results import Result
from tests.domain.estates import NOW
from tests.domain.plans.kit import behind, image, job, key, moved, row, workload, world
from tui.domain.plans.rebuilding import rebuild
from tui.domain.snapshot.snapshot import Snapshot

__all__ = ["run"]

BASES, EACH, ROWS, ROUNDS = 100, 100, 20, 5
LIMIT = 0.5
DEBIAN, DEBIAN_NEW = key("library/debian@1", "docker.io"), key("library/debian@2", "docker.io")


def run() -> list[Result]:
    """The slowest of several plans of the same estate."""
    snapshot = _estate()
    times, steps = [], 0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        steps = len(rebuild(snapshot, [DEBIAN], query="debian:12", now=NOW).steps)
        times.append(time.perf_counter() - start)
    slowest = max(times)
    details: dict[str, str | int | float | bool] = {"images": BASES * EACH, "steps": steps, "rounds": ROUNDS}
    return [Result("plan10k", round(slowest, 3), "s", f"<= {LIMIT} s", slowest <= LIMIT, details)]


def _estate() -> Snapshot:
    stale = moved(DEBIAN, DEBIAN_NEW, "12")
    rows = [row(f"CVE-2026-{number}", rebuild=number % 2 == 0) for number in range(ROWS)]
    images = [image(DEBIAN, used=False), image(DEBIAN_NEW, "12", used=False)]
    names = [f"base/b{base}" for base in range(BASES)]
    for base, name in enumerate(names):
        images.append(image(key(f"{name}@1"), "1", base=stale, used=False))
        for number in range(EACH):
            apps = key(f"apps/a{base}-{number}@1")
            images.append(image(apps, "1", base=behind(key(f"{name}@1"), stale), rows=rows))
    ours = images[2:]
    jobs = [job(each.key.repository, f"{each.key.repository}:1") for each in ours]
    return world(images, [workload(each.key.repository, each.key) for each in ours if each.in_use], jobs)
