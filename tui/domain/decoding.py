"""JSON into structs, safely from several threads.

msgspec works out what a struct type consists of when the type is first met, and that is not safe while another thread does
the same for the same type (a segmentation fault, met with msgspec 0.22.0): so every decoder is made here, one at a time.
"""

from __future__ import annotations

from threading import Lock
from typing import Any, TypeVar, overload

import msgspec

__all__ = ["from_json", "json_decoder"]

_T = TypeVar("_T")
_making = Lock()
_made: dict[Any, msgspec.json.Decoder[Any]] = {}


@overload
def json_decoder(kind: type[_T]) -> msgspec.json.Decoder[_T]: ...
@overload
def json_decoder(kind: Any) -> msgspec.json.Decoder[Any]: ...
def json_decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """The decoder of a type, made once."""
    found = _made.get(kind)
    if found is None:
        with _making:
            found = _made.get(kind)
            if found is None:
                found = _made[kind] = msgspec.json.Decoder(kind)
    return found


@overload
def from_json(body: bytes | str | msgspec.Raw, kind: type[_T]) -> _T: ...
@overload
def from_json(body: bytes | str | msgspec.Raw, kind: Any) -> Any: ...
def from_json(body: bytes | str | msgspec.Raw, kind: Any) -> Any:
    """Decode JSON. Raises msgspec.DecodeError (ValidationError when the types are others), RecursionError when it is too deep."""
    return json_decoder(kind).decode(body)
