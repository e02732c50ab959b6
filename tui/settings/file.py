"""The configuration file: TOML, strict, with faults shown by line and column.

```
contexts = ["prod-weu"]            # as --context; also: all_contexts, namespaces, all_namespaces, kubeconfig, registries
request_timeout = "10s"            # also: scan_reports, refresh, azure, clusters, policy, theme, ascii, log_level, log_file
[keymap]
rebuild = "B"
[registry."contoso.azurecr.io"]
kind = "acr"                       # auto, acr, oci; also: endpoint, server_name, ca_file, auth, username, password_env,
                                   # token_hosts, ask, refresh, requests_per_minute
[context."prod-weu"]
write = false                      # also: namespaces
[scanner.prisma]
endpoint = "https://..."           # also: ca_file, username, password_env, token_env, sign_in, enabled, refresh, kind (the name)
[base]
"contoso.azurecr.io/payments/*" = "contoso.azurecr.io/base/python:3.12"    # or "scratch"
[signatures]
cosign_keys = ["cosign.pub"]       # also: notation_config, identities, trusted_root, rekor_keys, ct_log_keys, fulcio_roots,
                                   # require_log, require_sct, cosign_repository, revocation
[signatures.scope."contoso.azurecr.io/payments"]
notation_config = "payments"       # also: every other of those but revocation
[cache]
max_size = "256MiB"                # also: enabled
```
Paths that are not absolute are meant from where the file lies.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.configured import SCRATCH
from tui.domain.facts.patterns import parse_pattern
from tui.domain.facts.reference import parse_reference
from tui.errors import InvalidConfig, InvalidReference, UsageError
from tui.settings.durations import seconds
from tui.settings.hosts import endpoint_fault, holds_user, registry_host
from tui.settings.settings import (
    Auth,
    CacheSettings,
    ContextSettings,
    LogLevel,
    RegistryKind,
    RegistrySettings,
    ScannerKind,
    ScannerSettings,
    SignatureSettings,
    TrustSettings,
)
from tui.settings.sizes import size_in_bytes
from tui.settings.toml import Place, TomlReader

__all__ = ["read"]


class Registry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A registry table as it is written; durations are text."""

    kind: RegistryKind = RegistryKind.AUTO
    endpoint: str = ""
    ca_file: str = ""
    auth: Auth = Auth.AUTO
    username: str = ""
    password_env: str = ""
    ask: bool = True
    refresh: object = None
    requests_per_minute: Annotated[int, msgspec.Meta(ge=1)] | None = None
    server_name: str = ""
    token_hosts: tuple[str, ...] = ()


class ScannerTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scanner table as it is written; without a kind its name is one. Durations are text."""

    kind: ScannerKind | None = None
    endpoint: str = ""
    ca_file: str = ""
    username: str = ""
    password_env: str = ""
    token_env: str = ""
    sign_in: str = ""
    subscriptions: tuple[str, ...] = ()
    enabled: bool = True
    refresh: object = None


class CacheTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cache table as it is written; a size is text."""

    enabled: bool = True
    max_size: object = None


class SettingsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The top of the file as it is written; the tables of registries and contexts are read one by one."""

    contexts: tuple[str, ...] = ()
    all_contexts: bool = False
    namespaces: tuple[str, ...] = ()
    all_namespaces: bool = False
    kubeconfig: str = ""
    registries: tuple[str, ...] = ()
    azure: bool = True
    clusters: bool = True
    policy: str = ""
    request_timeout: object = None
    refresh: object = None
    theme: str = ""
    ascii: bool = False
    log_level: LogLevel = LogLevel.INFO
    log_file: str = ""
    keymap: dict[str, str] = {}
    registry: dict[str, dict[str, object]] = {}
    context: dict[str, dict[str, object]] = {}
    scanner: dict[str, dict[str, object]] = {}
    scan_reports: tuple[str, ...] = ()
    signatures: dict[str, object] = {}
    base: dict[str, object] = {}
    cache: dict[str, object] = {}


_DURATIONS = ("request_timeout", "refresh")
_TABLES = ("registry", "context", "scanner", "signatures", "base", "cache")
SMALLEST_CACHE = 1 << 20
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CONSOLES = (ScannerKind.AQUA, ScannerKind.PRISMA)


def read(content: bytes, path: str) -> dict[str, object]:
    """The settings of a file by field name, only what is in it. Raises InvalidConfig with line and column."""
    reader = _Reader(content, path)
    table = reader.table
    file = reader.convert(table, SettingsFile, ())
    values: dict[str, object] = {name: getattr(file, name) for name in table if name not in _TABLES}
    values |= {name: reader.duration(table, name, ()) for name in _DURATIONS if name in table}
    values["base"] = {images: reader.base(images, base) for images, base in file.base.items()}
    if "registries" in table:
        values["registries"] = tuple(reader.host(host, ("registries",)) for host in file.registries)
    values["registry"] = {
        reader.host(host, ("registry", host)): reader.registry(host, entry) for host, entry in file.registry.items()
    }
    values["context"] = {name: reader.convert(entry, ContextSettings, ("context", name)) for name, entry in file.context.items()}
    if "scan_reports" in table:
        values["scan_reports"] = tuple(map(reader.beside, file.scan_reports))
    values |= {name: reader.beside(getattr(file, name)) for name in ("policy", "log_file") if name in table}
    if "kubeconfig" in table:
        values["kubeconfig"] = os.pathsep.join(map(reader.beside, file.kubeconfig.split(os.pathsep)))
    values["scanner"] = {name: reader.scanner(name, entry) for name, entry in file.scanner.items()}
    if file.cache:
        values["cache"] = reader.cache(file.cache)
    if file.signatures:
        values["signatures"] = reader.signatures(file.signatures)
    return values


class _Reader(TomlReader):
    """Knows the tables of settings."""

    def beside(self, text: str) -> str:
        """A path, when it is not absolute meant from where the file lies; nothing stays nothing."""
        return str(Path(self.path).parent / Path(text).expanduser()) if text else ""

    def host(self, text: str, place: Place) -> str:
        """The host of a registry."""
        try:
            return registry_host(text, f"`{place[0]}`")
        except UsageError as error:
            self.refuse(error.headline.removesuffix("."), place, error.remedy, error)

    def registry(self, host: str, entry: dict[str, object]) -> RegistrySettings:
        """One registry table."""
        place = ("registry", host)
        self._without_secrets(entry, place)
        raw = self.convert(entry, Registry, place)
        plain = {name: getattr(raw, name) for name in Registry.__struct_fields__ if name != "refresh"}
        plain["ca_file"] = self.beside(raw.ca_file)
        if raw.endpoint and (fault := endpoint_fault(raw.endpoint)):
            self.refuse(f"`endpoint` {fault}", (*place, "endpoint"), "Write https://host or https://host:port.")
        for name in raw.token_hosts:
            if "/" in name or "@" in name or not name.strip():
                self.refuse("`token_hosts` has a value that is no host", (*place, "token_hosts"), "Write host or host:port.")
        return RegistrySettings(**plain, refresh=self.duration(entry, "refresh", place))

    def scanner(self, name: str, entry: dict[str, object]) -> ScannerSettings:
        """One scanner table."""
        place = ("scanner", name)
        self._without_secrets(entry, place)
        raw = self.convert(entry, ScannerTable, place)
        kind = raw.kind or next((each for each in ScannerKind if each == name), None)
        if kind is None:
            self.refuse("`kind` is missing", place, f"It is one of {', '.join(ScannerKind)}.")
        if kind in _CONSOLES and raw.enabled and not raw.endpoint:
            self.refuse("`endpoint` is missing", place, 'Write the address of the console: endpoint = "https://...".')
        for field in ("endpoint", "sign_in"):
            address = getattr(raw, field)
            if holds_user(address):
                remedy = "Write the address alone; `username`, `password_env` and `token_env` say how to sign in."
                self.refuse(f"`{field}` holds a user or a password", (*place, field), remedy)
            if address and not may_be_told(address):
                remedy = "Write https://: a password or token is sent there."
                self.refuse(f"`{field}` is no https address", (*place, field), remedy)
        plain = {field: getattr(raw, field) for field in ScannerTable.__struct_fields__ if field not in ("kind", "refresh")}
        plain["ca_file"] = self.beside(raw.ca_file)
        return ScannerSettings(kind=kind, **plain, refresh=self.duration(entry, "refresh", place))

    def _without_secrets(self, entry: dict[str, object], place: Place) -> None:
        for name in ("password", "token"):
            if name in entry:
                remedy = f"Put it in an environment variable and name that in `{name}_env`."
                self.refuse(f"A {name} does not belong in the file", (*place, name), remedy)

    def base(self, images: str, base: object) -> str:
        """What the images of a pattern of repositories stand on."""
        place = ("base", images)
        if not isinstance(base, str):
            self.refuse(f"“{clean(images, 60)}” has a wrong value", place, f"It is an image in quotes, or {SCRATCH!r}.")
        try:
            parse_pattern(images)
            if base != SCRATCH:
                parse_reference(base)
        except (InvalidConfig, InvalidReference) as error:
            self.refuse(error.headline.removesuffix("."), place, error.remedy, error)
        return base

    def signatures(self, entry: dict[str, object]) -> SignatureSettings:
        """What is trusted, with its scopes."""
        scopes = entry.get("scope", {})
        found = self.convert({**entry, "scope": {}}, SignatureSettings, ("signatures",))
        if not isinstance(scopes, dict):
            self.refuse(
                "`scope` has a wrong value", ("signatures", "scope"), 'It is tables: [signatures.scope."host/repository"].'
            )
        return msgspec.structs.replace(found, scope={name: self._scope(name, scope) for name, scope in scopes.items()})

    def _scope(self, name: str, entry: object) -> TrustSettings:
        place = ("signatures", "scope", name)
        try:
            parse_pattern(name)
        except InvalidConfig as error:
            self.refuse(error.headline.removesuffix("."), place, error.remedy, error)
        if not isinstance(entry, dict):
            self.refuse(f"“{clean(name, 60)}” is not a table", place, f'Write [signatures.scope."{clean(name, 60)}"].')
        return self.convert(entry, TrustSettings, place)

    def cache(self, entry: dict[str, object]) -> CacheSettings:
        """What is kept on disk."""
        place = ("cache",)
        table = self.convert(entry, CacheTable, place)
        if table.max_size is None:
            return CacheSettings(table.enabled)
        size = size_in_bytes(table.max_size) if isinstance(table.max_size, str) else None
        if size is None or size < SMALLEST_CACHE:
            remedy = 'Write it in quotes as "256MiB" or "1GiB".'
            self.refuse("`max_size` is no size of at least 1 MiB", (*place, "max_size"), remedy)
        return CacheSettings(table.enabled, size)

    def duration(self, table: dict[str, object], name: str, place: Place) -> float | None:
        """A duration in seconds, None when it is not there."""
        if name not in table:
            return None
        found = seconds(str(table[name])) if isinstance(table[name], str) else None
        if found is None:
            self.refuse(f"`{name}` is not a duration", (*place, name), 'Write it in quotes as "10s", "2m" or "1m30s".')
        return found


def may_be_told(address: str) -> bool:
    """Whether a secret may be sent to an address: over TLS, or within this machine."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK))
