"""Reports: the second front end on the same snapshot. Each module `as_<name>` is one format and has a row in `FORMATS`.

Begin with `document`, then `as_json`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping

from tui.errors import UsageError
from tui.reports.document import Document, Format, ReportScope, TextStyle

__all__ = ["FORMATS", "Document", "Format", "ReportScope", "TextStyle", "format_named", "format_names", "render"]

FORMATS: Mapping[str, str] = {
    "csv": "a row for each thing",
    "cyclonedx": "CycloneDX 1.6, with VEX",
    "html": "one page, without scripts",
    "json": "schema trustree/report/v1",
    "jsonl": "one object to a line",
    "junit": "JUnit XML, for pipelines",
    "markdown": "for a pull request, a wiki",
    "name": "a name to a line, for xargs",
    "plain": "sentences, a fact to a line",
    "prometheus": "for a textfile collector",
    "sarif": "SARIF, for code scanning",
    "table": "for people, worst first",
}
"""The formats there are, and what each is for in 27 characters. A module is imported when its format is asked for."""


def format_names() -> tuple[str, ...]:
    """The names of the formats that exist, without importing any."""
    return tuple(FORMATS)


def format_named(name: str) -> Format:
    """The format of a name. Raises UsageError."""
    if name not in FORMATS:
        raise UsageError(f"There is no report format “{name}”.", f"Formats are {', '.join(format_names())}.")
    module = importlib.import_module(f"{__name__}.as_{name}")
    format_ = module.FORMAT
    assert isinstance(format_, Format)
    return format_


def render(name: str, document: Document) -> Iterator[bytes]:
    """The report in pieces, as bytes ready for standard output. Raises UsageError."""
    return format_named(name).render(document)
