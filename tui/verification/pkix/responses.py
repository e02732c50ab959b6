"""OCSP responses (RFC 6960 section 4.2.1), read as x/crypto/ocsp of Go reads them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tui.verification.faults import Malformed
from tui.verification.pkix.certificate import Certificate
from tui.verification.pkix.der import ENUMERATED, INTEGER, OCTET_STRING, SEQUENCE, DerReader, constructed, context
from tui.verification.pkix.extensions import Extension, parse_extension
from tui.verification.pkix.keys import AlgorithmId, algorithm_id
from tui.verification.pkix.moment import Moment
from tui.verification.pkix.names import parse_name

__all__ = ["CertificateStatus", "Response", "SingleResponse", "parse_response"]

BASIC = "1.3.6.1.5.5.7.48.1.1"
_ERRORS = {1: "malformed request", 2: "internal error", 3: "try later", 5: "signature required", 6: "unauthorized"}


class CertificateStatus(StrEnum):
    """What a responder says of a certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class SingleResponse(msgspec.Struct, frozen=True):
    """The answer about one certificate; the issuer is named by two hashes, whose algorithm is `hash_oid`."""

    hash_oid: str
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int
    status: CertificateStatus
    revoked: Moment | None
    this_update: Moment
    next_update: Moment | None
    extensions: tuple[Extension, ...]


class Response(msgspec.Struct, frozen=True):
    """A basic response: `certificate` is the first that came with it, by which it is signed."""

    signed: bytes
    algorithm: AlgorithmId
    signature: bytes
    certificate: Certificate | None
    answers: tuple[SingleResponse, ...]


def parse_response(data: bytes) -> Response:
    """The response; ValueError for a refusal of the responder, and for what Go would not read."""
    outer = DerReader(data)
    inside = outer.take(SEQUENCE)
    outer.done()
    status = inside.small(ENUMERATED)
    if status:
        raise Malformed(f"the responder answered: {_ERRORS.get(status, f'status {status}')}")
    content = inside.take(constructed(0)).take(SEQUENCE)
    if content.oid() != BASIC:
        raise Malformed("the response is of another type")
    return _basic(content.octets(OCTET_STRING))


def _basic(data: bytes) -> Response:
    outer = DerReader(data)
    inside = outer.take(SEQUENCE)
    outer.done()
    signed = inside.raw(SEQUENCE)
    algorithm = algorithm_id(inside.take(SEQUENCE))
    signature = inside.aligned_bits()
    certificates = inside.explicit(0)
    return Response(signed, algorithm, signature, _certificate(certificates), _answers(DerReader(signed).take(SEQUENCE)))


def _certificate(outer: DerReader | None) -> Certificate | None:
    """The first; all others are ignored, as Go does."""
    certificates = outer.take(SEQUENCE) if outer is not None else None
    return Certificate(certificates.raw()) if certificates is not None and not certificates.empty else None


def _answers(body: DerReader) -> tuple[SingleResponse, ...]:
    version = body.explicit(0)
    if version is not None:
        version.small()
    _responder(body)
    body.moment(fraction=True)  # when it was produced
    answers, responses = body.take(SEQUENCE), []
    while not answers.empty:
        responses.append(_answer(answers.take(SEQUENCE)))
    return tuple(responses)


def _responder(body: DerReader) -> None:
    """By name or by the hash of the key."""
    tag, content = body.any()
    if tag == constructed(1):
        parse_name(content.rest())
    elif tag == constructed(2):
        content.octets()
        content.done()
    else:
        raise Malformed("the response names its responder in an unknown way")


def _answer(reader: DerReader) -> SingleResponse:
    identity = reader.take(SEQUENCE)
    hashing = algorithm_id(identity.take(SEQUENCE))
    name_hash, key_hash, serial = identity.octets(), identity.octets(), identity.integer(INTEGER)
    status, revoked = _status(reader)
    this_update = reader.moment(fraction=True)
    next_update = reader.explicit(0)
    extensions = reader.explicit(1)
    return SingleResponse(
        hash_oid=hashing.oid,
        issuer_name_hash=name_hash,
        issuer_key_hash=key_hash,
        serial=serial,
        status=status,
        revoked=revoked,
        this_update=this_update,
        next_update=_alone(next_update) if next_update is not None else None,
        extensions=_extensions(extensions.take(SEQUENCE)) if extensions is not None else (),
    )


def _alone(reader: DerReader) -> Moment:
    """A moment with nothing behind it: Go refuses a response that says more where it says until when it counts."""
    moment = reader.moment(fraction=True)
    reader.done()
    return moment


def _status(reader: DerReader) -> tuple[CertificateStatus, Moment | None]:
    """Without any status it is revoked, as Go takes it."""
    if reader.optional(context(0)) is not None:
        return CertificateStatus.GOOD, None
    revocation = reader.optional(constructed(1))
    if revocation is not None:
        return CertificateStatus.REVOKED, revocation.moment(fraction=True)
    if reader.optional(context(2)) is not None:
        return CertificateStatus.UNKNOWN, None
    return CertificateStatus.REVOKED, None


def _extensions(reader: DerReader) -> tuple[Extension, ...]:
    extensions: list[Extension] = []
    while not reader.empty:
        extensions.append(parse_extension(reader.take(SEQUENCE)))
    return tuple(extensions)
