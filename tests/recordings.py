"""Recorded exchanges with the real services: VCR files beside the repository, in `../shared/recordings`.

They are not part of the repository; where they are absent the tests that need them are skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

__all__ = ["RECORDINGS", "Exchange", "exchanges", "recording"]

RECORDINGS = Path(__file__).resolve().parents[1].parent / "shared" / "recordings"


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


def recording(name: str) -> Path:
    """A recording by its path below the folder. Skips the test when it is not there."""
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip(f"the recordings are not beside the repository: {path} is missing")
    return path


def exchanges(name: str) -> list[Exchange]:
    """All exchanges of a VCR file, in order."""
    document = yaml.safe_load(recording(name).read_text())
    return [_exchange(interaction["request"], interaction["response"]) for interaction in document["interactions"]]


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
