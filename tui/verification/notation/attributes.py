"""Signed attributes of an envelope, whatever its format, and the rules that bind them."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

import msgspec

from tui.domain.facts.signature import Reason
from tui.verification.faults import CheckFailed
from tui.verification.pkix.moment import Moment

__all__ = ["AttributeName", "Envelope", "RawAttributes", "SignedAttributes", "SigningScheme", "check_attributes"]

PAYLOAD_TYPE = "application/vnd.cncf.notary.payload.v1+json"


class SigningScheme(StrEnum):
    """Signing schemes (signing-scheme.md)."""

    X509 = "notary.x509"
    AUTHORITY = "notary.x509.signingAuthority"


class AttributeName(StrEnum):
    """Names of signed attributes (signature-specification.md)."""

    SCHEME = "io.cncf.notary.signingScheme"
    SIGNING_TIME = "io.cncf.notary.signingTime"
    AUTHENTIC_TIME = "io.cncf.notary.authenticSigningTime"
    EXPIRY = "io.cncf.notary.expiry"
    PLUGIN = "io.cncf.notary.verificationPlugin"
    PLUGIN_VERSION = "io.cncf.notary.verificationPluginMinVersion"


class RawAttributes(msgspec.Struct, frozen=True):
    """What an envelope says, decoded but not yet checked.

    `present` are all names of the protected header, `understood` those beyond the Notary Project's own that may be critical.
    """

    algorithm: str
    content_type: str
    scheme: str
    critical: tuple[int | str, ...]
    present: tuple[int | str, ...]
    signing_time: Moment | None = None
    authentic_time: Moment | None = None
    expiry: Moment | None = None
    plugin: str | None = None
    understood: tuple[int | str, ...] = ()


class SignedAttributes(msgspec.Struct, frozen=True):
    """Attributes that obey the rules; `plugin` is the verification plugin asked for, `extended` its critical attributes."""

    algorithm: str
    scheme: SigningScheme
    signing_time: Moment
    expiry: Moment | None
    plugin: str = ""
    extended: tuple[str, ...] = ()


class Envelope(msgspec.Struct, frozen=True):
    """One parsed envelope: `signed` are the bytes under the signature, `chain` DER, leaf first, `token` an RFC 3161 token."""

    signed: bytes
    payload: bytes
    signature: bytes
    chain: tuple[bytes, ...]
    attributes: SignedAttributes
    token: bytes = b""
    agent: str = ""
    any_salt: bool = False


def check_attributes(raw: RawAttributes) -> SignedAttributes:
    """Step 1, attributes (signature-specification.md, signed attributes); CheckFailed with the rule that does not hold."""
    if raw.content_type != PAYLOAD_TYPE:
        raise CheckFailed(f"the payload is of type {raw.content_type!r}", Reason.UNSUPPORTED)
    scheme = _scheme(raw.scheme)
    moment = _signing_time(raw, scheme)
    if raw.expiry is not None and raw.expiry <= moment:
        raise CheckFailed("the signature expires before it was made", Reason.MALFORMED)
    extended = _critical(raw, scheme)
    return SignedAttributes(
        algorithm=raw.algorithm,
        scheme=scheme,
        signing_time=moment,
        expiry=raw.expiry,
        plugin=raw.plugin or "",
        extended=extended,
    )


def _scheme(text: str) -> SigningScheme:
    try:
        return SigningScheme(text)
    except ValueError as error:
        raise CheckFailed(f"unknown signing scheme {text!r}", Reason.UNSUPPORTED) from error


def _signing_time(raw: RawAttributes, scheme: SigningScheme) -> Moment:
    """x509 has signingTime only, signingAuthority authenticSigningTime only (signing-scheme.md)."""
    signing_time, other = raw.signing_time, raw.authentic_time
    if scheme is SigningScheme.AUTHORITY:
        signing_time, other = other, signing_time
    if other is not None:
        raise CheckFailed(f"a signing time of another scheme than {scheme}", Reason.MALFORMED)
    if signing_time is None or signing_time.whole.year <= 1:
        raise CheckFailed("the signing time is missing", Reason.MALFORMED)
    return signing_time


def _critical(raw: RawAttributes, scheme: SigningScheme) -> tuple[str, ...]:
    """The extended critical attributes; they need a plugin, without one an unknown critical attribute fails (RFC 7515 4.1.11)."""
    critical = set(raw.critical)
    if not critical or len(critical) != len(raw.critical):
        raise CheckFailed("the list of critical attributes is missing, empty or repeats one", Reason.CRITICAL_ATTRIBUTE)
    _require("marked critical but absent", critical - set(raw.present))
    _require("not marked critical", _must_be_critical(raw, scheme) - critical)
    understood = {AttributeName.SCHEME.value, AttributeName.EXPIRY.value, *raw.understood}
    if scheme is SigningScheme.AUTHORITY:
        understood.add(AttributeName.AUTHENTIC_TIME.value)
    extended = tuple(sorted(str(name) for name in critical - understood))
    if extended and raw.plugin is None:
        raise CheckFailed(f"unknown critical attributes {', '.join(extended)}", Reason.CRITICAL_ATTRIBUTE)
    return extended


def _must_be_critical(raw: RawAttributes, scheme: SigningScheme) -> set[int | str]:
    names: set[int | str] = {AttributeName.SCHEME.value}
    if raw.expiry is not None:
        names.add(AttributeName.EXPIRY.value)
    if scheme is SigningScheme.AUTHORITY:
        names.add(AttributeName.AUTHENTIC_TIME.value)
    if raw.plugin is not None:
        names.add(AttributeName.PLUGIN.value)
        if not raw.plugin.strip():
            raise CheckFailed("the verification plugin has no name", Reason.CRITICAL_ATTRIBUTE)
    return names


def _require(fault: str, names: Collection[int | str]) -> None:
    if names:
        raise CheckFailed(f"{fault}: {', '.join(sorted(map(str, names)))}", Reason.CRITICAL_ATTRIBUTE)
