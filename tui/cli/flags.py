"""Flags that several commands take."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tui.settings.durations import seconds

__all__ = ["add_output", "add_wait", "duration"]


def add_output(parser: argparse.ArgumentParser, formats: Sequence[str], words: str = "") -> None:
    """`-o`; `words` stand in the help where the formats are listed elsewhere."""
    parser.add_argument("-o", "--output", choices=formats, default="table", metavar="FORMAT", help=words or ", ".join(formats))


def add_wait(parser: argparse.ArgumentParser) -> None:
    """`--wait`."""
    parser.add_argument(
        "--wait", type=duration, default=60.0, metavar="TIME", help="how long to wait for what is still loading: 60s"
    )


def duration(text: str) -> float:
    """Seconds, from text such as `10s`. Raises ArgumentTypeError."""
    length = seconds(text)
    if length is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as 10s, 2m or 1m30s")
    return length
