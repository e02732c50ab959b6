"""The signature source as settings describe it: a part of the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tui.domain.common.text import clean
from tui.domain.facts.asking import RevocationMode
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.patterns import parse_pattern
from tui.domain.facts.reference import parse_reference
from tui.errors import InvalidConfig, InvalidReference
from tui.settings.settings import Settings, SignatureSettings, SignerSettings, TrustSettings
from tui.sources.ports import AttachmentReader, ContentReader, RevocationStore
from tui.sources.signatures.options import SignatureOptions, Signer, TrustPaths, config_directory
from tui.sources.signatures.source import SignatureSource

__all__ = ["signature_source"]


def signature_source(
    settings: Settings,
    readers: Callable[[str], ContentReader | None],
    environment: Mapping[str, str],
    platform: str,
    home: Path,
    opener: Callable[[str], AttachmentReader | None] | None = None,
    answers: RevocationStore | None = None,
) -> SignatureSource:
    """The source; notation's own directory counts where the settings name no other. Raises InvalidConfig.

    `opener` opens a reader of its own for the repository in which cosign keeps signatures apart from images;
    `answers` keeps what revocation services say.
    """
    trust, beside = settings.signatures, Path(settings.source).parent
    own = _own(environment, str(config_directory(environment, platform, home)))
    return SignatureSource(_options(trust, own, beside), readers, opener=opener, answers=answers)


def _own(environment: Mapping[str, str], notation_config: str) -> TrustPaths:
    """What notation's and cosign's own variables name: it counts where the settings are silent. Raises InvalidConfig."""

    def file(variable: str) -> tuple[str, ...]:
        return (environment[variable],) if environment.get(variable) else ()

    return TrustPaths(
        notation_config=notation_config,
        rekor_keys=file("SIGSTORE_REKOR_PUBLIC_KEY"),
        fulcio_roots=file("SIGSTORE_ROOT_FILE"),
        ct_log_keys=file("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE"),
        trusted_root=environment.get("COSIGN_TRUSTED_ROOT", ""),
        elsewhere=_elsewhere("COSIGN_REPOSITORY", environment.get("COSIGN_REPOSITORY", "")),
    )


def _options(settings: SignatureSettings, own: TrustPaths, beside: Path) -> SignatureOptions:
    usual = _trusted(settings, own, beside)
    return SignatureOptions(
        usual=usual,
        scopes=tuple((parse_pattern(text), _trusted(scope, usual, beside)) for text, scope in settings.scope.items()),
        revocation=RevocationMode(settings.revocation),
        private_responders=settings.private_responders,
    )


def _trusted(own: TrustSettings, usual: TrustPaths, beside: Path) -> TrustPaths:
    """What is given, and the usual for the rest."""

    def files(paths: tuple[str, ...] | None, else_: tuple[str, ...]) -> tuple[str, ...]:
        return else_ if paths is None else tuple(_path(path, beside) for path in paths)

    return TrustPaths(
        notation_config=usual.notation_config if own.notation_config is None else _path(own.notation_config, beside),
        cosign_keys=files(own.cosign_keys, usual.cosign_keys),
        rekor_keys=files(own.rekor_keys, usual.rekor_keys),
        fulcio_roots=files(own.fulcio_roots, usual.fulcio_roots),
        identities=usual.identities if own.identities is None else tuple(map(_signer, own.identities)),
        require_log=usual.require_log if own.require_log is None else own.require_log,
        trusted_root=usual.trusted_root if own.trusted_root is None else _path(own.trusted_root, beside),
        ct_log_keys=files(own.ct_log_keys, usual.ct_log_keys),
        require_sct=usual.require_sct if own.require_sct is None else own.require_sct,
        elsewhere=usual.elsewhere if own.cosign_repository is None else _elsewhere("cosign_repository", own.cosign_repository),
    )


def _signer(identity: SignerSettings) -> Signer:
    """Who may sign; InvalidConfig for half an identity, which cosign does not take, and for a pattern that Go does not."""
    if not (identity.subject and identity.issuer):
        raise InvalidConfig("An identity under [signatures] lacks its subject or its issuer.", "Name both, as cosign wants it.")
    for text, is_pattern in ((identity.subject, identity.pattern), (identity.issuer, identity.issuer_pattern)):
        if is_pattern:
            _check_pattern(text)
    return Signer(identity.subject, identity.issuer, identity.pattern, identity.issuer_pattern)


def _check_pattern(text: str) -> None:
    from tui.domain.common.goregexp import compile_pattern

    try:
        compile_pattern(text)
    except ValueError as error:
        headline = f"The pattern {clean(text, 100)} of an identity under [signatures] cannot be used: {error}."
        raise InvalidConfig(headline, "Write a regular expression as Go reads them (RE2).") from error


def _elsewhere(setting: str, text: str) -> RepositoryName | None:
    """The repository that is named, None for none; InvalidConfig for a text that names no repository."""
    if not text:
        return None
    if "@" in text or ":" in text.rpartition("/")[2]:
        raise _no_repository(setting, text)
    try:
        reference = parse_reference(text)
    except InvalidReference as error:
        raise _no_repository(setting, text) from error
    return reference.name


def _no_repository(setting: str, text: str) -> InvalidConfig:
    return InvalidConfig(
        f"{setting} is not the name of a repository: {clean(text, 100)}", "Name it as host/repository, without a tag."
    )


def _path(text: str, beside: Path) -> str:
    """A path as it is meant: `~` is the home directory, and what is not absolute lies beside the configuration file."""
    return str(beside / Path(text).expanduser()) if text else ""
