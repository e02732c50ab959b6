"""Credential plugins: run without a terminal, within a time, and never trusted to print what they should."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.sources.cluster.apiserver import ApiServer, failure, write_kubeconfig
from tests.sources.cluster.follow import options, until_health
from tui.domain.facts.events import SourceState
from tui.errors import AuthenticationFailed, InvalidConfig
from tui.sources.cluster import ClusterSource
from tui.sources.cluster.execplugin import ExecPlugin, read_plugin, run_plugin

VERSION = "client.authentication.k8s.io/v1"


def plugin(folder: Path, program: str, **more: Any) -> ExecPlugin:
    """A plugin written in Python."""
    path = folder / "plugin.py"
    path.write_text(program)
    return ExecPlugin(command=sys.executable, api_version=VERSION, args=[str(path)], **more)


def credential(**status: object) -> str:
    """What a plugin prints."""
    return json.dumps({"apiVersion": VERSION, "kind": "ExecCredential", "status": status})


async def test_the_token_and_its_end_are_read(tmp_path: Path) -> None:
    program = f"print({credential(token='t', expirationTimestamp='2026-11-24T10:00:00Z')!r})"
    got = await run_plugin(plugin(tmp_path, program), {}, 15)
    assert (got.token, got.expiration_timestamp) == ("t", datetime(2026, 11, 24, 10, tzinfo=UTC))
    assert "t'" not in repr(got)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2026-11-29T10:00:00", datetime(2026, 11, 29, 10, tzinfo=UTC)),
        ("2026-11-29T10:00:00+02:00", datetime(2026, 11, 29, 8, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
async def test_the_end_of_a_token_may_lack_its_zone(tmp_path: Path, text: str | None, end: datetime | None) -> None:
    printed = credential(token="t", expirationTimestamp=text, clientCertificateData=None)
    got = await run_plugin(plugin(tmp_path, f"print({printed!r})"), {}, 15)
    assert got.expiration_timestamp == end


async def test_a_credential_may_be_printed_as_yaml(tmp_path: Path) -> None:
    printed = (
        f"apiVersion: {VERSION}\nkind: ExecCredential\n"
        "status:\n  token: t\n  clientKeyData:\n  expirationTimestamp: 2026-11-24T10:00:00Z\n"
    )
    got = await run_plugin(plugin(tmp_path, f"print({printed!r})"), {}, 15)
    assert (got.token, got.expiration_timestamp) == ("t", datetime(2026, 11, 24, 10, tzinfo=UTC))


async def test_yaml_that_is_endless_to_walk_through_is_not_walked_through(tmp_path: Path) -> None:
    aliases = "".join(f"a{number}: &a{number} {{x: *a{number - 1}, y: *a{number - 1}}}\n" for number in range(1, 60))
    printed = f"apiVersion: {VERSION}\nkind: ExecCredential\na0: &a0 {{x: y}}\n{aliases}status:\n  token: t\n  more: *a59\n"
    got = await run_plugin(plugin(tmp_path, f"print({printed!r})"), {}, 15)
    assert got.token == "t"


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "12"])
async def test_an_end_that_is_no_time_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    printed = credential(token="t", expirationTimestamp=text)
    with pytest.raises(AuthenticationFailed, match="expirationTimestamp"):
        await run_plugin(plugin(tmp_path, f"print({printed!r})"), {}, 15)


async def test_a_token_without_a_zone_signs_in(tmp_path: Path) -> None:
    (tmp_path / "plugin.py").write_text(f"print({credential(token='xt', expirationTimestamp='2999-01-01T00:00:00')!r})")
    section = {"command": sys.executable, "apiVersion": VERSION, "args": [str(tmp_path / "plugin.py")], "env": None}
    server = ApiServer()
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url, {"exec": section})))
        await until_health(source, lambda health: health.live)
    assert {request.headers["Authorization"] for request in server.seen} == {"Bearer xt"}


async def test_it_has_no_terminal_and_is_told_so(tmp_path: Path) -> None:
    program = """
import json, os, sys
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
try:
    os.open("/dev/tty", os.O_RDWR)
    terminal = True
except OSError:
    terminal = False
