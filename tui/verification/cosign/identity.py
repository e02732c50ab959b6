"""Fulcio certificates of keyless signatures: the chain at the moment that the log vouches for, and whose identity it is."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv6Address

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, ObjectIdentifier

from tui.domain.common.goregexp import found_in
from tui.domain.facts.signature import Reason
from tui.verification.certificates import issued_by, load_certificate
from tui.verification.cosign.keys import CertificateAuthority, CosignPolicy, KeylessIdentity
from tui.verification.cosign.wire import pem_blocks
from tui.verification.faults import CheckFailed, parsed
from tui.verification.pkix.uri import rewritten

__all__ = ["all_subjects", "allowed_identity", "fulcio_chain", "issuer_of", "read_certificates", "signing_subject"]

MAX_CHAIN = 6
MAX_NAME = 2048

# Fulcio's OIDs (github.com/sigstore/fulcio/docs/oid-info.md): the issuer as raw text, and as a DER UTF8String.
_ISSUER_RAW = "1.3.6.1.4.1.57264.1.1"
_ISSUER = "1.3.6.1.4.1.57264.1.8"
_USER_NAME = ObjectIdentifier("1.3.6.1.4.1.57264.1.7")
# Further claims of the same arc, each a DER UTF8String: sigstore-go refuses a certificate where one is not.
_CLAIMS = frozenset(f"1.3.6.1.4.1.57264.1.{number}" for number in range(8, 23))
_KNOWN_CRITICAL = frozenset(
    {
        ExtensionOID.KEY_USAGE,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)
_CONSTRAINTS = frozenset({ExtensionOID.NAME_CONSTRAINTS, ExtensionOID.POLICY_CONSTRAINTS})
_USAGES = (ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)


def read_certificates(pem: str) -> list[x509.Certificate]:
    """The certificates of a PEM annotation, none for an empty one; ValueError for anything else in it."""
    blocks = pem_blocks(pem)
    if len(blocks) > MAX_CHAIN or any(label != "CERTIFICATE" for label, _ in blocks):
        raise ValueError("not a short list of certificates")
    return [load_certificate(der) for _, der in blocks]


def fulcio_chain(
    leaf: x509.Certificate, carried: list[x509.Certificate], policy: CosignPolicy, moment: datetime
) -> list[x509.Certificate]:
    """The chain of a signing certificate to an authority of the policy, valid at the moment; CheckFailed when there is none.

    `carried` are certificates that lie beside the signature: a trusted root names what lies between itself, and needs none.
    """
    usages = parsed(lambda: leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)).value
    if ExtendedKeyUsageOID.CODE_SIGNING not in usages:
        raise CheckFailed("the signer's certificate is not for code signing", Reason.CHAIN)
    names_authorities = policy.root is not None and bool(policy.root.authorities)
    for authority in _authorities(policy):
        roots, between = [load_certificate(authority.root)], [load_certificate(der) for der in authority.intermediates]
        above = between if names_authorities else between + carried
        counts = authority.covers(moment) and authority.covers(leaf.not_valid_before_utc)
        chain = _extend([leaf], above, roots, moment) if counts else None
        if chain is not None:
            return chain
    raise CheckFailed(f"certificate chain: no Fulcio root vouches for it at {moment.isoformat()}", Reason.UNTRUSTED)


def _authorities(policy: CosignPolicy) -> list[CertificateAuthority]:
    """Those of the trusted root, else each self-issued certificate of the files with the others between (cosign fulcioroots)."""
    if policy.root is not None and policy.root.authorities:
        return list(policy.root.authorities)
    roots = [der for der in policy.fulcio if _self_issued(der)]
    return [CertificateAuthority(root, tuple(der for der in policy.fulcio if der not in roots)) for root in roots]


def _self_issued(der: bytes) -> bool:
    certificate = load_certificate(der)
    return parsed(lambda: certificate.subject == certificate.issuer)


def _extend(
    below: list[x509.Certificate], between: list[x509.Certificate], roots: list[x509.Certificate], moment: datetime
) -> list[x509.Certificate] | None:
    last = below[-1]
    if not _usable(last, below[0], moment):
        return None
    if last in roots and len(below) > 1:
        return below
    for issuer in (*roots, *between):
        if len(below) < MAX_CHAIN and issuer not in below and _has_room(issuer, len(below) - 1) and issued_by(last, issuer):
            longer = _extend([*below, issuer], between, roots, moment)
            if longer is not None:
                return longer
    return None


def _usable(certificate: x509.Certificate, leaf: x509.Certificate, moment: datetime) -> bool:
    """Valid when the leaf was issued and at the moment, for code signing all the way up, without constraints.

    Whether constraints of names and of policies hold is not looked at; Go looks at them also where they are not critical.
    """
    extensions = {extension.oid: extension for extension in certificate.extensions}
    critical = {oid for oid, extension in extensions.items() if extension.critical}
    usages = extensions.get(ExtensionOID.EXTENDED_KEY_USAGE)
    return (
        certificate.not_valid_before_utc <= leaf.not_valid_before_utc <= certificate.not_valid_after_utc
        and certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc
        and critical <= _KNOWN_CRITICAL
        and extensions.keys().isdisjoint(_CONSTRAINTS)
        and (usages is None or any(usage in usages.value for usage in _USAGES))
    )


def _has_room(issuer: x509.Certificate, below: int) -> bool:
    try:
        length = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    except x509.ExtensionNotFound:
        return False
    return length is None or length >= below


def all_subjects(leaf: x509.Certificate) -> tuple[str, ...]:
    """Every name of the certificate, as cosign takes them for signatures of the older kind."""
    names = _names(leaf)
    subjects = [name.value for name in names if isinstance(name, x509.DNSName | x509.RFC822Name)]
    subjects += _addresses(names)
    return (*subjects, *_uris(names), *filter(None, (_user_name(names),)))


def signing_subject(leaf: x509.Certificate) -> tuple[str, ...]:
    """The one name that counts for bundles: the first URI, else the first mail address, else the user name (sigstore-go)."""
    names = _names(leaf)
    mails = [name.value for name in names if isinstance(name, x509.RFC822Name)]
    return tuple(filter(None, (*_uris(names), *mails, _user_name(names))))[:1]


def _names(leaf: x509.Certificate) -> list[x509.GeneralName]:
    return list(parsed(lambda: leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)).value)


def _uris(names: list[x509.GeneralName]) -> list[str]:
    """As Go writes them, for cosign holds that against identities."""
    return [rewritten(name.value) for name in names if isinstance(name, x509.UniformResourceIdentifier)]


def _addresses(names: list[x509.GeneralName]) -> list[str]:
    """An address of version 4 within one of version 6 is written as that of version 4 (net.IP of Go)."""
    addresses = [name.value for name in names if isinstance(name, x509.IPAddress)]
    return [str((isinstance(address, IPv6Address) and address.ipv4_mapped) or address) for address in addresses]


def _user_name(names: list[x509.GeneralName]) -> str:
    others = [name for name in names if isinstance(name, x509.OtherName)]
    if len(others) != 1 or others[0].type_id != _USER_NAME:
        return ""
    return _utf8_string(others[0].value)


def issuer_of(leaf: x509.Certificate, *, bundled: bool) -> str:
    """The OIDC issuer that Fulcio wrote into the certificate, empty without.

    Signatures of the older kind have it from the first of two extensions, bundles from either; two that disagree are refused.
    """
    values = {
        extension.oid.dotted_string: extension.value.value
        for extension in leaf.extensions
        if isinstance(extension.value, x509.UnrecognizedExtension)
    }
    claims = {oid: _utf8_string(value) for oid, value in values.items() if oid in _CLAIMS}
    raw = values.get(_ISSUER_RAW, b"").decode("utf-8")
    if _ISSUER in claims and _ISSUER_RAW in values and claims[_ISSUER] != raw:
        raise CheckFailed("the signer's certificate names two issuers that disagree", Reason.IDENTITY_MISMATCH)
    return claims.get(_ISSUER, raw) if bundled else raw


def _utf8_string(der: bytes) -> str:
    """A DER UTF8String; ValueError otherwise."""
    if der[:1] != b"\x0c" or len(der) < 2:
        raise ValueError("not a UTF8String")
    if der[1] < 0x80:
        start, length = 2, der[1]
    else:
        start = 2 + (der[1] & 0x7F)
        length = int.from_bytes(der[2:start], "big")
    if len(der) != start + length or (start > 2 and (der[2] == 0 or length < 0x80)):
        raise ValueError("malformed UTF8String")
    return der[start:].decode("utf-8")


def allowed_identity(subjects: tuple[str, ...], issuer: str, identities: tuple[KeylessIdentity, ...]) -> str:
    """`subject (issuer)` when the policy allows it; CheckFailed otherwise, undecided when the policy names nobody."""
    who = f"{', '.join(subjects) or 'nobody'} ({issuer or 'no issuer'})"
    if not identities:
        raise CheckFailed(f"the policy names no identity, signed by {who}", Reason.NO_KEY, unknown=True)
    if not any(_matches(identity, subject, issuer) for identity in identities for subject in subjects):
        raise CheckFailed(f"identity {who} not allowed", Reason.IDENTITY_MISMATCH)
    return who


def _matches(identity: KeylessIdentity, subject: str, issuer: str) -> bool:
    if not (identity.subject and identity.issuer and subject and issuer) or len(subject) + len(issuer) > MAX_NAME:
        return False
    return _fits(identity.issuer, issuer, pattern=identity.issuer_pattern) and _fits(
        identity.subject, subject, pattern=identity.pattern
    )


def _fits(expected: str, name: str, *, pattern: bool) -> bool:
    return found_in(expected, name) if pattern else expected == name
