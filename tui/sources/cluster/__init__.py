"""Kubernetes API servers: kubeconfig, lists and watches as raw bytes, rights, owners of any kind.

Importing this package loads neither aiohttp nor the kubernetes package: opening a source loads the one, a review the other.
Begin with `source`, then `coverage` and `follower`.
"""

from __future__ import annotations

from tui.sources.cluster.kubeconfig import Contexts, contexts, default_paths, read_kubeconfig
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.source import ClusterSource

__all__ = ["ClusterOptions", "ClusterSource", "Contexts", "contexts", "default_paths", "read_kubeconfig"]
