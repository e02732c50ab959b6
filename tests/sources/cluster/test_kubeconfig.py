"""kubeconfig files: merged as kubectl merges them, and every fault said with its place and the next step."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.sources.cluster.apiserver import ApiServer, write_kubeconfig
from tests.sources.cluster.follow import options, until_health
from tui.domain.facts.events import SourceHealth, SourceState
from tui.errors import InvalidConfig, UsageError
from tui.sources.cluster import ClusterOptions, ClusterSource, contexts
from tui.sources.cluster.kubeconfig import default_paths, read_kubeconfig

ONE = """
apiVersion: v1
contexts:
- {name: a, context: {cluster: a, user: a, namespace: shop}}
clusters:
- {name: a, cluster: {server: https://one.example, certificate-authority: ca.crt}}
users:
- {name: a, user: {client-certificate: c.crt, client-key: /abs/c.key, exec: {command: ./bin/login, apiVersion: v1}}}
"""
TWO = """
current-context: b
contexts:
- {name: a, context: {cluster: other}}
- {name: b, context: {cluster: b}}
clusters:
- {name: b, cluster: {server: https://two.example}}
"""


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "one").mkdir()
    first, second = tmp_path / "one" / "config", tmp_path / "two"
    first.write_text(ONE)
    second.write_text(TWO)
    return first, second


def test_the_first_file_to_say_something_wins(pair: tuple[Path, Path]) -> None:
    merged = read_kubeconfig(pair)
    assert merged.contexts.names == ("a", "b")
    assert merged.contexts.current == "b"
    assert merged.entry("contexts", "a")["cluster"] == "a"


def test_the_first_current_context_wins(pair: tuple[Path, Path]) -> None:
    pair[0].write_text(ONE + "current-context: a\n")
    assert contexts(pair).current == "a"


def test_files_are_looked_for_beside_the_kubeconfig_that_names_them(pair: tuple[Path, Path]) -> None:
    merged = read_kubeconfig(pair)
    folder = pair[0].parent.resolve()
    assert merged.entry("clusters", "a")["certificate-authority"] == str(folder / "ca.crt")
    user = merged.entry("users", "a")
    assert (user["client-certificate"], user["client-key"]) == (str(folder / "c.crt"), "/abs/c.key")
    assert user["exec"] == {"command": str(folder / "bin/login"), "apiVersion": "v1"}


def test_missing_files_of_a_list_are_skipped(pair: tuple[Path, Path]) -> None:
    assert contexts((pair[0].parent / "none", *pair)).names == ("a", "b")


def test_the_environment_names_the_files() -> None:
    assert default_paths({"KUBECONFIG": f"/a{os.pathsep}{os.pathsep}/b"}) == (Path("/a"), Path("/b"))
    assert default_paths({"KUBECONFIG": "~nobody-here/config"}) == (Path("~nobody-here/config"),)
    assert default_paths({}) == (Path.home() / ".kube" / "config",)


def test_an_unknown_context_lists_those_that_exist(pair: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError) as caught:
        read_kubeconfig(pair).choose("prod")
    assert "'prod'" in caught.value.headline
    assert caught.value.remedy == "Contexts that exist: a, b."


def test_no_current_context_asks_for_one(pair: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError, match="no current context"):
        read_kubeconfig(pair[:1]).choose("")


BROKEN = {
    "yaml": ("a: [1,\nb: }", "not valid YAML"),
    "scalar": ("just text", "a mapping was expected"),
    "list": ("- a", "a mapping was expected"),
    "contexts": ("contexts: {a: 1}", "'contexts' must be a list"),
    "nameless": ("users:\n- user: {}", "'users' must be a list"),
    "control": ("a: \x01", "not valid YAML"),
    "kind": ("kind: Pod\napiVersion: v1", "its kind is not Config"),
    "version": ("kind: Config\napiVersion: v9", "its apiVersion is not v1"),
    "twice": ("users:\n- {name: u, user: {}}\n- {name: u, user: {}}", "two entries of 'users' are named 'u'"),
}


@pytest.mark.parametrize(("text", "headline"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_said_to_be_broken(tmp_path: Path, text: str, headline: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(InvalidConfig, match=headline) as caught:
        contexts((path,))
    assert str(path) in caught.value.headline
    assert caught.value.remedy


def test_a_fault_of_syntax_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("a: b\nc: [1,\n")
    with pytest.raises(InvalidConfig) as caught:
        contexts((path,))
    assert (caught.value.path, caught.value.line) == (str(path), 3)


def test_an_absent_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="does not exist") as caught:
        contexts((tmp_path / "none",))
    assert "az aks get-credentials" in caught.value.remedy


async def fails(source: ClusterSource) -> SourceHealth:
    """The health that says so; the error may end the source after it."""
    return await until_health(source, lambda health: health.state is SourceState.FAILED)


async def test_a_source_with_an_unknown_context_says_so_and_ends(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path, "https://127.0.0.1:1")
    source = ClusterSource(ClusterOptions(paths=(path,), context="prod"))
    health = await fails(source)
    assert health.remedy == "Contexts that exist: test."
    with pytest.raises(UsageError):
        _ = [event async for event in source.events()]


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({"auth-provider": {"name": "azure"}}, "auth-provider 'azure'"),
        ({"auth-provider": {"name": "gcp"}}, "auth-provider 'gcp'"),
        ({"auth-provider": {"name": "oidc", "config": {"id-token": "a.e30.c", "idp-issuer-url": "x"}}}, ""),
        ({"auth-provider": {"name": "oidc", "config": {"id-token": "broken"}}}, "id-token in the kubeconfig has expired"),
        ({"token": "two\nlines"}, "characters that no token has"),
        ({"client-certificate-data": "bm90IHBlbQ==", "client-key-data": "bm90IHBlbQ=="}, "cannot be read"),
        ({"client-certificate": "missing.crt", "client-key": "missing.key"}, "does not exist"),
        (
            {"client-certificate": "missing.crt", "client-certificate-data": "YQ==", "client-key-data": "YQ=="},
            "has both client-c",
        ),
        ({"client-certificate-data": "YQ==", "client-key": "missing.key", "client-key-data": "YQ=="}, "has both client-key and"),
        ({"client-certificate-data": "YQ==", "client-key": "missing.key"}, "does not exist"),
    ],
)
async def test_credentials_that_cannot_be_used(tmp_path: Path, user: dict[str, object], said: str) -> None:
    source = ClusterSource(options(write_kubeconfig(tmp_path, "https://127.0.0.1:1", user)))
    health = await fails(source)
    assert said in health.error
    assert health.remedy
    assert health.auth_failed is bool(said)


@pytest.mark.parametrize("file", ["ca.pem", "missing.pem"])
async def test_an_authority_that_is_named_and_written_down_is_refused(tmp_path: Path, file: str) -> None:
    """As kubectl 1.32 does, whether or not the file is there."""
    (tmp_path / "ca.pem").write_text("")
    path = write_kubeconfig(tmp_path, "https://127.0.0.1:1")
    document = yaml.safe_load(path.read_text())
    document["clusters"][0]["cluster"] |= {"certificate-authority": file, "certificate-authority-data": "YQ=="}
    path.write_text(yaml.safe_dump(document))
    health = await fails(ClusterSource(options(path)))
    assert "has both certificate-authority and certificate-authority-data" in health.error


async def test_a_context_without_a_server_is_refused(tmp_path: Path) -> None:
    health = await fails(ClusterSource(options(write_kubeconfig(tmp_path, ""))))
    assert "no usable server address" in health.error


@pytest.mark.parametrize(
    ("user", "header"),
    [
        ({"token": "abc"}, "Bearer abc"),
        ({"tokenFile": "token"}, "Bearer from-file"),
        ({"username": "u", "password": "p"}, "Basic dTpw"),
        ({"auth-provider": {"name": "oidc", "config": {"id-token": "a.e30.c"}}}, "Bearer a.e30.c"),
    ],
)
async def test_credentials_are_sent(tmp_path: Path, user: dict[str, object], header: str) -> None:
    (tmp_path / "token").write_text("from-file\n")
    server = ApiServer()
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url, user)))
        await until_health(source, lambda health: health.live)
    assert {request.headers["Authorization"] for request in server.seen} == {header}


def test_importing_and_reading_contexts_loads_no_sdk(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path, "https://127.0.0.1:1")
    code = f"""
import sys
from pathlib import Path
from tui.sources.cluster import ClusterOptions, ClusterSource, contexts
assert contexts((Path({str(path)!r}),)).names == ("test",)
assert ClusterSource(ClusterOptions(paths=(Path({str(path)!r}),))).id == ("cluster", "test")
print([name for name in ("aiohttp", "kubernetes", "textual") if name in sys.modules])
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
