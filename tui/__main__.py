"""`python -m tui`, and the command `trustree`."""

from __future__ import annotations

import sys

__all__ = ["run"]

INTERRUPTED = 130


def run() -> int:
    """Run the command line; an interrupt is quiet also while its modules are still being read."""
    try:
        from tui.cli.descriptors import keep_absolute_places, open_standard

        open_standard()
        keep_absolute_places()
        from tui.cli.main import main

        return main()
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(run())
