"""Reports: the second front end on the same snapshot. Each module `as_<name>` is one format and is found by its name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from tui.errors import UsageError
from tui.reports.document import Document, Format, ReportScope, TextStyle

__all__ = ["Document", "Format", "ReportScope", "TextStyle", "format_named", "format_names", "render"]

PREFIX = "as_"


def format_names() -> tuple[str, ...]:
    """The names of the formats that exist, without importing any."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name.removeprefix(PREFIX) for name in found if name.startswith(PREFIX)))


def format_named(name: str) -> Format:
    """The format of a name. Raises UsageError."""
    if name not in format_names():
        raise UsageError(f"There is no report format “{name}”.", f"Formats are {', '.join(format_names())}.")
    module = importlib.import_module(f"{__name__}.{PREFIX}{name}")
    found = module.FORMAT
    assert isinstance(found, Format)
    return found


def render(name: str, document: Document) -> Iterator[bytes]:
    """The report in pieces, as bytes ready for standard output. Raises UsageError."""
    return format_named(name).render(document)
