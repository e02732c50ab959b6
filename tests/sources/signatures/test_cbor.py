"""The strict CBOR reader: what RFC 8949 allows in two ways is read in one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.sources.signatures.signer import Tag, to_cbor
from tui.sources.signatures import cbor

KEYS = st.one_of(st.integers(-(2**63), 2**63), st.text(max_size=5))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**64), 2**64 - 1), st.binary(max_size=30), st.text(max_size=30)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@examples(150)
@given(VALUES)
def test_every_encoded_value_reads_back(value: Any) -> None:
    assert cbor.read(to_cbor(value)) == value


@examples(300)
@given(st.binary(max_size=60))
def test_any_bytes_read_to_their_one_encoding_or_are_refused(data: bytes) -> None:
    try:
        value = cbor.read(data)
    except ValueError:
        return
    assert to_cbor(again(value)) == data


def again(value: Any) -> Any:
    """The value in the encoder's types."""
    match value:
        case cbor.Tagged():
            return Tag(value.tag, again(value.value))
        case list():
            return [again(item) for item in value]
        case dict():
            return {key: again(item) for key, item in value.items()}
        case _:
            return value


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "truncated"),
        (b"\x01\x01", "after the end"),
        (b"\x18\x17", "shortest"),
        (b"\x19\x00\xff", "shortest"),
        (b"\x1a\x00\x00\xff\xff", "shortest"),
        (b"\x1b" + b"\0" * 4 + b"\xff" * 4, "shortest"),
        (b"\x5f\x41a\xff", "indefinite"),
        (b"\x9f\xff", "indefinite"),
        (b"\xbf\xff", "indefinite"),
        (b"\x1c", "reserved"),
        (b"\xfb" + b"\0" * 8, "float"),
        (b"\xf7", "simple"),
        (b"\xf8\x20", "float"),
        (b"\xa2\x01\x01\x01\x02", "duplicate"),
        (b"\xa1\xf5\x01", "neither an integer nor text"),
        (b"\xa1\x41a\x01", "neither an integer nor text"),
        (b"\x81" * 13 + b"\x01", "deep"),
        (b"\xc1" * 14 + b"\x01", "deep"),
        (b"\x9b" + b"\xff" * 8, "truncated"),
        (b"\xbb" + b"\xff" * 8, "truncated"),
        (b"\x5b" + b"\xff" * 8, "truncated"),
        (b"\x61\xff", "utf-8"),
        (b"\x99\x27\x11" + b"\x01" * 10_001, "too many"),
    ],
)
def test_it_refuses(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        cbor.read(data)
