"""Settings as values: what the program may be told. Where they are read from is `load`'s matter."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import msgspec

__all__ = [
    "Auth",
    "CacheSettings",
    "ContextSettings",
    "LogLevel",
    "Paths",
    "RegistryKind",
    "RegistrySettings",
    "RevocationMode",
    "ScannerKind",
    "ScannerSettings",
    "Settings",
    "SignatureSettings",
    "SignerSettings",
    "TrustSettings",
    "paths",
]

NAME = "trustree"


class RegistryKind(StrEnum):
    """Which API lists what a registry holds."""

    AUTO = "auto"
    ACR = "acr"
    OCI = "oci"


class Auth(StrEnum):
    """How to sign in to a registry."""

    AUTO = "auto"
    ENTRA = "entra"
    DOCKER = "docker"
    BASIC = "basic"
    ANONYMOUS = "anonymous"


class LogLevel(StrEnum):
    """What is written to the log."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class RegistrySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[registry."host"]`: how one registry is spoken to; `password_env` names the variable that holds the password.

    `endpoint` is connected to instead of the host. With `ask = false` the registry is left alone. `refresh` is the seconds
    between looks at running tags, `requests_per_minute` what the registry is read with at most for long; None for the usual.
    `server_name` is asked for in TLS and `Host` where the endpoint goes by another name; `token_hosts` are further hosts that
    sign in to this registry, wherever they are.
    """

    kind: RegistryKind = RegistryKind.AUTO
    endpoint: str = ""
    ca_file: str = ""
    auth: Auth = Auth.AUTO
    username: str = ""
    password_env: str = ""
    ask: bool = True
    refresh: float | None = None
    requests_per_minute: int | None = None
    server_name: str = ""
    token_hosts: tuple[str, ...] = ()


class RevocationMode(StrEnum):
    """Whether revocation services are asked."""

    ONLINE = "online"
    OFFLINE = "offline"


class SignerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`{subject = "...", issuer = "..."}`: who may sign without a key, both needed.

    With `pattern` the subject is a regular expression as Go reads them, with `issuer_pattern` the issuer.
    """

    subject: str
    issuer: str
    pattern: bool = False
    issuer_pattern: bool = False


class TrustSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[signatures.scope."host/repository"]`: where what is trusted there lies; None for what `[signatures]` says.

    `notation_config` is notation's configuration directory. The others are files of cosign's: public keys, a trusted root, or
    keys of transparency logs, keys of certificate logs and roots of Fulcio; with `require_log` a signature must be in a
    transparency log, without `require_sct` a signer's certificate need not be in a certificate log. `cosign_repository` is where
    cosign keeps signatures that do not lie beside their images (`COSIGN_REPOSITORY`).
    """

    notation_config: str | None = None
    cosign_keys: tuple[str, ...] | None = None
    rekor_keys: tuple[str, ...] | None = None
    fulcio_roots: tuple[str, ...] | None = None
    identities: tuple[SignerSettings, ...] | None = None
    require_log: bool | None = None
    trusted_root: str | None = None
    ct_log_keys: tuple[str, ...] | None = None
    require_sct: bool | None = None
    cosign_repository: str | None = None


class SignatureSettings(TrustSettings, frozen=True, forbid_unknown_fields=True):
    """`[signatures]`: what is trusted everywhere but in the `scope`s, the first of which that means a repository counts.

    `private_responders` allows revocation to be asked of addresses in a private network.
    """

    revocation: RevocationMode = RevocationMode.ONLINE
    private_responders: bool = False
    scope: dict[str, TrustSettings] = {}


class ScannerKind(StrEnum):
    """Which scanner it is."""

    DEFENDER = "defender"
    TRIVY_OPERATOR = "trivy-operator"
    ATTACHED = "attached"
    AQUA = "aqua"
    PRISMA = "prisma"


class ScannerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[scanner.NAME]`: a scanner whose reports are read; the first three kinds are read without being named.

    `password_env` and `token_env` name the variables that hold the password or the token. `sign_in` is where to sign in when
    that is not the `endpoint` (Aqua's cloud). `subscriptions` are those that Defender is asked about, none for all. `refresh`
    is the seconds between looks, None for the usual. With `enabled = false` it is left alone.
    """

    kind: ScannerKind
    endpoint: str = ""
    ca_file: str = ""
    username: str = ""
    password_env: str = ""
    token_env: str = ""
    sign_in: str = ""
    subscriptions: tuple[str, ...] = ()
    enabled: bool = True
    refresh: float | None = None


class ContextSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[context."name"]`: whether a cluster may be changed, and which namespaces are read (none: all)."""

    write: bool = False
    namespaces: tuple[str, ...] = ()


class CacheSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[cache]`: whether content is kept on disk for the next run, and how many bytes at most."""

    enabled: bool = True
    max_size: int = 256 << 20


class Settings(msgspec.Struct, frozen=True):
    """Everything that the program may be told; times are in seconds.

    Without `contexts` the current one of the kubeconfig is meant; without `clusters` none is asked.
    `request_timeout` 0 means no limit. `write` of the command
    line opens every context, that of a context only this one. `demo` is a scenario, empty for the real world. `base` maps
    patterns of repositories to the base that their images stand on, `scratch` for none. Without `use_cache` nothing is
    kept on disk, whatever `cache` says. `source` is the file that was read,
    empty when there was none.
    """

    contexts: tuple[str, ...] = ()
    all_contexts: bool = False
    namespaces: tuple[str, ...] = ()
    all_namespaces: bool = False
    kubeconfig: str = ""
    registries: tuple[str, ...] = ()
    azure: bool = True
    clusters: bool = True
    policy: str = ""
    write: bool = False
    request_timeout: float | None = None
    refresh: float | None = None
    theme: str = ""
    ascii: bool = False
    keymap: dict[str, str] = {}
    log_level: LogLevel = LogLevel.INFO
    log_file: str = ""
    demo: str = ""
    registry: dict[str, RegistrySettings] = {}
    context: dict[str, ContextSettings] = {}
    scanner: dict[str, ScannerSettings] = {}
    scan_reports: tuple[str, ...] = ()
    signatures: SignatureSettings = SignatureSettings()
    base: dict[str, str] = {}
    cache: CacheSettings = CacheSettings()
    use_cache: bool = True
    source: str = ""

    @property
    def keeps_content(self) -> bool:
        """Whether content is kept on disk: not of the demo, which is no estate of the operator's."""
        return self.cache.enabled and self.use_cache and not self.demo


class Paths(NamedTuple):
    """Every path in use."""

    config: Path
    cache: Path
    state: Path
    log: Path


def paths() -> Paths:
    """Where files lie, by the XDG variables or the platform's habits."""
    import platformdirs  # not needed for most starts

    state = platformdirs.user_state_path(NAME)
    config = platformdirs.user_config_path(NAME) / "config.toml"
    return Paths(config, platformdirs.user_cache_path(NAME), state, state / f"{NAME}.log")
