"""Queries are kept between runs in files of our own: private, bounded, without secrets, whoever else writes them."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.fakes import opener_of
from tests.domain import estates as e
from tui.cli.main import main
from tui.errors import InvalidConfig, InvalidQuery, TrustreeError, UsageError
from tui.settings.load import load
from tui.settings.query_book import MOST_LINES, MOST_TYPED, QueryBook, looks_secret
from tui.settings.settings import Settings, paths


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where queries are kept; it is not there yet."""
    return tmp_path / "state" / "queries"


def reopened(directory: Path) -> QueryBook:
    """What the next run reads."""
    book = QueryBook(directory)
    book.load()
    return book


def test_what_was_typed_is_there_in_the_next_run_once_and_the_newest_last(directory: Path) -> None:
    book = QueryBook(directory)
    for text in ("ns:a", "is:stuck", "  ns:a  ", ""):
        book.remember(text)
    assert list(book.history) == list(reopened(directory).history) == ["is:stuck", "ns:a"]


def test_files_are_for_their_owner_alone_whatever_the_umask(directory: Path) -> None:
    before = os.umask(0)
    try:
        book = QueryBook(directory)
        book.remember("ns:a")
        book.save("mine", "ns:a")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (directory, *directory.iterdir())}
    assert modes == {"queries": 0o700, "history": 0o600, "saved": 0o600}


def test_the_history_is_bounded(directory: Path) -> None:
    book = QueryBook(directory)
    directory.mkdir(parents=True)
    (directory / "history").write_text("".join(f"ns:n{number}\n" for number in range(MOST_TYPED + 50)))
    book.remember("ns:new")
    assert len(reopened(directory).history) == MOST_TYPED
    assert reopened(directory).history[-1] == "ns:new"


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter22x",
        "https://user:secret@contoso.azurecr.io",
        "ghp_0123456789abcdefghijABCDEFGHIJ456789",
        "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2ln",
        "api Zm9vYmFyMTIzNDU2Nzg5MEFCQ0RFRg==",
        "ns:a token=abc123def456",
    ],
)
def test_what_looks_like_a_secret_is_not_kept(text: str, directory: Path) -> None:
    book = QueryBook(directory)
    book.remember(text)
    assert not book.history
    assert not (directory / "history").exists()
    with pytest.raises(UsageError, match="secret"):
        book.save("mine", f'"{text}"')


@pytest.mark.parametrize(
    "text",
    [
        "digest:sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "GHSA-7rqq-prvp-x9jh",
        "repo:payments/* base:contoso.azurecr.io/base/python:3.12 -is:scaled-to-zero",
        "kind:DaemonSet team:Team-Checkout-Platform",
        "payments-api-6f7d8c9b5d-x2x7q",
        "secret-store-csi",
    ],
)
def test_what_clusters_and_registries_call_things_is_no_secret(text: str) -> None:
    assert not looks_secret(text)


