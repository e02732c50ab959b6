"""Reports: the second front end on the same snapshot. Each module `as_<name>` is one format and has a row in `FORMATS`."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping

from tui.errors import UsageError
from tui.reports.document import Document, Format, ReportScope, TextStyle

__all__ = ["FORMATS", "Document", "Format", "ReportScope", "TextStyle", "format_named", "format_names", "render"]

FORMATS: Mapping[str, str] = {
    "csv": "a row for each image, container, problem or source",
    "cyclonedx": "CycloneDX 1.6: images, their bases, their vulnerabilities",
    "html": "the table as one page without scripts",
    "json": "one document of the schema trustree/report/v1",
    "jsonl": "the same, one object to a line",
    "junit": "JUnit XML, for the test view of a pipeline",
    "markdown": "the table for a pull request or a page of a wiki",
    "name": "one name to a line, for xargs",
    "plain": "sentences, one fact to a line, for screen readers",
    "prometheus": "the text exposition format, for a textfile collector",
    "sarif": "SARIF 2.1.0, for code scanning",
    "table": "aligned text for people, worst first",
}
"""The formats there are, and what each is for. A module is imported when its format is asked for."""


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
