"""`python -m tests.real.kill_cache TIMES`: kill two processes that write the cache of content, and look at it, so often."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.estate.content_writer import LIMIT, digest_of
from tui.estate.content_file import ContentFile

__all__ = ["kill_writers", "main", "sound_entries"]

LONGEST = 0.15
"""Seconds for which writers live at most."""


def kill_writers(directory: Path, times: int) -> int:
    """Kill two writers at once so often; after each time every entry must be sound. The entries in the end."""
    chance, entries = random.Random(times), 0
    for turn in range(times):
        with ExitStack() as stack:
            writers = [_writer(directory, f"{turn}/{number}") for number in range(2)]
            for writer in writers:
                stack.callback(writer.wait)
                stack.callback(writer.send_signal, signal.SIGKILL)
                assert writer.stdout is not None
                stack.callback(writer.stdout.close)
                assert writer.stdout.readline() == b"writing\n"
            time.sleep(chance.uniform(0, LONGEST))
        entries = sound_entries(directory)
    return entries


def sound_entries(directory: Path) -> int:
    """How many entries there are, having looked at each. Raises AssertionError for one that is not what it should be."""
    file = ContentFile(directory, LIMIT)
    try:
        assert not file.aside.exists(), "the file was taken for a damaged one"
        for name in file.names():
            entry = file.get(name)
            assert entry is not None
            assert digest_of(entry.body) == name
        usage = file.usage()
        assert usage.size <= LIMIT * 1.5
        return usage.entries
    finally:
        file.release()


def _writer(directory: Path, seed: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.estate.content_writer", str(directory), seed]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def main() -> None:
    """Kill as often as the command line says."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as directory:
        print(f"{times} times two writers killed: {kill_writers(Path(directory) / 'content', times)} entries, all sound")


if __name__ == "__main__":
    main()
