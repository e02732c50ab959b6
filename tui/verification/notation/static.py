"""The part of a verdict that neither clock nor policy can change: parse, integrity, chain, token."""

from __future__ import annotations

import hashlib

import msgspec

from tui.domain.facts.signature import Reason
from tui.verification.chains import MAX_CHAIN, CertificateFacts, algorithm_of, signing_chain
from tui.verification.faults import CheckFailed, guarded, said
from tui.verification.keys import verify_signature
from tui.verification.notation.attributes import Envelope
from tui.verification.notation.cose import MEDIA_TYPE as COSE
from tui.verification.notation.cose import parse_cose
from tui.verification.notation.jws import MEDIA_TYPE as JWS
from tui.verification.notation.jws import parse_jws
from tui.verification.notation.names import attributes_of
from tui.verification.notation.payload import Target, read_payload
from tui.verification.notation.stamp import Token
from tui.verification.pkix.certificate import Certificate, parse_certificate
from tui.verification.pkix.moment import Moment

__all__ = ["ENVELOPE_LIMIT", "StaticResult", "parse_envelope"]

ENVELOPE_LIMIT = 32 << 20


class StaticResult(msgspec.Struct, frozen=True):
    """What an envelope is, once and for all; msgspec can store it.

    `fault` is empty when step 1 holds, but for the subject. Nothing of a faulty envelope is kept but its digest. `plugin` is the
    verification plugin that the signer demands. `names` are the leaf's subject attributes, or `names_fault` says why none match.
    `token` is a checked time stamp, `token_fault` why there is none though one was sent.
    """

    digest: str
    media_type: str
    fault: str = ""
    reason: Reason = Reason.NONE
    target: Target | None = None
    scheme: str = ""
    algorithm: str = ""
    signing_time: Moment | None = None
    expiry: Moment | None = None
    agent: str = ""
    plugin: str = ""
    extended: tuple[str, ...] = ()
    chain: tuple[CertificateFacts, ...] = ()
    names: dict[str, str] = {}
    names_fault: str = ""
    token: Token | None = None
    token_fault: str = ""


def parse_envelope(data: bytes, media_type: str) -> StaticResult:
    """Steps 1.1 to 1.5, which need neither clock nor policy; never raises for what the envelope holds.

    1.1 parse and check the attributes, 1.2 parse the signer's certificate, 1.3 the signature, 1.4 the chain, 1.5 the
    payload, and the token.
    """
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    try:
        envelope = _parse(data, media_type)
        return _checked(envelope, digest, media_type)
    except CheckFailed as failed:
        return StaticResult(digest, media_type, fault=failed.headline, reason=failed.reason)


def _parse(data: bytes, media_type: str) -> Envelope:
    """1.1 (signature-envelope-jws.md, signature-envelope-cose.md)."""
    if len(data) > ENVELOPE_LIMIT:
        raise CheckFailed("the envelope is larger than 32 MiB", Reason.MALFORMED)
    if media_type == JWS:
        return guarded(lambda: parse_jws(data), "malformed JWS envelope", Reason.MALFORMED)
    if media_type == COSE:
        return guarded(lambda: parse_cose(data), "malformed COSE envelope", Reason.MALFORMED)
    raise CheckFailed(f"unsupported envelope media type {media_type}", Reason.UNSUPPORTED)


def _checked(envelope: Envelope, digest: str, media_type: str) -> StaticResult:
    leaf = guarded(lambda: _leaf(envelope.chain), "malformed certificate", Reason.CHAIN)
    guarded(lambda: _check_signature(envelope, leaf), "the signature does not match", Reason.SIGNATURE_MISMATCH)
    facts = guarded(lambda: signing_chain(envelope.chain), "the certificate chain is not usable", Reason.CHAIN)
    target = guarded(lambda: read_payload(envelope.payload), "malformed payload", Reason.MALFORMED)
    names, names_fault = _names(leaf)
    token, token_fault = _token(envelope)
    attributes = envelope.attributes
    return StaticResult(
        digest=digest,
        media_type=media_type,
        target=target,
        scheme=attributes.scheme.value,
        algorithm=attributes.algorithm,
        signing_time=attributes.signing_time,
        expiry=attributes.expiry,
        agent=envelope.agent,
        plugin=attributes.plugin,
        extended=attributes.extended,
        chain=facts,
        names=names,
        names_fault=names_fault,
        token=token,
        token_fault=token_fault,
    )


def _leaf(chain: tuple[bytes, ...]) -> Certificate:
    """1.2: there is a chain, and the signer's certificate parses; the others follow in 1.4."""
    if not 0 < len(chain) <= MAX_CHAIN:
        raise CheckFailed("the certificate chain is empty or too long", Reason.CHAIN)
    return parse_certificate(chain[0])


def _check_signature(envelope: Envelope, leaf: Certificate) -> None:
    """1.3: the algorithm follows from the key of the leaf and never from the envelope alone (signature-specification.md)."""
    fitting = algorithm_of(leaf)
    if envelope.attributes.algorithm != fitting:
        raise CheckFailed(f"the envelope says {envelope.attributes.algorithm}, its key signs with {fitting}", Reason.ALGORITHM)
    if not envelope.signature:
        raise CheckFailed("the envelope holds no signature", Reason.MALFORMED)
    verify_signature(fitting, leaf.public_key.key, envelope.signed, envelope.signature, any_salt=envelope.any_salt)


def _names(leaf: Certificate) -> tuple[dict[str, str], str]:
    try:
        return attributes_of(leaf.subject), ""
    except ValueError as error:
        return {}, said(error)


def _token(envelope: Envelope) -> tuple[Token | None, str]:
    """A broken token says nothing against the signature until the policy asks for a time stamp."""
    if not envelope.token:
        return None, ""
    try:
        # Most signatures carry no token: the parser is loaded when the first one is met.
        from tui.verification.notation.timestamp import read_token

        return read_token(envelope.token, envelope.signature), ""
    except CheckFailed as failed:
        return None, failed.headline
