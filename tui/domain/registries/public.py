"""Registries that everybody reads from."""

from __future__ import annotations

__all__ = ["PUBLIC"]

PUBLIC = frozenset(
    {
        "docker.io",
        "mcr.microsoft.com",
        "quay.io",
        "ghcr.io",
        "gcr.io",
        "registry.k8s.io",
        "public.ecr.aws",
        "registry.access.redhat.com",
        "cgr.dev",
        "nvcr.io",
    }
)
"""Registries that a statement inside an image may lead to although nothing runs from there.

Anybody who can push can write such a statement: it must not make us connect to hosts of their choice.
"""
