"""Credential plugins of kubeconfig (`exec`), run without a terminal and with a time limit.

Source: kubernetes.io/docs/reference/access-authn-authz/authentication, "client-go credential plugins". The runner of the
kubernetes package is not used: it has no time limit, hands the terminal to the plugin and swallows its errors.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.common.redaction import quoted
from tui.domain.common.text import clean
from tui.errors import AuthenticationFailed, InvalidConfig
from tui.sources.kit.programs import find_program

__all__ = ["ExecCredential", "ExecPlugin", "read_plugin", "run_plugin"]

MAX_OUTPUT = 1024 * 1024
MAX_COMPLAINT = 16_384
_NEXT_STEP = "Run it by hand to see what it asks for; on AKS: kubelogin convert-kubeconfig -l azurecli."


class _Variable(msgspec.Struct):
    name: str
    value: str | None = None


class ExecPlugin(msgspec.Struct, rename="camel"):
    """The `exec` section of a user; `command` is absolute or looked up in PATH."""

    command: str
    api_version: str
    args: list[str] | None = None
    env: list[_Variable] | None = None
    install_hint: str | None = None
    provide_cluster_info: bool | None = None
    interactive_mode: str | None = None


class ExecCredential(msgspec.Struct, rename="camel", frozen=True):
    """What a plugin answers in `status`: a token, or a client certificate with its key (both PEM)."""

    token: str = ""
    expiration_timestamp: datetime | None = None
    client_certificate_data: str = ""
    client_key_data: str = ""

    def __repr__(self) -> str:
        return f"ExecCredential(expiration_timestamp={self.expiration_timestamp!r})"


class _Status(msgspec.Struct, rename="camel"):
    """`status` as plugins write it: Go takes null for empty."""

    token: str | None = None
    expiration_timestamp: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None


class _Answer(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    status: _Status | None = None


def read_plugin(section: object) -> ExecPlugin:
    """The plugin of a user entry. Raises InvalidConfig."""
    try:
        plugin = msgspec.convert(section, ExecPlugin)
    except msgspec.ValidationError as error:
        raise InvalidConfig(
            f"The kubeconfig's exec section is wrong: {clean(str(error), 120)}.", "Fetch the kubeconfig again."
        ) from error
    if plugin.interactive_mode == "Always":
        raise InvalidConfig(
            f"The credential plugin {clean(plugin.command, 60)} insists on a terminal (interactiveMode: Always).",
            "Use a sign-in that needs none, e.g. kubelogin convert-kubeconfig -l azurecli.",
        )
    return plugin


async def run_plugin(plugin: ExecPlugin, cluster: Mapping[str, object], timeout: float) -> ExecCredential:
    """The credential that the plugin gives within `timeout` seconds. Raises AuthenticationFailed."""
    name = clean(plugin.command.rsplit("/", 1)[-1], 60)
    process = await _start(plugin, cluster, name)
    try:
        async with asyncio.timeout(timeout):
            output, complaint = await asyncio.gather(_read(process.stdout), _read(process.stderr))
            code = await process.wait()
    except TimeoutError as error:
        raise AuthenticationFailed(
            f"The credential plugin {name} did not answer within {timeout:g} s; it may be waiting for a sign-in.", _NEXT_STEP
        ) from error
    finally:
        await _end(process)
    if code:
        message = quoted(complaint[-MAX_COMPLAINT:].decode(errors="replace").strip(), MAX_COMPLAINT)[-200:]
        raise AuthenticationFailed(
            f"The credential plugin {name} failed (exit code {code})" + (f": {message}" if message else "."), _NEXT_STEP
        )
    return _credential(output, plugin, name)


async def _start(plugin: ExecPlugin, cluster: Mapping[str, object], name: str) -> asyncio.subprocess.Process:
    spec: dict[str, object] = {"interactive": False}
    if plugin.provide_cluster_info:
        spec["cluster"] = dict(cluster)
    request = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}
    environment = {**os.environ, **{item.name: item.value or "" for item in plugin.env or ()}}
    environment["KUBERNETES_EXEC_INFO"] = msgspec.json.encode(request).decode()
    try:
        return await asyncio.create_subprocess_exec(
            # Its own `env` is for the plugin: it does not decide which program that is.
            find_program(plugin.command, os.environ),
            *(plugin.args or ()),
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Without a session of its own it could still open /dev/tty and draw over the screen.
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = "is not installed" if isinstance(error, FileNotFoundError) else "cannot be started"
        hint = clean((plugin.install_hint or "").strip(), 200) or f"Install {name}, or correct 'command' in the kubeconfig."
        raise AuthenticationFailed(f"The credential plugin {name} {reason}.", hint) from error


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    assert stream is not None
    body = bytearray()
    # What exceeds the bound is read and dropped, so that the plugin can end.
    while chunk := await stream.read(65536):
        body += chunk[: MAX_OUTPUT - len(body)]
    return bytes(body)


async def _end(process: asyncio.subprocess.Process) -> None:
    # The plugin and what it started; the session that it leads has its id.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _answer(output: bytes) -> _Answer:
    """What a plugin printed: JSON, or YAML, as client-go's decoder takes both. Raises ValueError, MsgspecError."""
    if output.lstrip().startswith(b"{"):
        return from_json(output, _Answer)
    import yaml

    try:
        document = _members(yaml.safe_load(output))
    except yaml.YAMLError as error:
        raise ValueError("it is neither JSON nor YAML") from error
    if isinstance(status := document.get("status"), dict):
        document["status"] = _members(status)
    return msgspec.convert(document, _Answer)


def _members(value: object) -> dict[str, object]:
    """The members of a mapping of YAML as JSON has them, times as texts, and without nulls; what is in them is left alone.

    Aliases let a short document be endless to who walks through all of it.
    """
    members = value.items() if isinstance(value, dict) else ()
    return {
        str(key): member.isoformat() if isinstance(member, datetime) else member for key, member in members if member is not None
    }


def _credential(output: bytes, plugin: ExecPlugin, name: str) -> ExecCredential:
    try:
        answer = _answer(output)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise AuthenticationFailed(
            f"The credential plugin {name} printed something other than a credential.", _NEXT_STEP
        ) from error
    if answer.kind != "ExecCredential" or answer.api_version != plugin.api_version:
        versions = f"{clean(answer.api_version, 60)} instead of {clean(plugin.api_version, 60)}"
        raise AuthenticationFailed(
            f"The credential plugin {name} speaks another version: {versions}.", "Update it or fetch the kubeconfig again."
        )
    status = answer.status
    if status is None or not (status.token or (status.client_certificate_data and status.client_key_data)):
        raise AuthenticationFailed(
            f"The credential plugin {name} gave neither a token nor a certificate with its key.", _NEXT_STEP
        )
    return ExecCredential(
        token=status.token or "",
        expiration_timestamp=_end_of(status.expiration_timestamp, name),
        client_certificate_data=status.client_certificate_data or "",
        client_key_data=status.client_key_data or "",
    )


def _end_of(text: str | None, name: str) -> datetime | None:
    """When the credential ends. A time without a zone is taken for UTC, as plugins mean it. Raises AuthenticationFailed."""
    if not text:
        return None
    try:
        end = msgspec.convert(text, datetime)
        return end.replace(tzinfo=UTC) if end.tzinfo is None else end.astimezone(UTC)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        raise AuthenticationFailed(
            f"The credential plugin {name} gave an expirationTimestamp that is not a time: {clean(text, 60)}.", _NEXT_STEP
        ) from error
