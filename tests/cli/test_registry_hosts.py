"""Registries as people name them: what is an address of one is understood, and nothing that could hold a password is repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.cli.arguments import parse
from tui.cli.main import main
from tui.errors import InvalidConfig, UsageError
from tui.settings.file import read

SECRET = "S3cr3tPw"
WITH_USERS = (
    f"user:{SECRET}@127.0.0.1:5000",
    f"https://user:{SECRET}@r.example",
    f"user:{SECRET},x@r.example",
    f"{SECRET}@r.example",
    f"user:{SECRET}%40r.example",
    f"user:{SECRET}",
    f"r.example?password={SECRET}",
)


def registries(*values: str) -> object:
    """What `--registry` means."""
    return parse([*(part for value in values for part in ("--registry", value))]).settings["registries"]


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("r.example", "r.example"),
        ("https://r.example", "r.example"),
        ("https://127.0.0.1:25001/", "127.0.0.1:25001"),
        ("r.example/", "r.example"),
        ("[::1]:5000", "[::1]:5000"),
        ("[::1]", "[::1]"),
        ("xn--fuball-cta.example", "xn--fuball-cta.example"),
        ("localhost", "localhost"),
    ],
)
def test_an_address_of_the_web_names_its_host(text: str, host: str) -> None:
    assert registries(text) == (host,)
    assert read(f"registries = ['{text}']\n[registry.'{text}']\n".encode(), "f") == {
        "registries": (host,),
        "registry": {host: read(b"[registry.x]", "f")["registry"]["x"]},  # type: ignore[index]
    }


def test_several_are_named_at_once() -> None:
    assert registries("a.example,https://b.example/", "a.example") == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no host"),
        ("https://", "names no host"),
        ("a.example,,b.example", "names no host"),
        ("127.0.0.1:25001/base", "a registry has no path"),
        ("https://r.example/base/", "a registry has no path"),
        ("http://r.example", "not spoken to over https"),
        ("oci://r.example", "not spoken to over https"),
        ("xn--a.example", "is not the host of a registry"),
        ("r..example", "is not the host of a registry"),
        ("r.example:", "is not the host of a registry"),
        ("r.example:99999", "is not the host of a registry"),
        ("::1", "is not the host of a registry"),
        ("-r.example", "is not the host of a registry"),
        ("r example", "is not the host of a registry"),
        ("bücher.example", "is not the host of a registry"),
    ],
)
def test_what_is_no_registry_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        registries(f"{text}") if not text.startswith("-") else parse([f"--registry={text}"])
    for file in (f"registries = ['{text}']\n", f"[registry.'{text}']\n") if "," not in text else ():
        with pytest.raises(InvalidConfig, match=words):
            read(file.encode(), "f")


@pytest.mark.parametrize("text", WITH_USERS)
def test_a_password_in_an_address_is_refused_and_not_repeated(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    for command in ("report", "doctor", "check"):
        assert main([command, "--no-azure", "--no-cluster", "--registry", text]) == 1
        printed = capfd.readouterr()
        assert "--registry names" in printed.err
        assert SECRET not in printed.out + printed.err


FORMS = (
    '[registry."{}"]\n',
    'registries = ["{}"]\n',
    '[registry.r]\nendpoint = "{}"\n',
    '[scanner.aqua]\nendpoint = "https://{}"\n',
    '[scanner.aqua]\nendpoint = "https://a.example"\nsign_in = "https://{}"\n',
)
WRITTEN = [
    (form, text)
    for form in FORMS
    for text in WITH_USERS
    if "scanner" not in form or "@" in text or "%40" in text  # consoles have paths and queries
]


@pytest.mark.parametrize(("form", "text"), WRITTEN)
def test_settings_refuse_a_password_in_an_address(
    form: str, text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(form.format(text))
    assert main(["report", "--no-azure", "--no-cluster", "--config", str(file)]) == 1
    printed = capfd.readouterr()
    assert f"{file}:" in printed.err
    assert SECRET not in printed.out + printed.err


@pytest.mark.parametrize("address", ["http://127.0.0.1:5000", "https://r.example/", "r.example:443", "http://[::1]:5000"])
def test_an_endpoint_is_a_scheme_and_a_host(address: str) -> None:
    assert read(f'[registry.r]\nendpoint = "{address}"\n'.encode(), "f")


@pytest.mark.parametrize("address", ["https://r.example/v2", "ftp://r.example", "r..example"])
def test_an_endpoint_is_nothing_else(address: str) -> None:
    with pytest.raises(InvalidConfig, match="`endpoint` "):
        read(f'[registry.r]\nendpoint = "{address}"\n'.encode(), "f")
