"""The state of plans on disk: replaced as a whole, one process at a time, never guessed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.actions.plans import NOW, plan_of, rebuild
from tui.actions.state import Execution, PlanHeld, StateFault, StateFiles
from tui.actions.transitions import Stage, StepRecord
from tui.errors import UsageError

LATER = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)


def execution(**members: object) -> Execution:
    """A plan of one step that was begun."""
    return Execution(plan=plan_of(rebuild("s1")), begun=NOW, steps={"s1": StepRecord(since=NOW)}, **members)  # type: ignore[arg-type]


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    with StateFiles(tmp_path).claimed("p1", "ada") as file:
        assert file.read() is None
        file.write(execution())
        assert file.read() == execution()
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_a_second_process_is_told_who_carries_the_plan_out(tmp_path: Path) -> None:
    files = StateFiles(tmp_path)
    with files.claimed("p1", "ada on jump-1, process 4711"):
        with pytest.raises(PlanHeld, match="ada on jump-1, process 4711"), files.claimed("p1", "bob"):
            pass
        with files.claimed("p2", "bob"):
            pass
    with files.claimed("p1", "bob"):
        pass


@pytest.mark.parametrize("name", ["", "../p1", "a/b", ".hidden", "p1\n", "x" * 101])
def test_an_id_that_is_no_name_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError), StateFiles(tmp_path).claimed(name, "ada"):
        pass


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"schema":"trustree/execution/v9"}', b"\xff"])
def test_a_damaged_state_is_never_taken_for_a_plan_that_was_not_begun(tmp_path: Path, body: bytes) -> None:
    with StateFiles(tmp_path).claimed("p1", "ada") as file:
        file.path.write_bytes(body)
        with pytest.raises(StateFault, match="Nothing is sent"):
            file.read()


def _without_records(whole: Execution) -> Execution:
    return msgspec.structs.replace(whole, steps={})


def _with_another_record(whole: Execution) -> Execution:
    return msgspec.structs.replace(whole, steps={**whole.steps, "s2": StepRecord(since=NOW)})


def _without_steps(whole: Execution) -> Execution:
    return msgspec.structs.replace(whole, plan=plan_of(), steps={})


def _with_a_step_twice(whole: Execution) -> Execution:
    return msgspec.structs.replace(whole, plan=plan_of(rebuild("s1"), rebuild("s1")))


def _with_a_circle(whole: Execution) -> Execution:
    return msgspec.structs.replace(whole, plan=plan_of(rebuild("s1", needs=("s1",))))


def _green_without_proof(whole: Execution) -> Execution:
    return msgspec.structs.replace(whole, steps={"s1": StepRecord(since=NOW, stage=Stage.VERIFIED)})


@pytest.mark.parametrize(
    "damage",
    [_without_records, _with_another_record, _without_steps, _with_a_step_twice, _with_a_circle, _green_without_proof],
)
def test_a_state_that_is_no_whole_plan_is_damaged(tmp_path: Path, damage: Callable[[Execution], Execution]) -> None:
    """It would be waited for without end, or told as done without what proves it."""
    with StateFiles(tmp_path).claimed("p1", "ada") as file:
        file.write(damage(execution()))
        with pytest.raises(StateFault, match="what was sent is not known"):
            file.read()


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_state_that_cannot_be_written_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with StateFiles(tmp_path).claimed("p1", "ada") as file:
        file.write(execution())
        with monkeypatch.context() as patched:
            patched.setattr(Path if call == "replace" else os, call, refuse)
            with pytest.raises(StateFault, match="No space left"):
                file.write(execution(ended=LATER))
        assert file.read() == execution()


def test_plans_that_were_not_brought_to_an_end_are_found(tmp_path: Path) -> None:
    files = StateFiles(tmp_path)
    for name, ended in (("p1", None), ("p2", LATER), ("p3", None)):
        with files.claimed(name, "ada") as file:
            file.write(execution(ended=ended))
    (tmp_path / "p4.json").write_bytes(b"damaged")
    assert len(files.unfinished()) == 2
    assert StateFiles(tmp_path / "nowhere").unfinished() == ()
