"""Messages of protobuf in JSON, as strict as protojson of Go: no unknown member, no second one of a choice, no wrong type.

The schemas are those of sigstore's protobuf-specs 0.5 (bundle, trust root) and of in-toto's statement; bytes stay text, checked.
"""

from __future__ import annotations

import base64
import re
from enum import StrEnum

import msgspec

from tui.verification.cosign.wire import json_members
from tui.verification.strict import Json

__all__ = ["BUNDLE", "LOG_RECORD", "STATEMENT", "TRUSTED_ROOT", "integer", "message", "proto_bytes"]


class FieldKind(StrEnum):
    """What a member holds."""

    TEXT = "text"
    BYTES = "bytes"
    INTEGER = "64-bit integer"
    NAME = "name of an enumeration"
    TIME = "time"
    OBJECT = "any object"
    TEXTS = "texts by name"
    MESSAGE = "message"


class Field(msgspec.Struct, frozen=True):
    """One member: `choice` names the choice (oneof) of which only one member may be there, `alias` its other name."""

    kind: FieldKind
    members: dict[str, Field] = {}
    repeated: bool = False
    choice: str = ""
    alias: str | None = None


Schema = dict[str, Field]

_TEXT, _BYTES, _INTEGER, _NAME, _TIME = (
    Field(kind) for kind in (FieldKind.TEXT, FieldKind.BYTES, FieldKind.INTEGER, FieldKind.NAME, FieldKind.TIME)
)


def _message(members: Schema, choice: str = "") -> Field:
    return Field(FieldKind.MESSAGE, members, choice=choice)


def _many(members: Schema) -> Field:
    return Field(FieldKind.MESSAGE, members, repeated=True)


_CERTIFICATE: Schema = {"rawBytes": _BYTES}
_CERTIFICATES: Schema = {"certificates": _many(_CERTIFICATE)}
_LOG_ID: Schema = {"keyId": _BYTES}
_HASH: Schema = {"algorithm": _NAME, "digest": _BYTES}
_SPAN: Schema = {"start": _TIME, "end": _TIME}
_PROOF: Schema = {
    "logIndex": _INTEGER,
    "rootHash": _BYTES,
    "treeSize": _INTEGER,
    "hashes": Field(FieldKind.BYTES, repeated=True),
    "checkpoint": _message({"envelope": _TEXT}),
}
_ENTRY: Schema = {
    "logIndex": _INTEGER,
    "logId": _message(_LOG_ID),
    "kindVersion": _message({"kind": _TEXT, "version": _TEXT}),
    "integratedTime": _INTEGER,
    "inclusionPromise": _message({"signedEntryTimestamp": _BYTES}),
    "inclusionProof": _message(_PROOF),
    "canonicalizedBody": _BYTES,
}
_ENVELOPE: Schema = {
    "payload": _BYTES,
    "payloadType": Field(FieldKind.TEXT, alias=""),
    "signatures": _many({"sig": _BYTES, "keyid": _TEXT}),
}
BUNDLE: Schema = {
    "mediaType": _TEXT,
    "verificationMaterial": _message(
        {
            "publicKey": _message({"hint": _TEXT}, "content"),
            "x509CertificateChain": _message(_CERTIFICATES, "content"),
            "certificate": _message(_CERTIFICATE, "content"),
            "tlogEntries": _many(_ENTRY),
            "timestampVerificationData": _message({"rfc3161Timestamps": _many({"signedTimestamp": _BYTES})}),
        }
    ),
    "messageSignature": _message({"messageDigest": _message(_HASH), "signature": _BYTES}, "content"),
    "dsseEnvelope": _message(_ENVELOPE, "content"),
}
_PUBLIC_KEY: Schema = {"rawBytes": _BYTES, "keyDetails": _NAME, "validFor": _message(_SPAN)}
# What the newer log (rekor-tiles) writes down; the older one's entries are no messages of protobuf.
LOG_RECORD: Schema = {
    "kind": _TEXT,
    "apiVersion": _TEXT,
    "spec": _message(
        {
            "hashedRekordV002": _message(
                {
                    "data": _message(_HASH),
                    "signature": _message(
                        {
                            "content": _BYTES,
                            "verifier": _message(
                                {
                                    "publicKey": _message({"rawBytes": _BYTES}, "verifier"),
                                    "x509Certificate": _message(_CERTIFICATE, "verifier"),
                                    "keyDetails": _NAME,
                                }
                            ),
                        }
                    ),
                }
            )
        }
    ),
}
_INSTANCE: Schema = {
    "baseUrl": _TEXT,
    "hashAlgorithm": _NAME,
    "publicKey": _message(_PUBLIC_KEY),
    "logId": _message(_LOG_ID),
    "checkpointKeyId": _message(_LOG_ID),
    "operator": _TEXT,
}
_AUTHORITY: Schema = {
    "subject": _message({"organization": _TEXT, "commonName": _TEXT}),
    "uri": _TEXT,
    "certChain": _message(_CERTIFICATES),
    "validFor": _message(_SPAN),
    "operator": _TEXT,
}
TRUSTED_ROOT: Schema = {
    "mediaType": _TEXT,
    "tlogs": _many(_INSTANCE),
    "certificateAuthorities": _many(_AUTHORITY),
    "ctlogs": _many(_INSTANCE),
    "timestampAuthorities": _many(_AUTHORITY),
}
STATEMENT: Schema = {
    "_type": Field(FieldKind.TEXT, alias="type"),
    "subject": _many(
        {
            "name": _TEXT,
            "uri": _TEXT,
            "digest": Field(FieldKind.TEXTS),
            "content": _BYTES,
            "downloadLocation": _TEXT,
            "mediaType": _TEXT,
            "annotations": Field(FieldKind.OBJECT),
        }
    ),
    "predicateType": _TEXT,
    "predicate": Field(FieldKind.OBJECT),
}

