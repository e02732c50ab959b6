"""Words that screens and reports share: ages in one unit, counts with their thousands separated, digests of 12 digits."""

from __future__ import annotations

import re
from datetime import datetime

from tui.domain.common.text import plural
from tui.domain.common.trust import State

__all__ = [
    "HEX",
    "VERDICTS",
    "age",
    "brief_digests",
    "clock",
    "count",
    "duration",
    "plural",
    "short_hex",
    "size",
    "without_registry",
]

HEX = 12
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
VERDICTS = {State.PASS: "pass", State.WARN: "warn", State.FAIL: "fail", State.UNKNOWN: "unknown", State.OFF: "off"}


def count(number: int) -> str:
    """A number with its thousands separated."""
    return f"{number:,}"


def age(since: datetime | None, now: datetime) -> str:
    """How long ago in one unit (`4s`, `12m`, `7h`, `3d`); a dash when not known."""
    if since is None:
        return "-"
    seconds = max(0, int((now - since).total_seconds()))
    if seconds < 120:
        return f"{seconds}s"
    if seconds < 7200:
        return f"{seconds // 60}m"
    return f"{seconds // 3600}h" if seconds < 172800 else f"{seconds // 86400}d"


def duration(seconds: float) -> str:
    """How long something takes, as rough as it is known: `40s`, `6m`, `2h`."""
    if seconds < 90:
        return f"{max(1, round(seconds))}s"
    return f"{round(seconds / 60)}m" if seconds < 5400 else f"{round(seconds / 3600)}h"


def clock(moment: datetime) -> str:
    """The time of day, on the clock of the operator."""
    return moment.astimezone().strftime("%H:%M:%S")


def short_hex(digest: str) -> str:
    """The first twelve hex digits of a digest."""
    return digest.rpartition(":")[2][:HEX]


def brief_digests(text: str) -> str:
    """A text with its digests cut to twelve digits: the whole one is copied, not read."""
    return _DIGEST.sub(lambda digest: digest[0][: -(64 - HEX)], text)


def size(octets: int | None) -> str:
    """A size in MB, empty when not known."""
    if octets is None:
        return ""
    return f"{octets / 1e6:,.0f} MB" if octets >= 10_000_000 else f"{octets / 1e6:.1f} MB"


def without_registry(reference: str) -> str:
    """A reference without its host, which stands beside it or is the same for all."""
    host, slash, path = reference.partition("/")
    return path if slash and ("." in host or ":" in host or host == "localhost") else reference
