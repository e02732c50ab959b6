"""The process as a shell sees it: signals, descriptors, a terminal without a size, modules in the working directory.

Each test starts the program for real, in a terminal of its own where one is needed, on the demo's empty estate.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tui.private_files import make_private, open_private

LONGEST = 60.0
ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-c", "import sys; from tui.__main__ import run; sys.exit(run())")
MAIN_SCREEN, SHOWN_CURSOR = b"\x1b[?1049l", b"\x1b[?25h"


class Terminal:
    """The explorer on a terminal of its own."""

    def __init__(self, folder: Path, rows: int, columns: int) -> None:
        self.screen = b""
        self._ready, self._go = os.pipe()
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.read(self._ready, 1)
            environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "TMPDIR": str(folder)}
            os.execve(COMMAND[0], [*COMMAND, "--demo", "empty"], environment)
        self.resize(rows, columns)
        os.write(self._go, b"x")

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, found: Callable[[bytes], bool]) -> None:
        """Read what is written until it is as wished."""
        end = time.monotonic() + LONGEST
        while not found(self.screen):
            assert time.monotonic() < end, self.screen[-2000:]
            if select.select([self.descriptor], [], [], 0.2)[0]:
                self.screen += self._read()

    def end(self) -> int:
        """Read until it ends; its exit code."""
        end = time.monotonic() + LONGEST
        while True:
            if select.select([self.descriptor], [], [], 0.05)[0]:
                self.screen += self._read()
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < end, self.screen[-2000:]

    def _read(self) -> bytes:
        try:
            return os.read(self.descriptor, 65536)
        except OSError:  # the other end is closed
            time.sleep(0.01)
            return b""

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        for descriptor in (self.descriptor, self._ready, self._go):
            os.close(descriptor)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[int, int], Terminal]]:
    made: list[Terminal] = []

    def open_terminal(rows: int, columns: int) -> Terminal:
        made.append(Terminal(tmp_path, rows, columns))
        return made[-1]

    yield open_terminal
    for terminal in made:
        terminal.close()


def is_open(screen: bytes) -> bool:
    """The estate is there: what the empty one says stands on the screen."""
    return b" live " in screen


def demos(folder: Path) -> list[Path]:
    return list(folder.glob("trustree-demo-*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back_and_removes_the_demo(
    opened: Callable[[int, int], Terminal], tmp_path: Path, number: signal.Signals
) -> None:
    terminal = opened(24, 80)
    terminal.read_until(is_open)
    assert demos(tmp_path)
    os.kill(terminal.pid, number)
    assert terminal.end() == 128 + number
    for restored in (MAIN_SCREEN, SHOWN_CURSOR):
        assert restored in terminal.screen
    assert not demos(tmp_path)


def test_ctrl_c_says_our_own_key_and_ends_when_pressed_twice(opened: Callable[[int, int], Terminal], tmp_path: Path) -> None:
    terminal = opened(24, 80)
    terminal.read_until(is_open)
    os.write(terminal.descriptor, b"\x03")
    terminal.read_until(lambda screen: b"Press Ctrl+C again" in screen)
    os.write(terminal.descriptor, b"\x03")
    assert terminal.end() == 130
    assert not demos(tmp_path)


def test_a_terminal_without_a_size_is_waited_for_quietly(opened: Callable[[int, int], Terminal]) -> None:
    terminal = opened(0, 0)
    assert select.select([terminal.descriptor], [], [], 2.0)[0] == []
    terminal.resize(24, 80)
    terminal.read_until(is_open)


def test_a_signal_ends_it_while_it_waits_for_a_size(opened: Callable[[int, int], Terminal]) -> None:
    terminal = opened(0, 0)
    assert select.select([terminal.descriptor], [], [], 1.0)[0] == []
    os.kill(terminal.pid, signal.SIGTERM)
    assert terminal.end() == -signal.SIGTERM


def run(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A line of a shell in a directory; `trustree` in it is the program."""
    program = f"{sys.executable} -P -c 'import sys; from tui.__main__ import run; sys.exit(run())'"
    return subprocess.run(
        ["sh", "-c", line.replace("trustree", program)],
        capture_output=True,
        text=True,
        timeout=LONGEST,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("trustree --demo empty check >&-", 3),
        ("trustree --demo empty report >&- 2>&- <&-", 0),
        ("trustree info 2>&-", 0),
        ("trustree no:thing report >&- 2>&-", 1),
    ],
)
def test_closed_descriptors_are_quiet_and_change_no_exit_code(line: str, code: int, tmp_path: Path) -> None:
    done = run(line, tmp_path)
    assert done.returncode == code
    assert "Error" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_device_is_one_sentence_and_an_error(tmp_path: Path) -> None:
    done = run("trustree --demo empty check >/dev/full", tmp_path)
    assert done.returncode == 1
    assert "trustree: The output cannot be written: No space left on device." in done.stderr
    assert "Exception" not in done.stderr


