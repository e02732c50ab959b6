"""`trustree info`: versions, and every path in use."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
from pathlib import Path

import msgspec

from tui import __version__
from tui.cli.commands import Invocation
from tui.cli.flags import add_output
from tui.cli.output import Exit, Writer, look_of_stdout, write_stdout
from tui.domain.common.redaction import redact
from tui.reports.columns import plain
from tui.reports.encoding import encode
from tui.settings.declared import declared
from tui.settings.settings import Settings, paths
from tui.wiring.content import cache_state, cache_words

__all__ = ["add_arguments", "changed", "info", "run"]

PACKAGES = ("textual", "msgspec", "aiohttp", "kubernetes", "azure-identity", "azure-containerregistry", "cryptography")
VARIABLES = (
    *("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE"),
    *("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_AUTHORITY_HOST"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The format."""
    add_output(parser, ("table", "json"))


def run(call: Invocation) -> Exit:
    """Print them."""
    return info(call.settings, call.flags.output, write_stdout)


def info(settings: Settings, output: str, write: Writer) -> Exit:
    """Print versions, what is set, and every path in use."""
    facts = {**_versions(), **changed(settings), **_places(settings), **_environment()}
    if output == "json":
        write([encode(InfoReport("trustree/info/v1", facts)), b"\n"])
    else:
        width = max(map(len, facts))
        unicode = look_of_stdout(settings.ascii).unicode
        write(f"{plain(f'{name:{width}}  {value}', unicode)}\n".encode(errors="replace") for name, value in facts.items())
    return Exit.OK


class InfoReport(msgspec.Struct, frozen=True):
    """What `info -o json` prints."""

    schema: str
    info: dict[str, str]


def _versions() -> dict[str, str]:
    versions = {"trustree": __version__, "python": platform.python_version(), "platform": platform.platform()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def _places(settings: Settings) -> dict[str, str]:
    usual = paths()
    kubeconfig = settings.kubeconfig or os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    docker = os.environ.get("DOCKER_CONFIG") or str(Path.home() / ".docker")
    return {
        "settings": settings.source or f"{usual.config} (not there)",
        "policy": settings.policy or "built in",
        "kubeconfig": kubeconfig,
        "docker config": str(Path(docker) / "config.json"),
        "cache": str(usual.cache),
        "content cache": cache_words(settings, cache_state(settings)),
        "state": str(usual.state),
        "log": settings.log_file or str(usual.log),
    }


def changed(settings: Settings) -> dict[str, str]:
    """The settings that are not as they are by themselves; of tables, what they are about."""
    values = [(setting, getattr(settings, setting.name)) for setting in declared(type(settings)) if setting.name != "source"]
    return {
        setting.name: "[hidden]" if setting.setting.secret else _shown(value)
        for setting, value in values
        if value != setting.default
    }


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g} s"
        case tuple() | dict():
            return redact(", ".join(map(str, value)))
        case msgspec.Struct():
            return ", ".join(setting.name for setting in declared(type(value)) if getattr(value, setting.name) != setting.default)
        case _:
            return redact(str(value))


def _environment() -> dict[str, str]:
    """Variables that change where connections go; credentials in them are hidden."""
    values = {name: os.environ.get(name) or os.environ.get(name.lower()) for name in VARIABLES}
    return {name: _without_user(value) for name, value in values.items() if value}


def _without_user(value: str) -> str:
    """A variable's value; a proxy may be named without a scheme, and still with a password."""
    return redact(value) if "://" in value else redact(f"http://{value}").removeprefix("http://")
