"""The content that is kept on disk between runs, as settings describe it."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from tui.errors import TrustreeError
from tui.estate.content import ContentCache
from tui.estate.content_faults import CacheFault
from tui.estate.content_file import CacheUsage, ContentFile
from tui.settings.settings import Settings, paths
from tui.settings.sizes import size_words

__all__ = ["CacheState", "cache_state", "cache_words", "clear_content", "content_cache"]

DIRECTORY = "content"


class CacheState(msgspec.Struct, frozen=True):
    """Where content is kept, how much, and why it cannot be; `usage` is None then."""

    path: Path
    usage: CacheUsage | None
    problem: str = ""


def _content_file(settings: Settings) -> ContentFile:
    """The file of the user's cache directory."""
    return ContentFile(paths().cache / DIRECTORY, settings.cache.max_size)


def content_cache(settings: Settings) -> ContentCache | None:
    """What keeps content; None where the settings say to keep none, and for the demo, which is no estate of the operator's."""
    if not settings.keeps_content:
        return None
    return ContentCache(_content_file(settings))


def cache_state(settings: Settings) -> CacheState:
    """Look at the file, and change nothing. Blocks."""
    file = _content_file(settings)
    try:
        if not os.path.lexists(file.path):
            return CacheState(file.path, CacheUsage(0, 0, str(file.aside) if os.path.lexists(file.aside) else ""))
        return CacheState(file.path, file.usage())
    except (CacheFault, OSError) as fault:
        words = fault.words if isinstance(fault, CacheFault) else (fault.strerror or "it cannot be read").lower()
        return CacheState(file.path, None, words)
    finally:
        file.release()


def clear_content(settings: Settings) -> None:
    """Remove the file. Blocks. Raises TrustreeError."""
    file = _content_file(settings)
    try:
        file.clear()
    except CacheFault as fault:
        raise TrustreeError(f"{file.path} cannot be removed: {fault.words}.", f"Remove {file.path.parent} yourself.") from fault
    finally:
        file.release()


def cache_words(settings: Settings, state: CacheState) -> str:
    """In one line: how much is kept, or why nothing is."""
    if not settings.keeps_content:
        return "not used: the settings, --no-cache or --demo say so"
    if state.usage is None:
        return f"cannot be used: {state.problem}"
    aside = f"; an earlier file was set aside as {state.usage.aside}" if state.usage.aside else ""
    usage = f"entries: {state.usage.entries:,}, {size_words(state.usage.size)} of at most {size_words(settings.cache.max_size)}"
    return usage + aside
