"""`python -m tui.demo [SCENARIO] [--seed N]`: the embedded estate as a process of its own.

It prints one line of JSON when it is ready: `directory`, `kubeconfig`, `config`, `environment`, `contexts`. It serves until its
standard input ends, SIGTERM or SIGINT comes, or twelve hours are over; then the directory is gone. Exit code 1 and a sentence on
standard error when it cannot start, 2 for wrong arguments.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from tui.demo.running import Run, wait_for_end
from tui.demo.scenarios import SCENARIOS

__all__ = ["main"]

LONGEST = 12 * 3600.0


def main(arguments: list[str] | None = None) -> int:
    """Run a scenario until it is told to end."""
    parser = argparse.ArgumentParser(prog="python -m tui.demo", description="The embedded estate of trustree, on loopback.")
    names = "; ".join(f"{name}: {scenario.title}" for name, scenario in SCENARIOS.items())
    parser.add_argument("scenario", nargs="?", default="contoso", choices=list(SCENARIOS), help=names)
    parser.add_argument("--seed", type=int, default=1, help="another estate of the same kind (default 1)")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="trustree-demo-") as directory:
            asyncio.run(_run(options.scenario, options.seed, Path(directory)))
    except OSError as error:
        reason = error.strerror or "the operating system refuses it"
        sys.stderr.write(f"The demo cannot start: {reason}. It needs free ports on 127.0.0.1 and a folder for temporary files.\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


async def _run(scenario: str, seed: int, directory: Path) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows has no signal handlers on the loop
            loop.add_signal_handler(number, ended.set)
    threading.Thread(target=_watch_parent, args=(loop, ended), daemon=True).start()
    run = Run(SCENARIOS[scenario], seed, directory)
    handshake = await run.start()
    sys.stdout.write(json.dumps(handshake) + "\n")
    sys.stdout.flush()
    try:
        async with asyncio.TaskGroup() as group:
            living = group.create_task(run.live())
            await wait_for_end(ended, LONGEST)
            living.cancel()
    finally:
        await run.stop()


def _watch_parent(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    """Wait for the end of standard input: then the parent is gone."""
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    with suppress(RuntimeError):  # the loop has ended before
        loop.call_soon_threadsafe(ended.set)


if __name__ == "__main__":
    sys.exit(main())
