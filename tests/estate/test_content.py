"""Content kept on disk: it comes out whole or not at all, and nothing that happens to the file fails anybody."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.estate.content_writer import digest_of
from tests.real.kill_cache import kill_writers
from tui.estate.content import HELD_FOR, ContentCache
from tui.estate.content_faults import FileBusy, WrongFile
from tui.estate.content_file import APPLICATION, LARGEST, TOUCH, VERSION, ContentFile, Entry

MANIFEST = b'{"schemaVersion": 2}'
DIGEST = digest_of(MANIFEST)
LIMIT = 4 << 20


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "content"


@asynccontextmanager
async def opened(directory: Path, limit: int = LIMIT) -> AsyncIterator[ContentCache]:
    cache = ContentCache(ContentFile(directory, limit))
    try:
        yield cache
    finally:
        await cache.close()


async def keep(directory: Path, *contents: bytes) -> None:
    async with opened(directory) as cache:
        for content in contents:
            cache.put(digest_of(content), content)


async def kept(directory: Path, content: bytes = MANIFEST) -> bool:
    async with opened(directory) as cache:
        return await cache.get(digest_of(content)) == content


def modes(directory: Path) -> dict[str, int]:
    """The permissions of a directory and of what is in it, by name."""
    return {path.name: stat.S_IMODE(path.lstat().st_mode) for path in (directory, *directory.iterdir())}


def change(directory: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(directory / "content.sqlite")) as connection, connection:
        connection.execute(statement, values)


async def test_the_next_run_finds_what_this_one_kept(directory: Path) -> None:
    async with opened(directory) as cache:
        assert await cache.get(DIGEST) is None
        cache.put(DIGEST, MANIFEST)
        assert await cache.get(DIGEST) == MANIFEST  # before it is on the disk, too
    assert await kept(directory)


async def test_what_was_kept_is_for_its_owner_alone(directory: Path) -> None:
    before = os.umask(0)
    try:
        await keep(directory, MANIFEST)
    finally:
        os.umask(before)
    assert modes(directory) == {"content": 0o700, "content.sqlite": 0o600, "lock": 0o600}


async def test_what_others_could_read_is_narrowed(directory: Path) -> None:
    await keep(directory, MANIFEST)
    os.chmod(directory / "content.sqlite", 0o644)
    os.chmod(directory, 0o755)
    assert await kept(directory)
    assert modes(directory) == {"content": 0o700, "content.sqlite": 0o600, "lock": 0o600}


@pytest.mark.parametrize("body", [b"other bytes", MANIFEST + b" ", b""], ids=["other", "longer", "empty"])
async def test_changed_content_never_counts(directory: Path, body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    await keep(directory, MANIFEST)
    change(directory, "UPDATE entry SET body = ?", body)
    assert not await kept(directory)
    assert "is not what it was" in caplog.text
    await keep(directory, MANIFEST)
    assert await kept(directory)


async def test_content_is_not_found_under_a_name_that_is_no_digest(directory: Path) -> None:
    async with opened(directory) as cache:
        for name in ("latest", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:", "", "answer:x"):
            cache.put(name, b"")
            assert await cache.get(name) is None


def truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2 + 100)


def scribble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 : 4096 + 6000] = os.urandom(6000)
    path.write_bytes(content)


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE entry (mine TEXT)")
        connection.execute("INSERT INTO entry VALUES ('precious')")


def foreign_with_a_log(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE entry (mine TEXT)")


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")


def retabled(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE entry ADD COLUMN more TEXT")


def triggered(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry; END")


def retyped(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE entry SET body = 'text', stored = x'00', used = 'often'")


def half_made(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


def linked(path: Path) -> None:
    target = path.parent.parent / "elsewhere"
    target.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(target)


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent.parent / "nowhere")


def a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "file").write_text("precious")


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES: list[Callable[[Path], object]] = [
    *(truncate, scribble, lambda path: path.write_bytes(os.urandom(20_000)), lambda path: path.write_text("garbage")),
    *(foreign, foreign_with_a_log, newer, retabled, triggered, retyped, half_made, linked, dangling, a_directory, a_pipe),
]
NAMES = [
    *("truncated", "scribbled", "random", "text", "foreign", "foreign-log", "newer", "other-columns", "trigger", "other-types"),
    *("half-made", "linked", "dangling", "directory", "pipe"),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=NAMES)
async def test_a_file_that_cannot_be_used_is_told_set_aside_and_made_anew(
    directory: Path, damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    many = [b"%d" % number * 500 for number in range(100)]
    await keep(directory, MANIFEST, *many)
    damage(directory / "content.sqlite")
    async with opened(directory) as cache:
        for content in (MANIFEST, *many):
            assert await cache.get(digest_of(content)) in (None, content)
            cache.put(digest_of(content), content)
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1, warnings
    assert "content.sqlite.aside" in warnings[0]
    assert "content.sqlite.aside" in modes(directory)
    async with opened(directory) as cache:
        assert [await cache.get(digest_of(content)) for content in (MANIFEST, *many)] == [MANIFEST, *many]
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1


async def test_what_belongs_to_another_program_is_kept_whole(directory: Path) -> None:
    await keep(directory, MANIFEST)
    foreign(directory / "content.sqlite")
    await keep(directory, MANIFEST)
    with closing(sqlite3.connect(directory / "content.sqlite.aside")) as connection:
        assert connection.execute("SELECT mine FROM entry").fetchall() == [("precious",)]


async def test_what_a_link_leads_to_is_left_alone(directory: Path) -> None:
    await keep(directory, MANIFEST)
    linked(directory / "content.sqlite")
    target = directory.parent / "elsewhere"
    before = target.read_bytes()
    await keep(directory, b"more")
    assert target.read_bytes() == before


async def test_only_the_last_file_is_kept_aside(directory: Path) -> None:
    for turn in range(3):
        await keep(directory, MANIFEST)
        (directory / "content.sqlite").write_text(f"garbage {turn}")
        await keep(directory, MANIFEST)
    assert modes(directory).keys() == {"content", "content.sqlite", "content.sqlite.aside", "lock"}
    assert (directory / "content.sqlite.aside").read_text() == "garbage 2"


async def test_an_empty_file_is_a_new_one(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    await keep(directory, MANIFEST)
    (directory / "content.sqlite").write_bytes(b"")
    await keep(directory, MANIFEST)
    assert await kept(directory)
    assert not caplog.records


async def test_it_stays_within_its_size_and_lets_go_what_was_not_used_for_longest(directory: Path) -> None:
    moment = [0.0]
    file = ContentFile(directory, 1 << 20, clock=lambda: moment[0])
    contents = [b"%04d" % number * 5_000 for number in range(200)]
    file.put([Entry(DIGEST, MANIFEST, 0)])
    for content in contents:
        moment[0] += TOUCH + 1
        assert file.get(DIGEST) is not None  # used all the time, and so it stays
        file.put([Entry(digest_of(content), content, 0)])
        assert file.path.stat().st_size <= (1 << 20) + 40_000
    left = [file.get(digest_of(content)) is not None for content in contents]
    assert left == sorted(left)
    assert sum(left) > 30
    file.release()


async def test_what_is_too_large_is_not_kept(directory: Path) -> None:
    large = bytes(LARGEST + 1)
    async with opened(directory, 1 << 30) as cache:
        cache.put(digest_of(large), large)
        assert await cache.get(digest_of(large)) is None


async def test_two_processes_may_use_it_at_once(directory: Path) -> None:
    async with opened(directory) as first, opened(directory) as second:
        for number in range(50):
            one, other = b"first %d" % number, b"second %d" % number
            first.put(digest_of(one), one)
            second.put(digest_of(other), other)
            await asyncio.gather(first.get(DIGEST), second.get(DIGEST))
            assert await first.get(digest_of(one)) == one
            assert await second.get(digest_of(other)) == other
    for number in range(50):
        assert await kept(directory, b"first %d" % number)
        assert await kept(directory, b"second %d" % number)


async def test_a_file_that_another_process_sets_aside_is_let_go(directory: Path) -> None:
    """Who goes on to write to it would leave a journal beside the new one, which has the same name."""
    first, second = ContentFile(directory, LIMIT), ContentFile(directory, LIMIT)
    first.put([Entry(DIGEST, MANIFEST, 0)])
    assert second.get(DIGEST) is not None
    first.set_aside()
    second.set_aside()  # it is the new one's turn only if the file is still the one that was found wrong
    first.put([Entry("sha256:new", b"new", 0)])
    assert second.get("sha256:new") is not None
    assert second.get(DIGEST) is None
    first.release()
    second.release()


async def test_killed_writers_leave_it_whole(directory: Path) -> None:
    await asyncio.to_thread(kill_writers, directory, 5)


async def test_nobody_waits_for_a_process_that_holds_it(directory: Path) -> None:
    await keep(directory, MANIFEST)
    moment = [0.0]
    holder = sqlite3.connect(directory / "content.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    cache = ContentCache(ContentFile(directory, LIMIT), monotonic=lambda: moment[0])
    try:
        for _ in range(100):  # the first one waits, the others do not
            assert await cache.get(DIGEST) is None
        holder.execute("ROLLBACK")
        assert await cache.get(DIGEST) is None
        moment[0] += HELD_FOR
        assert await cache.get(DIGEST) == MANIFEST
    finally:
        holder.close()
        await cache.close()


async def test_without_room_for_files_it_goes_on(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    await keep(directory, MANIFEST)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((directory / "content.sqlite").stat().st_size, before[1]))
    try:
        async with opened(directory) as cache:
            for number in range(20):
                content = b"%d" % number * 50_000
                cache.put(digest_of(content), content)
                await cache.get(digest_of(content))
            assert await cache.get(DIGEST) == MANIFEST  # what is there can still be read
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(caplog.records) == 1
    assert "content is not kept in" in caplog.text
    assert await kept(directory)


@pytest.mark.parametrize("blocked", ["cache", "cache/content", "cache/content/lock"])
async def test_without_a_directory_of_its_own_it_goes_on(
    tmp_path: Path, directory: Path, blocked: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / blocked).parent.mkdir(parents=True, exist_ok=True)
    if blocked.endswith("lock"):
        (tmp_path / blocked).mkdir()
    else:
        (tmp_path / blocked).write_text("a file")
    async with opened(directory) as cache:
        for _ in range(3):
            cache.put(DIGEST, MANIFEST)
            await cache.get(DIGEST)
    assert 1 <= len(caplog.records) <= 2
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


async def test_answers_are_kept_with_their_time(directory: Path) -> None:
    key = "ocsp:" + "long" * 5_000
    async with opened(directory) as cache:
        cache.keep_answer(key, b"good")
    async with opened(directory) as cache:
        answer = await cache.answer(key)
        assert answer is not None
        assert answer[0] == b"good"
        assert answer[1] <= datetime.now(UTC)
        assert await cache.answer("ocsp:other") is None


async def test_an_answer_from_the_future_does_not_count(directory: Path) -> None:
    async with opened(directory) as cache:
        cache.keep_answer("crl:x", b"list")
    change(directory, "UPDATE entry SET stored = 1e12")
    async with opened(directory) as cache:
        assert await cache.answer("crl:x") is None


async def test_clearing_leaves_nothing(directory: Path) -> None:
    await keep(directory, MANIFEST)
    (directory / "content.sqlite").write_text("garbage")
    await keep(directory, MANIFEST)
    file = ContentFile(directory, LIMIT)
    file.clear()
    file.release()
    assert modes(directory).keys() == {"content", "lock"}
    assert not await kept(directory)


def test_faults_are_of_a_kind(directory: Path) -> None:
    file = ContentFile(directory, LIMIT)
    file.put([Entry(DIGEST, MANIFEST, 0)])
    with closing(sqlite3.connect(file.path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(FileBusy):
            file.get(DIGEST)
    file.path.write_text("garbage" * 1000)
    with pytest.raises(WrongFile):
        file.get(DIGEST)
    file.release()
