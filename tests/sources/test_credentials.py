"""Docker's config.json and credential helpers, with real files and real processes."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from tui.errors import AuthenticationFailed
from tui.sources.kit.credentials import DockerConfig, Login, docker_key

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


async def test_a_helper_that_hangs_is_waited_for_once(tmp_path: Path) -> None:
    helper(tmp_path, "broken", f"echo x >> {tmp_path}/runs; exec sleep 60")
    docker = config(tmp_path, {"credsStore": "broken", "auths": {"reg.test": {"auth": AUTH}}}, timeout=0.2)
    for host in ("a.test", "b.test", "reg.test"):
        with pytest.raises(AuthenticationFailed, match="did not answer within"):
            await docker.login(host)
    assert (tmp_path / "runs").read_text().count("x") == 1


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


def basic(user: str, password: str) -> str:
    """The value of `auth`."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize("first", [0, 1, 2])
async def test_the_very_key_counts_before_those_that_begin_alike(tmp_path: Path, first: int) -> None:
    entries = [("reg.test:5000/team-a", "a"), ("reg.test:5000", "b"), ("https://reg.test:5000/v1/", "c")]
    auths = {key: {"auth": basic("u", name)} for key, name in (*entries[first:], *entries[:first])}
    found = await config(tmp_path, {"auths": auths}).login("reg.test:5000")
    assert found is not None
    assert found.password == "b"


async def test_dockers_hub_is_named_as_docker_names_it(tmp_path: Path) -> None:
    auths = {"docker.io": {"auth": basic("u", "a")}, "https://index.docker.io/v1/": {"auth": basic("u", "b")}}
    found = await config(tmp_path, {"auths": auths}).login("docker.io")
    assert found is not None
    assert found.password == "b"


async def test_the_helper_of_the_very_key_is_asked(tmp_path: Path) -> None:
    helper(tmp_path, "one", 'echo "{\\"Username\\":\\"u\\",\\"Secret\\":\\"1\\"}"')
    helper(tmp_path, "two", 'echo "{\\"Username\\":\\"u\\",\\"Secret\\":\\"2\\"}"')
    given = {"credHelpers": {"https://reg.test/v2/": "one", "reg.test": "two"}}
    found = await config(tmp_path, given).login("reg.test")
    assert found is not None
    assert found.password == "2"


@pytest.mark.parametrize(
    "file",
    [
        {"credsStore": None, "auths": {"reg.test": {"auth": AUTH, "username": None, "password": None, "email": None}}},
        {"credHelpers": None, "auths": {"reg.test": {"auth": AUTH, "identitytoken": None}, "other.test": None}},
        {"credHelpers": {"other.test": None}, "auths": {"reg.test": {"auth": AUTH}}},
        {"auths": {"other.test": 5, "reg.test": {"auth": AUTH}, "third.test": {"auth": 7}}},
        {"auths": {"other.test": {"auth": "%%%"}, "reg.test": {"auth": AUTH}}, "proxies": None, "detachKeys": 3},
    ],
)
async def test_null_is_nothing_and_a_bad_entry_costs_itself(tmp_path: Path, file: dict[str, object]) -> None:
    found = await config(tmp_path, file).login("reg.test")
    assert found is not None
    assert (found.username, found.password) == ("ops", "se:cret")


async def test_a_bad_entry_is_named_where_it_is_needed(tmp_path: Path) -> None:
    with pytest.raises(AuthenticationFailed, match=r"entry for reg\.test"):
        await config(tmp_path, {"auths": {"reg.test": 5}}).login("reg.test")


async def test_a_helper_may_answer_null(tmp_path: Path) -> None:
    helper(tmp_path, "null", 'echo "{\\"Username\\":null,\\"Secret\\":null}"')
    assert await config(tmp_path, {"credHelpers": {"reg.test": "null"}}).login("reg.test") is None


def test_logins_do_not_show_secrets() -> None:
    assert "hunter2" not in f"{Login('u', 'hunter2', 'hunter2')!r} {Login('u', 'hunter2')}"
    assert Login("u", "p").basic() == "Basic dTpw"


def test_docker_hub_has_one_key() -> None:
    assert {docker_key(key) for key in ("docker.io", "https://index.docker.io/v1/", "registry-1.docker.io")} == {"docker.io"}
