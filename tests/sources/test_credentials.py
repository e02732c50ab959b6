"""Docker's config.json and credential helpers, with real files and real processes."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from tui.errors import AuthenticationFailed
from tui.sources.credentials import DockerConfig, Login, docker_key

AUTH = base64.b64encode(b"ops:se:cret").decode()


def config(folder: Path, body: object, *, timeout: float = 10.0) -> DockerConfig:
    (folder / "config.json").write_text(body if isinstance(body, str) else json.dumps(body))
    environ = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "DOCKER_CONFIG": str(folder)}
    return DockerConfig(folder / "config.json", environ, timeout)


def helper(folder: Path, name: str, script: str) -> None:
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("key", "host"),
    [
        ("reg.test", "reg.test"),
        ("https://reg.test", "reg.test"),
        ("https://reg.test/v2/", "reg.test"),
        ("reg.test:5000", "reg.test:5000"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("Reg.Test", "reg.test"),
    ],
)
async def test_keys_match_hosts(tmp_path: Path, key: str, host: str) -> None:
    found = await config(tmp_path, {"auths": {"other.test": {"auth": "eDp5"}, key: {"auth": AUTH}}}).login(host)
    assert found is not None
    assert (found.username, found.password) == ("ops", "se:cret")


@pytest.mark.parametrize("host", ["reg.test:5000", "sub.reg.test", "reg.test.evil", "docker.io"])
async def test_other_hosts_get_nothing(tmp_path: Path, host: str) -> None:
    assert await config(tmp_path, {"auths": {"reg.test": {"auth": AUTH}}}).login(host) is None


async def test_an_identity_token_stands_for_the_password(tmp_path: Path) -> None:
    entry = {"auth": base64.b64encode(b"00000000-0000-0000-0000-000000000000:").decode(), "identitytoken": "jwt"}
    found = await config(tmp_path, {"auths": {"reg.test": entry}}).login("reg.test")
    assert found is not None
    assert found.identity_token == "jwt"


@pytest.mark.parametrize("where", [{"credHelpers": {"reg.test": "test"}}, {"credsStore": "test"}], ids=["helper", "store"])
async def test_helpers_are_asked_by_stdin(tmp_path: Path, where: dict[str, object]) -> None:
    helper(tmp_path, "test", 'read server; echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"for $server by $1\\"}"')
    found = await config(tmp_path, where).login("reg.test")
    assert found is not None
    assert found.identity_token == "for reg.test by get"


async def test_a_store_that_knows_nothing_leaves_the_file(tmp_path: Path) -> None:
    helper(tmp_path, "empty", "echo credentials not found in native keychain; exit 1")
    found = await config(tmp_path, {"credsStore": "empty", "auths": {"reg.test": {"auth": AUTH}}}).login("reg.test")
    assert found is not None
    assert found.username == "ops"


@pytest.mark.parametrize(
    ("script", "words"),
    [("echo garbage", "not JSON"), ("sleep 60", "did not answer within"), (None, "cannot be run")],
    ids=["garbage", "hangs", "missing"],
)
async def test_a_broken_helper_is_named(tmp_path: Path, script: str | None, words: str) -> None:
    if script is not None:
        helper(tmp_path, "broken", f"exec {script}" if "sleep" in script else script)
    with pytest.raises(AuthenticationFailed, match=words) as caught:
        await config(tmp_path, {"credHelpers": {"reg.test": "broken"}}, timeout=0.3).login("reg.test")
    assert "docker-credential-broken" in caught.value.headline
    assert caught.value.remedy


async def test_a_helper_has_no_terminal(tmp_path: Path) -> None:
    helper(
        tmp_path,
        "tty",
        'if (exec </dev/tty) 2>/dev/null; then s=tty; else s=none; fi; echo "{\\"Username\\":\\"u\\",\\"Secret\\":\\"$s\\"}"',
    )
    found = await config(tmp_path, {"credsStore": "tty"}).login("reg.test")
    assert found is not None
    assert found.password == "none"


async def test_a_name_with_a_path_is_no_helper(tmp_path: Path) -> None:
    with pytest.raises(AuthenticationFailed):
        await config(tmp_path, {"credsStore": "../../bin/sh"}).login("reg.test")


@pytest.mark.parametrize("body", ["{", "[]", '{"auths": []}', '{"auths": {"reg.test": {"auth": "%%%"}}}', "[" * 100_000])
async def test_a_broken_file_is_named(tmp_path: Path, body: str) -> None:
    with pytest.raises(AuthenticationFailed, match=r"config\.json"):
        await config(tmp_path, body).login("reg.test")


async def test_no_file_is_no_login_and_a_new_one_is_seen(tmp_path: Path) -> None:
    docker = DockerConfig.from_environment({"DOCKER_CONFIG": str(tmp_path)})
    assert await docker.login("reg.test") is None
    config(tmp_path, {"auths": {"reg.test": {"auth": AUTH}}})
    assert await docker.login("reg.test") is not None


def test_logins_do_not_show_secrets() -> None:
    assert "hunter2" not in f"{Login('u', 'hunter2', 'hunter2')!r} {Login('u', 'hunter2')}"
    assert Login("u", "p").basic() == "Basic dTpw"


def test_docker_hub_has_one_key() -> None:
    assert {docker_key(key) for key in ("docker.io", "https://index.docker.io/v1/", "registry-1.docker.io")} == {"docker.io"}
