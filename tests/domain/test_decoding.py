"""Decoders are made one at a time, whatever thread asks first."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import msgspec

from tui.domain.decoding import from_json, json_decoder

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
