"""`trustree cache`: what is kept on disk between runs, and how to be rid of it."""

from __future__ import annotations

import argparse

import msgspec

from tui.cli.commands import Invocation
from tui.cli.flags import add_output
from tui.cli.output import Exit, Writer, look_of_stdout, write_stdout
from tui.reports.columns import plain
from tui.reports.encoding import encode
from tui.settings.settings import Settings
from tui.settings.sizes import size_words
from tui.wiring.content import CacheState, cache_state, cache_words, clear_content

__all__ = ["add_arguments", "cache", "run"]


class CacheReport(msgspec.Struct, frozen=True):
    """What `cache -o json` prints: sizes in bytes; `cleared` says whether what is counted was taken away."""

    schema: str
    path: str
    enabled: bool
    entries: int
    size: int
    max_size: int
    set_aside: str
    problem: str
    cleared: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The format."""
    add_output(parser, ("table", "json"))


def run(call: Invocation) -> Exit:
    """Show what is kept, or clear it."""
    return cache(call.settings, call.action, call.flags.output, write_stdout)


def cache(settings: Settings, action: str, output: str, write: Writer) -> Exit:
    """Print how much is kept and where; with `clear`, take it away first. Raises TrustreeError where that cannot be."""
    state = cache_state(settings)
    if action == "clear":
        clear_content(settings)
    if output == "json":
        write([encode(_report(settings, state, cleared=action == "clear")), b"\n"])
    else:
        unicode = look_of_stdout(settings.ascii).unicode
        lines = _cleared(state) if action == "clear" else _lines(settings, state)
        write(f"{plain(line, unicode)}\n".encode(errors="replace") for line in lines)
    return Exit.OK


def _lines(settings: Settings, state: CacheState) -> list[str]:
    return [f"path   {state.path}", f"state  {cache_words(settings, state)}"]


def _cleared(state: CacheState) -> list[str]:
    if state.usage is None:
        return [f"Removed {state.path}, which could not be used: {state.problem}."]
    aside = [f"Removed {state.usage.aside}, which had been set aside."] if state.usage.aside else []
    return [f"Removed entries: {state.usage.entries:,}, {size_words(state.usage.size)}, from {state.path}.", *aside]


def _report(settings: Settings, state: CacheState, *, cleared: bool) -> CacheReport:
    usage = state.usage
    return CacheReport(
        schema="trustree/cache/v1",
        path=str(state.path),
        enabled=settings.keeps_content,
        entries=usage.entries if usage is not None else 0,
        size=usage.size if usage is not None else 0,
        max_size=settings.cache.max_size,
        set_aside=usage.aside if usage is not None else "",
        problem=state.problem,
        cleared=cleared,
    )
