"""`start-rows`: process start to the first rows of workloads on a terminal, against `kubectl get pods -A` in turns with it.

The cluster is that which KUBECONFIG names. It is only read, and how large it is decides how far the figure should reach.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from statistics import median
from typing import NamedTuple

from tests.bench.results import Result, skipped
from tests.bench.terminal import terminal

__all__ = ["Compared", "compared", "run"]

NAME, UNIT = "start-rows", "s to rows of workloads"
REACH = "<= 0.9, or kubectl's time if more"
ROUNDS = 3
SMALL = 0.9
PROGRAM = "import sys; from tui.cli.main import main; sys.exit(main([]))"
FIRST_FRAME = "Reading the estate"
UNFOLD = b"\x1b[C"
"""Right: a cluster with more namespaces than the screen has lines is not unfolded by itself."""


class _Listed(NamedTuple):
    """What `kubectl get pods -A` answered: seconds, and the namespaces of the pods."""

    seconds: float
    namespaces: list[str]


class Compared(NamedTuple):
    """The medians of several starts and of as many lists, and how many pods there are."""

    ours: float
    kubectl: float
    pods: int

    @property
    def details(self) -> dict[str, str | int | float | bool]:
        """As details of a result."""
        return {"pods": self.pods, "ours s": round(self.ours, 2), "kubectl s": round(self.kubectl, 2), "starts": ROUNDS}


def run() -> list[Result]:
    """The median of several starts."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        return [skipped(NAME, UNIT, REACH, "kubectl is not installed, which says how large the cluster is")]
    return [_of_named_cluster(kubectl)]


def _of_named_cluster(kubectl: str) -> Result:
    if not os.environ.get("KUBECONFIG"):
        return skipped(NAME, UNIT, REACH, "KUBECONFIG names no cluster: name a kubeconfig by it, of a cluster that may be read")
    measured = compared(kubectl)
    if measured is None:
        return skipped(NAME, UNIT, REACH, "the cluster of KUBECONFIG does not answer, or runs no pod")
    reach = max(SMALL, measured.kubectl)
    return Result(NAME, round(measured.ours, 2), UNIT, f"<= {reach:.2f}", measured.ours <= reach, measured.details)


def compared(kubectl: str) -> Compared | None:
    """Several starts and lists in turns; None when the cluster of KUBECONFIG does not answer, or runs no pod."""
    first = _list(kubectl)
    if first is None or not first.namespaces:
        return None
    _first_rows(first.namespaces)  # bytecode is warm
    rounds = [(_first_rows(first.namespaces), _list(kubectl) or first) for _ in range(ROUNDS)]
    ours, theirs = median(mine for mine, _ in rounds), median(listed.seconds for _, listed in rounds)
    return Compared(ours, theirs, len(first.namespaces))


def _list(kubectl: str) -> _Listed | None:
    begun = time.perf_counter()
    command = [kubectl, "get", "pods", "-A", "--no-headers"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    seconds = time.perf_counter() - begun
    if done.returncode:
        return None
    return _Listed(seconds, [line.split(maxsplit=1)[0] for line in done.stdout.splitlines() if line.strip()])


def _first_rows(namespaces: list[str]) -> float:
    """Seconds until the view of workloads shows a namespace, which is where the row of the cluster has been unfolded."""
    with terminal(PROGRAM) as child:
        child.wait_for(FIRST_FRAME)
        child.send(b"2")
        return child.wait_for(*dict.fromkeys(namespaces), nudge=UNFOLD)
