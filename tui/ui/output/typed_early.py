"""What was typed before the terminal's keys were ours: over a slow line people type on while the program starts.

Until then the terminal gathers lines, as for a shell, and makes a line feed of Enter, which read late would be Ctrl+J.
"""

from __future__ import annotations

import os
import termios
import tty
from collections.abc import Iterator
from typing import NamedTuple

from textual._xterm_parser import XTermParser
from textual.message import Message

__all__ = ["TypedEarly", "keys_typed", "take_typed"]

MOST = 1 << 16
"""Bytes: more than any terminal keeps of what nobody has read."""


class TypedEarly(NamedTuple):
    """The bytes that waited, Enter as terminals send it; and how the terminal was set before they were read."""

    typed: bytes
    attributes: list[int | list[bytes | int]]


def take_typed(descriptor: int) -> TypedEarly | None:
    """Have the terminal gather no lines any more, and read what waits; None where that is no terminal, or not ours now."""
    try:
        before = termios.tcgetattr(descriptor)
        settings = termios.tcgetattr(descriptor)
        gathered = settings[tty.LFLAG] & termios.ICANON and settings[tty.IFLAG] & termios.ICRNL
        settings[tty.LFLAG] &= ~(termios.ICANON | termios.ECHO)
        settings[tty.IFLAG] &= ~termios.ICRNL
        settings[tty.CC][termios.VMIN] = settings[tty.CC][termios.VTIME] = 0  # what waits, without waiting for more
        termios.tcsetattr(descriptor, termios.TCSANOW, settings)
        typed = os.read(descriptor, MOST)
    except (termios.error, OSError):
        return None
    return TypedEarly(typed.replace(b"\n", b"\r") if gathered else typed, before)


def keys_typed(typed: bytes) -> Iterator[Message]:
    """The keys that these bytes are; Escape is one that nothing follows."""
    if typed:
        parser = XTermParser()
        yield from parser.feed(typed.decode(errors="replace"))
        yield from parser.feed("")
