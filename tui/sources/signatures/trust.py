"""What is trusted, read from where it lies: notation's policy and stores, cosign's keys. A fault spoils its own part only."""

from __future__ import annotations

import errno
import os
import stat
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from tui.domain.common.text import clean
from tui.errors import InvalidConfig, NotFound
from tui.private_files import read_regular
from tui.sources.signatures.options import TrustPaths
from tui.sources.signatures.stores import read_policy, read_stores
from tui.sources.signatures.trustroot import read_trusted_root
from tui.verification.certificates import load_certificate
from tui.verification.cosign.keys import CosignPolicy, KeylessIdentity, TrustedKey, TrustedRoot, load_key
from tui.verification.cosign.wire import pem_blocks
from tui.verification.notation.policy import PolicyDocument
from tui.verification.notation.truststores import TrustStores

__all__ = ["Trust", "TrustProblem", "read_trust"]

FILE_LIMIT = 1 << 20
_UNREADABLE: tuple[type[Exception], ...] = (OSError, ValueError)


class TrustProblem(msgspec.Struct, frozen=True):
    """Something that was named and cannot be used: what, why, and the next step."""

    what: str
    reason: str
    remedy: str = ""


class Trust(msgspec.Struct, frozen=True):
    """What counts for some repositories.

    `document` is None without a trust policy; `fault` then says why one that is there cannot be used. `cosign` is None when
    nobody was named whose cosign signatures to trust; `notes` are remarks on what was read, such as expired roots.
    """

    document: PolicyDocument | None = None
    fault: str = ""
    stores: TrustStores = TrustStores()
    cosign: CosignPolicy | None = None
    problems: tuple[TrustProblem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def statements(self) -> int:
        """Statements of the trust policy."""
        return len(self.document.statements) if self.document is not None else 0

    @property
    def certificates(self) -> int:
        """Certificates of all stores that are named."""
        return sum(len(store.certificates) for store in self.stores.stores)

    @property
    def signers(self) -> int:
        """Keys and identities whose cosign signatures count."""
        return len(self.cosign.keys) + len(self.cosign.identities) if self.cosign is not None else 0


def read_trust(trusted: TrustPaths, now: datetime) -> Trust:
    """Read everything that is named. Blocks; raises nothing for what the files hold."""
    problems: list[TrustProblem] = []
    document, fault = _document(trusted, problems)
    stores = read_stores(Path(trusted.notation_config), document, now) if document is not None else TrustStores()
    problems += [TrustProblem(f"trust store {store.kind}:{store.name}", store.fault) for store in stores.stores if store.fault]
    notes = tuple(f"{store.kind}:{store.name}: {note}" for store in stores.stores for note in store.notes)
    return Trust(document, fault, stores, _cosign(trusted, problems), tuple(problems), notes)


def _document(trusted: TrustPaths, problems: list[TrustProblem]) -> tuple[PolicyDocument | None, str]:
    if not trusted.notation_config:
        return None, ""
    try:
        return read_policy(Path(trusted.notation_config)), ""
    except NotFound:
        return None, ""
    except InvalidConfig as error:
        problems.append(TrustProblem("trust policy", error.headline, error.remedy))
        return None, error.headline


def _cosign(trusted: TrustPaths, problems: list[TrustProblem]) -> CosignPolicy | None:
    """The policy for cosign; None when no key and no identity is named. A key that cannot be read is left out, and told."""
    if not (trusted.cosign_keys or trusted.identities):
        return None

    def keys(paths: tuple[str, ...]) -> tuple[TrustedKey, ...]:
        return tuple(key for path in paths if (key := _key(path, problems)) is not None)

    return CosignPolicy(
        keys=keys(trusted.cosign_keys),
        rekor=keys(trusted.rekor_keys),
        require_log=trusted.require_log,
        fulcio=tuple(der for path in trusted.fulcio_roots for der in _roots(path, problems)),
        identities=tuple(
            KeylessIdentity(signer.subject, signer.issuer, signer.pattern, signer.issuer_pattern) for signer in trusted.identities
        ),
        ct=keys(trusted.ct_log_keys),
        root=_root(trusted.trusted_root, problems) if trusted.trusted_root else None,
        require_sct=trusted.require_sct,
    )


def _root(path: str, problems: list[TrustProblem]) -> TrustedRoot:
    """The trusted root; one that cannot be read trusts nobody, for no other root may take its place."""
    try:
        return read_trusted_root(_content(path))
    except InvalidConfig as error:
        problems.append(TrustProblem(f"trusted root {clean(path, 200)}", f"{clean(path, 200)}: {error.headline}", error.remedy))
    except _UNREADABLE as error:
        problems.append(_unreadable(path, error))
    return TrustedRoot()


def _key(path: str, problems: list[TrustProblem]) -> TrustedKey | None:
    try:
        return load_key(Path(path).name, _content(path))
    except InvalidConfig as error:
        problems.append(TrustProblem(f"key {clean(path, 200)}", error.headline, error.remedy))
    except _UNREADABLE as error:
        problems.append(_unreadable(path, error))
    return None


def _roots(path: str, problems: list[TrustProblem]) -> tuple[bytes, ...]:
    try:
        blocks = pem_blocks(_content(path).decode())
        return tuple(load_certificate(der).public_bytes(Encoding.DER) for _, der in blocks)
    except _UNREADABLE as error:
        problems.append(_unreadable(path, error))
        return ()


def _content(path: str) -> bytes:
    place = Path(os.path.expanduser(path))
    if place.stat().st_mode & stat.S_IWOTH:
        raise OSError(errno.EPERM, "everyone may write it, and so decide what is trusted")
    content = read_regular(place, FILE_LIMIT)
    if len(content) > FILE_LIMIT:
        raise OSError(errno.EFBIG, "the file is too large to be a key")
    return content


def _unreadable(path: str, error: Exception) -> TrustProblem:
    words = error.strerror if isinstance(error, OSError) and error.strerror else "it is not what it should be"
    return TrustProblem(
        f"file {clean(path, 200)}", f"{clean(path, 200)} cannot be used: {words}", "Correct its name or its content."
    )
