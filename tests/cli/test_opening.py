"""The way into the estate leaves the loop free: what is heavy comes in a thread, and only then."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import tui.wiring.opening
heavy = sorted({"aiohttp", "azure", "kubernetes", "textual", "tui.wiring.parts", "tui.wiring.embedded"} & set(sys.modules))
print(heavy)
"""


def test_nothing_heavy_is_imported_before_the_estate_is_opened() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
