"""JSON into structs, safely from several threads.

msgspec works out what a struct type consists of when the type is first met, and that is not safe while another thread does
the same for the same type (a segmentation fault, met with msgspec 0.22.0): so every decoder is made here, one at a time.

`null` is what is not there, as in Go, whose encoding/json leaves a field as it is: files and answers that Go wrote, and Go
reads, hold it where a text or a number is meant. An element of a list that is `null` counts for nothing.
"""

from __future__ import annotations

from threading import Lock
from typing import Any, Generic, TypeVar, overload

import msgspec

__all__ = ["DECODING", "JsonDecoder", "from_json", "json_decoder"]

_T = TypeVar("_T")
DECODING = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What a body may raise that is not in the form that it should have."""
MOST_MENDED = 2 << 20
"""Bytes of JSON at most that are read again without their nulls: as objects they take many times as much."""
_NULL = "got `null"


class JsonDecoder(Generic[_T]):
    """Decodes one type."""

    def __init__(self, kind: Any) -> None:
        self._decoder: msgspec.json.Decoder[_T] = msgspec.json.Decoder(kind)

    def decode(self, body: bytes | str | msgspec.Raw) -> _T:
        """Raises msgspec.DecodeError (ValidationError when the types are others), RecursionError when it is too deep."""
        try:
            return self._decoder.decode(body)
        except msgspec.ValidationError as error:
            if _NULL not in str(error) or len(bytes(body) if isinstance(body, msgspec.Raw) else body) > MOST_MENDED:
                raise
            # Raised again where that is still another type.
            return self._decoder.decode(msgspec.json.encode(_without_nulls(_anything.decode(body))))

    def decode_lines(self, body: bytes) -> list[_T]:
        """Values that stand one after the other, each on its line. Raises as `decode` does, but mends no null."""
        return self._decoder.decode_lines(body)


_anything: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
_making = Lock()
_made: dict[Any, JsonDecoder[Any]] = {}


def _without_nulls(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
        case list():
            return [_without_nulls(inner) for inner in value if inner is not None]
        case _:
            return value


@overload
def json_decoder(kind: type[_T]) -> JsonDecoder[_T]: ...
@overload
def json_decoder(kind: Any) -> JsonDecoder[Any]: ...
def json_decoder(kind: Any) -> JsonDecoder[Any]:
    """The decoder of a type, made once."""
    decoder = _made.get(kind)
    if decoder is None:
        with _making:
            decoder = _made.get(kind)
            if decoder is None:
                decoder = _made[kind] = JsonDecoder(kind)
    return decoder


@overload
def from_json(body: bytes | str | msgspec.Raw, kind: type[_T]) -> _T: ...
@overload
def from_json(body: bytes | str | msgspec.Raw, kind: Any) -> Any: ...
def from_json(body: bytes | str | msgspec.Raw, kind: Any) -> Any:
    """Decode JSON. Raises msgspec.DecodeError (ValidationError when the types are others), RecursionError when it is too deep."""
    return json_decoder(kind).decode(body)
