"""The configuration file: TOML, strict, with faults shown by line and column.

```
contexts = ["prod-weu"]            # as --context; also: all_contexts, namespaces, all_namespaces, kubeconfig, registries
request_timeout = "10s"            # also: refresh, azure, policy, theme, ascii, log_level, log_file
[keymap]
rebuild = "B"
[registry."contoso.azurecr.io"]
kind = "acr"                       # auto, acr, oci; also: endpoint, ca_file, auth, username, password_env, ask, refresh
[context."prod-weu"]
write = false                      # also: namespaces
[signatures]
cosign_keys = ["cosign.pub"]       # also: notation_config, rekor_keys, fulcio_roots, identities, require_log, revocation
[signatures.scope."contoso.azurecr.io/payments"]
notation_config = "payments"       # also: cosign_keys, rekor_keys, fulcio_roots, identities, require_log
```
Paths that are not absolute are meant from where the file lies.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from tui.config import (
    Auth,
    ContextSettings,
    Kind,
    LogLevel,
    RegistrySettings,
    SignatureSettings,
    TrustSettings,
)
from tui.domain.patterns import parse_pattern
from tui.domain.text import clean
from tui.durations import seconds
from tui.errors import InvalidConfig
from tui.toml_file import Place, Reader

__all__ = ["read"]


class Registry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A registry table as it is written; durations are text."""

    kind: Kind = Kind.AUTO
    endpoint: str = ""
    ca_file: str = ""
    auth: Auth = Auth.AUTO
    username: str = ""
    password_env: str = ""
    ask: bool = True
    refresh: object = None
    requests_per_minute: Annotated[int, msgspec.Meta(ge=1)] | None = None


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The top of the file as it is written; the tables of registries and contexts are read one by one."""

    contexts: tuple[str, ...] = ()
    all_contexts: bool = False
    namespaces: tuple[str, ...] = ()
    all_namespaces: bool = False
    kubeconfig: str = ""
    registries: tuple[str, ...] = ()
    azure: bool = True
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
    signatures: dict[str, object] = {}


_DURATIONS = ("request_timeout", "refresh")


def read(content: bytes, path: str) -> dict[str, object]:
    """The settings of a file by field name, only what is in it. Raises InvalidConfig with line and column."""
    reader = _Reader(content, path)
    table = reader.table
    file = reader.convert(table, File, ())
    values: dict[str, object] = {name: getattr(file, name) for name in table if name not in ("registry", "context", "signatures")}
    values |= {name: reader.duration(table, name, ()) for name in _DURATIONS if name in table}
    values["registry"] = {host: reader.registry(host, entry) for host, entry in file.registry.items()}
    values["context"] = {name: reader.convert(entry, ContextSettings, ("context", name)) for name, entry in file.context.items()}
    if file.signatures:
        values["signatures"] = reader.signatures(file.signatures)
    return values


class _Reader(Reader):
    """Knows the tables of settings."""

    def registry(self, host: str, entry: dict[str, object]) -> RegistrySettings:
        """One registry table."""
        place = ("registry", host)
        if "password" in entry:
            remedy = "Put it in an environment variable and name that in `password_env`."
            self.refuse("A password does not belong in the file", (*place, "password"), remedy)
        raw = self.convert(entry, Registry, place)
        plain = {name: getattr(raw, name) for name in Registry.__struct_fields__ if name != "refresh"}
        return RegistrySettings(**plain, refresh=self.duration(entry, "refresh", place))

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

    def duration(self, table: dict[str, object], name: str, place: Place) -> float | None:
        """A duration in seconds, None when it is not there."""
        if name not in table:
            return None
        found = seconds(str(table[name])) if isinstance(table[name], str) else None
        if found is None:
            self.refuse(f"`{name}` is not a duration", (*place, name), 'Write it in quotes as "10s", "2m" or "1m30s".')
        return found
