"""COSE_Sign1 envelopes (signature-envelope-cose.md; RFC 9052 sections 3 and 4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tui.domain.common.text import clean
from tui.domain.facts.signature import Reason
from tui.verification import cbor
from tui.verification.faults import CheckFailed, Malformed
from tui.verification.notation.attributes import AttributeName, Envelope, RawAttributes, check_attributes
from tui.verification.notation.cose_headers import (
    ALGORITHM,
    CHAIN,
    CONTENT_TYPE,
    CRITICAL,
    Header,
    check_headers,
    header_of,
)
from tui.verification.pkix.moment import Moment

__all__ = ["MEDIA_TYPE", "parse_cose", "to_be_signed"]

MEDIA_TYPE = "application/cose"
PREFIX = b"\xd2\x84"  # the tag of COSE_Sign1, and an array of four
EPOCH_TIME = 1

# IANA COSE Algorithms: what notation allows, by number.
_ALGORITHMS = {-37: "PS256", -38: "PS384", -39: "PS512", -7: "ES256", -35: "ES384", -36: "ES512"}
_TOKEN = "io.cncf.notary.timestampSignature"
_AGENT = "io.cncf.notary.signingAgent"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_cose(data: bytes) -> Envelope:
    """The parts of a tagged COSE_Sign1 message with its attributes checked; CheckFailed, ValueError and friends otherwise."""
    message = cbor.read(data[1:], tags=False) if data.startswith(PREFIX) else None
    if not isinstance(message, list):
        raise Malformed("not a COSE_Sign1 message")
    raw, unprotected, payload, signature = message
    if not isinstance(raw, bytes) or not isinstance(payload, bytes) or not isinstance(signature, bytes):
        raise Malformed("a part of the COSE_Sign1 message is not a byte string")
    protected = header_of(cbor.read(raw), protected=True)
    outer = header_of(unprotected, protected=False)
    check_headers(protected, outer)
    token = outer.get(_TOKEN)
    agent = outer.get(_AGENT)
    return Envelope(
        signed=to_be_signed(raw, payload),
        payload=payload,
        signature=signature,
        chain=_chain(outer.get(CHAIN)),
        attributes=check_attributes(_attributes(protected)),
        token=token if isinstance(token, bytes) else b"",
        agent=clean(agent, 120) if isinstance(agent, str) else "",
    )


def to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """Sig_structure without external data (RFC 9052 section 4.4)."""
    parts = (cbor.encode_text("Signature1"), *map(cbor.encode_bytes, (protected, b"", payload)))
    return cbor.encode_head(4, len(parts)) + b"".join(parts)


def _chain(value: cbor.Value) -> tuple[bytes, ...]:
    certificates = value if isinstance(value, list) else []
    encoded = tuple(item for item in certificates if isinstance(item, bytes))
    if not encoded or len(encoded) != len(certificates):
        raise CheckFailed("the certificate chain is missing or malformed", Reason.CHAIN)
    return encoded


def _attributes(protected: Header) -> RawAttributes:
    algorithm = protected.get(ALGORITHM)
    if not isinstance(algorithm, int) or algorithm not in _ALGORITHMS:
        raise CheckFailed("the algorithm is not one that notation allows", Reason.ALGORITHM)
    return RawAttributes(
        algorithm=_ALGORITHMS[algorithm],
        content_type=_text(protected, CONTENT_TYPE),
        scheme=_text(protected, AttributeName.SCHEME.value),
        critical=_critical(protected.get(CRITICAL)),
        present=tuple(protected),
        signing_time=_moment(protected, AttributeName.SIGNING_TIME.value),
        authentic_time=_moment(protected, AttributeName.AUTHENTIC_TIME.value),
        expiry=_moment(protected, AttributeName.EXPIRY.value),
        plugin=_text(protected, AttributeName.PLUGIN.value) if AttributeName.PLUGIN.value in protected else None,
        understood=(ALGORITHM, CRITICAL, CONTENT_TYPE, AttributeName.SIGNING_TIME.value),
    )


def _text(header: Header, label: int | str) -> str:
    value = header.get(label)
    if not isinstance(value, str):
        raise Malformed(f"header {label} is missing or not text")
    return value


def _critical(value: cbor.Value) -> tuple[int | str, ...]:
    """The labels; their form was checked with the header."""
    labels = value if isinstance(value, list) else []
    return tuple(label for label in labels if isinstance(label, int | str))


def _moment(header: Header, label: str) -> Moment | None:
    """Tag 1, an integer of seconds; a float of seconds is refused (signature-envelope-cose.md)."""
    if label not in header:
        return None
    value = header[label]
    if not isinstance(value, cbor.Tagged) or value.tag != EPOCH_TIME:
        raise Malformed(f"{label} is not a tagged time")
    if not isinstance(value.value, int) or isinstance(value.value, bool):
        raise Malformed(f"{label} is not in whole seconds")
    try:
        return Moment(_EPOCH + timedelta(seconds=value.value))
    except OverflowError as error:
        raise Malformed(f"{label} lies outside the calendar") from error
