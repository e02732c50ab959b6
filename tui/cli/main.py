"""The command line. Nothing heavy is imported before it is known to be needed.

Exit codes: 0 ok; 1 usage or runtime error; 2 policy violated; 3 could not tell, as something needed was unknown or partial;
4 nothing could be read (no cluster, or no source at all), as nobody is signed in or has the right; 130 interrupted.
What is known beats what is not: 2 beats 4, and 4, which says why, beats 3.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from tui.cli.arguments import parse
from tui.cli.commands import QUERY, Invocation, command_named
from tui.cli.descriptors import allow_enough
from tui.errors import InvalidQuery, TrustreeError, fault_of
from tui.settings.authorities import check_authorities
from tui.settings.load import load
from tui.settings.settings import Settings, paths
from tui.wiring.interpreter import prepare_interpreter

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from contextlib import AbstractAsyncContextManager

    from tui.actions.actions import Actions
    from tui.cli.openers import ActingOpener
    from tui.cli.reading import Opener, OpenEstate
    from tui.wiring.examination import Diagnose, Examined, TriedReport

__all__ = ["main"]

ERROR = 1
INTERRUPTED = 130


def main(
    argv: Sequence[str] | None = None,
    *,
    opener: Opener | None = None,
    diagnose: Diagnose | None = None,
    acting: ActingOpener | None = None,
) -> int:
    """Run the command line and give the exit code; the others stand in for those of `tui.wiring`."""
    if argv is None:
        sys.excepthook = _last_words
        argv = sys.argv[1:]
    code = _explained(argv, Wired(opener or _wired_opener, diagnose or _wired_diagnose, acting or _wired_acting))
    if "tui.cli.log" in sys.modules:
        from tui.cli.log import log_end

        log_end(code)
    return code


class Wired(NamedTuple):
    """What commands are run with, besides what was typed."""

    opener: Opener
    diagnose: Diagnose
    acting: ActingOpener


def _explained(argv: Sequence[str], wired: Wired) -> int:
    """Run, and say what went wrong."""
    try:
        return _run(argv, wired)
    except KeyboardInterrupt:
        return INTERRUPTED
    except TrustreeError as error:
        _explain(error)
    except BaseExceptionGroup as group:
        return _explain_group(group)
    except OSError as error:
        _explain(TrustreeError(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}."))
    return ERROR


def _run(argv: Sequence[str], wired: Wired) -> int:
    prepare_interpreter()
    allow_enough()
    arguments = parse(argv)
    settings = load(arguments.settings, path=arguments.config)
    _start_log(settings, arguments.command)
    command = command_named(arguments.command)
    if command.asks:
        check_authorities()
    asks = not command.actions or command.actions[arguments.action] == QUERY
    query = _expanded(arguments.query, settings) if asks else arguments.query
    invocation = Invocation(settings, arguments.action, query, arguments.flags, *wired)
    return command.module().run(invocation)


def _expanded(text: str, settings: Settings) -> str:
    """The query with saved ones in the place of their names. Raises InvalidQuery."""
    if "@" not in text:
        return text
    from tui.domain.query.saved import expand
    from tui.settings.query_book import QueryBook

    book = QueryBook(settings.query_directory, settings.queries)
    book.load()
    try:
        return expand(text, book.saved).text
    except InvalidQuery as error:
        error.add_note(text)
        raise


def _wired_opener(settings: Settings) -> AbstractAsyncContextManager[OpenEstate]:
    opened: AbstractAsyncContextManager[OpenEstate] = importlib.import_module("tui.wiring.opening").opened(settings, once=True)
    return opened


def _wired_acting(settings: Settings) -> AbstractAsyncContextManager[tuple[OpenEstate, Actions]]:
    opened: AbstractAsyncContextManager[tuple[OpenEstate, Actions]] = importlib.import_module("tui.wiring.opening").opened_to_act(
        settings
    )
    return opened


def _wired_diagnose(settings: Settings, report: TriedReport) -> Awaitable[Sequence[Examined]]:
    diagnose: Diagnose = importlib.import_module("tui.wiring.parts").diagnose
    return diagnose(settings, report)


def _start_log(settings: Settings, command: str) -> None:
    from tui import __version__
    from tui.cli.log import log_begin, start_log

    log_file = settings.log_file
    start_log(settings.log_level, Path(log_file).expanduser() if log_file else paths().log, named_by_operator=bool(log_file))
    demo = f" of the demo {settings.demo}" if settings.demo else ""
    log_begin(f"{command or 'the estate'}{demo}", __version__)


def _explain(error: TrustreeError) -> None:
    """Say on stderr what is wrong and what to do, with a caret under the fault of a query."""
    from tui.cli.log import log_error
    from tui.cli.output import say

    log_error(error)
    say(f"trustree: {error.headline}")
    if isinstance(error, InvalidQuery) and getattr(error, "__notes__", None):
        _point(error.__notes__[0], error.position)
    if error.remedy:
        say(f"  {error.remedy}")


def _point(text: str, position: int) -> None:
    from tui.cli.output import say
    from tui.reports.columns import cells, plain

    before = plain(text[:position], unicode=True)
    say(f"  {before}{plain(text[position:], unicode=True)}")
    say(f"  {' ' * cells(before)}^")


def _explain_group(group: BaseExceptionGroup[BaseException]) -> int:
    """Say the errors that explain themselves; anything else in the group goes on its way."""
    explained, other = group.split(TrustreeError)
    if other is not None:
        interrupted, other = other.split(KeyboardInterrupt)
        if interrupted is not None:
            return INTERRUPTED
        if other is not None:
            raise other
    for error in _leaves(explained) if explained else ():
        _explain(error)
    return ERROR


def _leaves(group: BaseExceptionGroup[TrustreeError]) -> list[TrustreeError]:
    leaves: list[TrustreeError] = []
    for error in group.exceptions:
        leaves += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return leaves


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """For a fault of our own: the traceback goes to the log, one line to the operator."""
    import logging

    from tui.cli.output import say

    logging.getLogger("trustree").critical("the program ended", exc_info=(kind, error, trace))
    say(fault_of(kind))
