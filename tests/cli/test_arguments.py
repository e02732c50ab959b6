"""What is typed where a command may stand."""

from __future__ import annotations

import pytest

from tui.cli.arguments import parse
from tui.cli.commands import COMMANDS
from tui.errors import UsageError


def query_of(*argv: str) -> tuple[str, str]:
    """The command and the query that are understood."""
    found = parse(argv)
    return found.command, found.query


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("reprot", "report"), ("repport", "report"), ("reort", "report"), ("Reprot", "report"), ("chekc", "check"),
        ("docter", "doctor"), ("dcotor", "doctor"), ("inof", "info"), ("polcy", "policy"), ("reports", "report"),
    ],
)  # fmt: skip
def test_a_misspelt_command_is_refused_with_the_one_that_was_meant(typed: str, meant: str) -> None:
    with pytest.raises(UsageError) as error:
        query_of(typed, "ns:prod")
    assert "is not a command" in error.value.headline
    assert f"`trustree {meant}`" in error.value.remedy
    assert query_of("--", typed) == ("", typed)


@pytest.mark.parametrize(
    "word", ["repo", "checkout", "docker", "infra", "redis", "nginx:1.25", "report-api", "payments", "in", "sha256:ab"]
)
def test_other_words_are_queries(word: str) -> None:
    assert query_of(word) == ("", word)
    assert query_of("report", word) == ("report", word)
    assert query_of("check", "reprot") == ("check", "reprot")


@pytest.mark.parametrize("command", ["info", "doctor", "cache"])
def test_what_takes_no_query_offers_none(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError):
        query_of(command, "ns:prod")
    with pytest.raises(SystemExit):
        query_of(command, "--help")
    shown = capsys.readouterr().out
    assert "QUERY" not in shown
    assert "query" not in shown
    assert "trustree options" in shown


def test_every_command_is_understood() -> None:
    assert {query_of(command)[0] for command in COMMANDS} == set(COMMANDS)
