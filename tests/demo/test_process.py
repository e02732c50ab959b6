"""The demo as the process that the program starts: one line, private files, and an end when the parent is gone."""

from __future__ import annotations

import json
import signal
import ssl
import stat
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

Handshake = dict[str, object]
LIMIT = 30.0


@pytest.fixture(scope="module")
def process() -> Iterator[subprocess.Popen[str]]:
    """One demo for the tests that only look."""
    with start("empty") as running:
        yield running
        end(running)


@pytest.fixture(scope="module")
def handshake(process: subprocess.Popen[str]) -> Handshake:
    """Its line."""
    return read(process)


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start a demo."""
    command = [sys.executable, "-m", "tui.demo", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def read(process: subprocess.Popen[str]) -> Handshake:
    """The line that says that it is ready."""
    assert process.stdout is not None
    found = json.loads(process.stdout.readline())
    assert isinstance(found, dict)
    return found


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Close its standard input and wait; the exit code and what it had to say."""
    _, said = process.communicate(timeout=LIMIT)
    return process.returncode, said


def test_the_line_names_what_the_program_needs(handshake: Handshake) -> None:
    assert set(handshake) == {"directory", "kubeconfig", "config", "environment", "contexts"}
    assert handshake["contexts"] == ["prod-weu", "prod-neu"]
    environment = handshake["environment"]
    assert isinstance(environment, dict)
    assert environment["DOCKER_CONFIG"] == handshake["directory"]
    assert environment["IDENTITY_ENDPOINT"].startswith("http://127.0.0.1:")
    assert environment["AZURE_CLIENT_ID"] == ""


def test_the_directory_and_every_secret_in_it_are_private(handshake: Handshake) -> None:
    directory = Path(str(handshake["directory"]))
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    secret = [path for path in directory.iterdir() if path.is_file() and path.name != "ca.crt"]
    assert {path.name for path in secret} == {"kubeconfig", "config.json", "config.toml"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in secret)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o700 for path in directory.rglob("*") if path.is_dir())


def test_the_trust_policy_of_the_operator_is_not_read_but_one_that_came_with_the_demo(handshake: Handshake) -> None:
    environment = handshake["environment"]
    assert isinstance(environment, dict)
    folder = Path(environment["NOTATION_CONFIG"])
    assert folder.is_relative_to(Path(str(handshake["directory"])))
    (statement, *_) = json.loads((folder / "trustpolicy.json").read_text())["trustPolicies"]
    kinds = [store.split(":") for store in statement["trustStores"]]
    assert all((folder / "truststore" / "x509" / kind / name / "root.crt").exists() for kind, name in kinds)


def test_the_settings_lead_every_registry_to_loopback_or_leave_it_alone(handshake: Handshake) -> None:
    settings = tomllib.loads(Path(str(handshake["config"])).read_text())["registry"]
    assert {host for host, one in settings.items() if one.get("ask") is False} >= {"docker.io", "quay.io"}
    asked = {host: one for host, one in settings.items() if one.get("ask", True)}
    assert {host for host, one in asked.items() if one["kind"] == "acr"} == {"contoso.azurecr.io", "fabrikam.azurecr.io"}
    assert all(one["endpoint"].startswith("https://127.0.0.1:") and Path(one["ca_file"]).exists() for one in asked.values())


def test_servers_are_trusted_by_the_ca_alone_and_know_the_administrator(handshake: Handshake) -> None:
    kubeconfig = json.loads(Path(str(handshake["kubeconfig"])).read_text())
    tokens = {one["name"]: one["user"].get("token", "") for one in kubeconfig["users"]}
    server = kubeconfig["clusters"][0]["cluster"]["server"]
    context = ssl.create_default_context(cafile=str(Path(str(handshake["directory"])) / "ca.crt"))
    request = urllib.request.Request(f"{server}/version", headers={"Authorization": f"Bearer {tokens['viewer']}"})
    with urllib.request.urlopen(request, context=context, timeout=LIMIT) as reply:
        assert json.load(reply)["gitVersion"].startswith("v1.")
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(f"{server}/version", timeout=LIMIT)
    assert [one["name"] for one in kubeconfig["contexts"]][:2] == handshake["contexts"]


@pytest.mark.parametrize("how", ["input ends", "SIGTERM"])
def test_it_ends_with_its_parent_and_leaves_nothing(how: str) -> None:
    process = start("empty", "--seed", "3")
    directory = Path(str(read(process)["directory"]))
    assert directory.exists()
    if how == "SIGTERM":
        process.send_signal(signal.SIGTERM)
    assert end(process) == (0, "")
    assert not directory.exists()


def test_an_unknown_scenario_is_refused_with_the_names_of_the_known_ones() -> None:
    status, said = end(start("contosso"))
    assert status == 2
    assert "broken" in said
    assert "huge" in said


def test_what_keeps_it_from_starting_is_said_in_a_sentence() -> None:
    few = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9)); sys.argv = ['demo']; "
    command = [sys.executable, "-c", few + "runpy.run_module('tui.demo', run_name='__main__')"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The demo cannot start: ")
    assert len(done.stderr.splitlines()) == 1
