"""Packages of others, imported off the event loop when they are first needed, one after the other."""

from __future__ import annotations

import importlib
import threading
from types import ModuleType

__all__ = ["load_package"]

_IMPORTING = threading.RLock()


def load_package(name: str) -> ModuleType:
    """The module of that name, imported. Not for the event loop: it takes up to seconds.

    Packages that are imported at once in two threads may each meet another one half-made, where that one's modules import each
    other (`requests`, which those of Azure, Kubernetes and Sigstore all import): Python lets them have what is there then.
    """
    with _IMPORTING:
        return importlib.import_module(name)
