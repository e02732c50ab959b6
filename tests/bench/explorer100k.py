"""Keys sent to the explorer over 100,000 rows, on a terminal of 160x48."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.bench.explorer_app import Answered
from tests.bench.terminal import terminal

__all__ = ["answered"]

CHILD = "import sys; from tests.bench.explorer_app import main; main(sys.argv[1])"
F12 = b"\x1b[24~"
SETTLED = 3.0
"""Seconds in which nothing comes: the rows are there, and those of the other views too."""


def answered(keys: Sequence[bytes], pause: float) -> Answered:
    """What a child tells when it is sent these keys, each after so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "answered.json"
        with terminal(CHILD, [str(report)]) as child:
            child.wait_for(" live ", "sources ok")
            child.drain(SETTLED)
            for key in keys:
                child.send(key)
                child.listen(pause)
            child.drain(SETTLED)
            child.send(F12)
            while not report.exists():
                child.drain(0.1)
        return msgspec.json.decode(report.read_bytes(), type=Answered)
