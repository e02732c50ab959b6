"""Decoders are made one at a time, whatever thread asks first."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import msgspec
import pytest

from tui.domain.common.decoding import MOST_MENDED, from_json, json_decoder

ROOM = Path(__file__).parents[2] / "tui"


def fresh() -> type[msgspec.Struct]:
    """A struct type that was never decoded, with parts that take a while to be worked out."""
    inner = msgspec.defstruct("Inner", [(f"field{number}", int | None, None) for number in range(40)])
    return msgspec.defstruct("Outer", [(f"part{number}", list[inner] | None, None) for number in range(10)])  # type: ignore[valid-type]


def test_threads_that_meet_a_type_at_once_all_decode_it() -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            for _ in range(20):
                kind, together = fresh(), Barrier(4)

                def decode(kind: type[msgspec.Struct] = kind, together: Barrier = together) -> msgspec.Struct:
                    together.wait()
                    return from_json(b'{"part0":[{"field3":1}]}', kind)

                assert len({msgspec.json.encode(found.result()) for found in [pool.submit(decode) for _ in range(4)]}) == 1
    finally:
        sys.setswitchinterval(before)


def test_a_decoder_is_made_once() -> None:
    assert json_decoder(list[int]) is json_decoder(list[int])


def test_nothing_else_makes_decoders() -> None:
    others = [path for path in ROOM.rglob("*.py") if path.name != "decoding.py" and "demo" not in path.parts]
    assert [path.name for path in others if "json.decode(" in (text := path.read_text()) or "json.Decoder(" in text] == []


class Inner(msgspec.Struct, frozen=True):
    """A part."""

    text: str = "usual"
    number: int = 3


class Whole(msgspec.Struct):
    """Something from outside."""

    name: str
    inner: Inner = Inner()
    many: list[Inner] = []
    words: dict[str, str] = {}
    maybe: int | None = 5


def test_null_is_what_is_not_there_as_in_go() -> None:
    body = b'{"name":"x","inner":{"text":null,"number":4},"many":[null,{"text":null}],"words":{"a":null,"b":"c"},"maybe":null}'
    found = from_json(body, Whole)
    assert (found.inner.text, found.inner.number, len(found.many), found.words) == ("usual", 4, 1, {"b": "c"})
    assert from_json(b'{"name":"x","maybe":null}', Whole).maybe is None


@pytest.mark.parametrize(
    "body", [b'{"name":null}', b'{"name":"x","inner":5}', b'{"name":"x","inner":{"text":null,"number":"4"}}']
)
def test_what_is_needed_or_of_another_type_is_refused_still(body: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        from_json(body, Whole)


def test_a_large_answer_is_not_read_twice() -> None:
    with pytest.raises(msgspec.ValidationError):
        from_json(b'{"name":"' + b"x" * MOST_MENDED + b'","inner":null}', Whole)
