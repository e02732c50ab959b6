"""Settings as values: what the program may be told, each declared once. Where they are read from is `load`'s matter."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from tui.domain.facts.asking import AuthMode, RegistryKind, RevocationMode
from tui.settings.builders import BuilderSettings
from tui.settings.declared import Form, Setting

__all__ = [
    "SCENARIOS",
    "ActingSettings",
    "ArmSettings",
    "BuilderSettings",
    "CacheSettings",
    "ContextSettings",
    "LogLevel",
    "Paths",
    "RegistrySettings",
    "ScannerKind",
    "ScannerSettings",
    "Settings",
    "SignatureSettings",
    "SignerSettings",
    "TrustSettings",
    "paths",
]

NAME = "trustree"
SCENARIOS = ("contoso", "empty", "denied", "broken", "huge")


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

    kind: Annotated[RegistryKind, Setting("which API lists what it holds")] = RegistryKind.AUTO
    endpoint: Annotated[str, Setting("the address to connect to instead of the host: private endpoint, mirror")] = ""
    ca_file: Annotated[str, Setting("the CA certificates that it is verified with", Form.PATH)] = ""
    auth: Annotated[AuthMode, Setting("how to sign in")] = AuthMode.AUTO
    username: Annotated[str, Setting("the user name")] = ""
    password_env: Annotated[str, Setting("the variable that holds the password")] = ""
    ask: Annotated[bool, Setting("false: not read, and shown as unknown")] = True
    refresh: Annotated[float | None, Setting("how often the tags that run are read", Form.DURATION)] = None
    requests_per_minute: Annotated[Annotated[int, msgspec.Meta(ge=1)] | None, Setting("at most, for long")] = None
    server_name: Annotated[str, Setting("the name for TLS and the Host header where the endpoint has another")] = ""
    write: Annotated[bool, Setting("whether it may be changed: tasks run, images locked")] = False
    token_hosts: Annotated[tuple[str, ...], Setting("further token service hosts of this registry, in private networks too")] = ()


class SignerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`{subject = "...", issuer = "..."}`: who may sign without a key, both needed.

    With `pattern` the subject is a regular expression as Go reads them, with `issuer_pattern` the issuer.
    """

    subject: Annotated[str, Setting("who signs")]
    issuer: Annotated[str, Setting("who says so")]
    pattern: Annotated[bool, Setting("whether the subject is a regular expression, as Go reads them")] = False
    issuer_pattern: Annotated[bool, Setting("whether the issuer is one")] = False


class TrustSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[signatures.scope."host/repository"]`: where what is trusted there lies; None for what `[signatures]` says.

    `notation_config` is notation's configuration directory. The others are files of cosign's: public keys, a trusted root, or
    keys of transparency logs, keys of certificate logs and roots of Fulcio; with `require_log` a signature must be in a
    transparency log, without `require_sct` a signer's certificate need not be in a certificate log. `cosign_repository` is where
    cosign keeps signatures that do not lie beside their images (`COSIGN_REPOSITORY`).
    """

    notation_config: Annotated[str | None, Setting("notation's configuration: trust policy and trust stores")] = None
    cosign_keys: Annotated[tuple[str, ...] | None, Setting("public keys of cosign's")] = None
    rekor_keys: Annotated[tuple[str, ...] | None, Setting("without a trusted root: keys of transparency logs")] = None
    fulcio_roots: Annotated[tuple[str, ...] | None, Setting("without a trusted root: certificates of authorities")] = None
    identities: Annotated[tuple[SignerSettings, ...] | None, Setting("who may sign without a key")] = None
    require_log: Annotated[bool | None, Setting("true: a signature must be in a transparency log, as cosign asks by default")] = (
        None
    )
    trusted_root: Annotated[str | None, Setting("of your Sigstore: authorities, logs; as cosign --trusted-root")] = None
    ct_log_keys: Annotated[tuple[str, ...] | None, Setting("without a trusted root: keys of certificate logs")] = None
    require_sct: Annotated[bool | None, Setting("false: as cosign --insecure-ignore-sct")] = None
    cosign_repository: Annotated[str | None, Setting("where cosign keeps signatures, if not beside the images")] = None


class SignatureSettings(TrustSettings, frozen=True, forbid_unknown_fields=True):
    """`[signatures]`: what is trusted everywhere but in the `scope`s, the first of which that means a repository counts.

    `private_responders` allows revocation to be asked of addresses in a private network.
    """

    revocation: Annotated[RevocationMode, Setting("whether revocation services are asked")] = RevocationMode.ONLINE
    private_responders: Annotated[bool, Setting("whether revocation may be asked of addresses in a private network")] = False
    scope: Annotated[dict[str, TrustSettings], Setting("trust for some repositories, in place of the rest")] = {}


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

    kind: Annotated[ScannerKind, Setting("the kind of scanner, unless its name says so", written=ScannerKind | None)]
    endpoint: Annotated[str, Setting("the address of the console")] = ""
    ca_file: Annotated[str, Setting("the CA certificates that it is verified with", Form.PATH)] = ""
    username: Annotated[str, Setting("the user name")] = ""
    password_env: Annotated[str, Setting("the variable that holds the password")] = ""
    token_env: Annotated[str, Setting("the variable that holds the token")] = ""
    sign_in: Annotated[str, Setting("where to sign in when that is not the endpoint")] = ""
    subscriptions: Annotated[tuple[str, ...], Setting("the subscriptions that Defender is read for; all, if none is named")] = ()
    enabled: Annotated[bool, Setting("false: not read")] = True
    refresh: Annotated[float | None, Setting("between looks", Form.DURATION)] = None


class ContextSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[context."name"]`: whether a cluster may be changed, and which namespaces are read (none: all).

    Of a `protected` one the name is to be typed before it is changed.
    """

    write: Annotated[bool, Setting("whether this cluster may be changed")] = False
    protected: Annotated[bool, Setting("whether its name is to be typed before it is changed")] = False
    namespaces: Annotated[tuple[str, ...], Setting("the only ones that are read")] = ()


Tables = dict[str, dict[str, object]]
"""Tables as they are written: each is read by itself."""


class ArmSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[arm]`: where Azure Resource Manager is. Without `tasks` no task of a registry is read."""

    endpoint: Annotated[str, Setting("where it is, if not where the cloud has it that is signed in to")] = ""
    ca_file: Annotated[str, Setting("the CA certificates that it is verified with", Form.PATH)] = ""
    tasks: Annotated[bool, Setting("false: no task of a registry is read")] = True


class ActingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[acting]`: how plans are carried out; times are in seconds."""

    parallel: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=200)], Setting("how many builds and rollouts run at the same time")
    ] = 8
    facts_age: Annotated[
        float, Setting("how old the data may be when a change is sent; older data is read again first", Form.DURATION)
    ] = 900.0
    sign_wait: Annotated[float, Setting("how long a new image may take to be signed", Form.DURATION)] = 900.0
    scan_wait: Annotated[float, Setting("how long a new image may take to be scanned", Form.DURATION)] = 1800.0
    rollout_wait: Annotated[float, Setting("how long a rollout may take", Form.DURATION)] = 1800.0


class CacheSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[cache]`: whether content is kept on disk for the next run, and how many bytes at most."""

    enabled: Annotated[bool, Setting("false: nothing is kept")] = True
    max_size: Annotated[int, Setting("at most", Form.SIZE)] = 256 << 20


class Settings(msgspec.Struct, frozen=True):
    """Everything that the program may be told, each declared once; times are in seconds.

    Without `contexts` the current one of the kubeconfig is meant. `write` of the command line allows changes everywhere;
    without it what single contexts, registries and builders say counts, which --readonly takes back. Without
    `use_cache` nothing is kept on disk, whatever `cache` says. `source` is the file that was read, empty when there was none.
    """

    demo: Annotated[
        str,
        Setting(
            f"an embedded estate: {', '.join(SCENARIOS)}; without a name {SCENARIOS[0]}",
            flags=("--demo",),
            metavar="SCENARIO",
            choices=SCENARIOS,
            in_file=False,
        ),
    ] = ""
    contexts: Annotated[
        tuple[str, ...], Setting("a context of the kubeconfig; may be repeated", flags=("--context",), metavar="NAME")
    ] = ()
    all_contexts: Annotated[bool, Setting("every context of the kubeconfig", flags=("--all-contexts",))] = False
    namespaces: Annotated[
        tuple[str, ...], Setting("read only this namespace; may be repeated", flags=("-n", "--namespace"), metavar="NAME")
    ] = ()
    all_namespaces: Annotated[bool, Setting("every namespace, whatever the settings say", flags=("-A", "--all-namespaces"))] = (
        False
    )
    kubeconfig: Annotated[
        str, Setting("instead of KUBECONFIG or ~/.kube/config", Form.SEARCH_PATH, ("--kubeconfig",), "FILE")
    ] = ""
    clusters: Annotated[
        bool,
        Setting(
            "false: no cluster is asked, only the registries that are named",
            flags=("--no-cluster",),
            flag_help="ask no cluster: only the registries that are named",
        ),
    ] = True
    registries: Annotated[
        tuple[str, ...], Setting("a registry to read as a whole; may be repeated", Form.HOST, ("--registry",), "HOST")
    ] = ()
    use_cache: Annotated[
        bool,
        Setting("keep nothing on disk for the next run, and use nothing of an earlier one", flags=("--no-cache",), in_file=False),
    ] = True
    azure: Annotated[
        bool, Setting("false: never sign in to Azure", flags=("--no-azure",), flag_help="never sign in to Azure")
    ] = True
    subscriptions: Annotated[
        tuple[str, ...],
        Setting("look into this subscription of Azure only; may be repeated", flags=("--subscription",), metavar="ID"),
    ] = ()
    aks: Annotated[
        tuple[str, ...],
        Setting(
            "a cluster of AKS, signed in to without kubelogin, or * for every one of the subscriptions; may be repeated",
            flags=("--aks",),
            metavar="GROUP/NAME",
        ),
    ] = ()
    source: Annotated[
        str,
        Setting(
            "the settings, instead of TRUSTREE_CONFIG or the usual place",
            flags=("--config",),
            metavar="FILE",
            variable="TRUSTREE_CONFIG",
            in_file=False,
            in_demo=True,
        ),
    ] = ""
    policy: Annotated[str, Setting("the policy to judge by", Form.PATH, ("--policy",), "FILE", variable="TRUSTREE_POLICY")] = ""
    scan_reports: Annotated[
        tuple[str, ...],
        Setting("a scanner's report on images, of any format; may be repeated", Form.PATH, ("--scan-report",), "FILE"),
    ] = ()
    write: Annotated[
        bool,
        Setting(
            "allow changes everywhere",
            flags=("--write",),
            opposite=("--readonly", "allow no change, whatever the settings say about single clusters"),
            in_file=False,
        ),
    ] = False
    request_timeout: Annotated[
        float | None,
        Setting(
            "how long one request may take: 10s, 2m; 0 for no limit",
            Form.DURATION,
            ("--request-timeout",),
            "TIME",
            in_demo=True,
        ),
    ] = None
    refresh: Annotated[float | None, Setting("how often the tags that run are read", Form.DURATION, in_demo=True)] = None
    theme: Annotated[
        str,
        Setting(
            "light, colour-blind, 16 (where a terminal has no more), or one of Textual's",
            variable="TRUSTREE_THEME",
            in_demo=True,
        ),
    ] = ""
    mouse: Annotated[bool, Setting("true: clicks and the wheel; text is then selected with Shift", in_demo=True)] = False
    ascii: Annotated[bool, Setting("no signs but those of ASCII", variable="TRUSTREE_ASCII", in_demo=True)] = False
    plain: Annotated[
        bool,
        Setting(
            "sentences instead of screens and tables, for screen readers",
            flags=("--plain",),
            flag_help="sentences instead of screens and tables",
            variable="TRUSTREE_PLAIN",
            in_demo=True,
        ),
    ] = False
    log_level: Annotated[
        LogLevel, Setting("what is written to the log", flags=("--log-level",), variable="TRUSTREE_LOG_LEVEL", in_demo=True)
    ] = LogLevel.INFO
    log_file: Annotated[
        str, Setting("where the log goes", Form.PATH, ("--log-file",), "FILE", variable="TRUSTREE_LOG_FILE", in_demo=True)
    ] = ""
    keymap: Annotated[dict[str, str], Setting("keys by their names", in_demo=True)] = {}
    queries: Annotated[dict[str, str], Setting("queries by name, used as @name", written=dict[str, object], in_demo=True)] = {}
    registry: Annotated[dict[str, RegistrySettings], Setting("how single registries are read", written=Tables)] = {}
    context: Annotated[dict[str, ContextSettings], Setting("how single clusters are read", written=Tables)] = {}
    scanner: Annotated[dict[str, ScannerSettings], Setting("scanners whose reports are read", written=Tables)] = {}
    builder: Annotated[dict[str, BuilderSettings], Setting("systems that build images", written=Tables)] = {}
    arm: Annotated[ArmSettings, Setting("how Azure Resource Manager is reached", written=dict[str, object])] = ArmSettings()
    signatures: Annotated[SignatureSettings, Setting("what is trusted to sign", written=dict[str, object])] = SignatureSettings()
    base: Annotated[
        dict[str, str],
        Setting("the bases of images that do not name them; the closest pattern wins", written=dict[str, object]),
    ] = {}
    acting: Annotated[ActingSettings, Setting("how plans are carried out", written=dict[str, object])] = ActingSettings()
    cache: Annotated[CacheSettings, Setting("the cache on disk for the next run", written=dict[str, object])] = CacheSettings()

    @property
    def query_directory(self) -> Path:
        """Where queries are kept that were typed and saved; those of the demo by themselves."""
        return paths().state / ("demo-queries" if self.demo else "queries")

    @property
    def export_directory(self) -> Path:
        """Where the keys write rows and pictures of the screen."""
        return paths().state / "exports"

    @property
    def mark_file(self) -> Path | None:
        """Where it is kept how the estate stood, for the next run; that of the demo by itself, None for nowhere."""
        return paths().state / ("demo-marks.json" if self.demo else "marks.json") if self.use_cache else None

    @property
    def asked(self) -> str:
        """What narrows the estate, and what it is judged by: in one text, to compare runs by."""
        narrowed = sorted((name, context.namespaces) for name, context in self.context.items() if context.namespaces)
        return repr((self.demo, self.namespaces, self.all_namespaces, narrowed, self.registries, self.policy))

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
