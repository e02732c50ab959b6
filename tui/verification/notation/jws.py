"""JWS JSON envelopes (signature-envelope-jws.md; RFC 7515 flattened serialization)."""

from __future__ import annotations

from tui.domain.common.text import clean
from tui.domain.facts.signature import Reason
from tui.verification.faults import CheckFailed, Malformed
from tui.verification.notation.attributes import AttributeName, Envelope, RawAttributes, check_attributes
from tui.verification.pkix.moment import Moment, rfc3339
from tui.verification.strict import (
    Json,
    base64_bytes,
    base64url_bytes,
    json_object,
    object_of,
    refuse_lookalikes,
    strings_of,
    text_of,
)

__all__ = ["MEDIA_TYPE", "parse_jws"]

MEDIA_TYPE = "application/jose+json"
ALGORITHMS = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")

_TOP = ("payload", "protected", "header", "signature")
_TIMES = (AttributeName.SIGNING_TIME, AttributeName.AUTHENTIC_TIME, AttributeName.EXPIRY)
_TOKEN = "io.cncf.notary.timestampSignature"
_AGENT = "io.cncf.notary.signingagent"


def parse_jws(data: bytes) -> Envelope:
    """The parts of a JWS envelope with its attributes checked; CheckFailed, ValueError and friends otherwise."""
    members = json_object(data)
    refuse_lookalikes(members, _TOP)
    protected, payload, signature = (text_of(members, name) for name in ("protected", "payload", "signature"))
    header = object_of(members, "header")
    refuse_lookalikes(header, ("x5c", _TOKEN))
    token = header.get(_TOKEN)
    return Envelope(
        signed=f"{protected}.{payload}".encode("ascii"),
        payload=base64url_bytes(payload),
        signature=base64url_bytes(signature),
        chain=tuple(base64_bytes(text) for text in strings_of(header, "x5c")),
        attributes=check_attributes(_attributes(json_object(base64url_bytes(protected), as_floats=True))),
        token=base64_bytes(text_of(header, _TOKEN)) if token is not None else b"",
        agent=_agent(header),
        any_salt=True,
    )


def _agent(header: dict[str, Json]) -> str:
    """Unsigned, for display; old signers wrote the name in another case."""
    agents = [value for name, value in header.items() if name.casefold() == _AGENT and value is not None]
    if not all(isinstance(value, str) for value in agents):
        raise Malformed("the signing agent is not text")
    return clean(str(agents[0]), 120) if agents else ""


def _attributes(members: dict[str, Json]) -> RawAttributes:
    """A time that is null is absent, as Go reads it."""
    protected = {name: value for name, value in members.items() if value is not None or name not in _TIMES}
    refuse_lookalikes(protected, ("alg", "crit", "cty", *AttributeName))
    algorithm = text_of(protected, "alg")
    if algorithm not in ALGORITHMS:
        raise CheckFailed("the algorithm is not one that notation allows", Reason.ALGORITHM)
    return RawAttributes(
        algorithm=algorithm,
        content_type=text_of(protected, "cty"),
        scheme=text_of(protected, AttributeName.SCHEME),
        critical=strings_of(protected, "crit"),
        present=tuple(protected),
        signing_time=_moment(protected, AttributeName.SIGNING_TIME),
        authentic_time=_moment(protected, AttributeName.AUTHENTIC_TIME),
        expiry=_moment(protected, AttributeName.EXPIRY),
        plugin=text_of(protected, AttributeName.PLUGIN) if AttributeName.PLUGIN in protected else None,
    )


def _moment(protected: dict[str, Json], name: AttributeName) -> Moment | None:
    return rfc3339(text_of(protected, name)) if name in protected else None
