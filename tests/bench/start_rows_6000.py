"""`start-rows-6000`: process start to the first rows of workloads of 6,000 pods, in turns with `kubectl get pods -A`."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.bench.clusterclient import write_kubeconfig
from tests.bench.podserver import podserver
from tests.bench.results import Result, skipped
from tests.bench.start_rows import Compared, compared

__all__ = ["run"]

NAME, UNIT, REACH, PODS = "start-rows-6000", "of kubectl's time", "<= 0.5", 6_000


def run() -> list[Result]:
    """The ratio of the medians."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        return [skipped(NAME, UNIT, REACH, "kubectl is not installed")]
    measured = asyncio.run(_on_server(kubectl))
    if measured is None:
        return [skipped(NAME, UNIT, REACH, "kubectl fails on the static server")]
    share = measured.ours / measured.kubectl
    return [Result(NAME, round(share, 2), UNIT, REACH, share <= 0.5, measured.details)]


async def _on_server(kubectl: str) -> Compared | None:
    with tempfile.TemporaryDirectory() as folder:
        async with podserver(PODS, 0, folder) as url:
            home = {"KUBECONFIG": str(write_kubeconfig(Path(folder), url)), "HOME": folder}
            with _environment(home | {f"XDG_{name}_HOME": folder for name in ("CONFIG", "CACHE", "STATE")}):
                return await asyncio.to_thread(compared, kubectl)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
