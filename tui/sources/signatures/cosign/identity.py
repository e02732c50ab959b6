"""Fulcio certificates of keyless signatures: the chain at the moment that the log vouches for, and whose identity it is.

The certificate's own transparency (SCT) is not checked here; the sentence of such a verdict says so.
"""

from __future__ import annotations

import re
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from tui.domain.signature import Reason
from tui.sources.signatures.certificates import issued_by, load_certificate
from tui.sources.signatures.cosign.keys import Identity
from tui.sources.signatures.faults import CheckFailed

__all__ = ["allowed_identity", "fulcio_chain", "identity_of", "read_certificates"]

MAX_CHAIN = 6

# Fulcio's OIDs (github.com/sigstore/fulcio/docs/oid-info.md): the issuer as raw text, and as a DER UTF8String.
_ISSUER_RAW = "1.3.6.1.4.1.57264.1.1"
_ISSUER = "1.3.6.1.4.1.57264.1.8"
_KNOWN_CRITICAL = frozenset(
    {
        ExtensionOID.KEY_USAGE,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)


def read_certificates(pem: str) -> list[x509.Certificate]:
    """The certificates of a PEM annotation; ValueError when there is none or too many."""
    found = x509.load_pem_x509_certificates(pem.encode("ascii")) if pem else []
    if len(found) > MAX_CHAIN:
        raise ValueError("too many certificates")
    return [load_certificate(certificate.public_bytes(Encoding.DER)) for certificate in found]


def fulcio_chain(
    leaf: x509.Certificate, between: list[x509.Certificate], roots: tuple[bytes, ...], moment: datetime
) -> list[x509.Certificate]:
    """The chain of a signing certificate to a Fulcio root, valid at the moment; CheckFailed when there is none."""
    usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if ExtendedKeyUsageOID.CODE_SIGNING not in usages:
        raise CheckFailed("the certificate is not for code signing", Reason.CHAIN)
    chain = _extend([leaf], between, [load_certificate(der) for der in roots], moment)
    if chain is None:
        raise CheckFailed(f"certificate chain: no Fulcio root vouches for it at {moment.isoformat()}", Reason.UNTRUSTED)
    return chain


def _extend(
    below: list[x509.Certificate], between: list[x509.Certificate], roots: list[x509.Certificate], moment: datetime
) -> list[x509.Certificate] | None:
    last = below[-1]
    critical = {extension.oid for extension in last.extensions if extension.critical}
    if not last.not_valid_before_utc <= moment <= last.not_valid_after_utc or not critical <= _KNOWN_CRITICAL:
        return None
    if last in roots:
        return below
    for issuer in (*roots, *between):
        if len(below) < MAX_CHAIN and issuer not in below and _has_room(issuer, len(below) - 1) and issued_by(last, issuer):
            found = _extend([*below, issuer], between, roots, moment)
            if found is not None:
                return found
    return None


def _has_room(issuer: x509.Certificate, below: int) -> bool:
    try:
        length = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    except x509.ExtensionNotFound:
        return False
    return length is None or length >= below


def identity_of(leaf: x509.Certificate) -> tuple[tuple[str, ...], str]:
    """The subjects (e-mail or URI) and the OIDC issuer that Fulcio wrote into the certificate."""
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    subjects = tuple(name.value for name in names if isinstance(name, x509.RFC822Name | x509.UniformResourceIdentifier))
    return subjects, _issuer(leaf)


def _issuer(leaf: x509.Certificate) -> str:
    values = {
        extension.oid.dotted_string: extension.value.value
        for extension in leaf.extensions
        if isinstance(extension.value, x509.UnrecognizedExtension)
    }
    if _ISSUER in values:
        return _utf8_string(values[_ISSUER])
    return values.get(_ISSUER_RAW, b"").decode("utf-8")


def _utf8_string(der: bytes) -> str:
    """A DER UTF8String of less than 128 bytes, or of one length byte."""
    if der[:1] != b"\x0c":
        raise ValueError("the issuer is not a UTF8String")
    start = 2 if der[1] < 0x80 else 3
    length = der[1] if start == 2 else der[2]
    if len(der) != start + length or (start == 3 and der[1] != 0x81):
        raise ValueError("the issuer is malformed")
    return der[start:].decode("utf-8")


def allowed_identity(leaf: x509.Certificate, identities: tuple[Identity, ...]) -> str:
    """`subject (issuer)` when the policy allows it; CheckFailed otherwise, undecided when the policy names nobody."""
    subjects, issuer = identity_of(leaf)
    who = f"{', '.join(subjects) or 'nobody'} ({issuer or 'no issuer'})"
    if not identities:
        raise CheckFailed(f"the policy names no identity, signed by {who}", Reason.NO_KEY, unknown=True)
    if not any(_matches(identity, subject, issuer) for identity in identities for subject in subjects):
        raise CheckFailed(f"identity {who} not allowed", Reason.IDENTITY_MISMATCH)
    return who


def _matches(identity: Identity, subject: str, issuer: str) -> bool:
    if identity.issuer != issuer or not issuer:
        return False
    if identity.pattern:
        return re.fullmatch(identity.subject, subject) is not None
    return identity.subject == subject