def test_too_few_descriptors_are_said_at_once(tmp_path: Path) -> None:
    done = run("ulimit -n 64; trustree --demo empty report", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Only 64 files may be open at once" in done.stderr


def test_a_soft_limit_is_raised(tmp_path: Path) -> None:
    assert run("ulimit -S -n 64; trustree --demo empty report", tmp_path).returncode == 0


def test_modules_of_the_working_directory_are_not_run(tmp_path: Path) -> None:
    (tmp_path / "tui").mkdir()
    for name in ("tui/__init__.py", "argparse.py", "json.py", "asyncio.py"):
        (tmp_path / name).write_text(f"import pathlib; pathlib.Path({str(tmp_path / 'RAN')!r}).touch()")
    done = run("trustree --demo empty report -o name", tmp_path)
    assert (done.returncode, (tmp_path / "RAN").exists()) == (0, False)


@pytest.mark.parametrize("places", [":/usr/bin:/bin", ".:/usr/bin:/bin", "/usr/bin:/bin:", "inside/..:/usr/bin:/bin"])
def test_programs_of_the_working_directory_are_not_run(tmp_path: Path, places: str) -> None:
    for name in ("uname", "az", "sh"):
        (tmp_path / name).write_text(f"#!/bin/sh\ntouch {tmp_path / 'RAN'}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "inside").mkdir()
    program = [sys.executable, "-P", "-c", "import sys; from tui.__main__ import run; sys.exit(run())", "info"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": places}
    done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, timeout=LONGEST)
    assert (done.returncode, (tmp_path / "RAN").exists()) == (0, False)


def test_the_demo_is_closed_off_from_the_settings_and_proxies(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('registries = ["real.example"]\nscan_reports = ["nothing.json"]\ncontexts = ["prod"]\n')
    proxy = "http://127.0.0.1:9"
    done = run(
        "trustree --demo empty report --config config.toml", tmp_path, HTTPS_PROXY=proxy, https_proxy=proxy, ALL_PROXY=proxy
    )
    assert (done.returncode, "complete" in done.stdout) == (0, True)
    asked = run("trustree --demo empty report --registry real.example", tmp_path)
    assert asked.returncode == 1
    assert "The demo has no registry real.example" in asked.stderr


# ---- files


@pytest.mark.parametrize("mask", [0, 0o022, 0o777])
def test_what_is_private_is_so_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        make_private(tmp_path / "a" / "b")
        os.close(open_private(str(tmp_path / "a" / "b" / "log"), os.O_WRONLY))
    finally:
        os.umask(before)
    assert [(tmp_path / part).stat().st_mode & 0o777 for part in ("a", "a/b")] == [0o700, 0o700]
    assert (tmp_path / "a/b/log").stat().st_mode & 0o077 == 0


def test_a_wide_log_is_narrowed_and_a_link_or_a_pipe_in_its_place_refused(tmp_path: Path) -> None:
    wide, link, pipe = tmp_path / "wide", tmp_path / "link", tmp_path / "pipe"
    wide.touch()
    wide.chmod(0o644)
    os.close(open_private(str(wide), os.O_APPEND | os.O_WRONLY))
    assert wide.stat().st_mode & 0o777 == 0o600
    link.symlink_to(wide)
    os.mkfifo(pipe)
    for place in (link, pipe):
        done = run(f"trustree info --log-file {place}", tmp_path)
        assert done.returncode == 1
        assert f"The log {place} cannot be written" in done.stderr


def test_settings_that_anybody_may_write_are_refused_in_every_command(tmp_path: Path) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text("ascii = true\n")
    settings.chmod(0o666)
    for command in ("info", "report --demo empty", "policy show"):
        done = run(f"trustree {command} --config {settings}", tmp_path)
        assert done.returncode == 1
        assert f"chmod o-w {settings}" in done.stderr


def test_the_usual_settings_may_be_no_link_and_no_pipe(tmp_path: Path) -> None:
    usual = tmp_path / "trustree" / "config.toml"
    usual.parent.mkdir()
    (tmp_path / "real.toml").write_text("ascii = true\n")
    usual.symlink_to(tmp_path / "real.toml")
    linked = run("trustree info", tmp_path, XDG_CONFIG_HOME=str(tmp_path))
    usual.unlink()
    os.mkfifo(usual)
    piped = run("trustree info", tmp_path, XDG_CONFIG_HOME=str(tmp_path))
    assert (linked.returncode, piped.returncode) == (1, 1)
    assert "is a link" in linked.stderr
    assert "not a regular file" in piped.stderr
