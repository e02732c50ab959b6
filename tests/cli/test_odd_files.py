"""What is named and is not a regular file, such as a named pipe, is said at once: it is never waited for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tui.cli.main import main
from tui.private_files import open_private, read_regular


@pytest.fixture
def pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A named pipe that nobody writes to, in a home where nothing else is."""
    for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "DOCKER_CONFIG", "NOTATION_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    place = tmp_path / "pipe"
    os.mkfifo(place)
    return place


def kubeconfig(folder: Path, cluster: dict[str, str], user: dict[str, str]) -> Path:
    """A kubeconfig of one context on a port where nobody listens."""
    entries = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1", **cluster}}],
        "users": [{"name": "u", "user": user}],
    }
    place = folder / "kubeconfig"
    place.write_text(json.dumps(entries))
    return place


def run(*argv: str) -> int:
    """A report without Azure that does not wait for long."""
    return main(["report", "--no-azure", "--wait", "10s", *argv])


@pytest.mark.parametrize(
    ("cluster", "user"),
    [
        ({"certificate-authority": "pipe"}, {"token": "t"}),
        ({}, {"client-certificate": "pipe", "client-key": "pipe"}),
        ({}, {"tokenFile": "pipe"}),
    ],
)
def test_a_kubeconfig_that_names_a_pipe(
    pipe: Path, cluster: dict[str, str], user: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Its certificates, keys and tokens would be waited for by those who open them."""
    assert run("--kubeconfig", str(kubeconfig(pipe.parent, cluster, user))) != 0
    assert "not a regular file" in capfd.readouterr().out


def test_a_pipe_as_a_kubeconfig(pipe: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither a report nor the doctor waits for it."""
    assert run("--kubeconfig", str(pipe)) != 0
    assert f"{pipe} cannot be read: it is not a regular file" in capfd.readouterr().out
    assert main(["doctor", "--no-azure", "--kubeconfig", str(pipe)]) != 0
    assert f"{pipe} cannot be read: it is not a regular file" in capfd.readouterr().out


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_pipe_as_the_certificates_of_the_environment(
    variable: str, pipe: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Packages open it as soon as they are loaded."""
    monkeypatch.setenv(variable, str(pipe))
    assert run("--no-cluster", "--registry", "127.0.0.1:1") == 1
    assert f"{variable}: {pipe} is not a regular file." in capfd.readouterr().err


def test_a_pipe_as_the_certificates_of_a_registry(pipe: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """`ca_file` is opened where a connection is made."""
    settings = pipe.parent / "config.toml"
    settings.write_text('[registry."127.0.0.1:1"]\nca_file = "pipe"\n')
    assert run("--no-cluster", "--config", str(settings)) != 0
    assert f"the CA file {pipe} is not a regular file" in capfd.readouterr().out


def test_a_pipe_as_a_scan_report(pipe: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It is there: that there is no file would be false."""
    assert run("--no-cluster", "--registry", "127.0.0.1:1", "--scan-report", str(pipe)) == 1
    assert f"{pipe} is not a regular file." in capfd.readouterr().err


def test_a_pipe_as_what_is_trusted(pipe: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Keys and policies that cannot be used are told even where no image asks for them, and nothing is complete then."""
    os.mkfifo(pipe.parent / "trustpolicy.json")
    settings = pipe.parent / "config.toml"
    settings.write_text(f'[signatures]\ncosign_keys = ["pipe", "absent.pub"]\nnotation_config = "{pipe.parent}"\n')
    assert run("--no-cluster", "--registry", "127.0.0.1:1", "--config", str(settings), "-o", "json") == 3
    told = capfd.readouterr().out
    assert f"{pipe} cannot be used: it is not a regular file" in told
    assert "trustpolicy.json cannot be used: it is not a regular file" in told
    assert "absent.pub cannot be used: No such file or directory" in told


def test_what_is_read_is_a_file_or_nothing(pipe: Path) -> None:
    """`/dev/null` is how people say that there is none; devices and directories are nothing that ends."""
    assert read_regular(os.devnull, 10) == b""
    for place in (str(pipe), "/dev/zero", str(pipe.parent)):
        with pytest.raises(OSError, match="not a regular file"):
            read_regular(place, 10)
    file = pipe.parent / "file"
    file.write_bytes(b"0123456789abc")
    assert read_regular(file, 10) == b"0123456789a"


def test_what_stands_in_the_way_of_a_private_file_is_named(pipe: Path) -> None:
    """The system's words for it (too many links, no such device) say nothing of it."""
    link = pipe.parent / "link"
    link.symlink_to(pipe.parent / "elsewhere")
    with pytest.raises(OSError, match="it is a link"):
        open_private(str(link), os.O_WRONLY)
    with pytest.raises(OSError, match="it is not a regular file"):
        open_private(str(pipe), os.O_WRONLY)
