"""The whole program against real API servers and registries: every case that the lab is known to hold.

Runs only where `TRUSTREE_REAL_KUBECONFIG` names the kubeconfig of such a lab and `A` and `B` its registries; the expected
answers are those of the lab's own table, not of this program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

KUBECONFIG = os.environ.get("TRUSTREE_REAL_KUBECONFIG", "")
A, B = os.environ.get("A", ""), os.environ.get("B", "")
SCHEMA = Path(__file__).parents[2] / "tui" / "reports" / "report-v1.schema.json"
pytestmark = pytest.mark.skipif(not (KUBECONFIG and A and B), reason="TRUSTREE_REAL_KUBECONFIG, A and B name no lab that is up")

DRIFT = {
    ("payments", "api", "api"): "same",
    ("payments", "api", "migrate"): "same",
    ("payments", "api", "proxy"): "same",
    ("payments", "api", "metrics"): "unknown",
    ("payments", "worker", "worker"): "moved",
    ("payments", "ledger", "ledger"): "same",
    ("payments", "settle-once", "settle-once"): "same",
    ("shop", "web", "web"): "mixed",
    ("shop", "cart", "cart"): "same",
    ("shop", "checkout", "checkout"): "gone",
    ("shop", "catalog", "catalog"): "same",
    ("shop", "search", "search"): "same",
    ("shop", "search-arm", "search-arm"): "same",
    ("shop", "thumbs", "thumbs"): "same",
    ("shop", "export", "export"): "unknown",
    ("shop", "reco", "reco"): "unknown",
    ("shop", "cache", "cache"): "unknown",
    ("shop", "toolbox", "toolbox"): "same",
    ("shop", "toolbox", "debugger"): "same",
    ("platform", "agent", "agent"): "same",
    ("platform", "backup-once", "backup-once"): "same",
    ("platform", "scheduler", "scheduler"): "same",
    ("platform", "gitops-ui", "gitops-ui"): "same",
    ("platform", "mailer", "mailer"): "gone",
    ("platform", "mutated", "mutated"): "same",
    ("platform", "bare-append", "bare-append"): "same",
    ("platform", "two-names", "two-names"): "same",
    ("platform", "monitor", "monitor"): "unknown",
    ("restricted", "vault-sync", "vault-sync"): "unknown",
    ("legacy", "erp", "erp"): "same",
    ("legacy", "report", "report"): "same",
    ("legacy", "portal", "portal"): "same",
}


@lru_cache(maxsize=8)
def report(*arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, document and messages of `trustree report -o json`."""
    command = [sys.executable, "-m", "tui", "report", "-o", "json", "--kubeconfig", KUBECONFIG, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else {}, done.stderr


def containers(document: dict[str, Any]) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {
        (workload["namespace"], workload["name"], container["name"]): container
        for workload in document["workloads"]
        for container in workload["containers"]
    }


def test_the_report_of_the_admin_fits_its_schema() -> None:
    _, document, _ = report("--context", "lab-admin")
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))


@pytest.mark.parametrize("case", sorted(DRIFT), ids="/".join)
def test_drift_is_as_the_table_says(case: tuple[str, str, str]) -> None:
    _, document, _ = report("--context", "lab-admin")
    assert containers(document)[case]["drift"] == DRIFT[case]


def test_the_viewer_sees_the_two_namespaces_it_names() -> None:
    _, document, _ = report("--context", "lab-viewer", "-n", "payments", "-n", "shop")
    seen = containers(document)
    assert {namespace for namespace, _, _ in seen} == {"payments", "shop"}
    assert {case: seen[case]["drift"] for case in seen if case in DRIFT} == {
        case: drift for case, drift in DRIFT.items() if case[0] in ("payments", "shop")
    }


def test_no_right_is_said_and_exits_4() -> None:
    code, document, said = report("--context", "lab-denied")
    assert code == 4
    assert not document["complete"]
    assert "pods" in said


def test_a_split_brain_names_both_digests() -> None:
    _, document, _ = report("--context", "lab-admin")
    assert len(containers(document)["shop", "web", "web"]["digests"]) == 2


def test_two_clusters_are_one_estate() -> None:
    _, document, _ = report("--context", "lab-admin", "--context", "lab-west")
    clusters = {workload["cluster"] for workload in document["workloads"] if workload["name"] == "web"}
    assert clusters == {"lab-admin", "lab-west"}
