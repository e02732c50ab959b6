"""What a cluster source is told."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tui.sources.cluster.room import MOST
from tui.sources.resource_ports import ManagedCluster

__all__ = ["ClusterOptions"]


class ClusterOptions(msgspec.Struct, frozen=True):
    """A context of the kubeconfig files, and how patient to be with its API server; times are in seconds.

    An empty `context` means the current one; empty `paths` mean `KUBECONFIG` or `~/.kube/config`. With `namespaces` only
    those are read. A `managed` cluster stands in no file. `name` is what the cluster is called on screen, the context by
    default. `silence` is how long a watch may say nothing: servers send a bookmark about once a minute. Every `pulse` the
    server is asked whether it still answers and still lets us read, and must say so within `pulse_timeout`. `room` is about
    how many bytes of facts are kept. A credential that is refused when it is younger than `renewal_pause` is not asked for
    again at once.
    """

    context: str = ""
    managed: ManagedCluster | None = None
    paths: tuple[Path, ...] = ()
    namespaces: tuple[str, ...] = ()
    name: str = ""
    page_size: int = 500
    request_timeout: float = 30.0
    connect_timeout: float = 10.0
    exec_timeout: float = 15.0
    silence: float = 100.0
    pulse: float = 5.0
    pulse_timeout: float = 8.0
    backoff: float = 0.5
    backoff_most: float = 30.0
    renewal_pause: float = 5.0
    retry_denied: float = 30.0
    refresh_owners: float = 120.0
    room: int = MOST
