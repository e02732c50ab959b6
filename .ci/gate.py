"""The gate, one command: format, lint, import contracts, types, tests. Arguments go to pytest.

The types take one core for a while: the short steps are done beside them, and so is collecting the tests, which leaves their
compiled code to the workers. What a step says is printed as a whole, under its name.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TYPE_CACHE = Path(sys.prefix) / "mypy-cache"
"""Kept with the environment, and good for another clone too."""
CHECKED = ("tui", "widgets", "tests")
WORKERS = (os.cpu_count() or 1) + 2
"""Two more than there are cores: many a test waits for a server or a process of its own."""
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""The tests start the program some hundred times: it is compiled once."""


class Step(NamedTuple):
    """A command, and whether what it says matters only when it fails."""

    name: str
    command: list[str]
    quiet: bool = False


TYPES = Step("types", [str(BIN / "mypy"), "--cache-dir", str(TYPE_CACHE)])
BESIDE_TYPES = (
    Step("format", [str(BIN / "ruff"), "format", "--check", "."]),
    Step("lint", [str(BIN / "ruff"), "check", "."]),
    Step("contracts", [str(BIN / "lint-imports")]),
    Step("collection", [sys.executable, "-m", "pytest", "--collect-only", "-q", *sys.argv[1:]], quiet=True),
)
TESTS = Step("tests", [sys.executable, "-m", "pytest", "-n", str(WORKERS), *sys.argv[1:]])


def main() -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # what a step says may have signs that a terminal of few has not
    prepare_types(ROOT, TYPE_CACHE)
    with _started(TYPES) as types:
        for step in BESIDE_TYPES:
            if code := _ended(step, _started(step)):
                types.kill()
                return code
        if code := _ended(TYPES, types):
            return code
    print(f"== {TESTS.name}", flush=True)
    return _judged(TESTS, subprocess.run(TESTS.command, cwd=ROOT, env=ENVIRONMENT, check=False).returncode)


def prepare_types(root: Path, cache: Path) -> None:
    """Drop the types' cache where it may hide an error.

    mypy takes a file of the same path, size and second for the one that it checked. Archives, and clones made at once, have other
    files like that: so the digest is kept of each that was checked.
    """
    digests: dict[str, str] = {}
    for path in (path for name in CHECKED for path in sorted((root / name).rglob("*.py*"))):
        if path.suffix in (".py", ".pyi"):
            stat = path.stat()
            identity = f"{path.relative_to(root).as_posix()} {stat.st_size} {int(stat.st_mtime)}"
            digests[identity] = hashlib.sha256(path.read_bytes()).hexdigest()
    register, before = cache / "digests.json", None
    with suppress(OSError, ValueError):
        before = json.loads(register.read_bytes())
    if not isinstance(before, dict) or any(before.get(identity, digest) != digest for identity, digest in digests.items()):
        shutil.rmtree(cache, ignore_errors=True)
        before = {}
    cache.mkdir(parents=True, exist_ok=True)
    register.write_text(json.dumps(before | digests), encoding="utf-8")


def _started(step: Step) -> subprocess.Popen[str]:
    return subprocess.Popen(
        step.command,
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )


def _ended(step: Step, process: subprocess.Popen[str]) -> int:
    """Waits for the end of a step and prints what it said."""
    print(f"== {step.name}", flush=True)
    output, _ = process.communicate()
    if process.returncode or not step.quiet:
        print(output, end="", flush=True)
    return _judged(step, process.returncode)


def _judged(step: Step, code: int) -> int:
    if code:
        print(f"== {step.name} failed ({code})", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
