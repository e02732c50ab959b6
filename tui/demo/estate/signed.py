"""Which images are signed, by whom and how: most of them well, and one for each way in which a signature is worth nothing.

Contoso signs what it builds since 200 days; each team has its own habit: JWS or COSE envelopes of the Notary Project,
time stamped ones of short-lived certificates, cosign's simple signing, cosign's bundles.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric import ec

from tui.demo.content import Stored, encode, store_artifact
from tui.demo.estate.attaching import attach, push_tagged
from tui.demo.estate.images import CONTOSO, FABRIKAM, LEGACY, MCR
from tui.demo.estate.publisher import ImagePublisher, Published
from tui.demo.registry_contents import Repository
from tui.demo.signing.cosign import bundle, simple, simple_tag
from tui.demo.signing.notary import JWS, SigningRequest, envelope
from tui.demo.signing.signers import Signers

__all__ = ["CASES", "SigningMethod", "sign_images", "sign_rebuilt"]

SINCE = 200.0
LATEST = 350.0  # what is older was signed when the signers began
_SIGNATURE = "application/vnd.cncf.notary.signature"
_THUMBPRINTS = "io.cncf.notary.x509chain.thumbprint#S256"


class SigningMethod(StrEnum):
    """How an image is signed."""

    NONE = "not at all"
    COSE = "COSE envelope"
    JWS = "JWS envelope"
    STAMPED = "time stamped, the certificate has expired since"
    COSIGN = "cosign, simple signing"
    BUNDLE = "cosign, bundle"
    FABRIKAM = "Fabrikam's own authority"
    MICROSOFT = "Microsoft's own authority"
    PLATFORM = "one platform only"
    TWICE = "an expired signature and a good one"
    EXPIRED = "the signature has expired"
    FORMER = "the certificate has expired, and no time stamp"
    SANDBOX = "an identity that is not trusted"
    TAMPERED = "changed after signing"
    LISTED = "its revocation can be looked up"
    REVOKED = "the certificate was revoked"
    OTHER = "made for another version"
    VENDOR = "an authority that is not trusted"
    STRAY = "cosign with a key that nobody knows"


CASES: Mapping[str, SigningMethod] = {
    f"{CONTOSO}/identity/login:5.2.0": SigningMethod.PLATFORM,
    f"{CONTOSO}/identity/login:5.2.0-1": SigningMethod.COSE,
    f"{CONTOSO}/catalog/media:2.7.1": SigningMethod.PLATFORM,
    f"{CONTOSO}/payments/gateway:4.4.0": SigningMethod.TWICE,
    f"{CONTOSO}/checkout/tax:1.9.3": SigningMethod.EXPIRED,
    f"{CONTOSO}/data/reports:7.8.0": SigningMethod.FORMER,
    f"{CONTOSO}/loyalty/campaigns:1.4.2": SigningMethod.SANDBOX,
    f"{CONTOSO}/fulfilment/labels:2.2.4": SigningMethod.TAMPERED,
    f"{CONTOSO}/notify/sms:3.0.2": SigningMethod.OTHER,
    f"{CONTOSO}/notify/mailer:3.1": SigningMethod.STRAY,
    f"{CONTOSO}/ml/ranker:0.44": SigningMethod.REVOKED,
    f"{CONTOSO}/vendor/chat:12": SigningMethod.VENDOR,
    f"{CONTOSO}/platform/scanner:4": SigningMethod.NONE,
    f"{CONTOSO}/checkout/banner:1.0": SigningMethod.NONE,
    f"{CONTOSO}/platform/toolbox:1.6": SigningMethod.COSIGN,
    f"{FABRIKAM}/edge/gatebox:1.2": SigningMethod.NONE,
    f"{LEGACY}/erp/server:2019.4": SigningMethod.FORMER,
}
_MIRRORS = {f"{CONTOSO}/platform/toolbox": f"{FABRIKAM}/mirror/toolbox"}
_HABITS = {
    "payments": SigningMethod.JWS,
    "data": SigningMethod.STAMPED,
    "identity": SigningMethod.COSIGN,
    "search": SigningMethod.BUNDLE,
    "ml": SigningMethod.LISTED,
}


def _way(published: Published) -> SigningMethod:
    if (case := CASES.get(published.reference)) is not None:
        return case
    host, _, repository = published.name.partition("/")
    match host:
        case "mcr.microsoft.com":
            return SigningMethod.MICROSOFT
        case "fabrikam.azurecr.io":
            return SigningMethod.FABRIKAM
        case "contoso.azurecr.io" if published.age < SINCE:
            return _HABITS.get(repository.partition("/")[0], SigningMethod.COSE)
        case _:
            return SigningMethod.NONE


def sign_images(yard: ImagePublisher, signers: Signers) -> None:
    """Sign every version that is still there, and carry the signatures of a mirrored image along."""
    for line in list(yard.published.values()):
        for before, published in zip((line[0], *line), line, strict=False):
            host, _, repository = published.name.partition("/")
            contents = yard.shelf(host).repositories.get(repository)
            if host in (CONTOSO, FABRIKAM, LEGACY, MCR) and contents is not None and published.digest in contents.rows:
                _Signing(yard, signers, published, published.stored[-1]).sign(_way(published), before)
                if (again := _pushed_again(published, contents)) is not None:
                    _Signing(yard, signers, published, again).sign(_way(published), before)


def sign_rebuilt(yard: ImagePublisher, signers: Signers, published: Published) -> None:
    """Sign a version that was built while the demo runs, as its team usually does."""
    host, _, repository = published.name.partition("/")
    usual = SigningMethod.FABRIKAM if host == FABRIKAM else _HABITS.get(repository.partition("/")[0], SigningMethod.COSE)
    _Signing(yard, signers, published, published.stored[-1]).sign(usual, published)


def _pushed_again(published: Published, repository: Repository) -> Stored | None:
    """The index that its tag names now, where that still lists what was pushed first."""
    row = repository.find(published.tag)
    if row is None or row.stored.digest == published.digest:
        return None
    ours = {image.digest for image in published.images.values()}
    return row.stored if any(child["digest"] in ours for child in row.stored.children) else None


class _Signing:
    """The signatures of one version; the subject is what its tag names, or named."""

    def __init__(self, yard: ImagePublisher, signers: Signers, published: Published, subject: Stored) -> None:
        self._yard, self._signers, self._published, self._subject = yard, signers, published, subject
        self._at = yard.moment(published.age if published.age < 0 else min(published.age, LATEST) - 0.01)

    def sign(self, way: SigningMethod, before: Published) -> None:
        """Sign in that way; `before` is the version before this one."""
        by = self._signers
        plain = SigningRequest(self._subject, by.release, self._at)
        match way:
            case SigningMethod.NONE:
                return
            case SigningMethod.COSIGN | SigningMethod.STRAY:
                self._cosign(by.key if way is SigningMethod.COSIGN else by.stray)
            case SigningMethod.BUNDLE:
                attach(self._yard, self._published, bundle(self._subject, by.key, self._at))
            case SigningMethod.TWICE:
                self._notary(self._expired())
                self._notary(plain)
            case SigningMethod.OTHER:
                self._notary(SigningRequest(before.stored[-1], by.release, self._at))
            case _:
                self._notary(self._wish(way))

    def _wish(self, way: SigningMethod) -> SigningRequest:
        by, subject, moment = self._signers, self._subject, self._at
        match way:
            case SigningMethod.JWS:
                return SigningRequest(subject, by.release, moment, JWS)
            case SigningMethod.STAMPED:
                return SigningRequest(subject, by.for_days(moment), moment, stamper=by.stamper)
            case SigningMethod.FABRIKAM:
                return SigningRequest(subject, by.fabrikam, moment, JWS)
            case SigningMethod.MICROSOFT:
                return SigningRequest(subject, by.microsoft, moment)
            case SigningMethod.PLATFORM:
                return SigningRequest(self._published.images["amd64"].stored, by.release, moment)
            case SigningMethod.EXPIRED:
                return self._expired()
            case SigningMethod.FORMER:
                return SigningRequest(subject, by.former, moment)
            case SigningMethod.SANDBOX:
                return SigningRequest(subject, by.sandbox, moment)
            case SigningMethod.LISTED:
                return SigningRequest(subject, by.listed, moment)
            case SigningMethod.REVOKED:
                return SigningRequest(subject, by.revoked, moment)
            case SigningMethod.TAMPERED:
                return SigningRequest(subject, by.release, moment, tampered=True)
            case SigningMethod.VENDOR:
                return SigningRequest(subject, by.vendor, moment, JWS)
            case _:
                return SigningRequest(subject, by.release, moment)

    def _expired(self) -> SigningRequest:
        return SigningRequest(self._subject, self._signers.release, self._at, JWS, expiry=self._at + timedelta(days=2))

    def _notary(self, wish: SigningRequest) -> None:
        """The kind is told by the artifact type in the one habit, by the config's media type in the other."""
        thumbprints = [hashlib.sha256(der).hexdigest() for der in wish.signer.chain]
        annotations = {_THUMBPRINTS: encode(thumbprints).decode()}
        platform = wish.subject in self._published.stored[:-1]
        subject = wish.subject if platform else self._subject
        signature = store_artifact(
            subject, _SIGNATURE, envelope(wish), wish.media_type, annotations, by_config=wish.media_type == JWS
        )
        attach(self._yard, self._published, signature)

    def _cosign(self, key: ec.EllipticCurvePrivateKey) -> None:
        name, tag = self._published.name, simple_tag(self._subject.digest)
        signature = simple(self._subject, name, key)
        push_tagged(self._yard, self._published, signature, tag)
        if (mirror := _MIRRORS.get(name)) is not None:  # an import takes the tag along, and what was signed keeps its old name
            push_tagged(self._yard, self._published, signature, tag, mirror)
