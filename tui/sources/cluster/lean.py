"""The kubernetes package's reader of kubeconfig entries, without the client that its packages would bring along.

`import kubernetes` loads the synchronous client (270 modules, 100 ms); the package of the asynchronous client loads pydantic
and dateutil for requests that we send ourselves (200 ms). Reading an entry needs neither: it fills in a `Configuration`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from functools import cache
from types import ModuleType
from typing import Any

__all__ = ["kubeconfig_module"]

_READER = "kubernetes.aio.config.kube_config"
_CLIENT = "kubernetes.aio.client"
_PARENTS = ("kubernetes", "kubernetes.aio", "kubernetes.aio.config", _CLIENT)
# While packages are stood in for, nobody else may take them for the real ones.
_loading = threading.Lock()


def kubeconfig_module() -> Any:
    """`kubernetes.aio.config.kube_config`; a later `import kubernetes` finds the whole package all the same."""
    with _loading:
        return _loaded()


@cache
def _loaded() -> Any:
    if "kubernetes" in sys.modules:
        return importlib.import_module(_READER)
    spec = importlib.util.find_spec("kubernetes")
    roots = list(spec.submodule_search_locations or ()) if spec else []
    try:
        return _read_without_initialisers(roots)
    except ImportError:
        pass  # a version that is laid out otherwise, and is loaded as a whole
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "kubernetes"]:
            del sys.modules[name]
    return importlib.import_module(_READER)


def _read_without_initialisers(roots: list[str]) -> ModuleType:
    """The module, read while empty modules stand in for its packages. Raises ImportError."""
    for parent in _PARENTS:
        module = ModuleType(parent)
        module.__path__ = ["/".join((root, *parent.split(".")[1:])) for root in roots]
        sys.modules[parent] = module
    client: Any = sys.modules[_CLIENT]
    client.Configuration = importlib.import_module(f"{_CLIENT}.configuration").Configuration
    client.ApiClient = object  # named by functions that make a client, which are not called
    return importlib.import_module(_READER)
