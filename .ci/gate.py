"""The gate, one command: format, lint, types, import contracts, tests. Arguments go to pytest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
STEPS: list[tuple[str, list[str]]] = [
    ("format", [str(BIN / "ruff"), "format", "--check", "."]),
    ("lint", [str(BIN / "ruff"), "check", "."]),
    ("types", [str(BIN / "mypy")]),
    ("contracts", [str(BIN / "lint-imports")]),
    ("tests", [sys.executable, "-m", "pytest", "-n", "auto", *sys.argv[1:]]),
]


def main() -> int:
    for name, command in STEPS:
        print(f"== {name}", flush=True)
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code:
            print(f"== {name} failed ({code})", flush=True)
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
