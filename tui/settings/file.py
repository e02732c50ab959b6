"""The configuration file: TOML, strict, with faults shown by line and column.

```
contexts = ["prod-weu"]            # as --context; also: all_contexts, namespaces, all_namespaces, kubeconfig, registries
request_timeout = "10s"            # also: scan_reports, refresh, azure, clusters, policy, theme, ascii, log_level, log_file
[keymap]
rebuild = "B"
[registry."contoso.azurecr.io"]
kind = "acr"                       # auto, acr, oci; also: endpoint, server_name, ca_file, auth, username, password_env,
                                   # token_hosts, ask, refresh, requests_per_minute, write
[context."prod-weu"]
write = false                      # also: protected, namespaces
[scanner.prisma]
endpoint = "https://..."           # also: ca_file, username, password_env, token_env, sign_in, enabled, refresh, kind (the name)
[builder.jenkins]
url = "https://..."                # also: project, ca_file, username, password_env, token_env, token_command, enabled, write,
                                   # refresh
images."contoso.azurecr.io/payments/api" = "payments/api"
[base]
"contoso.azurecr.io/payments/*" = "contoso.azurecr.io/base/python:3.12"    # or "scratch"
[queries]
urgent = "is:running sev>=critical"
[signatures]
cosign_keys = ["cosign.pub"]       # also: notation_config, identities, trusted_root, rekor_keys, ct_log_keys, fulcio_roots,
                                   # require_log, require_sct, cosign_repository, revocation
[signatures.scope."contoso.azurecr.io/payments"]
notation_config = "payments"       # also: every other of those but revocation
[acting]
parallel = 8                       # also: facts_age, sign_wait, scan_wait, rollout_wait
[cache]
max_size = "256MiB"                # also: enabled
[arm]
tasks = true                       # also: endpoint, ca_file
```
Paths that are not absolute are meant from where the file lies.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, assert_never
from urllib.parse import urlsplit

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.configured import SCRATCH
from tui.domain.facts.patterns import parse_pattern
from tui.domain.facts.reference import parse_reference
from tui.errors import InvalidConfig, InvalidQuery, InvalidReference, UsageError
from tui.settings.builders import BuilderSettings, CiKind, JobSettings, job_fault, whole_job
from tui.settings.declared import Form, declared, written
from tui.settings.durations import seconds
from tui.settings.hosts import endpoint_fault, holds_user, registry_host
from tui.settings.settings import (
    ActingSettings,
    ArmSettings,
    CacheSettings,
    ContextSettings,
    RegistrySettings,
    ScannerKind,
    ScannerSettings,
    Settings,
    SignatureSettings,
    TrustSettings,
)
from tui.settings.sizes import size_in_bytes
from tui.settings.toml import KeyPath, TomlReader

__all__ = ["read"]


SMALLEST_CACHE = 1 << 20
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CONSOLES = (ScannerKind.AQUA, ScannerKind.PRISMA)


def read(content: bytes, path: str, struct: type[Settings] = Settings) -> dict[str, object]:
    """The settings of a file by field name, only what is in it. Raises InvalidConfig with line and column."""
    reader = _Reader(content, path)
    values = reader.values(reader.table, struct, ())
    tables: dict[str, Callable[[Any], object]] = {
        "registry": reader.registries,
        "context": reader.contexts,
        "scanner": reader.scanners,
        "builder": reader.builders,
        "signatures": reader.signatures,
        "base": reader.bases,
        "queries": reader.queries,
        "acting": reader.acting,
        "cache": reader.cache,
        "arm": reader.arm,
    }
    return values | {name: read_table(values[name]) for name, read_table in tables.items() if name in values}


class _Reader(TomlReader):
    """Knows the tables of settings."""

    def values(self, table: dict[str, object], struct: type[msgspec.Struct], place: KeyPath) -> dict[str, object]:
        """What a table says of the settings that a struct declares, by field name; tables in it as they are written."""
        raw = self.convert(table, written(struct), place)
        return {
            name: self._value(setting.form, getattr(raw, name), (*place, name))
            for name, _, _, setting in declared(struct)
            if name in table
        }

    def _value(self, form: Form, value: Any, place: KeyPath) -> object:
        match form:
            case Form.PLAIN:
                return value
            case Form.DURATION:
                return self.duration(value, place)
            case Form.SIZE:
                return self.size(value, place)
            case Form.PATH:
                return tuple(map(self.beside, value)) if isinstance(value, tuple) else self.beside(value)
            case Form.SEARCH_PATH:
                return os.pathsep.join(map(self.beside, value.split(os.pathsep)))
            case Form.HOST:
                return tuple(self.host(host, place) for host in value)
            case _:
                assert_never(form)

    def beside(self, text: str) -> str:
        """A path, when it is not absolute meant from where the file lies; nothing stays nothing."""
        return str(Path(self.path).parent / Path(text).expanduser()) if text else ""

    def host(self, text: str, place: KeyPath) -> str:
        """The host of a registry."""
        try:
            return registry_host(text, f"`{place[0]}`")
        except UsageError as error:
            self.refuse(error.headline.removesuffix("."), place, error.remedy, error)

    def registries(self, tables: dict[str, dict[str, object]]) -> dict[str, RegistrySettings]:
        """The tables of registries, by host."""
        return {self.host(host, ("registry", host)): self._registry(host, entry) for host, entry in tables.items()}

    def _registry(self, host: str, entry: dict[str, object]) -> RegistrySettings:
        place = ("registry", host)
        self._without_secrets(entry, place)
        settings = RegistrySettings(**self.values(entry, RegistrySettings, place))  # type: ignore[arg-type]
        if settings.endpoint and (fault := endpoint_fault(settings.endpoint)):
            self.refuse(f"`endpoint` {fault}", (*place, "endpoint"), "Write https://host or https://host:port.")
        for name in settings.token_hosts:
            if "/" in name or "@" in name or not name.strip():
                self.refuse("`token_hosts` has a value that is not a host", (*place, "token_hosts"), "Write host or host:port.")
        return settings

    def contexts(self, tables: dict[str, dict[str, object]]) -> dict[str, ContextSettings]:
        """The tables of contexts, by name."""
        return {name: self.convert(entry, ContextSettings, ("context", name)) for name, entry in tables.items()}

    def scanners(self, tables: dict[str, dict[str, object]]) -> dict[str, ScannerSettings]:
        """The tables of scanners, by name."""
        return {name: self._scanner(name, entry) for name, entry in tables.items()}

    def _scanner(self, name: str, entry: dict[str, object]) -> ScannerSettings:
        place = ("scanner", name)
        self._without_secrets(entry, place)
        values = self.values(entry, ScannerSettings, place)
        kind = values.pop("kind", None) or next((kind for kind in ScannerKind if kind == name), None)
        if not isinstance(kind, ScannerKind):
            self.refuse("`kind` is missing", place, f"It is one of {', '.join(ScannerKind)}.")
        settings = ScannerSettings(kind, **values)  # type: ignore[arg-type]
        if kind in _CONSOLES and settings.enabled and not settings.endpoint:
            self.refuse("`endpoint` is missing", place, 'Write the address of the console: endpoint = "https://...".')
        for field in ("endpoint", "sign_in"):
            address = getattr(settings, field)
            if holds_user(address):
                remedy = "Write the address alone; `username`, `password_env` and `token_env` say how to sign in."
                self.refuse(f"`{field}` holds a user or a password", (*place, field), remedy)
            if address and not may_be_told(address):
                remedy = "Write https://: a password or token is sent there."
                self.refuse(f"`{field}` is not an https address", (*place, field), remedy)
        return settings

    def builders(self, tables: dict[str, dict[str, object]]) -> dict[str, BuilderSettings]:
        """The tables of builders, by name."""
        return {name: self._builder(name, entry) for name, entry in tables.items()}

    def _builder(self, name: str, entry: dict[str, object]) -> BuilderSettings:
        place = ("builder", name)
        self._without_secrets(entry, place)
        values = self.values(entry, BuilderSettings, place)
        kind = values.pop("kind", None) or next((kind for kind in CiKind if kind == name), None)
        if not isinstance(kind, CiKind):
            self.refuse("`kind` is missing", place, f"It is one of {', '.join(CiKind)}.")
        images = values.pop("images", {})
        settings = BuilderSettings(kind, **values)  # type: ignore[arg-type]
        if not settings.url and kind is not CiKind.GITHUB_ACTIONS and settings.enabled:
            self.refuse("`url` is missing", place, 'Write where it is: url = "https://...".')
        if holds_user(settings.url):
            self.refuse(
                "`url` holds a user or a password", (*place, "url"), "Write the address alone; `token_env` says how to sign in."
            )
        if settings.url and not may_be_told(settings.url):
            self.refuse("`url` is not an https address", (*place, "url"), "Write https://: a password or token is sent there.")
        assert isinstance(images, dict)
        jobs = {pattern: self._built(settings, pattern, job, (*place, "images")) for pattern, job in images.items()}
        return msgspec.structs.replace(settings, images=jobs)

    def _built(self, builder: BuilderSettings, pattern: str, entry: object, table: KeyPath) -> JobSettings:
        place = (*table, pattern)
        try:
            parse_pattern(pattern)
        except InvalidConfig as error:
            self.refuse(error.headline.removesuffix("."), place, error.remedy, error)
        if isinstance(entry, str):
            entry = {"job": entry}
        if not isinstance(entry, dict):
            remedy = 'It is a job in quotes, or {job = "...", ref = "...", parameters = {...}}.'
            self.refuse(f"“{clean(pattern, 60)}” has a wrong value", place, remedy)
        built = self.convert(entry, JobSettings, place)
        job = whole_job(builder.kind, builder.project, built.job, built.ref)
        if remedy := job_fault(builder.kind, job):
            self.refuse(f"“{clean(built.job, 60)}” is not a job of {builder.kind}", place, remedy)
        return msgspec.structs.replace(built, job=job)

    def _without_secrets(self, entry: dict[str, object], place: KeyPath) -> None:
        for name in ("password", "token"):
            if name in entry:
                remedy = f"Put it in an environment variable and name that in `{name}_env`."
                self.refuse(f"A {name} does not belong in the file", (*place, name), remedy)

    def bases(self, table: dict[str, object]) -> dict[str, str]:
        """What the images of patterns of repositories stand on."""
        return {images: self._base(images, base) for images, base in table.items()}

    def _base(self, images: str, base: object) -> str:
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

    def queries(self, table: dict[str, object]) -> dict[str, str]:
        """The saved queries, by name; each must be one."""
        from tui.domain.query.language import parse_terms  # only for those who have some
        from tui.domain.query.saved import is_name

        for name, query in table.items():
            place = ("queries", name)
            if not is_name(name):
                self.refuse(f"“{clean(name, 60)}” cannot be the name of a query", place, "Use letters, digits, `.`, `_` and `-`.")
            if not isinstance(query, str) or not query.strip():
                self.refuse(f"“{name}” has a wrong value", place, 'It is a query in quotes: "ns:prod is:outdated".')
            try:
                parse_terms(query)
            except InvalidQuery as error:
                headline = error.headline.removesuffix(".")
                self.refuse(f"The query “{name}” is wrong at {error.position + 1}: {headline}", place, error.remedy, error)
        return {name: str(query) for name, query in table.items()}

    def signatures(self, entry: dict[str, object]) -> SignatureSettings:
        """What is trusted, with its scopes."""
        scopes = entry.get("scope", {})
        converted = self.convert({**entry, "scope": {}}, SignatureSettings, ("signatures",))
        if not isinstance(scopes, dict):
            self.refuse(
                "`scope` has a wrong value", ("signatures", "scope"), 'It is tables: [signatures.scope."host/repository"].'
            )
        return msgspec.structs.replace(converted, scope={name: self._scope(name, scope) for name, scope in scopes.items()})

    def _scope(self, name: str, entry: object) -> TrustSettings:
        place = ("signatures", "scope", name)
        try:
            parse_pattern(name)
        except InvalidConfig as error:
            self.refuse(error.headline.removesuffix("."), place, error.remedy, error)
        if not isinstance(entry, dict):
            self.refuse(f"“{clean(name, 60)}” is not a table", place, f'Write [signatures.scope."{clean(name, 60)}"].')
        return self.convert(entry, TrustSettings, place)

    def acting(self, entry: dict[str, object]) -> ActingSettings:
        """How plans are carried out."""
        return ActingSettings(**self.values(entry, ActingSettings, ("acting",)))  # type: ignore[arg-type]

    def cache(self, entry: dict[str, object]) -> CacheSettings:
        """What is kept on disk."""
        return CacheSettings(**self.values(entry, CacheSettings, ("cache",)))  # type: ignore[arg-type]

    def arm(self, entry: dict[str, object]) -> ArmSettings:
        """How Azure Resource Manager is asked."""
        settings = ArmSettings(**self.values(entry, ArmSettings, ("arm",)))  # type: ignore[arg-type]
        if settings.endpoint and (holds_user(settings.endpoint) or not may_be_told(settings.endpoint)):
            self.refuse("`endpoint` is not an https address", ("arm", "endpoint"), "Write https://: a token is sent there.")
        return settings

    def size(self, value: object, place: KeyPath) -> int:
        """A size in bytes."""
        size = size_in_bytes(value) if isinstance(value, str) else None
        if size is None or size < SMALLEST_CACHE:
            self.refuse(f"`{place[-1]}` is not a size of at least 1 MiB", place, 'Write it in quotes as "256MiB" or "1GiB".')
        return size

    def duration(self, value: object, place: KeyPath) -> float:
        """A duration in seconds."""
        duration = seconds(value) if isinstance(value, str) else None
        if duration is None:
            self.refuse(f"`{place[-1]}` is not a duration", place, 'Write it in quotes as "10s", "2m" or "1m30s".')
        return duration


def may_be_told(address: str) -> bool:
    """Whether a secret may be sent to an address: over TLS, or within this machine."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK))
