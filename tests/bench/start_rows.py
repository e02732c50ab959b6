"""`start-rows`: process start to the first rows of workloads on a terminal, from the cluster that KUBECONFIG names.

It only reads. How large the cluster is decides how far the figure should reach; `kubectl get pods -A` runs in turns with it.
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

__all__ = ["run"]

NAME, UNIT = "start-rows", "s to rows of workloads"
REACH = "<= 1.2, or kubectl's time if more"
ROUNDS = 3
SMALL = 1.2
PROGRAM = "import sys; from tui.cli.main import main; sys.exit(main([]))"
FIRST_FRAME = "Reading the estate"


class _Listed(NamedTuple):
    """What `kubectl get pods -A` answered: seconds, and the namespaces of the pods."""

    seconds: float
    namespaces: list[str]


def run() -> list[Result]:
    """The median of several starts, against kubectl on the same server."""
    if not os.environ.get("KUBECONFIG"):
        return [skipped(NAME, UNIT, REACH, "KUBECONFIG names no cluster")]
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        return [skipped(NAME, UNIT, REACH, "kubectl is not installed, which says how large the cluster is")]
    first = _list(kubectl)
    if first is None or not first.namespaces:
        return [skipped(NAME, UNIT, REACH, "the cluster of KUBECONFIG does not answer, or runs no pod")]
    _first_rows(first.namespaces)  # bytecode is warm
    rounds = [(_first_rows(first.namespaces), _list(kubectl) or first) for _ in range(ROUNDS)]
    ours, theirs = median(mine for mine, _ in rounds), median(listed.seconds for _, listed in rounds)
    return [_result(ours, theirs, len(first.namespaces))]


def _result(ours: float, theirs: float, pods: int) -> Result:
    reach = max(SMALL, theirs)
    details: dict[str, str | int | float | bool] = {"pods": pods, "kubectl get pods -A s": round(theirs, 2), "starts": ROUNDS}
    return Result(NAME, round(ours, 2), UNIT, f"<= {reach:.2f}", ours <= reach, details)


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
        return child.wait_for(*dict.fromkeys(namespaces))
