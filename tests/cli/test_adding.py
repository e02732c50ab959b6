"""A command and a report format are each added by one module and one row: here they are, and everything knows them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import cast

import pytest

from tests.cli.fakes import opener_of
from tests.estates import company
from tui.cli.commands import COMMANDS, Command, Invocation
from tui.cli.main import main
from tui.reports import FORMATS, Document, Format, ReportScope


def module(monkeypatch: pytest.MonkeyPatch, name: str, **members: object) -> None:
    """The module that would lie in its room."""
    made = ModuleType(name)
    vars(made).update(members)
    monkeypatch.setitem(sys.modules, name, made)


def row(monkeypatch: pytest.MonkeyPatch, table: Mapping[str, object], name: str, value: object) -> None:
    """The row in the table."""
    monkeypatch.setitem(cast("dict[str, object]", table), name, value)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One flag with a value."""
    parser.add_argument("--limit", metavar="SIZE", help="how much is kept")


def run(call: Invocation) -> int:
    """Say what was understood."""
    print(f"{call.action} {call.text} {call.flags.limit}")
    return 7


@pytest.fixture
def attic(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command with actions."""
    module(monkeypatch, "tui.cli.attic", add_arguments=add_arguments, run=run)
    row(monkeypatch, COMMANDS, "attic", Command("attic", "look at what is kept", actions={"show": "", "empty": "NAME"}))


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        (["attic"], "show  None"),
        (["attic", "empty", "old"], "empty old None"),
        (["--limit", "5", "attic"], "show  5"),
        (["attic", "--limit=5", "empty"], "empty  5"),
        (["--log-level", "error", "attic", "--limit", "report", "show"], "show  report"),
    ],
)
@pytest.mark.usefixtures("attic")
def test_a_command_is_run_with_its_own_flags(typed: list[str], understood: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(typed) == 7
    assert capsys.readouterr().out.strip() == understood.strip()


@pytest.mark.usefixtures("attic")
def test_help_and_refusals_name_a_new_command(capsys: pytest.CaptureFixture[str]) -> None:
    for typed, words in {("--help",): "attic      look at what is kept", ("attic", "--help"): "[show | empty NAME]"}.items():
        with pytest.raises(SystemExit):
            main(typed)
        assert words in capsys.readouterr().out
    for typed, words in {
        ("atic",): "`trustree attic`",
        ("attic", "burn"): "It is one of show, empty.",
        ("attic", "show", "more"): "takes fewer arguments",
        ("attic", "--wait", "5s"): "unrecognized arguments: --wait",
        ("report", "--limit", "5"): "unrecognized arguments: --limit",
        ("--limit", "5"): "unrecognized arguments: --limit",
    }.items():
        assert main(typed) == 1
        assert words in capsys.readouterr().err


def count_lines(document: Document) -> Iterator[bytes]:
    """How many images there are."""
    yield f"{len(document.images())} images\n".encode()


def test_a_report_format_is_asked_for_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    module(monkeypatch, "tui.reports.as_total", FORMAT=Format(ReportScope.IMAGES, count_lines))
    row(monkeypatch, FORMATS, "total", "how many there are")
    main(["report", "-o", "total"], opener=opener_of(company()))
    assert capsysbinary.readouterr().out == b"12 images\n"
    with pytest.raises(SystemExit):
        main(["report", "--help"])
    assert b"total      how many there are" in capsysbinary.readouterr().out
