"""Header parameters of COSE (RFC 9052 section 3.1), checked as go-cose checks them, whether notation looks at them or not."""

from __future__ import annotations

from typing import TypeAlias

from tui.domain.facts.signature import Reason
from tui.verification import cbor
from tui.verification.faults import CheckFailed, Malformed

__all__ = ["ALGORITHM", "CHAIN", "CONTENT_TYPE", "CRITICAL", "Header", "check_headers", "header_of"]

ALGORITHM, CRITICAL, CONTENT_TYPE, KEY_ID, IV, PARTIAL_IV = 1, 2, 3, 4, 5, 6
COUNTERSIGNATURE, COUNTERSIGNATURE_0, COUNTERSIGNATURE_2, COUNTERSIGNATURE_02 = 7, 9, 11, 12
TYPE, CHAIN = 16, 33
_BYTES = (KEY_ID, IV, PARTIAL_IV, COUNTERSIGNATURE_0, COUNTERSIGNATURE_02)
_UNPROTECTED_ONLY = (COUNTERSIGNATURE, COUNTERSIGNATURE_0, COUNTERSIGNATURE_2, COUNTERSIGNATURE_02)
_SMALLEST = -(1 << 63)

Header: TypeAlias = dict[int | str, cbor.Value]


def header_of(value: cbor.Value, *, protected: bool) -> Header:
    """A map of header parameters, each in its form; ValueError otherwise."""
    if not isinstance(value, dict):
        raise Malformed("a header is not a map")
    header: Header = {}
    for label, content in value.items():
        if isinstance(label, cbor.OddKey) or (isinstance(label, int) and label < _SMALLEST):
            raise Malformed("a header label is neither an integer of 64 bits nor text")
        header[label] = content
    for label in header:
        _check(label, header, protected=protected)
    if IV in header and PARTIAL_IV in header:
        raise Malformed("a header holds both an IV and a partial IV")
    return header


def check_headers(protected: Header, unprotected: Header) -> None:
    """Nothing stands on both sides, nor an IV here and a partial one there; ValueError otherwise."""
    if protected.keys() & unprotected.keys():
        raise Malformed("a header is both protected and unprotected")
    for label, opposite in ((IV, PARTIAL_IV), (PARTIAL_IV, IV)):
        if label in protected and opposite in unprotected:
            raise Malformed("the headers hold both an IV and a partial IV")


def _check(label: int | str, header: Header, *, protected: bool) -> None:
    value = header[label]
    if protected and label in _UNPROTECTED_ONLY:
        raise Malformed(f"header {label} may not be protected")
    if label in _BYTES and not isinstance(value, bytes):
        raise Malformed(f"header {label} is not a byte string")
    if label == ALGORITHM and not _is_label(value):
        raise Malformed("the algorithm is neither an integer nor text")
    if label == CRITICAL:
        _check_critical(value, header, protected=protected)
    if label in (TYPE, CONTENT_TYPE) and not _is_type(value):
        raise Malformed(f"header {label} is not a media type")
    if label in (COUNTERSIGNATURE, COUNTERSIGNATURE_2):
        _check_countersignatures(value)


def _is_label(value: cbor.Value) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _check_critical(value: cbor.Value, header: Header, *, protected: bool) -> None:
    if not protected or not isinstance(value, list) or not value:
        raise CheckFailed("the critical header is empty, not a list, or not protected", Reason.CRITICAL_ATTRIBUTE)
    for label in value:
        if not isinstance(label, int | str) or isinstance(label, bool):
            raise CheckFailed("the critical header holds something that is not a label", Reason.CRITICAL_ATTRIBUTE)
        if label not in header:
            raise CheckFailed("the critical header names a header that is absent", Reason.CRITICAL_ATTRIBUTE)


def _is_type(value: cbor.Value) -> bool:
    """A number, or text of the form type/subtype."""
    if isinstance(value, str):
        return value.count("/") == 1 and value == value.strip(" ")
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _check_countersignatures(value: cbor.Value) -> None:
    """One, or a list of them (RFC 9338 section 3); they are not verified, for they say nothing about the signer."""
    try:
        _check_countersignature(value)
    except Malformed:
        if not isinstance(value, list):
            raise
        for countersignature in value:
            _check_countersignature(countersignature)


def _check_countersignature(value: cbor.Value) -> None:
    if not isinstance(value, list) or len(value) != 3:
        raise Malformed("a countersignature is malformed")
    raw, unprotected, signature = value
    if not isinstance(raw, bytes) or not isinstance(signature, bytes) or not signature:
        raise Malformed("a countersignature is malformed")
    protected = header_of(cbor.read(raw), protected=True) if raw else {}
    check_headers(protected, header_of(unprotected, protected=False))
