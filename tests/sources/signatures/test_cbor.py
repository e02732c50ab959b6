"""The reader of CBOR: what notation's reader takes, and nothing else."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.sources.signatures.signer import Raw, Tag, to_cbor
from tui.verification import cbor

KEYS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.text(max_size=5))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**64), 2**63 - 1),
        st.floats(allow_nan=False),
        st.binary(max_size=30),
        st.text(max_size=30),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@examples(150)
@given(VALUES)
def test_every_encoded_value_reads_back(value: Any) -> None:
    assert cbor.read(to_cbor(value)) == value


@examples(300)
@given(st.binary(max_size=60))
def test_what_any_bytes_hold_reads_back_from_its_shortest_encoding(data: bytes) -> None:
    try:
        value = cbor.read(data)
    except ValueError:
        return
    assert repr(cbor.read(to_cbor(again(value)))) == repr(value)


def again(value: Any) -> Any:
    """The value in the encoder's types."""
    match value:
        case cbor.Tagged():
            return Tag(value.tag, again(value.value))
        case list():
            return [again(item) for item in value]
        case dict():
            return {again(key): again(item) for key, item in value.items()}
        case cbor.OddKey():
            return Raw(odd(value))
        case cbor.Simple():
            return Raw(bytes([0xE0 | value.number]) if value.number < 24 else bytes([0xF8, value.number]))
        case _:
            return value


def odd(key: cbor.OddKey) -> bytes:
    """A key that is neither an integer nor text, encoded."""
    if key.kind == "Simple":
        number = int("".join(filter(str.isdigit, key.value)))
        return bytes([0xE0 | number]) if number < 24 else bytes([0xF8, number])
    return to_cbor(float(key.value) if key.kind == "float" else ast.literal_eval(key.value))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "truncated"),
        (b"\x01\x01", "after the end"),
        (b"\x1b\x80" + bytes(7), "63 bits"),
        (b"\xc1\x61x", "does not fit"),
        (b"\xc0\x61x", "RFC 3339"),
        (b"\xc2\x05", "does not fit"),
        (b"\x5f\x41a\xff", "indefinite"),
        (b"\x9f\xff", "indefinite"),
        (b"\xbf\xff", "indefinite"),
        (b"\x1c", "reserved"),
        (b"\xf8\x1f", "simple"),
        (b"\xff", "indefinite"),
        (b"\xa2\x01\x01\x01\x02", "duplicate"),
        (b"\xa2\x05\x01\x18\x05\x02", "duplicate"),
        (b"\xa1\x80\x01", "cannot be one"),
        (b"\x81" * 33 + b"\x01", "deep"),
        (b"\xc6" * 33 + b"\x01", "deep"),
        (b"\x9b" + b"\xff" * 8, "truncated"),
        (b"\xbb" + b"\xff" * 8, "truncated"),
        (b"\x5b" + b"\xff" * 8, "truncated"),
        (b"\x61\xff", "UTF-8"),
        (b"\x99\x27\x11" + b"\x01" * 10_001, "too many"),
    ],
)
def test_it_refuses(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        cbor.read(data)
