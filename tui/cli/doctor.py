"""`doctor`: what each source can and cannot read; `info`: versions and paths."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import platform
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from tui import __version__
from tui.cli.output import Exit, Writer, look_of_stdout
from tui.cli.progress import Steps
from tui.domain.common.redaction import redact
from tui.reports.columns import plain
from tui.reports.encoding import encode
from tui.settings.settings import Settings, paths
from tui.sources.ports import Diagnosis
from tui.wiring.examination import Examined, Tried

__all__ = ["Diagnose", "doctor", "exit_of_doctor", "info"]

Diagnose = Callable[[Settings, Tried], Awaitable[Sequence[Examined]]]
PACKAGES = ("textual", "msgspec", "aiohttp", "kubernetes", "azure-identity", "azure-containerregistry", "cryptography")
VARIABLES = (
    *("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE"),
    *("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_AUTHORITY_HOST"),
)
SIGNED_IN = frozenset({"cluster", "registry"})
"""Kinds of sources that somebody signs in to."""
SIGN_IN = frozenset({"signed in", "sign-in"})
"""What it is called that somebody signs in, where that is tried."""
BEFORE_READING = frozenset({"kubeconfig", "reachable"}) | SIGN_IN
"""What is tried before anything is read: that it is well says nothing of any right."""
_SIGNS = {"ok": ("✔", "+"), "denied": ("✘", "x"), "failed": ("✘", "x"), "off": ("·", ".")}


class SourceFound(msgspec.Struct, frozen=True):
    """One source as `-o json` shows it."""

    name: str
    kind: str
    identity: str
    endpoint: str
    tried: Sequence[Diagnosis]


class DoctorReport(msgspec.Struct, frozen=True):
    """What `doctor -o json` prints."""

    schema: str
    sources: list[SourceFound]


def doctor(settings: Settings, output: str, diagnose: Diagnose, write: Writer) -> Exit:
    """Try each kind of read of every source once, and print how it went."""
    examined = [_discreet(source) for source in asyncio.run(_diagnosed(settings, diagnose))]
    if output == "json":
        write([encode(DoctorReport("trustree/doctor/v1", [SourceFound(*source) for source in examined])), b"\n"])
    else:
        unicode = look_of_stdout(settings.ascii).unicode
        write(f"{plain(line, unicode)}\n".encode(errors="replace") for line in _lines(examined, unicode))
    return exit_of_doctor(examined)


def _discreet(source: Examined) -> Examined:
    """The same without credentials that a configuration, a server or a plugin may have put into it."""
    name, kind, identity, endpoint, tried = source
    shown = [
        msgspec.structs.replace(each, detail=redact(each.detail), remedy=redact(each.remedy), right=redact(each.right))
        for each in tried
    ]
    return name, kind, identity, redact(endpoint), shown


def exit_of_doctor(examined: Sequence[Examined]) -> Exit:
    """4 when no cluster, or nothing at all, may be read for want of a right; 3 when anything is refused or failed; else 0."""
    asked = [source for source in examined if source[1] in SIGNED_IN]
    clusters = [source for source in asked if source[1] == "cluster"]
    if any(_barred(group) for group in (clusters, asked)):
        return Exit.DENIED
    states = [diagnosis.state for source in examined for diagnosis in source[4] if diagnosis.state != "off"]
    return Exit.OK if states and all(state == "ok" for state in states) else Exit.UNSURE


def _barred(sources: Sequence[Examined]) -> bool:
    tried = [diagnosis for source in sources for diagnosis in source[4]]
    read = any(diagnosis.state == "ok" and diagnosis.what not in BEFORE_READING for diagnosis in tried)
    return not read and any(diagnosis.state == "denied" for diagnosis in tried)


async def _diagnosed(settings: Settings, diagnose: Diagnose) -> Sequence[Examined]:
    progress = Steps(sys.stderr)
    try:
        return await diagnose(settings, progress.show)
    finally:
        progress.done()


def _lines(examined: Sequence[Examined], unicode: bool) -> Iterator[str]:
    if not examined:
        yield "No source is set up: there is no kubeconfig context and no registry."
    for name, kind, identity, endpoint, tried in examined:
        signed_in = f"as {identity}" if identity else _nobody(kind, tried)
        yield "  ".join(part for part in (name, endpoint, signed_in) if part)
        width = max((len(diagnosis.what) for diagnosis in tried), default=0)
        for diagnosis in tried:
            sign = _SIGNS.get(diagnosis.state, ("?", "?"))[0 if unicode else 1]
            yield f"  {sign} {diagnosis.state:6}  {diagnosis.what:{width}}  {diagnosis.detail}".rstrip()
            if diagnosis.right:
                yield f"      missing right: {diagnosis.right}"
            if diagnosis.remedy:
                yield f"      next step: {diagnosis.remedy}"
        yield ""


def _nobody(kind: str, tried: Sequence[Diagnosis]) -> str:
    """That nobody is signed in, where a sign-in was tried and tells that; a cluster may let somebody in and not say whom."""
    states = {diagnosis.state for diagnosis in tried if diagnosis.what in SIGN_IN}
    read_by_nobody = kind == "registry" and "ok" in states
    return "not signed in" if read_by_nobody or "denied" in states else ""


def info(settings: Settings, output: str, write: Writer) -> Exit:
    """Print versions and every path in use."""
    facts = {**_versions(), **_places(settings), **_environment()}
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
    found = {"trustree": __version__, "python": platform.python_version(), "platform": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


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
        "state": str(usual.state),
        "log": settings.log_file or str(usual.log),
    }


def _environment() -> dict[str, str]:
    """Variables that change where connections go; credentials in them are hidden."""
    names = (
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_AUTHORITY_HOST",
    )
    given = {name: os.environ.get(name) or os.environ.get(name.lower()) for name in names}
    return {name: _without_user(value) for name, value in given.items() if value}


def _without_user(value: str) -> str:
    """A variable's value; a proxy may be named without a scheme, and still with a password."""
    return redact(value) if "://" in value else redact(f"http://{value}").removeprefix("http://")
