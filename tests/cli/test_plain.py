"""`--plain`: sentences, one fact to a line, without anything that is drawn; asked line by line over a pipe."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from tests.cli.fakes import FakeEstate, opener_of
from tests.domain import estates as e
from tests.estates import company, sick
from tui.cli.main import main
from tui.domain.query.query import parse_query
from tui.domain.snapshot.snapshot import EMPTY, Snapshot
from tui.reports import Document, ReportScope, TextStyle, render

DRAWN = re.compile("[\x1b\u2500-\u27bf…·→●◉◍]|  ")
"""What is drawn and not said: escapes, boxes, blocks, arrows, signs, and columns."""


@pytest.fixture(autouse=True)
def _lines_of_any_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


def acting_on(snapshot: Snapshot) -> Any:
    """Opens an estate that knows one snapshot, with nothing to act on it."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[tuple[FakeEstate, None]]:
        yield FakeEstate(snapshot), None

    return lambda _: cast("AbstractAsyncContextManager[Any]", opened())


def talk(monkeypatch: pytest.MonkeyPatch, snapshot: Snapshot, *lines: str) -> int:
    """Type lines into a pipe."""
    reading, writing = os.pipe()
    os.write(writing, "".join(f"{line}\n" for line in lines).encode())
    os.close(writing)
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        return main(["--plain"], acting=acting_on(snapshot))


@pytest.mark.parametrize("view", list(ReportScope))
@pytest.mark.parametrize("query", ["", "is:running", "cve:CVE-2026-1", "base:debian", "api"])
def test_every_line_is_a_sentence_and_nothing_is_drawn(view: ReportScope, query: str) -> None:
    for snapshot in (company(), sick(), e.estate()):
        asked = parse_query(query)
        document = Document(snapshot, asked.images(snapshot, snapshot.as_of), view, query=asked)
        lines = b"".join(render("plain", document)).decode().splitlines()
        assert lines
        for line in lines:
            assert line.endswith((".", "!", "?")), line
            assert not DRAWN.search(line), line
            assert line[:1] == line[:1].upper() or not line.partition(" ")[0].isalpha(), line  # a name is written as it is


def test_lines_are_broken_between_words_where_they_have_a_width() -> None:
    document = Document(company(), parse_query("").images(company(), company().as_of), look=TextStyle(width=60))
    whole = Document(company(), document.selection)
    lines = b"".join(render("plain", document)).decode().splitlines()
    assert max(map(len, lines)) <= 60
    assert " ".join(lines).split() == b"".join(render("plain", whole)).decode().split()


def test_reports_are_sentences_where_these_are_wanted(capfd: pytest.CaptureFixture[str]) -> None:
    main(["report", "--plain", "api"], opener=opener_of(company()))
    sentences = capfd.readouterr().out
    assert "Image 1 of " in sentences
    main(["report", "-o", "plain", "api"], opener=opener_of(company()))
    assert capfd.readouterr().out == sentences
    main(["--plain", "api"], opener=opener_of(company()))
    assert capfd.readouterr().out == sentences
    main(["report", "--plain", "-o", "json", "api"], opener=opener_of(company()))
    assert capfd.readouterr().out.startswith("{")


def test_questions_are_answered_line_by_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    assert talk(monkeypatch, company(), "payments-api", "workloads", "verdict:bad", "nothing-has-this-name", "help", "quit") == 0
    first, found, workloads, wrong, nothing, helped, end = capfd.readouterr().out.split("> ")
    assert "Type help for what you can ask." in first
    assert "Image 1 of 1: " in found
    assert "payments-api:1.8.2 is not trusted." in found
    assert "the Deployment api in the namespace payments of the cluster prod-" in workloads
    assert "verdict" in wrong
    assert "Nothing was found." in nothing
    assert "quit ends." in helped
    assert end == ""


def test_long_answers_come_in_parts(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    assert talk(monkeypatch, company(), "images", "more") == 0
    _, first, second, _ = capfd.readouterr().out.split("> ")
    assert "These were 10 rows: more shows the next ones, if there are any." in first
    assert "Image 11 of 12: " in second
    assert "These were" not in second


@pytest.mark.parametrize(
    "typed", [b"x" * 3_000_000, b"images\n" * 3_000 + b"quit\n"], ids=["a line without an end", "many lines"]
)
def test_what_is_piped_in_is_read_a_little_ahead(monkeypatch: pytest.MonkeyPatch, typed: bytes, tmp_path: Path) -> None:
    (tmp_path / "typed").write_bytes(typed)
    with (tmp_path / "typed").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main(["--plain"], acting=acting_on(EMPTY)) == 0


def test_where_nothing_can_be_read_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with os.fdopen(reading) as stdin, os.fdopen(writing):
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main(["--plain"], acting=acting_on(company())) == 0
