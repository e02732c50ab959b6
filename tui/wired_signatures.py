"""The signature source as settings describe it: a part of the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tui.config import Settings, SignatureSettings, TrustSettings
from tui.domain.patterns import parse_pattern
from tui.sources.ports import ContentReader
from tui.sources.signatures.options import RevocationMode, SignatureOptions, Signer, Trusted, config_directory
from tui.sources.signatures.source import SignatureSource

__all__ = ["signature_source"]


def signature_source(
    settings: Settings,
    readers: Callable[[str], ContentReader | None],
    environment: Mapping[str, str],
    platform: str,
    home: Path,
) -> SignatureSource:
    """The source; notation's own directory counts where the settings name no other. Raises InvalidConfig."""
    given, beside = settings.signatures, Path(settings.source).parent
    own = Trusted(notation_config=str(config_directory(environment, platform, home)))
    return SignatureSource(_options(given, own, beside), readers)


def _options(given: SignatureSettings, own: Trusted, beside: Path) -> SignatureOptions:
    usual = _trusted(given, own, beside)
    return SignatureOptions(
        usual=usual,
        scopes=tuple((parse_pattern(text), _trusted(scope, usual, beside)) for text, scope in given.scope.items()),
        revocation=RevocationMode(given.revocation),
        private_responders=given.private_responders,
    )


def _trusted(given: TrustSettings, usual: Trusted, beside: Path) -> Trusted:
    """What is given, and the usual for the rest."""

    def files(paths: tuple[str, ...] | None, else_: tuple[str, ...]) -> tuple[str, ...]:
        return else_ if paths is None else tuple(_path(path, beside) for path in paths)

    signers = tuple(Signer(each.subject, each.issuer, each.pattern) for each in given.identities or ())
    return Trusted(
        notation_config=usual.notation_config if given.notation_config is None else _path(given.notation_config, beside),
        cosign_keys=files(given.cosign_keys, usual.cosign_keys),
        rekor_keys=files(given.rekor_keys, usual.rekor_keys),
        fulcio_roots=files(given.fulcio_roots, usual.fulcio_roots),
        identities=usual.identities if given.identities is None else signers,
        require_log=usual.require_log if given.require_log is None else given.require_log,
    )


def _path(text: str, beside: Path) -> str:
    """A path as it is meant: `~` is the home directory, and what is not absolute lies beside the configuration file."""
    return str(beside / Path(text).expanduser()) if text else ""
