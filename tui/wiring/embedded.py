"""The embedded demo estate as a child process, and the settings that lead every source to it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.common.text import clean
from tui.domain.facts.reference import normalize_registry
from tui.errors import TrustreeError, UsageError
from tui.settings.load import load
from tui.settings.settings import Settings

__all__ = ["embedded"]

_ROOT = Path(__file__).resolve().parents[1]
_CHILD = "import runpy, sys; sys.path.append(sys.argv.pop(1)); runpy.run_module('tui.demo', run_name='__main__', alter_sys=True)"
"""Runs the demo of this very installation: `python -m` would look in the working directory first, for modules of anybody."""
PROXIES = tuple(cased for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for cased in (name, name.lower()))
"""What is served on this machine is asked for on this machine."""
START_TIMEOUT = 60.0
STOP_TIMEOUT = 5.0


class _Handshake(msgspec.Struct):
    """What `python -m tui.demo` prints when it is ready."""

    directory: str
    kubeconfig: str
    config: str
    environment: dict[str, str]
    contexts: list[str]


@asynccontextmanager
async def embedded(settings: Settings) -> AsyncIterator[Settings]:
    """Serve the scenario `settings.demo` while the context lasts; the settings that use it, and nothing of the real world.

    The environment of this process is changed for as long: azure-identity reads it by itself. Raises TrustreeError.
    """
    process = await _start(settings.demo)
    try:
        handshake = await _ready(process)
        with _environment(handshake.environment, without=PROXIES):
            yield _led_there(settings, handshake)
    finally:
        await _stop(process)


async def _start(scenario: str) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-c", _CHILD, str(_ROOT), scenario),
            cwd=os.sep,  # a relative entry of PYTHONPATH means nothing there
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the explorer; the demo ends when its standard input does
        )
    except OSError as error:
        raise TrustreeError(f"The demo cannot be started: {error.strerror or error}.", "Check the installation.") from error


async def _ready(process: asyncio.subprocess.Process) -> _Handshake:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_TIMEOUT):
            line = await process.stdout.readline()
    except TimeoutError as error:
        raise TrustreeError("The demo did not start in time.", "The machine may be very busy; try again.") from error
    try:
        return from_json(line, _Handshake)
    except msgspec.DecodeError as error:
        raise TrustreeError(f"The demo did not start: {await _last_words(process)}", "Try again; `doctor` says more.") from error


async def _last_words(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    output = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_TIMEOUT):
            output = await process.stderr.read(4096)
    lines = output.decode(errors="replace").strip().splitlines()
    return clean(lines[-1], 200) if lines else "it ended without a word."


@contextmanager
def _environment(values: Mapping[str, str], without: Iterable[str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in (*values, *without)}
    for name in without:
        os.environ.pop(name, None)
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _led_there(settings: Settings, handshake: _Handshake) -> Settings:
    """The settings of the demo, with what the operator chose of contexts, namespaces and looks. Raises UsageError."""
    theirs = load({}, environment={}, path=handshake.config)
    for host in settings.registries:
        if normalize_registry(host) not in theirs.registry:
            served = ", ".join(sorted(name for name, registry in theirs.registry.items() if registry.ask))
            raise UsageError(f"The demo has no registry {clean(host, 80)}, and asks no other.", f"It has {served}.")
    return msgspec.structs.replace(
        settings,
        kubeconfig=handshake.kubeconfig,
        contexts=settings.contexts or (() if settings.all_contexts or settings.aks else tuple(handshake.contexts)),
        registry=theirs.registry,
        scanner=theirs.scanner,
        context={},
        signatures=theirs.signatures,
        base=theirs.base,
        arm=theirs.arm,
        builder=theirs.builder,
        azure=True,
    )


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
