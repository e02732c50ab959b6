"""`trustree redeploy` against a real API server, its controllers and a real registry, `kubectl` being asked afterwards.

Runs only where `TRUSTREE_REAL_KUBECONFIG` names a kubeconfig with the context `lab-admin`, `TRUSTREE_REAL_REGISTRY` the host of a
registry with `public/tools:1` that may be pushed to, and `kubectl` and `crane` are on the path. A pushed image
stands for a rebuild.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

KUBECONFIG, REGISTRY = os.environ.get("TRUSTREE_REAL_KUBECONFIG", ""), os.environ.get("TRUSTREE_REAL_REGISTRY", "")
pytestmark = pytest.mark.skipif(
    not (KUBECONFIG and REGISTRY and shutil.which("kubectl") and shutil.which("crane")),
    reason="TRUSTREE_REAL_KUBECONFIG and TRUSTREE_REAL_REGISTRY name no real cluster and registry, or a tool is not there",
)
PROGRAM = "import sys; from tui.cli.main import main; sys.exit(main())"
ACTING = Path(__file__).parents[2] / "docs" / "acting.md"


def ran(*command: str, given: str | None = None) -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Place:
    """A namespace and a repository of its own, and the state of a program that acts on them."""

    def __init__(self, directory: Path) -> None:
        self.name, self.directory = f"acting-{secrets.token_hex(3)}", directory
        self.image = f"{REGISTRY}/{self.name}/web:1"
        self.kubeconfig = directory / "kubeconfig"
        self.kubeconfig.write_bytes(Path(KUBECONFIG).read_bytes())
        (directory / "config.toml").write_text('[acting]\nrollout_wait = "20s"\n')

    def kubectl(self, *words: str, given: str | None = None) -> str:
        return ran(
            "kubectl", "--kubeconfig", str(self.kubeconfig), "--context", "lab-admin", "-n", self.name, *words, given=given
        )

    def push(self, build: int) -> str:
        """Push another image under the same tag; its digest."""
        ran("crane", "mutate", f"{REGISTRY}/public/tools:1", "-l", f"build={build}", "-t", self.image)
        return ran("crane", "digest", self.image)

    def run(self, *flags: str, context: str = "lab-admin", query: str | None = None, machine: str = "") -> tuple[int, str]:
        """The exit code of a redeploy, and what is printed; each machine has a state of its own."""
        meant = [f"ns:{self.name}"] if query is None else [query] if query else []
        words = ["redeploy", *meant, "--kubeconfig", str(self.kubeconfig), "--context", context, "-n", self.name]
        words += ["--config", str(self.directory / "config.toml"), "--no-cache", "--no-azure", *flags]
        environment = {**os.environ, "XDG_STATE_HOME": str(self.directory / machine)}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, env=environment, timeout=150
        )
        return done.returncode, done.stdout + done.stderr

    def create(self, kind: str, name: str, image: str = "", policy: str = "Always", *flags: str, **meta: Any) -> None:
        """Apply a workload of one container, and wait until its pods run."""
        pod: dict[str, Any] = {"containers": [{"name": "main", "image": image or self.image, "imagePullPolicy": policy}]}
        spec = {"selector": {"matchLabels": {"app": name}}, "template": {"metadata": {"labels": {"app": name}}, "spec": pod}}
        whole = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, **meta}, "spec": spec}
        self.kubectl("apply", *flags, "-f", "-", given=json.dumps(whole))
        self.kubectl("rollout", "status", f"{kind.lower()}/{name}", "--timeout=40s")

    def digests(self, name: str) -> set[str]:
        """What the pods report that are not about to end."""
        pods = json.loads(self.kubectl("get", "pods", "-l", f"app={name}", "-o", "json"))["items"]
        alive = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        return {status["imageID"].rpartition("@")[2] for pod in alive for status in pod["status"]["containerStatuses"]}

    def declared(self, name: str) -> str:
        return self.kubectl("get", "deployment", name, "-o", "jsonpath={.spec.template.spec.containers[0].image}")

    def may_patch(self, account: str) -> bool:
        """Whether a service account may by now."""
        words = ("auth", "can-i", "patch", "deployments", f"--as=system:serviceaccount:{self.name}:{account}", "--quiet")
        command = ["kubectl", "--kubeconfig", str(self.kubeconfig), "--context", "lab-admin", "-n", self.name, *words]
        return subprocess.run(command, timeout=60, check=False).returncode == 0

    def audited(self) -> list[dict[str, Any]]:
        file = self.directory / "trustree" / "audit.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    made.kubectl("create", "namespace", made.name)
    try:
        made.push(1)
        yield made
    finally:
        made.kubectl("delete", "namespace", made.name, "--wait=false")


def test_a_tag_that_has_moved_is_rolled_out_and_written_down(place: Place) -> None:
    for kind in ("Deployment", "StatefulSet", "DaemonSet"):
        place.create(kind, kind.lower())
    place.create("Deployment", "lazy", policy="IfNotPresent")
    new = place.push(2)
    code, printed = place.run("--write", "--yes")
    assert code == 0, printed
    assert [place.digests(name) for name in ("deployment", "statefulset", "daemonset", "lazy")] == [{new}] * 4
    assert place.declared("deployment") == place.image
    assert place.declared("lazy") == f"{place.image}@{new}", "nodes may hold the old image under the tag"
    events = [line["event"] for line in place.audited()]
    assert (events[0], events[-1], events.count("step-ended")) == ("begun", "ended", 4)
    assert place.audited()[-1]["outcome"] == "4 done"
    code, printed = place.run("--write", "--yes")
    assert "Nothing is to be done." in printed


def test_what_git_owns_is_not_pinned_and_another_managers_image_is_not_overwritten(place: Place) -> None:
    old = ran("crane", "digest", place.image)
    tracked = {"argocd.argoproj.io/tracking-id": f"shop:apps/Deployment:{place.name}/owned"}
    place.create("Deployment", "owned", f"{place.image}@{old}", annotations=tracked)
    place.create("Deployment", "applied", "", "IfNotPresent", "--server-side", "--field-manager=release-tool")
    new = place.push(2)
    code, printed = place.run("--write", "--yes")
    assert code == 3, printed
    assert "Argo CD owns it and would undo the change of its image." in printed
    assert f'image: "{place.image}@{new}"' in printed
    assert 'conflict with "release-tool"' in printed
    assert printed.count("Nothing was changed.") <= 2, "on stderr as it happens, and in the result"
    assert (place.declared("owned"), place.declared("applied")) == (f"{place.image}@{old}", place.image)


def test_a_missing_right_is_told_and_the_role_of_the_guide_is_enough(place: Place) -> None:
    place.create("Deployment", "web")
    place.kubectl("create", "serviceaccount", "operator")
    account = f"--serviceaccount={place.name}:operator"
    place.kubectl("create", "rolebinding", "reading", "--clusterrole=view", account)
    token = place.kubectl("create", "token", "operator")
    config = ["kubectl", "--kubeconfig", str(place.kubeconfig), "config"]
    cluster = ran(*config, "view", "-o", 'jsonpath={.contexts[?(@.name=="lab-admin")].context.cluster}')
    ran(*config, "set-credentials", "operator", f"--token={token}")
    ran(*config, "set-context", "operator", f"--cluster={cluster}", "--user=operator")
    old = place.digests("web")
    new = place.push(2)
    code, printed = place.run("--write", "--yes", context="operator")
    assert code == 4, printed
    assert "The right patch deployments.apps on namespace" in printed
    assert (place.digests("web"), place.audited()) == (old, [])
    role = re.search(r"```yaml\n(.*?)```", ACTING.read_text(), re.DOTALL)
    assert role is not None
    place.kubectl("apply", "-f", "-", given=role[1])
    place.kubectl("create", "rolebinding", "acting", "--role=trustree-acting", account)
    deadline = time.monotonic() + 10
    while not place.may_patch("operator"):
        assert time.monotonic() < deadline
    code, printed = place.run("--write", "--yes", context="operator")
    assert code == 0, printed
    assert place.digests("web") == {new}


def test_a_rollout_that_stalls_is_explained(place: Place) -> None:
    place.create("Deployment", "web")
    place.push(2)
    place.kubectl("create", "quota", "few", "--hard=pods=1")
    code, printed = place.run("--write", "--yes")
    assert code == 2, printed
    assert "the namespace's quota is used up" in printed
    assert "kubectl describe quota" in printed


def test_the_second_of_two_operators_follows_what_the_first_has_done(place: Place) -> None:
    """Both have planned before either acts: the pods are replaced once, and the second is told why nothing was sent."""
    place.create("Deployment", "floating")
    place.create("Deployment", "lazy", policy="IfNotPresent")
    new = place.push(2)
    file = str(place.directory / "plan.json")
    code, printed = place.run("--plan", "--save", file)
    assert code == 0, printed
    assert place.run("--write", "--yes")[0] == 0
    generations = [
        place.kubectl("get", "deployment", name, "-o", "jsonpath={.metadata.generation}") for name in ("floating", "lazy")
    ]
    code, printed = place.run("--from", file, "--write", "--yes", query="", machine="other")
    assert code == 3, printed
    assert "is not needed any more." in printed
    assert [place.digests(name) for name in ("floating", "lazy")] == [{new}, {new}]
    assert generations == [
        place.kubectl("get", "deployment", name, "-o", "jsonpath={.metadata.generation}") for name in ("floating", "lazy")
    ]


def test_two_operators_at_once_replace_the_pods_once(place: Place) -> None:
    """The second begins while the first one's pods are being replaced: it follows that rollout to its end."""
    place.create("Deployment", "web")
    place.kubectl("scale", "deployment", "web", "--replicas=6")
    place.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    new = place.push(2)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda machine: place.run("--write", "--yes", machine=machine), ("one", "two")))
    assert {code for code, _ in both} <= {0, 3}, both
    assert 0 in {code for code, _ in both}, both
    assert place.digests("web") == {new}
    annotations = json.loads(place.kubectl("get", "replicasets", "-l", "app=web", "-o", "json"))["items"]
    assert len(annotations) == 2, "the old pods and the new ones: nobody restarted them once more"


def test_what_is_scaled_to_zero_is_pinned_too_and_a_name_that_nothing_has_is_no_success(place: Place) -> None:
    old = ran("crane", "digest", place.image)
    place.create("Deployment", "batch", f"{place.image}@{old}")
    place.kubectl("scale", "deployment", "batch", "--replicas=0")
    place.kubectl("wait", "--for=delete", "pod", "-l", "app=batch", "--timeout=40s")
    new = place.push(2)
    code, printed = place.run("--write", "--yes")
    assert code == 0, printed
    assert place.declared("batch") == f"{place.image}@{new}"
    code, printed = place.run("--write", "--yes", query="repo:nosuch")
    assert code == 3, printed
    assert "Nothing was found that is meant by the query." in printed