_LIMIT = 1 << 63
_INTEGERS = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)
_TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def message(data: bytes, schema: Schema) -> dict[str, Json]:
    """The members that are there, by their JSON names, of a message in JSON; ValueError when the schema says otherwise."""
    return _members(json_members(data), schema)


def _members(members: dict[str, Json], schema: Schema) -> dict[str, Json]:
    names = {name: name for name in schema} | {_other(name, field): name for name, field in schema.items()}
    values: dict[str, Json] = {}
    chosen: set[str] = set()
    set_members: set[str] = set()
    for name, value in members.items():
        member = names.get(name)
        if member is None or member in set_members:
            raise ValueError("an unknown member, or one twice")
        set_members.add(member)
        field = schema[member]
        if value is None:
            continue
        if field.choice and field.choice in chosen:
            raise ValueError("two members where one may be chosen")
        chosen.add(field.choice)
        values[member] = _value(value, field)
    return values


def _other(name: str, field: Field) -> str:
    """The name in the definition of the message, which is understood as well."""
    if field.alias is not None:
        return field.alias or name
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _value(value: Json, field: Field) -> Json:
    if not field.repeated:
        return _one(value, field)
    if not isinstance(value, list):
        raise ValueError("not a list")
    return [_one(item, field) for item in value]


def _one(value: Json, field: Field) -> Json:
    if field.kind is FieldKind.MESSAGE and isinstance(value, dict):
        return _members(value, field.members)
    if not _fits(value, field.kind):
        raise ValueError(f"not a {field.kind.value}")
    return value


def _fits(value: Json, kind: FieldKind) -> bool:
    match value:
        case dict():
            return kind is FieldKind.OBJECT or (kind is FieldKind.TEXTS and all(map(_is_text, value.values())))
        case bool():
            return False
        case int():
            return (kind is FieldKind.INTEGER and -_LIMIT <= value < _LIMIT) or (kind is FieldKind.NAME and 0 <= value < 1 << 31)
        case str():
            return _is_text(value) and _text_fits(value, kind)
        case _:
            return False


def _is_text(value: Json) -> bool:
    """Text without half a surrogate pair."""
    return isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _text_fits(value: str, kind: FieldKind) -> bool:
    match kind:
        case FieldKind.TEXT | FieldKind.NAME:
            return True
        case FieldKind.BYTES:
            return proto_bytes(value) is not None
        case FieldKind.INTEGER:
            return _INTEGERS.fullmatch(value) is not None and -_LIMIT <= int(value) < _LIMIT
        case FieldKind.TIME:
            return _TIMES.fullmatch(value) is not None
        case _:
            return False


def proto_bytes(text: str) -> bytes:
    """Base64 as protojson takes it: either alphabet, and padding where the text is a multiple of four long, line breaks included.

    ValueError otherwise (google.golang.org/protobuf encoding/protojson, `unmarshalBytes`).
    """
    plain = text.replace("\r", "").replace("\n", "")
    alternative = b"-_" if "-" in text or "_" in text else None
    if alternative and ("+" in text or "/" in text):
        raise ValueError("two alphabets")
    if len(text) % 4:
        if "=" in plain or len(plain) % 4 == 1:
            raise ValueError("illegal padding")
        plain += "=" * (-len(plain) % 4)
    elif len(plain) % 4:
        raise ValueError("illegal padding")
    return base64.b64decode(plain.encode("ascii"), alternative, validate=True)


def integer(members: dict[str, Json], name: str) -> int:
    """A 64-bit integer, 0 when it is not there."""
    value = members.get(name, 0)
    if isinstance(value, str | int):
        return int(value)
    raise ValueError("not an integer")
