"""Recorded exchanges with the real services: VCR files beside the repository, in `../shared/recordings`.

They are not part of the repository; their shapes are (`tests/shapes`), and what is made of these is read on every clone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from tests.shapes.recorded import RECORDINGS, SHAPES, document_of, interactions_of

__all__ = ["ORIGINS", "Exchange", "document", "exchanges", "recording_names"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and the answer of the real service; header names are lower-case."""

    method: str
    uri: str
    sent: str
    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def path(self) -> str:
        """The path as it was sent, with its query."""
        return "/" + self.uri.split("://", 1)[1].partition("/")[2]


ORIGINS = ("shape", "recording") if RECORDINGS.is_dir() else ("shape",)
"""What a test may read: a document of the recorded shape, made now, on every clone; the recording itself, where it lies."""


def document(name: str, origin: str = "recording") -> bytes:
    """A recording by its path below the folder, or what has its shape."""
    return (RECORDINGS / name).read_bytes() if origin == "recording" else document_of(name)


def exchanges(name: str, origin: str = "recording") -> list[Exchange]:
    """All exchanges of a VCR file, or of its shape, in order."""
    if origin == "shape":
        return [_exchange(request, response) for request, response in interactions_of(name)]
    recorded = yaml.safe_load((RECORDINGS / name).read_text())
    return [_exchange(interaction["request"], interaction["response"]) for interaction in recorded["interactions"]]


def recording_names(folder: str) -> list[str]:
    """The recordings of a folder whose shapes are known."""
    return sorted(path.name.removesuffix(".yaml.json") for path in (SHAPES / folder).glob("*.yaml.json"))


def _exchange(request: Mapping[str, object], response: Mapping[str, object]) -> Exchange:
    status, headers, body = response["status"], response["headers"], response["body"]
    assert isinstance(status, dict)
    assert isinstance(headers, dict)
    text = body.get("string") if isinstance(body, dict) else body
    return Exchange(
        method=str(request["method"]),
        uri=str(request["uri"]),
        sent=str(request.get("body") or ""),
        status=int(status["code"]),
        headers={str(key).lower(): _joined(value) for key, value in headers.items()},
        body=text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text or ""),
    )


def _joined(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