seen = [info["spec"]["interactive"], info["spec"]["cluster"]["server"], terminal, sys.stdin.read(), os.environ["MORE"]]
print(json.dumps({"apiVersion": info["apiVersion"], "kind": "ExecCredential", "status": {"token": json.dumps(seen)}}))
"""
    section = {"command": "x", "apiVersion": VERSION, "env": [{"name": "MORE", "value": "m"}], "provideClusterInfo": True}
    made = plugin(tmp_path, program, env=read_plugin(section).env, provide_cluster_info=True)
    got = await run_plugin(made, {"server": "https://s"}, 15)
    assert json.loads(got.token) == [False, "https://s", False, "", "m"]


COMPLAINT = "import sys; print('not \\x1b[31msigned in', file=sys.stderr); sys.exit(3)"
FAULTS = {
    "hangs": ("import time; time.sleep(60)", "did not answer within"),
    "hangs with a child": ("import subprocess; subprocess.run(['sleep', '60'])", "did not answer within"),
    "garbage": ("print('To sign in, open https://microsoft.com/devicelogin')", "printed something other than"),
    "nothing": ("", "printed something other than"),
    "binary": ("import sys; sys.stdout.buffer.write(bytes(range(256)))", "printed something other than"),
    "endless": ("print('x' * 3_000_000)", "printed something other than"),
    "no status": (f"print({json.dumps({'apiVersion': VERSION, 'kind': 'ExecCredential'})!r})", "neither a token"),
    "certificate without key": (f"print({credential(clientCertificateData='x')!r})", "neither a token"),
    "other version": (f"print({credential(token='t').replace('/v1', '/v9')!r})", "speaks another version"),
    "echoes its token": (
        "import sys; print('refused: eyJhbGciOiJub25lIn0.eyJzdWIiOiJvcHMifQ.c2ln', 'x' * 150, file=sys.stderr); sys.exit(1)",
        "failed (exit code 1): refused: [hidden] x",
    ),
    "fails": (
        "import sys; print('not \\x1b[31msigned in', file=sys.stderr); sys.exit(3)",
        "failed (exit code 3): not \ufffd[31msigned in",
    ),
}


@pytest.mark.parametrize(("program", "said"), FAULTS.values(), ids=FAULTS.keys())
async def test_a_faulty_plugin_is_an_error_with_the_next_step(tmp_path: Path, program: str, said: str) -> None:
    with pytest.raises(AuthenticationFailed) as caught:
        await run_plugin(plugin(tmp_path, program), {}, 0.5 if "60" in program else 15)
    assert said in caught.value.headline
    assert caught.value.remedy


async def test_a_missing_plugin_shows_its_install_hint() -> None:
    absent = ExecPlugin(command="no-such-login", api_version=VERSION, install_hint="Install it: az aks install-cli")
    with pytest.raises(AuthenticationFailed, match="is not installed") as caught:
        await run_plugin(absent, {}, 15)
    assert caught.value.remedy == "Install it: az aks install-cli"


@pytest.mark.parametrize(
    "section", [{}, {"command": 1}, "x", {"command": "x", "apiVersion": VERSION, "interactiveMode": "Always"}]
)
def test_a_section_that_cannot_work_is_refused(section: object) -> None:
    with pytest.raises(InvalidConfig):
        read_plugin(section)


def counting(folder: Path, life: timedelta) -> dict[str, Any]:
    """A user whose plugin gives token-1, token-2, ... that live for so long."""
    path = folder / "count.py"
    path.write_text(f"""
import json, pathlib
from datetime import UTC, datetime, timedelta
count = pathlib.Path({str(folder / "calls")!r})
number = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(number))
until = (datetime.now(UTC) + timedelta(seconds={life.total_seconds()})).strftime("%Y-%m-%dT%H:%M:%SZ")
status = {{"token": f"token-{{number}}", "expirationTimestamp": until}}
print(json.dumps({{"apiVersion": {VERSION!r}, "kind": "ExecCredential", "status": status}}))
""")
    return {"exec": {"apiVersion": VERSION, "command": sys.executable, "args": [str(path)]}}


async def test_many_requests_share_one_run(tmp_path: Path) -> None:
    server = ApiServer()
    user = counting(tmp_path, timedelta(hours=1))
    async with server.running():
        await until_health(ClusterSource(options(write_kubeconfig(tmp_path, server.url, user))), lambda health: health.live)
    assert {request.headers["Authorization"] for request in server.seen} == {"Bearer token-1"}


async def test_a_token_that_ends_is_renewed(tmp_path: Path) -> None:
    server = ApiServer()
    user = counting(tmp_path, timedelta(seconds=0))
    async with server.running():
        await until_health(ClusterSource(options(write_kubeconfig(tmp_path, server.url, user))), lambda health: health.live)
    assert "Bearer token-2" in {request.headers["Authorization"] for request in server.seen}


async def test_a_refused_token_is_renewed_once(tmp_path: Path) -> None:
    server = ApiServer()
    server.gate = refuse_token_one
    user = counting(tmp_path, timedelta(hours=1))
    async with server.running():
        await until_health(ClusterSource(options(write_kubeconfig(tmp_path, server.url, user))), lambda health: health.live)
    assert (tmp_path / "calls").read_text() == "2"


def refuse_token_one(request: web.Request) -> web.Response | None:
    """401 for the first token only."""
    return failure(401, "Unauthorized") if request.headers["Authorization"] == "Bearer token-1" else None


async def test_a_plugin_that_never_ends_fails_the_source_once_for_all_requests(tmp_path: Path) -> None:
    server = ApiServer()
    path = tmp_path / "hang.py"
    path.write_text("import time; time.sleep(60)")
    user = {"exec": {"apiVersion": VERSION, "command": sys.executable, "args": [str(path)]}}
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url, user), exec_timeout=0.3))
        health = await until_health(source, lambda health: health.state is SourceState.FAILED)
    assert "did not answer within 0.3 s" in health.error
    assert "kubelogin convert-kubeconfig -l azurecli" in health.remedy
    assert health.auth_failed
    assert server.seen == []
