"""What the signature source is told; without `cryptography`, so that the wiring can build it before the first frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tui.domain.facts.asking import RevocationMode
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.patterns import Pattern

__all__ = ["SignatureOptions", "Signer", "TrustPaths", "config_directory"]


class Signer(msgspec.Struct, frozen=True):
    """Who may sign without a key: a subject and an OIDC issuer; each may be a regular expression as Go reads them."""

    subject: str
    issuer: str
    pattern: bool = False
    issuer_pattern: bool = False


class TrustPaths(msgspec.Struct, frozen=True):
    """Where what is trusted lies: notation's configuration directory, and files of cosign's.

    `cosign_keys`, `rekor_keys` and `ct_log_keys` are PEM public keys, `fulcio_roots` PEM certificates, `trusted_root` is a
    `trusted_root.json`. With `require_log` a signature without an entry of the transparency log is refused, with `require_sct` a
    signer's certificate that is in no certificate log. `elsewhere` is the repository in which cosign keeps its signatures.
    """

    notation_config: str = ""
    cosign_keys: tuple[str, ...] = ()
    rekor_keys: tuple[str, ...] = ()
    fulcio_roots: tuple[str, ...] = ()
    identities: tuple[Signer, ...] = ()
    require_log: bool = False
    trusted_root: str = ""
    ct_log_keys: tuple[str, ...] = ()
    require_sct: bool = True
    elsewhere: RepositoryName | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that is named."""
        root = (self.trusted_root,) if self.trusted_root else ()
        return (*self.cosign_keys, *self.rekor_keys, *self.fulcio_roots, *self.ct_log_keys, *root)


class SignatureOptions(msgspec.Struct, frozen=True):
    """`scopes` are asked in their order, the first that means a repository counts; else `usual` does.

    `private_responders` allows revocation to be asked of addresses inside a private network.
    """

    usual: TrustPaths = TrustPaths()
    scopes: tuple[tuple[Pattern, TrustPaths], ...] = ()
    revocation: RevocationMode = RevocationMode.ONLINE
    private_responders: bool = False

    def trusted(self, name: RepositoryName) -> TrustPaths:
        """What counts for a repository."""
        return next((trusted for pattern, trusted in self.scopes if pattern.matches(name)), self.usual)

    @property
    def all(self) -> tuple[TrustPaths, ...]:
        """Everything that may count somewhere, each once, the usual first."""
        return tuple(dict.fromkeys((self.usual, *(trusted for _, trusted in self.scopes))))


def config_directory(environment: Mapping[str, str], platform: str, home: Path) -> Path:
    """Where notation keeps its configuration: `NOTATION_CONFIG`, else `notation` in the user's configuration directory."""
    if environment.get("NOTATION_CONFIG"):
        return Path(environment["NOTATION_CONFIG"])
    if platform == "darwin":
        return home / "Library" / "Application Support" / "notation"
    if platform == "win32":
        return Path(environment.get("AppData") or environment.get("APPDATA") or home / "AppData" / "Roaming") / "notation"
    return Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "notation"
