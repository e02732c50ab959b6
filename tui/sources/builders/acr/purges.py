"""The commands in an ACR task that delete images: `acr purge` in a step of its own.

Sources: learn.microsoft.com/azure/container-registry/container-registry-auto-purge; acr-cli `cmd/acr/purge.go` (flags,
`parseDuration`) and `cmd/repository/image_functions.go` (`GetRepositoryAndTagRegex`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from datetime import timedelta

from tui.domain.common.text import clean
from tui.domain.facts.retention import PurgeFilter, PurgeRule
from tui.sources.builders.acr.steps import LONGEST as LONGEST_TASK
from tui.sources.builders.acr.steps import MOST_STEPS, encoded_steps
from tui.sources.builders.yaml_files import texts

__all__ = ["encoded_purges", "has_unclear_purges"]

MOST_FILTERS = 100
LONGEST = 500
_COMMAND = re.compile(r"^(?:acr|\S*/acr-cli(?:[:@]\S+)?)$")
_VALUES = frozenset({"--filter", "-f", "--ago", "--keep", "--registry", "-r", "--concurrency", "--config", "-c"})
_FLAGS = _VALUES | {
    *("--untagged", "--dry-run", "--include-locked", "--filter-timeout-seconds", "--repository-page-size"),
    *("--username", "-u", "--password", "-p"),
}
_DELETES = re.compile(r"\b(?:purge|delete|untag)\b", re.IGNORECASE)
"""What a command that is put together otherwise has in it, if it deletes: `sh -c "acr purge ..."`, `az acr repository delete`."""
_DAYS = re.compile(r"(?:(\d{1,6})d)?((?:\d+(?:\.\d+)?(?:ns|us|µs|ms|h|m|s))*)")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|h|m|s)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_MOST = timedelta(days=150 * 365)
"""acr-cli takes no longer time than 150 years."""
# A colon that stands in no group such as `(?i:...)` and in no class such as `[[:alpha:]]`.
_COLON = re.compile(r"(?<!\?)(?<!\?[imsU-])(?<!\?[imsU-]{2})(?<!\[)(?<!\[\^):(?!\])")


def encoded_purges(content: str, schedules: tuple[str, ...]) -> tuple[PurgeRule, ...]:
    """What the steps of an encoded task delete; a step that only tells what it would delete deletes nothing."""
    rules = (_rule(words, ", ".join(schedules)) for step in encoded_steps(content) for words in _commands(step))
    return tuple(rule for rule in rules if rule is not None)


def has_unclear_purges(content: str) -> bool:
    """Whether the steps of an encoded task may delete what `encoded_purges` does not tell of, or cannot be read at all."""
    steps = encoded_steps(content)
    is_whole = 0 < len(steps) < MOST_STEPS and len(content) <= LONGEST_TASK
    return not is_whole or any(_is_unclear(command) for step in steps for command in texts(step.get("cmd")))


def _is_unclear(command: str) -> bool:
    words = _purge(command)
    if words is None:
        return _DELETES.search(command) is not None
    flags = _flags(words)
    if _is_on(flags, "--dry-run") or not ("--ago" in flags and flags.keys() & {"--filter", "--untagged-only"}):
        return False  # acr-cli refuses a command without what it requires
    numbers = flags.get("--keep", [])
    unread = [text for text in flags.get("--filter", []) if _filter(text) is None]
    is_plain = flags.keys() <= _FLAGS and all(number.isascii() and number.isdecimal() for number in numbers)
    return _rule(words, "") is None or not is_plain or bool(unread) or len(flags.get("--filter", [])) > MOST_FILTERS


def _commands(step: Mapping[str, object]) -> Iterator[list[str]]:
    for command in texts(step.get("cmd")):
        words = _purge(command)
        if words is not None:
            yield words


def _purge(command: str) -> list[str] | None:
    """What follows `acr purge` in a command; None where it is another."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    pairs = (place for place, word in enumerate(words[:-1]) if _COMMAND.match(word) and words[place + 1] == "purge")
    place = next(pairs, None)
    return None if place is None else words[place + 2 :]


def _rule(words: list[str], schedule: str) -> PurgeRule | None:
    flags = _flags(words)
    ago = _duration(flags.get("--ago", [""])[-1])
    filters = [parsed for text in flags.get("--filter", [])[:MOST_FILTERS] if (parsed := _filter(text)) is not None]
    if ago is None or not filters or _is_on(flags, "--dry-run"):
        return None
    keep = flags.get("--keep", ["0"])[-1]
    return PurgeRule(
        tuple(filters),
        ago,
        _is_on(flags, "--untagged"),
        int(keep) if keep.isascii() and keep.isdecimal() and len(keep) < 9 else 0,
        _is_on(flags, "--include-locked"),
        clean(schedule, 120),
    )


def _flags(words: list[str]) -> dict[str, list[str]]:
    """The flags of a command with their values, `true` for those that take none."""
    flags: dict[str, list[str]] = {}
    remaining = iter(words)
    for word in remaining:
        name, equals, value = word.partition("=")
        if not name.startswith("-"):
            continue
        if not equals:
            value = next(remaining, "") if name in _VALUES else "true"
        flags.setdefault("--filter" if name == "-f" else name, []).append(value)
    return flags


def _is_on(flags: Mapping[str, list[str]], name: str) -> bool:
    return flags.get(name, ["false"])[-1].lower() in ("true", "1", "t")


def _filter(text: str) -> PurgeFilter | None:
    parts = _COLON.split(text) if len(text) <= LONGEST else []
    return PurgeFilter(*parts) if len(parts) == 2 and all(parts) else None


def _duration(text: str) -> timedelta | None:
    """`7d`, `12h` or `2d3h6m`."""
    match = _DAYS.fullmatch(text) if text else None
    if match is None:
        return None
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(match[2]))
    return min(timedelta(days=int(match[1] or 0)) + timedelta(seconds=min(seconds, _MOST.total_seconds())), _MOST)
