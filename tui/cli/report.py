"""`trustree report`: what is known, in any of the formats."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import zip_longest

import msgspec

from tui.cli.commands import Invocation
from tui.cli.flags import add_output, add_wait
from tui.cli.output import Exit, Writer, look_of_stdout, write_stdout
from tui.cli.reading import Opener, answered, exit_of_report, look, meant, refuse_nothing_to_ask, remark
from tui.domain.query.query import Query, Selection
from tui.domain.query.subject import finds_workloads_alone
from tui.domain.snapshot.snapshot import Snapshot
from tui.reports import FORMATS, Document, ReportScope, TextStyle, format_named, format_names
from tui.settings.settings import Settings

__all__ = [
    "Options",
    "add_arguments",
    "add_printing",
    "document_of",
    "output_of",
    "print_found",
    "print_report",
    "run",
    "view_for_readers",
]

VIEWS = tuple(scope.value for scope in ReportScope if scope is not ReportScope.ALL)


class Options(msgspec.Struct, frozen=True):
    """What is asked of the commands that print; `wait` in seconds."""

    output: str = "table"
    view: str = ""
    wait: float = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Format, view, and how long to wait."""
    add_printing(parser, view="", formats="one of those below")
    parser.epilog = "\n".join(("formats, a table if none is given:", *_in_two_columns([*FORMATS.items()])))


def _in_two_columns(formats: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Names and what they are for, so that there is room for many on one screen."""
    entries = [f"{name:10} {words}" for name, words in formats]
    first, second = entries[: (len(entries) + 1) // 2], entries[(len(entries) + 1) // 2 :]
    width = max(map(len, first))
    yield from (f"  {left:{width}}  {right}".rstrip() for left, right in zip_longest(first, second, fillvalue=""))


def add_printing(parser: argparse.ArgumentParser, view: str, formats: str = "") -> None:
    """The flags of commands that print a report; `view` is what they show when no view is asked for, empty for the format's.

    `formats` stands in the help where these are listed elsewhere.
    """
    add_output(parser, format_names(), formats)
    parser.add_argument("--view", choices=VIEWS, default=view, metavar="VIEW", help=", ".join(VIEWS))
    add_wait(parser)


def run(call: Invocation) -> Exit:
    """Print what is known."""
    refuse_nothing_to_ask(call.settings)
    options = Options(output_of(call), call.flags.view, call.flags.wait)
    return print_report(call.settings, call.query(), options, call.opener, write_stdout)


def output_of(call: Invocation) -> str:
    """The format that is asked for: sentences where no other was named and these are wanted everywhere."""
    return "plain" if call.settings.plain and call.flags.output == "table" else str(call.flags.output)


def print_report(settings: Settings, query: Query, options: Options, opener: Opener, write: Writer) -> Exit:
    """Print what is known once it is complete, or the time to wait is over."""
    read_whole = not query.terms and _view(options) is not ReportScope.WORKLOADS
    snapshot, selection = look(settings, query, options.wait, opener, everything=read_whole)
    print_found(settings, query, options, (snapshot, selection), write)
    return exit_of_report(snapshot, selection)


def print_found(settings: Settings, query: Query, options: Options, looked: tuple[Snapshot, Selection], write: Writer) -> None:
    """Print what a query finds in a snapshot: its answer and what was meant by it first, what is missing last."""
    snapshot, selection = looked
    document = document_of(query, snapshot, selection, options, look_of_stdout(settings.ascii))
    if options.output != "plain":  # which begins with it
        answered(document.answer)
    meant(query, snapshot, selection)
    write(format_named(options.output).render(document))
    remark(snapshot, selection)


def document_of(query: Query, snapshot: Snapshot, selection: Selection, options: Options, look: TextStyle) -> Document:
    """What is printed."""
    shows_what_is_found = not options.view and format_named(options.output).read_by_people
    view = view_for_readers(query, selection) if shows_what_is_found else _view(options)
    return Document(snapshot, selection, view, look, query)


def view_for_readers(query: Query, selection: Selection) -> ReportScope:
    """The rows that show what a query finds, where none were asked for: images, or workloads where these are what is found."""
    alone = finds_workloads_alone(query.terms, selection.images, selection.workloads)
    return ReportScope.WORKLOADS if alone else ReportScope.IMAGES


def _view(options: Options) -> ReportScope:
    return ReportScope(options.view) if options.view else format_named(options.output).view
