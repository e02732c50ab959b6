"""Registries that everybody reads from: said once, for what is read of them and for what may lead to them."""

from __future__ import annotations

__all__ = ["PUBLIC", "is_public"]

PUBLIC = frozenset(
    {
        "cgr.dev",
        "docker.io",
        "gcr.io",
        "ghcr.io",
        "k8s.gcr.io",
        "lscr.io",
        "mcr.microsoft.com",
        "nvcr.io",
        "public.ecr.aws",
        "quay.io",
        "registry.access.redhat.com",
        "registry.gitlab.com",
        "registry.k8s.io",
        "registry.redhat.io",
    }
)
"""Registries that a statement inside an image may lead to although nothing runs from there.

Anybody who can push can write such a statement: it must not make us connect to hosts of their choice. So these are whole names,
without the families of `is_public`, whose members are too many to be named here.
"""
_FAMILIES = (".gcr.io", ".pkg.dev")


def is_public(host: str) -> bool:
    """Whether a registry is shared by everybody: it is only asked for what runs and its bases, and nobody here can push to it."""
    return host in PUBLIC or host.endswith(_FAMILIES)
