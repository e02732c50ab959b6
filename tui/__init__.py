"""trustree: which images run, where they come from, whether to trust them, how to replace them. Begin with `cli.main`."""

from __future__ import annotations

__version__ = "0.1.0"
