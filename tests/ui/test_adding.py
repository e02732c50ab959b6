"""A view and a tab are each added by one module and one row: keys, header, help, palette and the detail know them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_view_and_a_tab_are_added_by_their_rows_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.ui.adding"], capture_output=True, text=True, timeout=120, cwd=ROOT
    )
    assert done.stdout.endswith("driven\n"), done.stderr[-3000:]
