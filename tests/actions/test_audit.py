"""The audit log: private, appended to, safe on disk, and nothing is sent that it cannot take."""

from __future__ import annotations

import errno
import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui.actions.audit import AuditEvent, AuditFault, AuditLine, AuditLog, Operator, this_operator

NOW = datetime(2026, 3, 1, 10, 42, 7, tzinfo=UTC)
OPERATOR = Operator("ada", 1000, "jump-1", 4711, {"cluster/prod-weu": "ada@contoso.com"})


def line(event: AuditEvent = AuditEvent.SENDING, **members: str) -> AuditLine:
    """A line about a step."""
    return AuditLine(event=event, plan="p1", step="s1", mark="m1", **members)  # type: ignore[arg-type]


def log_in(directory: Path) -> AuditLog:
    """A log in a directory."""
    return AuditLog(directory, OPERATOR, lambda: NOW)


def lines_of(log: AuditLog) -> list[dict[str, object]]:
    """The lines that can be read."""
    return [json.loads(text) for text in log.path.read_text().splitlines()]


def test_a_line_says_who_did_what_and_when(tmp_path: Path) -> None:
    log = log_in(tmp_path / "state")
    log.record(line(kind="rebuild", target="payments-api:1.8.2", what="Run the task ledger.", outcome="run ch51"))
    (written,) = lines_of(log)
    assert written == {
        "schema": "trustree/audit/v1",
        "at": "2026-03-01T10:42:07Z",
        "event": "sending",
        "plan": "p1",
        "operator": {
            "user": "ada",
            "uid": 1000,
            "host": "jump-1",
            "process": 4711,
            "identities": {"cluster/prod-weu": "ada@contoso.com"},
        },
        "step": "s1",
        "mark": "m1",
        "kind": "rebuild",
        "target": "payments-api:1.8.2",
        "what": "Run the task ledger.",
        "outcome": "run ch51",
    }


def test_the_file_and_its_directory_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        log = log_in(tmp_path / "state")
        log.record(line())
    finally:
        os.umask(before)
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.path.parent.stat().st_mode) == 0o700


def test_a_file_that_others_could_read_is_narrowed(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.path.write_text("")
    log.path.chmod(0o644)
    log.record(line())
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


def test_lines_are_only_ever_appended(tmp_path: Path) -> None:
    log_in(tmp_path).record(line(AuditEvent.SENDING))
    log_in(tmp_path).record(line(AuditEvent.DONE))
    assert [written["event"] for written in lines_of(log_in(tmp_path))] == ["sending", "done"]


def test_each_line_is_safe_on_disk_before_the_call_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    log = log_in(tmp_path)
    log.record(line())
    assert log.path.stat().st_size in synced
    assert len(synced) == 2, "a new file's directory is synced too"


def test_secrets_and_what_terminals_obey_are_not_written(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.record(line(outcome="Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl \x1b[2J\u202e"))
    text = log.path.read_text()
    assert "c2lnbmF0dXJl" not in text
    assert "\\u001b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("lay", ["link", "pipe", "directory"])
def test_something_else_in_its_place_stops_the_action(tmp_path: Path, lay: str) -> None:
    log = log_in(tmp_path)
    if lay == "link":
        (tmp_path / "elsewhere").write_text("")
        log.path.symlink_to(tmp_path / "elsewhere")
    elif lay == "pipe":
        os.mkfifo(log.path)
    else:
        log.path.mkdir()
    with pytest.raises(AuditFault, match="Nothing is sent") as caught:
        log.record(line())
    assert caught.value.remedy == "Move it away; a new one is made."


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_disk_that_refuses_stops_the_action(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, call: str) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(AuditFault) as caught:
        log_in(tmp_path).record(line())
    assert os.strerror(number) in caught.value.headline
    assert str(tmp_path) in caught.value.remedy


def test_after_a_line_that_was_cut_the_next_begins_on_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_in(tmp_path)
    write = os.write
    with monkeypatch.context() as patched:
        calls = iter((10,))

        def full(descriptor: int, body: bytes) -> int:
            room = next(calls, 0)
            if not room:
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(descriptor, body[:room])

        patched.setattr(os, "write", full)
        with pytest.raises(AuditFault):
            log.record(line())
    log.record(line(AuditEvent.DONE))
    cut, whole = log.path.read_text().splitlines()
    assert len(cut) == 10
    assert json.loads(whole)["event"] == "done"


def test_the_operator_is_the_system_s_user_and_not_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "somebody-else")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    operator = this_operator()
    assert operator.user != "somebody-else"
    assert operator.uid == os.getuid()
    assert operator.process == os.getpid()
