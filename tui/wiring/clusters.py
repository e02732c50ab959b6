"""The clusters as settings and kubeconfigs name them: a part of the composition root."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from tui.errors import InvalidConfig
from tui.settings.settings import Settings
from tui.sources.cluster import ClusterOptions, contexts, default_paths, read_kubeconfig
from tui.wiring.builders import NO_LIMIT

__all__ = ["cluster_options", "context_names", "pinned"]


def pinned(options: ClusterOptions, cluster: str) -> ClusterOptions:
    """Options that mean this cluster from now on: which context is the current one may change before anything is sent."""
    is_current = not options.context and options.managed is None and cluster in _contexts_of(options)
    return msgspec.structs.replace(options, context=cluster) if is_current else options


def _contexts_of(options: ClusterOptions) -> tuple[str, ...]:
    try:
        return contexts(options.paths).names
    except InvalidConfig:
        return ()  # its source says what is wrong


def _paths(settings: Settings) -> tuple[Path, ...]:
    """The files that the settings name; none where they name none."""
    return tuple(Path(os.path.expanduser(part)) for part in settings.kubeconfig.split(os.pathsep) if part)


def context_names(settings: Settings) -> tuple[str, ...]:
    """The contexts asked for; the current one, named by an empty text, when none is.

    Raises UsageError for one that is not in the kubeconfig, InvalidConfig when there is none to look in.
    """
    if not settings.clusters or (settings.registries and _has_no_kubeconfig(settings)):
        return ()
    if settings.aks and not settings.contexts and not settings.all_contexts:
        return ()  # the current context was not asked for
    if settings.all_contexts:
        try:
            return contexts(_paths(settings)).names or ("",)
        except InvalidConfig:
            return ("",)  # its source says what is wrong
    for name in settings.contexts:
        read_kubeconfig(_paths(settings)).choose(name)
    return settings.contexts or ("",)


def _has_no_kubeconfig(settings: Settings) -> bool:
    """Whether nobody named a cluster and there is none by itself: a registry alone is a question, too."""
    kubeconfig = settings.contexts or settings.all_contexts or settings.kubeconfig or os.environ.get("KUBECONFIG")
    return not kubeconfig and not any(path.exists() for path in default_paths())


def cluster_options(settings: Settings, name: str) -> ClusterOptions:
    """How a context is read; an empty name means the current one."""
    own = settings.context.get(name)
    usual = ClusterOptions()
    timeout = settings.request_timeout
    limit = usual.request_timeout if timeout is None else timeout or NO_LIMIT
    return ClusterOptions(
        context=name,
        paths=_paths(settings),
        namespaces=settings.namespaces or (own.namespaces if own is not None else ()),
        request_timeout=limit,
        connect_timeout=min(usual.connect_timeout, limit),
    )