def test_several_processes_lose_nothing(directory: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tui.settings.query_book import QueryBook\n"
        "book = QueryBook(Path(sys.argv[1]))\n"
        "for number in range(40): book.remember(f'ns:{sys.argv[2]}{number}'); book.save(f'{sys.argv[2]}{number}', 'ns:a')\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(directory), name]) for name in "ab"]
    assert [process.wait(60) for process in running] == [0, 0]
    expected = {f"{name}{number}" for name in "ab" for number in range(40)}
    assert set(reopened(directory).history) == {f"ns:{each}" for each in expected}
    assert set(reopened(directory).saved) == expected


def test_a_query_is_saved_over_dropped_and_never_over_one_of_the_settings(directory: Path) -> None:
    book = QueryBook(directory, {"prod": "ns:prod"})
    book.save("mine", "is:stuck")
    book.save("mine", "@prod is:running")
    assert dict(book.saved) == {"prod": "ns:prod", "mine": "ns:prod is:running"}
    assert dict(reopened(directory).saved) == {"mine": "ns:prod is:running"}
    with pytest.raises(UsageError, match="settings"):
        book.save("prod", "ns:x")
    with pytest.raises(UsageError, match="settings"):
        book.forget("prod")
    book.forget("mine")
    assert not reopened(directory).saved
    with pytest.raises(UsageError, match="no saved query"):
        book.forget("mine")


@pytest.mark.parametrize(("name", "text"), [("a b", "ns:a"), ("", "ns:a"), ("mine", "  "), ("@x", "ns:a")])
def test_what_cannot_be_saved_is_refused(name: str, text: str, directory: Path) -> None:
    with pytest.raises(UsageError):
        QueryBook(directory).save(name, text)
    with pytest.raises(InvalidQuery):
        QueryBook(directory).save("mine", "is:stu")


def test_a_file_of_somebody_else_is_neither_read_nor_written(directory: Path, tmp_path: Path) -> None:
    directory.mkdir(parents=True)
    other = tmp_path / "other"
    other.write_text("theirs\n")
    (directory / "saved").symlink_to(other)
    with pytest.raises(TrustreeError, match="link"):
        QueryBook(directory).save("mine", "ns:a")
    assert other.read_text() == "theirs\n"
    os.mkfifo(directory / "history")
    book = reopened(directory)
    book.remember("ns:a")
    assert not book.history


def test_damaged_lines_are_passed_over(directory: Path) -> None:
    directory.mkdir(parents=True)
    (directory / "history").write_bytes(b"ns:a\n\xff\xfe\x00\nns:evil\x1b[31m\n" + b"x" * 5000 + b"\nis:stuck\n")
    (directory / "saved").write_bytes(b"mine ns:a\nonlyname\n- x\n")
    book = reopened(directory)
    assert "ns:a" in book.history
    assert "is:stuck" in book.history
    assert not any("\x1b" in line or len(line) > 3000 for line in book.history)
    assert dict(book.saved) == {"mine": "ns:a"}


def test_without_a_directory_queries_are_kept_for_the_run(directory: Path) -> None:
    book = QueryBook()
    book.remember("ns:a")
    book.save("mine", "ns:a")
    book.load()
    assert (list(book.history), dict(book.saved)) == (["ns:a"], {"mine": "ns:a"})


def configured(home: Path, text: str) -> None:
    """Write the settings of the usual place."""
    file = paths().config
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_the_command_line_takes_saved_queries_and_points_at_one_that_is_none(
    home: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    configured(home, '[queries]\nprod = "ns:payments"\n')
    QueryBook(Settings().query_directory).save("mine", "ledger")
    assert main(["report", "@prod", "@mine", "-o", "name"], opener=opener_of(e.estate())) in (0, 2, 3)
    by_name = capsysbinary.readouterr().out
    main(["report", "ns:payments", "ledger", "-o", "name"], opener=opener_of(e.estate()))
    assert by_name == capsysbinary.readouterr().out != b""
    assert main(["report", "ns:a", "@pord"], opener=opener_of(e.estate())) == 1
    said = capsysbinary.readouterr().err.decode().splitlines()
    assert said[0] == "trustree: There is no saved query “pord”."
    assert said[2].index("^") == said[1].index("@pord")
    assert "Did you mean `@prod`?" in said[3]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[queries]\nok = "ns:a"\nbad = "ns:a is:stu"\n', ":3:1: The query “bad” is wrong at 9: “stu” is not a value of `is`."),
        ("[queries]\nbad = 3\n", ":2:1: “bad” has a wrong value."),
        ('[queries]\nbad = " "\n', ":2:1: “bad” has a wrong value."),
        ('[queries]\n"a b" = "ns:a"\n', ":2:1: “a b” cannot be the name of a query."),
        ('[queries]\n"-x" = "ns:a"\n', "cannot be the name of a query."),
    ],
)
def test_a_query_of_the_settings_that_is_none_is_shown_with_its_place(text: str, words: str, home: Path) -> None:
    configured(home, text)
    with pytest.raises(InvalidConfig) as caught:
        load({})
    assert words in caught.value.headline


def test_saved_queries_count_in_the_demo_whose_own_are_kept_apart(home: Path) -> None:
    configured(home, '[queries]\nprod = "ns:payments"\n')
    settings = load({"demo": "contoso"})
    assert settings.queries == {"prod": "ns:payments"}
    assert settings.query_directory != load({}).query_directory


def test_of_a_huge_file_only_its_end_is_looked_through(directory: Path) -> None:
    directory.mkdir(parents=True)
    (directory / "history").write_text("é\n" * 1_000_000 + "ns:last\n")
    book = QueryBook(directory)
    book.load()
    assert len(book.history) <= MOST_LINES
    assert book.history[-1] == "ns:last"
