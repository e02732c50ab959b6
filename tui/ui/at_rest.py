"""The collector of garbage rests while the explorer is imported: to look through what stays took a tenth of the start.

`app` imports this before anything else, and calls `resume` when everything is imported.
"""

from __future__ import annotations

import gc

__all__ = ["resume"]

_WORKED = gc.isenabled()
gc.disable()


def resume() -> None:
    """Let the collector work as before, on what comes from now on: modules never go."""
    gc.freeze()
    if _WORKED:
        gc.enable()
