"""Whatever is asked without `--write`, no request but a read leaves the program: proven on the demo, from what it was asked.

The whole suite is held to it by `tests/conftest.py`; here are the commands that could change something, and the proof that the
proof sees a change.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.readonly import changes_in, is_read
from tests.specified import deviations, sent_in
from tui.demo.requestlog import EVERY_IN, KEPT_IN

LIMIT = 60.0


def trustree(folder: Path, *words: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run the program on the demo; how it ended, and the lines of what was asked."""
    log, every = folder / "asked.jsonl", folder / "every.jsonl"
    environment = {**os.environ, KEPT_IN: str(log), EVERY_IN: str(every), "XDG_STATE_HOME": str(folder / "state")}
    command = [sys.executable, "-m", "tui", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, env=environment, check=False)
    assert deviations(sent_in(every.read_text().splitlines())) == []  # and each is what a specification allows
    return done, log.read_text().splitlines()


@pytest.mark.parametrize("words", [("rebuild", "base:debian", "--yes"), ("contain", "repo:payments/worker", "--plan")])
def test_a_command_that_could_change_something_only_asks(tmp_path: Path, words: tuple[str, ...]) -> None:
    done, lines = trustree(tmp_path, "--demo", "contoso", *words, "-o", "json")
    assert done.returncode in ((0, 3) if "--plan" in words else (1, 3)), done.stderr
    assert changes_in(lines) == []
    assert any("selfsubjectaccessreviews" in line for line in lines)  # the rights were asked, by POST
    assert not (tmp_path / "state" / "trustree" / "audit.jsonl").exists()


@pytest.mark.writes
def test_with_write_the_change_is_in_the_log(tmp_path: Path) -> None:
    done, lines = trustree(tmp_path, "--demo", "contoso", "redeploy", "repo:payments/worker", "--write", "--yes", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ended"] is True
    changes = changes_in(lines)
    assert sorted(change.partition(" ")[0] for change in changes) == ["PATCH", "PATCH"]
    assert all("/deployments/worker" in change for change in changes)


@pytest.mark.parametrize(
    ("server", "method", "path", "reads"),
    [
        ("prod-weu", "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", True),
        ("prod-weu", "POST", "/api/v1/namespaces/a/pods", False),
        ("prod-weu", "PATCH", "/apis/apps/v1/namespaces/a/deployments/b", False),
        ("contoso.azurecr.io", "POST", "/oauth2/token", True),
        ("contoso.azurecr.io", "POST", "/v2/a/blobs/uploads/", False),
        ("arm", "POST", "/subscriptions/s/resourceGroups/g/providers/x/registries/r/scheduleRun", False),
        ("arm", "POST", "/subscriptions/s/resourceGroups/g/providers/x/registries/r/runs/1/listLogSasUrl", True),
        ("jenkins", "POST", "/job/a/build", False),
        ("nobody", "POST", "/", False),
    ],
)
def test_what_is_a_read(server: str, method: str, path: str, reads: bool) -> None:
    assert is_read(server, method, path) is reads
